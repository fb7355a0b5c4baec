"""Pages on the contested claims: every combination of choices, and which one turns the sign."""

from __future__ import annotations

from coalition_models.about import __version__
from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.analysis import HypothesisAnalysis
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.render import Table, format_p
from coalition_models.report.html import Listing, Section, page
from coalition_models.report.periods import coalition_years
from coalition_models.report.product import Product
from coalition_models.report.style import Plot
from coalition_models.sources.citations import cite

__all__ = ["contested_claims", "contested_page", "contested_summary"]

Part = str | Table | Listing | tuple[Plot, str]

#: claim of the table of verdicts -> what each contested claim is about
_TESTED_AS = {"elections": "H01", "democracy": "H17"}

_OPENINGS = {
    "elections": (
        "Tago (2009) finds that national elections speed up exit, by state and month; Mello "
        "(2020), by leader, finds those who left early to have faced an election rarely. Which of "
        "the choices behind the two (unit, window, date of exit) turns the sign?"
    ),
    "democracy": (
        "Gartzke and Gleditsch (2004) argue that democracies are less reliable allies, Leeds "
        "(2003) that they are more so. Which choice (unit, measure of democracy, date of exit) "
        "turns the sign of democracy in these coalitions?"
    ),
}


def contested_claims(analysis: HypothesisAnalysis) -> list[str]:
    """Contested claims that have a page."""
    return [claim for claim in _OPENINGS if claim not in analysis.absent]


def contested_summary(analysis: HypothesisAnalysis) -> list[Part]:
    """What the page on all claims says of the contested ones."""
    parts: list[Part] = []
    for claim, opening in _OPENINGS.items():
        parts.append(opening)
        if claim in analysis.absent:
            parts.append(f"Not looked at: {analysis.absent[claim]}.")
            continue
        parts.append(_across_sets(analysis.verdicts, claim))
        for _, found in _variants(analysis, claim):
            parts.append(Listing(tuple(found.findings()[:1])))
        parts.append(
            f"The page contested_{claim}.html beside this one has every combination and says which "
            "choice turns the sign."
        )
    return parts


def contested_page(analysis: HypothesisAnalysis, product: Product, claim: str) -> str:
    """Write the page on one contested claim, self-contained."""
    sections = [
        Section("The question", [_OPENINGS[claim], _across_sets(analysis.verdicts, claim)]),
    ]
    for name, found in _variants(analysis, claim):
        key = f"contested_{name}"
        parts: list[Part] = [Listing(tuple(found.findings()))]
        if key in product.figures:
            choice = found.choices[1]
            caption = (
                f"Each mark is one combination of unit, date and {choice}: a hazard ratio for "
                "state-months, an odds ratio for leaders, all on one scale. Lines: 95% interval, "
                "for leaders from the cells, else the one that agrees with the p-value."
            )
            parts.append((product.figures[key], caption))
        parts += [product.tables[f"{key}_flips"], product.tables[key]]
        sections.append(Section(_heading(found.coalition), parts))
    used = ["participation", "coalitions", "elections", "leaders"]
    if claim == "democracy":
        used += [name for name in ("polity5", "democracy-bmr") if name in analysis.sources]
    sections.append(Section("Sources", [Listing(tuple(cite(*used).text.splitlines()))]))
    return page(
        f"A contested claim: {claim}",
        "The same facts under every combination of the choices behind two literatures.",
        sections,
        f"Made by coalition_models {__version__}; the folder tables beside this page has all "
        "numbers.",
    )


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
        f"{format_ratio(row['ratio'])} in {row['data_set']} (p {format_p(row['p_value'])})"
        for row in rows.to_dict("records")
    )
    return f"The registered test ({_TESTED_AS[claim]}) gives a ratio of {ratios}."
