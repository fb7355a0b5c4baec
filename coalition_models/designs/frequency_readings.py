"""One set's defections under every reading of its codings and dates, by coalition and state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from coalition_models.defection.coding import Coder
from coalition_models.defection.outcome import panel_events
from coalition_models.defection.rules import KINDS, DefectionRule
from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.outcomes import (
    ANY_RULE,
    REGISTERED,
    Choices,
    check_outcome,
    refuse_mixed_clocks,
    told_of_outcome,
)
from coalition_models.designs.set_features import set_facts
from coalition_models.designs.set_record import SetRecord
from coalition_models.designs.sets import set_record
from coalition_models.errors import DataError, gathered
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel
from coalition_models.members.periods import PERIODS
from coalition_models.members.timing import DATE_COLUMN
from coalition_models.models.after.rates import years_in_a_period

__all__ = [
    "CODINGS",
    "DATES",
    "EVERY",
    "MAIN",
    "Cells",
    "cells_of",
    "definition_of",
    "source_of",
    "stretched",
]

#: every departure counts, and who departs without leaving stays at risk
EVERY = "every defection"
#: how doubtful cases are read
CODINGS = ("main", "fewest", "most")
#: which days count; the last two where some are known by their year only
DATES = ("main", "announced", "last", "longest", "shortest")
MAIN = ("main", "main")

_KEY = ["coalition", "state"]
_ROWS = "the set is made of rows whose event is theirs"
_STAYS = "who has announced an exit is there, and can defect in part, until it leaves"


@dataclass(frozen=True)
class Cells:
    """Events and years at risk of one set and outcome.

    Attributes
    ----------
    table : DataFrame
        ``coding, dates, coalition, framework, state, years`` and a column of events per form.
    readings : tuple of (coding, dates)
        Those that the set's facts allow.
    absent : mapping
        Reading -> why there is none.
    """

    table: pd.DataFrame
    readings: tuple[tuple[str, str], ...]
    absent: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """What one set's defections are counted in: its facts, or rows whose event is theirs."""

    record: SetRecord
    facts: Facts | None
    rows: pd.DataFrame | None
    choices: Choices = REGISTERED

    @property
    def name(self) -> str:
        """As :func:`analysis_set` knows it."""
        return self.record.name

    @property
    def members(self) -> pd.DataFrame:
        """Whom it holds: ``coalition, state``."""
        held = self.rows if self.facts is None else self.facts.members
        return pd.DataFrame() if held is None else held


def source_of(one: str | AnalysisSet | Facts) -> Source:
    """A set by name, made already, or of one's own facts; without features or profile.

    Examples
    --------
    >>> len(source_of("iraq").members)
    52
    """
    if isinstance(one, str):
        record = set_record(one)
        if record.rows is not None:
            return Source(record, None, record.rows()[0])
        return Source(record, set_facts(record)[0], None)
    made = one if isinstance(one, AnalysisSet) else analysis_set(one, features=False)
    return Source(made.record, made.facts, made.panel, made.choices)


def cells_of(one: Source, outcomes: Sequence[str]) -> dict[str, Cells | str]:
    """Count one set's events and years at risk under every reading that its facts allow.

    Returns
    -------
    dict
        By outcome its cells, or why the set's facts cannot tell it.

    Examples
    --------
    >>> found = cells_of(source_of("iraq"), ["early"])["early"]
    >>> main = found.table.query("coding == 'main' and dates == 'main'")
    >>> int(main["full"].sum()), round(float(main["years"].sum()), 1)
    (21, 136.8)
    """
    if one.facts is None:
        return {name: _of_rows(one) if name == "early" else _ROWS for name in outcomes}
    out: dict[str, Cells | str] = {}
    by_kinds: dict[tuple[str, ...], list[str]] = {}
    for outcome in outcomes:
        choices = replace(one.choices, outcome=_known(outcome), features=False)
        try:
            check_outcome(one.record, one.facts, choices)
        except DataError as error:
            out[outcome] = str(error).split("; take")[0]
            continue
        by_kinds.setdefault(choices.kinds, []).append(outcome)
    held: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    for kinds, names in by_kinds.items():
        out |= _counted_under(one, one.facts, kinds, names, held)
    return {name: out[name] for name in outcomes}


def definition_of(one: Source, outcome: str) -> str:
    """What counts as the event of a set, in words.

    Examples
    --------
    >>> definition_of(source_of("iraq"), "every defection")[:24]
    'each defection of a form'
    """
    if outcome == EVERY:
        return (
            "each defection of a form: an early exit, or a cut, another task, another area or a "
            f"caveat not coded as planned ({ANY_RULE})"
        )
    return told_of_outcome(one.record, replace(one.choices, outcome=outcome), "").outcome


