"""The page on one finding: a paragraph, a table of parts, then each part with its picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.render import Table, frame_table
from coalition_models.report.figures.style import Plot
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.part import Page
from coalition_models.report.product import Product
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.finding import Finding
from coalition_models.sensitivity.finding_choices import WITHIN
from coalition_models.sensitivity.finding_part import How, Looked
from coalition_models.sensitivity.finding_told import finding_turns
from coalition_models.sensitivity.finding_words import SAYS, opening, tells_choices

__all__ = ["finding_page", "finding_product"]

_ROOM = "coalition_models.report.figures"
#: part -> module of its picture and function, and what the picture shows
_PICTURES: Mapping[str, tuple[str, str, str]] = {
    "curve": ("curves", "plot_spec_curve",
              "Above, every combination of choices with its interval, in order; below, the options "
              "behind each. Blue: score z beyond 1.96."),
    "leave_out": ("robustness", "plot_leave_one_out",
                  "The ratio without each state, coalition, event or year, the furthest first."),
    "dates": ("drawn_worlds", "plot_worlds",
              "One mark per world of drawn dates; the band is the interval of all together."),
    "codings": ("drawn_worlds", "plot_worlds",
                "One mark per world of drawn codings; the band is the interval of all together."),
    "confounding": ("robustness", "plot_confounding",
                    "The ratio that an unmeasured cause would leave; a thick line where none."),
    "randomise": ("drawn_worlds", "plot_randomised",
                  "The score in worlds in which states voted at other times, and as it was."),
    "placebos": ("placebo_tests", "plot_placebos",
                 "The finding, and the same test where there should be nothing."),
    "value_of_information": ("drawn_worlds", "plot_information",
                             "The ratios between which each fact moves the finding."),
}  # fmt: skip
#: rows of a table on the page; all are in the data
_ROWS = 12


def finding_product(
    looked: Mapping[str, Looked], prefix: str = "", finding: Finding | None = None
) -> Product:
    """Make the tables, frames and pictures of the parts that have a result.

    Tables call the term of the finding by its words, where it is given. Names are
    ``<prefix><part>``, with ``_<what>`` where a part has several.
    """
    tables: dict[str, Table] = {}
    frames: dict[str, pd.DataFrame] = {}
    figures: dict[str, Plot] = {}
    for name, one in looked.items():
        if one.result is None:
            continue
        for what, frame in one.part.frames(one.result).items():
            frames[f"{prefix}{name}{'_' if what else ''}{what}"] = frame
        for at, table in enumerate(_tables(one.result)):
            tables[f"{prefix}{name}{f'_{at + 1}' if at else ''}"] = _short(_called(table, finding))
        plot = _picture(name, one.result)
        if plot is not None:
            figures[f"{prefix}{name}"] = plot
    return Product(tables, frames, figures)


def _picture(name: str, result: Any) -> Plot | None:
    """The picture of a part; None where it has none, or nothing to draw."""
    if name not in _PICTURES:
        return None
    module, held, _ = _PICTURES[name]
    if find_spec(f"{_ROOM}.{module}") is None:
        return None
    draw: Callable[[Any], Plot] = getattr(import_module(f"{_ROOM}.{module}"), held)
    try:
        return draw(result)
    except DataError:
        return None


def _tables(result: Any) -> list[Table]:
    if isinstance(result, pd.DataFrame):
        return [_omissions(result)]
    if isinstance(result, SpecCurve) and not tells_choices(result):
        summary, _, *joint = result.to_tables()
        return [summary, *joint]
    if hasattr(result, "to_tables"):
        return list(result.to_tables())
    return [result.to_table()]


def _omissions(found: pd.DataFrame) -> Table:
    """Those whose omission moves the estimate farthest."""
    base = float(found["estimate"].iloc[0])
    rest = found[found["by"] != ""]
    far = (rest["estimate"] - base).abs().sort_values(ascending=False, kind="stable").index
    shown = rest.loc[far].assign(ratio=np.exp(rest["estimate"]))
    columns = ["by", "left_out", "ratio", "p_value", "z_by_cluster", "events", "exposed_events",
               "turns"]  # fmt: skip
    return frame_table(shown[columns], title="Left out, those that move it most first")


def _called(table: Table, finding: Finding | None) -> Table:
    """The table with the term in words."""
    if finding is None:
        return table
    rows = [[finding.in_words(cell) for cell in row] for row in table.rows]
    notes = [finding.in_words(note) for note in table.notes]
    header = [finding.in_words(name) for name in table.header]
    title = finding.in_words(table.title)
    return replace(table, header=header, rows=rows, notes=notes, title=title)


def _short(table: Table) -> Table:
    more = len(table.rows) - _ROWS
    if more <= 0:
        return table
    note = f"{more} more rows are in the data."
    return replace(table, rows=list(table.rows)[:_ROWS], notes=[*table.notes, note], heads=(),
                   breaks=(), data=None)  # fmt: skip


def finding_page(
    finding: Finding,
    looked: Mapping[str, Looked],
    how: How,
    overview: Table,
    *,
    product: Product | None = None,
    prefix: str = "",
    file: str = "sensitivity.html",
) -> Page:
    """Lay the page out."""
    made = finding_product(looked, prefix, finding) if product is None else product
    short = f"{opening(finding)} {finding_turns(finding, looked)}"
    sections = [Section("In short", [short]), Section("Part by part", [overview])]
    for name, one in looked.items():
        if one.result is not None:
            parts = _shown(name, one, finding, made, prefix)
            sections.append(Section(f"{one.part.title}: {name.replace('_', ' ')}", parts))
    absent = [
        f"{name}: {finding.in_words(str(one.why))}."
        for name, one in looked.items()
        if one.result is None
    ]
    if absent:
        sections.append(Section("What is not there", [Listing(tuple(absent))]))
    sections.append(Section("How it was made", [Listing(tuple(_made(finding, how, looked)))]))
    lead = f"{finding.spec.formula}, {finding.spec.record.title}: everything it could depend on."
    return Page(file, f"How far {finding.called} holds", lead, sections)


def _shown(name: str, one: Looked, finding: Finding, product: Product, prefix: str) -> list[Shown]:
    parts: list[Shown] = [SAYS[name](one.result, finding)]
    key = f"{prefix}{name}"
    if key in product.figures:
        parts.append((product.figures[key], _PICTURES[name][2]))
    own = [key, *(f"{key}_{at}" for at in range(2, 10))]
    parts += [product.tables[table] for table in own if table in product.tables]
    if one.notes:
        parts.append(Listing(tuple(f"Warned: {note}" for note in one.notes)))
    return parts


def _made(finding: Finding, how: How, looked: Mapping[str, Looked]) -> list[str]:
    """Model, draws, and what ran otherwise than the rest."""
    spec = finding.spec
    lines = [
        f"Model: {str(spec).rstrip('.')}.",
        f"Rows made anew from their facts: {'yes' if finding.facts is not None else 'no'}"
        f"{'' if finding.facts is not None else f' ({finding.fixed})'}.",
        f"{how.draws} draws of samples, calendars, dates and codings, seed {how.seed}.",
    ]
    if finding.crossing is None and "curve" in looked:
        lines.append(f"Curve: {WITHIN}.")
    for name, given in how.more.items():
        told = first_few([f"{key} {value}" for key, value in given.items()])
        lines.append(f"Otherwise in {name}: {told}.")
    return lines
