"""Expected time at risk along a path, up to a horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.after.paths import Path
from coalition_models.models.after.scenarios import routes_of
from coalition_models.models.engine import Hazards
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.fit_rows import jacobian
from coalition_models.models.fit_table import check_level

__all__ = ["expected_duration"]

Floats = npt.NDArray[np.float64]


def expected_duration(
    fit: Fit,
    paths: pd.DataFrame | Mapping[str, object],
    horizon: float,
    *,
    path: str = "path",
    begin: float | None = None,
    stratum: object | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Expect how long a member stays, up to a horizon: the area under its predicted survival.

    A mean without a horizon rests on the hazard after the last event, which nobody saw.

    Parameters
    ----------
    fit : Fit
    paths, path, begin, stratum
        As in :func:`predict_survival`.
    horizon : float
        Time up to which staying counts, no later than anyone was observed.
    level : float
        Of the limits, which are normal.

    Returns
    -------
    DataFrame
        ``scenario, begin, horizon, duration, std_error, conf_low, conf_high``: time from
        ``begin`` that a member still there then is expected to stay. The error holds the
        coefficients' uncertainty, by the fit's own covariance, and the baseline hazard's.

    Raises
    ------
    DataError
        A horizon before the path begins, after it ends, or beyond what was observed.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> cm.expected_duration(fit, {"risk": [0, 1]}, 12)[["scenario", "begin", "horizon"]]
       scenario  begin  horizon
    0  risk = 0    0.0     12.0
    1  risk = 1    0.0     12.0
    """
    check_arguments(expected_duration, locals())
    require(fit, "expected_duration", "expected_duration()")
    if not fit.converged:
        raise DataError("expected_duration() needs a fit with a finite maximum; this has none")
    if not np.isfinite(horizon):
        raise DataError(f"horizon must be finite, not {horizon!r}")
    followed = routes_of(fit, paths, path, begin, np.array([float(horizon)]), stratum)
    half = float(stats.norm.isf((1 - check_level(level)) / 2))
    out = []
    for route in followed.routes:
        if not route.begin < horizon:
            raise DataError(f"horizon={horizon:g} is not after {route.begin:g}, where it begins")
        mean, error = _area(fit, route, followed.span.code, float(horizon))
        out.append((route.name, route.begin, float(horizon), mean, error,
                    mean - half * error, mean + half * error))  # fmt: skip
    names = ["scenario", "begin", "horizon", "duration", "std_error", "conf_low", "conf_high"]
    return pd.DataFrame(out, columns=names)


def _area(fit: Fit, route: Path, code: int | None, horizon: float) -> tuple[float, float]:
    own = fit.estimates

    def along(estimates: Estimates) -> Hazards:
        return fit.engine.follow(estimates, route.frame, route.start, route.stop, code)

    def area(coefficients: Floats) -> Floats:
        found = along(replace(own, coefficients=coefficients))
        return np.array([_pieces(found, route.begin, horizon)[0]])

    pull = jacobian(area, own)
    still = along(replace(own, covariance=np.zeros_like(own.covariance)))
    mean, later = _pieces(still, route.begin, horizon)
    # with the coefficients held fixed, what is left is the noise of the baseline's increments
    noise = np.diff(still.variance[: len(later)], prepend=0.0) @ later**2
    variance = float((pull @ own.covariance @ pull.T).item() + noise)
    return mean, float(np.sqrt(np.maximum(variance, 0.0)))


def _pieces(found: Hazards, begin: float, horizon: float) -> tuple[float, Floats]:
    """Area under survival, and the part of it that lies after each time before the horizon."""
    count = int((found.times < horizon).sum())
    times = found.times[:count]
    survival = np.exp(-found.cumulative_hazard[:count])
    pieces = survival * np.diff(np.append(times, horizon))
    later: Floats = np.cumsum(pieces[::-1])[::-1]
    first = float(times[0]) if count else horizon
    return first - begin + float(pieces.sum()), later
