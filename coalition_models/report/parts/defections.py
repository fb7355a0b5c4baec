"""The part of the report on what counts as defection."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coalition_models.defection.rules import NAMED_RULES, list_rules
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.first_look import FORMULA
from coalition_models.members.timing import DATE_COLUMN
from coalition_models.record import sources_of
from coalition_models.render import Table, frame_table
from coalition_models.report.figures.profiles import plot_profile
from coalition_models.report.figures.readings import plot_readings
from coalition_models.report.figures.style import Plot
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.product import Product
from coalition_models.sensitivity.defection_counts import (
    FORMULA_UN,
    DefectionAnalysis,
    analyse_defections,
)
from coalition_models.sensitivity.rules import RuleComparison

__all__ = [
    "PART",
    "defection_products",
    "defection_sections",
    "defection_sources",
]

_KIND_COLUMNS = ["full", "partial_cut", "re_role", "relocation", "caveat"]
_TITLES = {"iraq": "Iraq", "un": "the UN's missions"}


def defection_products(analysis: DefectionAnalysis) -> Product:
    """Make every table and figure of the part on defection.

    Names start with ``defection_``, so that they can stand beside those of other parts.
    """
    frames = {
        "defection_rules": list_rules().reset_index(),
        "defection_small_falls": analysis.falls,
        "defection_named": _counts(analysis.named),
        "defection_named_estimates": analysis.named.estimates,
        "defection_named_changes": analysis.named.changes,
        "defection_traced": _dated(analysis),
        "defection_set_aside": analysis.set_aside,
    }
    for name, found in analysis.readings.items():
        frames[f"defection_readings_{name}"] = _counts(found)
        frames[f"defection_readings_{name}_span"] = found.span.reset_index()
        frames[f"defection_readings_{name}_estimates"] = found.estimates
        frames[f"defection_readings_{name}_changes"] = found.changes
    for name, one in analysis.sets.items():
        frames[f"defection_sheet_{name}"] = one.sheet
    return Product(tables=_tables(analysis, frames), frames=frames, figures=_figures(analysis))


def _counts(found: RuleComparison) -> pd.DataFrame:
    table = found.counts.drop(columns="sentence").reset_index()
    failed = found.estimates[found.estimates["failed"].fillna("") != ""]
    table["fitted"] = ["no" if rule in set(failed["rule"]) else "yes" for rule in table["rule"]]
    return table


def _tables(analysis: DefectionAnalysis, frames: Mapping[str, pd.DataFrame]) -> dict[str, Table]:
    counted = (
        "defections: coded under the rule; events: first defections of a spell that is at risk; "
        "gained and lost: against the first rule; fitted: whether the model could be estimated.",
    )
    tables = {
        "defection_rules": frame_table(frames["defection_rules"], title="Rules of defection"),
        "defection_small_falls": frame_table(
            frames["defection_small_falls"],
            title="Yearly falls in strength, and how many are below 200 persons",
            notes=(
                "level: how a year's strength is taken. full: falls at the end of a spell. "
                "pairs_unknown: pairs of successive years for one of which no strength is known.",
            ),
        ),
        "defection_named": frame_table(
            frames["defection_named"],
            title="Iraq under rules modelled on the literature",
            notes=(*_modelled_on(), *counted),
        ),
        "defection_named_estimates": frame_table(
            _estimates(analysis.named),
            title="Hazard ratios in Iraq under each rule",
            notes=(
                f"Cox, {FORMULA}; in brackets the 95% interval, clustered by state.",
                *_few_clusters(analysis.named),
            ),
        ),
        "defection_traced": frame_table(
            _trace(frames["defection_traced"]),
            title="Every defection coded in Iraq and ISAF, with the rows and sources behind it",
            notes=(
                "dated by: an exit that rules date differently has a row per date, one that all "
                "date alike has one; main: the main force was out; announced: the decision was "
                "made public; last: the last person was out; fall: the period in which strength "
                "fell; change: the day of the coded change.",
                "rules: the named rules that count it, by that date; persons: size of the fall, "
                "if known.",
            ),
            digits=0,
        ),
        "defection_set_aside": frame_table(
            _reasons(analysis.set_aside),
            title="Candidates that the default rule does not count (Iraq, ISAF)",
        ),
    }
    for name, found in analysis.readings.items():
        formula = FORMULA_UN if name == "un" else FORMULA
        tables[f"defection_readings_{name}"] = frame_table(
            frames[f"defection_readings_{name}"],
            title=f"{len(found.counts)} readings of the quartile method: {_TITLES[name]}",
            notes=(
                "A reading: measure, quantile (q), ranked over all coalitions or within each, "
                "last years left out (d).",
                *counted,
            ),
        )
        tables[f"defection_readings_{name}_span"] = frame_table(
            frames[f"defection_readings_{name}_span"],
            title=f"Hazard ratios over the readings: {_TITLES[name]}",
            notes=(
                f"Cox, {formula}; below_0.05: readings with p < 0.05, clustered by state.",
                *_few_clusters(found),
            ),
        )
    for name, one in analysis.sets.items():
        tables[f"defection_sheet_{name}"] = one.to_table()
    return tables


def _modelled_on() -> list[str]:
    """A line per article: which rules are modelled on it, and what of it was seen."""
    groups = list_rules().reset_index().groupby(["article", "seen"], sort=False)["name"]
    return [
        "The rules are our codings after these texts, none the authors' own:",
        *(f"{', '.join(names)}: {article} (seen: {seen})" for (article, seen), names in groups),
    ]


def _estimates(found: RuleComparison) -> pd.DataFrame:
    rows = found.estimates[found.estimates["term"].fillna("") != ""]
    text = [
        f"{ratio:.2f} [{low:.2f}, {high:.2f}]"
        for ratio, low, high in zip(
            rows["hazard_ratio"], rows["conf_low"], rows["conf_high"], strict=True
        )
    ]
    wide = rows.assign(text=text).pivot_table(
        index="rule", columns="term", values="text", aggfunc="first"
    )
    order = list(dict.fromkeys(rows["rule"]))
    terms = list(dict.fromkeys(rows["term"]))
    events = rows.drop_duplicates("rule").set_index("rule")["events"].astype("int64")
    out = wide.loc[order, terms].reset_index()
    out.columns.name = None
    out.insert(1, "events", events.loc[order].to_numpy())
    return out


def _few_clusters(found: RuleComparison, enough: int = 40) -> tuple[str, ...]:
    """Say so where the clustered intervals are too narrow on average."""
    fewest = found.estimates["clusters"].min()
    if not fewest < enough:
        return ()
    return (
        f"With {fewest:.0f} states clustered standard errors are too small on average, and with so "
        "few events the more so: read p-values as lower bounds.",
    )


def _dated(analysis: DefectionAnalysis) -> pd.DataFrame:
    """What was traced, with ``dated_by``: which of the dates of the facts each row's date is."""
    traced = analysis.traced
    key = ["coalition", "state", "spell"]
    members = pd.concat([one.members for one in analysis.sets.values()], ignore_index=True)
    facts = members.drop_duplicates(key).set_index(key)[list(DATE_COLUMN.values())]
    rows = facts.reindex(pd.MultiIndex.from_frame(traced[key]))
    same = {
        name: (rows[column].to_numpy() == traced["date"].to_numpy())
        for name, column in DATE_COLUMN.items()
    }
    words = [
        " and ".join(name for name, equal in same.items() if equal[i])
        if kind == "full"
        else ("fall" if rests_on.startswith("troops:") else "change")
        for i, (kind, rests_on) in enumerate(zip(traced["kind"], traced["rests_on"], strict=True))
    ]
    out = traced.copy()
    out.insert(list(out.columns).index("date") + 1, "dated_by", words)
    return out


