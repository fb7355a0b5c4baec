"""Which choice moves a result: shares, spans and pairs of a table of combinations.

Each works on a frame with one row per combination, one column per dimension, and results.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from coalition_models.arguments import listed
from coalition_models.errors import DataError, first_few

__all__ = ["moves", "pairs", "share", "span"]


def share(table: pd.DataFrame, column: str) -> float:
    """Share of the combinations in which something holds; a failed one counts as not holding.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cm.sensitivity.share(pd.DataFrame({"holds": [True, False, None, False]}), "holds")
    0.25
    """
    _known(table, [column])
    return float(table[column].eq(True).mean()) if len(table) else float("nan")


def span(
    table: pd.DataFrame,
    value: str = "estimate",
    *,
    by: str,
    null: float = 0.0,
    p_value: str = "p_value",
) -> pd.DataFrame:
    """Smallest and largest result over the combinations.

    Parameters
    ----------
    table : DataFrame
    value : str
        Column of results; combinations without one are left out.
    by : str
        Column whose values are told apart, such as the term.
    null : float
        The value that says that there is no effect.
    p_value : str

    Returns
    -------
    DataFrame
        By value of ``by``: ``combinations, lowest, highest, below_0.05`` (how many p-values are),
        ``signs_agree`` (all results lie on one side of ``null``).

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"term": "risk", "estimate": [0.2, 0.5], "p_value": [0.3, 0.01]})
    >>> cm.sensitivity.span(found, by="term")
          combinations  lowest  highest  below_0.05  signs_agree
    term
    risk             2     0.2      0.5           1         True
    """
    _known(table, [value, by, p_value])
    known = table.dropna(subset=[value])
    if known.empty:
        columns = ["combinations", "lowest", "highest", "below_0.05", "signs_agree"]
        return pd.DataFrame(columns=columns, index=pd.Index([], name=by))
    groups = known.groupby(by, sort=False)
    above = groups[value].agg(lambda found: bool((found > null).all()))
    below = groups[value].agg(lambda found: bool((found < null).all()))
    return pd.DataFrame(
        {
            "combinations": groups.size(),
            "lowest": groups[value].min(),
            "highest": groups[value].max(),
            "below_0.05": groups[p_value].agg(lambda p: int((p < 0.05).sum())),
            "signs_agree": above | below,
        }
    )


def pairs(
    table: pd.DataFrame,
    dimensions: Sequence[str],
    value: str = "estimate",
    *,
    null: float = 0.0,
    clear: float = 0.0,
    p_value: str = "p_value",
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare two options of one dimension, all else equal.

    Parameters
    ----------
    table : DataFrame
    dimensions : sequence of str
        Columns that are choices.
    value : str
    null : float
        The value that says that there is no effect; results on it have no sign and are left out.
    clear : float
        A flip is clear where both results are further from ``null`` than this.
    p_value : str
    by : sequence of str
        Columns that tell the rows of one combination apart, such as the term.

    Returns
    -------
    DataFrame
        ``choice, from, to, pairs`` (of combinations that differ in nothing else), ``flips`` (one
        result above ``null``, the other below), ``share`` (of flips among the pairs),
        ``clear_flips``, ``both_significant`` (flips with p < 0.05 on both sides), ``mean_change``
        and ``largest_change`` (of the result, without its sign), ``shift`` (mean change from the
        first option to the second, with its sign); most frequent flips first.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"window": [3, 6, 3, 6], "ties": ["efron"] * 2 + ["breslow"] * 2,
    ...                       "estimate": [0.5, -0.1, 0.4, 0.1], "p_value": 0.2})
    >>> cm.sensitivity.pairs(found, ["window", "ties"])[["choice", "from", "to", "pairs", "flips"]]
       choice   from       to  pairs  flips
    0  window      3        6      2      1
    1    ties  efron  breslow      2      1
    """
    dimensions, by = listed(dimensions), listed(by)
    _known(table, [*dimensions, value, p_value, *by])
    known = table[table[value].notna() & (table[value] != null)]
    rows = []
    for choice in dimensions:
        others = [name for name in [*dimensions, *by] if name != choice]
        for one, other in combinations(dict.fromkeys(table[choice]), 2):
            both = _paired(known[known[choice] == one], known[known[choice] == other], others)
            rows.append(
                {"choice": choice, "from": one, "to": other,
                 **_compare(both, value, null, clear, p_value)}
            )  # fmt: skip
    out = pd.DataFrame(rows, columns=_PAIRS)
    return out.sort_values(["share", "pairs"], ascending=False, ignore_index=True)


