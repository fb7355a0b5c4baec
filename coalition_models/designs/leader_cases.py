"""Leaders in office while their state took part: one row per leader, as comparative studies do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, DataError, gathered, warn
from coalition_models.features.casualties import add_casualties
from coalition_models.features.commitment import add_commitment
from coalition_models.features.elections import add_elections
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spells import check_spells
from coalition_models.members.timing import DATE_COLUMN, ExitDate, usable_dates
from coalition_models.record import record_of, with_notes, with_panel
from coalition_models.timelines.calendar import check_window, month_number
from coalition_models.timelines.leader_terms import terms_of

__all__ = ["cases_of_each", "leader_cases", "leader_cases_by_window"]

_COLUMNS = [
    "coalition", "state", "cow", "case", "leader", "first_day", "last_day", "months",
    "early_exit", "exit_dated_by", "ended_by", "leader_change", "months_to_election",
    "election_near", "election_near_ever", "election_around", "left_right", "deaths",
    "relative_fatalities", "relative_commitment",
]  # fmt: skip


def leader_cases(
    coalition: str | Facts = "iraq",
    *,
    window: int = 2,
    exit_date: str = "main",
    who: str = "effective",
    leaders: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List the leaders in office during their state's participation, with how it went under them.

    A leader's case runs from the later of taking office and the state's entry to the earliest of
    leaving office, the exit, and the end of the mandate. Successive terms of one person are one
    case, and so are several spells of the state. The lead state has no case.

    Parameters
    ----------
    coalition : str or Facts
        Name of a bundled one whose list of members is complete, or facts of one coalition.
    window : int
        Months within which an election is near.
    exit_date : {"main", "announced", "last"}
        Which date ends a spell that ended early; where it is not known or not in order, the
        main one, as in :func:`build_panel`.
    who : {"effective", "head_of_government"}
        A collective head of state whose chair goes round (Switzerland, Bosnia and Herzegovina)
        is one case.
    leaders, members : DataFrame, optional
        Names of an earlier version for tables of facts; they go in the next one.

    Returns
    -------
    DataFrame
        ``coalition, state, cow, case`` (state and number), ``leader, first_day, last_day, months``
        (calendar months touched), ``early_exit`` (0/1), ``exit_dated_by``, ``ended_by`` (early
        exit, left office, or the kind in which the spell ended), ``leader_change`` (0/1: took
        office after the state had come), ``months_to_election`` (on the last day),
        ``election_near`` (0/1: at most ``window``), ``election_near_ever`` (0/1: in any month of
        the case; long cases are bound to have one), ``election_around`` (0/1: at most ``window``
        months before or after the last day, so that whoever has just lost one counts),
        ``left_right`` (0 to 10), ``deaths`` (of the state in the coalition in the months of the
        case; those of a month in which office changed hands count for the leader who left),
        ``relative_fatalities`` (all so far, per million inhabitants), ``relative_commitment`` (per
        cent of the armed forces on the last day; external). Missing outside the sources'
        coverage. ``record_of(...).notes["without_leader"]`` counts spells under nobody on record.

    Raises
    ------
    DataError
        Unknown coalition or option; spells that :func:`build_panel` would refuse; terms in office
        that overlap; nobody in office during any spell.
    CoverageError
        A coalition whose members are not all listed.

    Notes
    -----
    The unit of Mello (2020), who has 51 leaders of 29 democracies in Iraq and two months.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cases = cm.leader_cases("iraq").set_index("case")
    >>> cases.loc[["ESP 1", "ESP 2"], ["leader", "early_exit", "leader_change"]].values.tolist()
    [['Aznar', 0, 0], ['Rodriguez Zapatero', 1, 1]]
    """
    check_arguments(leader_cases, locals())
    old = {name: t for name, t in (("leaders", leaders), ("members", members)) if t is not None}
    known = coalition
    if old:
        warn(
            f"{', '.join(f'{name}=' for name in old)} of leader_cases() go in the next version: "
            "give facts, such as cm.facts('iraq').replace(leaders=...)"
        )
        held = bundled_facts((coalition,)) if isinstance(coalition, str) else coalition
        known = held.replace(**old)
    (cases,) = leader_cases_by_window(known, [window], exit_date=exit_date, who=who)
    return cases


