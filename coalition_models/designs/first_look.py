"""A first look at any analysis set or panel: counts, survival, a model, what it can show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.as_of_end import as_of_end
from coalition_models.designs.exposure_counts import exposure
from coalition_models.errors import CoalitionError, DataError, FitError, counted, gathered
from coalition_models.features.summary import feature_summary
from coalition_models.inference.detection import detectable_effects
from coalition_models.members.facts import facts_of
from coalition_models.members.panel import describe_panel
from coalition_models.models.after.diagnostics import PHTest, check_ph
from coalition_models.models.after.nonparametric import SurvivalCurve, survival_curve
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.fit import Fit
from coalition_models.models.sample.sides import sides_of, terms_of
from coalition_models.record import record_of
from coalition_models.render import Table, format_number, format_p

__all__ = ["FORMULA", "FirstLook", "first_look"]

#: one term per mechanism (elections, leaders, losses, risk), the same since the first version
FORMULA = "event ~ election_near + leader_change + log_deaths_12m + combat_role"

_END = "Cox, as of period end"


@dataclass(frozen=True, repr=False)
class FirstLook:
    """What :func:`first_look` finds, as frames and fits.

    Attributes
    ----------
    name, title : str
        Of the analysis set; ``"panel"`` and its coalitions for a panel.
    formula, cluster : str
    panel : DataFrame
    members : DataFrame or None
        All spells behind the panel, where they are known.
    counts : DataFrame
        As of :func:`describe_panel`; without the total where there is one coalition only.
    coverage : DataFrame
        As of :func:`feature_summary`, with the column ``feature``; empty without features.
    exposure : DataFrame
        Rows and exits by each term alone, as of :func:`exposure`.
    survival : SurvivalCurve or None
    fits : mapping of str to Fit
        ``Cox``, ``Cox, as of period end`` (the same with features that know the row's own period)
        and ``Logit``, as far as they could be made, clustered.
    few_clusters : Fit or None
        The first of them with the jackknife variance.
    proportional : PHTest or None
    detectable : DataFrame or None
        As of :func:`detectable_effects`, under the jackknife if that could be had.
    limits : tuple of str
        What to hold against the analysis, with its numbers.
    absent : mapping of str to str
        What could not be made, and why.
    """

    name: str
    title: str
    formula: str
    cluster: str
    panel: pd.DataFrame
    members: pd.DataFrame | None
    counts: pd.DataFrame
    coverage: pd.DataFrame
    exposure: pd.DataFrame
    survival: SurvivalCurve | None
    fits: Mapping[str, Fit]
    few_clusters: Fit | None
    proportional: PHTest | None
    detectable: pd.DataFrame | None
    limits: tuple[str, ...]
    absent: Mapping[str, str]

    @property
    def main(self) -> Fit | None:
        """The fit that the rest is about: the Cox model, or the logit where there is none."""
        return next(iter(self.fits.values()), None)

    @property
    def ratio(self) -> str:
        """Name of the main fit's ratios."""
        return "hazard_ratio" if "Cox" in self.fits else "odds_ratio"

    def precision(self) -> pd.DataFrame:
        """How precise the main fit is.

        Returns
        -------
        DataFrame
            ``term, hazard_ratio`` (``odds_ratio`` of a logit), ``p_cluster, p_jackknife,
            smallest_ratio`` (the smallest above one that would have been found with 80 % power).
        """
        main = self.main
        if main is None:
            columns = ["term", self.ratio, "p_cluster", "p_jackknife", "smallest_ratio"]
            return pd.DataFrame(columns=columns)
        rows = main.tidy(exponentiate=True)
        names = rows["term"]
        few, smallest = pd.Series(np.nan, names), pd.Series(np.nan, names)
        if self.few_clusters is not None:
            few = self.few_clusters.tidy(reference="t").set_index("term")["p_value"]
        if self.detectable is not None:
            smallest = self.detectable.set_index("term")["ratio_up"]
        return pd.DataFrame(
            {
                "term": names,
                self.ratio: rows["estimate"],
                "p_cluster": rows["p_value"],
                "p_jackknife": few.reindex(names).to_numpy(),
                "smallest_ratio": smallest.reindex(names).to_numpy(),
            }
        )

    def to_table(self) -> Table:
        """The main fit in short, with counts and limits below, ready for print."""
        rows = [
            [
                str(row["term"]),
                format_number(row[self.ratio], 2),
                format_p(row["p_cluster"]),
                format_p(row["p_jackknife"]),
                format_number(row["smallest_ratio"], 2),
            ]
            for row in self.precision().to_dict("records")
        ]
        header = ["term", self.ratio.replace("_", " "), "p", "p, jackknife", "smallest to be found"]
        absent = [f"Not made: {what} ({why})." for what, why in self.absent.items()]
        notes = [*self._said(), *self.limits, *absent]
        return Table(header, rows, f"First look: {self.title}", notes)

    def _said(self) -> list[str]:
        total = self.counts.iloc[-1]
        said = [
            f"{counted(int(total['rows']), 'row')}, {counted(int(total['spells']), 'spell')} of "
            f"{counted(int(total['states']), 'state')}, {counted(int(total['events']), 'event')}, "
            f"{total['first']:%Y-%m} to {total['last']:%Y-%m}.",
            f"{next(iter(self.fits), 'No model')}: {self.formula}, clustered by {self.cluster}.",
        ]
        if self.survival is not None:
            half = self.survival.median().iloc[0]
            said.append(
                "More than half stay to the end of what is observed (Kaplan-Meier)."
                if np.isnan(half)
                else f"Half are gone after {half:g} periods at risk (Kaplan-Meier)."
            )
        if self.proportional is not None:
            p = format_p(float(self.proportional.table["p_value"].iloc[-1]))
            said.append(f"Test of proportional hazards, all terms together: p {p}.")
        return said

    def __repr__(self) -> str:
        events = counted(int(self.panel["event"].sum()), "event")
        fits = ", ".join(self.fits) or "no fit"
        return f"<FirstLook {self.name}: {counted(len(self.panel), 'row')}, {events}; {fits}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def first_look(
    set_or_panel: AnalysisSet | str | pd.DataFrame,
    formula: str | None = None,
    *,
    cluster: str = "state",
) -> FirstLook:
    """Take a first look at an analysis set or at a panel of your own.

    Counts, survival, a Cox model with clustered errors beside a discrete-time logit, how precise
    they are with few clusters, whether hazards are proportional, and how much of each feature is
    known. What cannot be had of these data is told with the reason and does not stop the rest.

    Parameters
    ----------
    set_or_panel : AnalysisSet, str or DataFrame
        ``cm.analysis_set("isaf")``, the name of one, or a panel as :func:`build_panel` and the
        ``add_*`` functions make it. A panel without the columns ``start`` and ``stop`` gets the
        logit only.
    formula : str, optional
        By default one term per mechanism (election, leader, losses, risk), as far as the panel has
        their columns.
    cluster : str
        Column by which errors are clustered.

    Returns
    -------
    FirstLook

    Raises
    ------
    DataError
        For a panel that cannot be counted, or one without any column of the default formula.

    Examples
    --------
    >>> import coalition_models as cm
    >>> look = cm.first_look("iraq")
    >>> look.fits["Cox"].counts.events
    21
    >>> look.precision()["hazard_ratio"].round(2).tolist()
    [0.9, 2.82, 1.57, 0.26]
    """
    check_arguments(first_look, locals())
    data = analysis_set(set_or_panel) if isinstance(set_or_panel, str) else set_or_panel
    panel = data.panel if isinstance(data, AnalysisSet) else data
    counts = _counts(panel)
    absent = _unknown_features(data)
    chosen = _default_formula(panel, absent) if formula is None else formula
    timed = {"start", "stop"} <= set(panel.columns)
    if not timed:
        absent["Cox"] = "the panel has no columns start and stop"
    with gathered():  # what is told of a fit stands among its remarks
        fits = _fits(chosen, panel, cluster, absent) if timed else {}
        time = "cubic" if timed else None
        _try(fits, "Logit", lambda: logit(chosen, panel, time=time, cluster=cluster), absent)
        few = _few_clusters(chosen, panel, cluster, time, fits, absent)
    with gathered() as told:
        precise = few or next(iter(fits.values()), None)
        survival = survival_curve(panel) if timed else None
        proportional = check_ph(fits["Cox"]) if "Cox" in fits else None
    look = FirstLook(
        name=data.name if isinstance(data, AnalysisSet) else "panel",
        title=_title(data),
        formula=chosen,
        cluster=cluster,
        panel=panel,
        members=_members(data),
        counts=counts,
        coverage=_coverage(panel),
        exposure=exposure(panel, _plain_terms(chosen, panel)),
        survival=survival,
        fits=fits,
        few_clusters=few,
        proportional=proportional,
        detectable=None if precise is None else detectable_effects(precise),
        limits=(),
        absent=absent,
    )
    return replace(look, limits=(*_limits(look, data), *told))


