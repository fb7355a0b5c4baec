"""Many Cox fits: a sorted panel as batches take it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._jobs import Jobs, Results
from coalition_models.kernels._maximise import maximise
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels._newton import inverse
from coalition_models.kernels._panel import Floats, Integers, Panel, Prepared
from coalition_models.kernels.clusters import cluster_score_sums

__all__ = ["CoxRows"]


@dataclass(frozen=True)
class CoxRows:
    """A sorted panel, and how one of many fits of it is finished."""

    prepared: Prepared

    @property
    def panel(self) -> Panel:
        """The sorted rows."""
        return self.prepared.panel

    @property
    def n_rows(self) -> int:
        """Rows handed in."""
        return self.prepared.n_rows

    @property
    def n_columns(self) -> int:
        """Number of covariates."""
        return self.prepared.n_columns

    @property
    def kept(self) -> Integers:
        """Row handed in behind each sorted row."""
        return self.prepared.kept

    @property
    def kind(self) -> str:
        """Rule for ties."""
        return self.prepared.ties

    @property
    def shift(self) -> Floats:
        """None: there is no intercept."""
        return np.empty(0)

    @property
    def scale(self) -> Floats:
        """Spread of each covariate."""
        return self.prepared.scale

    def inner(self, beta: Floats) -> Floats:
        """Coefficients of standardised covariates."""
        return beta * self.scale

    def outer(self, beta: Floats) -> Floats:
        """Coefficients of the covariates as given."""
        return beta / self.scale

    def doubtful(self, out: Results) -> Integers:
        """Those without a maximum."""
        return np.flatnonzero(~out.converged)

    def judge(self, jobs: Jobs, out: Results, b: int) -> None:
        """Tell an infinite maximum from a slow fit; finish the latter by the single-fit routine."""
        cols = np.flatnonzero(jobs.masks[b] & ~out.aliased[b])
        if not cols.size:
            return
        direction = recession_direction(self.panel, cols, jobs.weights(b), out.step[b, cols])
        if direction is None:
            self.plain(jobs, out, b)
        else:
            out.diverging[b, cols] = np.abs(direction) > 1e-7

    def plain(self, jobs: Jobs, out: Results, b: int) -> None:
        """One fit by the single-fit routine."""
        columns, weights = np.flatnonzero(jobs.masks[b]), jobs.weights(b)
        out.aliased[b] = False
        if weights.size and not weights[self.panel.event_rows].any():
            out.aliased[b, columns] = True
            out.loglik[b] = 0.0
            return
        found = maximise(
            self.panel, columns, weights, jobs.starts[b][columns], efron=self.kind == "efron",
            max_iterations=jobs.max_iterations, tolerance=jobs.tolerance,
        )  # fmt: skip
        cols, bread = found.cols, inverse(found.at.information)
        out.aliased[b, columns] = found.aliased
        out.loglik[b], out.iterations[b] = found.at.log_likelihood, found.iterations
        out.converged[b] = found.converged and (cols.size > 0 or columns.size == 0)
        out.beta[b, cols] = found.beta
        out.model[b, cols] = np.nan if bread is None else np.diag(bread)
        if found.direction is not None:
            out.diverging[b, cols] = np.abs(found.direction) > 1e-7
        if jobs.clustered and found.converged and bread is not None:
            scores = cluster_score_sums(
                self.prepared, cols, weights, found.beta, jobs.codes, jobs.n_clusters
            )
            out.cluster[b, cols] = ((scores @ bread) ** 2).sum(axis=0)
