"""The registered test of a claim under the other choices that can be defended.

Which exits count and when (dates, contested kinds, date of exit, wind-up, strength), measure,
clock, controls and estimator: each choice alone, and a sample of two at once. Beside it, the
registered test without each cluster in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.errors import FitError, gathered
from coalition_models.hypotheses.claim_choices import claim_dimensions
from coalition_models.hypotheses.claims import Claim
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.readings import TOKEN, Readings
from coalition_models.hypotheses.rule import alpha_of
from coalition_models.inference.caution import estimate_term, usable_controls
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.inference.without_one import largest_first, leave_one_out
from coalition_models.models.family import family_named
from coalition_models.models.running import fit as fit_one
from coalition_models.models.sample.checks import names_of
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.summaries import moves, share

__all__ = ["TOKEN", "Robustness", "check_robustness"]

#: specifications that differ in two choices, drawn at random
_PAIRS = 4
_SEED = 1
_RESULTS = ("estimate", "p_value", "z")
_LEAST = 1e-300


@dataclass(frozen=True)
class Robustness:
    """How a finding fares under other choices.

    Attributes
    ----------
    grid : DataFrame
        A column per choice, ``family, estimate`` (on the family's own scale), ``p_value, z`` (the
        normal deviate of p with the estimate's sign, which all families share), ``same_sign,
        holds`` (same sign and p below one minus the level), ``against`` (the other sign and such a
        p), ``problem`` (why a specification could not be estimated; such a one does not hold).
        The first row is the registered test.
    without_one : DataFrame
        ``left_out, estimate, p_value, same_sign, holds, against``.
    choices : tuple of str
        Columns of the grid that are choices.
    skipped : DataFrame
        Options that did not apply, and why.
    rows_kept : str
        Why the rows were not built anew under other readings of the facts; empty where they were.
    """

    grid: pd.DataFrame
    without_one: pd.DataFrame
    choices: tuple[str, ...] = ()
    skipped: pd.DataFrame = field(default_factory=pd.DataFrame)
    rows_kept: str = ""

    @property
    def share(self) -> float:
        """Share of the grid that holds."""
        return share(self.grid, "holds")

    @property
    def share_same_sign(self) -> float:
        """Share of the grid with the same sign, whatever its p-value."""
        return share(self.grid, "same_sign")

    @property
    def share_against(self) -> float:
        """Share of the grid with the other sign and a small p."""
        return share(self.grid, "against")

    @property
    def own_family(self) -> pd.Series:
        """Estimates of the registered test's family, which alone share its scale."""
        own = self.grid["family"] == self.grid["family"].iloc[0]
        found: pd.Series = self.grid.loc[own, "estimate"].dropna()
        return found

    def median_ratio(self, step: float = 1.0) -> float:
        """Median ratio per step over the specifications of the registered test's family."""
        own = self.own_family
        if own.empty:
            return float("nan")
        with np.errstate(over="ignore"):
            return float(np.exp(own.median() * step))

    @property
    def moves(self) -> pd.DataFrame:
        """How far each choice moves z, all else equal; the furthest on average first."""
        found = moves(self.grid, self.choices, "z")
        return found[found["pairs"] > 0].reset_index(drop=True)

    @property
    def mover(self) -> str:
        """The choice that moves z furthest; empty where none does."""
        found = self.moves
        if found.empty or not found["mean_change"].iloc[0] > 0:
            return ""
        return str(found["dimension"].iloc[0])

    @property
    def worst(self) -> tuple[str, float]:
        """Cluster without which p is largest, or cannot be had; and that p."""
        if self.without_one.empty:
            return "", float("nan")
        p_value = self.without_one["p_value"].to_numpy(dtype=float)
        known = np.where(np.isnan(p_value), np.inf, p_value)
        at = int(largest_first(known, list(self.without_one["left_out"]))[0])
        return str(self.without_one["left_out"].iloc[at]), float(p_value[at])

    @property
    def share_without_one(self) -> float:
        """Share of the fits without one cluster that hold."""
        return share(self.without_one, "holds")


def check_robustness(
    bench: Bench,
    claim: Claim,
    primary: TermEstimate,
    *,
    cluster: str | Sequence[str],
    model: str,
    level: float,
    readings: Readings | None = None,
    rows_kept: str = "",
) -> Robustness:
    """Estimate the claim's term under other choices, and without each cluster.

    Parameters
    ----------
    bench : Bench
    claim : Claim
    primary : TermEstimate
        The registered test on the same panel.
    cluster : str or sequence of str
    model : str
    level : float
    readings : Readings, optional
        Of the set's facts; without them rows are taken as they are, since ``rows_kept``.

    Returns
    -------
    Robustness
    """
    frame, _ = bench.measure(claim, alternatives=True)
    free = "free_baseline" in family_named(model).can
    strata = names_of(primary.fit.spec.strata, "strata")
    base = Setting(panel=frame, made=bench.made) if readings is None else readings.base
    spec = Specification(
        model, f"event ~ {claim.term}", strata=tuple(strata) or None, time=None
    )  # fmt: skip
    base = base.replace(spec=spec).assign(term=claim.term, controls=tuple(claim.controls))
    asked = claim_dimensions(bench, claim, frame, readings, free=free)
    rows = [] if readings is None else [one.name for one in readings.dimensions]
    clusters = [cluster] if isinstance(cluster, str) else list(cluster)
    test = partial(_estimate, clusters=clusters, claim=claim, level=level)
    found = run(
        base, asked, test, failures=(FitError,),
        blank={"family": "", **dict.fromkeys(_RESULTS, np.nan)}, pick=_picked(asked, rows),
    )  # fmt: skip
    return Robustness(
        _judge(found.table, primary, level),
        _judge(leave_one_out(primary), primary, level),
        found.dimensions,
        found.skipped,
        rows_kept,
    )


def _picked(asked: Sequence[Dimension], rows: Sequence[str]) -> list[int]:
    """Every choice alone, and a sample of two at once, of which one makes other rows at most.

    Places in the full crossing are counted, not gone through: there are thousands.
    """
    others: list[tuple[str, list[int]]] = []
    block = 1
    for one in reversed(asked):
        others.append((one.name, [block * at for at in range(1, len(one.labels))]))
        block *= len(one.labels)
    alone = [place for _, places in others for place in places]
    both = sorted(
        one + other
        for (name, mine), (beside, theirs) in combinations(others, 2)
        if not (name in rows and beside in rows)
        for one, other in product(mine, theirs)
    )
    if len(both) > _PAIRS:
        drawn = np.random.default_rng(_SEED).choice(len(both), _PAIRS, replace=False)
        both = [both[at] for at in drawn]
    return sorted([0, *alone, *both])


def _estimate(
    setting: Setting, *, clusters: Sequence[str], claim: Claim, level: float
) -> dict[str, object]:
    """The term by the rule of verdicts; another family with the spread over clusters and t."""
    spec, term = setting.spec, setting["term"]
    assert spec is not None
    controls = setting["controls"]
    strata = names_of(spec.strata, "strata")
    columns = [term, *controls, *clusters, *strata, *_ROWS]
    rows = setting.rows
    slim = rows[[name for name in dict.fromkeys(columns) if name in rows.columns]]
    if spec.time is None:
        found = estimate_term(
            slim, term, controls, cluster=clusters, model=spec.family,
            ties=spec.ties or "efron", strata=strata, keep_controls=claim.interaction,
            level=level, limits=False,
        )  # fmt: skip
        estimate, p_value = found.estimate, found.p_value
    else:
        kept, _ = usable_controls(slim, term, controls, claim.interaction)
        estimate, p_value = _other_family(spec, slim, [term, *kept], clusters)
    z = float(np.sign(estimate) * stats.norm.isf(max(p_value, _LEAST) / 2))
    return {"family": spec.family, "estimate": estimate, "p_value": p_value, "z": z}


_ROWS = ("coalition", "cow", "state", "spell", "start", "stop", "event", "period")


def _other_family(
    spec: Specification, rows: pd.DataFrame, names: Sequence[str], clusters: Sequence[str]
) -> tuple[float, float]:
    """Estimate and p with t of clusters less one; of several clusters the larger p."""
    formula = f"event ~ {' + '.join(names)}"
    known = rows.dropna(subset=list(names))
    if not len(known) or not known["event"].any():
        raise FitError("no event in the rows where the term and its controls are known")
    found = []
    for cluster in clusters:
        with gathered():
            fit = fit_one(
                Specification(spec.family, formula, cluster=cluster, strata=spec.strata), known
            )
        at = fit.place_of(names[0])
        statistic = abs(fit.coefficients[at] / fit.std_errors[at])
        degrees = fit.counts.clusters[0] - 1
        found.append((float(2 * stats.t.sf(statistic, degrees)), float(fit.coefficients[at])))
    p_value, estimate = max(found)
    return estimate, p_value


def _judge(frame: pd.DataFrame, primary: TermEstimate, level: float) -> pd.DataFrame:
    same = frame["estimate"] * primary.estimate > 0
    other = frame["estimate"] * primary.estimate < 0
    small = frame["p_value"] < alpha_of(level)
    return frame.assign(same_sign=same, holds=same & small, against=other & small)
