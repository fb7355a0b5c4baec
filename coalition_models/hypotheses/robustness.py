"""A small fixed grid of specifications around a claim's registered test.

The grid crosses ties (Efron, Breslow), clock (time since entry, time of the coalition), measure
(the windows and columns registered as alternatives) and size (all members, those that ever had
:data:`TOKEN` persons). Beside it, the registered test without each cluster in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import CoverageError, DataError, FitError, gathered
from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.rule import alpha_of
from coalition_models.inference.cautious import TermEstimate, estimate_term
from coalition_models.kernels import cox as kernel
from coalition_models.kernels import firth
from coalition_models.kernels._panel import Ties
from coalition_models.kernels.batch import fit_many_weights
from coalition_models.members.facts import facts_of
from coalition_models.models.cox.estimate import CoxEngine
from coalition_models.models.discrete.api import logit
from coalition_models.record import record_of
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip
from coalition_models.sensitivity.moves import share
from coalition_models.sensitivity.running import run
from coalition_models.timelines.clock import on_clock

__all__ = ["TOKEN", "WORST", "Robustness", "check_robustness", "leave_one_out"]

#: members whose peak is below this number of persons are left out in half of the grid
TOKEN = 50

#: clusters without which the jackknife is made anew: those that matter most
WORST = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Robustness:
    """How a finding fares in the grid.

    Attributes
    ----------
    grid : DataFrame
        ``ties, clock, measure, size, estimate, p_value, same_sign, holds`` (same sign and p below
        one minus the level), ``problem`` (why a specification could not be estimated; such a one
        does not hold).
    without_one : DataFrame
        ``left_out, estimate, p_value, same_sign, holds``.
    """

    grid: pd.DataFrame
    without_one: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the grid that holds."""
        return share(self.grid, "holds")

    @property
    def share_same_sign(self) -> float:
        """Share of the grid with the same sign, whatever its p-value."""
        return share(self.grid, "same_sign")

    @property
    def worst(self) -> tuple[str, float]:
        """Cluster without which p is largest, or cannot be had; and that p."""
        if self.without_one.empty:
            return "", float("nan")
        p_value = self.without_one["p_value"].to_numpy(dtype=float)
        known = np.where(np.isnan(p_value), np.inf, p_value)
        at = int(_largest_first(known, list(self.without_one["left_out"]))[0])
        return str(self.without_one["left_out"].iloc[at]), float(p_value[at])

    @property
    def share_without_one(self) -> float:
        """Share of the fits without one cluster that hold."""
        return share(self.without_one, "holds")


def _largest_first(p_value: Floats, labels: Sequence[object]) -> npt.NDArray[np.int64]:
    """Order by p-value; those equal up to rounding by their labels, in whatever order rows stand.

    Examples
    --------
    >>> _largest_first(np.array([0.2, 0.9 + 1e-12, 0.9]), ["AUS", "SVK", "ITA"]).tolist()
    [2, 1, 0]
    """
    return np.lexsort((np.array([str(label) for label in labels]), -np.round(p_value, 8)))


def check_robustness(
    bench: Bench,
    claim: Claim,
    primary: TermEstimate,
    *,
    cluster: str | Sequence[str],
    model: str,
    level: float,
) -> Robustness:
    """Estimate the claim's term over the grid, and without each cluster.

    Parameters
    ----------
    bench : Bench
    claim : Claim
    primary : TermEstimate
        The registered test on the same panel.
    cluster : str or sequence of str
    model : str
    level : float

    Returns
    -------
    Robustness
    """
    frame, _ = bench.measure(claim, alternatives=True)
    base = Setting(panel=frame, values={"term": claim.term})
    printed, measure = _measures(bench, claim, frame)
    ties = Dimension.of("ties", ("efron", "breslow") if model == "cox" else ("",))
    clock = _clocks(frame, claim) if model == "cox" else Dimension.of("clock", ("",))

    def estimate(setting: Setting) -> dict[str, object]:
        found = estimate_term(
            setting.rows, setting["term"], claim.controls, cluster=cluster, model=model,
            ties=setting["ties"] or "efron", keep_controls=claim.interaction, level=level,
            limits=False,
        )  # fmt: skip
        return {"estimate": found.estimate, "p_value": found.p_value}

    found = run(
        base, [measure, clock, _SIZE, ties], estimate, failures=(FitError,),
        blank={"estimate": np.nan, "p_value": np.nan},
    )  # fmt: skip
    grid = found.table[[*_CHOICES, "estimate", "p_value", "problem"]]
    return Robustness(
        _judge(grid.assign(measure=grid["measure"].map(printed)), primary, level),
        _judge(leave_one_out(primary), primary, level),
    )


def _judge(frame: pd.DataFrame, primary: TermEstimate, level: float) -> pd.DataFrame:
    same = frame["estimate"] * primary.estimate > 0
    return frame.assign(same_sign=same, holds=same & (frame["p_value"] < alpha_of(level)))


