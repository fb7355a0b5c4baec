"""Tables as the paper prints them: few columns, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalition_models.designs.frequencies import Frequencies
from coalition_models.designs.sets import place_of
from coalition_models.render import Table
from coalition_models.sensitivity.rules import RuleComparison
from coalition_models.sources.codebook import feature_labels

__all__ = ["FORMS", "OUTCOMES", "forms_table", "rates_table", "readings_table"]

FORMS = {
    "full": "Full exit",
    "partial_cut": "Cut of the contingent",
    "re_role": "Lighter role",
    "relocation": "Move out of danger",
    "caveat": "New caveat",
}
OUTCOMES = {"early": "Early exit", "every defection": "Every defection"}


def _span(row: Mapping[Any, Any], what: str) -> str:
    return f"{row[f'{what}_low']:.1f} to {row[f'{what}_high']:.1f}"


def rates_table(found: Frequencies) -> Table:
    """Defections in 100 member-years by coalition, with what is unsure apart."""
    rows: list[list[str]] = []
    heads = []
    for outcome, part in found.table.groupby("outcome", sort=False):
        heads.append(len(rows))
        rows.append([OUTCOMES.get(str(outcome), str(outcome)), *[""] * 8])
        for row in part.to_dict("records"):
            rows.append(
                [
                    place_of(str(row["coalition"])), str(row["states"]), f"{row['years']:.0f}",
                    str(row["events"]), f"{row['rate']:.1f}",
                    *(_span(row, what) for what in ("sampling", "coding", "dating", "conf")),
                ]
            )  # fmt: skip
    header = ["", "States", "Years", "Events", "Rate", "Sampling", "Coding", "Dating", "All"]
    notes = (
        "Rate: in 100 member-years. Sampling: 95% limits, the wider of exact ones and of limits "
        "from drawing states. Coding: fewest and most that a fair reader could count. Dating: "
        "announced and last days, and days known by the year as far apart and as near as they can "
        "be. All: the widest sampling limits under any of these. Definitions of early exit follow "
        "each mandate and are not alike in all coalitions.",
    )
    return Table(header, rows, "How often members leave early, and defect", notes, heads=heads)


def forms_table(found: Frequencies) -> Table:
    """Every defection by its form."""
    part = found.table[found.table["outcome"] == "every defection"]
    total = max(int(part["events"].sum()), 1)
    rows = [
        [
            FORMS.get(str(row["form"]), str(row["form"])), str(row["events"]),
            f"{100 * row['events'] / total:.0f}%", f"{row['rate']:.1f}", _span(row, "conf"),
        ]
        for row in part.to_dict("records")
    ]  # fmt: skip
    return Table(
        ["", "Events", "Share", "Rate", "All that is unsure"],
        rows,
        "The forms of defection, all coalitions together",
        ("Rate: in 100 member-years, with all that is unsure (sampling, coding and dating).",),
    )


def readings_table(found: RuleComparison) -> Table:
    """How far each term's hazard ratio moves with the rule of defection."""
    labels = feature_labels()
    rows = [
        [
            _words(str(row["term"]), labels), f"{row['lowest']:.2f}", f"{row['highest']:.2f}",
            f"{row['below_0.05']} of {row['rules']}",
        ]
        for row in found.span.reset_index().to_dict("records")
    ]  # fmt: skip
    events = found.counts["events"]
    return Table(
        ["", "Lowest ratio", "Highest ratio", "p below 0.05"],
        rows,
        f"Hazard ratios in Iraq under {len(events)} rules of defection",
        (
            f"The rules, modelled on the literature, find {events.min()} to {events.max()} events. "
            "Clustered by state, normal reference: p-values are too small on average.",
        ),
    )


def _words(term: str, labels: Mapping[str, str]) -> str:
    words = labels.get(term, term)
    return words.replace("{window}", "six months")
