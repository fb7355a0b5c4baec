"""The part of the report on what the data say: how often, in which forms, and hollow when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.form_effects import form_effects
from coalition_models.designs.form_moves import form_moves
from coalition_models.designs.frequencies import FREQUENCY_SETS, Frequencies, frequencies
from coalition_models.designs.frequency_readings import EVERY
from coalition_models.designs.hollowing import Hollowing, hollowing
from coalition_models.designs.mission_hollowing import mission_hollowing
from coalition_models.designs.sets import place_of
from coalition_models.designs.sets.un import renamed_missions
from coalition_models.errors import gathered
from coalition_models.features.alliance import add_alliance
from coalition_models.features.casualties import add_casualties
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.render import Table, format_number, frame_table
from coalition_models.report.figures.frequencies import plot_frequencies, plot_hollowing
from coalition_models.report.html import Claim, Listing, Section
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.parts._forms_and_missions import (
    TERMS,
    form_findings,
    forms_table,
    mission_findings,
    missions_table,
)
from coalition_models.report.parts._front_lines import (
    forms_line,
    hollow_line,
    often_line,
)
from coalition_models.report.parts._hollow_years import hollow_years, year_sentences, years_table
from coalition_models.report.parts._question_words import (
    before_leaving,
    hollow_when,
    how_often,
    which_forms,
)
from coalition_models.report.product import Product
from coalition_models.sources.fetch import at_hand
from coalition_models.sources.load import load

__all__ = [
    "PART",
    "Questions",
    "before_leaving",
    "composition_at_peak_and_end",
    "hollow_when",
    "how_often",
    "questions_findings",
    "which_forms",
]

#: coalitions whose strengths and lead state are known
_FOLLOWED = ("iraq", "isaf", "unosom2")
_LEAD = "USA"
_TOTALS = "un-mission-totals"
_SOURCES = ("participation", "coalitions", "troops", "profile_changes", "fatalities",
            "fatal_incidents")  # fmt: skip


@dataclass(frozen=True)
class Questions:
    """What the pages are made of."""

    rates: Frequencies
    frameworks: Frequencies
    forms: Frequencies
    hollow: Hollowing
    moves: pd.DataFrame
    effects: pd.DataFrame
    missions: pd.DataFrame | None


def _analyse(run: Run) -> Questions:
    return run.once("questions", lambda: _answers(run))


def _answers(run: Run) -> Questions:
    rates = frequencies(FREQUENCY_SETS, outcomes=["early", EVERY])
    sets = [run.once("set iraq", lambda: analysis_set("iraq")), _isaf()]
    return Questions(
        rates=rates,
        frameworks=rates.regroup("framework"),
        forms=rates.regroup("form"),
        hollow=hollowing(bundled_facts(_FOLLOWED), lead=_LEAD),
        moves=form_moves(sets),
        effects=form_effects(sets, TERMS),
        missions=_missions(),
    )


def _isaf() -> AnalysisSet:
    """ISAF with the two terms that are looked at, and no other column."""
    bare = analysis_set("isaf", features=False)
    with gathered():  # of columns that no source at hand fills; neither term is one of them
        return replace(bare, panel=add_alliance(add_casualties(bare.panel)))


def _missions() -> pd.DataFrame | None:
    if not at_hand(_TOTALS):
        return None
    return mission_hollowing(load(_TOTALS), renamed=renamed_missions())


def composition_at_peak_and_end(found: Hollowing) -> pd.DataFrame:
    """Each coalition in the month of its partners' greatest strength and the last that is judged.

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = composition_at_peak_and_end(cm.hollowing(cm.facts("iraq")))
    >>> table["month"].dt.strftime("%Y-%m").tolist()
    ['2005-01', '2007-12']
    """
    shown = ["coalition", "month", "flags", "unknown", "without_lead", "without_lead_low"]
    shown += ["without_lead_high", "without_lead_old", "effective_without_lead"]
    shown += ["combat_share_without_lead", "deaths_lead", "hollow", "collapsed"]
    rows = []
    for _, part in found.months.groupby("coalition", sort=False):
        judged = part[part["judged"].astype(bool)]
        known = judged[1 - judged["unknown"] >= found.rule.known]
        most = known["without_lead"] if len(known) else judged["flags"]
        rows += [part.loc[most.index[int(most.argmax())]], judged.iloc[-1]]
    table = pd.DataFrame(rows)[[name for name in shown if name in found.months.columns]]
    return table.infer_objects().reset_index(drop=True)


def questions_findings(analysis: Questions) -> list[str]:
    """Say in words what the numbers show."""
    return [
        *how_often(analysis.rates, analysis.frameworks),
        *which_forms(analysis.forms),
        *before_leaving(analysis.moves),
        *form_findings(analysis.effects),
        *hollow_when(analysis.hollow),
        *year_sentences(hollow_years(analysis.hollow)),
        *mission_findings(analysis.missions),
    ]


def _in_short(analysis: Questions) -> list[str]:
    """What the page begins with; the other findings stand beside their tables."""
    return [
        *how_often(analysis.rates, analysis.frameworks),
        *which_forms(analysis.forms),
        *hollow_when(analysis.hollow),
    ]


def _product(analysis: Questions) -> Product:
    composition = composition_at_peak_and_end(analysis.hollow)
    frames = {
        "questions_frequencies": analysis.rates.table,
        "questions_frequencies_readings": analysis.rates.readings,
        "questions_frameworks": analysis.frameworks.table,
        "questions_forms": analysis.forms.table,
        "questions_definitions": analysis.rates.definitions,
        "questions_hollowing": analysis.hollow.months,
        "questions_hollow_rule": analysis.hollow.verdicts,
        "questions_composition": composition,
        "questions_moves": analysis.moves,
        "questions_whether_and_how": analysis.effects,
        "questions_hollow_years": hollow_years(analysis.hollow),
    }
    tables = {
        "questions_frequencies": analysis.rates.to_table(),
        "questions_frameworks": analysis.frameworks.to_table(),
        "questions_forms": analysis.forms.to_table(),
        "questions_hollow_rule": analysis.hollow.to_table(),
        "questions_composition": _composition_table(composition),
        "questions_moves": frame_table(
            analysis.moves.rename(columns=lambda name: str(name).replace("_", " ")),
            title="Leaving before and after a first defection in part",
            digits=2,
            notes=(
                "reduced: first defections in part; rate: of leaving early, in 100 member-years; "
                "ratio: to members that are whole. It describes, and is no effect.",
            ),
        ),
    }
    tables["questions_hollow_years"] = years_table(frames["questions_hollow_years"])
    tables["questions_whether_and_how"] = forms_table(analysis.effects)
    if analysis.missions is not None:
        frames["questions_missions"] = analysis.missions
        tables["questions_missions"] = missions_table(analysis.missions)
    figures = {
        "questions_frequencies": plot_frequencies(analysis.rates),
        "questions_forms": plot_frequencies(analysis.forms),
        "questions_hollowing": plot_hollowing(analysis.hollow),
    }
    return Product(tables, frames, figures)


def _composition_table(composition: pd.DataFrame) -> Table:
    rows = composition.assign(
        coalition=[place_of(str(name)) for name in composition["coalition"]],
        month=composition["month"].dt.strftime("%Y-%m"),
        partners=[
            f"{format_number(value, 0)} ({format_number(low, 0)} to {format_number(high, 0)})"
            for value, low, high in zip(
                composition["without_lead"],
                composition["without_lead_low"],
                composition["without_lead_high"],
                strict=True,
            )
        ],
    )
    names = {
        "coalition": "coalition",
        "month": "month",
        "flags": "members",
        "unknown": "strength unknown",
        "partners": "partners' troops",
        "without_lead_old": "from old lists",
        "effective_without_lead": "effective partners",
        "combat_share_without_lead": "share for combat",
        "deaths_lead": "deaths borne by the lead",
    }
    return frame_table(
        rows[list(names)].rename(columns=names),
        title="At the partners' greatest strength, and in the last month before the wind-up",
        digits=2,
        notes=(
            "Shares of one, but for troops; in brackets: as in the last list, on a line, as in the "
            "next one. Deaths: of twelve months. Partners: without the United States.",
        ),
    )


def _about(analysis: Questions) -> str:
    table = analysis.rates.table
    early = table.loc[table["outcome"] == "early", "rate"].to_numpy(dtype=float)
    main = analysis.hollow.verdicts.query("rule == 'as given' and strengths == 'last'")
    hollow = [place_of(str(name)) for name in main.loc[main["hollow"].notna(), "coalition"]]
    gone = [place_of(str(name)) for name in main.loc[main["collapsed"].notna(), "coalition"]]
    return (
        f"Between {np.min(early):.1f} and {np.max(early):.1f} early exits in 100 member-years, by "
        f"coalition; hollow: {', '.join(hollow) or 'none'}; collapsed: {', '.join(gone) or 'none'}."
    )


def _pages(analysis: Questions, product: Product) -> list[Page]:
    tables, figures = product.tables, product.figures
    sections = [
        Section("In short", [Listing(tuple(_in_short(analysis)))]),
        Section(
            "How often",
            [
                (
                    figures["questions_frequencies"],
                    "Pale: all that is unsure together; thin: sampling; above: coding of doubtful "
                    "cases; below: dating.",
                ),
                tables["questions_frequencies"],
                tables["questions_frameworks"],
            ],
        ),
        Section(
            "Which forms",
            [
                Listing((*before_leaving(analysis.moves), *form_findings(analysis.effects))),
                (figures["questions_forms"], "Every defection by its form, all coalitions."),
                tables["questions_forms"],
                tables["questions_moves"],
                tables["questions_whether_and_how"],
            ],
        ),
        Section(
            "Hollow when",
            [
                f"Here {analysis.hollow.rule}. Flags are members, partners all but the lead "
                "state. The rule was chosen knowing these three coalitions, so that they are no "
                "test of it; the table says how far the months move with its numbers.",
                (
                    figures["questions_hollowing"],
                    "Members, partners' strength and effective partners as shares of their peaks. "
                    "Bands: readings between two lists. Right of the dotted line nothing is "
                    "judged, and strengths have no line where too few are known.",
                ),
                tables["questions_hollow_rule"],
                Listing(
                    (
                        *year_sentences(hollow_years(analysis.hollow)),
                        *mission_findings(analysis.missions),
                    )
                ),
                tables["questions_hollow_years"],
                tables["questions_composition"],
                *([tables["questions_missions"]] if "questions_missions" in tables else []),
            ],
        ),
    ]
    return [
        Page(
            "questions.html",
            "What the data say: how often, in which forms, hollow when",
            "Rates with sampling, dating and coding apart, and what coalitions were made of.",
            sections,
            _sources(analysis),
        )
    ]


def _sources(analysis: Questions) -> list[str]:
    return [*_SOURCES, *([_TOTALS] if analysis.missions is not None else [])]


def _lines(analysis: Questions) -> list[tuple[str, Claim]]:
    table = analysis.rates.table
    return [
        often_line(table),
        forms_line(which_forms(analysis.forms), analysis.moves),
        hollow_line(analysis.hollow),
    ]


PART = Part(
    name="questions",
    title="How often, in which forms, hollow when",
    order=15,
    analyse=_analyse,
    about=_about,
    product=_product,
    pages=_pages,
    sources=_sources,
    lines=_lines,
)
