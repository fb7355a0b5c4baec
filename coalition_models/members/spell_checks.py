"""What a table of spells must hold, and every way in which one does not."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import read_days
from coalition_models.errors import first_few
from coalition_models.members.periods import Period, period_number
from coalition_models.sources.codes import to_cow
from coalition_models.sources.state_periods import StatePeriod, career
from coalition_models.tables.contract import Column, Contract

__all__ = [
    "EVENT_KINDS",
    "EXIT_KINDS",
    "MISSING",
    "SPELL_DATES",
    "check_spells",
    "exit_before_entry",
    "one_state",
    "order_problems",
    "outlived_states",
    "spell_labels",
]

#: how a spell ended, as coded in the facts; ``unknown`` where a list is silent for so long that
#: it does not even tell whether the state left
EXIT_KINDS = (
    "early",
    "scheduled",
    "mission_end",
    "post_mandate",
    "exogenous",
    "ongoing",
    "leader",
    "unknown",
)
#: kinds that may count as events
EVENT_KINDS = tuple(k for k in EXIT_KINDS if k not in ("ongoing", "leader", "unknown"))
#: columns of dates of a table of spells
SPELL_DATES = ("entry", "exit", "announced", "last_personnel", "exit_known")

#: how the sentence on a missing column begins
MISSING = "missing column"

_NEEDED = ("coalition", "state", "cow", "spell", "entry", "exit", "exit_kind")
_CONTRACT = Contract(
    "spells",
    (
        Column("coalition", required=True),
        Column("state", required=True),
        Column("cow", "integer", required=True, minimum=2, maximum=999),
        Column("spell", "integer", required=True, minimum=1),
        Column("entry", "date", required=True),
        Column("exit", "date"),
        Column("exit_kind", required=True, values=EXIT_KINDS),
        Column("announced", "date"),
        Column("last_personnel", "date"),
        Column("exit_known", "date"),
        Column("peak_troops", "number", minimum=0),
    ),
    key=("coalition", "state", "spell"),
)


def spell_labels(spells: pd.DataFrame) -> list[str]:
    """Name spells for messages: ``iraq ESP-1``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spell_labels(cm.load("participation").head(1))
    ['iraq ALB-1']
    """
    return [
        f"{row.coalition} {row.state}-{row.spell}"
        for row in spells[["coalition", "state", "spell"]].itertuples(index=False)
    ]


def check_spells(spells: pd.DataFrame, period: Period = "month") -> list[str]:
    """List everything that is wrong with a table of spells, as sentences.

    Checked: columns, types and dates, unknown states, spells that go on after their state ended,
    repeated keys, an exit before the entry, a missing exit that is not coded as ongoing, and
    spells of one state that overlap, be it under one name or two. Overlap is judged on calendar
    periods, because many dates are known to the month only; an exit before the entry by the day,
    unless ``entry_precision`` or ``exit_precision`` says that a day is not known.

    Parameters
    ----------
    spells : DataFrame
        ``coalition, state, cow, spell, entry, exit, exit_kind``; optionally ``announced``,
        ``last_personnel``, ``exit_known``, ``peak_troops``, ``entry_known``. Dates may be text in
        the order year-month-day.
    period : {"month", "quarter", "year"}

    Returns
    -------
    list of str
        Empty if the table is right.

    Examples
    --------
    >>> import coalition_models as cm
    >>> check_spells(cm.load("participation"))
    []
    """
    problems = _CONTRACT.problems(spells)
    if spells.columns.has_duplicates:
        return problems
    if "exit" not in spells.columns:
        problems = [f"{MISSING}: exit", *problems]
    rows = _readable(spells)
    if rows is None:
        return problems
    return [
        *problems,
        *_state_problems(rows),
        *_exit_problems(rows),
        *_overlaps(rows, period),
    ]


def order_problems(spells: pd.DataFrame, period: Period = "month") -> list[str]:
    """List exits before entries, missing exits, and spells of one state that overlap.

    Examples
    --------
    >>> import coalition_models as cm
    >>> order_problems(cm.load("participation"))
    []
    """
    rows = _readable(spells)
    return [] if rows is None else [*_exit_problems(rows), *_overlaps(rows, period)]


def _readable(spells: pd.DataFrame) -> pd.DataFrame | None:
    """Rows whose keys and entry can be read, so that what else is wrong is told at once."""
    if any(name not in spells.columns for name in _NEEDED):
        return None
    rows = spells.reset_index(drop=True)
    rows.attrs = {}
    good = pd.Series(True, index=rows.index)
    for name in SPELL_DATES:
        if name in rows.columns:
            rows[name], wrong = read_days(rows[name])
            rows[name] = rows[name].dt.normalize()
            rows[f"no {name}"] = wrong
    for name in ("cow", "spell"):
        number = pd.to_numeric(rows[name].astype(object), errors="coerce").astype("float64")
        good &= np.isfinite(number) & (number == np.floor(number))
        rows[name] = number
    for name in ("coalition", "state"):
        good &= rows[name].map(lambda value: isinstance(value, str)).astype(bool)
    kept = rows[(good & rows["entry"].notna()).to_numpy(dtype=bool)].reset_index(drop=True)
    return kept.astype({"cow": "int64", "spell": "int64"})


def _precision(spells: pd.DataFrame, *columns: str) -> pd.Series:
    """How well dates are known: the coarsest of day, month and year."""
    found = pd.Series("day", index=spells.index, dtype=object)
    for word in ("month", "year"):
        for name in [f"{c}_precision" for c in columns if f"{c}_precision" in spells.columns]:
            found = found.mask((spells[name] == word).fillna(False).astype(bool), word)
    return found


def _is_after(left: pd.Series, right: pd.Series, known: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether a day lies after another, as far as is known; a missing day does not."""
    after = (left > right).to_numpy(dtype=bool)
    for word in ("month", "year"):
        unit: Period = "month" if word == "month" else "year"
        later = period_number(left, unit) > period_number(right, unit)
        after = np.where(known == word, later.fillna(False).to_numpy(dtype=bool), after)
    return after.astype(bool)


