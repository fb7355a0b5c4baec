"""What the page on frequencies says of forms and pressure, and of missions known by totals."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pandas as pd

from coalition_models.designs.form_effects import LEAST_EVENTS
from coalition_models.designs.sets import place_of
from coalition_models.errors import counted
from coalition_models.render import Table, format_p, frame_table

__all__ = ["TERMS", "form_findings", "forms_table", "mission_findings", "missions_table"]

#: what a term stands for -> its column; McInnis (2020): risk whether, pressure how
TERMS = {"risk": "log_deaths_12m", "pressure": "nato_member"}
_WORDS = {"risk": "own deaths in a year (log)", "pressure": "membership in NATO"}


def form_findings(effects: pd.DataFrame) -> list[str]:
    """Whether risk and pressure act on whether states defect, and on how."""
    sentences = []
    for (name, about), part in effects.groupby(["set", "about"], sort=False):
        rows = part.set_index("move").to_dict("index")
        whether, how = rows["any first defection"], rows["full against in part"]
        sentences.append(
            f"{place_of(str(name))}, {about} ({_WORDS[str(about)]}): on whether a member defects "
            f"at all {_told(whether)}; on how, leaving against defecting in part, {_told(how)}."
        )
    weak = effects[~effects["carries"] & effects["move"].str.contains(" to ")]
    told = [
        f"{place_of(str(name))}: {', '.join(_few(part))}"
        for name, part in weak.drop_duplicates(["set", "move"]).groupby("set", sort=False)
    ]
    if told:
        sentences.append(
            f"Moves with fewer than {LEAST_EVENTS} events, or without a finite estimate, carry "
            f"no verdict on a term ({'; '.join(told)}): they are shown and not leant on."
        )
    return sentences


def _few(part: pd.DataFrame) -> list[str]:
    return [f"{row['move']} {row['events']}" for row in part.to_dict("records")]


def _told(row: Mapping[Hashable, object]) -> str:
    events = counted(int(str(row["events"])), "event")
    if row["problem"]:
        return f"nothing can be estimated ({events})"
    return (
        f"ratio {row['ratio']:.2f} ({row['ratio_low']:.2f} to {row['ratio_high']:.2f}, "
        f"p {format_p(float(str(row['p_value'])))}, {events}"
        f"{'' if row['carries'] else ', too few to lean on'})"
    )


#: what messages of a fit say -> why there is no ratio
_REASONS = {
    "separation": "all or no events are exposed",
    "no finite maximum": "hangs on one state",
    "constant in": "the term does not vary",
}


def _why(problem: str) -> str:
    return next((why for part, why in _REASONS.items() if part in problem), "no estimate")


def forms_table(effects: pd.DataFrame) -> Table:
    """All moves and terms for print."""
    shown = (
        effects.drop(columns=["term"])
        .assign(
            exposed_events=effects["exposed_events"].round().astype("Int64"),
            carries=effects["carries"].map({True: "yes", False: "no"}),
            problem=["" if not text else _why(str(text)) for text in effects["problem"]],
        )
        .rename(columns={"problem": "why no ratio"})
    )
    return frame_table(
        shown.rename(columns=lambda name: str(name).replace("_", " ")),
        title="Whether and how: risk and pressure on each move",
        digits=2,
        notes=(
            f"risk: {_WORDS['risk']}; pressure: {_WORDS['pressure']}. Cox models with a baseline "
            "for each move, jackknife by state. full against in part: ratio of the two hazards' "
            "ratios, its events those of the rarer. carries: ten events or more and an estimate. "
            "why no ratio: all or no events are exposed (the estimate is infinite), it hangs on "
            "one state (without which it is), or the term does not vary among those at risk; the "
            "file has the message.",
        ),
    )


def mission_findings(missions: pd.DataFrame | None) -> list[str]:
    """Which missions of the United Nations were hollow or collapsed, by their totals."""
    if missions is None:
        return ["UN missions: not looked at, since un-mission-totals is not at hand."]
    judged = missions[missions["judged"]]
    hollow = judged[judged["hollow"].notna()]
    gone = judged[judged["collapsed"].notna()]
    named = [f"{row['mission']} {row['hollow']:%Y-%m}" for row in hollow.to_dict("records")]
    fell = [
        f"{row['mission']} {row['collapsed']:%Y-%m}"
        f"{' (a change of name)' if row['renaming'] else ''}"
        for row in gone.to_dict("records")
    ]
    sure = int((hollow["hollow_never"] == 0).sum())
    return [
        f"UN missions by their totals ({len(judged)} of {len(missions)} ever had a battalion): "
        f"{len(hollow)} were hollow before their wind-up ({', '.join(named) or 'none'}), {sure} of "
        f"them under every number tried; {len(gone)} lost their flags within a year "
        f"({', '.join(fell) or 'none'}). Contributors of officers count as flags there."
    ]


def missions_table(missions: pd.DataFrame) -> Table:
    """Missions that were judged, for print."""
    rows = missions[missions["judged"]].drop(columns=["judged", "months"])
    for name in ("hollow", "collapsed"):
        months = ["never" if day is None else f"{day:%Y-%m}" for day in rows[name]]
        rows = rows.assign(**{name: pd.Series(months, index=rows.index)})
    return frame_table(
        rows.rename(columns=lambda name: str(name).replace("_", " ")),
        title="UN missions by their totals",
        digits=0,
        notes=(
            "Strength of all, since no lead is told apart; never: in how many of the rules tried "
            "there is no such month.",
        ),
    )
