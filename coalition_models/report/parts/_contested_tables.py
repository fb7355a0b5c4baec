"""Tables on what a contested claim hangs on, for its page and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.contested_evidence import HEADLINE
from coalition_models.render import Table, frame_table
from coalition_models.report.html import Claim
from coalition_models.report.in_words import spells_in_words
from coalition_models.report.words import state_names

__all__ = ["closely", "evidence_frames", "evidence_tables", "fact_pages", "fact_words"]


def closely(found: Contested) -> Contested:
    """The combinations that a page lists: of elections those at the window of two months."""
    table = found.table
    if "window" in table.columns and table["window"].eq(HEADLINE).any():
        table = table[table["window"] == HEADLINE].reset_index(drop=True)
    return replace(found, table=table)


def evidence_frames(found: Contested) -> dict[str, pd.DataFrame]:
    """Flips, the split of the sign, and the evidence, by name of the file."""
    held = found.evidence
    frames = {
        "flips": found.flips(),
        "split": found.decomposition(),
        "endings": held.endings,
        "joint": held.joint,
        "falls": held.falls,
        "bounds": held.bounds,
        "decisions": held.decisions,
        "variance": held.wanted.split,
        "wanted": held.wanted.facts,
    }
    return {name: frame for name, frame in frames.items() if len(frame)}


def evidence_tables(found: Contested, frames: Mapping[str, pd.DataFrame]) -> dict[str, Table]:
    """The same for print, each with what its columns mean."""
    tables = {}
    for name, frame in frames.items():
        shown = _shown(name, frame)
        shown = shown.rename(columns=lambda column: str(column).replace("_", " "))
        title = f"{found.claim.capitalize()}, {place_of(found.coalition)}: {_TITLES[name]}"
        tables[name] = frame_table(shown, title=title, digits=2, notes=_NOTES[name])
    return tables


def _shown(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if name == "flips":
        frame = frame[frame["pairs"] > 0]
        return frame.assign(times=np.exp(frame["shift"])).drop(columns="shift")
    if name == "split":
        times = {
            "times": np.exp(frame["change"]),
            "lowest": np.exp(frame["least"]),
            "highest": np.exp(frame["most"]),
        }
        return frame[["path", "dimension", "from", "to"]].assign(**times)
    if name == "decisions":
        columns = ["announced", "exit", "election_before", "months_before", "snap_before",
                   "election_after", "months_after", "snap_after"]  # fmt: skip
        shown = frame[columns].assign(state=state_names(frame))[["state", *columns]]
        return _whole(shown, "months_before", "months_after")
    if name == "wanted":
        return _facts(frame.head(_TEN))
    if name == "falls":
        # of one coalition, whose name the events need not repeat
        frame = _whole(frame, "differ", "redated", "sets", "left_out").drop(columns="exact")
        which = (
            frame["left_out_which"]
            .astype("string")
            .str.replace(r"\b[\w-]+ (?=[A-Z]{3}-)", "", regex=True)
        )
        frame = frame.assign(
            left_out_which=which.fillna("").map(spells_in_words),
            redated_which=frame["redated_which"].fillna("").map(spells_in_words),
        )
    if name in ("falls", "bounds") and not frame["problem"].astype(bool).any():
        return frame.drop(columns="problem")
    return frame


def _whole(frame: pd.DataFrame, *counts: str) -> pd.DataFrame:
    """Counts without decimals, missing where there are none."""
    return frame.assign(**{one: pd.to_numeric(frame[one]).astype("Int64") for one in counts})


def fact_pages(frame: pd.DataFrame) -> list[Claim]:
    """The first facts to check, each with the pages behind it as links."""
    claims = []
    shown = frame.head(_TEN)
    for name, row in zip(state_names(shown), shown.to_dict("records"), strict=True):
        pages = str(row["source"]).split(" ; ")
        links = [(urlsplit(one).netloc, one) for one in pages if one.startswith("http")]
        other = [one for one in pages if one and not one.startswith("http")]
        text = f"{name}, {_FACTS[row['column']]}{': ' if other else ''}{'; '.join(other)}"
        claims.append(Claim(text, links))
    return claims


def _facts(frame: pd.DataFrame) -> pd.DataFrame:
    """Facts to check, as a reader looks them up."""
    return pd.DataFrame(
        {
            "state": state_names(frame),
            "departed": frame["departed"],
            "fact": frame["column"].map(_FACTS),
            "as_it_stands": frame["present"].str.replace("_", " ").replace("", "not known"),
            "known": frame["known"],
            "may_be": frame["range"].str.replace("_", " "),
            "lowest": np.exp(frame["lowest"].astype(float)),
            "highest": np.exp(frame["highest"].astype(float)),
            "share": [f"{one:.1%}" for one in frame["share"]],
        }
    )


def fact_words(frame: pd.DataFrame) -> list[str]:
    """Name facts to check: whose, of which departure, and what they may be.

    Examples
    --------
    >>> fact_words(pd.DataFrame({"state": ["ARM"], "column": ["announced"], "known": ["not at all"],
    ...     "range": ["2008-03-20 to 2008-10-06"], "departed": [pd.Timestamp("2008-10-06")]}))
    ['Armenia, day of the decision (departure 6 October 2008; known not at all): 2008-03-20 to
    2008-10-06']
    """
    return [
        f"{name}, {_FACTS[row['column']]} (departure {row['departed'].day} "
        f"{row['departed']:%B %Y}; known {row['known']}): {str(row['range']).replace('_', ' ')}"
        for name, row in zip(state_names(frame), frame.to_dict("records"), strict=True)
    ]


#: column of the facts -> what it says
_FACTS = {
    "exit_kind": "kind of exit",
    "announced": "day of the decision",
    "exit": "day of departure",
    "entry": "day of arrival",
}
_TEN = 10
_TITLES = {
    "flips": "which choice turns the sign",
    "split": "the gap between two ways to look, split over the choices",
    "endings": "how leaders' cases end, and how many exposed",
    "joint": "all listed combinations together",
    "falls": "how few decisions the finding hangs on",
    "bounds": "how strong a bias would have to be",
    "decisions": "early exits and the elections around them",
    "variance": "what makes the ratio unsure",
    "wanted": "which facts would help most",
}
_NOTES: dict[str, tuple[str, ...]] = {
    "flips": (
        "pairs: of combinations that differ in this choice only; clear flips: with both ratios "
        "more than a tenth away from one; both significant: with p < 0.05 on both sides; times: "
        "by what the second option multiplies the ratio, on average.",
    ),
    "split": (
        "times: by what the change multiplies the ratio, averaged over the orders in which the "
        "choices can be changed; lowest, highest: over these orders. The second change of unit is "
        "how comparison cases end.",
    ),
    "endings": (
        "exposed: on the last day with an election within the window, or as a democracy, by label.",
    ),
    "joint": (
        "State-months, and leaders against the ends of mandates; p: share of exchanges of whole "
        "calendars between states that are as extreme.",
    ),
    "falls": (
        "z: score by cluster, early exits dated by decision, and by departure; differ: decisions "
        "whose month is not that of departure; redated: fewest of them dated by departure before "
        "1.96 is crossed, and which; sets: how many sets of that size suffice; left out: fewest "
        "events censored, found one after the other.",
    ),
    "bounds": (
        "gamma: odds of exposure within a risk set at which p reaches 0.05; e value: ratio that an "
        "unmeasured cause needs with both exposure and exit.",
    ),
    "variance": (
        "Of the log hazard ratio of state-months (decisions, two months around an election): "
        "sampling is what is left when every fact is known.",
    ),
    "wanted": (
        "share: of the variance of that ratio, expected to go if this fact alone were known; "
        "known: how it is (in two readings: both are defensible, each as likely; by one coder: "
        "wrong as often as a second coder differed; not at all: a decision taken to lie between "
        "the departure and as long before it as three quarters of those known); may be: what else "
        "it can be; lowest, highest: the ratio over that. The ten first, with their pages below; "
        "the file has all.",
    ),
    "decisions": (
        "Elections before and after the announcement (the departure where none is known), months "
        "between, and whether called early: unknown where the facts do not say.",
    ),
}
