"""Departures from routine that may be defections: exits, coded changes, falls in strength."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from coalition_models.defection.rules import DefectionRule
from coalition_models.defection.withdrawals import significant_withdrawals, withdrawals
from coalition_models.members.spell_checks import spell_labels
from coalition_models.members.timing import DATE_COLUMN, ExitDate, usable_dates
from coalition_models.record import keep_record

__all__ = [
    "CHANGE_KINDS",
    "Falls",
    "SetAside",
    "change_candidates",
    "exit_candidates",
    "exit_dates",
    "sizes_of",
    "text_of",
    "unplanned",
]

_KEY = ["coalition", "state"]
_SPELL = [*_KEY, "spell"]
#: change in the facts -> kind of defection
CHANGE_KINDS = {
    "drawdown": "partial_cut",
    "re_role": "re_role",
    "relocation": "relocation",
    "caveat_tightened": "caveat",
}


@dataclass
class SetAside:
    """Candidates that a rule does not count, each with the reason."""

    rows: list[dict[str, str]] = field(default_factory=list)

    def add(self, frame: pd.DataFrame, what: pd.Series | str, reason: str) -> None:
        """Record candidates that do not count."""
        names = pd.Series(what, index=frame.index, dtype="object")
        self.rows += [
            {"candidate": f"{label} {name}", "reason": reason}
            for label, name in zip(spell_labels(frame), names, strict=True)
        ]


class Falls:
    """Falls in strength of one profile, worked out once for each way to take a strength."""

    def __init__(self, profile: pd.DataFrame) -> None:
        self._profile = profile
        self._known: dict[tuple[str, str, int], pd.DataFrame] = {}

    def lacks(self, spells: pd.DataFrame) -> list[str]:
        """Coalitions of the spells of which the profile has no row at all."""
        has = set(self._profile["coalition"]) if "coalition" in self._profile.columns else set()
        return [name for name in dict.fromkeys(spells["coalition"]) if name not in has]

    def of(self, rule: DefectionRule) -> pd.DataFrame:
        """Every fall, as the rule takes strengths."""
        way = (rule.every, rule.level, rule.dip)
        if way not in self._known:
            self._known[way] = withdrawals(
                self._profile, every=rule.every, level=rule.level, dip=rule.dip
            )
        falls = self._known[way]
        out = falls.copy()
        keep_record(out, falls)
        return out

    def ranked(self, rule: DefectionRule) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Every fall in strength, and those that the rule ranks, with ``significant``."""
        falls = self.of(rule)
        if rule.falls == "quartile":
            ranked = significant_withdrawals(
                falls,
                measure=rule.measure,
                quantile=rule.quantile,
                pooled=True if rule.pooled == "all" else "coalition",
                minimum=rule.minimum,
                drawdown_years=rule.drawdown_years,
            )
            return falls, ranked
        everything = significant_withdrawals(
            falls, quantile=0, minimum=rule.minimum, drawdown_years=rule.drawdown_years
        )
        persons = everything["persons"] >= rule.cut_persons
        percent = everything["percent"] >= rule.cut_percent
        everything["significant"] = {
            "either": persons | percent,
            "both": persons & percent,
            "persons": persons,
            "percent": percent,
        }[rule.measure]
        return falls, everything


def exit_dates(spells: pd.DataFrame, exit_date: ExitDate) -> pd.DataFrame:
    """Date each exit as a panel does, by month: ``date``, and ``dated_by`` for what dates it.

    All spells of a state must be there: its next one tells whether its last people left at all.

    Examples
    --------
    >>> import coalition_models as cm
    >>> lithuania = cm.load("participation").query("coalition == 'iraq' and state == 'LTU'")
    >>> exit_dates(lithuania, "last")["date"].dt.strftime("%Y-%m-%d").tolist()[0]
    '2007-08-02'
    """
    if exit_date == "main":
        return spells.assign(date=spells["exit"], dated_by="main")
    use = usable_dates(spells, exit_date, "month")
    other = spells[DATE_COLUMN[exit_date]]
    return spells.assign(
        date=spells["exit"].where(~use, other),
        dated_by=pd.Series("main", spells.index, dtype=object).where(~use, exit_date),
    )


