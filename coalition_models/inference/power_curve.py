"""How often a term would be decided at several ratios, by exits drawn on a fit's own rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import DataError
from coalition_models.inference.exit_draws import expected_hazard, first_exits
from coalition_models.inference.exposure import exposure_of, too_few
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.cox import Prepared, evaluate, fit, prepare, with_columns
from coalition_models.kernels.jackknife import jackknife_by_cluster
from coalition_models.kernels.wild import (
    efficient_information,
    efficient_scores,
    not_smaller,
    score_p,
    score_statistics,
    wild_weights,
)

__all__ = ["RATIOS", "PowerCurve", "power_curve"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: put in, and their inverses
RATIOS = (1.5, 2.0, 3.0, 5.0)
#: weights of the wild test within a draw
_WEIGHTS = 999


@dataclass(frozen=True)
class PowerCurve:
    """Power of the rule of verdicts at each ratio.

    Attributes
    ----------
    table : DataFrame
        ``ratio`` (per step of the term, those below one first), ``power``, ``error`` (Monte Carlo
        standard error).
    draws : int
        Per ratio.
    """

    table: pd.DataFrame
    draws: int

    def at(self, ratio: float) -> float:
        """Power at one of the ratios."""
        near = np.isclose(self.table["ratio"], ratio)
        return float(self.table.loc[near, "power"].iloc[0])

    def detectable(self, power: float, *, up: bool) -> float:
        """Smallest ratio above (or largest below) one with this power, read off the curve.

        Between ratios by a straight line on the log scale; infinite (or 0) where the largest ratio
        has not that power, so that the curve does not tell.

        Examples
        --------
        >>> curve = PowerCurve(pd.DataFrame({"ratio": [0.2, 0.5, 2.0, 5.0],
        ...                                  "power": [0.6, 0.1, 0.4, 0.9], "error": 0.05}), 100)
        >>> round(curve.detectable(0.8, up=True), 2), curve.detectable(0.8, up=False)
        (4.16, 0.0)
        """
        side = self.table[self.table["ratio"] > 1 if up else self.table["ratio"] < 1]
        logs = np.abs(np.log(side["ratio"].to_numpy(dtype=float)))
        order = np.argsort(logs)
        x = np.concatenate([[0.0], logs[order]])
        # a curve that falls between two ratios does so by chance
        y = np.maximum.accumulate(np.concatenate([[0.0], side["power"].to_numpy()[order]]))
        reached = np.flatnonzero(y >= power)
        if not reached.size:
            return np.inf if up else 0.0
        k = int(reached[0])
        log = x[k - 1] + (power - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1])
        return float(np.exp(log if up else -log))


def power_curve(
    found: TermEstimate,
    groups: Mapping[str, pd.Series],
    *,
    step: float = 1.0,
    draws: int = 50,
    level: float = 0.95,
    ratios: Sequence[float] = RATIOS,
    seed: int = 1,
) -> PowerCurve | None:
    """Draw exits on a Cox fit's own rows and count how often the rule would decide rightly.

    A history leaves with a hazard proportional to ``exp(log(ratio) / step * term)``; controls have
    no effect, and nothing is common to the members of a cluster. A draw counts if there are events
    enough (:func:`too_few`), the estimate has the sign put in, and both the wild score test and
    CR3 have p below one minus the level, by each way to cluster.

    Parameters
    ----------
    found : TermEstimate
    groups : mapping
        Cluster of each row used, by name.
    step : float
        Of the term, to which the ratios belong.
    draws : int
        Per ratio; the standard error of a power is at most half over their square root.
    level : float
    ratios : sequence of float
        Above one; their inverses are added.
    seed : int

    Returns
    -------
    PowerCurve or None
        None for another family than Cox, and where members are not identified.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.inference.both_tests import clusters_of
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.0}, seed=1)
    >>> found = cm.inference.estimate_term(panel, "risk")
    >>> curve = power_curve(found, clusters_of(found, panel, ["state"]), draws=20, ratios=[3.0])
    >>> curve.at(3.0) > 0.9
    True
    """
    if draws < 1 or any(ratio <= 1 for ratio in ratios):
        raise DataError(f"draws must be 1 or more and ratios above 1, found {draws} and {ratios}")
    sample = found.fit.engine.sample
    if "continuous_time" not in found.fit.family.can or sample.members is None:
        return None
    study = _Study.of(found, groups, level)
    every = [1 / ratio for ratio in sorted(ratios, reverse=True)] + sorted(ratios)
    streams = np.random.SeedSequence(seed).spawn(draws)
    power = []
    for ratio in every:
        effect = np.log(ratio) / step
        hazard = expected_hazard(
            study.history, np.exp(effect * (study.term - study.term.mean())), study.events
        )
        # the same streams for each ratio, which makes the curve smooth
        hits = [
            study.decides(*first_exits(study.history, hazard, np.random.default_rng(one)), effect)
            for one in streams
        ]
        power.append(float(np.mean(hits)))
    shares = np.array(power)
    error = np.sqrt(shares * (1 - shares) / draws)
    return PowerCurve(pd.DataFrame({"ratio": every, "power": power, "error": error}), draws)


@dataclass(frozen=True)
class _Study:
    """Rows in order of time within each history."""

    history: Integers
    start: Floats
    stop: Floats
    X: Floats
    place: int
    clusters: tuple[Integers, ...]
    events: int
    two_valued: bool
    efron: bool
    alpha: float

    @classmethod
    def of(cls, found: TermEstimate, groups: Mapping[str, pd.Series], level: float) -> _Study:
        sample = found.fit.engine.sample
        start, stop = sample.start, sample.stop
        if start is None or stop is None:
            raise DataError("a curve needs the start and stop of each row, and whose rows they are")
        # by name, so that the draws do not depend on the order of the rows
        names = pd.MultiIndex.from_arrays([sample.carried[one].astype(str) for one in sample.id])
        whose = pd.factorize(names, sort=True)[0]
        order = np.lexsort((start, whose))
        return cls(
            history=whose[order].astype(np.int64),
            start=start[order],
            stop=stop[order],
            X=sample.matrix[order],
            place=found.fit.place_of(found.term),
            clusters=tuple(
                pd.factorize(values.astype(str).to_numpy()[order], sort=True)[0].astype(np.int64)
                for values in groups.values()
            ),
            events=int(sample.event.sum()),
            two_valued=found.two_valued,
            efron=found.fit.choices.ties == "efron",
            alpha=round(1 - level, 12),
        )

    @property
    def term(self) -> Floats:
        return self.X[:, self.place]

    def decides(
        self, leaves: npt.NDArray[np.bool_], kept: npt.NDArray[np.bool_], effect: float
    ) -> bool:
        """Whether the rule decides in the direction of the effect on one draw."""
        event = leaves[kept].astype(np.float64)
        codes = [one[kept] for one in self.clusters]
        values = self.term[kept]
        exposure = exposure_of(values, event, codes[0]) if self.two_valued else None
        if too_few(int(event.sum()), exposure) or np.ptp(values) == 0:
            return False
        X = self.X[kept]
        # a control may not vary among those still at risk
        varies = np.flatnonzero(np.ptp(X, axis=0) > 0)
        place = int(np.searchsorted(varies, self.place))
        rows = prepare(
            self.start[kept], self.stop[kept], event, X[:, varies],
            ties="efron" if self.efron else "breslow",
        )  # fmt: skip
        return _wild(rows, place, codes, effect, self.alpha) and _jackknife(
            rows, place, codes, effect, self.alpha
        )


def _wild(
    rows: Prepared, place: int, clusters: Sequence[Integers], effect: float, alpha: float
) -> bool:
    others = np.delete(np.arange(rows.n_columns), place)
    beta = np.zeros(rows.n_columns)
    if others.size:
        null = fit(with_columns(rows, others))
        if not null.converged or null.aliased.any():
            return False
        beta[others] = null.coefficients
    information = evaluate(rows, beta).information
    tested = np.array([place])
    for codes in clusters:
        scores, left = efficient_scores(clustered_scores(rows, beta, codes), information, tested)
        if not left[0] > 1e-9 or scores.sum() * effect <= 0:
            return False
        if not score_p(scores, efficient_information(information, tested)) < alpha:
            return False
        weights = wild_weights(len(scores), draws=_WEIGHTS)
        observed = float(score_statistics(np.ones((1, len(scores))), scores)[0])
        count = not_smaller(weights, partial(score_statistics, scores=scores), observed)
        if not weights.p_value(count) < alpha:
            return False
    return True


def _jackknife(
    rows: Prepared, place: int, clusters: Sequence[Integers], effect: float, alpha: float
) -> bool:
    found = fit(rows)
    if not found.converged or found.aliased.any() or found.coefficients[place] * effect <= 0:
        return False
    for codes in clusters:
        refits = jackknife_by_cluster(rows, found.coefficients, codes, threads=1)
        if not refits.usable.all():
            return False
        t = found.coefficients[place] / np.sqrt(refits.covariance[place, place])
        if not 2 * stats.t.sf(abs(t), len(refits.labels) - 1) < alpha:
            return False
    return True
