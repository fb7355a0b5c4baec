"""What several data sets say together on one claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.inference.detection import check_shares

__all__ = ["combine"]


def combine(table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Combine estimates of each claim that was tested on two data sets or more.

    Parameters
    ----------
    table : DataFrame
        ``claim, data_set, estimate, std_error, step``, one row per test. Estimates are combined
        per ``step`` (from 0 to 1 of a term of two values, else one standard deviation in its data
        set), since a unit of a count in a month is not one in a year.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        Per claim: ``data_sets`` (number and names), ``fixed, fixed_low, fixed_high, fixed_p``
        (inverse-variance weights), ``random, random_low, random_high, random_p`` (between-set
        variance of DerSimonian and Laird), ``tau_squared, i_squared, heterogeneity_p`` (Cochran's
        Q), all on the log scale. Members of two coalitions are often the same states, so the sets
        are not independent, and intervals are a little too short.

    Raises
    ------
    DataError
        A table without one of these columns.

    Examples
    --------
    >>> two = pd.DataFrame({"claim": "H01", "data_set": ["iraq", "isaf"],
    ...                     "estimate": [0.2, 0.6], "std_error": [0.2, 0.2], "step": 1.0})
    >>> combine(two)[["claim", "fixed", "i_squared"]].round(2)
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
        with np.errstate(invalid="ignore"):
            found = combine_effects(effect, variance, method_re="dl", alpha=1 - level)
            frame = found.summary_frame(alpha=1 - level)
        line: dict[str, object] = {
            "claim": claim,
            "n": len(part),
            "data_sets": ", ".join(part["data_set"]),
        }
        # DerSimonian and Laird's variance is cut at zero: below it the two models are one
        apart = float(found.tau2) > 0
        for name, label in (("fixed", "fixed effect"), ("random", "random effect")):
            chosen = label if apart else "fixed effect"
            value, error, low, high = frame.loc[
                chosen, ["eff", "sd_eff", "ci_low", "ci_upp"]
            ].to_numpy(dtype=float)
            line |= {
                name: value,
                f"{name}_low": low,
                f"{name}_high": high,
                f"{name}_p": float(2 * stats.norm.sf(abs(value / error))),
            }
        line |= {
            "tau_squared": max(float(found.tau2), 0.0),
            "i_squared": max(float(found.i2), 0.0),
            "heterogeneity_p": float(stats.chi2.sf(found.q, len(part) - 1)),
        }
        rows.append(line)
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else _COLUMNS)


_NEEDED = ("claim", "data_set", "estimate", "std_error", "step")
_COLUMNS = [
    "claim", "n", "data_sets", "fixed", "fixed_low", "fixed_high", "fixed_p", "random",
    "random_low", "random_high", "random_p", "tau_squared", "i_squared", "heterogeneity_p",
]  # fmt: skip