def _known(outcome: str) -> str:
    """The outcome of a set whose facts can tell this one."""
    return "any defection" if outcome == EVERY else outcome


def _counted_under(
    one: Source,
    facts: Facts,
    kinds: tuple[str, ...],
    outcomes: Sequence[str],
    held: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
) -> dict[str, Cells | str]:
    """Cells of outcomes with the same kinds of exit, whose panels and codings are the same."""
    absent: dict[str, str] = {}
    panels = _panels(one, facts, kinds, absent, held)
    codings = _codings(facts, absent)
    partial = any(_known(outcome) == "any defection" for outcome in outcomes)
    years = 1 / PERIODS[one.record.period]
    parts: dict[str, list[pd.DataFrame]] = {outcome: [] for outcome in outcomes}
    for dates, (panel, members) in panels.items():
        coder = Coder(members, None, facts.changes if partial else None)
        for coding in codings:
            coded = coder.code(_rule(coding, dates, kinds, partial=partial))
            for outcome in outcomes:
                if outcome == EVERY and dates == "announced":
                    continue
                part = _counted(_with_events(panel, coded, outcome), facts, years)
                parts[outcome].append(part.assign(coding=coding, dates=dates))
    out: dict[str, Cells | str] = {}
    for outcome, found in parts.items():
        why = {**absent, "announced": _STAYS} if outcome == EVERY else absent
        table = pd.concat(found, ignore_index=True)
        readings = table[["coding", "dates"]].drop_duplicates().itertuples(index=False, name=None)
        out[outcome] = Cells(table, tuple(readings), why)
    return out


def _with_events(panel: pd.DataFrame, coded: pd.DataFrame, outcome: str) -> pd.DataFrame:
    if _known(outcome) == "any defection":
        return panel_events(panel, coded, how="repeated" if outcome == EVERY else "first")
    return panel_events(panel, coded[coded["kind"] == "full"], kinds=("full",))


def _of_rows(one: Source) -> Cells:
    """Of rows whose event is theirs: one reading."""
    rows = one.rows if one.rows is not None else pd.DataFrame()
    absent = [name for name in (*_KEY, "start", "stop") if name not in rows.columns]
    if absent:
        raise DataError(f"the rows of {one.name!r} have no columns {', '.join(absent)}")
    cause = pd.Series("full", rows.index).where(rows["event"] == 1, "")
    years = years_in_a_period(rows)
    if years is None:
        raise DataError(f"{one.name!r} does not say how long its periods are: no member-years")
    table = _counted(rows.assign(cause=cause), Facts(), years)
    return Cells(table.assign(coding="main", dates="main"), (MAIN,), {"others": _ROWS})


