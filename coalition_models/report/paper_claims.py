"""The paper's numbers, tables and figures on the literature's claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.analysis import HypothesisAnalysis
from coalition_models.hypotheses.result import format_ratio
from coalition_models.hypotheses.rule import DECIDED
from coalition_models.render import Table, format_p
from coalition_models.report.figures.verdicts import plot_contested, plot_verdicts
from coalition_models.report.in_words import set_words
from coalition_models.report.paper import Material

__all__ = ["claims_material", "contested_material"]

_VERDICTS = ("supported", "contradicted", "little effect", "inconclusive")
_SIGNS = {"+": "more", "-": "less", "": "either"}
#: tests with the smallest p-values that the text shows
_SHOWN = 10


def claims_material(analysis: HypothesisAnalysis) -> Material:
    """What the paper may say of the claims and their tests."""
    verdicts = analysis.verdicts
    table = verdicts.table
    tested = table[table["verdict"] != "untestable"]
    once = tested[tested["counted"].astype(bool)]
    able = once[once["reason"] == ""]
    counts = once["verdict"].value_counts()
    values = {
        "claims": str(table["claim"].nunique()),
        "run": str(int((verdicts.claims_run() > 0).sum())),
        "tests": str(len(once)),
        "sets": str(tested["data_set"].nunique()),
        "able": str(len(able)),
        "by_chance": f"{verdicts.expected_by_chance():.1f}",
        "level": f"{100 * verdicts.level:g}",
        "power": f"{100 * verdicts.power:g}",
        "size": f"{1 - verdicts.level:.2g}",
        "q": f"{verdicts.q:g}",
        "rule": verdicts.rule,
        "decided": _decided(once),
        "outright": str(int((once["strength"] == "outright").sum())),
        "pooled": str(len(verdicts.meta)),
        "pooled_small": str(int((verdicts.meta["random_p"] < 1 - verdicts.level).sum())),
        **{name.replace(" ", "_"): str(int(counts.get(name, 0))) for name in _VERDICTS},
    }
    figures = {
        "verdicts": (
            plot_verdicts(verdicts, untestable=False),
            "Claims by data set. Inconclusive does not mean no effect: with few events only large "
            "effects could have been found.",
        )
    }
    tables = {
        "counts": _counts(tested),
        "smallest": _tests(
            able.sort_values("p_value").head(_SHOWN),
            "The tests with the smallest p-values among those that the rule lets decide",
        ),
        "every": _tests(once, "Every distinct test"),
    }
    return Material(values, tables, figures, analysis.sources)


def _decided(once: pd.DataFrame) -> str:
    rows = once[once["verdict"].isin(DECIDED)]
    if rows.empty:
        return "No claim is supported or contradicted"
    said = [
        f"{row['name']} in {set_words(str(row['data_set']))} ({row['verdict']}, ratio "
        f"{format_ratio(row['ratio'])}, {row['strength'] or 'p only'})"
        for row in rows.to_dict("records")
    ]
    return f"Decided are: {'; '.join(said)}"


def _counts(tested: pd.DataFrame) -> Table:
    rows = []
    for name, part in tested.groupby("data_set", sort=False):
        found = part["verdict"].value_counts()
        rows.append(
            [set_words(str(name)), str(len(part)), *[str(int(found.get(v, 0))) for v in _VERDICTS]]
        )
    return Table(
        ["Data set", "Tests", *[v.capitalize() for v in _VERDICTS]],
        rows,
        "Verdicts by data set",
        ("Tests on an article's own cases are among these and not among the distinct tests.",),
    )


def _tests(rows: pd.DataFrame, title: str) -> Table:
    cells = [_test(row) for row in rows.to_dict("records")]
    header = ["Claim", "Data set", "Exits", "Expected", "Ratio", "Interval", "Jackknife", "Wild"]
    notes = (
        "Ratio: hazard or odds ratio from none to one of a term of two values, else for one "
        "standard deviation, with its 95% interval. Exits: events. Expected: more or less exit. "
        "Jackknife and wild: p-values of the jackknife over clusters and of the wild bootstrap; a "
        "dash where a test cannot be made. With an asterisk: a proxy of what the claim is about.",
    )
    return Table(header, cells, title, notes, "llrlrrrr")


def _test(row: Mapping[Any, Any]) -> list[str]:
    low, high = format_ratio(row["ratio_low"]), format_ratio(row["ratio_high"])
    return [
        f"{str(row['name']).capitalize()}{'*' if row['proxy'] else ''}",
        set_words(str(row["data_set"])),
        str(int(row["events"])),
        _SIGNS.get(str(row["sign"]), str(row["sign"])),
        format_ratio(row["ratio"]),
        f"{low} to {high}" if low and high else "",
        format_p(row["p_jackknife"]) or "\u2013",
        format_p(row["p_wild"]) or "\u2013",
    ]


def contested_material(analysis: HypothesisAnalysis) -> Material:
    """What the paper may say of the claims that the literature contests."""
    values: dict[str, str] = {}
    figures = {}
    for name, found in analysis.contested.items():
        known = found.table[found.table["sign"] != ""]
        if known.empty:
            continue
        above = known["sign"] == "+"
        small = known["p_value"] < 0.05
        values |= {
            f"{name}_combinations": str(len(known)),
            f"{name}_above": str(int(above.sum())),
            f"{name}_below": str(int((~above).sum())),
            f"{name}_small": str(int(small.sum())),
            f"{name}_turns": "\n".join(
                f"- {line}" for line in found.findings() if line.startswith("Changing the ")
            ),
            f"{name}_mello": " ".join(found.compare_mello()),
        }
        place = place_of(found.coalition)
        figures[name] = (
            plot_contested(found, title=f"{found.claim.capitalize()}, {place}"),
            f"{found.claim.capitalize()} in {place} under every combination of unit, date and "
            f"{found.choices[1]}, early exits only: a hazard ratio for state-months, an odds ratio "
            "for leaders. Lines: 95% intervals, cut at the frame.",
        )
    return Material(values, {}, figures, ("participation", "coalitions", "elections", "leaders"))
