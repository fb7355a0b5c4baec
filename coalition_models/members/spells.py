"""Participation spells of any coalition, from any data set, in one shape."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import CoalitionWarning, DataError, counted, first_few, warn
from coalition_models.members.own_members import with_states
from coalition_models.members.periods import Period, as_period, period_number, period_start
from coalition_models.members.spell_checks import (
    EVENT_KINDS,
    EXIT_KINDS,
    check_spells,
    one_state,
    spell_labels,
)
from coalition_models.sources.codes import from_cow
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = [
    "EVENT_KINDS",
    "EXIT_KINDS",
    "check_spells",
    "follow_renamed",
    "spell_labels",
    "spells_from_levels",
]


#: distances between rows of a coalition's states from which a list can be called sparse
_FEWEST = 3


def spells_from_levels(
    levels: pd.DataFrame,
    *,
    gap: int = 3,
    renamed: Mapping[str, str] | None = None,
    level: str = "troops",
    minimum: float = 1,
    period: str = "month",
    end_margin: int = 3,
    complete: bool = False,
) -> pd.DataFrame:
    """Turn dated strengths into participation spells.

    A state is present in a period in which its level reaches ``minimum``. Periods of presence
    with at most ``gap`` missing periods between them are one spell.

    Parameters
    ----------
    levels : DataFrame
        ``coalition, state`` (ISO3 code or name) or ``cow``, or both, ``date`` and the level
        column; one row per state, coalition and
        period (the largest level counts where there are more). Periods without a row are
        absences. Leave rows below the minimum in: they show how long the coalition lasted.
    gap : int
        Number of missing periods that still belong to one spell. With ``gap=3`` a state seen in
        January and May has one spell, seen in January and June two.
    renamed : mapping, optional
        Old name of a coalition to its new one (``{"MONUC": "MONUSCO"}``): a mission that changes
        its name is one mission, so staying under the new name is not an exit. Names that changed
        twice are followed to the last one.
    level : str
        The column with the strength.
    minimum : float
        Smallest level that counts as presence, in the unit of the level.
    period : {"month", "quarter", "year"}
    end_margin : int
        An exit counts as early when its last period lies more than this many periods before the
        last period in which the coalition is seen; otherwise it is a ``mission_end``.
    complete : bool
        Whether the list is known to name everyone who was there in every period, so that a
        missing row is an absence also where rows are far apart (see the notes).

    Returns
    -------
    DataFrame
        ``coalition, state, cow, spell, entry, exit, exit_kind, entry_known, exit_known,
        peak_troops, periods_observed``. ``exit`` is the last date seen. ``exit_kind`` is
        ``ongoing`` for a spell that reaches the last period of the data, else ``early`` or
        ``mission_end``, or ``unknown`` where the list is too sparse to tell (see the notes).
        ``entry_known`` is False for a spell already running in the first period of the data:
        :func:`build_panel` refuses ``clock="entry"`` for it. ``exit_known`` is the day from which
        an early exit can be known: the last one of the period that follows the ``gap`` missing
        ones, and no sooner than the coalition is seen more than ``end_margin`` periods after
        it. What others knew of an exit counts from that day, not from ``exit``. It is missing
        for other kinds: nobody could tell yet that the state had left.

    Raises
    ------
    DataError
        Missing columns, dates that are none, strengths that are not known, old names in
        ``renamed`` that no row bears or that lead in a circle, a state under two names at a time.

    Warns
    -----
    CoalitionWarning
        Exits that lie in holes of a sparse list, with their number.

    Notes
    -----
    In a list that is drawn up every period, a state without a row is absent. In one of irregular
    dates it is not: where the rows of a coalition's states are in the median more than ``gap``
    missing periods apart (of three distances or more), an exit after which the list says nothing
    of the state for more than ``gap`` periods is of the kind ``unknown``. It is never an event;
    :func:`build_panel` censors the spell there. A later row below the minimum tells that the
    state has left.

    A state that goes on under another name (Serbia and Montenegro, then Serbia) is one state; its
    spell bears the last name.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd
    >>> seen = pd.DataFrame({
    ...     "coalition": "UNIFIL", "state": "POL", "cow": 290, "troops": [500, 480, 490],
    ...     "date": pd.to_datetime(["2008-01-31", "2008-02-29", "2008-09-30"])})
    >>> cm.spells_from_levels(seen, gap=3)[["spell", "entry", "exit", "exit_kind", "entry_known"]]
       spell      entry       exit exit_kind  entry_known
    0      1 2008-01-31 2008-02-29     early        False
    1      2 2008-09-30 2008-09-30   ongoing         True
    """
    check_arguments(spells_from_levels, locals())
    unit = as_period(period)
    gap = check_count(gap, "gap", of="periods")
    end_margin = check_count(end_margin, "end_margin", of="periods")
    levels, unknown = with_states(plain_table(levels, "levels", dates=["date"]), ["date"])
    if unknown:
        raise DataError(
            f"cannot make spells from these levels: unknown states: {'; '.join(unknown)}"
        )
    _check_levels(levels, level)
    levels = _under_one_name(levels, follow_renamed(renamed, levels["coalition"]), unit)
    seen = _presence(levels, level, minimum, unit)
    step = seen.groupby(["coalition", "one"])["number"].diff()
    new = step.isna() | (step > gap + 1)
    seen["spell"] = new.groupby([seen["coalition"], seen["one"]]).cumsum().astype("int64")
    spells = (
        seen.groupby(["coalition", "one", "spell"], sort=True)
        .agg(
            state=("state", "last"),
            cow=("cow", "first"),
            entry=("begin", "min"),
            exit=("date", "max"),
            first=("number", "min"),
            last=("number", "max"),
            peak_troops=("level", "max"),
            periods_observed=("number", "nunique"),
        )
        .reset_index()
    )
    # rows below the minimum say nothing of the state, but that the coalition was still there
    coalition_last = spells["coalition"].map(levels.groupby("coalition")["number"].max())
    data_last = int(levels["number"].max())
    spells["exit_kind"] = np.select(
        [spells["last"] == data_last, spells["last"] < coalition_last - end_margin],
        ["ongoing", "early"],
        "mission_end",
    )
    holes = "" if complete else _mark_holes(spells, levels, gap, unit)
    if holes:
        warn(holes, CoalitionWarning)
    spells["entry_known"] = spells["first"] > int(levels["number"].min())
    spells["exit_known"] = _known_from(spells, levels, (gap, end_margin), unit)
    columns = ["coalition", "state", "cow", "spell", "entry", "exit", "exit_kind"]
    columns += ["entry_known", "exit_known", "peak_troops", "periods_observed"]
    return spells.sort_values(["coalition", "state", "spell"], ignore_index=True)[columns]


def follow_renamed(renamed: Mapping[str, str] | None, names: pd.Series) -> dict[str, str]:
    """Lead every old name of a coalition to its last one.

    Raises
    ------
    DataError
        An old name that no row bears, or names that lead in a circle.

    Examples
    --------
    >>> import pandas as pd
    >>> follow_renamed({"A": "B", "B": "C"}, pd.Series(["A", "B"]))
    {'A': 'C', 'B': 'C'}
    """
    given = dict(renamed or {})
    problems, known = [], dict.fromkeys(names.dropna())
    unknown = [name for name in given if name not in known and name not in given.values()]
    if unknown:
        problems.append(
            f"no row bears the old name {first_few(unknown)}; the names are {first_few(known)}"
        )
    final, circles = {}, []
    for name in given:
        way = [name]
        while way[-1] in given and len(way) <= len(given):
            way.append(given[way[-1]])
        if len(way) > len(given) and way[-1] in given:
            circles.append(name)
        final[name] = way[-1]
    if circles:
        problems.append(f"names lead in a circle: {first_few(circles)}")
    if problems:
        raise DataError(f"renamed cannot be followed: {'; '.join(problems)}")
    return final


def _under_one_name(levels: pd.DataFrame, renamed: dict[str, str], unit: Period) -> pd.DataFrame:
    """Number the periods, and name coalitions and states so that each has one name throughout."""
    rows = levels.assign(
        coalition=levels["coalition"].replace(renamed),
        number=period_number(levels["date"], unit).astype("int64"),
    )
    rows["one"] = one_state(rows, "date")
    names = rows.groupby(["coalition", "one", "number"])["state"].nunique()
    twice = (names > 1).groupby(["coalition", "one"]).sum()
    # in the period of the change itself a state may be listed under both names
    bad = set(twice.index[(twice > 1).to_numpy(dtype=bool)])
    if bad:
        pairs = [
            f"{key[0]} {' and '.join(sorted(set(part['state'])))} (COW {part['cow'].iloc[0]})"
            for key, part in rows.groupby(["coalition", "one"])
            if key in bad
        ]
        raise DataError(
            f"cannot make spells from these levels: one state under two names at a time: "
            f"{first_few(pairs)}; give the state one name at a time"
        )
    return rows


def _mark_holes(spells: pd.DataFrame, levels: pd.DataFrame, gap: int, unit: Period) -> str:
    """Give exits after which a sparse list is silent the kind ``unknown``; say so, if any is."""
    one = ["coalition", "one"]
    seen = levels[[*one, "number"]].drop_duplicates().sort_values([*one, "number"])
    apart = seen.groupby(one)["number"].diff() - 1
    by = apart.groupby(seen["coalition"])
    # of one or two distances nobody can say what is usual
    median = by.median().where(by.count() >= _FEWEST)
    seen["next"] = seen.groupby(one)["number"].shift(-1)
    rows = spells.merge(seen, left_on=[*one, "last"], right_on=[*one, "number"], how="left")
    upcoming = rows["next"].to_numpy(dtype=np.float64)
    present = spells.groupby(one)["first"].shift(-1).to_numpy(dtype=np.float64)
    # the next row tells of the exit if it is one below the minimum
    told = ~np.isnan(upcoming) & (upcoming != present)
    sparse = (spells["coalition"].map(median) > gap).to_numpy(dtype=bool)
    leaves = spells["exit_kind"].isin(["early", "mission_end"]).to_numpy(dtype=bool)
    holes = sparse & leaves & ~told
    if not holes.any():
        return ""
    spells["exit_kind"] = spells["exit_kind"].mask(holes, "unknown")
    wide = float(median[median > gap].median())
    return (
        f"{int(holes.sum())} of {counted(int(leaves.sum()), 'exit', 'lies', 'lie')} in holes of "
        "the list, so their kind is 'unknown' and none is an event: a state's rows have in the "
        f"median {wide:g} missing {unit}s between them, more than gap={gap}. Take a gap or a "
        "period that spans the holes, give rows below the minimum where a state left, or say "
        "complete=True if the list names everyone in every period."
    )


def _known_from(
    spells: pd.DataFrame, levels: pd.DataFrame, waits: tuple[int, int], unit: Period
) -> pd.Series:
    """Last day of the first period in which an exit can be told from a gap."""
    gap, margin = waits
    number = (spells["last"] + gap + 1).to_numpy(dtype=np.int64)
    for coalition, part in levels.groupby("coalition"):
        dates = np.unique(part["number"].to_numpy(dtype=np.int64))
        mine = np.flatnonzero((spells["coalition"] == coalition) & (spells["exit_kind"] == "early"))
        # an early exit is one that the coalition outlived by more than the margin
        seen = np.searchsorted(dates, spells["last"].to_numpy()[mine] + margin + 1)
        number[mine] = np.maximum(number[mine], dates[np.minimum(seen, len(dates) - 1)])
    day = pd.Series(period_start(number + 1, unit), index=spells.index) - pd.Timedelta(days=1)
    return day.where(spells["exit_kind"] == "early")


def _check_levels(levels: pd.DataFrame, level: str) -> None:
    contract = Contract(
        "levels",
        (
            Column("coalition", required=True),
            Column("state", required=True),
            Column("cow", "integer", required=True),
            Column("date", "date", required=True),
            Column(level, "number", minimum=0),
        ),
    )
    absent = [c.name for c in contract.columns if c.name not in levels.columns]
    problems = [f"missing column: {name}" for name in absent] or contract.problems(levels)
    if not problems and levels[level].isna().any():
        unknown = levels[levels[level].isna()]
        rows = [f"{r.coalition} {r.state} {r.date:%Y-%m-%d}" for r in unknown.itertuples()]
        problems.append(
            f"{level} is missing in {counted(len(unknown), 'row')}, and a strength that is not "
            f"known is not an absence: {first_few(rows)}; fill them in or leave these rows out"
        )
    if not problems:
        problems += _two_codes(levels)
    if problems:
        raise DataError("cannot make spells from these levels: " + "; ".join(problems))


def _two_codes(levels: pd.DataFrame) -> list[str]:
    """States with more than one code, unless these are of one state that goes on under another."""
    pairs = levels[["coalition", "state", "cow", "date"]].drop_duplicates(
        ["coalition", "state", "cow"]
    )
    doubtful = pairs[pairs.duplicated(["coalition", "state"], keep=False)]
    if doubtful.empty:
        return []
    # a state keeps its Gleditsch-Ward number where its Correlates of War number changes
    lasting = from_cow(doubtful["cow"], to="gw", dates=doubtful["date"], missing="na")
    found = [
        f"{coalition} {state} ({', '.join(str(int(code)) for code in part['cow'])})"
        for (coalition, state), part in doubtful.groupby(["coalition", "state"])
        if lasting[part.index].isna().any() or len(set(lasting[part.index])) > 1
    ]
    return [f"more than one cow code for a state: {first_few(found)}"] if found else []


def _presence(levels: pd.DataFrame, level: str, minimum: float, unit: Period) -> pd.DataFrame:
    columns = ["coalition", "state", "cow", "date", "number", "one"]
    frame = levels[columns].assign(level=levels[level])
    present = frame[(frame["level"] >= minimum).fillna(False).to_numpy(dtype=bool)]
    if present.empty:
        raise DataError(f"no row reaches the minimum of {minimum:g} in column {level!r}")
    by = ["coalition", "one", "number"]
    return (
        present.sort_values("date", kind="stable")
        .groupby(by, sort=True)
        .agg(
            state=("state", "last"),
            cow=("cow", "first"),
            begin=("date", "min"),
            date=("date", "max"),
            level=("level", "max"),
        )
        .reset_index()
    )
