"""Pages on the contested claims: every combination of choices, and which one turns the sign."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

import pandas as pd

from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.analysis import HypothesisAnalysis, analyse_hypotheses
from coalition_models.hypotheses.claims import select
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.render import format_p
from coalition_models.report.figures.verdicts import plot_contested
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.in_words import set_words, spells_in_words
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.parts._contested_tables import (
    closely,
    evidence_frames,
    evidence_tables,
    fact_pages,
)
from coalition_models.report.parts._democracy_lines import democracy_lines
from coalition_models.report.parts._front_lines import contested_lines
from coalition_models.report.periods import coalition_years
from coalition_models.report.product import Product

__all__ = [
    "PART",
    "contested_claims",
    "contested_page",
    "contested_products",
    "contested_summary",
    "tested_claims",
]

#: claim of the table of verdicts -> what each contested claim is about
_TESTED_AS = {"elections": "H01", "democracy": "H17"}

_OPENINGS = {
    "elections": (
        "Tago (2009) finds that national elections speed up exit, by state and month; Mello "
        "(2020), by leader, finds those who left early to have faced an election rarely. Which of "
        "the choices behind the two (unit and comparison, side and window, date of exit, which "
        "exits count) turns the sign?"
    ),
    "democracy": (
        "Gartzke and Gleditsch (2004) argue that democracies are less reliable allies, Leeds "
        "(2003) that they are more so. Which choice (unit, measure of democracy, date of exit) "
        "turns the sign of democracy in these coalitions?"
    ),
}

_READING = {
    "elections": (
        "An election ahead is known when a month begins. One behind or around is not a predictor: "
        "a decision that follows an election may follow from its outcome, and 'around' counts "
        "elections that were not yet held next to those that were. It is an account of outcomes.",
        "Leaders leave office at elections; mandates do not end at them. So those who left early "
        "are compared once with leaders whom the mandate's end found in office, and once with all "
        "other ends, as comparative studies do. The second comparison is in no joint test, since "
        "calendars cannot be exchanged where cases end by the calendar.",
        "That decisions in Iraq lie on either side of an election, and not ahead of one only, was "
        "seen before the sides were listed here: in Iraq it is a finding after the fact.",
    ),
    "democracy": (
        "All units read the state's regime in the month: of a leader, that of the last day in "
        "office or in the coalition. A state counts as exposed if it is a democracy then, by "
        "Polity or by Boix, Miller and Rosato.",
    ),
}
_DATES = (
    "Exits are dated in three ways: 'announced' is the day of the decision (the departure where "
    "none is known), 'main' the day on which the main contingent left, 'last' that of the last "
    "soldier."
)
#: sets on which no result had been seen when the choices were listed
_CONFIRM = ("unosom2", "rsm")


def tested_claims(run: Run) -> HypothesisAnalysis:
    """All tests of the claims, made once for the parts that show them."""
    return run.once("claims", lambda: analyse_hypotheses(workers=run.workers))


def contested_products(analysis: HypothesisAnalysis) -> Product:
    """Make tables and figures of the contested claims: ``contested_*``, with what they hang on."""
    frames, tables, figures = {}, {}, {}
    for name, found in analysis.contested.items():
        more = evidence_frames(found)
        frames[f"contested_{name}"] = found.table
        frames |= {f"contested_{name}_{what}": frame for what, frame in more.items()}
        tables[f"contested_{name}"] = closely(found).to_table()
        shown = evidence_tables(found, more)
        tables |= {f"contested_{name}_{what}": table for what, table in shown.items()}
        if (found.table["sign"] != "").any():
            figures[f"contested_{name}"] = plot_contested(
                found, title=f"{found.claim.capitalize()}, {place_of(found.coalition)}"
            )
    return Product(tables, frames, figures)


def contested_claims(analysis: HypothesisAnalysis) -> list[str]:
    """Contested claims that have a page."""
    return [claim for claim in _OPENINGS if claim not in analysis.absent]


def contested_summary(analysis: HypothesisAnalysis) -> list[Shown]:
    """What the page on all claims says of the contested ones."""
    parts: list[Shown] = []
    for claim, opening in _OPENINGS.items():
        parts.append(opening)
        if claim in analysis.absent:
            parts.append(f"Not looked at: {analysis.absent[claim]}.")
            continue
        parts.append(_across_sets(analysis.verdicts, claim))
        for _, found in _variants(analysis, claim):
            parts.append(Listing((found.findings()[0], *found.in_short())))
        parts.append(
            f"The page contested_{claim}.html beside this one has every combination and says which "
            "choice turns the sign."
        )
    return parts


def contested_page(analysis: HypothesisAnalysis, product: Product, claim: str) -> Page:
    """Make the page on one contested claim."""
    sections = [
        *_in_short(analysis, claim),
        Section("The question", [_OPENINGS[claim], _across_sets(analysis.verdicts, claim)]),
        Section(
            "How to read it",
            [
                *_READING[claim],
                _DATES,
                Listing((*confirmations(analysis, claim), *without_section(analysis, claim))),
            ],
        ),
    ]
    sections += [
        Section(_heading(found.coalition), _shown(found, f"contested_{name}", product))
        for name, found in _variants(analysis, claim)
    ]
    return Page(
        f"contested_{claim}.html",
        f"A contested claim: {claim}",
        "The same facts under every combination of the choices behind two literatures.",
        sections,
        _sources_of(analysis, claim),
        wide=False,
    )


def _in_short(analysis: HypothesisAnalysis, claim: str) -> list[Section]:
    """The lines of the front page on this claim."""
    lines = (contested_lines if claim == "elections" else democracy_lines)(analysis.contested)
    told = [replace(line, text=f"{heading}. {line.text}") for heading, line in lines]
    return [Section("In short", [Listing(told)])] if told else []


def _shown(found: Contested, key: str, product: Product) -> list[Shown]:
    """What the page has on one coalition."""
    findings = tuple(spells_in_words(text) for text in found.findings())
    parts: list[Shown] = [*found.in_short(), Listing(findings)]
    if key in product.figures:
        caption = (
            "Each mark is one combination, early exits only: a hazard ratio for state-months, an "
            "odds ratio for leaders, all on one scale. Lines: 95% interval, for leaders from the "
            "cells, else that of the rule of verdicts (CR3 and Student's t; the profile where "
            "Firth's penalty is needed), as everywhere on this page."
        )
        parts.append((product.figures[key], caption))
    for name, table in product.tables.items():
        if name.startswith(f"{key}_"):
            parts.append(table)
        if name == f"{key}_wanted":
            parts.append(Listing(fact_pages(found.evidence.wanted.facts)))
    return [*parts, product.tables[key]]


def confirmations(analysis: HypothesisAnalysis, claim: str) -> list[str]:
    """What the sets say that no result had been seen on, as it came out.

    One sentence per set, on the same combination in each: state-months, decisions, two months
    around (or the first measure), early exits.
    """
    if claim != "elections":
        return []
    sentences = []
    for _, found in _variants(analysis, claim):
        table, first = found.table, found.table.iloc[0]
        if found.coalition not in _CONFIRM:
            continue
        rows = table[(table["unit"] == first["unit"]) & (table["date"] == first["date"])
                     & (table["outcome"] == "early") & table["window"].eq(2)]  # fmt: skip
        told = "; ".join(f"{row['side']} {_ratio_of(row)}" for row in found_intervals(found, rows))
        sentences.append(
            f"{place_of(found.coalition)}, no result of which had been seen: decisions within two "
            f"months, by month: {told}."
        )
    return sentences


def without_section(analysis: HypothesisAnalysis, claim: str) -> list[str]:
    """Why a set of whole coalitions has no section: its exits are those of sets that have one."""
    shown = {found.coalition for _, found in _variants(analysis, claim)}
    sentences = []
    for name, exits in analysis.pooled.items():
        if not shown or not set(exits) <= shown:
            continue
        each = [f"{count} of {place_of(coalition)}" for coalition, count in exits.items()]
        told = " and ".join([", ".join(each[:-1]), each[-1]] if len(each) > 1 else each)
        sentences.append(
            f"The set {name} has no section: its {sum(exits.values())} early exits are {told}, "
            "which have one each; a pool would count each decision twice."
        )
    return sentences


def found_intervals(found: Contested, rows: pd.DataFrame) -> list[dict[Hashable, object]]:
    """Combinations with their limits."""
    return found.with_intervals().loc[rows.index].to_dict("records")


def _ratio_of(row: Mapping[Hashable, object]) -> str:
    if row["problem"]:
        return f"no ratio ({row['problem']})"
    return (
        f"{row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f}, "
        f"{row['exposed_events']:.0f} of {row['events']} exits exposed)"
    )


def _sources_of(analysis: HypothesisAnalysis, claim: str) -> list[str]:
    used = ["participation", "coalitions", "elections", "leaders"]
    if claim == "democracy":
        used += [name for name in ("polity5", "democracy-bmr") if name in analysis.sources]
    return used


def _heading(coalition: str) -> str:
    return f"{place_of(coalition)}, {coalition_years(coalition)}"


def _variants(analysis: HypothesisAnalysis, claim: str) -> list[tuple[str, Contested]]:
    return [(name, one) for name, one in analysis.contested.items() if one.claim == claim]


def _across_sets(verdicts: Verdicts, claim: str) -> str:
    """The registered test's ratios over the data sets, in a sentence."""
    table = verdicts.table
    rows = table[(table["claim"] == _TESTED_AS[claim]) & (table["verdict"] != "untestable")]
    if rows.empty:
        return f"The registered test ({_TESTED_AS[claim]}) could be made on no data set at hand."
    ratios = ", ".join(
        f"{format_ratio(row['ratio'])} in {set_words(row['data_set'])} (p "
        f"{format_p(row['p_value'])})"
        for row in rows.to_dict("records")
    )
    named = select([_TESTED_AS[claim]])[0]
    return (
        f"The registered test ({named.id}, {named.name}: {named.term.replace('_', ' ')} "
        f"{'with' if named.controls else 'without'} controls, exits dated by departure) gives a "
        f"ratio of {ratios}. It is another look than those below, on the same exits."
    )


def _pages(analysis: HypothesisAnalysis, product: Product) -> list[Page]:
    return [contested_page(analysis, product, claim) for claim in contested_claims(analysis)]


def _sources(analysis: HypothesisAnalysis) -> list[str]:
    claims = contested_claims(analysis)
    return list(dict.fromkeys(name for one in claims for name in _sources_of(analysis, one)))


def _about(analysis: HypothesisAnalysis) -> str:
    counts = [
        f"{claim} in {place_of(one.coalition)}"
        for claim in contested_claims(analysis)
        for _, one in _variants(analysis, claim)
    ]
    return (
        "Claims on which the literature disagrees, under every combination of the choices behind "
        f"it, and which of them turns the sign: {', '.join(counts)}."
    )


PART = Part(
    name="contested",
    title="The contested claims",
    order=40,
    analyse=tested_claims,
    about=_about,
    product=contested_products,
    pages=_pages,
    sources=_sources,
    folder="hypotheses",
    lines=lambda analysis: [
        *contested_lines(analysis.contested),
        *democracy_lines(analysis.contested)[:1],
    ],
)
