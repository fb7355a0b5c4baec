"""Sentences on whether democracies leave early: found in Iraq, how sure, on what it hangs."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.contested_cells import UNITS
from coalition_models.render import format_p
from coalition_models.report.html import Claim
from coalition_models.report.in_words import word
from coalition_models.report.part import HEADINGS

__all__ = ["democracy_lines"]

_MAIN = "democracy_iraq"
_PAGE = "contested_democracy.html"


def democracy_lines(contested: Mapping[str, Contested]) -> list[tuple[str, Claim]]:
    """Democracy: found in Iraq, how sure, and which choice turns the sign; none without a source.

    Examples
    --------
    >>> democracy_lines({})
    []
    """
    if _MAIN not in contested:
        return []
    iraq = contested[_MAIN]
    others = [one for one in contested.values() if one.claim == "democracy" and one is not iraq]
    name = f"contested_{_MAIN}"
    lines = [
        (HEADINGS[0], _found(iraq), {f"figure-{name}": "picture", f"table-{name}": "combinations"}),
        (HEADINGS[1], _sure(iraq, others), {f"table-{name}_joint": "joint test"}),
        (HEADINGS[2], _depends(iraq), {f"table-{name}_flips": "which choice turns the sign"}),
    ]
    return [
        (heading, Claim(text, [(title, f"{_PAGE}#{at}") for at, title in links.items()]))
        for heading, text, links in lines
        if text
    ]


def _by_decision(found: Contested) -> pd.DataFrame:
    """State-months, early exits dated by decision: one row per measure."""
    table = found.with_intervals()
    return table[
        (table["unit"] == UNITS[0]) & (table["date"] == "announced")
        & (table["outcome"] == "early") & (table["problem"] == "")
    ]  # fmt: skip


def _ratios(rows: pd.DataFrame) -> str:
    told = [
        f"{row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f}) by "
        f"{word(str(row['measure']))}"
        for row in rows.to_dict("records")
    ]
    return " and ".join(told)


def _found(iraq: Contested) -> str:
    rows = _by_decision(iraq)
    if rows.empty:
        return ""
    apart = (rows["ratio_low"] > 1) | (rows["ratio_high"] < 1)
    answer = "by one measure only it can be told from chance"
    if not apart.any():
        answer = "not to be told from chance"
    elif apart.all():
        answer = "less likely" if (rows["ratio"] < 1).all() else "yes, by each measure"
    counts = [f"{row['exposed_events']:.0f} of {row['events']}" for row in rows.to_dict("records")]
    shares = " and ".join(dict.fromkeys(counts))
    return (
        f"Are democracies likelier to leave early in {place_of(iraq.coalition)}: {answer}. "
        f"Decisions come {_ratios(rows)} times as often in democracies as in other members; "
        f"{shares} early exits are those of democracies."
    )


def _sure(iraq: Contested, others: list[Contested]) -> str:
    joint = iraq.evidence.joint
    if joint.empty:
        return ""
    rows = joint[joint["family"] == "all listed"].set_index("statistic")["p_value"]
    told = [
        f"{place_of(one.coalition)} {_ratios(_by_decision(one))}"
        for one in others
        if len(_by_decision(one))
    ]
    return (
        f"All {int(joint['specifications'].iloc[0])} combinations listed on democracy together: p "
        f"{format_p(float(rows['median z']))} for the median z, "
        f"{format_p(float(rows['largest z in size']))} for the largest z. The same look in other "
        f"coalitions: {'; '.join(told) or 'none at hand'}."
    )


def _depends(iraq: Contested) -> str:
    flips = iraq.flips()
    counts = flips[flips["pairs"] > 0].groupby("choice", sort=False)[["flips", "pairs"]].sum()
    if counts.empty:
        return ""
    if not counts["flips"].any():
        pairs = int(counts["pairs"].sum())
        return f"No choice alone turns the sign, in {pairs} pairs of combinations."
    share = (counts["flips"] / counts["pairs"]).sort_values(ascending=False, kind="stable")
    told = ", ".join(
        f"{name} in {counts.loc[name, 'flips']} of {counts.loc[name, 'pairs']} pairs"
        for name in share.index
    )
    return f"Which choice turns the sign when it alone is changed: {told}."
