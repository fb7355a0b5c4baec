"""The part of the report on what counts as defection."""

from __future__ import annotations

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.sets import place_of
from coalition_models.models.term_labels import general_label
from coalition_models.record import sources_of
from coalition_models.report.figures.profiles import plot_profile
from coalition_models.report.figures.readings import plot_readings
from coalition_models.report.figures.style import Plot
from coalition_models.report.html import Claim, Listing, Section, Shown
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.parts._defection_tables import defection_frames, defection_tables
from coalition_models.report.product import Product
from coalition_models.sensitivity.defection_counts import DefectionAnalysis, analyse_defections
from coalition_models.sensitivity.rules import RuleComparison

__all__ = [
    "PART",
    "defection_products",
    "defection_sections",
    "defection_sources",
]


def defection_products(analysis: DefectionAnalysis) -> Product:
    """Make every table and figure of the part on defection.

    Names start with ``defection_``, so that they can stand beside those of other parts.
    """
    frames = defection_frames(analysis)
    tables = defection_tables(analysis, frames)
    profiles = (
        "cm.plot.profile(cm.operational_profile(cm.facts('iraq').members)"
        f'.query("state in {_partial_cutters(analysis)}"), title="Iraq")'
    )
    return Product(tables, frames, _figures(analysis), {"defection_profiles": profiles})


def _figures(analysis: DefectionAnalysis) -> dict[str, Plot]:
    iraq = analysis.sets["iraq"].profile
    figures = {
        f"defection_readings_{name}": plot_readings(found, title=f"Readings: {place_of(name)}")
        for name, found in analysis.readings.items()
        if found.estimates["hazard_ratio"].notna().any()
    }
    if iraq is not None:
        some = iraq[(iraq["coalition"] == "iraq") & iraq["state"].isin(_partial_cutters(analysis))]
        if len(some):
            figures["defection_profiles"] = plot_profile(some, title="Iraq")
    return figures


def _partial_cutters(analysis: DefectionAnalysis, most: int = 4) -> list[str]:
    """States of Iraq with the most defections short of leaving, by any named rule."""
    traced = analysis.traced
    partial = traced[(traced["coalition"] == "iraq") & (traced["kind"] == "partial_cut")]
    counts = partial["state"].value_counts().rename_axis("state").reset_index(name="n")
    ranked = counts.sort_values(["n", "state"], ascending=[False, True])
    return list(ranked["state"].head(most))


def defection_sections(analysis: DefectionAnalysis, product: Product) -> list[Section]:
    """Write the part on defection: headings with text, tables and figures."""
    tables, figures = product.tables, product.figures
    parts: list[Shown] = [
        "The coding of the outcome is the argument. Each rule below is a fixed set of choices; "
        "what the sources leave open is a choice of its own.",
        Listing(_claims(analysis)),
        tables["defection_small_falls"],
        tables["defection_rules"],
        tables["defection_named"],
        tables["defection_named_estimates"],
    ]
    if "defection_profiles" in figures:
        parts.append(
            (
                figures["defection_profiles"],
                "Strength by month of the members in Iraq with the most coded cuts; hatching: "
                "there, but of unknown strength; pale: an observation more than a year old.",
            )
        )
    readings: list[Shown] = []
    for name in analysis.readings:
        readings.append(tables[f"defection_readings_{name}"])
        readings.append(tables[f"defection_readings_{name}_span"])
        if f"defection_readings_{name}" in figures:
            readings.append(
                (
                    figures[f"defection_readings_{name}"],
                    f"Hazard ratios under every reading of the table above: {place_of(name)}. A "
                    "reading has no mark where the model could not be estimated under it.",
                )
            )
    for name, reason in analysis.absent.items():
        readings.append(f"The set {name} is not here: {reason}.")
    return [
        Section("What counts as defection", parts),
        Section("Readings of the quartile method", readings),
        Section(
            "Every coded defection and its sources",
            [
                Claim(
                    f"{len(analysis.traced)} dates of defections in Iraq and ISAF are traced to "
                    "their rows and sources.",
                    [("every one of them", "traces.html#table-defection_traced")],
                ),
                tables["defection_set_aside"],
            ],
        ),
        Section(
            "Data sheets of the sets used here",
            [tables[f"defection_sheet_{name}"] for name in analysis.sets],
        ),
    ]


