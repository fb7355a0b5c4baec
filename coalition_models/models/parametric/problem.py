"""What is maximised: rows on a scale that keeps its digits, and the way back to the user's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import lifetime_rows as kernel
from coalition_models.kernels._sums import Derivatives
from coalition_models.kernels.lifetimes import LIFETIMES, Lifetime
from coalition_models.models.parametric.layout import Layout, at_last_seen, refuse_times
from coalition_models.models.sample.draw import Sample

__all__ = ["Problem", "problem_of", "start_levels"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CONSTANT = 1e-13


@dataclass(frozen=True, eq=False)
class Problem:
    """Rows with time in units of ``unit`` and covariates of mean 0 and spread 1.

    Coefficients stand in the order: baselines, covariates, ancillary parameters (each by stratum),
    and in a split population the intercept and covariates of the chance to be at risk.
    ``origin`` is the sample's row of each row.
    """

    life: Lifetime
    layout: Layout
    rows: kernel.Rows
    origin: Integers
    unit: float
    centre: Floats
    scale: Floats
    risk_centre: Floats | None = None
    risk_scale: Floats | None = None

    @property
    def likelihood(self) -> kernel.Likelihood:
        """Of the whole, or of a split population."""
        return kernel.whole(self.life) if self.risk_scale is None else kernel.split(self.life)

    def at(self, theta: Floats) -> Derivatives:
        """Log-likelihood in the user's unit of time, score and information on the inner scale."""
        found = kernel.derivatives(self.likelihood, self.rows, theta)
        return replace(found, log_likelihood=found.log_likelihood - self.of_unit)

    @property
    def of_unit(self) -> float:
        """What the unit of time adds: densities are per unit."""
        return float(self.rows.weights @ self.rows.event) * float(np.log(self.unit))

    @property
    def widths(self) -> tuple[int, ...]:
        """Number of coefficients of each design."""
        return tuple(design.shape[1] for design in self.rows.designs)

    def some(self, keep: Flags) -> Problem:
        """The same on fewer of the sample's rows; ``origin`` then means nothing."""
        return replace(self, rows=self.rows.some(keep[self.origin]), origin=np.empty(0, np.int64))

    def without_terms(self) -> Problem:
        """Baselines and ancillary parameters alone."""
        base = self.layout.columns
        designs = [self.rows.designs[0][:, :base], *self.rows.designs[1:]]
        none = np.empty(0)
        risk = None if self.risk_scale is None else none
        if risk is not None:
            designs[-1] = designs[-1][:, :1]
        return replace(
            self, rows=self.rows.with_designs(*designs), centre=none, scale=none,
            risk_centre=risk, risk_scale=risk,
        )  # fmt: skip

    def from_null(self, null: Floats) -> Floats:
        """Coefficients with all terms at zero, from those of :meth:`without_terms`."""
        base, p = self.layout.columns, len(self.scale)
        more = 0 if self.risk_scale is None else len(self.risk_scale)
        return np.concatenate([null[:base], np.zeros(p), null[base:], np.zeros(more)])

    def outer(self, theta: Floats) -> tuple[Floats, Floats]:
        """Coefficients of the covariates and times as given, and the Jacobian of that change."""
        out, way = theta.copy(), np.eye(len(theta))
        base, p = self.layout.columns, len(self.scale)
        covariates = slice(base, base + p)
        out[covariates] = theta[covariates] / self.scale
        way[covariates, covariates] = np.diag(1 / self.scale)
        out[:base] -= float(self.centre @ out[covariates])
        way[:base, covariates] = -self.centre / self.scale
        self._change_unit(theta, out, way)
        if self.risk_scale is not None and self.risk_centre is not None:
            first = len(theta) - len(self.risk_scale) - 1
            out[first + 1 :] = theta[first + 1 :] / self.risk_scale
            way[first + 1 :, first + 1 :] = np.diag(1 / self.risk_scale)
            out[first] -= float(self.risk_centre @ out[first + 1 :])
            way[first, first + 1 :] = -self.risk_centre / self.risk_scale
        return out, way

    def _change_unit(self, theta: Floats, out: Floats, way: Floats) -> None:
        log_unit = float(np.log(self.unit))
        base, p, strata = self.layout.columns, len(self.scale), len(self.layout.strata)
        first = base + p
        if not self.life.proportional:
            out[:base] += log_unit
        elif self.life.unit == "power":
            shape = np.exp(theta[first : first + strata])
            out[:base] -= shape * log_unit
            way[np.arange(base), first + np.arange(strata)] = -shape * log_unit
        else:
            out[:base] -= log_unit
        if self.life.unit == "rate":
            at = np.arange(first, first + strata)
            out[at] /= self.unit
            way[at, at] = 1 / self.unit

    def parts(self, values: Floats) -> Floats:
        """Sums over the pieces of each of the sample's rows."""
        if len(values) == len(np.unique(self.origin)):
            return values
        out = np.zeros((int(self.origin.max()) + 1, *values.shape[1:]))
        np.add.at(out, self.origin, values)
        return out


def problem_of(
    sample: Sample, life: str, layout: Layout, covariates: Floats, risk: Floats | None = None
) -> Problem:
    """Standardise covariates and the unit of time, and cut rows where hazards change."""
    start, stop = refuse_times(sample)
    unit = float(np.exp(np.log(stop[sample.event == 1]).mean()))
    pieces = layout.pieces(start, stop, sample.strata)
    group = None
    event = sample.event
    if sample.intervals is not None:
        pieces, group = at_last_seen(pieces, sample.intervals)
        event = np.where(sample.intervals.group >= 0, 0.0, event)
    lifetime = LIFETIMES[life]
    centre, scale = _standard(covariates)
    Z = ((covariates - centre) / scale)[pieces.origin]
    own = layout.stratum_of(pieces.column)
    strata = np.zeros((len(own), len(layout.strata)))
    strata[np.arange(len(own)), own] = 1.0
    designs = [np.hstack([layout.matrix(pieces.column), Z]), *[strata] * len(lifetime.ancillary)]
    more = {}
    if risk is not None:
        middle, spread = _standard(risk)
        more = {"risk_centre": middle, "risk_scale": spread}
        designs.append(np.hstack([np.ones((len(risk), 1)), (risk - middle) / spread]))
    n = len(stop)
    rows = kernel.Rows(
        pieces.start / unit,
        pieces.stop / unit,
        np.where(pieces.last, event[pieces.origin], 0.0),
        (np.ones(n) if sample.weights is None else sample.weights)[pieces.origin],
        (np.zeros(n) if sample.offset is None else sample.offset)[pieces.origin],
        tuple(designs),
        group,
    )
    return Problem(lifetime, layout, rows, pieces.origin, unit, centre, scale, **more)


def _standard(X: Floats) -> tuple[Floats, Floats]:
    centre = X.mean(axis=0)
    scale = np.sqrt(((X - centre) ** 2).mean(axis=0))
    return centre, np.where(scale > _CONSTANT * np.abs(centre), scale, 1.0)


def start_levels(problem: Problem) -> Floats:
    """Baselines with a constant hazard: log events per time, or minus that for a log time."""
    rows, base = problem.rows, problem.layout.columns
    indicator = rows.designs[0][:, :base]
    weight = rows.weights
    shift = np.exp(np.clip(rows.offset if problem.life.proportional else -rows.offset, -50, 50))
    events = indicator.T @ (weight * rows.exits)
    exposure = indicator.T @ (weight * (rows.stop - rows.start) * shift)
    level = np.log(events / exposure)
    return level if problem.life.proportional else -level
