"""Rows of a binary model, standardised once for any number of fits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from coalition_models.errors import DataError
from coalition_models.kernels import binomial
from coalition_models.kernels._jobs import Jobs, Results
from coalition_models.kernels._newton import aliased_columns, inverse, newton
from coalition_models.kernels._panel import Floats, Integers, Panel
from coalition_models.kernels._sums import Derivatives
from coalition_models.kernels.separating import NEXT_TO_NIL, binary_direction, kept_apart
from coalition_models.kernels.standard import Standard, standardise
from coalition_models.kernels.variance import cluster_sums

__all__ = ["BinaryRows", "binary_rows"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BinaryRows:
    """A response of 0 and 1 with columns of which the first is the intercept; see `binary_rows`."""

    panel: Panel
    standard: Standard
    link: str

    @property
    def n_rows(self) -> int:
        """Rows handed in."""
        return int(self.panel.columns.shape[1])

    @property
    def n_columns(self) -> int:
        """Columns with the intercept."""
        return int(self.panel.columns.shape[0])

    @cached_property
    def kept(self) -> Integers:
        """Every row, in the order given."""
        return np.arange(self.n_rows)

    @property
    def kind(self) -> str:
        """The link."""
        return self.link

    @property
    def shift(self) -> Floats:
        """What makes column 0 the intercept of the columns as given."""
        return np.ascontiguousarray(self.standard.back[0])

    @property
    def scale(self) -> Floats:
        """Spread of each column."""
        return self.standard.scale

    def inner(self, beta: Floats) -> Floats:
        """Coefficients of standardised columns."""
        return self.standard.inner(beta)

    def outer(self, beta: Floats) -> Floats:
        """Coefficients (B, p) of the columns as given; those that are missing have no part."""
        out = beta / self.scale
        out[:, 0] = beta[:, 0] + np.nan_to_num(beta[:, 1:]) @ self.shift[1:]
        return out

    def doubtful(self, out: Results) -> Integers:
        """Those without a maximum, and those with chances next to 0 or 1."""
        return np.flatnonzero(~(out.converged & (out.nearest >= NEXT_TO_NIL)))

    def judge(self, jobs: Jobs, out: Results, b: int) -> None:
        """Tell an infinite maximum from a finite one, and from a slow climb, which is finished."""
        cols = np.flatnonzero(jobs.masks[b] & ~out.aliased[b])
        if not cols.size:
            return
        if not out.converged[b] and self._endless(jobs, out, b, cols) is None:
            self.plain(jobs, out, b)
        elif out.converged[b]:
            self._doubt(jobs, out, b, cols)

    def _endless(self, jobs: Jobs, out: Results, b: int, cols: Integers) -> Floats | None:
        """Flag the columns along which the likelihood never falls."""
        real = self._real(jobs.weights(b))
        direction = binary_direction(
            self.panel.columns[np.ix_(cols, real)].T, self.panel.response[real]
        )
        if direction is not None:
            size = np.abs(direction)
            out.diverging[b, cols] = size > 1e-7 * size.max()
        return direction

    def _doubt(self, jobs: Jobs, out: Results, b: int, cols: Integers) -> None:
        """Where some chances are next to 0 or 1 a climb may have ended for rounding."""
        real = self._real(jobs.weights(b))
        X = self.panel.columns[np.ix_(cols, real)].T
        shape, eta = binomial.LINKS[self.link], self._eta(cols, out.beta[b, cols])[real]
        chance = np.minimum(shape.probability(eta), shape.complement(eta))
        if kept_apart(X, chance) or self._endless(jobs, out, b, cols) is None:
            return
        out.converged[b] = False
        out.cluster[b] = np.nan

    def _real(self, weights: Floats) -> Integers:
        return np.flatnonzero(weights > 0) if weights.size else self.kept

    def _eta(self, cols: Integers, beta: Floats) -> Floats:
        eta: Floats = beta @ self.panel.columns[cols]
        return eta + self.panel.offset if self.panel.offset.size else eta

    def plain(self, jobs: Jobs, out: Results, b: int) -> None:
        """One fit in numpy."""
        columns = np.flatnonzero(jobs.masks[b])
        weights = self._real_weights(jobs.weights(b))
        y = self.panel.response
        out.aliased[b], ones = False, float(weights @ y)
        if not 0 < ones < weights.sum():
            out.aliased[b, columns] = True
            out.loglik[b] = 0.0
            return
        begin, aliased = self._begin(columns, weights, jobs.starts[b][columns])
        out.aliased[b, columns] = aliased
        cols = columns[~aliased]
        top = newton(
            lambda beta: self._at(cols, weights, beta), begin[~aliased],
            max_iterations=jobs.max_iterations, tolerance=jobs.tolerance,
        )  # fmt: skip
        out.beta[b, cols], out.iterations[b] = top.beta, top.iterations
        out.loglik[b], out.converged[b] = top.at.log_likelihood, top.converged
        if not top.converged:
            self._endless(jobs, out, b, cols)
            return
        self._report(jobs, out, b, cols, weights)
        if out.nearest[b] < NEXT_TO_NIL:
            self._doubt(jobs, out, b, cols)

    def _begin(self, columns: Integers, weights: Floats, start: Floats) -> tuple[Floats, Flags]:
        """Where to start, and which columns are combinations of others."""
        mass = float(weights.sum())
        for begin in (start, np.zeros(len(columns))):
            information = self._at(columns, weights, begin).information
            aliased = aliased_columns(information, mass)
            if np.diag(information).min() > 1e-6 * mass and not aliased.any():
                return begin, aliased
        # far out some chances leave no information: judge the columns alone
        X = self.panel.columns[columns]
        return begin, aliased_columns(X * (weights / 4) @ X.T, mass)

    def _real_weights(self, weights: Floats) -> Floats:
        return weights if weights.size else np.ones(self.n_rows)

    def _at(self, cols: Integers, weights: Floats, beta: Floats) -> Derivatives:
        eta, X, y = self._eta(cols, beta), self.panel.columns[cols], self.panel.response
        with np.errstate(over="ignore", under="ignore"):
            pull, _, observed = binomial.row_terms(y, eta, self.link, weights)
            value = binomial.log_likelihood(y, eta, self.link, weights)
        return Derivatives(value, X @ pull, (X * observed) @ X.T)

    def _report(self, jobs: Jobs, out: Results, b: int, cols: Integers, weights: Floats) -> None:
        """Log-likelihood, variances and the least chance at the maximum."""
        X, y = self.panel.columns[cols], self.panel.response
        eta, shape = self._eta(cols, out.beta[b, cols]), binomial.LINKS[self.link]
        at = binomial.pieces(X.T, y, eta, self.link, weights)
        out.loglik[b] = binomial.log_likelihood(y, eta, self.link, weights)
        least = np.minimum(shape.probability(eta), shape.complement(eta))
        out.nearest[b] = least[weights > 0].min()
        bread = inverse(at.expected if jobs.expected else at.observed)
        if bread is None:
            out.model[b, cols] = np.nan
            return
        way = np.eye(len(cols))
        if cols[0] == 0:
            way[0] = self.shift[cols]
        out.model[b, cols] = np.diag(way @ bread @ way.T)
        if jobs.clustered:
            scores = cluster_sums(at.scores, jobs.codes, jobs.n_clusters)
            out.cluster[b, cols] = ((scores @ bread @ way.T) ** 2).sum(axis=0)


def binary_rows(
    X: ArrayLike,
    y: ArrayLike,
    link: str,
    *,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
) -> BinaryRows:
    """Standardise the rows of a binary model for many fits.

    Parameters
    ----------
    X : array-like, shape (n, p)
        Columns, of which the first is the intercept: all ones.
    y : array-like, shape (n,)
        0 and 1.
    link : {"logit", "probit", "cloglog"}
    weights, offset : array-like, shape (n,), optional
        Case weights that are not negative; an offset on the scale of the link.

    Raises
    ------
    DataError
        Another link, response, first column or shape.

    Examples
    --------
    >>> rows = binary_rows([[1, 0], [1, 2]], [0, 1], "logit")
    >>> rows.panel.columns.tolist()
    [[1.0, 1.0], [-1.0, 1.0]]
    """
    given, response = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    if link not in binomial.LINKS:
        raise DataError(f"link must be one of {', '.join(binomial.LINKS)}; found {link!r}")
    if given.ndim != 2 or response.shape != given.shape[:1]:
        raise DataError(
            f"Expected rows by columns and one response per row, found shapes {given.shape} and "
            f"{response.shape}. Give as many responses as rows."
        )
    if not given.shape[1] or not (given[:, 0] == 1).all():
        raise DataError("The first column must be the intercept: 1 in every row. Put it first.")
    if not np.isin(response, (0.0, 1.0)).all():
        raise DataError("The response must be 0 or 1 in every row. Replace the other values.")
    n = len(response)
    more = [np.empty(0) if v is None else np.asarray(v, dtype=float) for v in (weights, offset)]
    for name, values in zip(("weights", "offset"), more, strict=True):
        if values.size and (values.shape != (n,) or not np.isfinite(values).all()):
            raise DataError(f"{name} must be one finite number per row ({n}). Replace the others.")
    if more[0].size and (more[0] < 0).any():
        raise DataError("weights must not be negative. Replace those that are.")
    standard = standardise(given)
    none, bins = np.empty(0, np.int64), np.zeros(2, np.int64)
    panel = Panel(
        columns=np.ascontiguousarray(standard.matrix(given).T),
        weights=np.ascontiguousarray(more[0]),
        offset=np.ascontiguousarray(more[1]),
        single_ptr=np.array([0, n]),
        long_ptr=np.array([n, n]),
        first=none,
        leave_ptr=bins,
        leave_rows=none,
        event_ptr=bins,
        event_rows=none,
        closes=np.ones(1, dtype=bool),
        response=np.ascontiguousarray(response),
    )
    return BinaryRows(panel, standard, link)
