"""What counts as the event of a set: exits of some kinds, or any defection; by which date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from coalition_models.defection.named_rules import named_rule
from coalition_models.defection.outcome import not_at_risk, panel_events
from coalition_models.defection.rules import DefectionRule
from coalition_models.designs.set_record import SetRecord
from coalition_models.errors import DataError
from coalition_models.members.facts import Facts
from coalition_models.members.panel import dated_by
from coalition_models.members.timing import DATE_COLUMN

__all__ = [
    "ANY_RULE",
    "MOST_MIXED",
    "OUTCOMES",
    "REGISTERED",
    "Choices",
    "announced_shares",
    "any_rule",
    "check_outcome",
    "refuse_mixed_clocks",
    "told_of_outcome",
    "with_any_defection",
]

#: outcome -> kinds of exit that are its events; of any defection a rule says more
OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "early": ("early",),
    "early or scheduled": ("early", "scheduled"),
    "any defection": ("early",),
}
#: the rule behind any defection: exits coded early and every change coded as unplanned
ANY_RULE = "mcinnis-coded"
#: share of events that may be dated by another clock than the one asked for
MOST_MIXED = 1 / 3

_WORDS = {
    "early or scheduled": "the main contingent left early, or at the end of a fixed term that was "
    "not renewed",
    "any defection": f"the first defection of any form: an early exit, or a cut, another task, "
    f"another area or a caveat not coded as planned ({ANY_RULE})",
}


@dataclass(frozen=True)
class Choices:
    """What was asked for when a set was made."""

    features: bool | tuple[str, ...] = True
    peak_at_least: float = 0
    until: str | pd.Timestamp | None = None
    outcome: str = "early"
    exit_date: str = "main"

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of exit that count as events."""
        return OUTCOMES[self.outcome]

    @property
    def plain(self) -> bool:
        """Whether the event is the registered one."""
        return (self.outcome, self.exit_date) == ("early", "main")

    @property
    def cut(self) -> bool:
        """Whether rows after an event that is no exit are gone."""
        return self.outcome == "any defection"


#: what a set is where nothing is asked for
REGISTERED = Choices()


def check_outcome(record: SetRecord, facts: Facts, choices: Choices) -> None:
    """Refuse an outcome that a set's facts cannot tell.

    Raises
    ------
    DataError
        An outcome or date that there is not; scheduled exits where none is coded, defections in
        part where no changes are.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.designs.sets import set_record
    >>> check_outcome(set_record("iraq"), cm.facts("iraq"), Choices(outcome="any defection"))
    """
    for what, value, known in (
        ("outcome", choices.outcome, OUTCOMES),
        ("exit_date", choices.exit_date, DATE_COLUMN),
    ):
        if value not in known:
            raise DataError(f"{what} must be one of {', '.join(known)}, not {value!r}")
    name, members = record.name, facts.members
    kinds = set() if members is None else set(members["exit_kind"])
    if "scheduled" in choices.kinds and "scheduled" not in kinds:
        raise DataError(
            f"no exit of {name!r} is coded as scheduled, so that 'early or scheduled' is 'early' "
            "there; take outcome='early'"
        )
    if choices.cut and facts.changes is None:
        raise DataError(
            f"changes of strength, task, area and rules are not coded in {name!r}, so that a "
            "defection in part cannot be told; take outcome='early', or facts with changes"
        )


def announced_shares(panel: pd.DataFrame) -> pd.DataFrame:
    """Events of each kind, and how many of them are dated by their announcement.

    Parameters
    ----------
    panel : DataFrame
        Built with ``exit_date="announced"``. A defection in part is dated by its own day.

    Returns
    -------
    DataFrame
        By kind: ``events, announced``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("isaf"), exit_date="announced")
    >>> int(announced_shares(panel).loc["early", "events"])
    6
    """
    events = panel[panel["event"] == 1]
    full = pd.Series(True, index=events.index)
    kind = events["exit_kind"]
    if "cause" in events.columns:
        full = events["cause"] == "full"
        kind = kind.where(full, events["cause"])
    by = ((events["exit_dated_by"] == "announced") & full).groupby(kind)
    return pd.DataFrame({"events": by.size(), "announced": by.sum()})


def refuse_mixed_clocks(name: str, panel: pd.DataFrame) -> str:
    """Say how many events are dated by their announcement; refuse where too few are.

    Returns
    -------
    str
        ``early 8 of 8``, say; empty where exits are not dated so.

    Raises
    ------
    DataError
        If more than a third would be dated by another clock.

    Examples
    --------
    >>> import coalition_models as cm
    >>> refuse_mixed_clocks("isaf", cm.build_panel(cm.facts("isaf")))
    ''
    """
    if dated_by(panel) != "announced":
        return ""
    known = announced_shares(panel)
    said = ", ".join(f"{kind} {a} of {n}" for kind, n, a in known.itertuples(name=None))
    total, dated = int(known["events"].sum()), int(known["announced"].sum())
    if total and (total - dated) / total > MOST_MIXED:
        raise DataError(
            f"events of {name!r} dated by announcement would mix two clocks: known is that of "
            f"{said}, so that {1 - dated / total:.0%} would count from another day; take "
            "exit_date='main', an outcome whose announcements are known, or members with the "
            "column announced filled in"
        )
    return said


def told_of_outcome(record: SetRecord, choices: Choices, announced: str) -> SetRecord:
    """The record with its outcome in words, and what is known of announcements.

    Examples
    --------
    >>> from coalition_models.designs.sets import set_record
    >>> told_of_outcome(set_record("iraq"), Choices(outcome="any defection"), "").event
    'any defection'
    """
    if choices.outcome != "early":
        record = replace(
            record,
            event="any defection" if choices.cut else "early or scheduled exit",
            outcome=_WORDS[choices.outcome],
            about="member-{period}; {outcome}",
        )
    if not announced:
        return record
    text = (
        f"Exits are dated by the first announcement that was carried out, where it is known: "
        f"{announced}; the others by their own day. Announcements are the softest dates here."
    )
    return replace(record, limits=(*record.limits, text))


def with_any_defection(
    panel: pd.DataFrame, defections: pd.DataFrame
) -> tuple[pd.DataFrame, list[str]]:
    """The panel up to each spell's first defection, and the defections that fall in no row."""
    coded = panel_events(panel, defections)
    return coded, not_at_risk(coded)


def any_rule(exit_date: str) -> DefectionRule:
    """The rule of any defection with exits dated in this way.

    Examples
    --------
    >>> any_rule("announced").exit_date
    'announced'
    """
    return replace(named_rule(ANY_RULE), exit_date=exit_date)
