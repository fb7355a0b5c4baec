"""Operational profiles: how many troops a member had, doing what, period by period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.defection.profile_levels import (
    by_day,
    observed_levels,
    read_levels,
    without_contradictions,
)
from coalition_models.defection.profile_lines import interpolated
from coalition_models.defection.profile_tasks import with_tasks
from coalition_models.errors import DataError
from coalition_models.members.bundled_facts import bundled_by_value
from coalition_models.members.coalition_tables import own_coalitions
from coalition_models.members.facts import Facts
from coalition_models.members.own_members import with_spells, with_states
from coalition_models.members.periods import Period, as_period, period_number, period_start
from coalition_models.members.spell_checks import SPELL_DATES, check_spells
from coalition_models.members.spells import follow_renamed
from coalition_models.record import record_of, with_notes, with_record
from coalition_models.tables.plain import plain_table

__all__ = ["operational_profile"]

METHODS = ("step", "interpolate")
_KEY = ["coalition", "state"]
_POINT = ["troops", "observed_on", "source", "confidence", "doubtful", "mark", "counting_basis"]
#: of two points on one day the later of these holds
_RANK = {"withdrawn": 0, "unknown": 1, "observed": 2}
_TRUST = {"low": 0, "medium": 1, "high": 2}


def operational_profile(
    members: pd.DataFrame | Facts,
    levels: pd.DataFrame | None = None,
    *,
    changes: pd.DataFrame | None = None,
    coalitions: pd.DataFrame | None = None,
    period: str = "month",
    method: str = "step",
    statuses: Sequence[str] = ("in_theatre", "withdrawn"),
    doubtful: str = "drop",
    stale_after: int = 12,
    renamed: Mapping[str, str] | None = None,
    level: str = "troops",
    exit_is: str | None = None,
) -> pd.DataFrame:
    """Follow each member's troops and tasks through time.

    The level of a period is the one in force on its last day: the last observation on or before
    that day. Nothing is filled backwards, so a member is of unknown strength until it is first
    observed in a spell.

    Parameters
    ----------
    members : Facts or DataFrame
        Facts, whose strengths, changes and coalitions are used unless others are given; or spells
        as in ``load("participation")`` or from :func:`spells_from_levels`: ``coalition, state``
        (ISO3 code or name) or ``cow, entry, exit, exit_kind``, numbered by entry if ``spell`` is
        absent.
    levels : DataFrame, optional
        Dated strengths: ``coalition, state`` or ``cow, date`` and the level; optionally ``status,
        confidence, source, note, counting_basis`` (what the list counts). By default those of the
        facts, or the bundled ones where all rows are bundled. Of several on one day the best
        trusted holds, and of those trusted alike the mean. One of the day of exit is of the staff
        who stayed; with half of the strength before or more it is of those who leave that day.
    changes : DataFrame, optional
        Changes of task, as ``load("profile_changes")``; the default with the default levels.
    coalitions : DataFrame, optional
        ``coalition, mandate_end``; the bundled table by default. A coalition that is not in it
        ends with the last row of its levels.
    period : {"month", "quarter", "year"}
    method : {"step", "interpolate"}
        ``"interpolate"`` draws straight lines between two observations of one spell. That uses
        later information, so it is for pictures.
    statuses : sequence of str
        Which ``status`` counts as observed; plans and ceilings do not by default.
    doubtful : {"drop", "keep"}
        What to do with figures whose note begins with DOUBTFUL. Kept ones are marked.
    stale_after : int
        Months after which a value carried forward is marked as a ``gap``.
    renamed : mapping, optional
        Old name of a coalition to its new one, as for :func:`spells_from_levels`.
    level : str
        Column of ``levels`` with the strength, in persons.
    exit_is : {"departure", "last_seen"}, optional
        Whether ``exit`` is the day the member left (zero from that day) or the last day it was
        seen (zero from the next). By default ``"last_seen"`` for spells that come from
        :func:`spells_from_levels`.

    Returns
    -------
    DataFrame
        One row per member and period, from entry to the period after the last exit:
        ``coalition, state, cow, spell, period, present`` (the spell covers some of the period),
        ``ended`` (it is over on the last day), ``troops`` (persons on the last day; from an exit
        on 0, or the staff who stayed where a list shows them), ``basis``
        (``observed`` in the period, ``carried`` from an earlier one, ``interpolated``,
        ``unknown``, ``withdrawn``), ``observed_on`` (day of the observation), ``age_months``,
        ``gap``, ``doubtful``, ``confidence``, ``source``, ``counting_basis``, ``role``,
        ``changes`` (kinds of change in the period), ``task_change`` (the latest change of task,
        place or rules so far), ``coalition_end``. ``record_of(...).notes["profile"]`` holds the
        choices and how many levels were set aside, with the reason.

    Raises
    ------
    DataError
        Spells that are not valid, missing columns, unknown options.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.profile import operational_profile
    >>> korea = cm.load("participation").query("coalition == 'iraq' and state == 'KOR'")
    >>> profile = operational_profile(korea).set_index("period")
    >>> profile.loc[["2006-04-01", "2006-05-01"], ["troops", "basis"]]
                troops     basis
    period
    2006-04-01  3200.0   carried
    2006-05-01  2300.0  observed
    """
    check_arguments(operational_profile, locals())
    unit = as_period(period)
    _check_options(method, doubtful, exit_is, stale_after)
    statuses = [statuses] if isinstance(statuses, str) else list(statuses)
    known = members if isinstance(members, Facts) else None
    spells = _spells(_members_of(members) if isinstance(members, Facts) else members)
    if known is None and levels is None:
        known = bundled_by_value(spells)
    if levels is None:
        levels = _strengths_of(known)
        changes = known.changes if changes is None and known is not None else changes
    if known is not None and coalitions is None:
        coalitions = known.coalitions
    table = read_levels(levels, level)
    last_seen = (exit_is or _guess(spells)) == "last_seen"
    used, aside = observed_levels(
        table, level, statuses, doubtful, follow_renamed(renamed, table["coalition"])
    )
    used = without_contradictions(used, spells, aside)
    ends = _coalition_ends(spells, used, coalitions)
    points = _points(used, spells, last_seen)
    grid = _grid(spells, ends, unit, last_seen)
    profile = _look_up(grid, points, unit)
    if method == "interpolate":
        profile = interpolated(profile, points)
    profile["gap"] = profile["present"] & (
        profile["age_months"].isna() | (profile["age_months"] > stale_after)
    )
    if last_seen:
        profile["gap"] |= profile["present"] & (profile["basis"] == "carried")
    profile = with_tasks(profile, spells, changes, unit)
    profile["coalition_end"] = profile["coalition"].map(ends)
    made = {"period": unit, "method": method, "statuses": list(statuses), "doubtful": doubtful}
    seen = "last_seen" if last_seen else "departure"
    with_notes(profile, profile={**made, "exit_is": seen, "set_aside": aside})
    held = {} if known is None else known.sources
    sources = [n for t in ("troops", "members") for n in held.get(t, ())]
    return with_record(profile, replace(record_of(profile), sources=tuple(sources)))


def _members_of(facts: Facts) -> pd.DataFrame:
    if facts.members is None:
        raise DataError("the facts hold no members: there is nobody to follow")
    return facts.members


def _strengths_of(facts: Facts | None) -> pd.DataFrame:
    if facts is None or facts.troops is None:
        raise DataError(
            "nothing is known of the strengths of these members: give Facts(members=..., "
            "troops=...), or a table of strengths as second argument"
        )
    return facts.troops


def _check_options(method: str, doubtful: str, exit_is: str | None, stale_after: int) -> None:
    if method not in METHODS:
        raise DataError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    if doubtful not in ("drop", "keep"):
        raise DataError(f"doubtful must be 'drop' or 'keep', not {doubtful!r}")
    if exit_is not in (None, "departure", "last_seen"):
        raise DataError(f"exit_is must be 'departure' or 'last_seen', not {exit_is!r}")
    check_count(stale_after, "stale_after", of="months")


def _guess(spells: pd.DataFrame) -> str:
    return "last_seen" if "periods_observed" in spells.columns else "departure"


def _spells(members: pd.DataFrame) -> pd.DataFrame:
    spells, unknown = with_states(
        plain_table(members, "members", dates=SPELL_DATES), ("entry", "exit")
    )
    spells = with_spells(spells)
    spells = by_day(spells, "entry", "exit", "last_personnel")
    problems = [f"unknown states: {'; '.join(unknown)}"] if unknown else check_spells(spells)
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"no profile can be drawn of these spells; mend them:\n{listing}")
    if spells.empty:
        raise DataError("no profile can be drawn: the table of members is empty")
    return spells.sort_values([*_KEY, "entry", "spell"], ignore_index=True)


def _coalition_ends(
    spells: pd.DataFrame, levels: pd.DataFrame, coalitions: pd.DataFrame | None
) -> dict[str, pd.Timestamp]:
    table = own_coalitions(coalitions, ["coalition", "mandate_end"])
    known = table.set_index("coalition")["mandate_end"].to_dict()
    seen = levels.groupby("coalition")["date"].max().to_dict()
    last = spells.groupby("coalition")["exit"].max().to_dict()
    ends = {}
    for name in dict.fromkeys(spells["coalition"]):
        end = known.get(name)
        if end is None or pd.isna(end):
            end = seen.get(name, last.get(name))
        if end is None or pd.isna(end):
            raise DataError(f"the end of {name} is not known: give it in coalitions=")
        ends[name] = pd.Timestamp(end)
    return ends


def _points(levels: pd.DataFrame, spells: pd.DataFrame, last_seen: bool) -> pd.DataFrame:
    """All days on which a member's strength is known to change, in order."""
    seen = levels.assign(mark="observed", observed_on=levels["date"])
    if not last_seen:
        seen = _before_leaving(seen, spells)
    entries = spells[[*_KEY, "entry"]].rename(columns={"entry": "date"})
    entries = entries.assign(mark="unknown", troops=np.nan, source="", confidence="")
    out = spells[spells["exit"].notna()]
    following = spells.groupby(_KEY)["entry"].shift(-1).reindex(out.index)
    # a member that enters its next spell as it leaves this one is never at zero
    gone = out[~(following <= out["exit"])]
    day = gone["exit"] + pd.Timedelta(days=int(last_seen))
    zeros = pd.DataFrame(
        {
            "coalition": gone["coalition"],
            "state": gone["state"],
            "date": day,
            "troops": 0.0,
            "source": gone["exit_source"] if "exit_source" in gone.columns else "",
            "confidence": gone["exit_confidence"] if "exit_confidence" in gone.columns else "",
            "observed_on": day,
            "mark": "withdrawn",
        }
    )
    zeros = pd.concat([zeros, _last_people(zeros, gone, following)], ignore_index=True)
    points = pd.concat([zeros, entries, seen], ignore_index=True)
    points["doubtful"] = points["doubtful"].eq(True)
    points["rank"] = points["mark"].map(_RANK)
    points["trust"] = points["confidence"].map(_TRUST).fillna(1)
    points = _shared(points)
    points = points.sort_values([*_KEY, "date", "rank", "trust"], kind="stable")
    return points.drop_duplicates([*_KEY, "date"], keep="last", ignore_index=True)