def moves(
    table: pd.DataFrame,
    dimensions: Sequence[str],
    value: str = "estimate",
    *,
    null: float = 0.0,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Which dimension moves the result most, all else equal.

    Parameters
    ----------
    table : DataFrame
    dimensions : sequence of str
    value : str
    null : float
    by : sequence of str
        As in :func:`pairs`.

    Returns
    -------
    DataFrame
        Per dimension ``options, pairs, flips, share`` (of flips), ``mean_change``,
        ``largest_change``; the one with the largest mean change first. A dimension without a pair
        has none.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"window": [3, 6, 3, 6], "ties": ["efron"] * 2 + ["breslow"] * 2,
    ...                       "estimate": [0.5, -0.1, 0.4, 0.1], "p_value": 0.2})
    >>> cm.sensitivity.moves(found, ["ties", "window"])[["dimension", "mean_change"]]
      dimension  mean_change
    0    window         0.45
    1      ties         0.15
    """
    dimensions, by = listed(dimensions), listed(by)
    given = table if "p_value" in table else table.assign(p_value=np.nan)
    compared = pairs(given, dimensions, value, null=null, by=by)
    rows = []
    for dimension in dimensions:
        part = compared[(compared["choice"] == dimension) & (compared["pairs"] > 0)]
        count, flips = int(part["pairs"].sum()), int(part["flips"].sum())
        total = float((part["mean_change"] * part["pairs"]).sum())
        rows.append(
            {
                "dimension": dimension,
                "options": table[dimension].nunique(),
                "pairs": count,
                "flips": flips,
                "share": flips / count if count else np.nan,
                "mean_change": total / count if count else np.nan,
                "largest_change": part["largest_change"].max() if count else np.nan,
            }
        )
    out = pd.DataFrame(rows, columns=_MOVES)
    return out.sort_values("mean_change", ascending=False, kind="stable", ignore_index=True)


_PAIRS = [
    "choice", "from", "to", "pairs", "flips", "share", "clear_flips", "both_significant",
    "mean_change", "largest_change", "shift",
]  # fmt: skip
_MOVES = ["dimension", "options", "pairs", "flips", "share", "mean_change", "largest_change"]


def _paired(left: pd.DataFrame, right: pd.DataFrame, others: list[str]) -> pd.DataFrame:
    if others:
        return left.merge(right, on=others, suffixes=("", "_other"))
    return left.merge(right, how="cross", suffixes=("", "_other"))


def _compare(
    both: pd.DataFrame, value: str, null: float, clear: float, p_value: str
) -> dict[str, object]:
    here, there = both[value] - null, both[f"{value}_other"] - null
    turned = (here > 0) != (there > 0)
    weaker = np.minimum(here.abs(), there.abs())
    sure = turned & (both[p_value] < 0.05) & (both[f"{p_value}_other"] < 0.05)
    change = (here - there).abs()
    return {
        "pairs": len(both),
        "flips": int(turned.sum()),
        "share": float(turned.mean()) if len(both) else np.nan,
        "clear_flips": int((turned & (weaker > clear)).sum()),
        "both_significant": int(sure.sum()),
        "mean_change": float(change.mean()) if len(both) else np.nan,
        "largest_change": float(change.max()) if len(both) else np.nan,
        "shift": float((there - here).mean()) if len(both) else np.nan,
    }


def _known(table: pd.DataFrame, columns: Sequence[str]) -> None:
    absent = [name for name in dict.fromkeys(columns) if name not in table.columns]
    if absent:
        raise DataError(
            f"the table of combinations has no column {first_few(absent)}; it has "
            f"{first_few(table.columns)}"
        )
