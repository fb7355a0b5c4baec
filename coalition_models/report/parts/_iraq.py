"""What only the facts on the coalition in Iraq let one say on its page."""

from __future__ import annotations

import pandas as pd

from coalition_models.designs.first_look import FirstLook
from coalition_models.report.periods import coalition_years, in_words, last_out, mandate_end
from coalition_models.sources.load import load

__all__ = ["PLACE", "TERMS", "TITLE", "afterwards", "lead", "limits", "mandate_end", "question"]

PLACE = "Iraq"
TITLE = "Who left the coalition in Iraq early?"
TERMS = (
    "They are those of the first version of this analysis; "
    "no record shows that they were chosen before estimation. The measure of "
    "leader_change was amended later, after results had been seen (see the amendments "
    "of the plan in hypotheses/report.html beside this page)."
)


def lead() -> str:
    """The line below the title."""
    return (
        f"A first analysis of the Multi-National Force in Iraq, {coalition_years('iraq')}, by "
        "member and month."
    )


def question(look: FirstLook) -> list[str]:
    """What is asked, of which data."""
    counts = look.counts.iloc[0]
    return [
        f"{counts['states']} states other than the United States sent contingents to Iraq, in "
        f"{counts['spells']} spells; {counts['events']} of these ended early: the main "
        f"contingent left before the mandate's end of {in_words(mandate_end())}, and not at the "
        "end of a term fixed on deployment. Which members left, and when?",
        f"A row is a member in a month at risk ({counts['rows']} rows). Every entry and exit "
        "carries its source in the table of participation. Early exit is one form of defection "
        "only; cuts, caveats and moves out of danger are not counted here.",
    ]


def afterwards(look: FirstLook) -> str:
    """Why the picture goes on when the analysis has ended."""
    last = last_out(_members(look))
    return (
        f"The analysis ends with the mandate, on {in_words(mandate_end())}; the picture goes on, "
        f"since the last partner's main force stayed until {in_words(last['partner'])} and the "
        f"lead state's until {in_words(last['lead'])}."
    )


def _members(look: FirstLook) -> pd.DataFrame:
    return load("participation") if look.members is None else look.members


def _spain(members: pd.DataFrame) -> str:
    """Why the moment of knowledge matters, with the dates of the facts."""
    exit_day = members.loc[members["state"] == "ESP", "exit"].iloc[0]
    leaders = load("leaders").query("state == 'ESP' and office == 'effective'")
    before = leaders[leaders["start"] <= exit_day].sort_values("start").iloc[-1]
    return (
        "Features are as of the start of the month. Spain shows what that means: its new leader "
        f"took office on {in_words(before['start'])} and the contingent left on "
        f"{in_words(exit_day)}, so the change counts only in the column as of the period's end, "
        "where every row also knows its own month."
    )


def limits(look: FirstLook, early: int, others: int) -> list[str]:
    """What the reader should hold against the analysis, with its numbers."""
    main = look.fits["Cox"]
    missing = sum(main.counts.dropped.values())
    return [
        f"{missing} of {main.counts.rows_given} rows have no known election calendar and are "
        "left out of the models. Undated deaths enter on 1 January of the next year.",
        _spain(_members(look)),
        f"A fair reader could code {early} of the early exits otherwise, and count "
        f"{others} other spells as early.",
        f"All estimates rest on {main.counts.events} exits among {main.counts.clusters[0]} "
        "states. They describe; they do not show that one thing caused another.",
    ]
