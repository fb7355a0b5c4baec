"""The part of the report that puts elections in Iraq to everything they could depend on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.sets import place_of
from coalition_models.record import sources_of
from coalition_models.report.finding import SensitivityReport, sensitivity_report
from coalition_models.report.finding_page import finding_page, finding_product
from coalition_models.report.html import Claim, Listing, Section
from coalition_models.report.part import HEADINGS, Page, Part, Run
from coalition_models.report.product import Product
from coalition_models.sensitivity.finding_parts import PARTS
from coalition_models.sensitivity.finding_words import opening

__all__ = ["PART", "elections_in_iraq", "in_full"]

_SET, _TERM, _FULL = "iraq", "election_near", "FULL"
_PREFIX = "sensitivity_"
#: what a run without FULL=1 in the environment does less of
_SHORT: Mapping[str, Mapping[str, Any]] = {"value_of_information": {"draws": 40}}
_PARTS = tuple(part.name for part in PARTS)


def in_full() -> bool:
    """Whether ``FULL=1`` is in the environment."""
    return os.environ.get(_FULL) == "1"


def elections_in_iraq(run: Run) -> SensitivityReport:
    """Put the term to all parts, 200 draws each; fewer of the slowest without ``FULL=1``."""

    def analysed() -> SensitivityReport:
        data = run.once(f"set {_SET}", lambda: analysis_set(_SET))
        more = {} if in_full() else _SHORT
        return sensitivity_report(data, _TERM, parts=_PARTS, more=more, workers=run.workers)

    return run.once("sensitivity of elections", analysed)


def _product(found: SensitivityReport) -> Product:
    made = finding_product(found.looked, _PREFIX, found.finding)
    tables = {f"{_PREFIX}parts": found.to_table(), **made.tables}
    return Product(tables, made.frames, made.figures)


def _pages(found: SensitivityReport, product: Product) -> list[Page]:
    made = finding_page(
        found.finding, found.looked, found.how, product.tables[f"{_PREFIX}parts"],
        product=product, prefix=_PREFIX,
    )  # fmt: skip
    sections = list(made.sections)
    if found.how.more:
        sections.insert(1, Section("What was short in this run", [Listing(tuple(_short(found)))]))
    title = f"What elections in {place_of(_SET)} depend on"
    return [Page(made.file, title, made.lead, sections, sources_of(found.finding.panel))]


def _short(found: SensitivityReport) -> list[str]:
    """What this run did less of than one in full."""
    lines = [
        f"{name}: " + ", ".join(f"{key} {value}" for key, value in given.items())
        for name, given in found.how.more.items()
    ]
    return [*lines, f"all others: {found.how.draws} draws where they draw. FULL=1 runs all of it."]


def _turns(found: SensitivityReport) -> str:
    return f"Elections ahead in {place_of(_SET)}: {opening(found.finding)} {found.turns}"


def _about(found: SensitivityReport) -> str:
    return (
        f"What elections ahead in {place_of(_SET)} depend on: one finding put to "
        f"{len(found.results)} kinds of doubt."
    )


PART = Part(
    name="sensitivity",
    title="How far one finding holds",
    order=44,
    analyse=elections_in_iraq,
    about=_about,
    product=_product,
    pages=_pages,
    sources=lambda found: list(sources_of(found.finding.panel)),
    lines=lambda found: [(HEADINGS[2], Claim(_turns(found), [("all of it", "sensitivity.html")]))],
)
