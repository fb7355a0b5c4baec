"""How small an effect a fit could have shown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.fit import Fit

Floats = npt.NDArray[np.float64]

__all__ = ["detectable_effects", "smallest_effect"]


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
    the design could show before anything was estimated. The power table of the claims
    (:func:`test_hypotheses`) differs because it starts from the information that the risk sets
    hold if no term has an effect, times a design effect that is never below one.

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
