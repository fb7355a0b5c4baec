"""What the paper may ask for: numbers, tables and figures of the run, by subject.

A subject is analysed only if the text names something of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from coalition_models.about import __version__
from coalition_models.designs.sets import place_of
from coalition_models.members.agreement import coder_agreement
from coalition_models.report.figures.frequencies import plot_frequencies, plot_hollowing
from coalition_models.report.paper import Material, slots_of
from coalition_models.report.paper_claims import claims_material, contested_material
from coalition_models.report.paper_iraq import iraq_material
from coalition_models.report.paper_tables import OUTCOMES, forms_table, rates_table, readings_table
from coalition_models.report.part import Run
from coalition_models.report.parts.contested import tested_claims
from coalition_models.report.parts.defections import PART as DEFECTIONS
from coalition_models.report.parts.defections import defection_sources
from coalition_models.report.parts.first_look import PART as FIRST_LOOK
from coalition_models.report.parts.questions import PART as QUESTIONS
from coalition_models.report.parts.questions import (
    before_leaving,
    hollow_when,
    how_often,
    which_forms,
)
from coalition_models.sources.citations import cite

__all__ = ["SUBJECTS", "material_for"]


def _coders(_: Run) -> Material:
    found = {(row["what"], row["round"]): row for row in coder_agreement().to_dict("records")}
    values: dict[str, str] = {}
    for name, key in (
        ("month", ("exit month", "1")),
        ("kind", ("kind", "1")),
        ("early", ("early", "1")),
        ("all_kinds", ("kind", "all")),
        ("announced", ("announced day", "all")),
    ):
        row = found[key]
        values |= {f"{name}_agree": str(int(row["agree"])), f"{name}_of": str(int(row["of"]))}
        if row["kappa"] == row["kappa"]:
            values[f"{name}_kappa"] = f"{row['kappa']:.2f}"
        if row["error_high"] == row["error_high"]:
            values[f"{name}_error"] = f"{100 * row['error']:.0f}"
            values[f"{name}_error_high"] = f"{100 * row['error_high']:.0f}"
    return Material(values, sources=("second_coder_sample", "announcements"))


def _questions(run: Run) -> Material:
    found = QUESTIONS.analyse(run)
    hollow = found.hollow
    table = found.rates.table
    early = table[table["outcome"] == "early"]
    values = {
        "coalitions": str(early["coalition"].nunique()),
        "early": str(int(early["events"].sum())),
        "years": f"{early['years'].sum():,.0f}",
        "lowest": f"{early['rate'].min():.1f}",
        "highest": f"{early['rate'].max():.1f}",
        "unsure": " ".join(how_often(found.rates, found.frameworks)[1:2]),
        "frameworks": " ".join(how_often(found.rates, found.frameworks)[2:]),
        "forms": _without_list(" ".join(which_forms(found.forms))),
        "before": " ".join(before_leaving(found.moves)),
        "hollow_rule": str(hollow.rule),
        "hollow": "\n".join(f"- {line}" for line in hollow_when(found.hollow)),
        "hollow_short": QUESTIONS.about(found).partition("; ")[2].rstrip("."),
    }
    figures = {
        "rates": (
            plot_frequencies(replace(found.rates, table=_in_words(table))),
            "How often members leave early or defect at all. Pale bars: all that is unsure "
            "together; thin lines: sampling; above: coding of doubtful cases; below: dating.",
        ),
        "hollowing": (
            plot_hollowing(
                replace(
                    hollow, months=_in_words(hollow.months), verdicts=_in_words(hollow.verdicts)
                )
            ),
            "Members, partners' strength and effective partners (one over the sum of their squared "
            "shares of strength) as shares of their peaks. Bands: readings between two lists of "
            "strengths, cut at the frame. Right of the dotted line nothing is judged.",
        ),
    }
    tables = {"rates": rates_table(found.rates), "forms": forms_table(found.forms)}
    return Material(values, tables, figures, QUESTIONS.sources(found))


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """Coalitions by their place, outcomes as a heading has them."""
    out = frame.assign(coalition=[place_of(str(name)) for name in frame["coalition"]])
    if "outcome" in out.columns:
        out["outcome"] = [OUTCOMES.get(str(name), str(name)) for name in out["outcome"]]
    return out


def _without_list(text: str) -> str:
    """Leave the list of forms to the table."""
    head, _, tail = text.partition(": ")
    return f"{head}.{tail.partition('.')[2]}" if tail else text


def _readings(run: Run) -> Material:
    found = DEFECTIONS.analyse(run)
    events = found.named.counts["events"]
    values = {
        "rules": str(len(events)),
        "fewest": str(int(events.min())),
        "most": str(int(events.max())),
    }
    return Material(
        values, {"rules": readings_table(found.named)}, {}, tuple(defection_sources(found))
    )


#: subject -> what it gives
SUBJECTS: Mapping[str, Callable[[Run], Material]] = {
    "iraq": lambda run: iraq_material(
        FIRST_LOOK.analyse(run), FIRST_LOOK.product(FIRST_LOOK.analyse(run))
    ),
    "coders": _coders,
    "questions": _questions,
    "readings": _readings,
    "claims": lambda run: claims_material(tested_claims(run)),
    "contested": lambda run: contested_material(tested_claims(run)),
}


def material_for(text: str, run: Run) -> Material:
    """Analyse what a text names and give it, each name behind its subject: ``iraq.events``.

    ``sources`` is the list of what the data of these subjects are made from, ``version`` that of
    the package.
    """
    slots = slots_of(text)
    named = [slot.removeprefix("ref:").rpartition(":")[2] for slot in slots]
    subjects = [name for name in SUBJECTS if any(slot.startswith(f"{name}.") for slot in named)]
    made = {name: SUBJECTS[name](run) for name in subjects}
    sources = list(dict.fromkeys(source for one in made.values() for source in one.sources))
    values = {"version": __version__}
    if "sources" in slots:
        values["sources"] = _cited(sources)
    return Material(
        values | {f"{n}.{k}": v for n, one in made.items() for k, v in one.values.items()},
        {f"{n}.{k}": v for n, one in made.items() for k, v in one.tables.items()},
        {f"{n}.{k}": v for n, one in made.items() for k, v in one.figures.items()},
        sources,
    )


def _cited(sources: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in cite(*sources).text.splitlines()[1:])
