"""Paths of simulated covariates over calendar periods."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["COVARIATE_KINDS", "covariate_path"]

#: how a simulated covariate behaves
COVARIATE_KINDS = {
    "varying": "normal, mean 0 and variance 1; correlation 0.9 from month to month",
    "fixed": "normal, one draw per state",
    "binary": "0 or 1 with equal chance, one draw per state",
    "pulse": "1 in the last 6 months of every 48, phase drawn per state (an election calendar)",
    "rare": "0 or 1, one draw per state, 1 with chance 0.05 (invites separation)",
    "shared": "as varying, but one path per coalition, the same for all its members",
}

_MONTHLY_CORRELATION = 0.9


def covariate_path(
    kind: str, size: tuple[int, int, int, int], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Draw the paths of one covariate.

    Parameters
    ----------
    kind : str
        One of :data:`COVARIATE_KINDS`.
    size : tuple of int
        States, coalitions, periods, and months in a period.
    rng : Generator

    Returns
    -------
    array
        States x periods, or coalitions x periods for the kind ``shared``.

    Examples
    --------
    >>> import numpy as np
    >>> covariate_path("pulse", (2, 1, 48, 1), np.random.default_rng(1)).sum(axis=1).tolist()
    [6.0, 6.0]
    """
    states, coalitions, periods, months = size
    if kind in ("varying", "shared"):
        rows = states if kind == "varying" else coalitions
        return _autoregressive(rng.normal(size=(periods, rows)), months)
    if kind == "pulse":
        phase = rng.integers(0, 48, size=(states, 1))
        return ((phase + np.arange(periods) * months) % 48 >= 42).astype(np.float64)
    if kind == "fixed":
        values = rng.normal(size=states)
    else:
        values = (rng.random(states) < (0.05 if kind == "rare" else 0.5)).astype(np.float64)
    return np.broadcast_to(values[:, None], (states, periods))


def _autoregressive(noise: npt.NDArray[np.float64], months: int) -> npt.NDArray[np.float64]:
    """Turn white noise (periods x paths) into stationary paths (paths x periods), variance 1."""
    correlation = _MONTHLY_CORRELATION**months
    scale = np.sqrt(1 - correlation**2)
    path = noise.copy()
    for t in range(1, len(path)):
        path[t] = correlation * path[t - 1] + scale * noise[t]
    return np.ascontiguousarray(path.T)