def exit_before_entry(spells: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each spell ends before it begins, to the day where the day is known.

    Examples
    --------
    >>> import pandas as pd
    >>> spells = pd.DataFrame({"entry": pd.to_datetime(["2004-04-15"] * 2),
    ...                        "exit": pd.to_datetime(["2004-04-01"] * 2),
    ...                        "exit_precision": ["day", "month"]})
    >>> exit_before_entry(spells).tolist()
    [True, False]
    """
    known = _precision(spells, "entry", "exit")
    return _is_after(spells["entry"].dt.normalize(), spells["exit"].dt.normalize(), known)


def _exit_problems(spells: pd.DataFrame) -> list[str]:
    found = []
    open_end = spells["exit"].isna() & ~spells["no exit"]
    open_end &= ~spells["exit_kind"].isin(["ongoing", "leader"])
    if open_end.any():
        found.append(
            "no exit date although the spell is not coded ongoing: "
            + first_few(spell_labels(spells[open_end]))
        )
    reversed_rows = exit_before_entry(spells)
    if reversed_rows.any():
        bad = spells[reversed_rows]
        dates = [
            f"{label} ({row.entry:%Y-%m-%d} to {row.exit:%Y-%m-%d})"
            for label, row in zip(spell_labels(bad), bad.itertuples(index=False), strict=True)
        ]
        found.append(
            f"exit before entry: {first_few(dates)}; where the day is not known say so: "
            "entry_precision or exit_precision 'month'"
        )
    return found


def _state_problems(spells: pd.DataFrame) -> list[str]:
    """Codes that do not fit the state's name, and spells that outlive their state."""
    known = _precision(spells, "exit").to_numpy(dtype=object)
    if "periods_observed" in spells.columns:
        # the last period seen may bear any of its days as its date
        known = np.where(known == "day", "month", known)
    unknown: dict[str, None] = {}
    ended: list[str] = []
    last_days = spells["exit"].fillna(spells["entry"]).dt.date
    columns = (spells["state"], spells["cow"], spells["entry"].dt.date, last_days)
    open_end = spells["exit"].isna()
    for row, (state, cow, first, last, still, word) in enumerate(
        zip(*columns, open_end, known, strict=True)
    ):
        past = career(int(cow), first)
        # how long an open spell lasts, and so which later names it bears, is not said here
        borne = [p for p in past if p is past[0] or p.first <= last or still]
        if state not in [p.iso3 for p in borne] and not _is_name(state, borne, first):
            code = ((past[0].iso3 or past[0].name) if past else None) or "no state"
            unknown[f"{state} with cow {cow} (that code is {code})"] = None
            continue
        named = ([p for p in past if p.iso3 == state] or [p for p in borne if p.iso3 is None])[-1]
        if _outlives(last, named.last, str(word)):
            (label,) = spell_labels(spells.iloc[[row]])
            ended.append(f"{label} to {last} ({_end_of(named, past)})")
    found = []
    if unknown:
        found.append(f"unknown state or code that does not fit the name: {first_few(unknown)}")
    if ended:
        found.append(f"exit after the last day of the state: {first_few(ended)}")
    return found


def _is_name(state: str, borne: Sequence[StatePeriod], day: datetime.date) -> bool:
    """Whether this is the name of a state that has no ISO code, such as Prussia.

    A name that no state bore on that day may be of a state that went before: Austria's of 1848.
    """
    if not borne or borne[0].iso3 is not None:
        return False
    name = pd.Series([state])
    then = to_cow(name, pd.Series([pd.Timestamp(day)]), system="name", missing="na").iloc[0]
    if not pd.isna(then):
        return bool(then == borne[0].cow)
    return bool(to_cow(name, system="name", missing="na").notna().iloc[0])


def outlived_states(
    spells: pd.DataFrame, coalitions: pd.DataFrame, until: pd.Timestamp | None
) -> list[str]:
    """List ongoing spells of states that ended before observation does.

    Parameters
    ----------
    spells : DataFrame
        As for :func:`check_spells`.
    coalitions : DataFrame
        ``mandate_end`` by coalition (the index); missing where the mandate is open.
    until : Timestamp, optional
        Last day of observation.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"coalition": ["un"], "state": ["DDR"], "cow": [265], "spell": [1],
    ...                     "entry": ["1989-05-01"], "exit": [None], "exit_kind": ["ongoing"]})
    >>> ends = pd.DataFrame({"mandate_end": pd.to_datetime(["1992-12-31"])}, index=["un"])
    >>> outlived_states(one, ends, None)
    ['exit after the last day of the state: un DDR-1 to 1992-12-31 (DDR ended on 1990-10-02)']
    """
    rows = _readable(spells)
    if rows is None or "mandate_end" not in coalitions.columns:
        return []
    rows = rows[(rows["exit"].isna() & ~rows["no exit"] & (rows["exit_kind"] == "ongoing"))]
    last = rows["coalition"].map(read_days(coalitions["mandate_end"])[0])
    if until is not None:
        last = last.where(last <= until, until)
    return _state_problems(rows.assign(exit=last)[last.notna()])


def _outlives(day: datetime.date, end: datetime.date, word: str) -> bool:
    length = {"day": 3, "month": 2, "year": 1}[word]
    return (day.year, day.month, day.day)[:length] > (end.year, end.month, end.day)[:length]


def _end_of(named: StatePeriod, past: Sequence[StatePeriod]) -> str:
    after = [p for p in past if p.first > named.last]
    goes_on = f"; it went on as {after[0].iso3}: name the spell so" if after else ""
    return f"{named.iso3 or named.name} ended on {named.last}{goes_on}"


def one_state(rows: pd.DataFrame, day: str = "entry") -> pd.Series:
    """One name for each state of a coalition, also where it bears two: SCG and then SRB.

    A state that goes on under another name or number is the same: Yugoslavia, Serbia and
    Montenegro, Serbia; the Soviet Union and Russia; Germany before and after 1990.

    Parameters
    ----------
    rows : DataFrame
        ``coalition, state, cow`` and a day on which the state bore them.
    day : str
        Column of that day.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"coalition": "mali", "state": ["SCG", "SRB", "MNE"],
    ...     "cow": [345, 345, 341], "entry": pd.to_datetime(["2006-02-01", "2006-07-01",
    ...                                                      "2006-07-01"])})
    >>> one_state(rows).tolist()
    ['SCG', 'SCG', 'MNE']
    """
    ends = {
        pair: past[-1] if (past := career(*pair)) else None
        for pair in set(zip(rows["cow"].astype(int), rows[day].dt.date, strict=True))
    }
    pairs = zip(rows["cow"].astype(int), rows[day].dt.date, strict=True)
    final = pd.Series([ends[pair] for pair in pairs], index=rows.index, dtype=object)
    last = final.map(lambda p: f"{p.cow} {p.first}" if p is not None else "")
    last = last.where(last != "", rows["state"])
    # least number, which pandas finds faster than the least name
    numbers, names = pd.factorize(rows["state"], sort=True)
    least = pd.Series(numbers, index=rows.index).groupby([rows["coalition"], last]).transform("min")
    least = least.groupby([rows["coalition"], rows["state"]]).transform("min")
    return pd.Series(np.asarray(names, dtype=object)[least], index=rows.index, name="state")


def _overlaps(spells: pd.DataFrame, period: Period) -> list[str]:
    spells = spells.assign(one=one_state(spells))
    ordered = spells.sort_values(["coalition", "one", "entry", "spell"], kind="stable")
    keys = ordered[["coalition", "one"]]
    same = keys.eq(keys.shift()).all(axis=1)
    last = period_number(ordered["exit"], period).astype("float64").fillna(np.inf)
    running = last.groupby([ordered["coalition"], ordered["one"]]).cummax()
    first = period_number(ordered["entry"], period).astype("float64")
    clash = (same & (first < running.shift())).to_numpy(dtype=bool)
    if not clash.any():
        return []
    labels, state = spell_labels(ordered), ordered["state"].to_numpy()
    pairs: dict[bool, list[str]] = {False: [], True: []}
    for i in np.flatnonzero(clash):
        pairs[state[i] != state[i - 1]].append(f"{labels[i - 1]} and {labels[i]}")
    found = []
    if pairs[False]:
        found.append(f"overlapping spells: {first_few(pairs[False])}")
    if pairs[True]:
        found.append(
            f"overlapping spells of one state under two names: {first_few(pairs[True])}; give the "
            "state one name at a time"
        )
    return found
