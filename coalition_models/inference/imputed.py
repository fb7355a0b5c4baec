"""Estimates over several completed data sets, combined by Rubin's rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError

__all__ = ["Combined", "rubin"]


@dataclass(frozen=True)
class Combined:
    """One estimate out of many draws.

    Attributes
    ----------
    estimate, std_error, degrees : float
        ``degrees`` of Student's t.
    within, between : float
        Mean variance of the estimates, and their variance over the draws.
    missing_information : float
        Share of the total variance that the draws add.
    draws : int
    """

    estimate: float
    std_error: float
    degrees: float
    within: float
    between: float
    missing_information: float
    draws: int

    def limits(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence limits."""
        reach = float(stats.t.ppf((1 + level) / 2, self.degrees)) * self.std_error
        return self.estimate - reach, self.estimate + reach

    @property
    def p_value(self) -> float:
        """Of no effect, two-sided."""
        if self.std_error == 0:
            return float("nan")
        return float(2 * stats.t.sf(abs(self.estimate) / self.std_error, self.degrees))


def rubin(
    estimates: npt.ArrayLike, std_errors: npt.ArrayLike, *, degrees: float = np.inf
) -> Combined:
    """Combine estimates on the scale on which they are normal (log ratios, not ratios).

    Parameters
    ----------
    estimates, std_errors : array-like, shape (m,)
        Of the same term in m completed data sets, 2 or more.
    degrees : float
        Of the test with complete data: clusters less one for clustered fits.

    Returns
    -------
    Combined
        Variance within plus ``(1 + 1/m)`` times between (Rubin 1987); degrees of freedom of
        Barnard and Rubin (1999), never above ``degrees``.

    Raises
    ------
    DataError
        Fewer than two draws, missing values, an error of zero or less.

    Examples
    --------
    >>> found = rubin([0.5, 0.7, 0.6], [0.2, 0.2, 0.2])
    >>> round(found.std_error, 3), round(found.missing_information, 2)
    (0.231, 0.25)
    """
    check_arguments(rubin, {"degrees": degrees})
    values = np.asarray(estimates, dtype=float)
    errors = np.asarray(std_errors, dtype=float)
    if values.ndim != 1 or values.shape != errors.shape or len(values) < 2:
        raise DataError(
            "estimates and std_errors must be two lists of one length, with two draws or more; "
            f"found shapes {values.shape} and {errors.shape}"
        )
    if not (np.isfinite(values).all() and np.isfinite(errors).all() and (errors > 0).all()):
        raise DataError(
            "every draw needs a finite estimate and a positive standard error; leave out (and "
            "count) the draws that could not be fitted"
        )
    m = len(values)
    within = float((errors**2).mean())
    # equal draws differ by nothing, not by the rounding of their mean
    between = float(values.var(ddof=1)) if np.ptp(values) > 0 else 0.0
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    return Combined(
        estimate=float(values.mean()),
        std_error=float(np.sqrt(total)),
        degrees=_degrees(m, share, degrees),
        within=within,
        between=between,
        missing_information=share,
        draws=m,
    )


def _degrees(m: int, share: float, complete: float) -> float:
    if share == 0:
        return complete
    large = (m - 1) / share**2
    if np.isinf(complete):
        return large
    seen = (complete + 1) / (complete + 3) * complete * (1 - share)
    return large * seen / (large + seen)
