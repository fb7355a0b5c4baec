"""Does a term act alike on all kinds of exit? Tests across the kinds of one fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.kernels.wald import joint_test
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.checks import names_of

__all__ = ["compare_causes"]


class _Kinded(Protocol):
    """An engine of a family that can tell kinds of exit apart."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Their labels, in the order of the coefficients."""


def compare_causes(fit: Fit, causes: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Wald tests that a term has the same coefficients for all kinds of exit.

    Parameters
    ----------
    fit : Fit
        Of :func:`cause_specific`, :func:`multistate` or :func:`multinomial`.
    causes : str or sequence of str, optional
        Two kinds or more to compare. Default: all.

    Returns
    -------
    DataFrame
        ``term, statistic, df, p_value``: one row per term of the formula, the intercept left out,
        and ``all terms`` where there are several. By the covariance that the fit reports; an F
        test (with the chi-squared shown) under ``variance="jackknife"``, as ``fit.test_terms()``.

    Raises
    ------
    DataError
        A fit of another family; fewer than two kinds.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6, 7, 8],
    ...                    "exit": [1, 2, 1, 2, 0, 1, 2, 1], "risk": [2, 1, 2, 0, 1, 1, 2, 0]})
    >>> cm.compare_causes(cm.cause_specific("exit ~ risk", df)).round(3)
       term  statistic  df  p_value
    0  risk      0.846   1    0.358
    """
    from scipy import stats  # slow to import, and no fit needs it

    check_arguments(compare_causes, locals())
    require(fit, "causes", "compare_causes()")
    if "held_covariates" in fit.family.can:
        raise DataError(
            f"compare_causes() compares coefficients of several kinds of exit, and a fit of "
            f"{fit.family.name} has those of one: use cause_specific() or multinomial()"
        )
    known = cast("_Kinded", fit.engine).kinds
    wanted = known if causes is None else names_of(causes, "causes")
    unknown = [label for label in wanted if label not in known]
    if unknown or len(set(wanted)) < 2:
        raise DataError(
            f"causes must be two or more of {first_few(known)}; found {first_few(wanted)}"
        )
    degrees = fit.degrees()
    rows = []
    for term, places in _places(fit, tuple(dict.fromkeys(wanted))).items():
        contrast = _contrast(places, len(fit.names))
        covariance = contrast @ fit.covariance @ contrast.T
        found = joint_test(contrast @ fit.coefficients, covariance, at_most=fit.directions)
        p_value = (
            stats.f.sf(found.statistic / max(found.df, 1), found.df, degrees)
            if np.isfinite(degrees)
            else stats.chi2.sf(found.statistic, found.df)
        )
        rows.append((term, found.statistic, found.df, float(p_value)))
    return pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"])


def _places(fit: Fit, kinds: tuple[str, ...]) -> dict[str, list[tuple[int, ...]]]:
    """For each term, where its coefficients stand by kind; then all of them together."""
    out = {
        term: [tuple(fit.terms[f"{kind}: {term}"]) for kind in kinds]
        for term in fit.engine.sample.design.terms
        if term != "Intercept"
    }
    if len(out) > 1:
        both = zip(*out.values(), strict=True)
        out["all terms"] = [tuple(j for part in parts for j in part) for parts in both]
    return out


def _contrast(places: Sequence[tuple[int, ...]], size: int) -> np.ndarray:
    """Differences of each kind from the first."""
    rows = []
    for other in places[1:]:
        for one, two in zip(places[0], other, strict=True):
            row = np.zeros(size)
            row[one], row[two] = -1.0, 1.0
            rows.append(row)
    return np.array(rows)