def _trace(dated: pd.DataFrame) -> pd.DataFrame:
    columns = ["coalition", "state", "spell", "date", "dated_by", "kind", "persons", "planned"]
    columns += ["reason", "confidence", "rests_on", "source", "rules"]
    table = dated[columns].copy()
    table["rules"] = [_shorter(text) for text in table["rules"]]
    return table


def _shorter(rules: str) -> str:
    """Name all rules by one word where all count a defection."""
    return "all" if len(rules.split(", ")) == len(NAMED_RULES) else rules


def _reasons(set_aside: pd.DataFrame) -> pd.DataFrame:
    groups = set_aside.groupby("reason", sort=False)["candidate"]
    table = pd.DataFrame({"candidates": groups.size(), "which": groups.agg("; ".join)})
    return table.sort_values("candidates", ascending=False, kind="stable").reset_index()


def _figures(analysis: DefectionAnalysis) -> dict[str, Plot]:
    iraq = analysis.sets["iraq"].profile
    figures = {
        f"defection_readings_{name}": plot_readings(found, title=f"Readings: {_TITLES[name]}")
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
        Listing(tuple(findings(analysis))),
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
                    f"Hazard ratios under every reading of the table above: {_TITLES[name]}. A "
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
            [tables["defection_traced"], tables["defection_set_aside"]],
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


def _named_readings(analysis: DefectionAnalysis) -> dict[str, RuleComparison]:
    return {
        f"{len(found.counts)} readings, {_TITLES[name]}": found
        for name, found in analysis.readings.items()
    }


def _spans(found: RuleComparison) -> str:
    span = found.span.reset_index()
    texts = [
        f"{term}: hazard ratio {low:.2f} to {high:.2f}, p < 0.05 in {few} of {rules}"
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
    return analyse_defections(iraq=run.once("set iraq", lambda: analysis_set("iraq")))


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
        )
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
