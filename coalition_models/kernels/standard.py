"""Centred and scaled columns of a design with an intercept, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Standard", "standardise"]

Floats = npt.NDArray[np.float64]

#: a column that differs by less than this share of its mean is constant
_CONSTANT = 1e-13


@dataclass(frozen=True)
class Standard:
    """Mean and spread of each column; column 0, the intercept, stays as it is.

    Sums of squares keep their digits on such columns, whatever the covariates' unit and origin.
    """

    centre: Floats
    scale: Floats

    def matrix(self, X: Floats) -> Floats:
        """Columns of mean 0 and spread 1."""
        Z: Floats = (X - self.centre) / self.scale
        return Z

    @property
    def back(self) -> Floats:
        """Matrix (p, p) that takes coefficients of the standardised columns to those given."""
        way = np.diag(1 / self.scale)
        way[0, 1:] = -self.centre[1:] / self.scale[1:]
        return way

    def inner(self, beta: Floats) -> Floats:
        """Coefficients of the standardised columns with the same linear predictor."""
        out = beta * self.scale
        out[0] = beta[0] + float((beta[1:] * self.centre[1:]).sum())
        return out

    def outer(self, beta: Floats) -> Floats:
        """Coefficients of the columns as given."""
        out = beta / self.scale
        out[0] = beta[0] - float((out[1:] * self.centre[1:]).sum())
        return out

    def covariance(self, inside: Floats) -> Floats:
        """Covariance of the coefficients of the columns as given."""
        out: Floats = self.back @ inside @ self.back.T
        return out


def standardise(X: Floats) -> Standard:
    """Mean and spread of the columns of ``X`` (n, p), whose first is the intercept.

    Examples
    --------
    >>> found = standardise(np.array([[1.0, 2000.0], [1.0, 2002.0]]))
    >>> found.centre, found.scale
    (array([   0., 2001.]), array([1., 1.]))
    """
    centre = X.mean(axis=0)
    scale = np.sqrt(((X - centre) ** 2).mean(axis=0))
    centre[0], scale[0] = 0.0, 1.0
    scale[scale <= _CONSTANT * np.abs(centre)] = 0.0
    return Standard(centre, np.where(scale > 0, scale, 1.0))
