"""How small an effect a fit, or a number of events, could have shown: formulas, for planning.

They take a rise and a fall for alike and know no exposed events; what a panel could show under the
rule of verdicts is simulated, see :mod:`coalition_models.inference.power_curve`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.family import require
from coalition_models.models.fit import Fit

Floats = npt.NDArray[np.float64]

__all__ = [
    "check_shares",
    "detectable_effects",
    "detectable_ratio",
    "null_variance",
    "schoenfeld_events",
    "schoenfeld_power",
    "smallest_effect",
]


def smallest_effect(
    std_error: float | Floats, *, power: float, level: float, degrees: float = np.inf
) -> Floats:
    """Smallest coefficient that a two-sided test finds with a given power.

    Parameters
    ----------
    std_error : float or array
    power : float
        Wanted probability of finding it.
    level : float
        One minus the size of the test.
    degrees : float
        Of Student's t; normal by default.

    Returns
    -------
    array
        ``(t(1 - alpha/2) + t(power)) * std_error``.

    Examples
    --------
    >>> float(smallest_effect(0.2, power=0.8, level=0.95).round(2))
    0.56
    """
    multiple = stats.t.isf((1 - level) / 2, degrees) + stats.t.ppf(power, degrees)
    return np.asarray(multiple * np.asarray(std_error, dtype=np.float64))


def detectable_effects(
    fit: Fit,
    *,
    power: float = 0.8,
    level: float = 0.95,
    reference: str | None = None,
) -> pd.DataFrame:
    """Give the smallest effect that would have been found with the standard errors at hand.

    A two-sided test at ``1 - level`` finds an effect of ``q(1 - alpha/2) + q(power)`` standard
    errors with the given power (Bloom 1995, Evaluation Review), ``q`` being quantiles of the
    distribution that the fit's own p-values come from: Student's t with G - 1 degrees of freedom
    under the jackknife, otherwise the normal.

    The standard errors are those estimated, so clustering, few events and correlated terms are in
    them, and so are the data that happened to be seen: this says how sharp the fit is, not what
    the design could show before anything was estimated. ``smallest_ratio`` of the claims
    (:func:`test_hypotheses`) differs because it starts from the information that the risk sets
    hold if no term has an effect, times a design effect that is never below one; their power
    table is simulated.

    Under a Firth penalty the fit's p-values come from the likelihood, and standard errors
    approximate them.

    Parameters
    ----------
    fit : Fit
    power : float
        Wanted probability of finding the effect.
    level : float
        One minus the size of the test.
    reference : {"normal", "t"}, optional
        As in :meth:`Fit.tidy`; the fit's own by default.

    Returns
    -------
    DataFrame
        ``term, std_error, smallest`` (absolute coefficient), ``ratio_up``, ``ratio_down``: the
        smallest hazard or odds ratios above and below one, per unit of the term.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
    ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
    >>> cm.detectable_effects(cm.cox("event ~ risk", df)).round(2)[["term", "ratio_up"]]
       term  ratio_up
    0  risk     20.25
    """
    check_arguments(detectable_effects, locals())
    for name, value in (("power", power), ("level", level)):
        if not 0.5 <= value < 1:
            raise DataError(f"{name} must be at least 0.5 and below 1, not {value!r}")
    degrees = fit.degrees(reference)
    smallest = smallest_effect(fit.std_errors, power=power, level=level, degrees=degrees)
    with np.errstate(over="ignore"):  # a ratio beyond all numbers is infinite
        return pd.DataFrame(
            {
                "term": list(fit.names),
                "std_error": fit.std_errors,
                "smallest": smallest,
                "ratio_up": np.exp(smallest),
                "ratio_down": np.exp(-smallest),
            }
        )


def schoenfeld_events(
    ratio: float,
    *,
    variance: float,
    power: float = 0.8,
    level: float = 0.95,
    r_squared: float = 0.0,
    design_effect: float = 1.0,
) -> float:
    """Events needed to find a hazard ratio.

    Parameters
    ----------
    ratio : float
        Hazard ratio per unit of the term.
    variance : float
        Of the term among those at risk; ``p * (1 - p)`` for a share p.
    power, level : float
    r_squared : float
        Share of that variance that the controls explain (Hsieh and Lavori 2000).
    design_effect : float
        By how much clustering inflates the variance of the estimate.

    Returns
    -------
    float
        ``(z(1 - alpha/2) + z(power))**2 * design_effect / (variance * (1 - r_squared) *
        log(ratio)**2)`` (Schoenfeld 1983).

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(cm.schoenfeld_events(2.0, variance=0.25), 1)
    65.3
    """
    check_arguments(schoenfeld_events, locals())
    check_shares(power=power, level=level)
    if not ratio > 0 or ratio == 1:
        raise DataError(f"ratio must be positive and not 1, found {ratio!r}")
    information = variance * (1 - r_squared)
    if not (variance > 0 and r_squared < 1 and design_effect > 0):
        raise DataError(
            "the term must vary beyond what the controls explain: variance and design_effect must "
            f"be positive and r_squared below 1, found {variance!r}, {design_effect!r} and "
            f"{r_squared!r}"
        )
    multiple = smallest_effect(1.0, power=power, level=level)
    return float(multiple**2 * design_effect / (information * np.log(ratio) ** 2))


def schoenfeld_power(
    ratio: float,
    events: float,
    *,
    variance: float,
    level: float = 0.95,
    r_squared: float = 0.0,
    design_effect: float = 1.0,
) -> float:
    """Chance to find a hazard ratio with a number of events.

    Parameters
    ----------
    ratio, events : float
    variance, level, r_squared, design_effect : float
        As in :func:`schoenfeld_events`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(cm.inference.schoenfeld_power(2.0, 65.3, variance=0.25), 2)
    0.8
    """
    check_arguments(schoenfeld_power, locals())
    check_shares(level=level)
    if not (ratio > 0 and events > 0 and variance > 0 and r_squared < 1 and design_effect > 0):
        raise DataError(
            "ratio, events, variance and design_effect must be positive and r_squared below 1, "
            f"found {ratio!r}, {events!r}, {variance!r}, {design_effect!r} and {r_squared!r}"
        )
    error = np.sqrt(design_effect / (events * variance * (1 - r_squared)))
    return float(stats.norm.cdf(abs(np.log(ratio)) / error - stats.norm.isf((1 - level) / 2)))


def detectable_ratio(
    variance: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    degrees: float = np.inf,
) -> float:
    """Smallest hazard ratio above one that a test of given precision finds.

    Parameters
    ----------
    variance : float
        Of the coefficient where it is zero; :func:`null_variance` gives it for a fit.
    power, level : float
    degrees : float
        Of Student's t; normal by default.

    Returns
    -------
    float
        ``exp((t(1 - alpha/2) + t(power)) * sqrt(variance))``; its inverse is as detectable.

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(cm.inference.detectable_ratio(4 / 100), 2)
    1.75
    """
    check_arguments(detectable_ratio, locals())
    check_shares(power=power, level=level)
    if variance < 0:
        raise DataError(f"variance must be 0 or more, found {variance!r}")
    smallest = smallest_effect(np.sqrt(variance), power=power, level=level, degrees=degrees)
    with np.errstate(over="ignore"):
        return float(np.exp(smallest))


def null_variance(fit: Fit, term: str) -> float:
    """Variance of a coefficient if no term had an effect, from a fit's own risk sets.

    This is Schoenfeld's formula without its approximations: the information that each event
    carries is the spread of the term among those at risk then, less what the controls explain.
    It does not depend on what was found.

    Parameters
    ----------
    fit : Fit
        Of a family that knows its information at zero; a discrete-time hazard keeps its link,
        duration terms, weights and offset.
    term : str

    Returns
    -------
    float

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> round(cm.inference.null_variance(fit, "risk") * fit.counts.events, 1)
    1.1
    """
    position = fit.place_of(term)
    require(fit, "null_information", "null_variance()")
    return float(np.linalg.inv(fit.engine.null_information())[position, position])


def check_shares(**shares: float) -> None:
    """Refuse a power or level that is no share, by name.

    Examples
    --------
    >>> check_shares(power=0.8)
    """
    for name, value in shares.items():
        if not 0 < value < 1:
            raise DataError(f"{name} must lie between 0 and 1, for instance 0.8, not {value!r}")
