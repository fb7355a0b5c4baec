"""One claim's coefficient on one panel: which estimator, which variance, which p-value.

The rules, in order:

1. Controls that the panel lacks are left out, and so are all of them where there would be fewer
   than :data:`EVENTS_PER_TERM` events per coefficient (never the main effects of an interaction).
2. Cox regression with Efron's ties, or a logit where the data have no time at risk.
3. With at least :data:`~coalition_models.models.variance.FEW_CLUSTERS` clusters that hold an
   event: standard errors clustered, p-value from the normal distribution. With fewer: CR3, the
   jackknife over clusters, and Student's t with one degree of freedom less than clusters. What
   counts is clusters with an event, since the others say little on the spread of the scores.
4. Data sets of several coalitions are clustered by state and by coalition, one after the other,
   and the larger p-value counts: what happens in a coalition happens to all of its members.
5. Where the model has no finite maximum, with or without one of the clusters, where the jackknife
   makes the variance more than :data:`RUNAWAY` times the model's (one cluster holds the estimate
   down), or where a term of two values has one of them in fewer than :data:`EXPOSED_CLUSTERS`
   clusters (no clustered variance is right then, MacKinnon and Webb 2018): Firth's penalty,
   profile likelihood for interval and p-value. It has no clustered form, and the result says so.
   This is settled by the first way to cluster; a second one that fails is left out and named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError, counted, first_few, gathered
from coalition_models.inference.detection import check_shares, detectable_ratio, null_variance
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.models.family import family_named, room_of
from coalition_models.models.fit import Fit, Reference
from coalition_models.models.running import run
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.sides import event_of, quoted
from coalition_models.models.specification import Specification
from coalition_models.models.variance import FEW_CLUSTERS

__all__ = [
    "EVENTS_PER_TERM",
    "EXPOSED_CLUSTERS",
    "RUNAWAY",
    "cautious",
    "estimate_term",
    "usable_controls",
]

#: fewer events per coefficient than this, and the controls are left out
EVENTS_PER_TERM = 5

#: a term of two values needs each in this many clusters for a clustered variance
EXPOSED_CLUSTERS = 5

#: a jackknife variance this many times the model's has no meaning
RUNAWAY = 100.0


def estimate_term(
    panel: pd.DataFrame,
    term: str,
    controls: Sequence[str] = (),
    *,
    cluster: str | Sequence[str] = "state",
    model: str = "cox",
    ties: str = "efron",
    strata: Sequence[str] = (),
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
    cluster : str or sequence of str
        Column of clusters; of several, the one with the larger p-value counts.
    model : str
        Name of a family, ``"cox"`` or ``"logit"`` in the registered tests.
    ties : {"efron", "breslow"}
    strata : sequence of str
        Columns each of whose values has a baseline of its own.
    keep_controls : bool
        Never leave the controls out (main effects of an interaction).
    level, power : float
    limits : bool
        Whether confidence limits are needed; profile limits take time.

    Returns
    -------
    TermEstimate
        Limits and groups are missing where limits were not asked for.

    Raises
    ------
    FitError
        No event, or a term that does not vary among those at risk.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.8}, seed=3)
    >>> found = cm.inference.estimate_term(panel, "risk")
    >>> found.method, found.p_value < 0.01
    ('Cox, Efron ties, clustered by state', True)
    """
    kept, deviations = usable_controls(panel, term, controls, keep_controls)
    names = [term, *kept]
    formula = f"event ~ {' + '.join(map(quoted, names))}"
    rows = panel.dropna(subset=names).reset_index(drop=True)
    total = int(panel["event"].sum())
    lost = total - int(rows["event"].sum())
    if lost:
        deviations.append(f"{lost} of {total} events are in rows without {' or '.join(names)}")
    if not len(rows) or not rows["event"].any():
        raise FitError("no event in the rows where the term and its controls are known")
    ties_asked = ties if "ties" in family_named(model).can else None
    # without duration terms where they are an option
    spec = Specification(model, formula, ties=ties_asked, time=None, strata=tuple(strata) or None)
    clusters = [cluster] if isinstance(cluster, str) else list(cluster)
    return _settled(_Options(spec, rows, "event", term, level, power, limits), clusters, deviations)