def _unknown_features(data: AnalysisSet | pd.DataFrame) -> dict[str, str]:
    """Features that a set's sources do not give, with the reason."""
    if not isinstance(data, AnalysisSet):
        return {}
    rows = data.sheet[data.sheet["item"].str.startswith("no ")]
    return {
        f"features, {item.removeprefix('no ')}": why
        for item, why in zip(rows["item"], rows["value"], strict=True)
    }


def _counts(panel: pd.DataFrame) -> pd.DataFrame:
    table = describe_panel(panel)
    return (table.iloc[:1] if len(table) == 2 else table).reset_index()


def _default_formula(panel: pd.DataFrame, absent: dict[str, str]) -> str:
    """The terms of the first analysis that the panel knows and that differ among its rows."""
    outcome, _, right = FORMULA.partition(" ~ ")
    terms = right.split(" + ")
    reasons = {}
    for term in terms:
        if term not in panel.columns:
            reasons[term] = "not in the panel"
        elif panel[term].nunique() < 2:
            reasons[term] = "the same in every row where it is known"
    kept = [term for term in terms if term not in reasons]
    if not kept:
        raise DataError(
            f"the panel has none of the columns {', '.join(terms)}, or they do not vary: give a "
            "formula, or add them with add_elections() and the other add_* functions"
        )
    absent.update({f"term {term}": why for term, why in reasons.items()})
    return f"{outcome} ~ {' + '.join(kept)}"