def leader_cases_by_window(
    coalition: str | Facts,
    windows: Sequence[int],
    *,
    exit_date: str = "main",
    who: str = "effective",
    sizes: bool = True,
) -> list[pd.DataFrame]:
    """List the cases of :func:`leader_cases` once for each window, which only elections differ in.

    Without ``sizes`` the columns of deaths and of the commitment are left out, which need deaths
    and strengths.

    Examples
    --------
    >>> narrow, wide = leader_cases_by_window("iraq", [1, 12])
    >>> int(narrow["election_near"].sum()), int(wide["election_near"].sum())
    (7, 23)
    """
    lengths = [check_window(window) for window in windows]
    if exit_date not in DATE_COLUMN:
        raise DataError(f"exit_date must be one of {', '.join(DATE_COLUMN)}, not {exit_date!r}")
    if who not in ("effective", "head_of_government"):
        raise DataError(f"who must be 'effective' or 'head_of_government', not {who!r}")
    facts = bundled_facts((coalition,)) if isinstance(coalition, str) else coalition
    name, spells = _spells(facts, cast(ExitDate, exit_date))
    stints, without = _stints(spells, _tenures(who, facts.leaders, spells))
    if stints.empty:
        raise DataError(
            f"no leader on record was in office during a spell in {name!r}: check the cow "
            "numbers and the days of the table of leaders"
        )
    cases = _cases(stints, name)
    grid = pd.DataFrame(list(_months(cases)))
    with_panel(grid, {"period": "month", "clock": "coalition"}, facts=facts)
    if sizes:
        cases = _with_features(cases, grid)
    found = []
    for months in lengths:
        out = _with_elections(cases, grid, months)
        out = out[[column for column in _COLUMNS if column in out.columns]]
        chosen = {"coalition": name, "window": months, "exit_date": exit_date, "who": who}
        found.append(with_notes(out, choices=chosen, without_leader=without))
    return found


def cases_of_each(
    facts: Facts, windows: Sequence[int], *, exit_date: str = "main"
) -> tuple[list[pd.DataFrame], int]:
    """List the cases of every coalition of some facts together, for each window, without sizes.

    Returns
    -------
    list of DataFrame
        As :func:`leader_cases_by_window`; empty tables where nobody is known to have led.
    int
        How many spells had nobody on record in office.

    Examples
    --------
    >>> import coalition_models as cm
    >>> (cases,), without = cases_of_each(cm.facts("iraq", "isaf"), [2])
    >>> cases["coalition"].unique().tolist(), without
    (['iraq', 'isaf'], 0)
    """
    parts, without = [], 0
    for one in _each(facts):
        _, spells = _spells(one, cast(ExitDate, exit_date))
        if _stints(spells, _tenures("effective", one.leaders, spells))[0].empty:
            without += len(spells)
            continue
        parts.append(leader_cases_by_window(one, windows, exit_date=exit_date, sizes=False))
        without += int(record_of(parts[-1][0]).notes["without_leader"])
    columns = ["coalition", "early_exit", "election_near", "election_around", "election_near_ever"]
    if not parts:
        return [pd.DataFrame(columns=[*columns, "last_day", "first_day"]) for _ in windows], without
    return [pd.concat(tables, ignore_index=True) for tables in zip(*parts, strict=True)], without


