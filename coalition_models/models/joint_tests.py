"""Tests of several coefficients at once: those of a term, or all of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coalition_models.errors import counted
from coalition_models.kernels.wald import JointTest, joint_test
from coalition_models.models.engine import Engine
from coalition_models.models.estimates import Estimates

__all__ = ["Wald", "model_table", "term_table"]

#: those that do not use the covariance that the fit reports
_OF_INDEPENDENT_ROWS = ("likelihood ratio", "score")


@dataclass(frozen=True)
class Wald:
    """Wald tests by a covariance; ``directions`` is the highest rank that clusters allow it."""

    estimates: Estimates
    directions: float
    clusters: tuple[int, ...]

    def of(self, at: list[int]) -> JointTest:
        """The coefficients at these places."""
        own = self.estimates
        return joint_test(
            own.coefficients[at], own.covariance[np.ix_(at, at)], at_most=self.directions
        )

    def note(self, found: JointTest, at: list[int]) -> str:
        """Why a joint test of the coefficients ``at`` is missing, or has fewer degrees."""
        if not np.isfinite(self.estimates.covariance[np.ix_(at, at)]).all():
            return "the covariance is missing, hence the test"
        if not found.positive:
            return "the covariance is not positive in every direction, so no such test exists"
        if found.df == len(at):
            return ""
        few = f", with {min(self.clusters)} clusters" if self.clusters else ""
        if not found.df:
            return f"the covariance is nil{few}, so no such test exists"
        return (
            f"the covariance of the {counted(len(at), 'coefficient')} has rank {found.df}{few}: a "
            f"test of the first {found.df} that do not depend on one another, as R's coxph.wtest"
        )


def term_table(wald: Wald, terms: Mapping[str, Sequence[int]], degrees: float) -> pd.DataFrame:
    """One Wald test per term: chi-squared, or F where ``degrees`` are finite."""
    from scipy import stats  # slow to import, and no fit needs it

    rows, notes = [], []
    for term, where in terms.items():
        at = list(where)
        found = wald.of(at)
        chi2, df = found.statistic, found.df
        p_value = (
            stats.f.sf(chi2 / max(df, 1), df, degrees)
            if np.isfinite(degrees)
            else stats.chi2.sf(chi2, df)
        )
        rows.append((term, chi2, df, float(p_value)))
        notes.append(wald.note(found, at))
    table = pd.DataFrame(rows, columns=["term", "statistic", "df", "p_value"])
    return table.assign(note=notes) if any(notes) else table


def model_table(
    wald: Wald,
    engine: Engine,
    likelihood_ratio: float,
    *,
    besides: Sequence[int],
    score: bool,
    plain: bool,
) -> pd.DataFrame:
    """Tests of all coefficients but those at the places ``besides``, such as the intercept.

    ``score`` tells whether the family has a score test; ``plain`` whether the covariance reported
    is that of independent rows.
    """
    from scipy import stats  # slow to import, and no fit needs it

    rows, notes = [], []
    names = wald.estimates.names
    at = [i for i, name in enumerate(names) if i not in besides and not _is_intercept(name)]
    for name, statistic, df, note in _of_model(wald, engine, likelihood_ratio, at, score):
        rows.append((name, statistic, df, float(stats.chi2.sf(statistic, df))))
        independent = name in _OF_INDEPENDENT_ROWS and not plain
        notes.append("as if rows were independent" if independent else note)
    table = pd.DataFrame(rows, columns=["test", "statistic", "df", "p_value"])
    return table.assign(note=notes) if any(notes) else table


def _of_model(
    wald: Wald, engine: Engine, likelihood_ratio: float, at: list[int], score: bool
) -> Iterator[tuple[str, float, int, str]]:
    """Name, statistic, degrees of freedom and remark of each test of all terms."""
    penalised = engine.penalised_test(wald.estimates)
    if penalised is not None:
        yield "penalised likelihood ratio", *penalised, ""
        return
    yield "likelihood ratio", likelihood_ratio, len(at), ""
    found = wald.of(at)
    yield "Wald", found.statistic, found.df, wald.note(found, at)
    if score:
        yield "score", *engine.score_test(), ""


def _is_intercept(name: str) -> bool:
    """Whether a coefficient is an intercept, also that of one kind of exit."""
    return name.rpartition(": ")[2] == "Intercept"