def _fits(
    formula: str, panel: pd.DataFrame, cluster: str, absent: dict[str, str]
) -> dict[str, Fit]:
    """The Cox model with features as they are, and as of the end of each period."""
    fits: dict[str, Fit] = {}
    _try(fits, "Cox", lambda: cox(formula, panel, cluster=cluster), absent)
    if "Cox" not in fits:
        return fits
    try:
        later = as_of_end(panel, _plain_terms(formula, panel))
    except CoalitionError as error:
        absent[_END] = str(error).splitlines()[0]
        return fits
    _try(fits, _END, lambda: cox(formula, later, cluster=cluster), absent)
    return fits


def _few_clusters(
    formula: str,
    panel: pd.DataFrame,
    cluster: str,
    time: str | None,
    fits: Mapping[str, Fit],
    absent: dict[str, str],
) -> Fit | None:
    """The first fit again, with the variance for few clusters."""
    found: dict[str, Fit] = {}
    name = "jackknife"
    if "Cox" in fits:
        _try(found, name, lambda: cox(formula, panel, cluster=cluster, variance=name), absent)
    elif fits:
        _try(
            found,
            name,
            lambda: logit(formula, panel, time=time, cluster=cluster, variance=name),
            absent,
        )
    return found.get(name)


def _try(fits: dict[str, Fit], name: str, make: Callable[[], Fit], absent: dict[str, str]) -> None:
    """Keep a fit, or the reason why these data have none."""
    try:
        fits[name] = make()
    except FitError as error:
        absent[name] = str(error).splitlines()[0]


def _plain_terms(formula: str, panel: pd.DataFrame) -> list[str]:
    """Terms of the formula that are columns of numbers as they stand."""
    terms = terms_of(sides_of(formula)[1])
    return [
        term
        for term in dict.fromkeys(terms)
        if term in panel.columns and pd.api.types.is_numeric_dtype(panel[term])
    ]


def _coverage(panel: pd.DataFrame) -> pd.DataFrame:
    if not any(name in panel.columns for name in record_of(panel).features):
        return pd.DataFrame({"feature": []})
    return feature_summary(panel).reset_index(names="feature")


def _title(data: AnalysisSet | pd.DataFrame) -> str:
    if isinstance(data, AnalysisSet):
        return data.title
    names = [str(name) for name in pd.unique(data["coalition"])]
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} coalitions"


def _members(data: AnalysisSet | pd.DataFrame) -> pd.DataFrame | None:
    if isinstance(data, AnalysisSet):
        return None if data.facts is None else data.members
    facts = facts_of(data)
    return None if facts is None else facts.members


def _limits(look: FirstLook, data: AnalysisSet | pd.DataFrame) -> list[str]:
    """What the numbers cannot show, and what the set says of itself."""
    said = []
    main = look.main
    if main is not None:
        lost = main.counts.rows_given - main.counts.rows
        if lost:
            why = ", ".join(f"{name} {n}" for name, n in main.counts.dropped.items())
            said.append(
                f"{counted(lost, 'row')} of {main.counts.rows_given} left out of the model"
                + (f", with missing values ({why})." if why else ".")
            )
        groups = main.counts.clusters[0] if main.counts.clusters else 0
        said.append(
            f"All estimates rest on {counted(main.counts.events, 'event')} in {groups} clusters. "
            "They describe; they do not show that one thing caused another."
        )
    if isinstance(data, AnalysisSet):
        items = data.sheet
        said += list(items.loc[items["item"] == "limit", "value"])
    return said
