"""How much of the variation a confounder of a linear model would have to explain."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError

__all__ = ["RobustnessValue", "robustness_value"]


@dataclass(frozen=True)
class RobustnessValue:
    """How much of the variation of exposure and outcome a confounder would have to explain.

    ``partial_r2``: share of the outcome's remaining variation that the exposure explains.
    ``value``: equal shares of both that would bring the estimate to zero (times ``1 - q``).
    ``value_at_level``: that would bring its test to the border of significance.
    """

    t: float
    partial_r2: float
    value: float
    value_at_level: float


def robustness_value(
    estimate: float, std_error: float, df: float, *, q: float = 1.0, level: float = 0.95
) -> RobustnessValue:
    """Robustness value of a coefficient of least squares (Cinelli and Hazlett 2020).

    For linear models only; of a hazard or odds ratio the E-value is the like.

    Parameters
    ----------
    estimate, std_error : float
    df : float
        Residual degrees of freedom.
    q : float
        Share of the estimate that confounding is to take away.
    level : float

    Returns
    -------
    RobustnessValue

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.sensitivity.robustness_value(0.0973158193, 0.0232565378, 783)
    >>> round(found.value, 4), round(found.value_at_level, 4)
    (0.1388, 0.0763)
    """
    check_arguments(robustness_value, locals())
    if not (std_error > 0 and df > 1 and q > 0 and 0 < level < 1):
        raise DataError(
            f"std_error, q must be positive, df above 1 and level between 0 and 1; found "
            f"{std_error!r}, {q!r}, {df!r}, {level!r}"
        )
    t = estimate / std_error
    f = q * abs(t) / sqrt(df)
    critical = float(stats.t.isf((1 - level) / 2, df - 1)) / sqrt(df - 1)
    return RobustnessValue(
        t=t, partial_r2=t * t / (t * t + df), value=_equal(f), value_at_level=_at(f, critical)
    )


def _equal(f: float) -> float:
    return (sqrt(f**4 + 4 * f * f) - f * f) / 2


def _at(f: float, critical: float) -> float:
    gap = f - critical
    if gap <= 0:
        return 0.0
    # where the confounder needs no share of the outcome, the exposure's alone decides
    return _equal(gap) if f <= 1 / critical else (f * f - critical * critical) / (1 + f * f)