def _each(facts: Facts) -> Iterator[Facts]:
    """Facts of each coalition alone."""
    members, table = facts.members, facts.coalitions
    if members is None or table is None:
        raise DataError("leaders' cases need facts with members and coalitions")
    names = [name for name in table["coalition"] if (members["coalition"] == name).any()]
    if len(names) == len(table) == 1:
        yield facts
        return
    for name in names:
        held = {n: t for n in TABLES if (t := facts.table(n)) is not None}
        own = {
            n: t[t["coalition"] == name].reset_index(drop=True) if "coalition" in t.columns else t
            for n, t in held.items()
        }
        yield trusted_facts(own, facts.sources)


def _spells(facts: Facts, exit_date: ExitDate) -> tuple[str, pd.DataFrame]:
    """Name of the coalition, and its spells with the day on which they end by the mandate's."""
    members, table = facts.members, facts.coalitions
    if members is None or table is None or len(table) != 1:
        raise DataError("leader_cases needs facts of one coalition, with members and coalitions")
    about = table.iloc[0]
    coalition = str(about["coalition"])
    if about.get("participation_complete") == "no":
        raise CoverageError(
            f"not every member of {coalition!r} is listed, so leaders who stayed are missing"
        )
    problems = check_spells(members)
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"these spells cannot become cases; mend them:\n{listing}")
    rows = members[(members["coalition"] == coalition) & (members["exit_kind"] != "leader")]
    if rows.empty:
        raise DataError(f"no member of {coalition!r} in the table given")
    early = rows["exit_kind"] == "early"
    used = early & (True if exit_date == "main" else usable_dates(rows, exit_date, "month"))
    day = rows["exit"].where(~used, rows[DATE_COLUMN[exit_date]])
    # days within one month may be out of order, where some are known to the month only
    day = day.where(~(day < rows["entry"]), rows["entry"])
    mandate = about["mandate_end"]
    over = day.isna() | (day > mandate)
    dated = rows.assign(
        day=day.where(~over, mandate),
        early=early & ~over,
        dated_by=np.where(used, exit_date, "main"),
        ending=rows["exit_kind"].where(~over, "mission_end"),
    ).sort_values(["state", "spell"])
    return coalition, dated


def _tenures(who: str, leaders: pd.DataFrame | None, spells: pd.DataFrame) -> pd.DataFrame:
    """One row per unbroken time of one person in office, with the day the next one enters."""
    states = spells["cow"].to_numpy(dtype=np.int64)
    terms = terms_of(who, leaders, extended=False, states=states)
    table = terms.table.assign(began=terms.began)
    if "left_right" not in table.columns:
        table = table.assign(left_right=np.nan)
    if "known_until" not in table.columns:
        table = table.assign(known_until=pd.Series(pd.NaT, index=table.index))
    merged = (
        table.groupby(["cow", "leader", "began"], sort=False)
        .agg(
            start=("start", "min"),
            end=("end", lambda column: column.iloc[-1]),
            known_until=("known_until", "last"),
            left_right=("left_right", "last"),
        )
        .reset_index()
        .sort_values(["cow", "start"], ignore_index=True)
    )
    last = merged["end"].fillna(merged["known_until"]).fillna(pd.Timestamp.max.normalize())
    following = merged.groupby("cow")["start"].shift(-1)
    # on the day of a handover the new leader leads
    eve = following - pd.Timedelta(days=1)
    return merged.assign(until=last.where(eve.isna() | (last < eve), eve))