def _measures(
    bench: Bench, claim: Claim, registered: pd.DataFrame
) -> tuple[dict[str, str], Dimension]:
    """The registered measure and its alternatives; what each is called in print."""
    steps = read_plan().steps
    printed = {"registered": "registered", **{name: name for name in claim.alternatives}}
    options = [Option("registered", lambda setting: setting)]
    options += [Option(name, partial(_other_column, claim, name)) for name in claim.alternatives]
    for step in claim.steps:
        for argument, values in steps[step].vary.items():
            for value in values:
                if value == steps[step].args.get(argument):
                    continue
                # two steps may vary an argument of one name
                label = f"{step} {argument} {value}"
                printed[label] = f"{argument} {value}"
                vary = {step: {argument: value}}
                options.append(Option(label, partial(_varied, bench, claim, registered, vary)))
    return printed, Dimension("measure", options)


def _other_column(claim: Claim, name: str, setting: Setting) -> Setting | Skip:
    frame = setting.rows
    if name not in frame.columns or not frame[name].notna().any():
        return Skip("not known here")
    # a shorter window may say the same, as in years
    same = frame[name].equals(frame[claim.term])
    return Skip("the same as registered") if same else setting.assign(term=name)


def _varied(
    bench: Bench,
    claim: Claim,
    registered: pd.DataFrame,
    vary: Mapping[str, Mapping[str, object]],
    setting: Setting,
) -> Setting | Skip:
    try:
        found = bench.measure(claim, vary=vary)[0]
    except CoverageError as error:
        return Skip(str(error))
    same = _alike(found, registered, claim)
    return Skip("the same as registered") if same else setting.replace(panel=found)


def _alike(one: pd.DataFrame, other: pd.DataFrame, claim: Claim) -> bool:
    """Whether the test would be the same: a column taken as given, or a window without effect."""
    names = [claim.term, *claim.controls]
    return all(name in one and name in other and one[name].equals(other[name]) for name in names)


def _clocks(frame: pd.DataFrame, claim: Claim) -> Dimension:
    """The panel's own clock and the others, as far as the claim can be told from them."""
    given = str(record_of(frame).panel.get("clock", "as given"))
    return Dimension(
        "clock",
        {
            clock: partial(_timed, claim, clock, given)
            for clock in dict.fromkeys((given, "entry", "coalition"))
        },
    )


def _timed(claim: Claim, clock: str, given: str, setting: Setting) -> Setting | Skip:
    as_it_is = claim.clock in ("", given)
    if clock == given:
        return setting if as_it_is else Skip(f"the claim needs the {claim.clock}'s clock")
    if claim.clock not in ("", clock):
        return Skip(f"the claim needs the {claim.clock}'s clock")
    frame = setting.rows
    if claim.common and clock == "coalition" and len(set(frame["coalition"])) == 1:
        return Skip("the term is common to all members at one time")
    try:
        timed = on_clock(frame, clock)
    except DataError as error:
        return Skip(str(error))
    same = np.array_equal(timed["start"], frame["start"]) and np.array_equal(
        timed["stop"], frame["stop"]
    )
    return Skip(f"the same as {given}") if as_it_is and same else setting.replace(panel=timed)


def _large(setting: Setting) -> Setting | Skip:
    frame = setting.rows
    peak = _peak(frame)
    if peak is None:
        return Skip("no peak strength is known")
    large = (peak >= TOKEN).to_numpy(dtype=bool, na_value=False)
    if large.all() or not large.any():
        return Skip(f"{'all' if large.all() else 'none'} had {TOKEN} persons")
    return setting.replace(panel=frame[large])


_CHOICES = ["ties", "clock", "measure", "size"]
_SIZE = Dimension("size", {"all": lambda setting: setting, f"{TOKEN} or more": _large})


def _peak(frame: pd.DataFrame) -> pd.Series | None:
    """Peak strength of each row's spell, where the panel or its facts have it."""
    if "peak_troops" in frame.columns:
        return frame["peak_troops"]
    key = ["coalition", "cow", "spell"]
    facts = facts_of(frame)
    members = None if facts is None else facts.members
    if members is None or "peak_troops" not in members.columns or not set(key) <= set(frame):
        return None
    spells = members.drop_duplicates(key).set_index(key)["peak_troops"]
    found = spells.reindex(pd.MultiIndex.from_frame(frame[key]))
    return found.set_axis(frame.index) if found.notna().any() else None