def findings(analysis: DefectionAnalysis) -> list[str]:
    """Say in words what the comparison shows."""
    sentences = []
    ends = analysis.falls[analysis.falls["level"] == "end"]
    for name, below, falls, share, cut in zip(
        ends["set"],
        ends["below"],
        ends["falls"],
        ends["share"],
        ends["upper_quartile_percent"],
        strict=True,
    ):
        most = "most" if share > 0.5 else "not most"
        sentences.append(
            f"{name}: {below} of {falls} yearly falls ({100 * share:.0f}%) are below 200 persons, "
            f"so {most} are. By per cent the upper quartile begins at {cut:.0f}%."
        )
    for name, found in {"named rules, Iraq": analysis.named, **_named_readings(analysis)}.items():
        events = found.counts["events"]
        sentences.append(
            f"{name}: between {events.min()} and {events.max()} events by rule. {_spans(found)}"
        )
    return sentences


def _claims(analysis: DefectionAnalysis) -> list[Claim]:
    """The findings, each with its rows and sources."""
    falls = len(analysis.falls[analysis.falls["level"] == "end"])
    counted = ["defection_named", *(f"defection_readings_{name}" for name in analysis.readings)]
    estimated = [
        "defection_named_estimates",
        *(f"defection_readings_{name}_span" for name in analysis.readings),
    ]
    links = [[("falls", "#table-defection_small_falls")]] * falls + [
        [("events", f"#table-{one}"), ("ratios", f"#table-{other}")]
        for one, other in zip(counted, estimated, strict=True)
    ]
    behind = [("cases", "traces.html#table-defection_traced"), ("sources", "#sources")]
    return [
        Claim(sentence, [*rows, *behind])
        for sentence, rows in zip(findings(analysis), links, strict=True)
    ]


def _named_readings(analysis: DefectionAnalysis) -> dict[str, RuleComparison]:
    return {
        f"{len(found.counts)} readings, {place_of(name)}": found
        for name, found in analysis.readings.items()
    }


def _spans(found: RuleComparison) -> str:
    span = found.span.reset_index()
    texts = [
        f"{general_label(term)}: hazard ratio {low:.2f} to {high:.2f}, p < 0.05 in {few} of {rules}"
        for term, low, high, few, rules in zip(
            span["term"],
            span["lowest"],
            span["highest"],
            span["below_0.05"],
            span["rules"],
            strict=True,
        )
    ]
    return "; ".join(texts) + "." if texts else "No rule could be fitted."


def defection_sources(analysis: DefectionAnalysis) -> list[str]:
    """Names of the tables that the part rests on, for the list of sources."""
    names = [name for one in analysis.sets.values() for name in sources_of(one.panel)]
    return list(dict.fromkeys(names))


def _analyse(run: Run) -> DefectionAnalysis:
    def analysed() -> DefectionAnalysis:
        iraq = run.once("set iraq", lambda: analysis_set("iraq"))
        return analyse_defections(iraq=iraq, workers=run.workers)

    return run.once("defections", analysed)


def _about(analysis: DefectionAnalysis) -> str:
    events = analysis.named.counts["events"]
    return (
        f"{len(analysis.named.counts)} rules modelled on the literature find between "
        f"{events.min()} and {events.max()} events in Iraq; every defection stands here with "
        "its sources, and what it does to the findings."
    )


def _pages(analysis: DefectionAnalysis, product: Product) -> list[Page]:
    return [
        Page(
            "defections.html",
            "What counts as defection, and how much it matters",
            "The same facts under rules after the literature, and under every reading of the "
            "quartile method.",
            defection_sections(analysis, product),
            defection_sources(analysis),
        ),
        Page(
            "traces.html",
            "Every coded defection, with the rows and sources behind it",
            "Iraq and ISAF; a line per defection and date, with the rules that count it. The table "
            "sorts by its headings.",
            [Section("Traced defections", [product.tables["defection_traced"]])],
            defection_sources(analysis),
        ),
    ]


PART = Part(
    name="defections",
    title="What counts as defection",
    order=20,
    analyse=_analyse,
    about=_about,
    product=defection_products,
    pages=_pages,
    sources=defection_sources,
)
