"""Pages on the contested claims: every combination of choices, and which one turns the sign."""

from __future__ import annotations

from coalition_models.hypotheses.analysis import HypothesisAnalysis, analyse_hypotheses
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.render import Table, format_p, frame_table
from coalition_models.report.figures.verdicts import plot_contested
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.part import Page, Part, Run
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
        "the choices behind the two (unit, window, date of exit) turns the sign?"
    ),
    "democracy": (
        "Gartzke and Gleditsch (2004) argue that democracies are less reliable allies, Leeds "
        "(2003) that they are more so. Which choice (unit, measure of democracy, date of exit) "
        "turns the sign of democracy in these coalitions?"
    ),
}


def tested_claims(run: Run) -> HypothesisAnalysis:
    """All tests of the claims, made once for the parts that show them."""
    return run.once("claims", lambda: analyse_hypotheses(workers=run.workers))


def contested_products(analysis: HypothesisAnalysis) -> Product:
    """Make tables and figures of the contested claims: ``contested_*``, with their flips."""
    frames, tables, figures = {}, {}, {}
    for name, found in analysis.contested.items():
        frames[f"contested_{name}"] = found.table
        frames[f"contested_{name}_flips"] = found.flips()
        tables[f"contested_{name}"] = found.to_table()
        tables[f"contested_{name}_flips"] = _flips_table(found)
        if (found.table["sign"] != "").any():
            figures[f"contested_{name}"] = plot_contested(
                found, title=f"{found.claim}, {found.coalition}"
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
            parts.append(Listing(tuple(found.findings()[:1])))
        parts.append(
            f"The page contested_{claim}.html beside this one has every combination and says which "
            "choice turns the sign."
        )
    return parts


def contested_page(analysis: HypothesisAnalysis, product: Product, claim: str) -> Page:
    """Make the page on one contested claim."""
    sections = [
        Section("The question", [_OPENINGS[claim], _across_sets(analysis.verdicts, claim)]),
    ]
    for name, found in _variants(analysis, claim):
        key = f"contested_{name}"
        parts: list[Shown] = [Listing(tuple(found.findings()))]
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
    return Page(
        f"contested_{claim}.html",
        f"A contested claim: {claim}",
        "The same facts under every combination of the choices behind two literatures.",
        sections,
        _sources_of(analysis, claim),
        wide=False,
    )


def _sources_of(analysis: HypothesisAnalysis, claim: str) -> list[str]:
    used = ["participation", "coalitions", "elections", "leaders"]
    if claim == "democracy":
        used += [name for name in ("polity5", "democracy-bmr") if name in analysis.sources]
    return used


_PLACES = {"iraq": "Iraq", "isaf": "Afghanistan (ISAF)"}


def _heading(coalition: str) -> str:
    return f"{_PLACES.get(coalition, coalition)}, {coalition_years(coalition)}"


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


def _flips_table(found: Contested) -> Table:
    return frame_table(
        found.flips(),
        title=f"{found.claim}, {found.coalition}: which choice turns the sign",
        digits=2,
        notes=(
            "pairs: of combinations that differ in this choice only; clear_flips: with both ratios "
            "more than a tenth away from one; both_significant: with p < 0.05 on both sides.",
        ),
    )


def _pages(analysis: HypothesisAnalysis, product: Product) -> list[Page]:
    return [contested_page(analysis, product, claim) for claim in contested_claims(analysis)]


def _sources(analysis: HypothesisAnalysis) -> list[str]:
    claims = contested_claims(analysis)
    return list(dict.fromkeys(name for one in claims for name in _sources_of(analysis, one)))


def _about(analysis: HypothesisAnalysis) -> str:
    counts = [
        f"{claim} in {_PLACES.get(one.coalition, one.coalition)}"
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
)
