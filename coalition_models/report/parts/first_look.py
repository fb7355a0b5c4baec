"""The part on one coalition or set: who took part, how long, what goes with leaving early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.first_look import FORMULA, FirstLook, first_look
from coalition_models.models.fit import Fit
from coalition_models.record import record_of, sources_of
from coalition_models.render import Table, frame_table
from coalition_models.report.figures.plots import plot_coefficients, plot_participation
from coalition_models.report.figures.style import Plot
from coalition_models.report.figures.survival import plot_survival_curve
from coalition_models.report.html import Listing, Section
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.parts import _iraq
from coalition_models.report.parts._findings import careful_fits, findings, findings_listed
from coalition_models.report.product import Product
from coalition_models.report.tables import table

__all__ = [
    "PART",
    "contested",
    "findings",
    "first_look_page",
    "first_look_part",
    "first_look_products",
]

#: spells that a picture of participation has room for
_MOST = 120
#: columns of the list of exits, as far as a panel has them
_AT_EXIT = ("election_near", "leader_change", "deaths_12m", "combat_role")


def first_look_products(look: FirstLook, prefix: str = "") -> Product:
    """Make every table and figure; ``prefix`` stands before the names of their files."""
    fits = careful_fits(look)
    frames = {
        "counts": look.counts,
        "exits": _exits(look),
        "exposure": look.exposure,
        "coverage": _coverage(look.coverage),
        "coefficients": _coefficients(fits),
        "precision": look.precision(),
        "left_out": pd.DataFrame(
            map(dict, record_of(look.panel).panel.get("dropped", ())), columns=["spell", "reason"]
        ),
        "other_codings": _other_codings(look.members),
        "panel": look.panel,
    }
    if look.proportional is not None:
        frames["proportional_hazards"] = look.proportional.table
    parts = (_tables(look, frames, fits), frames, _figures(look, fits))
    tables, named, figures = ({f"{prefix}{k}": v for k, v in part.items()} for part in parts)
    return Product(tables, named, figures)  # type: ignore[arg-type]


def _tables(
    look: FirstLook, frames: Mapping[str, pd.DataFrame], fits: Mapping[str, Fit]
) -> dict[str, Table]:
    unit = record_of(look.panel).panel.get("period", "period")
    tables = {
        "counts": frame_table(frames["counts"], title="The panel"),
        "exits": frame_table(
            frames["exits"],
            title="The early exits",
            notes=(
                f"Features as of the start of the {unit} of exit; deaths_12m: own deaths in the "
                "last twelve months.",
            ),
        ),
        "exposure": frame_table(
            frames["exposure"],
            title=f"Member-{unit}s and early exits by feature",
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
        "precision": frame_table(
            frames["precision"],
            title="How precise the Cox model is" if "Cox" in look.fits else "How precise it is",
            notes=(
                "p_cluster: clustered by state, normal reference. p_jackknife: leaving out one "
                "state at a time (CR3), t with G - 1 degrees of freedom. smallest_ratio: the "
                f"smallest {look.ratio.replace('_', ' ')} above one that the jackknife's standard "
                "errors would have "
                "shown with 80% power at the 5% level (below one: its inverse).",
            ),
        ),
        "left_out": frame_table(frames["left_out"], title="Spells that are not at risk"),
        "other_codings": frame_table(
            frames["other_codings"], title="Spells that a fair reader could code otherwise"
        ),
    }
    if fits:
        tables["coefficients"] = table(
            list(fits.values()),
            names=list(fits),
            terms=_terms(look),
            hazard_ratios=True,
            title="What goes with leaving early",
        )
    if look.proportional is not None:
        tables["proportional_hazards"] = look.proportional.to_table()
    return tables


def _terms(look: FirstLook) -> list[str]:
    """Coefficients of the main fit, which the logit has beside those of time."""
    return [] if look.main is None else list(look.main.names)


def _figures(look: FirstLook, fits: Mapping[str, Fit]) -> dict[str, Plot]:
    figures = {}
    if look.members is not None and len(look.members) <= _MOST:
        figures["participation"] = plot_participation(
            look.members,
            title=f"Participation in {_place(look)}",
            mandate_end=_iraq.mandate_end() if look.name == "iraq" else None,
        )
    if look.survival is not None:
        made = record_of(look.panel).panel
        since = "entry" if made.get("clock") == "entry" else "the clock's origin"
        figures["survival"] = plot_survival_curve(
            look.survival,
            title="Still in the coalition",
            xlabel=f"{made.get('period', 'period')}s since {since}",
        )
    if fits:
        figures["coefficients"] = plot_coefficients(
            fits,
            terms=_terms(look),
            title="Hazard ratios (odds ratios for the logit)",
        )
    return figures


def _place(look: FirstLook) -> str:
    return _iraq.PLACE if look.name == "iraq" else look.title


def _exits(look: FirstLook) -> pd.DataFrame:
    rows = look.panel[look.panel["event"] == 1]
    made: dict[str, object] = {}
    known = None
    if look.members is not None:
        key = ["coalition", "state", "spell"]
        members = look.members.drop_duplicates(key).set_index(key)
        known = members.reindex(pd.MultiIndex.from_frame(rows[key]))
    named = known if known is not None and "name" in known.columns else rows
    made["state"] = named["name" if "name" in named.columns else "state"].to_numpy()
    if len(rows["coalition"].unique()) > 1:
        made["coalition"] = rows["coalition"].to_numpy()
    made["month"] = rows["period"].dt.strftime("%Y-%m").to_numpy()
    if "stop" in rows.columns:
        made["months_in"] = rows["stop"].to_numpy()
    made |= {name: _whole(rows[name]) for name in _AT_EXIT if name in rows.columns}
    if known is not None and "exit_kind_reason" in known.columns:
        made["reason"] = known["exit_kind_reason"].to_numpy()
    return pd.DataFrame(made).sort_values(["month", "state"], ignore_index=True)


def _whole(values: pd.Series) -> npt.NDArray[np.object_]:
    """Counts and 0/1 features as whole numbers; a missing one stays missing."""
    whole: npt.NDArray[np.object_] = values.astype("Int64").astype(object).to_numpy()
    return whole


def _coefficients(fits: Mapping[str, Fit]) -> pd.DataFrame:
    if not fits:
        return pd.DataFrame({"model": []})
    parts = [fit.tidy().assign(model=name) for name, fit in fits.items()]
    frame = pd.concat(parts, ignore_index=True)
    return frame[["model", *[c for c in frame.columns if c != "model"]]]


def _coverage(summary: pd.DataFrame) -> pd.DataFrame:
    columns = ["feature", "coverage", "first", "last", "events", "events_nonzero"]
    return summary.reindex(columns=columns).rename(
        columns={"events": "exits", "events_nonzero": "exits_where_nonzero"}
    )


def _other_codings(members: pd.DataFrame | None) -> pd.DataFrame:
    columns = ["name", "spell", "exit", "exit_kind", "exit_kind_alt", "exit_kind_reason"]
    if members is None or not set(columns) <= set(members.columns):
        return pd.DataFrame(columns=columns)
    return members.loc[members["exit_kind_alt"].notna(), columns].reset_index(drop=True)


def contested(members: pd.DataFrame | None) -> tuple[int, int]:
    """Count early exits that could be coded otherwise, and others that could count as early."""
    other = _other_codings(members)
    early = other["exit_kind"] == "early"
    return int(early.sum()), int((~early & (other["exit_kind_alt"] == "early")).sum())


def first_look_page(look: FirstLook, product: Product, prefix: str = "") -> Page:
    """Make the page of a set."""
    iraq = look.name == "iraq"
    tables = {name.removeprefix(prefix): one for name, one in product.tables.items()}
    figures = {name.removeprefix(prefix): one for name, one in product.figures.items()}
    return Page(
        f"{prefix}first_look.html",
        _iraq.TITLE if iraq else f"First look: {look.title}",
        _iraq.lead() if iraq else f"A first look at the set {look.name}, by member and period.",
        _sections(look, tables, figures, prefix),
        _sources(look),
    )


def _sections(
    look: FirstLook, tables: Mapping[str, Table], figures: Mapping[str, Plot], prefix: str
) -> list[Section]:
    iraq = look.name == "iraq"
    afterwards = _iraq.afterwards(look) if iraq else ""
    took_part = (
        "One line per contingent from entry to the end of its main force; a cross marks an early "
        f"exit. {afterwards}"
    ).strip()
    stayed = (
        "Kaplan-Meier estimate of staying, with its 95% band, by months since a contingent's "
        "entry; everyone else is censored at their own exit or at the mandate's end."
        if iraq
        else "Kaplan-Meier estimate of staying, with its 95% band; whoever did not leave early is "
        "censored."
    )
    ratios = "Ratios with 95% intervals; the line marks no effect."
    return [
        Section("The question and the data", _iraq.question(look) if iraq else _question(look)),
        Section(
            "Who took part, and how it ended",
            [
                *_shown(figures, "participation", took_part),
                tables["counts"],
                tables["exits"],
            ],
        ),
        Section("How long members stayed", [*_shown(figures, "survival", stayed)]),
        Section(
            "What goes with leaving early",
            [
                tables["exposure"],
                _terms_said(look),
                *([tables["coefficients"]] if "coefficients" in tables else []),
                *_shown(figures, "coefficients", ratios),
                findings_listed(look, prefix),
            ],
        ),
        Section(
            "How far to trust it",
            [
                tables["precision"],
                *([tables["proportional_hazards"]] if look.proportional is not None else []),
                *(_iraq.limits(look, *contested(look.members)) if iraq else look.limits),
                tables["other_codings"],
                tables["left_out"],
                tables["coverage"],
                *_absent(look),
            ],
        ),
    ]


def _shown(figures: Mapping[str, Plot], name: str, caption: str) -> list[tuple[Plot, str]]:
    return [(figures[name], caption)] if name in figures else []


def _terms_said(look: FirstLook) -> str:
    how = (
        "Cox: time since entry, Efron's ties. Logit: the same rows with a cubic in time since "
        "entry. All standard errors here leave out one state at a time (the jackknife, CR3), with "
        "limits and p-values of Student's t."
    )
    if look.name != "iraq":
        how = how.replace("time since entry", "time at risk").replace(
            "one state", f"one {look.cluster}"
        )
        return f"The terms: {look.formula}. {how}"
    return f"The terms: {look.formula}. {_iraq.TERMS} {how}"


def _question(look: FirstLook) -> list[str]:
    total = look.counts.iloc[-1]
    return [
        f"{total['states']} states took part in {total['spells']} spells; {total['events']} of "
        "these ended in an early exit. Which members left, and when?",
        f"A row is a member in a period at risk ({total['rows']} rows).",
    ]


def _absent(look: FirstLook) -> list[Listing]:
    """What could not be had of these data."""
    items = tuple(f"Not made: {what} ({why})." for what, why in look.absent.items())
    return [Listing(items)] if items else []


def _sources(look: FirstLook) -> Sequence[str]:
    return sources_of(look.panel)


def _about(look: FirstLook) -> str:
    total = look.counts.iloc[-1]
    return (
        f"{total['spells']} spells of {total['states']} states, {total['events']} early exits: who "
        "left when, what goes with it, and how little so few exits can show."
    )


def first_look_part(name: str, *, order: int = 10) -> Part[FirstLook]:
    """Make the part on an analysis set, by its name; that on Iraq stands in every report.

    Examples
    --------
    >>> first_look_part("isaf").name
    'isaf_first_look'
    """
    prefix = "" if name == "iraq" else f"{name}_"

    def analyse(run: Run) -> FirstLook:
        def look() -> FirstLook:
            return first_look(run.once(f"set {name}", lambda: analysis_set(name)), _formula(name))

        return run.once(f"first look {name}", look)

    return Part(
        name=f"{prefix}first_look",
        title=_iraq.TITLE if name == "iraq" else f"First look: {name}",
        order=order,
        analyse=analyse,
        about=_about,
        product=lambda look: first_look_products(look, prefix),
        pages=lambda look, product: [first_look_page(look, product, prefix)],
        sources=_sources,
    )


def _formula(name: str) -> str | None:
    return FORMULA if name == "iraq" else None


PART = first_look_part("iraq")
