"""How far anchors and cuts can be moved, each alone, before the solution changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoalitionError, DataError, gathered
from coalition_models.qca.analysis import Analysis
from coalition_models.qca.solutions import minimise

__all__ = ["robust_ranges"]

_ANCHORS = {
    1: ("crossover",),
    3: ("exclusion", "crossover", "inclusion"),
    6: ("first outer", "first crossover", "first inner",
        "second inner", "second crossover", "second outer"),
}  # fmt: skip
_COLUMNS = ["value", "lower", "upper", "below", "above", "step"]

#: whether two models are the same, whatever their order
Models = frozenset[frozenset[str]]
#: the models to stay at, and those of each truth table seen
Known = tuple[Models, dict[tuple[str, ...], Models]]
#: a plan with another value in one place; None where it cannot have that value
Put = Callable[[Analysis, float], Analysis | None]


@dataclass(frozen=True)
class _End:
    """Where the search in one direction came to, and what happened there."""

    value: float
    why: str


def robust_ranges(
    plan: Analysis, *, step: float = 0.01, cut_step: float = 0.01, most: int = 100
) -> pd.DataFrame:
    """Move every anchor and both cuts until the solution becomes another one.

    Parameters
    ----------
    plan : Analysis
    step : float
        Of anchors, as a share of the range of their raw values.
    cut_step : float
        Of the consistency cut; the frequency cut moves by one case.
    most : int
        Steps in one direction at most.

    Returns
    -------
    DataFrame
        By ``what`` ("consistency cut", "frequency cut", and condition with anchor): ``value``;
        ``lower`` and ``upper``, the last values at which the solution is the same; ``below`` and
        ``above``, what ended the search on that side: another solution, no solution, the end of
        what the value can be (so that the range is open there), or ``most``; ``step``.

    Raises
    ------
    DataError
        Steps that are not positive; a plan that has no solution as it stands.

    Notes
    -----
    The sensitivity ranges of Oana and Schneider (2024): one thing is moved at a time, all others
    held. Two solutions are the same if they have the same models.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [1, 9, 2, 8], "B": [1, 0, 0, 1], "Y": [0, 1, 0, 1]})
    >>> plan = cm.qca.Analysis(cases, "Y", ["A", "B"], anchors={"A": [2, 5, 8]})
    >>> cm.qca.robust_ranges(plan, most=5).loc["frequency cut", ["below", "above"]].tolist()
    ['end of the scale', 'no solution']
    """
    check_arguments(robust_ranges, locals())
    if step <= 0 or cut_step <= 0 or most < 1:
        raise DataError("step and cut_step must be positive and most at least 1")
    with gathered():
        seen: dict[tuple[str, ...], Models] = {}
        start = _models(plan, seen)
        move = partial(_range, plan, (start, seen), most)
        rows = {
            "consistency cut": move(plan.consistency_cut, cut_step, _set_consistency),
            "frequency cut": move(plan.frequency_cut, 1.0, _set_frequency),
        }
        for name, anchors in plan.anchors.items():
            spread = float(np.ptp(plan.data[name].dropna().to_numpy(dtype=np.float64)))
            for place, word in enumerate(_ANCHORS[len(anchors)]):
                put = _set_anchor(name, place)
                rows[f"{name} {word}"] = move(anchors[place], step * spread, put)
    found = pd.DataFrame.from_dict(rows, orient="index", columns=_COLUMNS)
    return found.rename_axis("what")


def _models(plan: Analysis, seen: dict[tuple[str, ...], Models]) -> Models:
    """Models of a plan; tables that sort their rows alike are minimised once."""
    table = plan.table()
    rows = tuple(table.table["out"])
    if rows not in seen:
        found = minimise(table, plan.kind, expectations=plan.expectations, exclude=plan.exclude)
        seen[rows] = frozenset(frozenset(model) for model in found.models)
    return seen[rows]


def _range(
    plan: Analysis, known: Known, most: int, value: float, step: float, put: Put
) -> tuple[float, float, float, str, str, float]:
    low = _search(plan, known, most, value, -step, put)
    high = _search(plan, known, most, value, step, put)
    return float(value), low.value, high.value, low.why, high.why, step


def _search(plan: Analysis, known: Known, most: int, value: float, step: float, put: Put) -> _End:
    start, seen = known
    last = float(value)
    for number in range(1, most + 1):
        # steps are counted from the start, so that sums of decimals do not drift
        at = float(np.round(value + number * step, 12))
        moved = put(plan, at)
        if moved is None:
            return _End(last, "end of the scale")
        try:
            found = _models(moved, seen)
        except CoalitionError:
            return _End(last, "no solution")
        if found != start:
            return _End(last, "another solution")
        last = at
    return _End(last, f"{most} steps")


def _set_consistency(plan: Analysis, at: float) -> Analysis | None:
    lowest = plan.contradiction_cut or 0.0
    return plan.change(consistency_cut=at) if lowest < at <= 1 else None


def _set_frequency(plan: Analysis, at: float) -> Analysis | None:
    return plan.change(frequency_cut=int(at)) if at >= 1 else None


def _set_anchor(name: str, place: int) -> Put:
    def put(plan: Analysis, at: float) -> Analysis | None:
        anchors = [float(one) for one in plan.anchors[name]]
        before = np.sign(np.diff(anchors))
        raw = plan.data[name]
        moved = anchors.copy()
        moved[place] = at
        ends = float(raw.min()), float(raw.max())
        beyond = not ends[0] <= at <= ends[1] and abs(at - np.mean(ends)) > abs(
            anchors[place] - np.mean(ends)
        )
        crossed = bool((np.sign(np.diff(moved)) != before).any())
        if crossed or (len(anchors) != 3 and beyond) or (place == 1 and beyond):
            return None
        return plan.change(anchors={**plan.anchors, name: moved})

    return put