def cautious(
    spec: Specification,
    panel: pd.DataFrame,
    term: str,
    *,
    level: float = 0.95,
    power: float = 0.8,
    limits: bool = True,
) -> TermEstimate:
    """Estimate one term of any specification, with the variance that its clusters allow.

    The variance is chosen by rules 3 to 5 of this module: clustered, or the jackknife with
    Student's t where few clusters hold an event, or Firth's penalty where neither is right. The
    formula is taken as it stands.

    Parameters
    ----------
    spec : Specification
        With ``cluster``, and without ``variance`` and ``penalty``, which are chosen here. Of
        several clusters, the one with the larger p-value counts.
    panel : DataFrame
        Its column ``term`` and the outcome, which must be a column too, tell exposed clusters and
        clusters with an event.
    term : str
        A coefficient of the formula that is a column.
    level, power : float
    limits : bool
        Whether confidence limits are needed; profile limits take time.

    Returns
    -------
    TermEstimate

    Raises
    ------
    DataError
        A specification that says what is chosen here, or no cluster; a term that is no column.
    FitError
        No event, or a term that does not vary among those at risk.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.8}, seed=3)
    >>> spec = cm.Specification("cloglog", "event ~ risk", cluster="state", time="linear")
    >>> found = cm.inference.cautious(spec, panel, "risk")
    >>> found.method, found.p_value < 0.01
    ('Complementary log-log, clustered by state', True)
    """
    check_arguments(cautious, locals())
    check_shares(level=level, power=power)
    chosen = (spec.variance, spec.penalty, spec.prior)
    if spec.cluster is None or any(given is not None for given in chosen):
        raise DataError(
            "cautious() chooses variance and penalty by the clusters: give a specification with "
            f"cluster= and without variance=, penalty= and prior=; found {spec!r}"
        )
    outcome = event_of(spec.formula)
    absent = [name for name in (outcome, term) if name not in panel.columns]
    if absent:
        raise DataError(
            f"cautious() counts the clusters with an event and those exposed, so that outcome and "
            f"term must be columns of the panel; it lacks {first_few(absent)}: add them"
        )
    # the rows that the model uses, whatever its formula makes of the columns
    sample = room_of(spec.family).draw(spec, panel.reset_index(drop=True))
    rows = panel.iloc[np.asarray(sample.index)].reset_index(drop=True)
    if not rows[outcome].astype(bool).any():
        raise FitError("no event in the rows that the model uses")
    plain = replace(spec, cluster=None)
    return _settled(
        _Options(plain, rows, outcome, term, level, power, limits),
        names_of(spec.cluster, "cluster"),
        [],
    )


def _settled(options: _Options, clusters: Sequence[str], deviations: Sequence[str]) -> TermEstimate:
    """Settle the variance by the first way to cluster; of the others a larger p-value counts."""
    first, *others = clusters
    said = list(deviations)
    try:
        found = options.clustered(first)
    except FitError as trouble:
        reason = f"Firth's penalty, not clustered, since {_reason(trouble)}"
        return options.penalised(first, (*said, reason))
    for other in others:
        try:
            again = options.clustered(other)
        except FitError as trouble:
            said.append(f"not clustered by {other}, since {_reason(trouble)}")
            continue
        if again.p_value > found.p_value:
            found = again
    return replace(found, deviations=tuple(said))


