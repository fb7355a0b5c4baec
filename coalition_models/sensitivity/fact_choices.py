"""Choices of facts and panel, whatever the term: dates, kinds of exit, wind-up, size, clock."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import pandas as pd

from coalition_models.members.facts import Facts
from coalition_models.sensitivity.choices import Dimension, Option, Setting

__all__ = ["clocks", "fact_choices"]


def fact_choices(facts: Facts, *, peak: float = 100, wind_up: int = 3) -> list[Dimension]:
    """List the choices that are of facts and panel alone, whatever the term.

    Examples
    --------
    >>> import coalition_models as cm
    >>> [one.name for one in fact_choices(cm.facts("iraq"))]
    ['dates', 'contested', 'kinds', 'exit_date', 'wind_up', 'peak_at_least']
    """
    assert facts.members is not None
    rows = {column: column in facts.members.columns for column in _NEEDED}
    return [
        *([_confidence()] if rows["exit_confidence"] else []),
        *([_contested()] if rows["exit_kind_alt"] else []),
        _kinds(),
        *([_exit_dates(rows["last_personnel"])] if rows["announced"] else []),
        _panel_option("wind_up", (0, "equivalent", ""),
                      (wind_up, "uncertain", "exits in the agreed wind-up are not counted")),
        *([_panel_option("peak_at_least", (0, "equivalent", ""),
                         (peak, "uncertain", "a sample chosen by what is known afterwards"))]
          if rows["peak_troops"] else []),
    ]  # fmt: skip


def clocks() -> Dimension:
    """Time since a member's entry, or since the coalition began.

    Examples
    --------
    >>> clocks().labels
    ('entry', 'coalition')
    """
    return _panel_option(
        "clock",
        ("entry", "equivalent", ""),
        ("coalition", "equivalent", "members are compared within a month"),
    )


_NEEDED = ("exit_confidence", "exit_kind_alt", "announced", "last_personnel", "peak_troops")


def _confident(facts: Facts) -> Facts:
    """Facts in which spells with a date of low or medium confidence are not followed."""
    members = cast("pd.DataFrame", facts.members)
    columns = [c for c in ("entry_confidence", "exit_confidence") if c in members.columns]
    doubtful = members[columns].isin(["low", "medium"]).any(axis=1)
    doubtful &= members["exit_kind"] != "leader"
    reason = pd.Series(None, index=members.index, dtype=object).mask(doubtful, "date not certain")
    return facts.replace(members=members.assign(left_out=reason))


def _read(facts: Facts, reading: str) -> Facts:
    """Facts in which contested exits are early in neither reading, or in either."""
    members = cast("pd.DataFrame", facts.members)
    kind, other = members["exit_kind"], members["exit_kind_alt"]
    alone = kind.eq("early") & other.notna() & other.ne("early").fillna(False)
    if reading == "strict":
        return facts.replace(members=members.assign(exit_kind=kind.mask(alone, other)))
    recoded = kind.mask(other.eq("early").fillna(False).astype(bool), "early")
    return facts.replace(members=members.assign(exit_kind=recoded))


def _confidence() -> Dimension:
    def high(setting: Setting) -> Setting:
        return setting.replace(facts=setting.once(_confident, cast("Facts", setting.facts)))

    return Dimension(
        "dates",
        [
            Option("all", _same),
            Option("high confidence", high, "uncertain", "spells whose dates are certain"),
        ],
    )


def _contested() -> Dimension:
    def reading(setting: Setting, which: str) -> Setting:
        return setting.replace(facts=setting.once(_read, cast("Facts", setting.facts), which))

    return Dimension(
        "contested",
        [
            Option("main", _same),
            Option("strict", partial(reading, which="strict"), "uncertain",
                   "early only where no fair reader says otherwise"),
            Option("lenient", partial(reading, which="lenient"), "uncertain",
                   "early where any fair reader says so"),
        ],
    )  # fmt: skip


def _same(setting: Setting) -> Setting:
    return setting


def _with(setting: Setting, name: str, value: object) -> Setting:
    return setting.assign(options=(*setting["options"], (name, value)))


def _kinds() -> Dimension:
    return Dimension(
        "kinds",
        [
            Option("early", partial(_with, name="exit_kinds", value=("early",))),
            Option(
                "early or scheduled",
                partial(_with, name="exit_kinds", value=("early", "scheduled")),
                "not equivalent",
                "a term that is not renewed is an end, not a defection",
            ),
        ],
    )


def _exit_dates(last: bool) -> Dimension:
    options = [
        Option("main", partial(_with, name="exit_date", value="main"), "equivalent",
               "the main contingent is out"),
        Option("announced", partial(_with, name="exit_date", value="announced"), "equivalent",
               "the decision; where it is not known, the main date"),
    ]  # fmt: skip
    if last:
        options.append(
            Option("last", partial(_with, name="exit_date", value="last"), "uncertain",
                   "the last person: months after the decision")
        )  # fmt: skip
    return Dimension("exit_date", options)


def _panel_option(name: str, *options: tuple[object, str, str]) -> Dimension:
    return Dimension(
        name,
        [
            Option(cast("Any", value), partial(_with, name=name, value=value), standing, note)
            for value, standing, note in options
        ],
    )
