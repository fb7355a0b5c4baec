"""The difference between two combinations, split over the choices in which they differ."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few

__all__ = ["split_difference"]

#: orders of more steps than this are too many to go through
_MOST = 8


def split_difference(
    table: pd.DataFrame,
    start: Mapping[str, Hashable],
    steps: Sequence[tuple[str, Hashable]],
    value: str = "estimate",
) -> pd.DataFrame:
    """Split the difference between two combinations over the steps that lead from one to the other.

    Each step changes one choice. What it adds depends on what was changed before it, so that it is
    averaged over all orders of the steps; two steps in one dimension keep their order. The parts
    sum to the difference (Shapley's value where no dimension has two steps).

    Parameters
    ----------
    table : DataFrame
        One row per combination, with every combination between the two.
    start : mapping
        Dimension -> option; rows are told apart by these dimensions.
    steps : sequence of (dimension, option)
    value : str
        Column that is split.

    Returns
    -------
    DataFrame
        ``dimension, from, to, change`` (mean over the orders), ``least, most`` (over the orders),
        ``orders``; missing where a combination between has no value, with its ``problem``.

    Raises
    ------
    DataError
        No or too many steps; a combination that the table does not hold, or holds twice.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"unit": ["month", "month", "leader", "leader"],
    ...     "window": [0, 2, 0, 2], "estimate": [0.0, 1.0, -1.0, -2.0]})
    >>> cm.sensitivity.split_difference(found, {"unit": "month", "window": 0},
    ...     [("unit", "leader"), ("window", 2)])[["dimension", "change", "least", "most"]]
      dimension  change  least  most
    0      unit    -2.0   -3.0  -1.0
    1    window     0.0   -1.0   1.0
    """
    if not 0 < len(steps) <= _MOST:
        raise DataError(f"give one step to {_MOST}, not {len(steps)}")
    unknown = [name for name, _ in steps if name not in start]
    if unknown:
        raise DataError(f"start= has no option of {first_few(unknown)}")
    places = range(len(steps))
    orders = [order for order in permutations(places) if _kept(order, steps)]

    @cache
    def at(done: frozenset[int]) -> tuple[float, str]:
        chosen = dict(start)
        for place in sorted(done):
            chosen[steps[place][0]] = steps[place][1]
        return _value(table, chosen, value)

    changes: list[list[float]] = [[] for _ in steps]
    problems: list[set[str]] = [set() for _ in steps]
    for order in orders:
        done: frozenset[int] = frozenset()
        for place in order:
            before, after = at(done), at(done | {place})
            changes[place].append(after[0] - before[0])
            problems[place] |= {before[1], after[1]} - {""}
            done = done | {place}
    held, lines = dict(start), []
    for place, (name, option) in enumerate(steps):
        found = np.array(changes[place])
        lines.append(
            {"dimension": name, "from": held[name], "to": option, "change": found.mean(),
             "least": found.min(), "most": found.max(), "orders": len(orders),
             "problem": "; ".join(sorted(problems[place]))}
        )  # fmt: skip
        held[name] = option
    return pd.DataFrame(lines)


def _kept(order: Sequence[int], steps: Sequence[tuple[str, Hashable]]) -> bool:
    """Whether steps in one dimension stand in their order."""
    last: dict[str, int] = {}
    for place in order:
        name = steps[place][0]
        if last.get(name, -1) > place:
            return False
        last[name] = place
    return True


def _value(table: pd.DataFrame, chosen: Mapping[str, Hashable], value: str) -> tuple[float, str]:
    same = np.ones(len(table), dtype=bool)
    for name, option in chosen.items():
        same &= np.asarray([one == option for one in table[name]], dtype=bool)
    if same.sum() != 1:
        held = ", ".join(f"{name} {option}" for name, option in chosen.items())
        raise DataError(f"the table holds {int(same.sum())} rows with {held}; one is needed")
    row = table.loc[same].iloc[0]
    why = str(row["problem"]) if "problem" in table.columns else ""
    return float(row[value]), why
