"""How often states defect: rates by coalition, framework, form and outcome, and how sure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.designs.frequency_rates import READING, joined_cells, rates_of, split_rates
from coalition_models.designs.frequency_readings import (
    EVERY,
    MAIN,
    Cells,
    Source,
    cells_of,
    definition_of,
    source_of,
)
from coalition_models.designs.outcomes import OUTCOMES
from coalition_models.errors import DataError, first_few
from coalition_models.kernels.rates import ratio_limits
from coalition_models.members.facts import Facts
from coalition_models.models.sample.checks import names_of
from coalition_models.progress import in_steps
from coalition_models.render import Table, format_number

__all__ = ["FREQUENCY_OUTCOMES", "FREQUENCY_SETS", "Frequencies", "frequencies"]

#: complete coalitions whose facts come with the package
FREQUENCY_SETS = ("iraq", "isaf", "rsm", "unosom2", "minusma")
FREQUENCY_OUTCOMES = (*OUTCOMES, EVERY)
_BY = ("set", "coalition", "framework", "form")


@dataclass(frozen=True, repr=False)
class Frequencies:
    """Defections in 100 member-years, with what makes them unsure.

    Attributes
    ----------
    table : DataFrame
        One row per outcome and group: ``outcome``, the columns of ``by``, ``operations`` and
        ``states``, ``events, years, rate``; ``exact_low, exact_high`` (Poisson) and ``drawn_low,
        drawn_high`` (states drawn with replacement), of which the wider at each end is
        ``sampling_low, sampling_high``; ``dating_low, dating_high`` (the rate under other days)
        and ``coding_low, coding_high`` (under other readings of doubtful cases), both without
        sampling; ``conf_low, conf_high``: the widest sampling limits under any reading.
    readings : DataFrame
        The same rates under every ``coding`` and ``dates``, one row each.
    definitions : DataFrame
        ``set, outcome, told`` (whether the set's facts can tell it), ``definition`` or the reason,
        ``same`` (whether it is the definition of the first set), and ``not_read``: readings that
        there are not, and why.
    by : tuple of str
    level : float
    """

    table: pd.DataFrame
    readings: pd.DataFrame
    definitions: pd.DataFrame
    by: tuple[str, ...]
    level: float = 0.95
    _cells: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    _draws: tuple[int, int] = field(default=(2000, 0), repr=False)

    def regroup(self, by: str | Sequence[str]) -> Frequencies:
        """The same counts in other groups, without counting anew.

        Examples
        --------
        >>> import coalition_models as cm
        >>> found = cm.frequencies("iraq", outcomes=["every defection"], draws=100)
        >>> found.regroup("form").table.set_index("form")["events"].tolist()
        [21, 11, 0, 1, 3]
        """
        check_arguments(Frequencies.regroup, locals())
        names = names_of(by, "by")
        wanted = [name for name in _outcomes(names, list(self._cells)) if name in self._cells]
        if "form" in names:
            wanted = [name for name in wanted if name == EVERY]
        if not wanted:
            raise DataError(f"forms need the outcome {EVERY!r}, which was not counted")
        cells = {name: self._cells[name] for name in wanted}
        return _frequencies(cells, self.definitions, names, self._draws, self.level)

    def ratios(self, reference: str, outcome: str = "early") -> pd.DataFrame:
        """Ratios of each group's rate to that of one of them.

        Parameters
        ----------
        reference : str
            A value of the only column of ``by``.
        outcome : str

        Returns
        -------
        DataFrame
            The column of ``by``; ``operations, events, ratio, ratio_low, ratio_high`` (exact given
            the sum of events), ``lowest, highest``: of the ratio under other readings. Between
            frameworks the number of operations is what can be generalised from, and no limit here
            knows of it.

        Examples
        --------
        >>> import coalition_models as cm
        >>> found = cm.frequencies(["iraq", "isaf"], outcomes=["early"], draws=100)
        >>> found.ratios("isaf")[["coalition", "ratio"]].round(1).to_numpy().tolist()
        [['iraq', 12.6], ['isaf', 1.0]]
        """
        check_arguments(Frequencies.ratios, locals())
        if len(self.by) != 1:
            raise DataError(f"ratios() compares groups of one column, not of {first_few(self.by)}")
        name = self.by[0]
        rows = self.readings[self.readings["outcome"] == outcome]
        if reference not in set(rows[name]):
            raise DataError(
                f"reference must be one of {first_few(dict.fromkeys(rows[name]))} with the outcome "
                f"{outcome!r}, not {reference!r}"
            )
        base = _counts(rows[rows[name] == reference])
        out = []
        for value, group in rows.groupby(name, sort=False):
            found = {
                at: ratio_limits((events, base[at][0]), (years, base[at][1]), self.level)
                for at, (events, years) in _counts(group).items()
            }
            every = [ratio for ratio, _, _ in found.values() if not np.isnan(ratio)]
            first = group.iloc[0]
            ratio, low, high = found[MAIN]
            if value == reference:
                low = high = np.nan
            out.append(
                {
                    name: value,
                    "operations": first["operations"],
                    "events": first["events"],
                    "ratio": ratio,
                    "ratio_low": low,
                    "ratio_high": high,
                    "lowest": min(every, default=np.nan),
                    "highest": max(every, default=np.nan),
                }
            )
        return pd.DataFrame(out)

    def to_table(self) -> Table:
        """Rates with their intervals, ready for print."""
        header = ["outcome", *self.by, "operations", "events", "years", "per 100 years"]
        header += ["sampling", "dating", "coding", "all"]
        rows = [
            [
                str(row["outcome"]),
                *[str(row[name]) for name in self.by],
                str(row["operations"]),
                str(row["events"]),
                format_number(row["years"], 0),
                format_number(row["rate"], 1),
                *[_range(row, what) for what in ("sampling", "dating", "coding", "conf")],
            ]
            for row in self.table.to_dict("records")
        ]
        align = "l" * (1 + len(self.by)) + "r" * 8
        title = f"How often states defect, by {' and '.join(self.by)}"
        return Table(header, rows, title, self._notes(), align=align)

    def _notes(self) -> list[str]:
        notes = [
            f"Sampling: the wider at each end of {100 * self.level:g}% limits, exact and over "
            "states; dating and coding: the rate under other days and other readings of doubtful "
            "cases; all: the widest sampling limits under any of these."
        ]
        told = self.definitions[self.definitions["told"]]
        other = told[~told["same"]]
        for outcome, part in other.groupby("outcome", sort=False):
            first = told[told["outcome"] == outcome]["set"].iloc[0]
            said = "; ".join(
                f"{s}: {d}" for s, d in zip(part["set"], part["definition"], strict=True)
            )
            notes.append(f"{outcome} is not defined as in {first}: {said}.")
        untold = self.definitions[~self.definitions["told"]]
        for outcome, part in untold.groupby("outcome", sort=False):
            notes.append(f"{outcome} cannot be told in {first_few(part['set'])}.")
        return notes

    def __repr__(self) -> str:
        sets = list(dict.fromkeys(self.definitions["set"]))
        return f"<Frequencies of {first_few(sets)}: {len(self.table)} rates>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _counts(rows: pd.DataFrame) -> dict[tuple[str, str], tuple[int, float]]:
    """Events and years by reading."""
    columns = rows[[*READING, "events", "years"]].itertuples(index=False, name=None)
    return {(coding, dates): (events, years) for coding, dates, events, years in columns}


def _range(row: Mapping[Hashable, float], what: str) -> str:
    low, high = row[f"{what}_low"], row[f"{what}_high"]
    return f"{format_number(low, 1)} to {format_number(high, 1)}"


def frequencies(
    sets: str | AnalysisSet | Facts | Sequence[str | AnalysisSet | Facts] = FREQUENCY_SETS,
    by: str | Sequence[str] = "coalition",
    *,
    outcomes: Sequence[str] | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Frequencies:
    """Count defections in 100 member-years, with sampling, dating and coding apart.

    Parameters
    ----------
    sets : str, AnalysisSet, Facts or a sequence of these
        By default the complete coalitions of the package. Sets of external sources (``"un"``,
        ``"interventions"``, ``"wars"``) have one reading, or few, and definitions of their own.
    by : {"set", "coalition", "framework", "form"} or several of these
        Groups. With ``"form"`` every defection counts by its form, since forms of the first one
        alone would hide those that come later.
    outcomes : sequence of str, optional
        Of ``"early"`` (a member's early exit), ``"early or scheduled"`` (with ends of fixed terms
        that were not renewed), ``"any defection"`` (the first of any form, after which a member is
        no longer at risk) and ``"every defection"`` (each of any form; at risk until it leaves).
        By default all; with ``by="form"`` the last. What a set's facts cannot tell is left out,
        and ``definitions`` says why.
    draws, seed : int
        Of drawing states with replacement.
    level : float

    Returns
    -------
    Frequencies

    Raises
    ------
    DataError
        Unknown sets, groups or outcomes; spells that are in two of the sets.

    Notes
    -----
    Readings of doubtful cases are the codings that a fair reader could defend: ``fewest`` counts an
    exit if both of its codings do and reads unclear changes as planned; ``most`` counts it if
    either does and reads them as unplanned. Days: main, announced and last, as in
    :func:`build_panel`; and days known by the year only as far apart, or as near, as they can be.
    These are bounds, not distributions, so that ``conf_low, conf_high`` hold at the level or above
    if one of the readings is right. None of them knows of defections that nobody recorded.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.frequencies(["iraq", "rsm"], outcomes=["early"])
    >>> found.table[["coalition", "events", "rate", "coding_low", "coding_high"]].round(1)
      coalition  events  rate  coding_low  coding_high
    0      iraq      21  15.3         8.8         17.5
    1       rsm       5   2.1         0.9          2.6
    """
    check_arguments(frequencies, locals())
    names = names_of(by, "by")
    wanted = _outcomes(names, outcomes)
    check_draws(draws, least=100)
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, not {level!r}")
    found = _sets(sets)
    _refuse_shared(found)
    cells = {
        one.name: cells_of(one, wanted) for one in in_steps(found, "count defections", unit="set")
    }
    joined = {outcome: joined_cells(cells, outcome) for outcome in wanted}
    joined = {outcome: table for outcome, table in joined.items() if len(table)}
    definitions = _definitions(found, cells, wanted)
    if not joined:
        said = "; ".join(dict.fromkeys(definitions["definition"]))
        raise DataError(f"none of these sets can tell any of these outcomes: {said}")
    return _frequencies(joined, definitions, names, (draws, seed), level)


def _frequencies(
    cells: Mapping[str, pd.DataFrame],
    definitions: pd.DataFrame,
    by: tuple[str, ...],
    draws: tuple[int, int],
    level: float,
) -> Frequencies:
    parts = [
        part
        for name, held in in_steps(cells.items(), "draw states", unit="outcome")
        for part in rates_of(held, name, by, draws, level)
    ]
    readings = pd.concat(parts, ignore_index=True)
    return Frequencies(split_rates(readings, by), readings, definitions, by, level, cells, draws)


def _outcomes(by: tuple[str, ...], outcomes: Sequence[str] | None) -> tuple[str, ...]:
    wrong = [name for name in by if name not in _BY]
    if wrong or not by:
        raise DataError(
            f"by must be among {', '.join(_BY)}; found {first_few(wrong or ['nothing'])}"
        )
    if outcomes is None:
        return (EVERY,) if "form" in by else FREQUENCY_OUTCOMES
    wanted = (outcomes,) if isinstance(outcomes, str) else tuple(outcomes)
    unknown = [name for name in wanted if name not in FREQUENCY_OUTCOMES]
    if unknown or not wanted:
        raise DataError(
            f"outcomes must be among {', '.join(FREQUENCY_OUTCOMES)}; found "
            f"{first_few(unknown or ['none'])}"
        )
    return tuple(dict.fromkeys(wanted))


def _sets(
    sets: str | AnalysisSet | Facts | Sequence[str | AnalysisSet | Facts],
) -> list[Source]:
    listed = [sets] if isinstance(sets, (str, AnalysisSet, Facts)) else list(sets)
    if not listed:
        raise DataError("no set to count in: give at least one")
    found = [source_of(one) for one in in_steps(listed, "build the sets", unit="set")]
    twice = [one.name for one in found if [other.name for other in found].count(one.name) > 1]
    if twice:
        raise DataError(f"sets given twice: {first_few(dict.fromkeys(twice))}")
    return found


def _refuse_shared(sets: Sequence[Source]) -> None:
    """A spell in two sets would count twice in every sum."""
    owner: dict[tuple[object, ...], str] = {}
    for one in sets:
        if not {"coalition", "state"} <= set(one.members.columns):
            raise DataError(f"the rows of {one.name!r} are not of members: no member-years")
        for key in one.members[["coalition", "state"]].drop_duplicates().itertuples(index=False):
            if owner.setdefault(tuple(key), one.name) != one.name:
                raise DataError(
                    f"{key.coalition} {key.state} is in {owner[tuple(key)]!r} and {one.name!r}: "
                    "give one of them, or its exits count twice"
                )


def _definitions(
    sets: Sequence[Source],
    cells: Mapping[str, Mapping[str, Cells | str]],
    outcomes: Sequence[str],
) -> pd.DataFrame:
    """What counts in each set, and whether it is what counts in the first."""
    rows = []
    for outcome in outcomes:
        first: str | None = None
        for one in sets:
            held = cells[one.name][outcome]
            told = isinstance(held, Cells)
            text = definition_of(one, outcome) if isinstance(held, Cells) else held
            first = text if told and first is None else first
            missing = held.absent if isinstance(held, Cells) else {}
            rows.append(
                {
                    "set": one.name,
                    "outcome": outcome,
                    "told": told,
                    "definition": text,
                    "same": told and text == first,
                    "not_read": "; ".join(f"{what}: {why}" for what, why in missing.items()),
                }
            )
    return pd.DataFrame(rows)
