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
from scipy import stats

from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.hypotheses.power import detectable_ratio, null_variance
from coalition_models.models.cox import cox
from coalition_models.models.discrete import logit
from coalition_models.models.fit import Fit, Reference
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
    two_valued: bool
    design_effect: float
    smallest_ratio: float
    method: str
    deviations: tuple[str, ...]
    groups: tuple[str, ...] = field(repr=False)
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
    limits: bool = True,
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
    limits : bool
        Whether confidence limits are needed; profile limits take time.

    Returns
    -------
    TermEstimate
        Limits are missing where they were not asked for.

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
    groups = tuple(rows[cluster].astype(str).iloc[np.asarray(fit.engine.sample.index)])
    report = _Report(term, cluster, counts, groups, tuple(deviations), level, power, limits)
    return report.of(fit)


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


@dataclass(frozen=True)
class _Report:
    """What is said of a fit beyond its coefficients."""

    term: str
    cluster: str
    counts: tuple[int, int]
    groups: tuple[str, ...]
    deviations: tuple[str, ...]
    level: float
    power: float
    limits: bool

    def of(self, fit: Fit) -> TermEstimate:
        """Report one term of a fit."""
        values = fit.engine.sample.matrix[:, position := fit.names.index(self.term)]
        clusters = fit.counts.clusters[0] if fit.choices.cluster else 0
        degrees = float(clusters - 1) if fit.choices.variance == "jackknife" else float("inf")
        effect = 1.0
        if clusters:
            ratio = fit.covariance[position, position] / fit.model_covariance[position, position]
            effect = max(1.0, float(ratio))
        p_value, low, high = _test(fit, position, degrees, self.level, limits=self.limits)
        smallest = detectable_ratio(
            null_variance(fit, self.term) * effect,
            power=self.power,
            level=self.level,
            degrees=degrees,
        )
        return TermEstimate(
            term=self.term,
            estimate=float(fit.coefficients[position]),
            std_error=float(fit.std_errors[position]),
            p_value=p_value,
            conf_low=low,
            conf_high=high,
            rows=fit.counts.rows,
            events=fit.counts.events,
            members=int(fit.counts.members or fit.counts.rows),
            clusters=clusters,
            clusters_with_event=self.counts[0],
            clusters_exposed=self.counts[1],
            degrees=degrees,
            two_valued=len(np.unique(values)) == 2,
            term_sd=float(values.std()),
            design_effect=effect,
            smallest_ratio=smallest,
            method=_method(fit, self.cluster),
            deviations=self.deviations,
            groups=self.groups,
            fit=fit,
        )


def _test(
    fit: Fit, position: int, degrees: float, level: float, *, limits: bool
) -> tuple[float, float, float]:
    """P-value and limits of one coefficient."""
    if not limits:
        known = fit.engine.p_values(fit)
        statistic = abs(fit.coefficients[position] / fit.std_errors[position])
        wald = 2 * float(stats.t.sf(statistic, degrees))
        return (wald if known is None else float(known[position])), np.nan, np.nan
    reference: Reference = "t" if np.isfinite(degrees) else "normal"
    line = fit.tidy(level=level, reference=reference).iloc[position]
    return float(line["p_value"]), float(line["conf_low"]), float(line["conf_high"])


def _method(fit: Fit, cluster: str) -> str:
    kind = f"Cox, {fit.choices.ties.capitalize()} ties" if fit.estimator == "cox" else "Logit"
    if fit.choices.variance == "jackknife":
        return f"{kind}, CR3 by {cluster}, t({fit.counts.clusters[0] - 1})"
    return (
        f"{kind}, clustered by {cluster}"
        if fit.choices.cluster
        else (f"{kind}, Firth, profile likelihood")
    )
