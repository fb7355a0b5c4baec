"""Sums of coefficients, and tests of a fit against a smaller one on the same rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few, warn
from coalition_models.kernels.wald import variances_along
from coalition_models.models.estimates import Estimates
from coalition_models.models.fit import Fit
from coalition_models.models.fit_table import Reference, check_level, tidy_table
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.sides import quoted

__all__ = ["linear_combination", "lr_test"]

Floats = npt.NDArray[np.float64]

_NUMBER = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)")
#: share of a column's spread within which it is a sum of others
_SPANNED = 1e-7


def linear_combination(
    fit: Fit,
    combination: str | Mapping[str, float] | Sequence[str],
    *,
    value: float = 0.0,
    exponentiate: bool = False,
    level: float = 0.95,
    reference: Reference | None = None,
) -> pd.DataFrame:
    """Estimate and test a weighted sum of coefficients, such as the difference of two effects.

    As Stata's ``lincom``. The covariance is the fit's own: clustered, robust or jackknife.

    Parameters
    ----------
    fit : Fit
    combination : str, mapping or sequence of str
        ``"a - b"``, ``"2*a + 0.5*b"``, ``{"a": 1, "b": -1}``, or several texts, one row each.
        Names are those of ``fit.names``; backticks around odd ones may stand or not.
    value : float
        What the sum is tested against.
    exponentiate : bool
        Ratio and its limits; ``std_error`` stays on the log scale.
    level : float
    reference : {"normal", "t"}, optional
        As in :meth:`Fit.tidy`.

    Returns
    -------
    DataFrame
        In the columns of :meth:`Fit.tidy`. Wald's tests and limits, also under a penalty.

    Raises
    ------
    DataError
        A name that the fit does not have, text that is no sum.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5, "size": 0.2}, seed=1)
    >>> fit = cm.cox("event ~ risk + size", panel)
    >>> cm.linear_combination(fit, "risk - size")["term"].item()
    'risk - size'
    """
    check_arguments(linear_combination, locals())
    if not fit.converged:
        raise DataError("linear_combination() needs a fit with a finite maximum; this has none")
    if not np.isfinite(value):
        raise DataError(f"value must be finite, not {value!r}")
    sums = _sums(combination, fit)
    weights = np.array([[own.get(name, 0.0) for name in fit.names] for own in sums.values()])
    estimate = weights @ fit.coefficients - value
    variances = variances_along(weights, fit.covariance)
    errors = np.sqrt(np.where(variances > 0, variances, np.nan))
    labels = tuple(sums) if value == 0 else tuple(f"{name} - {value:g}" for name in sums)
    return tidy_table(
        Estimates(labels, estimate, np.diag(variances)),
        errors,
        fit.degrees(reference),
        check_level(level),
        p_values=None,
        limits=None,
        exponentiate=exponentiate,
    )


def _sums(
    combination: str | Mapping[str, float] | Sequence[str], fit: Fit
) -> dict[str, dict[str, float]]:
    if isinstance(combination, Mapping):
        written, own = _written(fit), dict[str, float]()
        for given, weight in combination.items():
            name = written.get(given, given)
            fit.place_of(name)
            own[name] = own.get(name, 0.0) + float(weight)
        if not np.isfinite(list(own.values())).all() or not any(own.values()):
            raise DataError(f"combination needs finite weights, not all 0: {combination!r}")
        return {_worded(own): own}
    texts = [combination] if isinstance(combination, str) else list(combination)
    if not texts:
        raise DataError("combination is empty: give a sum of coefficients, such as 'a - b'")
    return {text.strip(): _read(text, fit) for text in texts}


def _worded(weights: Mapping[str, float]) -> str:
    parts = []
    for name, weight in weights.items():
        size = "" if abs(weight) == 1 else f"{abs(weight):g}*"
        sign = "-" if weight < 0 else "+"
        parts.append(f"{sign} {size}{name}")
    return " ".join(parts).removeprefix("+ ").replace("- ", "-", 1 if parts[0][0] == "-" else 0)


def _written(fit: Fit) -> dict[str, str]:
    """Each coefficient by its name, and by that name as a formula writes it, in backticks."""
    parts = {":".join(map(quoted, name.split(":"))): name for name in fit.names}
    return {**parts, **{quoted(name): name for name in fit.names}, **{n: n for n in fit.names}}


def _read(text: str, fit: Fit) -> dict[str, float]:
    """Read a sum of coefficients; their names may hold any sign, so they are looked for first."""
    written = _written(fit)
    names = "|".join(re.escape(name) for name in sorted(written, key=len, reverse=True))
    part = re.compile(rf"\s*([+-]?)\s*(?:({_NUMBER.pattern})\s*\*\s*)?({names})(?!\w)\s*")
    found: dict[str, float] = {}
    place = 0
    while place < len(text):
        match = part.match(text, place)
        if match is None or (place and not match[1]):
            raise DataError(
                f"combination: cannot read {text[place:].strip()!r} in {text!r}; write sums such "
                f"as 'a - b' or '2*a + b' of {first_few(fit.names)}"
            )
        weight = float(match[2] or 1) * (-1 if match[1] == "-" else 1)
        name = written[match[match.re.groups]]
        found[name] = found.get(name, 0.0) + weight
        place = match.end()
    if not any(found.values()):
        raise DataError(f"combination {text!r} has no coefficient left")
    return found


def lr_test(smaller: Fit, larger: Fit) -> pd.DataFrame:
    """Likelihood-ratio test of a fit against one with more terms, on the same rows.

    Parameters
    ----------
    smaller, larger : Fit
        Of one family, nested: every column of the smaller design is a sum of columns of the
        larger. Against a fit without any terms there is :meth:`Fit.test_model`; whether groups
        differ at all is tested by the fit with a frailty or a random intercept itself.

    Returns
    -------
    DataFrame
        ``model, log_likelihood, parameters, statistic, df, p_value``: a row per fit. The test is
        that of independent rows; where a fit is clustered or robust, a warning says so.

    Raises
    ------
    DataError
        Other rows (with how many), kinds of exit, families, distributions, ties, strata, weights
        or offsets; fits that are not nested; penalised fits, whose likelihoods have different
        penalties.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5, "size": 0.0}, seed=1)
    >>> one, two = (cm.cox(f"event ~ {x}", panel) for x in ("risk", "risk + size"))
    >>> cm.lr_test(one, two)[["parameters", "df"]]
       parameters  df
    0           1   0
    1           2   1
    """
    check_arguments(lr_test, locals())
    from scipy import stats  # slow to import, and no fit needs it

    if len(smaller.names) > len(larger.names):
        smaller, larger = larger, smaller
    _refuse_other_kind(smaller, larger)
    _refuse_other_rows(smaller, larger)
    _refuse_not_nested(smaller, larger)
    if {smaller.choices.variance, larger.choices.variance} != {"model"}:
        warn(
            "lr_test() goes by likelihoods of independent rows, although a fit has a clustered or "
            "robust variance; Wald tests by it are in test_terms()"
        )
    df = len(larger.names) - len(smaller.names)
    statistic = 2 * (larger.log_likelihood - smaller.log_likelihood)
    return pd.DataFrame(
        {
            "model": [smaller.formula, larger.formula],
            "log_likelihood": [smaller.log_likelihood, larger.log_likelihood],
            "parameters": [len(smaller.names), len(larger.names)],
            "statistic": [float("nan"), statistic],
            "df": [0, df],
            "p_value": [float("nan"), float(stats.chi2.sf(statistic, df))],
        }
    )


def _refuse_other_kind(one: Fit, two: Fit) -> None:
    settings = [("family", one.family.name, two.family.name)]
    settings += [
        (name, getattr(one.choices, name), getattr(two.choices, name))
        for name in ("distribution", "ties", "strata", "weights", "offset", "penalty")
    ]
    other = [f"{name} {a!r} and {b!r}" for name, a, b in settings if a != b]
    if other:
        raise DataError(f"lr_test() compares fits that differ in terms only, not in {other[0]}")
    if one.choices.penalty:
        raise DataError(
            "lr_test() is for fits without a penalty, which is another one for each design; "
            "test_model() and the p-values of a penalised fit are penalised likelihood ratios"
        )
    if not (one.converged and two.converged):
        raise DataError("lr_test() needs fits with a finite maximum")
    if len(one.names) == len(two.names):
        raise DataError("the fits have equally many coefficients, so neither is the smaller one")


def _refuse_other_rows(one: Fit, two: Fit) -> None:
    a, b = one.engine.sample, two.engine.sample
    if len(a.event) != len(b.event):
        raise DataError(
            f"the fits use other rows: {len(a.event)} and {len(b.event)}, so their likelihoods do "
            "not compare; leave out rows with missing values of any term before both fits"
        )
    pairs = [
        ("event", a.event, b.event),
        ("start", a.start, b.start),
        ("stop", a.stop, b.stop),
        ("weights", a.weights, b.weights),
        ("offset", a.offset, b.offset),
        ("strata", a.strata, b.strata),
        ("kinds of exit", _kinds(a), _kinds(b)),
    ]
    other = [what for what, x, y in pairs if not _equal(x, y)]
    if not a.index.equals(b.index):
        other.insert(0, "index")
    if other:
        raise DataError(f"the fits use other rows: they differ in {', '.join(other)}")


def _kinds(sample: Sample) -> list[str] | None:
    """How each row ended, where there are several ways."""
    if sample.kinds is None:
        return None
    words = ("", *sample.kinds.labels)
    return [words[code] for code in sample.kinds.codes]


def _equal(one: object, two: object) -> bool:
    if one is None or two is None:
        return one is two
    return bool(np.array_equal(np.asarray(one), np.asarray(two)))


def _refuse_not_nested(smaller: Fit, larger: Fit) -> None:
    """Every column of the smaller design must be a sum of columns of the larger.

    Where one column has several coefficients, of kinds of exit or of a baseline, each must be there
    by its name.
    """
    if smaller.choices.baseline or smaller.family.can & {"causes", "cured"}:
        absent = [name for name in smaller.names if name not in larger.names]
        if absent:
            raise DataError(
                f"the fits are not nested: {larger.formula!r} lacks {first_few(absent)} of "
                f"{smaller.formula!r}"
            )
    inside, outside = _columns(larger), _columns(smaller)
    rest = outside - inside @ np.linalg.lstsq(inside, outside, rcond=None)[0]
    lost = np.linalg.norm(rest, axis=0) > _SPANNED * np.linalg.norm(outside, axis=0)
    strange = [name for name, gone in zip(smaller.names, lost, strict=False) if gone]
    if strange:
        raise DataError(
            f"the fits are not nested: {first_few(strange)} of {smaller.formula!r} is no part of "
            f"{larger.formula!r}"
        )


def _columns(fit: Fit) -> Floats:
    """Columns of the design, centred and of one length, beside that of the baseline's level."""
    # the spread of groups, by its name in both fits, has no column
    names = fit.names[:-1] if "group" in fit.family.can else fit.names
    X = np.column_stack([fit.values_of(name) for name in names])
    level = np.abs(X.mean(axis=0))
    X = X - X.mean(axis=0)
    spread = np.linalg.norm(X, axis=0)
    flat = spread <= 1e-12 * np.maximum(level, 1.0)
    X[:, flat] = 0.0
    return np.asarray(X / np.where(flat, 1.0, spread))
