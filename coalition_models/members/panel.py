"""From spells to a panel: one (start, stop] row per member and calendar period at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pandas as pd

from coalition_models.arguments import as_day, check_arguments, check_count
from coalition_models.errors import CoverageError, DataError, counted, first_few
from coalition_models.members.bundled_facts import facts_with, told_of
from coalition_models.members.coalition_tables import read_coalitions
from coalition_models.members.facts import Facts
from coalition_models.members.periods import as_period, panel_period
from coalition_models.members.read_members import read_members, wrong_spells
from coalition_models.members.spell_checks import (
    EVENT_KINDS,
    outlived_states,
    spell_labels,
)
from coalition_models.members.timing import (
    DATE_COLUMN,
    Account,
    Choices,
    Clock,
    ExitDate,
    expand,
    select_spells,
    time_spells,
)
from coalition_models.record import Frozen, Record, record_of, with_record
from coalition_models.sources.load import load
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = ["build_panel", "dated_by", "describe_panel", "recorded"]


#: what :func:`describe_panel` counts
_ROWS = Contract(
    "panel",
    (
        Column("coalition", required=True),
        Column("state", required=True),
        Column("spell", "integer", required=True),
        Column("period", "date", required=True),
        Column("event", "number", required=True, values=(0, 1)),
    ),
)


def build_panel(
    members: pd.DataFrame | Facts,
    *,
    coalitions: Sequence[str] | pd.DataFrame | None = None,
    period: str = "month",
    clock: str = "entry",
    exit_date: str = "main",
    exit_kinds: Sequence[str] = ("early",),
    wind_up: int = 0,
    until: str | pd.Timestamp | None = None,
    truncate_before: str | pd.Timestamp | None = None,
    peak_at_least: float = 0,
) -> pd.DataFrame:
    """Build the panel of members at risk of leaving early.

    A member is at risk in every calendar period from its entry to its exit, both included: entry
    and exit in one period give one row (0, 1]. Everyone still present when the mandate ends is
    censored there; before that the coded kind of exit decides what is an event. The lead state
    is never at risk.

    Parameters
    ----------
    members : Facts or DataFrame
        Facts of one coalition or of several, such as ``facts("iraq")``, which the panel keeps for
        the ``add_*`` functions. Or spells as in ``load("participation")``, or your own:
        ``coalition, state`` (ISO3 code or name) or ``cow, entry, exit, exit_kind``, and ``spell``
        (numbered by entry if absent). A text in a column ``left_out`` says why a spell is not
        followed; the member stays a partner of the others. States of the past that have no ISO
        code, such as Prussia, go by their name. ``exit`` is empty only for ``ongoing`` spells.
        Where all rows of a coalition equal bundled ones by value, the bundled facts come with
        them; any other table is all that is known of it.
    coalitions : sequence of str or DataFrame, optional
        Names restrict the panel to these coalitions. A coalition whose list of members is not
        complete (``vietnam``, ``kfor``, ``libya``, ...) is refused unless it is named here. For
        coalitions of your own give a table shaped like ``load("coalitions")``.
    period : {"month", "quarter", "year"}
        Length of a row.
    clock : {"entry", "coalition"}
        Origin of ``start`` and ``stop``: the period of the spell's own entry, or that of the
        coalition's start (an earlier entry is clipped there and noted).
    exit_date : {"main", "announced", "last"}
        Which date ends a spell that ended in one of ``exit_kinds``: the end of the main
        contingent, the first announcement that was later carried out, or the last person out.
        Where it is not known the main date is used; the column ``exit_dated_by`` tells. Only
        carried-out announcements are coded.
    exit_kinds : sequence of str
        Kinds of exit that count as events; every other kind censors the spell at its exit.
    wind_up : int
        Number of periods before the mandate's end at which everyone is censored already.
    until : date, optional
        Last day of observation, if earlier than the mandate's end (needed for an open mandate).
        The day decides within its period too: who leaves later is censored, and noted.
    truncate_before : date, optional
        First day of observation: earlier rows are left out, and so are spells that ended before
        that day; time still counts from the origin.
    peak_at_least : float
        Keep spells whose peak strength reaches this number of persons. The peak is known only
        afterwards, so this chooses a sample; it is not a feature.

    Returns
    -------
    DataFrame
        ``coalition state name cow spell entry period start stop event exit_kind``, sorted, one
        row per member and period; ``name`` is the state's name in English. ``entry`` is the day on
        which the spell began, also where ``truncate_before`` or another clock leaves its first
        periods out: what the ``add_*`` functions say of the time since entry counts from it.
        ``record_of(panel)`` holds the choices, the spells left out with the reason, notes, and
        the facts.

    Raises
    ------
    DataError
        Overlapping spells, an exit before its entry, repeated keys, dates that are none, unknown
        states, states that had ended, lead states that are none, a coalition that ended before it
        began, missing columns (all listed at once); unknown options; ``clock="entry"`` with
        spells whose true entry lies before the data.
    CoverageError
        A coalition whose members are not all listed, unless asked for by name.

    Notes
    -----
    A spell that starts in the last period of the same state's earlier spell is at risk from the
    next period on. The definition of defection follows McInnis (2020).

    Examples
    --------
    >>> import coalition_models as cm
    >>> members = cm.load("participation").query("coalition == 'iraq'")
    >>> panel = cm.build_panel(members)
    >>> panel.query("state == 'ESP'")[["period", "start", "stop", "event"]].tail(2)
             period  start  stop  event
    ... 2004-03-01      7     8      0
    ... 2004-04-01      8     9      1
    """
    check_arguments(build_panel, locals())
    choices = _check_choices(
        period, clock, exit_date, exit_kinds, wind_up, until, truncate_before, peak_at_least
    )
    account = Account()
    given = members if isinstance(members, Facts) else None
    read = read_members(members, whole=coalitions is None)
    table, named, more = _coalition_table(read.spells, coalitions, given)
    spells, problems = read.spells, [*read.problems, *more]
    if "coalition" in spells.columns and not more:
        spells = spells[spells["coalition"].isin(table.index)].reset_index(drop=True)
    problems += wrong_spells(spells) if read.wrong is None else read.wrong
    problems += outlived_states(spells, table, choices.until)
    if problems:
        problems = list(dict.fromkeys(problems))
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"these spells cannot become a panel; mend them:\n{listing}")
    _refuse_incomplete(spells, table, named)
    _refuse_unknown_entries(spells, choices)
    timed = time_spells(spells, table, choices, account)
    rows = expand(select_spells(timed, table, choices, account), choices)
    held = given
    if held is None:
        own = coalitions if isinstance(coalitions, pd.DataFrame) else None
        held = facts_with(spells, own, table)
    left_out, notes = told_of(held, table.index, choices.exit_date)
    account.dropped += left_out
    account.notes += notes
    return recorded(rows, choices, account, held)


def recorded(rows: pd.DataFrame, choices: Choices, account: Account, facts: Facts) -> pd.DataFrame:
    """Write on a panel how it was built, and from which facts."""
    made = {**choices.as_dict(), "dropped": account.dropped, "notes": account.notes}
    cited = [n for t in ("members", "coalitions") for n in facts.sources.get(t, ())]
    return with_record(rows, Record(panel=Frozen(made), sources=tuple(cited), facts=facts))


def dated_by(panel: pd.DataFrame) -> str:
    """Which date ends the spells of a panel: its choice of ``exit_date``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> dated_by(cm.build_panel(cm.facts("iraq"), exit_date="announced"))
    'announced'
    """
    known = record_of(panel).panel.get("exit_date")
    if known in DATE_COLUMN:
        return str(known)
    marks = panel["exit_dated_by"] if "exit_dated_by" in panel.columns else pd.Series(dtype=object)
    others = [mark for mark in dict.fromkeys(marks) if mark in DATE_COLUMN and mark != "main"]
    return str(others[0]) if others else "main"


def _check_choices(
    period: str,
    clock: str,
    exit_date: str,
    exit_kinds: Sequence[str],
    wind_up: int,
    until: str | pd.Timestamp | None,
    truncate_before: str | pd.Timestamp | None,
    peak_at_least: float,
) -> Choices:
    if clock not in ("entry", "coalition"):
        raise DataError(f"clock must be 'entry' or 'coalition', not {clock!r}")
    if exit_date not in DATE_COLUMN:
        raise DataError(f"exit_date must be one of {', '.join(DATE_COLUMN)}, not {exit_date!r}")
    kinds = (exit_kinds,) if isinstance(exit_kinds, str) else tuple(exit_kinds)
    unknown = [k for k in kinds if k not in EVENT_KINDS]
    if unknown or not kinds:
        raise DataError(
            f"exit_kinds must be one or more of {', '.join(EVENT_KINDS)}; found {list(kinds)}"
        )
    return Choices(
        period=as_period(period),
        clock=cast(Clock, clock),
        exit_date=cast(ExitDate, exit_date),
        exit_kinds=kinds,
        wind_up=check_count(wind_up, "wind_up", of="periods"),
        until=as_day(until, "until"),
        truncate_before=as_day(truncate_before, "truncate_before"),
        peak_at_least=float(peak_at_least),
    )


def _coalition_table(
    spells: pd.DataFrame,
    coalitions: Sequence[str] | pd.DataFrame | None,
    facts: Facts | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...], list[str]]:
    """Return the coalitions in question, those asked for by name, and what is wrong with them."""
    names: tuple[str, ...] = ()
    problems: list[str] = []
    if isinstance(coalitions, pd.DataFrame):
        if facts is not None:
            raise DataError(
                "the facts hold a table of coalitions already: facts.replace(coalitions=...)"
            )
        needed = ["coalition", "start", "mandate_end", "lead_state"]
        table, problems = read_coalitions(coalitions, needed)
        if problems:
            return table, names, problems
    else:
        known = None if facts is None else facts.coalitions
        table = load("coalitions") if known is None else known
        if coalitions is not None:
            chosen = [coalitions] if isinstance(coalitions, str) else coalitions
            names = tuple(dict.fromkeys(chosen))
            if not names:
                raise DataError("coalitions is an empty list: name some, or leave it out for all")
    table = table.set_axis(pd.Index(table["coalition"], dtype=object))
    given = list(dict.fromkeys(spells.get("coalition", pd.Series(dtype=object)).dropna()))
    wanted = list(names) or given
    unknown = [name for name in wanted if name not in table.index]
    empty = [name for name in names if name not in given]
    if unknown:
        problems = [
            f"unknown coalition: {first_few(unknown)}; known: {', '.join(table.index)}; for "
            "coalitions of your own give a table shaped like load('coalitions')"
        ]
    elif empty:
        problems = [f"no member of these coalitions in the table given: {first_few(empty)}"]
    return table.loc[[name for name in wanted if name in table.index]], names, problems


def _refuse_incomplete(spells: pd.DataFrame, table: pd.DataFrame, named: tuple[str, ...]) -> None:
    if "participation_complete" not in table.columns:
        return
    partial = table[(table["participation_complete"] == "no") & ~table.index.isin(named)]
    if len(partial):
        raise CoverageError(
            f"not a risk set: {', '.join(partial.index)}. Only documented cases are listed there, "
            "so the states that stayed are missing and any hazard would be too high. Select the "
            "coalitions you want (coalitions=['iraq', 'isaf', 'rsm', 'unosom2']), or name these "
            "too if you know what you do."
        )


def _refuse_unknown_entries(spells: pd.DataFrame, choices: Choices) -> None:
    if choices.clock != "entry" or "entry_known" not in spells.columns:
        return
    known = spells["entry_known"]
    if not pd.api.types.is_bool_dtype(known) or known.isna().any():
        raise DataError(
            "column entry_known must be True or False in every row; found "
            f"{first_few(dict.fromkeys(known.map(repr)), limit=3)}"
        )
    unknown = spells[~known]
    if len(unknown):
        raise DataError(
            f"{counted(len(unknown), 'spell', 'was', 'were')} already running when the data begin, "
            f"so the time since entry is not known: {first_few(spell_labels(unknown))}. Use "
            "clock='coalition', give the true entries and set entry_known, or leave these out."
        )


def describe_panel(panel: pd.DataFrame) -> pd.DataFrame:
    """Count what a panel holds, by coalition.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`.

    Returns
    -------
    DataFrame
        Indexed by coalition, with a last row ``total``: ``states, spells, rows, events,
        censored, first, last`` (the spells that end in an event or without one; first and last
        period).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> cm.describe_panel(panel).loc[["iraq"], ["states", "spells", "events"]]
               states  spells  events
    coalition
    iraq           39      51      21
    """
    check_arguments(describe_panel, locals())
    panel = plain_table(panel, "the panel", only=["coalition", "state", "spell", "period"])
    needed = ["coalition", "state", "spell", "period", "event"]
    absent = [name for name in needed if name not in panel.columns]
    if absent:
        raise DataError(f"the panel lacks the columns {', '.join(absent)}; build_panel() makes it")
    problems = _ROWS.problems(panel)
    if problems:
        raise DataError(f"this panel cannot be counted: {'; '.join(problems)}")
    if panel.empty:
        raise DataError("the panel has no rows")
    panel_period(panel, record_of(panel).panel.get("period"))
    spells = panel.groupby(["coalition", "state", "spell"])["event"].sum().reset_index()
    rows = panel.groupby("coalition").agg(
        rows=("event", "size"),
        events=("event", "sum"),
        first=("period", "min"),
        last=("period", "max"),
    )
    rows.insert(0, "spells", spells.groupby("coalition").size())
    rows.insert(0, "states", spells.groupby("coalition")["state"].nunique())
    rows.insert(4, "censored", rows["spells"] - rows["events"])
    total = pd.DataFrame(
        {
            "states": [spells["state"].nunique()],
            "spells": [len(spells)],
            "rows": [len(panel)],
            "events": [int(panel["event"].sum())],
            "censored": [len(spells) - int(panel["event"].sum())],
            "first": [panel["period"].min()],
            "last": [panel["period"].max()],
        },
        index=pd.Index(["total"], name="coalition"),
    )
    return pd.concat([rows, total])
