"""A Cox model with an intercept for each group, without a column for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import (
    Derivatives,
    Spans,
    event_totals,
    long_spans,
    risk_totals,
    span_sums,
    tie_terms,
)
from coalition_models.kernels.priors import KINDS
from coalition_models.kernels.profile import Objective, State

__all__ = ["GroupedCox", "GroupedPosterior"]

#: numbers held at once by running sums of risks by group
_HELD = 4_000_000


@dataclass(frozen=True, eq=False)
class GroupedCox:
    """Sorted rows without weights, the group of each and how many there are.

    Coefficients are those of the standardised covariates (p,), then the intercepts (G,).
    """

    prepared: Prepared
    groups: Integers
    count: int

    @cached_property
    def _spans(self) -> Spans:
        return long_spans(self.prepared.panel)

    @cached_property
    def _event_bins(self) -> Integers:
        return np.repeat(np.arange(self.prepared.n_bins), np.diff(self.prepared.panel.event_ptr))

    def derivatives(self, beta: Floats) -> Derivatives:
        """Log partial likelihood with score and information, the intercepts' last."""
        panel, p = self.prepared.panel, self.prepared.n_columns
        X, events = panel.columns, panel.event_rows
        eta = beta[:p] @ X + beta[p:][self.groups]
        if panel.offset.size:
            eta = eta + panel.offset
        risk = np.exp(np.clip(eta, -708.0, 709.0))
        lines = [risk, *(risk * x for x in X)]
        total = np.array([risk_totals(panel, line, self._spans) for line in lines])
        tied = np.array([event_totals(panel, line) for line in lines])
        efron = self.prepared.ties == "efron"
        terms = tie_terms(panel, panel.weights, total[0], tied[0], efron)
        weight = risk * self._hazard(terms.c1)
        weight[events] -= risk[events] * terms.c2[self._event_bins]
        value = float(eta[events].sum() - terms.log_terms.sum())
        score = np.concatenate(
            [
                X[:, events].sum(axis=1) - X @ weight,
                self._by_group(np.ones(len(events)), events) - self._by_group(weight),
            ]
        )
        a = np.hstack([total[1:].T, self._risks(risk)])
        information = self._second(weight) - (a * terms.e1[:, None]).T @ a
        some = np.flatnonzero(terms.e3 > 0)  # bins in which Efron's rule takes parts away
        if some.size:
            b = np.hstack([tied[1:].T, self._tied_risks(risk)])[some]
            cross = (a[some] * terms.e2[some, None]).T @ b
            information += cross + cross.T - (b * terms.e3[some, None]).T @ b
        return Derivatives(value, score, information)

    def _by_group(self, values: Floats, rows: Integers | None = None) -> Floats:
        groups = self.groups if rows is None else self.groups[rows]
        found: Floats = np.bincount(groups, values, minlength=self.count).astype(float)
        return found

    def _hazard(self, steps: Floats) -> Floats:
        """Sum of each bin's step over the bins at which a row is at risk."""
        panel = self.prepared.panel
        single = np.repeat(steps, np.diff(panel.single_ptr))
        return np.concatenate([single, span_sums(panel, steps, self._spans)])

    def _second(self, weight: Floats) -> Floats:
        """Weighted products of covariates and group indicators."""
        X, p = self.prepared.panel.columns, self.prepared.n_columns
        out = np.zeros((p + self.count, p + self.count))
        weighted = X * weight
        out[:p, :p] = weighted @ X.T
        for j in range(p):
            out[j, p:] = out[p:, j] = self._by_group(weighted[j])
        out[range(p, len(out)), range(p, len(out))] = self._by_group(weight)
        return out

    def _tied_risks(self, risk: Floats) -> Floats:
        """Risk of the tied events of each bin by group (K, G)."""
        events, size = self.prepared.panel.event_rows, self.prepared.n_bins * self.count
        places = self._event_bins * self.count + self.groups[events]
        found: Floats = np.bincount(places, risk[events], minlength=size).astype(float)
        return found.reshape(-1, self.count)

    def _risks(self, risk: Floats) -> Floats:
        """Risk of each bin's risk set by group (K, G), adding only; see `risk_totals`."""
        panel, bins = self.prepared.panel, self.prepared.n_bins
        singles = int(panel.single_ptr[-1])
        places = self.prepared.last[:singles] * self.count + self.groups[:singles]
        found: Floats = np.bincount(places, risk[:singles], bins * self.count).astype(float)
        out = found.reshape(bins, self.count)
        early, late = self._long_rows
        if early.size:
            places = self.prepared.last[early] * self.count + self.groups[early]
            left = np.bincount(places, risk[early], minlength=bins * self.count)
            left = left.reshape(bins, self.count)
            for low, high in self._strata:
                out[low:high] += np.cumsum(left[low:high][::-1], axis=0)[::-1]
        if late.size:
            self._add_late(risk, late, out)
        return out

    @cached_property
    def _strata(self) -> list[tuple[int, int]]:
        """First bin of each stratum, and the one behind its last."""
        ends = (np.flatnonzero(self.prepared.panel.closes) + 1).tolist()
        return list(zip([0, *ends[:-1]], ends, strict=True))

    @cached_property
    def _long_rows(self) -> tuple[Integers, Integers]:
        """Rows at risk at several bins: from the first of their stratum on, and the others."""
        long = np.arange(int(self.prepared.panel.single_ptr[-1]), len(self.groups))
        opening = np.isin(self.prepared.panel.first, [low for low, _ in self._strata])
        return long[opening], long[~opening]

    def _add_late(self, risk: Floats, late: Integers, out: Floats) -> None:
        """Add rows that enter late, some groups at a time."""
        bins, singles = self.prepared.n_bins, int(self.prepared.panel.single_ptr[-1])
        spans, groups = self._spans, self.groups[late]
        size = spans.levels * spans.width
        step = max(1, _HELD // size)
        for low in range(0, self.count, step):
            width = min(step, self.count - low)
            mine = np.flatnonzero((groups >= low) & (groups < low + width))
            own, values = groups[mine] - low, risk[late[mine]]
            table = np.zeros(size * width)
            for ends in (spans.head, spans.tail):
                places = ends[late[mine] - singles] * width + own
                table += np.bincount(places, values, minlength=size * width)
            for level, line in enumerate(table.reshape(spans.levels, spans.width, width)):
                halves = line.reshape(-1, 2, 1 << level, width)
                heads = np.cumsum(halves[:, 0], axis=1)
                tails = np.cumsum(halves[:, 1, ::-1], axis=1)[:, ::-1]
                sums = np.stack([heads, tails], axis=1).reshape(-1, width)
                out[:, low : low + width] += sums[:bins]


@dataclass(frozen=True, eq=False)
class GroupedPosterior(Objective):
    """The same with intercepts drawn from a normal, or the logarithm of a gamma, distribution."""

    rows: GroupedCox
    gamma: bool
    variance: float

    def state(self, beta: Floats) -> State:
        """Penalised log-likelihood, its score and information."""
        at, p = self.rows.derivatives(beta), self.rows.prepared.n_columns
        if not (np.isfinite(at.log_likelihood) and np.isfinite(at.information).all()):
            return State(at.score, at.information, -np.inf)
        kind = "log-gamma" if self.gamma else "normal"
        scale = self.variance if self.gamma else float(np.sqrt(self.variance))
        added, slope, bend, _ = KINDS[kind](beta[p:], 1.0, scale)
        at.score[p:] += slope
        places = np.arange(p, len(beta))
        at.information[places, places] += bend
        return State(at.score, at.information, at.log_likelihood + float(np.sum(added)))

    def reach(self, step: Floats) -> float:
        """Longest change of a linear predictor that a step makes."""
        p = self.rows.prepared.n_columns
        moved = step[:p] @ self.rows.prepared.panel.columns + step[p:][self.rows.groups]
        return float(np.abs(moved).max())
