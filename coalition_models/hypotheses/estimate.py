"""One claim's coefficient on one panel: which estimator, which variance, which p-value.

The rules, in order:

1. Controls that the panel lacks are left out, and so are all of them where there would be fewer
   than :data:`EVENTS_PER_TERM` events per coefficient (never the main effects of an interaction).
2. Cox regression with Efron's ties, or a logit where the data have no time at risk.
3. With at least :data:`~coalition_models.models.variance.FEW_CLUSTERS` clusters that hold an
   event: standard errors clustered, p-value from the normal distribution. With fewer: CR3, the
   jackknife over clusters, and Student's t with one degree of freedom less than clusters. What
   counts is clusters with an event, since the others say little on the spread of the scores.
4. Where the model has no finite maximum, with or without one of the clusters, or where a term of
   two values has one of them in fewer than :data:`EXPOSED_CLUSTERS` clusters (no clustered
   variance is right then, MacKinnon and Webb 2018): Firth's penalty, profile likelihood for
   interval and p-value. It has no clustered form, and the result says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.hypotheses.power import detectable_ratio, null_variance
from coalition_models.models.cox import cox
from coalition_models.models.discrete import logit
from coalition_models.models.fit import Fit
from coalition_models.models.variance import FEW_CLUSTERS

__all__ = ["EVENTS_PER_TERM", "EXPOSED_CLUSTERS", "TermEstimate", "estimate_term"]

#: fewer events per coefficient than this, and the controls are left out
EVENTS_PER_TERM = 5

#: a term of two values needs each in this many clusters for a clustered variance
EXPOSED_CLUSTERS = 5


@dataclass(frozen=True)
class TermEstimate:
    """What one model says about one term, on the log scale.

    ``groups`` is the cluster of each row used; ``smallest_ratio`` is the smallest ratio above one
    that the design finds with the power asked for;
    ``design_effect`` is clustered over model-based variance, never below 1; ``deviations`` name
    what was not done as registered.
    """

    term: str
    estimate: float
    std_error: float
    p_value: float
    conf_low: float
    conf_high: float
    rows: int
    events: int
    members: int
    clusters: int
    clusters_with_event: int
    clusters_exposed: int
    degrees: float
    term_sd: float
    design_effect: float
    smallest_ratio: float
    method: str
    deviations: tuple[str, ...]
    groups: tuple[object, ...] = field(repr=False)
    fit: Fit = field(repr=False)


def estimate_term(
    panel: pd.DataFrame,
    term: str,
    controls: Sequence[str] = (),
    *,
    cluster: str = "state",
    model: str = "cox",
    ties: str = "efron",
    keep_controls: bool = False,
    level: float = 0.95,
    power: float = 0.8,
) -> TermEstimate:
    """Estimate a term's coefficient by the rules of this module.

    Parameters
    ----------
    panel : DataFrame
        Rows with ``event`` and the columns named; for ``"cox"`` with ``start, stop``.
    term : str
    controls : sequence of str
    cluster : str
    model : {"cox", "logit"}
    ties : {"efron", "breslow"}
    keep_controls : bool
        Never leave the controls out (main effects of an interaction).
    level, power : float

    Returns
    -------
    TermEstimate

    Raises
    ------
    FitError
        No event, or a term that does not vary among those at risk.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.8}, seed=3)
    >>> found = estimate_term(panel, "risk")
    >>> found.method, found.p_value < 0.01
    ('Cox, Efron ties, clustered by state', True)
    """
    kept, deviations = _settle_controls(panel, term, controls, keep_controls)
    names = [term, *kept]
    formula = f"event ~ {' + '.join(names)}"
    rows = panel.dropna(subset=names).reset_index(drop=True)
    if not len(rows) or not rows["event"].any():
        raise FitError("no event in the rows where the term and its controls are known")
    exposed = _exposed_clusters(rows, term, cluster)
    with_event = int(rows.loc[rows["event"] == 1, cluster].nunique())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        try:
            _refuse_rare(exposed, term)
            fit = _clustered(formula, rows, cluster, with_event, model, ties)
        except FitError as trouble:
            fit = _penalised(formula, rows, model, ties)
            deviations.append(f"Firth's penalty, not clustered, since {_reason(trouble)}")
    counts = (with_event, exposed)
    groups = tuple(rows[cluster].iloc[np.asarray(fit.engine.sample.index)])
    return _report(fit, term, cluster, counts, groups, deviations, ties, level, power)


def _settle_controls(
    panel: pd.DataFrame, term: str, controls: Sequence[str], keep: bool
) -> tuple[list[str], list[str]]:
    """Controls that can be used, and what is said of the others."""
    deviations = []
    kept = [name for name in controls if name in panel.columns and panel[name].notna().any()]
    if keep:
        return list(controls), []
    lost = [name for name in controls if name not in kept]
    if lost:
        deviations.append(f"without {', '.join(lost)}: not known here")
    known = panel.dropna(subset=[term, *kept])
    events = int(known["event"].sum())
    if kept and events < EVENTS_PER_TERM * (1 + len(kept)):
        deviations.append(
            f"without {', '.join(kept)}: {events} events are too few for {1 + len(kept)} terms"
        )
        kept = []
    still = [name for name in kept if len(known) and np.ptp(known[name].to_numpy(dtype=float)) > 0]
    if len(still) < len(kept):
        deviations.append(f"without {', '.join(n for n in kept if n not in still)}: constant")
    return still, deviations


def _exposed_clusters(rows: pd.DataFrame, term: str, cluster: str) -> int:
    """Clusters that know a term's value; of a term of two values, the rarer one."""
    values = rows[term]
    if values.nunique() != 2:
        return int(rows[cluster].nunique())
    return int(rows.groupby(values)[cluster].nunique().min())


