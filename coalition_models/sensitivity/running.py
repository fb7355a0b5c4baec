"""Every combination of some choices estimated, with what failed and what did not apply."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import (
    FAILURES,
    Combination,
    Dimension,
    Setting,
    cross,
    said,
)
from coalition_models.sensitivity.engine import run_tasks
from coalition_models.sensitivity.standings import size_of
from coalition_models.sensitivity.summaries import moves, pairs, share, span

__all__ = ["Run", "run"]

#: combinations of the last dimensions that are handed out together, so that what the first ones
#: make is made once; and how many of them are worth a message to another process
_BLOCK, _FEW = 24, 12
#: into so many parts long runs are cut at least, so that all workers of a machine have some
_PARTS = 16

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
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
    about: str = "run",
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
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was. See :func:`~coalition_models.sensitivity.engine.run_tasks`.
    progress : bool
        Show how far it is, the rate and the time that is left.
    about : str
        What is done, for the progress and the file.

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
    >>> ties = Dimension.of("ties", ["efron", "breslow"])
    >>> found = cm.sensitivity.run(Setting(panel=panel), [size, ties],
    ...             lambda s: cm.cox("event ~ risk", s.rows, ties=s["ties"]).tidy())
    >>> found.table[["rows", "ties", "term", "problem"]].values.tolist()
    [['all', 'efron', 'risk', ''], ['all', 'breslow', 'risk', ''],
     ['first year', 'efron', 'risk', ''], ['first year', 'breslow', 'risk', '']]
    >>> found.moves()["dimension"].tolist()
    ['rows', 'ties']
    """
    check_arguments(run, locals())
    names = [dimension.name for dimension in dimensions]
    places = list(range(size_of(dimensions))) if pick is None else sorted(pick)
    found = run_tasks(
        _Combinations(base, tuple(dimensions), estimate, failures, dict(blank or {})),
        places, about=about, together=True, chunk=chunks_by_panel(dimensions, places),
        workers=workers, keep=keep, progress=progress,
    )  # fmt: skip
    for note in found.notes:
        warn(note)
    rows, skipped = _labelled(dimensions, places, found.answers)
    results = dict.fromkeys(name for row in rows for name in row if name not in names)
    columns = [*names, *(name for name in results if name != "problem"), "problem"]
    return Run(
        table=pd.DataFrame(rows, columns=columns),
        dimensions=tuple(names),
        skipped=pd.DataFrame(skipped, columns=[*names, "reason"]),
        notes=found.notes,
    )


def chunks_by_panel(dimensions: Sequence[Dimension], places: Sequence[int]) -> list[int]:
    """How many combinations are handed out at once: those that share what the first choices make.

    Examples
    --------
    >>> two = [Dimension.of("window", [3, 6, 12]), Dimension.of("ties", ["efron", "breslow"])]
    >>> chunks_by_panel(two, range(6))
    [6]
    """
    block = 1
    for dimension in reversed(dimensions):
        larger = block * len(dimension.options_in_order)
        if block >= _BLOCK and larger > len(places) / _PARTS:
            break
        block = larger
    sizes: list[int] = []
    held = -1
    for place in places:
        # a chunk ends with a block, once it is large enough
        if not sizes or (place // block != held and sizes[-1] >= _FEW):
            sizes.append(0)
        held = place // block
        sizes[-1] += 1
    return sizes


def _labelled(
    dimensions: Sequence[Dimension], places: Sequence[int], answers: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows with the labels chosen, and what was skipped, each once."""
    names = [dimension.name for dimension in dimensions]
    rows: list[dict[str, object]] = []
    skipped: dict[object, dict[str, object]] = {}
    for place, answer in zip(places, answers, strict=True):
        chosen = dict(zip(names, _labels(dimensions, place), strict=True))
        rows += [{**chosen, **row} for row in answer["rows"]]
        if answer["skipped"]:
            here = {name: chosen[name] for name in names[: answer["depth"]]}
            line = {**here, "reason": answer["skipped"]}
            skipped[tuple(line.items())] = line
    return rows, list(skipped.values())


def _labels(dimensions: Sequence[Dimension], place: int) -> list[Hashable]:
    found: list[Hashable] = []
    for dimension in reversed(dimensions):
        place, at = divmod(place, len(dimension.options_in_order))
        found.append(dimension.options_in_order[at].label)
    return found[::-1]


@dataclass(frozen=True, eq=False)
class _Combinations:
    """From places in the full crossing to the results there."""

    base: Setting
    dimensions: tuple[Dimension, ...]
    estimate: Callable[[Setting], Result]
    failures: tuple[type[Exception], ...]
    blank: Mapping[str, object]

    def __call__(self, places: Sequence[int]) -> list[dict[str, object]]:
        """Estimate some combinations, those that share a panel together."""
        found: dict[int, dict[str, object]] = {
            place: {"rows": [], "skipped": "", "depth": 0} for place in places
        }
        crossed = cross(
            self.dimensions, self.base, failures=self.failures, start=places[0],
            stop=places[-1] + 1, pick=frozenset(places),
        )  # fmt: skip
        for one in crossed:
            if one.skipped:
                found[one.place] |= {"skipped": one.skipped, "depth": len(one.choices)}
            else:
                found[one.place]["rows"] = _rows(one, self.estimate, self.failures, self.blank)
        return list(found.values())


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
        return [{**blank, "problem": problem}]
    return [{"problem": "", **line} for line in lines]


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
