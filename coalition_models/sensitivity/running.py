"""Every combination of some choices estimated, with what failed and what did not apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import joblib
import pandas as pd

from coalition_models.arguments import check_arguments, check_workers
from coalition_models.errors import DataError, counted, first_few, gathered, warn
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import (
    FAILURES,
    Combination,
    Dimension,
    Setting,
    cross,
    said,
)
from coalition_models.sensitivity.standings import size_of
from coalition_models.sensitivity.summaries import moves, pairs, share, span

__all__ = ["Run", "run"]

#: tasks per worker, so that one with slow combinations does not keep the others waiting
_TASKS = 4

Result = Mapping[str, object] | pd.DataFrame


@dataclass(frozen=True, repr=False)
class Run:
    """What came of every combination.

    Attributes
    ----------
    table : DataFrame
        One row per combination (as many as its estimate has, where that is a frame): a column per
        dimension with the label chosen, the results, and ``problem``: why there is none, empty
        where there is one.
    dimensions : tuple of str
    skipped : DataFrame
        Options that did not apply, with the ``reason``; missing where any option would do.
    notes : tuple of str
        Warnings that arose, each once.
    """

    table: pd.DataFrame
    dimensions: tuple[str, ...]
    skipped: pd.DataFrame
    notes: tuple[str, ...] = ()

    def share(self, column: str = "holds") -> float:
        """Share of the combinations in which a column is true; failed ones count as not."""
        return share(self.table, column)

    def span(self, value: str = "estimate", *, by: str, null: float = 0.0) -> pd.DataFrame:
        """Smallest and largest result; see :func:`coalition_models.sensitivity.summaries.span`."""
        return span(self.table, value, by=by, null=null)

    def pairs(
        self, value: str = "estimate", *, null: float = 0.0, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Compare the options of each dimension two by two, all else equal."""
        return pairs(self.table, self.dimensions, value, null=null, by=by)

    def moves(
        self, value: str = "estimate", *, null: float = 0.0, by: Sequence[str] = ()
    ) -> pd.DataFrame:
        """Which dimension moves a result most; see :func:`~.sensitivity.summaries.moves`."""
        return moves(self.table, self.dimensions, value, null=null, by=by)

    def to_table(self) -> Table:
        """All combinations for print."""
        failed = int(self.table["problem"].ne("").sum())
        notes = [f"{counted(len(self.table), 'row')}, {failed} without a result."]
        if len(self.skipped):
            notes.append(f"Skipped: {counted(len(self.skipped), 'option')}; see .skipped.")
        return frame_table(self.table, notes=[*notes, *self.notes])

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def run(
    base: Setting,
    dimensions: Sequence[Dimension],
    estimate: Callable[[Setting], Result],
    *,
    failures: tuple[type[Exception], ...] = FAILURES,
    blank: Mapping[str, object] | None = None,
    pick: Collection[int] | None = None,
    workers: int = 1,
) -> Run:
    """Estimate every combination of some choices.

    Parameters
    ----------
    base : Setting
        Where nothing is chosen yet.
    dimensions : sequence of Dimension
        Chosen in this order, the last varying fastest; see :func:`cross` for what is shared.
    estimate : callable
        From a setting to results by name, or to a frame with several rows (one per term). It may
        give ``problem`` itself.
    failures : tuple of exception classes
        Errors, of options and of ``estimate``, that make a row with a ``problem``: a model that
        cannot be fitted and a source that does not cover what is asked, by default. Any other
        error is a mistake in the call or the data and is raised.
    blank : mapping, optional
        Results of a combination that failed; missing by default.
    pick : collection of int, optional
        Only the combinations with these places in the full crossing; see :func:`cross`.
    workers : int
        Processes; the result does not depend on it.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        Dimensions of one name, and results that are called like a dimension.

    Warns
    -----
    CoalitionWarning
        What the combinations warn of, each warning once.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity.choices import Dimension, Setting
    >>> panel = cm.simulate_panel(members=40, hazard=0.03, coefficients={"risk": 0.5}, seed=1)
    >>> def first_year(setting):
    ...     return setting.replace(panel=setting.rows.query("stop <= 12"))
    >>> size = Dimension("rows", {"all": lambda setting: setting, "first year": first_year})
    >>> found = run(Setting(panel=panel), [size, Dimension.of("ties", ["efron", "breslow"])],
    ...             lambda s: cm.cox("event ~ risk", s.rows, ties=s["ties"]).tidy())
    >>> found.table[["rows", "ties", "term", "problem"]].values.tolist()
    [['all', 'efron', 'risk', ''], ['all', 'breslow', 'risk', ''],
     ['first year', 'efron', 'risk', ''], ['first year', 'breslow', 'risk', '']]
    >>> found.moves()["dimension"].tolist()
    ['rows', 'ties']
    """
    check_arguments(run, locals())
    names = [dimension.name for dimension in dimensions]
    total = size_of(dimensions)
    wanted = None if pick is None else frozenset(pick)
    tasks = 1 if check_workers(workers) == 1 else max(1, min(total, _TASKS * workers))
    edges = [total * at // tasks for at in range(tasks + 1)]
    call = joblib.delayed(_some)
    parts = joblib.Parallel(n_jobs=workers)(
        call(base, dimensions, estimate, failures, dict(blank or {}), start, stop, wanted)
        for start, stop in pairwise(edges)
    )
    rows = [row for part in parts for row in part.rows]
    skipped = {tuple(line.items()): line for part in parts for line in part.skipped}
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    for note in notes:
        warn(note)
    results = dict.fromkeys(name for row in rows for name in row if name not in names)
    columns = [*names, *(name for name in results if name != "problem"), "problem"]
    return Run(
        table=pd.DataFrame(rows, columns=columns),
        dimensions=tuple(names),
        skipped=pd.DataFrame(list(skipped.values()), columns=[*names, "reason"]),
        notes=notes,
    )


@dataclass(frozen=True)
class _Part:
    rows: list[dict[str, object]]
    skipped: list[dict[str, Hashable]]
    notes: list[str]


def _some(
    base: Setting,
    dimensions: Sequence[Dimension],
    estimate: Callable[[Setting], Result],
    failures: tuple[type[Exception], ...],
    blank: Mapping[str, object],
    start: int,
    stop: int,
    pick: Collection[int] | None,
) -> _Part:
    """Estimate the combinations from one to another."""
    rows: list[dict[str, object]] = []
    skipped: list[dict[str, Hashable]] = []
    with gathered() as notes:
        crossed = cross(dimensions, base, failures=failures, start=start, stop=stop, pick=pick)
        for one in crossed:
            if one.skipped:
                skipped.append({**one.choices, "reason": one.skipped})
            else:
                rows += _rows(one, estimate, failures, blank)
    return _Part(rows, skipped, notes)


def _rows(
    one: Combination,
    estimate: Callable[[Setting], Result],
    failures: tuple[type[Exception], ...],
    blank: Mapping[str, object],
) -> list[dict[str, object]]:
    problem = one.problem
    lines: list[Mapping[str, object]] = []
    if one.setting is not None:
        try:
            lines = _lines(estimate(one.setting))
            problem = "" if lines else "the estimate has no row"
        except failures as error:
            problem = str(error) or type(error).__name__
        except Exception as error:
            error.add_note(f"in the combination {said(one.choices)}")
            raise
    twice = [name for line in lines for name in line if name in one.choices]
    if twice:
        raise DataError(f"results are called like dimensions: {first_few(dict.fromkeys(twice))}")
    if problem:
        return [{**one.choices, **blank, "problem": problem}]
    return [{**one.choices, "problem": "", **line} for line in lines]


def _lines(result: Result) -> list[Mapping[str, object]]:
    if isinstance(result, pd.DataFrame):
        return [
            {str(name): value for name, value in line.items()} for line in result.to_dict("records")
        ]
    if not isinstance(result, Mapping):
        raise DataError(
            f"an estimate must be a mapping of names to results, or a frame, not "
            f"{type(result).__name__}"
        )
    return [result]
