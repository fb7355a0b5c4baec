"""The report on the first analysis: what the facts say and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.designs.iraq import FORMULA, IraqAnalysis
from coalition_models.members.panel import describe_panel
from coalition_models.models.fit import Fit
from coalition_models.record import record_of, sources_of
from coalition_models.render import Table, frame_table
from coalition_models.report.figures.plots import plot_coefficients, plot_participation
from coalition_models.report.figures.style import Plot
from coalition_models.report.figures.survival import plot_survival_curve
from coalition_models.report.html import Listing, Section, page
from coalition_models.report.periods import coalition_years, in_words, last_out, mandate_end
from coalition_models.report.product import Product
from coalition_models.report.tables import table
from coalition_models.sources.citations import cite
from coalition_models.sources.load import load

__all__ = [
    "contested",
    "findings",
    "iraq_page",
    "iraq_products",
    "mandate_end",
    "panel_counts",
]

_MEANING = {
    "election_near": "a national election at most six months away",
    "leader_change": "a leader at most six months in office",
    "log_deaths_12m": "own deaths in the last twelve months, log(1 + n)",
    "combat_role": "the contingent's main task is combat",
}


def panel_counts(analysis: IraqAnalysis) -> pd.DataFrame:
    """Spells, rows and exits of the panel, as the report states them."""
    return describe_panel(analysis.panel).loc[["iraq"]].reset_index()


def iraq_products(analysis: IraqAnalysis) -> Product:
    """Make every table and figure of the report."""
    frames = {
        "counts": panel_counts(analysis),
        "exits": _exits(analysis),
        "exposure": analysis.exposure,
        "coverage": _coverage(analysis.coverage),
        "coefficients": _coefficients(analysis.fits),
        "precision": _precision(analysis),
        "proportional_hazards": analysis.proportional.table,
        "left_out": pd.DataFrame(record_of(analysis.panel).panel["dropped"]),
        "other_codings": _other_codings(analysis.members),
    }
    return Product(_tables(analysis, frames), frames, _figures(analysis))


def _tables(analysis: IraqAnalysis, frames: Mapping[str, pd.DataFrame]) -> dict[str, Table]:
    return {
        "counts": frame_table(frames["counts"], title="The panel"),
        "exits": frame_table(
            frames["exits"],
            title="The early exits",
            notes=(
                "Features as of the start of the month of exit; deaths_12m: own deaths in the "
                "last twelve months.",
            ),
        ),
        "exposure": frame_table(
            frames["exposure"],
            title="Member-months and early exits by feature",
            digits=2,
            notes=("One feature at a time; nothing is held constant.",),
        ),
        "coverage": frame_table(
            frames["coverage"],
            title="Coverage of the features",
            notes=(
                "rows known of the panel's; exits in rows where the feature is known, and where "
                "it is not zero.",
            ),
        ),
        "coefficients": table(
            list(analysis.fits.values()),
            names=list(analysis.fits),
            terms=list(_MEANING),
            hazard_ratios=True,
            title="What goes with leaving early",
        ),
        "precision": frame_table(
            frames["precision"],
            title="How precise the Cox model is",
            notes=(
                "p_cluster: clustered by state, normal reference. p_jackknife: leaving out one "
                "state at a time (CR3), t with G - 1 degrees of freedom. smallest_ratio: the "
                "smallest hazard ratio above one that the jackknife's standard errors would have "
                "shown with 80% power at the 5% level (below one: its inverse).",
            ),
        ),
        "proportional_hazards": analysis.proportional.to_table(),
        "left_out": frame_table(frames["left_out"], title="Spells that are not at risk"),
        "other_codings": frame_table(
            frames["other_codings"], title="Spells that a fair reader could code otherwise"
        ),
    }


def _figures(analysis: IraqAnalysis) -> dict[str, Plot]:
    return {
        "participation": plot_participation(
            analysis.members,
            title="Participation in Iraq",
            mandate_end=mandate_end(),
        ),
        "survival": plot_survival_curve(
            analysis.survival, title="Still in the coalition", xlabel="months since entry"
        ),
        "coefficients": plot_coefficients(
            analysis.fits,
            terms=list(_MEANING),
            title="Hazard ratios (odds ratios for the logit)",
        ),
    }


def _exits(analysis: IraqAnalysis) -> pd.DataFrame:
    rows = analysis.panel[analysis.panel["event"] == 1]
    spells = analysis.members.set_index(["state", "spell"])
    keys = pd.MultiIndex.from_frame(rows[["state", "spell"]])
    known = spells.reindex(keys)
    return pd.DataFrame(
        {
            "state": known["name"].to_numpy(),
            "month": rows["period"].dt.strftime("%Y-%m").to_numpy(),
            "months_in": rows["stop"].to_numpy(),
            "election_near": _whole(rows["election_near"]),
            "leader_change": _whole(rows["leader_change"]),
            "deaths_12m": _whole(rows["deaths_12m"]),
            "combat_role": _whole(rows["combat_role"]),
            "reason": known["exit_kind_reason"].to_numpy(),
        }
    ).sort_values(["month", "state"], ignore_index=True)


def _whole(values: pd.Series) -> npt.NDArray[np.object_]:
    """Counts and 0/1 features as whole numbers; a missing one stays missing."""
    whole: npt.NDArray[np.object_] = values.astype("Int64").astype(object).to_numpy()
    return whole


def _coefficients(fits: Mapping[str, Fit]) -> pd.DataFrame:
    parts = [fit.tidy().assign(model=name) for name, fit in fits.items()]
    frame = pd.concat(parts, ignore_index=True)
    return frame[["model", *[c for c in frame.columns if c != "model"]]]


def _coverage(summary: pd.DataFrame) -> pd.DataFrame:
    columns = ["feature", "coverage", "first", "last", "events", "events_nonzero"]
    return summary[columns].rename(
        columns={"events": "exits", "events_nonzero": "exits_where_nonzero"}
    )


def _precision(analysis: IraqAnalysis) -> pd.DataFrame:
    main = analysis.fits["Cox"].tidy(exponentiate=True)
    few = analysis.few_clusters.tidy(reference="t")
    return pd.DataFrame(
        {
            "term": main["term"],
            "hazard_ratio": main["estimate"],
            "p_cluster": main["p_value"],
            "p_jackknife": few["p_value"],
            "smallest_ratio": analysis.detectable["ratio_up"],
        }
    )


def _other_codings(members: pd.DataFrame) -> pd.DataFrame:
    other = members[members["exit_kind_alt"].notna()]
    columns = ["name", "spell", "exit", "exit_kind", "exit_kind_alt", "exit_kind_reason"]
    return other[columns].reset_index(drop=True)


def contested(members: pd.DataFrame) -> tuple[int, int]:
    """Count early exits that could be coded otherwise, and others that could count as early."""
    other = _other_codings(members)
    early = other["exit_kind"] == "early"
    return int(early.sum()), int((~early & (other["exit_kind_alt"] == "early")).sum())


def findings(analysis: IraqAnalysis, level: float = 0.05) -> list[str]:
    """Say in words what the Cox model shows and what it cannot."""
    precision = _precision(analysis).set_index("term")
    events = analysis.fits["Cox"].counts.events
    sentences = []
    for term, meaning in _MEANING.items():
        ratio, plain, careful, smallest = precision.loc[term].to_numpy(dtype=float)
        both = plain < level and careful < level
        verdict = "distinguishable from one" if both else "not distinguishable from one"
        sentences.append(
            f"{term} ({meaning}): hazard ratio {ratio:.2f}, {verdict} (p {plain:.3f} clustered, "
            f"{careful:.3f} with the jackknife). With {events} exits an effect had to reach "
            f"{smallest:.1f} or {1 / smallest:.2f} to be found with 80% power."
        )
    return sentences


def iraq_page(
    analysis: IraqAnalysis,
    product: Product,
    version: str,
    more: Sequence[Section] = (),
    more_sources: Sequence[str] = (),
    made: str = "",
) -> str:
    """Write the report as one self-contained page; ``more`` sections stand before the sources.

    ``made`` says in its first lines what it is made from.
    """
    names = list(dict.fromkeys([*sources_of(analysis.panel), *more_sources]))
    sections = [
        *_sections(analysis, product.tables, product.figures),
        *more,
        Section("Sources", [Listing(tuple(cite(*names).text.splitlines()))]),
    ]
    return page(
        "Who left the coalition in Iraq early?",
        f"A first analysis of the Multi-National Force in Iraq, {coalition_years('iraq')}, by "
        "member and month.",
        sections,
        f"Made by coalition_models {version}; manifest.json lists inputs, versions and outputs "
        "with their checksums.",
        wide=True,
        made=made,
    )


def _sections(
    analysis: IraqAnalysis, tables: Mapping[str, Table], figures: Mapping[str, Plot]
) -> list[Section]:
    """The parts of the report on the coalition in Iraq itself."""
    counts = panel_counts(analysis).iloc[0]
    main = analysis.fits["Cox"]
    return [
        Section("The question and the data", _question(counts)),
        Section(
            "Who took part, and how it ended",
            [
                (
                    figures["participation"],
                    "One line per contingent from entry to the end of its main force; a cross "
                    f"marks an early exit. {_afterwards(analysis.members)}",
                ),
                tables["counts"],
                tables["exits"],
            ],
        ),
        Section(
            "How long members stayed",
            [
                (
                    figures["survival"],
                    "Kaplan-Meier estimate of staying, with its 95% band, by months since a "
                    "contingent's entry; everyone else is censored at their own exit or at the "
                    "mandate's end.",
                )
            ],
        ),
        Section(
            "What goes with leaving early",
            [
                tables["exposure"],
                f"The terms: {FORMULA}. They are those of the first version of this analysis; "
                "no record shows that they were chosen before estimation. The measure of "
                "leader_change was amended later, after results had been seen (see the amendments "
                "of the plan in hypotheses/report.html beside this page). Cox: time since entry, "
                "Efron's ties, standard errors clustered by state. Logit: the same rows with a "
                "cubic in time since entry.",
                tables["coefficients"],
                (figures["coefficients"], "Ratios with 95% intervals; the line marks no effect."),
                Listing(tuple(findings(analysis))),
            ],
        ),
        Section(
            "How far to trust it",
            [
                tables["precision"],
                tables["proportional_hazards"],
                *_limits(analysis, main),
                tables["other_codings"],
                tables["left_out"],
                tables["coverage"],
            ],
        ),
    ]


def _question(counts: pd.Series) -> list[str]:
    return [
        f"{counts['states']} states other than the United States sent contingents to Iraq, in "
        f"{counts['spells']} spells; {counts['events']} of these ended early: the main "
        f"contingent left before the mandate's end of {in_words(mandate_end())}, and not at the "
        "end of a term fixed on deployment. Which members left, and when?",
        f"A row is a member in a month at risk ({counts['rows']} rows). Every entry and exit "
        "carries its source in the table of participation. Early exit is one form of defection "
        "only; cuts, caveats and moves out of danger are not counted here.",
    ]


def _afterwards(members: pd.DataFrame) -> str:
    """Why the picture goes on when the analysis has ended."""
    last = last_out(members)
    return (
        f"The analysis ends with the mandate, on {in_words(mandate_end())}; the picture goes on, "
        f"since the last partner's main force stayed until {in_words(last['partner'])} and the "
        f"lead state's until {in_words(last['lead'])}."
    )


def _spain(members: pd.DataFrame) -> str:
    """Why the moment of knowledge matters, with the dates of the facts."""
    exit_day = members.loc[members["state"] == "ESP", "exit"].iloc[0]
    leaders = load("leaders").query("state == 'ESP' and office == 'effective'")
    before = leaders[leaders["start"] <= exit_day].sort_values("start").iloc[-1]
    return (
        "Features are as of the start of the month. Spain shows what that means: its new leader "
        f"took office on {in_words(before['start'])} and the contingent left on "
        f"{in_words(exit_day)}, so the change counts only in the column as of the period's end, "
        "where every row also knows its own month."
    )


def _limits(analysis: IraqAnalysis, main: Fit) -> list[str]:
    """What the reader should hold against the analysis, with its numbers."""
    missing = sum(main.counts.dropped.values())
    early, others = contested(analysis.members)
    return [
        f"{missing} of {main.counts.rows_given} rows have no known election calendar and are "
        "left out of the models. Undated deaths enter on 1 January of the next year.",
        _spain(analysis.members),
        f"A fair reader could code {early} of the early exits otherwise, and count "
        f"{others} other spells as early.",
        f"All estimates rest on {main.counts.events} exits among {main.counts.clusters[0]} "
        "states. They describe; they do not show that one thing caused another.",
    ]
