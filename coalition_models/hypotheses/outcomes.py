"""Outcomes that no set has by itself: as registered, and a set of spells recoded to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from coalition_models.defection.named_rules import named_rule
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.members.timing import DATE_COLUMN
from coalition_models.record import keep_record

__all__ = ["Outcome", "base_of", "labelled", "parse_outcome", "recoded"]

_BETWEEN = ": "
_FIELDS = ("words", "rule", "date")


@dataclass(frozen=True)
class Outcome:
    """How a set of spells is recoded to another outcome.

    Attributes
    ----------
    name : str
        As claims list it.
    words : str
        What the event is.
    rule : str
        Name of the rule whose defections, the first of a spell, are the events; or empty.
    date : str
        Date of exit that is the event's; exits without it are censored. Empty with a rule.
    """

    name: str
    words: str
    rule: str = ""
    date: str = ""


def parse_outcome(name: str, entry: Mapping[str, object]) -> Outcome:
    """Read an outcome of the file of claims.

    Raises
    ------
    DataError
        Unknown fields, neither a rule nor a date, or both; an unknown rule or date.

    Examples
    --------
    >>> parse_outcome("late exit", {"words": "the last person left", "date": "last"}).rule
    ''
    """
    unknown = [key for key in entry if key not in _FIELDS]
    found = Outcome(name, **{key: str(entry.get(key, "")) for key in _FIELDS})
    if unknown or not found.words or bool(found.rule) == bool(found.date):
        raise DataError(
            f"outcome {name}: needs words, and a rule or a date; unknown "
            f"{first_few(unknown) or 'nothing'}"
        )
    if found.rule:
        named_rule(found.rule)
    elif found.date not in DATE_COLUMN:
        raise DataError(
            f"outcome {name}: date must be one of {', '.join(DATE_COLUMN)}, not {found.date!r}"
        )
    return found


def labelled(data_set: str, outcome: str) -> str:
    """Name of a set under another outcome.

    Examples
    --------
    >>> labelled("iraq", "any defection")
    'iraq: any defection'
    """
    return f"{data_set}{_BETWEEN}{outcome}"


def base_of(label: str) -> tuple[str, str]:
    """The set and the outcome of a label; no outcome where it is a set's own name.

    Examples
    --------
    >>> base_of("iraq: any defection"), base_of("iraq")
    (('iraq', 'any defection'), ('iraq', ''))
    """
    data_set, _, outcome = label.partition(_BETWEEN)
    return data_set, outcome


def recoded(found: AnalysisSet, outcome: Outcome) -> AnalysisSet:
    """A set of spells under another outcome.

    Its events are those of the set in another form, so that estimates on it are not combined with
    others.

    Parameters
    ----------
    found : AnalysisSet
    outcome : Outcome

    Raises
    ------
    DataError
        If the set is made of rows and not of spells.
    CoverageError
        If a rule would find exits alone, since no changes are coded.

    Examples
    --------
    >>> from coalition_models.designs.analysis_sets import analysis_set
    >>> known = Outcome("announced exit", "the exit was announced", date="announced")
    >>> recoded(analysis_set("iraq", features=False), known).name
    'iraq: announced exit'
    """
    if outcome.rule and found.changes is None and found.facts is not None:
        raise CoverageError(
            f"needs coded changes of strength, task, place and caveats, which {found.name} lacks: "
            f"{outcome.name} would be its exits alone"
        )
    if outcome.rule:
        panel, note = found.recode(outcome.rule, how="first"), ""
    else:
        panel, note = _dated_only(found.dated(outcome.date), outcome.date)
    record = replace(
        found.record,
        name=labelled(found.name, outcome.name),
        event=outcome.name,
        outcome=outcome.words,
        about="member-{period}; {outcome}",
        apart=True,
    )
    return replace(found, record=record, panel=panel, note=note)


def _dated_only(panel: pd.DataFrame, date: str) -> tuple[pd.DataFrame, str]:
    """Events that have this date; the others, which have the main one, are censored on it."""
    happened = panel["event"] == 1
    without = happened & (panel["exit_dated_by"] != date)
    out = panel.assign(event=panel["event"].where(~without, 0))
    keep_record(out, panel)
    known = int(happened.sum() - without.sum())
    return out, f"; dated so: {known} of {int(happened.sum())}, the others are censored at the exit"