def exit_candidates(spells: pd.DataFrame, rule: DefectionRule, aside: SetAside) -> pd.DataFrame:
    """Exits whose kind the rule counts, of spells dated by :func:`exit_dates`."""
    over = spells[spells["exit"].notna() & (spells["exit_kind"] != "ongoing")].copy()
    main = over["exit_kind"].isin(rule.exit_kinds)
    other = over["exit_kind_alt"] if "exit_kind_alt" in over.columns else over["exit_kind"]
    other = other.fillna(over["exit_kind"]).isin(rule.exit_kinds)
    counts = {
        "main": main,
        "alternative": other,
        "both": main & other,
        "either": main | other,
    }[rule.contested]
    text = over["exit_kind"].astype("object")
    aside.add(over[~counts], "exit coded " + text[~counts], "not a kind of exit that counts")
    return over[counts].assign(contested=(main != other)[counts])


def change_candidates(
    changes: pd.DataFrame, spells: pd.DataFrame, rule: DefectionRule, aside: SetAside
) -> pd.DataFrame:
    """Coded changes within a spell, with the spell and the kind of defection they would be.

    Left out: changes of members that are not in the spells, changes outside any spell, and what
    was so from the start, which is no departure from routine (McInnis 2020, n. 150).
    """
    known = changes[changes["change"].isin(CHANGE_KINDS)].copy()
    known.attrs = {}
    known = known.assign(kind=known["change"].map(CHANGE_KINDS), change_row=known.index)
    pairs = known.merge(
        spells[[*_SPELL, "entry", "exit"]], on=_KEY, how="inner", suffixes=("", "_spell")
    )
    month, entry = pairs["date"].dt.to_period("M"), pairs["entry"].dt.to_period("M")
    inside = (pairs["date"] >= pairs["entry"]) & ~(pairs["date"] > pairs["exit"])
    start = inside & (month == entry)
    aside.add(pairs[start], _name(pairs[start]), "so from the start of the spell")
    found = pairs[inside & ~start]
    lost = known[
        known["change_row"].isin(pairs["change_row"])
        & ~known["change_row"].isin(pairs.loc[inside, "change_row"])
    ]
    aside.add(lost.assign(spell=0), _name(lost), "outside any spell")
    if not rule.risk_raising and "raises_own_risk" in found.columns:
        raised = (found["raises_own_risk"] == "yes").fillna(False).astype(bool)
        aside.add(found[raised], _name(found[raised]), "raised the member's own risk")
        found = found[~raised]
    out: pd.DataFrame = found.reset_index(drop=True)
    return out


def _name(changes: pd.DataFrame) -> pd.Series:
    names: pd.Series = (
        changes["change"].astype("object") + " " + changes["date"].dt.strftime("%Y-%m-%d")
    )
    return names


def sizes_of(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Strength before and size of the fall, missing where the frame does not know them."""
    empty = pd.Series(float("nan"), index=frame.index)
    return {
        name: frame[name].astype("float64") if name in frame.columns else empty
        for name in ("before", "persons", "percent")
    }


def text_of(frame: pd.DataFrame, column: str) -> pd.Series:
    """A column of text, empty where it is missing or absent."""
    if column not in frame.columns:
        return pd.Series("", index=frame.index)
    return frame[column].astype("object").fillna("")


def unplanned(planned: pd.Series, rule: DefectionRule) -> pd.Series:
    """Which codings of ``planned`` the rule reads as unplanned."""
    allowed = ["no", "unclear"] if rule.unclear == "unplanned" else ["no"]
    return planned.isin(allowed)
