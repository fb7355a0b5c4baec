"""Which rows a model learns from, and which it is judged on: never both, and no state twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.sample.checks import check_event, raise_all
from coalition_models.models.sample.columns import (
    as_numbers,
    found_instead,
    refuse_repeated_columns,
    require_columns,
)

__all__ = ["Folds", "make_folds"]

Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Folds:
    """Rows to learn from and rows to judge on, fold by fold.

    Attributes
    ----------
    tested : ndarray of int, shape (n,)
        Fold in which each row is judged; -1 for none (the earliest rows of forward folds).
    groups : ndarray of int, shape (n,)
        Number of each row's group.
    time : ndarray, shape (n,), or None
        What forward folds are ordered by.
    count : int
    words : str
        How they were made.
    """

    tested: Integers
    groups: Integers
    time: npt.NDArray[np.float64] | None
    count: int
    words: str

    def __iter__(self) -> Iterator[tuple[Flags, Flags]]:
        """Rows to learn from, rows to judge on."""
        for fold in range(self.count):
            judged = self.tested == fold
            if self.time is None:
                yield self.tested != fold, judged
            else:
                yield self.time < self.time[judged].min(), judged


def make_folds(
    panel: pd.DataFrame,
    *,
    groups: str = "state",
    forward: str | None = None,
    folds: int = 5,
    event: str = "event",
    seed: int = 0,
) -> Folds:
    """Divide rows so that what is judged was not learned from.

    Parameters
    ----------
    panel : DataFrame
    groups : str
        Column of those whose rows stay together: all rows of a state are in one fold, since rows
        of one state are no news of each other. Groups with events are shared out evenly.
    forward : str, optional
        Column with calendar time (a number, a date or a period). Folds are then stretches of it
        with about as many events each, and each is judged by what was learned from all earlier
        rows, of whichever state: that is the forecast. The first stretch is learned from only.
    folds : int
        How many are judged, 2 or more.
    event : str
    seed : int
        Of the order in which groups are dealt out.

    Raises
    ------
    DataError
        A group that is missing; fewer groups (or times) with events than folds.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.prediction.make_folds(panel, folds=4)
    >>> [bool(set(panel["state"][a]) & set(panel["state"][b])) for a, b in found]
    [False, False, False, False]
    """
    check_arguments(make_folds, locals())
    refuse_repeated_columns(panel)
    folds = check_count(folds, "folds", least=2)
    require_columns(panel, [groups, event], "make_folds")
    missing = panel[groups].isna().to_numpy()
    if missing.any():
        raise DataError(
            f"groups column {groups!r} is missing in {counted(missing.sum(), 'row')} "
            f"({first_few(panel.index[missing])}): a row of no known group could be judged by "
            "rows of its own; fill it, or leave these rows out"
        )
    happened, problems, _ = check_event(panel, event)
    raise_all(problems)
    codes = pd.factorize(panel[groups])[0].astype(np.int64)
    if forward is not None:
        return _forward(panel, forward, folds, happened, codes)
    count = int(codes.max()) + 1 if len(codes) else 0
    events = np.bincount(codes, weights=happened, minlength=count)
    if (events > 0).sum() < folds:
        raise DataError(
            f"{int((events > 0).sum())} values of {groups!r} have an event, fewer than "
            f"folds={folds}: each fold needs one; ask for fewer folds"
        )
    rng = np.random.default_rng(seed)
    order = rng.permutation(count)
    order = order[np.argsort(-events[order], kind="stable")]
    fold_of = np.empty(count, dtype=np.int64)
    there = np.arange(count)
    fold_of[order] = np.where((there // folds) % 2 == 0, there % folds, folds - 1 - there % folds)
    return Folds(fold_of[codes], codes, None, folds, f"{folds} folds of whole values of {groups}")


def _forward(
    panel: pd.DataFrame,
    column: str,
    folds: int,
    happened: npt.NDArray[np.float64],
    codes: Integers,
) -> Folds:
    require_columns(panel, [column], "forward=")
    time = _calendar(panel[column], column)
    events = np.sort(time[happened == 1])
    cuts = np.unique(np.quantile(events, np.arange(1, folds + 1) / (folds + 1), method="higher"))
    tested = np.searchsorted(cuts, time, side="right") - 1
    found = [fold for fold in range(len(cuts)) if happened[tested == fold].any()]
    if len(found) < folds:
        raise DataError(
            f"the events lie at {counted(len(np.unique(events)), 'time')} of {column!r}, too few "
            f"for folds={folds} stretches with an event each; ask for fewer folds"
        )
    words = f"{folds} stretches of {column}, each after all rows learned from"
    return Folds(tested.astype(np.int64), codes, time, folds, words)


def _calendar(column: pd.Series, name: str) -> npt.NDArray[np.float64]:
    """Time as numbers; dates and periods in days."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        gaps = column.isna().to_numpy()
        values = column.to_numpy("datetime64[ns]").astype(np.int64) / 86_400e9
    else:
        numbers = as_numbers(column)
        if numbers is None:
            raise DataError(
                f"forward={name!r} must hold numbers, dates or periods, {found_instead(column)}"
            )
        values, gaps = numbers, ~np.isfinite(numbers)
    if gaps.any():
        raise DataError(
            f"forward={name!r} is missing in {counted(gaps.sum(), 'row')} "
            f"({first_few(column.index[gaps])}): a row without a time is neither before nor after"
        )
    return np.asarray(values, dtype=float)
