"""When each spell is at risk: periods of entry, exit and origin, and the rows between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from coalition_models.errors import CoalitionWarning, DataError, counted, first_few, warn
from coalition_models.members.periods import Period, period_number, period_start
from coalition_models.members.spell_checks import one_state, spell_labels
from coalition_models.sources.state_periods import career

__all__ = [
    "DATE_COLUMN",
    "LEFT_OUT",
    "PANEL_COLUMNS",
    "Account",
    "Choices",
    "ExitDate",
    "expand",
    "select_spells",
    "time_spells",
    "usable_dates",
]

Clock = Literal["entry", "coalition"]
ExitDate = Literal["main", "announced", "last"]

#: column of members that says why a spell is not followed; empty where it is
LEFT_OUT = "left_out"
DATE_COLUMN = {"main": "exit", "announced": "announced", "last": "last_personnel"}
_TAKEN = "its periods belong to an earlier spell of the state"
_TOO_EARLY = "ended before the coalition began"
#: reasons for which an exit is lost, and how the warning puts them
_LOST = {
    _TAKEN: "an earlier spell of the same state takes the only period: {who}. A shorter period "
    "keeps them apart.",
    _TOO_EARLY: "the spell ended before the coalition began: {who}. Mend the dates, or count from "
    "the entry: clock='entry'.",
}
#: columns of every panel, in order
PANEL_COLUMNS = ["coalition", "state", "name", "cow", "spell", "entry", "period", "start", "stop"]
PANEL_COLUMNS += ["event", "exit_kind"]


@dataclass(frozen=True)
class Choices:
    """Every choice that shapes a panel; kept with it, so that a result can name them."""

    period: Period
    clock: Clock
    exit_date: ExitDate
    exit_kinds: tuple[str, ...]
    wind_up: int
    until: pd.Timestamp | None
    truncate_before: pd.Timestamp | None
    peak_at_least: float

    def as_dict(self) -> dict[str, object]:
        """Return the choices as plain data."""
        return {
            "period": self.period,
            "clock": self.clock,
            "exit_date": self.exit_date,
            "exit_kinds": list(self.exit_kinds),
            "wind_up": self.wind_up,
            "until": _day(self.until),
            "truncate_before": _day(self.truncate_before),
            "peak_at_least": self.peak_at_least,
        }


def _day(value: pd.Timestamp | None) -> str | None:
    return None if value is None else f"{value:%Y-%m-%d}"


@dataclass
class Account:
    """What was left out or changed on the way, and why."""

    dropped: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def drop(self, spells: pd.DataFrame, reason: str) -> None:
        """Record spells that are left out."""
        self.dropped += [{"spell": label, "reason": reason} for label in spell_labels(spells)]

    def note(self, spells: pd.DataFrame, text: str) -> None:
        """Record what was changed for some spells."""
        if len(spells):
            self.notes.append(f"{text}: {', '.join(spell_labels(spells))}")


def time_spells(
    spells: pd.DataFrame, table: pd.DataFrame, choices: Choices, account: Account
) -> pd.DataFrame:
    """Number the periods of entry, exit, origin and horizon, and mark the events."""
    unit = choices.period
    timed = spells.sort_values(["coalition", "state", "entry", "spell"], kind="stable")
    timed = timed.reset_index(drop=True)
    timed["entry_n"] = period_number(timed["entry"], unit).astype("int64")
    timed = _date_exits(timed, choices, account)
    last_day = timed["coalition"].map(_last_days(table, choices))
    timed["begin_n"] = timed["coalition"].map(period_number(table["start"], unit)).astype("Int64")
    timed["horizon_n"] = period_number(last_day, unit).astype("int64")
    timed["first_n"] = timed["entry_n"]
    # of one state, also where it bears two names
    groups = [timed["coalition"], one_state(timed)]
    # the last period of any earlier spell: one row per state and period, never two
    earlier = timed.groupby(groups)["exit_n"].shift().groupby(groups).cummax()
    follows = (timed["first_n"] <= earlier).fillna(False).to_numpy(dtype=bool)
    timed.loc[follows, "first_n"] = earlier[follows].astype("int64") + 1
    account.note(timed[follows], "at risk from the period after the previous spell ended")
    timed["origin_n"] = timed["entry_n"]
    left = timed["left_on"].dt.normalize()
    timed["before_start"] = False
    if choices.clock == "coalition":
        start = timed["coalition"].map(table["start"])
        clipped = (timed["first_n"] < timed["begin_n"]).to_numpy(dtype=bool)
        account.note(timed[clipped], "entry clipped to the coalition's start")
        timed["first_n"] = np.where(clipped, timed["begin_n"], timed["first_n"]).astype("int64")
        timed["origin_n"] = timed["begin_n"].astype("int64")
        timed["before_start"] = (left < start.dt.normalize()).to_numpy(dtype=bool)
    exit_n = timed["exit_n"].fillna(timed["horizon_n"] + 1).astype("int64")
    timed["last_n"] = np.minimum(exit_n, timed["horizon_n"])
    counts = timed["exit_kind"].isin(choices.exit_kinds)
    # at the edges the day decides, not the period that it falls into
    seen = (left <= last_day).to_numpy(dtype=bool)
    late = counts & ~seen & (exit_n == timed["horizon_n"]).to_numpy(dtype=bool)
    account.note(timed[late], "left after the last day of observation, censored in its period")
    silent = timed["exit_kind"] == "unknown"
    account.note(timed[silent], "not known whether or when it left, censored when last seen")
    timed["is_event"] = (counts & seen).astype("int64")
    timed["too_late"] = (timed["entry"].dt.normalize() > last_day).to_numpy(dtype=bool)
    return timed


def _date_exits(timed: pd.DataFrame, choices: Choices, account: Account) -> pd.DataFrame:
    """Choose the date of exit; fall back to the main date where the other is not usable."""
    unit = choices.period
    main = period_number(timed["exit"], unit)
    if choices.exit_date == "main":
        return timed.assign(exit_n=main, left_on=timed["exit"], exit_dated_by="main")
    usable = usable_dates(timed, choices.exit_date, unit)
    column = DATE_COLUMN[choices.exit_date]
    other = period_number(timed[column], unit)
    concerned = timed["exit_kind"].isin(choices.exit_kinds)
    use = (concerned & usable).to_numpy(dtype=bool)
    fallback = (concerned & ~usable).to_numpy(dtype=bool)
    account.note(timed[fallback], f"no usable {column} date, the main exit date is used")
    return timed.assign(
        exit_n=main.where(~use, other),
        left_on=timed["exit"].where(~use, timed[column]),
        exit_dated_by=np.where(use, choices.exit_date, "main"),
    )


def usable_dates(spells: pd.DataFrame, exit_date: ExitDate, unit: Period) -> pd.Series:
    """Whether the date chosen in place of the main one is known and in order, for each spell.

    An announcement lies between entry and exit; the last people leave no sooner than the main
    contingent, and before the state's next spell.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.load("participation").query("coalition == 'iraq' and exit_kind == 'early'")
    >>> int(usable_dates(iraq, "announced", "month").sum()), len(iraq)
    (20, 21)
    """
    column = DATE_COLUMN[exit_date]
    if column not in spells.columns:
        raise DataError(f"exit_date={exit_date!r} needs the column {column!r} in members")
    other, main = period_number(spells[column], unit), period_number(spells["exit"], unit)
    entry = period_number(spells["entry"], unit)
    if exit_date == "announced":
        usable = (other >= entry) & (other <= main)
    else:
        # a state whose last people stayed into its next spell never left in between
        ordered = spells.assign(n=entry).sort_values(["entry", "spell"], kind="stable")
        following = ordered.groupby(["coalition", "state"])["n"].shift(-1).reindex(spells.index)
        usable = (other >= main) & ~(following.notna() & (other > following))
    return usable.fillna(False).astype(bool)


def _last_days(table: pd.DataFrame, choices: Choices) -> pd.Series:
    """Last day at risk of each coalition."""
    last: pd.Series = table["mandate_end"].dt.normalize()
    if choices.wind_up:
        # whole periods are wound up, so that the last one left is whole too
        number = period_number(table["mandate_end"], choices.period) - choices.wind_up + 1
        known = number.notna().to_numpy(dtype=bool)
        after = period_start(number[known].to_numpy(dtype=np.int64), choices.period)
        last = last.copy()
        last[known] = pd.DatetimeIndex(after) - pd.Timedelta(days=1)
    if choices.until is not None:
        limit = choices.until.normalize()
        last = last.fillna(limit)
        last = last.where(last <= limit, limit)
    if last.isna().any():
        names = ", ".join(table.index[last.isna().to_numpy(dtype=bool)])
        raise DataError(f"the mandate of {names} is open: give until=, the last day of observation")
    return last


def select_spells(
    timed: pd.DataFrame, table: pd.DataFrame, choices: Choices, account: Account
) -> pd.DataFrame:
    """Leave out, with the reason, every spell that is not at risk in the window."""
    before = pd.Series(False, index=timed.index)
    if choices.truncate_before is not None:
        cut = int(period_number(pd.Series([choices.truncate_before]), choices.period).iloc[0])
        left = (timed["left_on"].dt.normalize() < choices.truncate_before.normalize()).to_numpy()
        before = (timed["last_n"] < cut) | left
        timed = timed.assign(first_n=timed["first_n"].clip(lower=cut))
    lead = timed["coalition"].map(table["lead_state"])
    is_lead = (timed["state"] == lead) | (timed["exit_kind"] == "leader")
    reasons = [(is_lead, "lead state, never at risk")]
    if LEFT_OUT in timed.columns:
        # still members, so that others have them as partners
        said = timed[LEFT_OUT].fillna("")
        reasons += [(said == why, str(why)) for why in dict.fromkeys(said[said != ""])]
    if choices.peak_at_least > 0:
        if "peak_troops" not in timed.columns:
            raise DataError("peak_at_least needs the column 'peak_troops' in members")
        peak = timed["peak_troops"]
        reasons += [
            (peak.isna(), "peak strength not known"),
            (peak < choices.peak_at_least, f"peak strength under {choices.peak_at_least:g}"),
        ]
    reasons += [
        (timed["too_late"], "entered after observation ended"),
        (before, "ended before observation begins"),
        ((timed["last_n"] < timed["origin_n"]) | timed["before_start"], _TOO_EARLY),
        (timed["last_n"] < timed["first_n"], _TAKEN),
    ]
    keep = pd.Series(True, index=timed.index)
    for wrong, reason in reasons:
        bad = keep & wrong.fillna(False).astype(bool)
        account.drop(timed[bad], reason)
        keep &= ~bad
        if reason in _LOST:
            _warn_of_lost_events(timed[bad & (timed["is_event"] == 1)], _LOST[reason])
    kept = timed[keep]
    if kept.empty:
        why = first_few(dict.fromkeys(d["reason"] for d in account.dropped))
        raise DataError(f"no member is at risk with these choices; left out because: {why}")
    return kept


def _warn_of_lost_events(lost: pd.DataFrame, why: str) -> None:
    if len(lost):
        warn(
            f"{counted(len(lost), 'exit', 'is', 'are')} not in the panel, because "
            + why.format(who=first_few(spell_labels(lost))),
            CoalitionWarning,
        )


def expand(spells: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """One row per spell and period."""
    first = spells["first_n"].to_numpy(dtype=np.int64)
    last = spells["last_n"].to_numpy(dtype=np.int64)
    length = last - first + 1
    which = np.repeat(np.arange(len(spells)), length)
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    number = first[which] + offset
    base = spells[["coalition", "state", "cow", "spell", "entry", "exit_kind"]]
    base = base.assign(name=_names(spells))
    if choices.exit_date != "main":
        base = base.assign(exit_dated_by=spells["exit_dated_by"])
    rows = base.iloc[which].reset_index(drop=True)
    rows["period"] = period_start(number, choices.period)
    rows["start"] = number - spells["origin_n"].to_numpy(dtype=np.int64)[which]
    rows["stop"] = rows["start"] + 1
    at_exit = number == last[which]
    rows["event"] = np.where(at_exit, spells["is_event"].to_numpy(dtype=np.int64)[which], 0)
    extra = [c for c in rows.columns if c not in PANEL_COLUMNS]
    rows = rows[[*PANEL_COLUMNS, *extra]].astype({"cow": "int64", "spell": "int64"})
    return rows.sort_values(["coalition", "state", "spell", "period"], ignore_index=True)


def _names(spells: pd.DataFrame) -> list[str]:
    """English names of states; those that the code table does not know keep what they have."""
    names = []
    for state, cow, day in zip(
        spells["state"], spells["cow"], spells["entry"].dt.date, strict=True
    ):
        past = career(int(cow), day)
        same = [p.name for p in past if p.iso3 == state]
        names.append(same[-1] if same else past[0].name if past else str(state))
    return names
