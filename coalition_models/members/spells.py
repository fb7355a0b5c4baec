"""Participation spells of any coalition, from any data set, in one shape."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.members.periods import Period, as_period, period_number
from coalition_models.sources.codes import from_cow
from coalition_models.sources.plain_tables import plain_table
from coalition_models.sources.schema import Column, Contract

__all__ = ["EXIT_KINDS", "check_spells", "spell_labels", "spells_from_levels"]

#: how a spell ended, as coded in the facts
EXIT_KINDS = ("early", "scheduled", "mission_end", "post_mandate", "exogenous", "ongoing", "leader")

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

    Checked: columns and types, unknown states, repeated keys, an exit before the entry, a missing
    exit that is not coded as ongoing, and spells of one state that overlap. Order and overlap are
    judged on calendar periods, because many dates are known to the month only.

    Parameters
    ----------
    spells : DataFrame
        ``coalition, state, cow, spell, entry, exit, exit_kind``; optionally ``announced``,
        ``last_personnel``, ``peak_troops``, ``entry_known``.
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
    missing = [c.name for c in _CONTRACT.columns[:7] if c.name not in spells.columns]
    if missing:
        return [f"missing column: {name}" for name in missing]
    problems = _CONTRACT.problems(spells)
    if problems:
        return problems
    return [
        *_unknown_states(spells),
        *_exit_problems(spells, period),
        *_overlaps(spells, period),
    ]


def _unknown_states(spells: pd.DataFrame) -> list[str]:
    pairs = spells[["state", "cow", "entry"]].drop_duplicates(["state", "cow"])
    expected = from_cow(pairs["cow"], to="iso3", dates=pairs["entry"], missing="na")
    wrong = pairs[(expected.fillna("") != pairs["state"]).to_numpy()]
    if wrong.empty:
        return []
    right = [code if isinstance(code, str) else "no state" for code in expected[wrong.index]]
    names = [
        f"{row.state} with cow {row.cow} (that code is {code})"
        for row, code in zip(wrong.itertuples(index=False), right, strict=True)
    ]
    return [f"unknown state or code that does not fit the name: {first_few(names)}"]


def _exit_problems(spells: pd.DataFrame, period: Period) -> list[str]:
    found = []
    open_end = spells["exit"].isna() & ~spells["exit_kind"].isin(["ongoing", "leader"])
    if open_end.any():
        found.append(
            "no exit date although the spell is not coded ongoing: "
            + first_few(spell_labels(spells[open_end]))
        )
    order = period_number(spells["exit"], period) < period_number(spells["entry"], period)
    reversed_rows = order.fillna(False).to_numpy(dtype=bool)
    if reversed_rows.any():
        bad = spells[reversed_rows]
        dates = [
            f"{label} ({row.entry:%Y-%m-%d} to {row.exit:%Y-%m-%d})"
            for label, row in zip(spell_labels(bad), bad.itertuples(index=False), strict=True)
        ]
        found.append(f"exit before entry: {first_few(dates)}")
    return found


def _overlaps(spells: pd.DataFrame, period: Period) -> list[str]:
    ordered = spells.sort_values(["coalition", "state", "entry", "spell"], kind="stable")
    same = ordered[["coalition", "state"]].eq(ordered[["coalition", "state"]].shift()).all(axis=1)
    last = period_number(ordered["exit"], period).astype("float64").fillna(np.inf)
    running = last.groupby([ordered["coalition"], ordered["state"]]).cummax()
    first = period_number(ordered["entry"], period).astype("float64")
    clash = (same & (first < running.shift())).to_numpy(dtype=bool)
    if not clash.any():
        return []
    labels = spell_labels(ordered)
    pairs = [f"{labels[i - 1]} and {labels[i]}" for i in np.flatnonzero(clash)]
    return [f"overlapping spells: {first_few(pairs)}"]


def spells_from_levels(
    levels: pd.DataFrame,
    *,
    gap: int = 3,
    renamed: Mapping[str, str] | None = None,
    level: str = "troops",
    minimum: float = 1,
    period: str = "month",
    end_margin: int = 3,
) -> pd.DataFrame:
    """Turn dated strengths into participation spells.

    A state is present in a period in which its level reaches ``minimum``. Periods of presence
    with at most ``gap`` missing periods between them are one spell.

    Parameters
    ----------
    levels : DataFrame
        ``coalition, state, cow, date`` and the level column; one row per state, coalition and
        period (the largest level counts where there are more). Periods without a row are
        absences. Leave rows below the minimum in: they show how long the coalition lasted.
    gap : int
        Number of missing periods that still belong to one spell. With ``gap=3`` a state seen in
        January and May has one spell, seen in January and June two.
    renamed : mapping, optional
        Old name of a coalition to its new one (``{"MONUC": "MONUSCO"}``): a mission that changes
        its name is one mission, so staying under the new name is not an exit.
    level : str
        The column with the strength.
    minimum : float
        Smallest level that counts as presence, in the unit of the level.
    period : {"month", "quarter", "year"}
    end_margin : int
        An exit counts as early when its last period lies more than this many periods before the
        last period in which the coalition is seen; otherwise it is a ``mission_end``.

    Returns
    -------
    DataFrame
        ``coalition, state, cow, spell, entry, exit, exit_kind, entry_known, peak_troops,
        periods_observed``. ``exit`` is the last date seen. ``exit_kind`` is ``ongoing`` for a
        spell that reaches the last period of the data, else ``early`` or ``mission_end``.
        ``entry_known`` is False for a spell already running in the first period of the data:
        :func:`build_panel` refuses ``clock="entry"`` for it.

    Examples
    --------
    >>> import pandas as pd
    >>> seen = pd.DataFrame({
    ...     "coalition": "UNIFIL", "state": "POL", "cow": 290, "troops": [500, 480, 490],
    ...     "date": pd.to_datetime(["2008-01-31", "2008-02-29", "2008-09-30"])})
    >>> spells_from_levels(seen, gap=3)[["spell", "entry", "exit", "exit_kind", "entry_known"]]
       spell      entry       exit exit_kind  entry_known
    0      1 2008-01-31 2008-02-29     early        False
    1      2 2008-09-30 2008-09-30   ongoing         True
    """
    check_arguments(spells_from_levels, locals())
    unit = as_period(period)
    levels = plain_table(levels, "levels")
    _check_levels(levels, level, gap, end_margin)
    seen = _presence(levels, level, minimum, unit, dict(renamed or {}))
    step = seen.groupby(["coalition", "state"])["number"].diff()
    new = step.isna() | (step > gap + 1)
    seen["spell"] = new.groupby([seen["coalition"], seen["state"]]).cumsum().astype("int64")
    spells = (
        seen.groupby(["coalition", "state", "spell"], sort=True)
        .agg(
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
    observed = period_number(levels["date"], unit).astype("int64")
    names = levels["coalition"].replace(dict(renamed or {}))
    coalition_last = spells["coalition"].map(observed.groupby(names.to_numpy()).max())
    data_last = int(observed.max())
    spells["exit_kind"] = np.select(
        [spells["last"] == data_last, spells["last"] < coalition_last - end_margin],
        ["ongoing", "early"],
        "mission_end",
    )
    spells["entry_known"] = spells["first"] > int(observed.min())
    columns = ["coalition", "state", "cow", "spell", "entry", "exit", "exit_kind"]
    return spells[[*columns, "entry_known", "peak_troops", "periods_observed"]]


def _check_levels(levels: pd.DataFrame, level: str, gap: int, end_margin: int) -> None:
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
    problems += [
        f"{name} must be a whole number of periods, 0 or more, not {value!r}"
        for name, value in (("gap", gap), ("end_margin", end_margin))
        if int(value) != value or value < 0
    ]
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


def _presence(
    levels: pd.DataFrame, level: str, minimum: float, period: Period, renamed: dict[str, str]
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "coalition": levels["coalition"].replace(renamed),
            "state": levels["state"],
            "cow": levels["cow"],
            "date": levels["date"],
            "level": levels[level],
            "number": period_number(levels["date"], period).astype("int64"),
        }
    )
    present = frame[(frame["level"] >= minimum).fillna(False).to_numpy(dtype=bool)]
    if present.empty:
        raise DataError(f"no row reaches the minimum of {minimum:g} in column {level!r}")
    by = ["coalition", "state", "number"]
    return (
        present.groupby(by, sort=True)
        .agg(
            cow=("cow", "first"),
            begin=("date", "min"),
            date=("date", "max"),
            level=("level", "max"),
        )
        .reset_index()
    )
