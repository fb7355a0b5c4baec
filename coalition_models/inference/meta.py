"""What several data sets say together on one claim."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.inference.detection import check_shares

__all__ = ["combine"]

Floats = npt.NDArray[np.float64]


def combine(
    table: pd.DataFrame,
    *,
    level: float = 0.95,
    states: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Combine estimates of each claim that was tested on two data sets or more.

    Parameters
    ----------
    table : DataFrame
        ``claim, data_set, estimate, std_error, step``, one row per test. Estimates are combined
        per ``step`` (from 0 to 1 of a term of two values, else one standard deviation in its data
        set), since a unit of a count in a month is not one in a year.
    level : float
        Of the intervals.
    states : mapping, optional
        Data set -> its states, so that sets with states in common are named.

    Returns
    -------
    DataFrame
        Per claim: ``data_sets`` (number and names), ``fixed, fixed_low, fixed_high, fixed_p``
        (inverse-variance weights, normal limits), ``random, random_low, random_high, random_p``
        (between-set variance of DerSimonian and Laird; limits and p of Hartung and Knapp with t of
        k - 1 degrees, modified so that they are never narrower than normal ones),
        ``prediction_low, prediction_high`` (where the effect of another set would lie, with t of
        k - 2; missing with two sets), ``tau_squared, i_squared, heterogeneity_p`` (Cochran's Q),
        all on the log scale; ``shared`` (sets with states in common, and how many). Such sets are
        not independent, and intervals are a little too short.

    Raises
    ------
    DataError
        A table without one of these columns.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> two = pd.DataFrame({"claim": "H01", "data_set": ["iraq", "isaf"],
    ...                     "estimate": [0.2, 0.6], "std_error": [0.2, 0.2], "step": 1.0})
    >>> cm.inference.combine(two)[["claim", "fixed", "i_squared"]].round(2)
      claim  fixed  i_squared
    0   H01    0.4        0.5
    """
    check_arguments(combine, locals())
    check_shares(level=level)
    lacking = [name for name in _NEEDED if name not in table.columns]
    if lacking:
        raise DataError(
            f"combine() needs one row per test with {', '.join(_NEEDED)}; the table lacks "
            f"{first_few(lacking)}"
        )
    known = table[np.isfinite(table["estimate"]) & (table["std_error"] > 0)]
    rows = []
    for claim, part in known.groupby("claim", sort=True):
        if len(part) < 2:
            continue
        step = part["step"].to_numpy(dtype=float)
        effect = part["estimate"].to_numpy(dtype=float) * step
        variance = (part["std_error"].to_numpy(dtype=float) * step) ** 2
        q, tau = _between(effect, variance)
        excess = q - (len(part) - 1)
        line: dict[str, object] = {
            "claim": claim,
            "n": len(part),
            "data_sets": ", ".join(part["data_set"]),
        }
        line |= _fixed(effect, variance, level) | _random(effect, variance, tau, level)
        line |= {
            "tau_squared": tau,
            "i_squared": excess / q if excess > 0 else 0.0,
            "heterogeneity_p": float(stats.chi2.sf(q, len(part) - 1)),
            "shared": _shared(list(part["data_set"]), states or {}),
        }
        rows.append(line)
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else _COLUMNS)


_NEEDED = ("claim", "data_set", "estimate", "std_error", "step")
_COLUMNS = [
    "claim", "n", "data_sets", "fixed", "fixed_low", "fixed_high", "fixed_p", "random",
    "random_low", "random_high", "random_p", "prediction_low", "prediction_high", "tau_squared",
    "i_squared", "heterogeneity_p", "shared",
]  # fmt: skip


def _between(effect: Floats, variance: Floats) -> tuple[float, float]:
    """Cochran's Q, and the variance between sets of DerSimonian and Laird (1986)."""
    weight = 1 / variance
    whole = weight.sum()
    q = float((weight * (effect - (weight * effect).sum() / whole) ** 2).sum())
    tau = (q - (len(effect) - 1)) / float(whole - (weight**2).sum() / whole)
    return q, max(tau, 0.0)


def _fixed(effect: Floats, variance: Floats, level: float) -> dict[str, object]:
    weight = 1 / variance
    value, error = float((weight * effect).sum() / weight.sum()), float(weight.sum() ** -0.5)
    reach = float(stats.norm.isf((1 - level) / 2)) * error
    return {
        "fixed": value,
        "fixed_low": value - reach,
        "fixed_high": value + reach,
        "fixed_p": float(2 * stats.norm.sf(abs(value / error))),
    }


def _random(effect: Floats, variance: Floats, tau: float, level: float) -> dict[str, object]:
    """Hartung and Knapp, never narrower than the normal limits; and the next set's effect."""
    sets = len(effect)
    weight = 1 / (variance + tau)
    value = float((weight * effect).sum() / weight.sum())
    spread = float((weight * (effect - value) ** 2).sum() / (sets - 1))
    error = float(np.sqrt(max(spread, 1.0) / weight.sum()))
    reach = float(stats.t.isf((1 - level) / 2, sets - 1)) * error
    apart = np.nan
    if sets > 2:
        apart = float(stats.t.isf((1 - level) / 2, sets - 2) * np.sqrt(tau + error**2))
    return {
        "random": value,
        "random_low": value - reach,
        "random_high": value + reach,
        "random_p": float(2 * stats.t.sf(abs(value / error), sets - 1)),
        "prediction_low": value - apart,
        "prediction_high": value + apart,
    }


def _shared(names: list[str], states: Mapping[str, Collection[str]]) -> str:
    """Pairs of sets that have states in common."""
    pairs = [
        (one, other, len(set(states.get(one, ())) & set(states.get(other, ()))))
        for one, other in combinations(names, 2)
    ]
    return "; ".join(f"{one} and {other} {count}" for one, other, count in pairs if count)