@dataclass(frozen=True)
class _Options:
    """One model on one set of rows, to be fitted under several variances."""

    spec: Specification
    rows: pd.DataFrame
    outcome: str
    term: str
    level: float
    power: float
    limits: bool

    def clustered(self, cluster: str) -> TermEstimate:
        """Clustered variance or jackknife; FitError where neither is right."""
        with_event, exposed = self.counts(cluster)
        if exposed < EXPOSED_CLUSTERS:
            raise FitError(f"one value of {self.term} occurs in {counted(exposed, 'cluster')} only")
        variance = "cluster" if with_event >= FEW_CLUSTERS else "jackknife"
        with gathered():
            fit = run(replace(self.spec, cluster=cluster, variance=variance), self.rows)
        at = fit.names.index(self.term)
        if fit.covariance[at, at] > RUNAWAY * fit.model_covariance[at, at]:
            raise FitError(f"the estimate hangs on one {cluster}")
        return self.report(fit, cluster, ())

    def penalised(self, cluster: str, deviations: tuple[str, ...]) -> TermEstimate:
        """Firth's penalty."""
        with gathered():
            fit = run(replace(self.spec, penalty="firth"), self.rows)
            return self.report(fit, cluster, deviations)

    def counts(self, cluster: str) -> tuple[int, int]:
        """Clusters with an event, and those that know the rarer value of the term."""
        with_event = int(self.rows.loc[self.rows[self.outcome] == 1, cluster].nunique())
        return with_event, _exposed_clusters(self.rows, self.term, cluster)

    def report(self, fit: Fit, cluster: str, deviations: tuple[str, ...]) -> TermEstimate:
        """Say what a fit shows of the term."""
        position = fit.place_of(self.term)
        values = fit.values_of(self.term)
        groups: tuple[str, ...] = ()
        if self.limits:
            used = np.asarray(fit.engine.sample.index)
            groups = tuple(self.rows[cluster].astype(str).iloc[used])
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
        with_event, exposed = self.counts(cluster)
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
            clusters_with_event=with_event,
            clusters_exposed=exposed,
            degrees=degrees,
            two_valued=len(np.unique(values)) == 2,
            term_sd=float(values.std()),
            design_effect=effect,
            smallest_ratio=smallest,
            method=_method(fit, cluster),
            deviations=deviations,
            cluster=cluster,
            groups=groups,
            fit=fit,
        )


def usable_controls(
    panel: pd.DataFrame, term: str, controls: Sequence[str], keep: bool
) -> tuple[list[str], list[str]]:
    """Controls that can be used, and what is said of the others.

    Examples
    --------
    >>> rows = pd.DataFrame({"event": [1, 0], "risk": [0.1, 0.3], "size": [1.0, 2.0]})
    >>> usable_controls(rows, "risk", ["size"], False)
    ([], ['without size: 1 events are too few for 2 terms'])
    """
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


def _reason(trouble: FitError) -> str:
    """First statement of an error's message."""
    text = str(trouble).split(";")[0].split(". ")[0].split(", so the spread")[0]
    return text.removeprefix("variance='jackknife': ")


def _test(
    fit: Fit, position: int, degrees: float, level: float, *, limits: bool
) -> tuple[float, float, float]:
    """P-value and limits of one coefficient."""
    if not limits:
        known = fit.engine.p_values(fit.estimates, position)
        statistic = abs(fit.coefficients[position] / fit.std_errors[position])
        wald = 2 * float(stats.t.sf(statistic, degrees))
        return (wald if known is None else float(known[0])), np.nan, np.nan
    reference: Reference = "t" if np.isfinite(degrees) else "normal"
    line = fit.tidy(level=level, reference=reference).iloc[position]
    return float(line["p_value"]), float(line["conf_low"]), float(line["conf_high"])


def _method(fit: Fit, cluster: str) -> str:
    kind = fit.family.short
    if fit.choices.ties:
        kind += f", {fit.choices.ties.capitalize()} ties"
    if fit.choices.variance == "jackknife":
        return f"{kind}, CR3 by {cluster}, t({fit.counts.clusters[0] - 1})"
    return (
        f"{kind}, clustered by {cluster}"
        if fit.choices.cluster
        else (f"{kind}, Firth, profile likelihood")
    )