def _stints(spells: pd.DataFrame, tenures: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Each spell under each leader; and how many spells had nobody on record."""
    pairs = spells.merge(tenures, on="cow", how="left", suffixes=("", "_term"))
    inside = (pairs["start"] <= pairs["day"]) & (pairs["until"] >= pairs["entry"])
    pairs = pairs[inside]
    first = pairs[["start", "entry"]].max(axis=1)
    last = pairs[["until", "day"]].min(axis=1)
    out = pairs.assign(
        first_day=first, last_day=last, leaves=pairs["early"] & (last == pairs["day"])
    )
    key = ["state", "spell"]
    led = set(out[key].itertuples(index=False, name=None))
    without = sum(pair not in led for pair in spells[key].itertuples(index=False, name=None))
    return out, without


def _cases(stints: pd.DataFrame, coalition: str) -> pd.DataFrame:
    """Join the spells that a leader saw."""
    rows = [
        _case(part.sort_values("first_day"))
        for _, part in stints.groupby(["state", "leader", "start"], sort=False)
    ]
    cases = pd.DataFrame(rows).sort_values(["state", "first_day"], ignore_index=True)
    number = cases.groupby("state").cumcount() + 1
    arrival = stints.groupby("state")["entry"].min()
    changed = cases["took_office"] > cases["state"].map(arrival)
    return cases.assign(
        coalition=coalition,
        case=cases["state"] + " " + number.astype(str),
        leader_change=changed.astype("int64"),
        months=month_number(cases["last_day"]) - month_number(cases["first_day"]) + 1,
    )


def _case(part: pd.DataFrame) -> dict[str, object]:
    final = part.iloc[-1]
    leaves = bool(part["leaves"].any())
    gone = final["last_day"] < final["day"]
    return {
        "state": final["state"],
        "cow": int(final["cow"]),
        "spell": int(final["spell"]),
        "leader": final["leader"],
        "took_office": final["start"],
        "first_day": part["first_day"].iloc[0],
        "last_day": final["last_day"],
        "early_exit": int(leaves),
        "exit_dated_by": final["dated_by"] if leaves else "",
        "ended_by": "early" if final["leaves"] else "left_office" if gone else final["ending"],
        "left_right": final["left_right"],
    }


def _with_features(cases: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """Deaths and commitment, by the package's own builders on the cases' months."""
    with gathered():
        grid = add_casualties(grid, as_of="end")
        grid = add_commitment(grid, as_of="end")
    last = grid.drop_duplicates("case", keep="last").set_index("case")
    first = grid.drop_duplicates("case").set_index("case")
    at = cases["case"]
    # deaths are known by month: those of the month of a handover count once, for who left
    month = cases["first_day"].dt.to_period("M")
    shared = month == cases.groupby("state")["last_day"].shift().dt.to_period("M")
    since = at.map(last["deaths_cumulative"] - first["deaths_cumulative"])
    return cases.assign(
        relative_fatalities=at.map(last["relative_fatalities"]),
        relative_commitment=at.map(last["relative_commitment"]),
        deaths=since + at.map(first["deaths_last"]).where(~shared, 0.0),
    )


def _with_elections(cases: pd.DataFrame, grid: pd.DataFrame, window: int) -> pd.DataFrame:
    """Elections ahead of the last day, on either side of it, and in any month of the case."""
    with gathered():
        grid = add_elections(grid, window=window)
    last = grid.drop_duplicates("case", keep="last").set_index("case")
    near = grid["election_near"].groupby(grid["case"])
    # nobody had an election near only if that is known of every month
    ever = near.max().where((near.max() == 1) | (near.count() == near.size()))
    sides = last[["election_near", "post_election"]]
    around = sides.max(axis=1)
    around = around.where((around == 1) | sides.notna().all(axis=1))
    at = cases["case"]
    return cases.assign(
        months_to_election=at.map(last["months_to_election"]),
        election_around=at.map(around),
        election_near=at.map(last["election_near"]),
        election_near_ever=at.map(ever),
    )


def _months(cases: pd.DataFrame) -> Iterator[dict[str, object]]:
    """One row per month of a case."""
    for case in cases.to_dict("records"):
        first, last = pd.Timestamp(case["first_day"]), pd.Timestamp(case["last_day"])
        for month in pd.period_range(first.to_period("M"), last.to_period("M"), freq="M"):
            yield {
                "case": case["case"],
                "coalition": case["coalition"],
                "state": case["state"],
                "cow": case["cow"],
                "spell": case["spell"],
                "period": month.to_timestamp(),
                "start": 0,
            }
