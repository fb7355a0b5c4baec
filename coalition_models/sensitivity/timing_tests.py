"""Whether a cause was there before the decision, or follows from it: one term at other times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import CoverageError, DataError, FitError, counted, gathered
from coalition_models.members.facts import Facts
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.choices import Setting
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.rebuilding import Rebuild, verdict

__all__ = ["ReverseTiming", "reverse_timing"]

_NUMBERS = ("estimate", "std_error", "p_value", "z", "z_by_cluster", "events", "exposed_events",
            "exposed_clusters", "rows", "clusters")  # fmt: skip
_SPELL = ["coalition", "state", "spell"]
_ENTRY, _PEAK = "at entry", "at its peak"


@dataclass(frozen=True, repr=False)
class ReverseTiming:
    """A term as it was at other times.

    Attributes
    ----------
    term : str
    table : DataFrame
        One row per ``timing`` (``lag 0``, ..., ``at entry``, ``at its peak``): ``estimate,
        std_error, p_value`` (log scale), ``z`` and ``z_by_cluster`` of the score, ``events,
        exposed_events, exposed_clusters, rows, clusters, moved`` (share of rows in which the value
        is another than at the first lag) and ``problem``.
    notes : tuple of str
    """

    term: str
    table: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in a sentence made from its numbers."""
        parts = [
            f"{timing} {np.exp(estimate):.3g} (p {format_p(p)})"
            if np.isfinite(estimate)
            else f"{timing} not estimated"
            for timing, estimate, p in self.table[["timing", "estimate", "p_value"]]
            .to_numpy()
            .tolist()
        ]
        said = {
            verdict(float(one), float(p))
            for one, p in self.table[["estimate", "p_value"]].to_numpy()
        }
        same = "the same verdict" if len(said) == 1 else f"{len(said)} verdicts"
        events = self.table["events"].min()
        return f"Ratio of {self.term} by time of measurement: {', '.join(parts)}; {same}, " + (
            f"{events:.0f} events."
        )

    def to_table(self) -> Table:
        """All timings, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [
                str(one["timing"]), format_number(np.exp(one["estimate"])),
                format_p(one["p_value"]), format_number(one["z_by_cluster"]),
                format_number(one["events"]), format_number(one["exposed_events"]),
                format_number(one["rows"]),
                "" if np.isnan(one["moved"]) else f"{one['moved']:.0%}",
            ]
            for one in self.table.to_dict("records")
        ]  # fmt: skip
        header = ["timing", "ratio", "p", "z", "events", "exposed", "rows", "moved"]
        lost = self.table.loc[self.table["problem"] != "", ["timing", "problem"]]
        notes = [f"{timing}: {why}" for timing, why in lost.to_numpy().tolist()]
        return Table(header, rows, f"When {self.term} is measured", [*self.notes, *notes])

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def reverse_timing(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    make: Callable[[pd.DataFrame, int], pd.DataFrame],
    lags: Sequence[int] = (0, 6, 12),
    options: Mapping[str, object] | None = None,
    common: bool = True,
) -> ReverseTiming:
    """Measure a term months before, at entry and at its peak, and refit.

    A contingent that goes home is small before it is gone. An effect of strength or commitment that
    is there at lag 0 and gone a year before, or at entry, may be the exit's own.

    Parameters
    ----------
    spec : Specification
        Clustered one way; a family without scores at the null is judged by Wald's z.
    term : str
        A numeric column of the formula.
    facts : Facts
    make : callable
        From a panel and a lag in months to the panel with all columns of the formula:
        ``lambda panel, lag: cm.add_commitment(panel, strength_lag=lag)``.
    lags : sequence of int
        Months, the first as in the finding. ``at entry`` is the first value known in a spell at
        that lag, and stays; rows before it have none. ``at its peak`` is the largest of a spell,
        which looks ahead.
    options : mapping, optional
        Of :func:`build_panel`.
    common : bool
        Whether all timings are estimated from the rows that have them all.

    Returns
    -------
    ReverseTiming

    Raises
    ------
    DataError
        No clusters or two sets of them; a lag that changes nothing; a term that is no numeric
        column.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ log_troops", cluster="state")
    >>> found = cm.sensitivity.reverse_timing(
    ...     spec, "log_troops", cm.facts("unosom2"),
    ...     make=lambda p, lag: cm.add_commitment(p, strength_lag=lag, external="never"),
    ...     lags=[0, 3])
    >>> found.table["timing"].tolist()
    ['lag 0', 'lag 3', 'at entry', 'at its peak']
    """
    check_arguments(reverse_timing, locals())
    months = [check_count(one, "a lag", of="months") for one in lags]
    if not months or len(set(months)) < len(months):
        raise DataError(f"lags must be one or more different months, found {list(lags)}")
    with gathered() as told:
        start = Rebuild(spec, term, None, dict(options or {})).panel(facts)
        made = {f"lag {lag}": make(start, lag) for lag in months}
        first = made[f"lag {months[0]}"]
        _check(made, term, first)
        made |= _by_spell(first, term)
        known = np.logical_and.reduce([one[term].notna().to_numpy() for one in made.values()])
        lines = []
        for timing, panel in made.items():
            rows = panel[known] if common else panel
            moved = float((rows[term] != first.loc[rows.index, term]).mean())
            lines.append({"timing": timing, **_line(spec, term, rows), "moved": moved})
    table = pd.DataFrame(lines).astype({**dict.fromkeys(_NUMBERS, float), "moved": float})
    lost = len(first) - int(known.sum())
    notes = [f"{_PEAK} is known afterwards only"]
    if common:
        notes.append(f"{counted(lost, 'row')} of {len(first)} without all timings left out")
    return ReverseTiming(term, table, (*notes, *told))


def _check(made: Mapping[str, pd.DataFrame], term: str, first: pd.DataFrame) -> None:
    for timing, panel in made.items():
        if term not in panel.columns or not pd.api.types.is_numeric_dtype(panel[term].dtype):
            raise DataError(f"{term!r} must be a numeric column that make= gives")
        if not panel.index.equals(first.index):
            raise DataError(f"make= must keep the rows of the panel; at {timing} it does not")
    equal = [name for name, panel in made.items()
             if panel is not first and panel[term].equals(first[term])]  # fmt: skip
    if equal:
        raise DataError(
            f"{term!r} is the same at {', '.join(equal)} as at the first lag: make= must pass its "
            "second argument on to the builder (strength_lag= of add_commitment)"
        )


def _by_spell(first: pd.DataFrame, term: str) -> dict[str, pd.DataFrame]:
    """The term as at the first row of its spell that has one, and as the largest of its spell."""
    spells = first.groupby([first[name] for name in _SPELL], sort=False)[term]
    entry = spells.transform("first").where(first[term].notna())
    peak = spells.transform("max").where(first[term].notna())
    return {_ENTRY: first.assign(**{term: entry}), _PEAK: first.assign(**{term: peak})}


def _line(spec: Specification, term: str, rows: pd.DataFrame) -> dict[str, object]:
    try:
        found = dict(Estimate(term, None)(Setting(panel=rows, spec=spec)))
    except (FitError, CoverageError) as error:
        return {**dict.fromkeys(_NUMBERS, np.nan), "problem": str(error).partition("\n")[0]}
    note = cast("str", found["note"] or "")
    return {**{name: found[name] for name in _NUMBERS}, "problem": note}