def _before_leaving(seen: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Date a strength of the day of exit to the day before, where it is of those who leave.

    Fewer than half stay when the main contingent goes; a list of that day that still has half of
    the last strength or more has counted those who go home.
    """
    if not len(seen):
        return seen
    ordered = seen.sort_values([*_KEY, "date"], kind="stable")
    last = ordered.groupby(_KEY)["troops"].shift()
    exits = pd.MultiIndex.from_frame(spells.loc[spells["exit"].notna(), [*_KEY, "exit"]])
    leaving = pd.MultiIndex.from_frame(ordered[[*_KEY, "date"]]).isin(exits)
    still = leaving & (ordered["troops"] > 0) & (ordered["troops"] >= last / 2)
    moved = ordered["date"].where(~still, ordered["date"] - pd.Timedelta(days=1))
    return ordered.assign(date=moved).reindex(seen.index)


def _shared(points: pd.DataFrame) -> pd.DataFrame:
    """Give the mean to observations of one day that are trusted alike, whatever their order."""
    day = [*_KEY, "date", "rank", "trust"]
    if not points.duplicated(day).any():
        return points
    groups = points.groupby(day)
    return points.assign(
        troops=groups["troops"].transform("mean"),
        doubtful=groups["doubtful"].transform("any"),
        source=groups["source"].transform(_sources),
        counting_basis=groups["counting_basis"].transform(_one_basis),
    )


def _one_basis(found: pd.Series) -> object:
    """What was counted, where all who say so say the same."""
    known = found.dropna().unique()
    return known[0] if len(known) == 1 else None


def _sources(texts: pd.Series) -> str:
    return " | ".join(sorted({text for text in texts.dropna() if text}))


def _last_people(zeros: pd.DataFrame, gone: pd.DataFrame, following: pd.Series) -> pd.DataFrame:
    """A second zero where staff stayed after the main contingent and left later."""
    if "last_personnel" not in gone.columns:
        return zeros.iloc[:0]
    last = gone["last_personnel"]
    stayed = (last > gone["exit"]) & ~(last >= following.reindex(gone.index))
    rows = zeros[stayed.to_numpy(dtype=bool)].copy()
    rows["date"] = rows["observed_on"] = last[stayed].to_numpy()
    return rows


def _grid(
    spells: pd.DataFrame, ends: Mapping[str, pd.Timestamp], unit: Period, last_seen: bool
) -> pd.DataFrame:
    """One row per member and period, from the first entry to one past the last exit."""
    frame = spells.copy()
    open_end = frame["exit"].isna() | (frame["exit_kind"] == "ongoing")
    end = frame["coalition"].map(ends)
    frame["first"] = period_number(frame["entry"], unit).astype("int64")
    finish = frame["exit"].where(~open_end, end.where(end > frame["entry"], frame["entry"]))
    frame["last"] = period_number(finish, unit).astype("int64")
    frame["stop"] = frame["last"] + (~open_end).astype("int64")
    frame["out_on"] = frame["exit"].where(~open_end) + pd.Timedelta(days=int(last_seen))
    frame = frame.sort_values(_KEY, kind="stable", ignore_index=True)
    member = frame.groupby(_KEY, sort=True).ngroup().to_numpy()
    first, stop = frame["first"].to_numpy(), frame["stop"].to_numpy()
    opens = np.flatnonzero(np.diff(member, prepend=-1))
    low, high = np.minimum.reduceat(first, opens), np.maximum.reduceat(stop, opens)
    whose = np.repeat(np.arange(len(opens)), high - low + 1)
    number = low[whose] + np.arange(len(whose)) - np.searchsorted(whose, whose)
    # the spell of a period is the last to have begun: members one after the other on one line
    far = int(high.max() - low.min()) + 1
    begun = np.searchsorted(member * far + first, whose * far + number, side="right") - 1
    rows = frame.iloc[begun]
    made = pd.DataFrame(
        {
            "coalition": rows["coalition"].to_numpy(),
            "state": rows["state"].to_numpy(),
            "cow": rows["cow"].to_numpy(),
            "spell": rows["spell"].to_numpy(),
            "number": number,
            "present": number <= rows["last"].to_numpy(),
            "out_on": rows["out_on"].to_numpy(),
        }
    )
    # text made here is of pandas' own dtype for strings where that is asked for
    grid = plain_table(made, "the grid")
    numbers = grid["number"].to_numpy(dtype=np.int64)
    grid["period"] = period_start(numbers, unit)
    grid["day"] = pd.DatetimeIndex(period_start(numbers + 1, unit)) - pd.Timedelta(days=1)
    grid["ended"] = (grid["day"] >= grid["out_on"]).to_numpy(dtype=bool)
    return grid.drop(columns="out_on")


def _look_up(grid: pd.DataFrame, points: pd.DataFrame, unit: Period) -> pd.DataFrame:
    """The last point on or before the last day of each period."""
    found = pd.merge_asof(
        grid.sort_values("day", kind="stable"),
        points[[*_KEY, "date", *_POINT]].sort_values("date", kind="stable"),
        left_on="day",
        right_on="date",
        by=_KEY,
    ).sort_values([*_KEY, "number"], ignore_index=True)
    months = period_number(found["day"], "month") - period_number(found["observed_on"], "month")
    found["age_months"] = months.astype("Float64").astype("float64")
    at = period_number(found["observed_on"], unit)
    inside = (at == found["number"]).fillna(False).to_numpy(dtype=bool)
    mark = found["mark"].to_numpy()
    found["basis"] = np.select(
        [mark == "withdrawn", mark == "unknown", inside], ["withdrawn", "unknown", "observed"],
        "carried",
    )  # fmt: skip
    found["doubtful"] = found["doubtful"].eq(True)
    columns = [
        "cow",
        "spell",
        "period",
        "present",
        "ended",
        "troops",
        "basis",
        "observed_on",
        "age_months",
    ]
    return found[[*_KEY, *columns, "doubtful", "confidence", "source", "counting_basis", "day"]]