def leave_one_out(primary: TermEstimate) -> pd.DataFrame:
    """Estimate and p-value without each cluster in turn.

    Where the registered test is clustered, standard errors without a cluster are clustered too; the
    jackknife (CR3) is made anew for the :data:`WORST` clusters and approximated for the others, by
    its ratio to the plain clustered form in the registered test. With Firth's penalty every fit
    is made anew. A fit that has no jackknife has no p-value.

    Returns
    -------
    DataFrame
        ``left_out, estimate, p_value``.
    """
    engine = primary.fit.engine
    if isinstance(engine, CoxEngine):
        return _batch(primary, engine) if primary.fit.choices.cluster else _firth(primary, engine)
    fit = primary.fit
    names = [name for name in fit.names if name != "Intercept"]
    at = [fit.names.index(name) for name in names]
    sample = engine.sample
    frame = pd.DataFrame(sample.matrix[:, at], columns=names).assign(
        event=sample.event, group=list(primary.groups)
    )
    labels = list(dict.fromkeys(primary.groups))
    with gathered():
        whole = _logit(frame, primary, 1.0)[2]
        scale = 1.0 if fit.choices.penalty else primary.std_error / whole
        found = [_logit(frame[frame["group"] != label], primary, scale) for label in labels]
    out = pd.DataFrame(found, columns=["estimate", "p_value", "std_error"])
    return out.assign(left_out=labels)[["left_out", "estimate", "p_value"]]


def _logit(frame: pd.DataFrame, primary: TermEstimate, scale: float) -> tuple[float, float, float]:
    """Estimate, p-value and standard error of the same logit on some of the rows."""
    fit = primary.fit
    at = fit.names.index(primary.term)
    try:
        if fit.choices.penalty:
            again = logit(fit.formula, frame, time=None, penalty="firth")
        else:
            again = logit(fit.formula, frame, time=None, cluster="group")
    except FitError:
        return np.nan, np.nan, np.nan
    estimate, error = float(again.coefficients[at]), float(again.std_errors[at]) * scale
    exact = again.engine.p_values(again)
    wald = 2 * float(stats.t.sf(abs(estimate / error), max(primary.degrees - 1, 1.0)))
    return estimate, (wald if exact is None else float(exact[at])), error


def _firth(primary: TermEstimate, engine: CoxEngine) -> pd.DataFrame:
    """Penalised fits without one cluster, and the tests of the term alone."""
    sample = engine.sample
    codes, labels = pd.factorize(np.array(primary.groups, dtype=object))
    at = primary.fit.names.index(primary.term)
    ties: Ties = "breslow" if primary.fit.choices.ties == "breslow" else "efron"
    rows = []
    for code, label in enumerate(labels):
        kept = codes != code
        start, stop = (None if t is None else t[kept] for t in (sample.start, sample.stop))
        if start is None or stop is None:
            raise FitError("a Cox model needs the start and stop of each row")
        data = kernel.prepare(start, stop, sample.event[kept], sample.matrix[kept], ties=ties)
        try:
            found = firth.fit_firth(data)
        except FitError:
            rows.append((label, np.nan, np.nan))
            continue
        if found.aliased[at]:
            # without this cluster the term does not vary
            rows.append((label, np.nan, np.nan))
            continue
        statistic, df = firth.penalised_test(data, found, [at])
        rows.append((label, float(found.coefficients[at]), float(stats.chi2.sf(statistic, df))))
    return pd.DataFrame(rows, columns=["left_out", "estimate", "p_value"])


def _batch(primary: TermEstimate, engine: CoxEngine) -> pd.DataFrame:
    """All fits without one cluster at once."""
    codes = engine.sample.clusters[0]
    count = int(codes.max()) + 1
    weights = np.vstack([np.ones(count), 1.0 - np.eye(count)])
    found = fit_many_weights(
        engine.prepared, weights, clusters=codes, start=primary.fit.coefficients, clustered=True
    )
    at = primary.fit.names.index(primary.term)
    estimate: Floats = np.where(found.converged, found.coefficients[:, at], np.nan)
    errors: Floats = np.sqrt(found.variance_cluster[:, at])
    errors = errors * (primary.std_error / errors[0])
    degrees = max(primary.degrees - 1, 1.0)
    p_value = 2 * stats.t.sf(np.abs(estimate / errors), degrees)[1:]
    labels = engine.sample.cluster_labels(primary.fit.choices.cluster[0])
    if primary.fit.choices.variance == "jackknife":
        for cluster in _largest_first(p_value, labels)[:WORST]:
            error = _jackknife_without(cluster, count, codes, engine, at, estimate[1 + cluster])
            p_value[cluster] = 2 * stats.t.sf(abs(estimate[1 + cluster] / error), degrees)
    return pd.DataFrame({"left_out": labels, "estimate": estimate[1:], "p_value": p_value})


def _jackknife_without(
    cluster: int,
    count: int,
    codes: npt.NDArray[np.int64],
    engine: CoxEngine,
    at: int,
    estimate: float,
) -> float:
    """Standard error (CR3) of the fit without a cluster, from its refits without another one."""
    others = np.delete(np.arange(count), cluster)
    weights = np.ones((count - 1, count))
    weights[:, cluster] = 0.0
    weights[np.arange(count - 1), others] = 0.0
    found = fit_many_weights(engine.prepared, weights, clusters=codes)
    again = np.where(found.converged, found.coefficients[:, at], np.nan)
    return float(np.sqrt((count - 2) / (count - 1) * ((again - estimate) ** 2).sum()))