def _refuse_rare(exposed: int, term: str) -> None:
    """Refuse a clustered variance where few clusters are exposed."""
    if exposed < EXPOSED_CLUSTERS:
        raise FitError(f"one value of {term} occurs in {exposed} clusters only")


def _clustered(
    formula: str, rows: pd.DataFrame, cluster: str, with_event: int, model: str, ties: str
) -> Fit:
    variance = "cluster" if with_event >= FEW_CLUSTERS else "jackknife"
    if model == "logit":
        return logit(formula, rows, time=None, cluster=cluster, variance=variance)
    return cox(formula, rows, cluster=cluster, variance=variance, ties=ties)


def _penalised(formula: str, rows: pd.DataFrame, model: str, ties: str) -> Fit:
    if model == "logit":
        return logit(formula, rows, time=None, penalty="firth")
    return cox(formula, rows, penalty="firth", ties=ties)


def _reason(trouble: FitError) -> str:
    """First statement of an error's message."""
    return str(trouble).split(";")[0].split(". ")[0]


def _report(
    fit: Fit,
    term: str,
    cluster: str,
    counts: tuple[int, int],
    labels: tuple[object, ...],
    deviations: Sequence[str],
    ties: str,
    level: float,
    power: float,
) -> TermEstimate:
    sample = fit.engine.sample
    position = fit.names.index(term)
    clustered = fit.choices.variance in ("cluster", "jackknife")
    few = fit.choices.variance == "jackknife"
    groups = fit.counts.clusters[0] if clustered else 0
    degrees = float(groups - 1) if few else float("inf")
    line = fit.tidy(level=level, reference="t" if few else "normal").iloc[position]
    effect = 1.0
    if clustered:
        ratio = fit.covariance[position, position] / fit.model_covariance[position, position]
        effect = max(1.0, float(ratio))
    base = null_variance(fit, term) * effect
    kind = "Cox" if fit.estimator == "cox" else "Logit"
    how = f"{kind}, {ties.capitalize()} ties" if fit.estimator == "cox" else kind
    if few:
        how += f", CR3 by {cluster}, t({int(degrees)})"
    else:
        how += f", clustered by {cluster}" if clustered else ", Firth, profile likelihood"
    return TermEstimate(
        term=term,
        estimate=float(line["estimate"]),
        std_error=float(line["std_error"]),
        p_value=float(line["p_value"]),
        conf_low=float(line["conf_low"]),
        conf_high=float(line["conf_high"]),
        rows=fit.counts.rows,
        events=fit.counts.events,
        members=int(fit.counts.members or fit.counts.rows),
        clusters=groups,
        clusters_with_event=counts[0],
        clusters_exposed=counts[1],
        degrees=degrees,
        term_sd=float(sample.matrix[:, fit.names.index(term)].std()),
        design_effect=effect,
        smallest_ratio=detectable_ratio(base, power=power, level=level, degrees=degrees),
        method=how,
        deviations=tuple(deviations),
        groups=labels,
        fit=fit,
    )
