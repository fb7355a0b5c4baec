"""Tables on what a contested claim hangs on, for its page and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.contested_evidence import HEADLINE
from coalition_models.render import Table, frame_table
from coalition_models.report.words import state_names

__all__ = ["closely", "evidence_frames", "evidence_tables"]


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
        "wanted": held.wanted,
    }
    return {name: frame for name, frame in frames.items() if len(frame)}


def evidence_tables(found: Contested, frames: Mapping[str, pd.DataFrame]) -> dict[str, Table]:
    """The same for print, each with what its columns mean."""
    tables = {}
    for name, frame in frames.items():
        shown = _shown(name, frame)
        shown = shown.rename(columns=lambda column: str(column).replace("_", " "))
        title = f"{found.claim}, {found.coalition}: {_TITLES[name]}"
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
        return frame[columns].assign(state=state_names(frame))[["state", *columns]]
    if name in ("falls", "bounds") and not frame["problem"].astype(bool).any():
        return frame.drop(columns="problem")
    return frame


_TITLES = {
    "flips": "which choice turns the sign",
    "split": "the gap between two ways to look, split over the choices",
    "endings": "how leaders' cases end, and how many near an election",
    "joint": "all listed combinations together",
    "falls": "how few decisions the finding hangs on",
    "bounds": "how strong a bias would have to be",
    "decisions": "early exits and the elections around them",
    "wanted": "decisions not known to the day, by what a date would move",
}
_NOTES: dict[str, tuple[str, ...]] = {
    "flips": (
        "pairs: of combinations that differ in this choice only; clear_flips: with both ratios "
        "more than a tenth away from one; both_significant: with p < 0.05 on both sides; times: "
        "by what the second option multiplies the ratio, on average.",
    ),
    "split": (
        "times: by what the change multiplies the ratio, averaged over the orders in which the "
        "choices can be changed; lowest, highest: over these orders. The second change of unit is "
        "how comparison cases end.",
    ),
    "endings": ("exposed: with an election within the window on the last day.",),
    "joint": (
        "State-months, and leaders against the ends of mandates; p: share of exchanges of whole "
        "calendars between states that are as extreme.",
    ),
    "falls": (
        "z: score by cluster, early exits dated by decision, and by departure; redated: fewest "
        "decisions dated by departure before 1.96 is crossed; sets: how many sets of that size "
        "suffice; left_out: fewest events censored, found one after the other.",
    ),
    "bounds": (
        "gamma: odds of exposure within a risk set at which p reaches 0.05; e_value: ratio that an "
        "unmeasured cause needs with both exposure and exit.",
    ),
    "wanted": (
        "swing: largest change of the score z (two months around) as this decision alone is dated "
        "by its departure or, where it is not known, a usual time before it.",
    ),
    "decisions": (
        "Elections before and after the announcement (the departure where none is known), months "
        "between, and whether called early: unknown where the facts do not say.",
    ),
}