def _panels(
    one: Source,
    facts: Facts,
    kinds: tuple[str, ...],
    absent: dict[str, str],
    held: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """A panel for each way to date spells, with the spells behind it.

    Kinds of exit choose who is dated by another day than that of the exit, and nothing else: the
    other panels are ``held`` from one outcome to the next.
    """
    members = one.members
    found = {}
    for dates in DATES:
        column = DATE_COLUMN.get(dates)
        if dates in held:
            found[dates] = held[dates]
            continue
        if column is not None and column not in members.columns:
            absent[dates] = f"members have no column {column}"
            continue
        spells = members if column is not None else stretched(facts, longest=dates == "longest")
        if spells is None:
            absent[dates] = "no day is known by its year only"
            continue
        mine = facts if column is not None else facts.replace(members=spells)
        with gathered():  # what is censored under another date is counted in the cells
            panel = build_panel(
                mine,
                period=one.record.period,
                clock=one.record.clock,
                exit_date=dates if column is not None else "main",
                exit_kinds=kinds,
                peak_at_least=one.choices.peak_at_least,
                until=one.choices.until,
            )
        try:
            refuse_mixed_clocks(one.name, panel)
        except DataError as error:
            absent[dates] = str(error).split("; take")[0]
            continue
        found[dates] = panel, mine.members if mine.members is not None else spells
        if dates not in ("announced", "last"):
            held[dates] = found[dates]
    return found


def _codings(facts: Facts, absent: dict[str, str]) -> tuple[str, ...]:
    members = facts.members
    if members is not None and "exit_kind_alt" in members.columns:
        return CODINGS
    absent["fewest, most"] = "no second reading of a doubtful exit is coded"
    return ("main",)


def _rule(coding: str, dates: str, kinds: tuple[str, ...], *, partial: bool) -> DefectionRule:
    """The rule of one reading; ``fewest`` and ``most`` are the ends of those that are fair."""
    return DefectionRule(
        name=f"{coding}, {dates}",
        kinds=KINDS if partial else ("full",),
        exits="coded",
        exit_kinds=kinds,
        cuts="coded" if partial else "none",
        contested={"main": "main", "fewest": "both", "most": "either"}[coding],
        unclear="unplanned" if coding == "most" else "planned",
        exit_date=dates if dates in DATE_COLUMN else "main",
    )


def _counted(panel: pd.DataFrame, facts: Facts, years: float) -> pd.DataFrame:
    """Years at risk and events by form, for each state in each coalition."""
    keys = [panel[name].astype(object).rename(name) for name in _KEY]
    out = ((panel["stop"] - panel["start"]) * years).groupby(keys).sum().rename("years").to_frame()
    for form in KINDS:
        out[form] = (panel["cause"] == form).groupby(keys).sum().astype("int64")
    out = out.reset_index()
    table = facts.coalitions
    frameworks: Mapping[str, object] = {}
    if table is not None and "framework" in table.columns:
        frameworks = dict(zip(table["coalition"], table["framework"], strict=True))
    named = out["coalition"].map(frameworks).astype(object)
    return out.assign(framework=named.where(named.notna(), "not coded"))


def stretched(facts: Facts, *, longest: bool) -> pd.DataFrame | None:
    """Spells whose days known by the year only lie as far apart, or as near, as they can.

    They stay in order: within the coalition's mandate, apart from the state's other spells, after
    an announcement and before the last person out. None where every day is known by its month.

    Examples
    --------
    >>> import coalition_models as cm
    >>> isaf = cm.facts("isaf")
    >>> sum(stretched(isaf, longest=True)["entry"] < isaf.members["entry"])
    3
    >>> stretched(cm.facts("iraq"), longest=True) is None
    True
    """
    members = facts.members
    if members is None:
        return None
    loose = {
        name: _yearly(members, f"{name}_precision") & members[name].notna()
        for name in ("entry", "exit")
    }
    if not (loose["entry"].any() or loose["exit"].any()):
        return None
    floor, roof = _room(members, facts.coalitions)
    entry, leave = members["entry"], members["exit"]
    if longest:
        early = pd.concat([_new_year(entry), floor], axis=1).max(axis=1)
        late = pd.concat([_new_year(leave) + pd.offsets.YearEnd(), roof], axis=1).min(axis=1)
        entry = entry.where(~loose["entry"], pd.concat([early, entry], axis=1).min(axis=1))
        leave = leave.where(~loose["exit"], pd.concat([late, leave], axis=1).max(axis=1))
        return members.assign(entry=entry, exit=leave)
    held = [_new_year(leave), entry]
    if "announced" in members.columns:
        held.append(members["announced"])
    soon = pd.concat([pd.concat(held, axis=1).max(axis=1), leave], axis=1).min(axis=1)
    leave = leave.where(~loose["exit"], soon)
    entry = entry.where(
        ~loose["entry"],
        pd.concat([_new_year(entry) + pd.offsets.YearEnd(), leave], axis=1).min(axis=1),
    )
    return members.assign(entry=entry, exit=leave)


def _new_year(day: pd.Series) -> pd.Series:
    return pd.to_datetime({"year": day.dt.year, "month": 1, "day": 1})


def _yearly(members: pd.DataFrame, column: str) -> pd.Series:
    if column not in members.columns:
        return pd.Series(False, members.index)
    return (members[column] == "year").fillna(False).astype(bool)


def _room(members: pd.DataFrame, coalitions: pd.DataFrame | None) -> tuple[pd.Series, pd.Series]:
    """First and last day that each spell could have, apart from the others of its state."""
    day = pd.Timedelta(days=1)
    ordered = members.sort_values(["coalition", "cow", "entry", "spell"])
    own = ordered.groupby(["coalition", "cow"])
    floor = (own["exit"].shift() + day).reindex(members.index)
    roof = (own["entry"].shift(-1) - day).reindex(members.index)
    if coalitions is not None:
        known = coalitions.set_index("coalition")
        begin = members["coalition"].map(known["start"])
        finish = members["coalition"].map(known["mandate_end"])
        floor = pd.concat([floor, begin], axis=1).max(axis=1)
        roof = pd.concat([roof, finish], axis=1).min(axis=1)
    if "last_personnel" in members.columns:
        roof = pd.concat([roof, members["last_personnel"]], axis=1).min(axis=1)
    return floor, roof
