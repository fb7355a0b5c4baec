"""The part of the report on published studies: what they printed beside what their data give."""

from __future__ import annotations

import re

import pandas as pd

from coalition_models.render import Table
from coalition_models.replications.comparison import Replication
from coalition_models.replications.everything import Replications, replicate_all
from coalition_models.replications.matching import MATCHES
from coalition_models.replications.words import curve_in_words
from coalition_models.report.figures.curves import plot_spec_curve
from coalition_models.report.figures.style import Plot
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.product import Product

__all__ = ["PART", "replication_products"]


def replication_products(analysis: Replications) -> Product:
    """Make the tables: those of each study, named after it, and how many numbers match."""
    counts = analysis.counts()
    frames = {"counts": counts}
    tables = {"counts": _counts_table(analysis, counts)}
    figures: dict[str, Plot] = {}
    for name, one in analysis.found.items():
        frames[name] = one.table
        for table in one.study.tables:
            tables[_file(name, table)] = one.to_table(table)
        if one.study.kind == "in spirit":
            tables[_file(name, "claims")] = one.claims_table()
    for name, curve in analysis.curves.items():
        frames[f"{name}_curve"] = curve.table
        if curve.table["estimate"].notna().any():
            figures[f"{name}_curve"] = plot_spec_curve(curve)
    return Product(tables, frames, figures)


def _file(study: str, table: str) -> str:
    return f"{study}_{re.sub('[^a-z0-9]+', '_', table.lower())}"


def _counts_table(analysis: Replications, counts: pd.DataFrame) -> Table:
    rows = []
    for name, *cells in counts.to_numpy().tolist():
        one = analysis.found.get(name)
        shown = f"{one.study.work.short}" if one else str(name)
        if one and one.study.kind == "in spirit":
            rows.append([f"{shown}, in spirit", *[""] * len(cells)])
        else:
            rows.append([shown, *("" if pd.isna(cell) else str(cell) for cell in cells)])
    note = (
        "numbers: printed in the article and compared; studies in spirit have none, and a study "
        "without data has no other cells."
    )
    title = "Printed numbers and how close ours come"
    return Table([str(name) for name in counts.columns], rows, title, [note], align="lrrrr")


def _pages(analysis: Replications, product: Product) -> list[Page]:
    sections = [Section("All studies", [product.tables["counts"], *_lacking(analysis)])]
    for name, one in analysis.found.items():
        study = one.study
        shown: list[Shown] = [study.citation, f"{one.verdict}."]
        shown.append(Listing(study.recipe))
        shown += [product.tables[_file(name, table)] for table in study.tables]
        title = study.title
        if study.kind == "in spirit":
            shown += _in_spirit(one, product.tables[_file(name, "claims")])
            if curve := analysis.curves.get(name):
                said = curve_in_words(curve)
                picture = product.figures.get(f"{name}_curve")
                shown += [said] if picture is None else [said, (picture, said)]
            title += " (in spirit)"
        sections.append(Section(title, shown))
    lead = (
        "Studies recomputed from their authors' data, number by number, rounded as printed; those "
        "in spirit have their specification and our data, and nothing printed beside them."
    )
    return [Page("replications.html", PART.title, lead, sections, _sources(analysis))]


def _in_spirit(one: Replication, claims: Table) -> list[Shown]:
    same = tuple(f"The same: {text}" for text in one.study.same)
    return [Listing((*same, *(f"Different: {text}" for text in one.study.differs))), claims]


def _lacking(analysis: Replications) -> list[Shown]:
    items = tuple(f"{name}: {reason}" for name, reason in analysis.absent.items())
    return [Listing(items)] if items else []


def _about(analysis: Replications) -> str:
    many = f"{len(analysis.found)} of {len(analysis.listed)} recomputed"
    if not analysis.found:
        return f"{many}: the data of none are at hand."
    done = analysis.counts().dropna()
    exact, numbers = done[MATCHES[0]].sum(), done["numbers"].sum()
    return f"{many}: {exact} of {numbers} printed numbers are met to the last digit."


def _sources(analysis: Replications) -> list[str]:
    return list(
        dict.fromkeys(source for one in analysis.found.values() for source in one.study.sources)
    )


def _analyse(_: Run) -> Replications:
    return replicate_all(curves=True)


PART = Part(
    name="replications",
    title="Published studies, recomputed",
    order=50,
    analyse=_analyse,
    about=_about,
    product=replication_products,
    pages=_pages,
    sources=_sources,
    folder="replications",
)
