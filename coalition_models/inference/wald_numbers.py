"""Wald's statistics of a term, for families that have no score where it has no effect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from coalition_models.inference.exposure import exposure_of
from coalition_models.models.fit import Fit

__all__ = ["EDGE", "wald_numbers"]

#: size beyond which a normal statistic is significant at 5 per cent; half the width of 95 % limits
EDGE = 1.959963984540054


def wald_numbers(fit: Fit, term: str) -> tuple[dict[str, float], npt.NDArray[np.bool_] | None]:
    """Return Wald's statistics of a term, under the names that scores have.

    Parameters
    ----------
    fit : Fit
    term : str
        A coefficient.

    Returns
    -------
    tuple
        A dictionary, and which of the rows given were used (None: all). It has ``z``, the estimate
        over the error by the information alone, and its normal ``p_score``; ``z_by_cluster``, over
        the error that the fit has, missing without clusters; ``events, rows, clusters``; of a term
        of two values ``exposed_events, exposed_clusters``.

    Raises
    ------
    DataError
        No such coefficient.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, coefficients={"risk": 0.8}, seed=1)
    >>> fit = cm.parametric("event ~ risk", panel, distribution="weibull", cluster="state")
    >>> sorted(wald_numbers(fit, "risk")[0])
    ['clusters', 'events', 'p_score', 'rows', 'z', 'z_by_cluster']
    """
    at = fit.place_of(term)
    estimate = float(fit.coefficients[at])
    with np.errstate(divide="ignore", invalid="ignore"):
        z = float(estimate / np.sqrt(fit.model_covariance[at, at]))
    sample = fit.engine.sample
    left = (sample.event != 0).astype(float)
    numbers: dict[str, float] = {
        "z": z,
        "p_score": float(2 * ndtr(-abs(z))),
        "events": int(left.sum()),
        "rows": len(left),
    }
    clusters = sample.clusters[0] if fit.choices.cluster else None
    if clusters is not None:
        numbers["z_by_cluster"] = estimate / float(fit.std_errors[at])
        numbers["clusters"] = sample.cluster_counts[0]
    each = np.arange(len(left)) if clusters is None else clusters
    sides = exposure_of(fit.values_of(term), left, each)
    if sides is not None:
        numbers["exposed_events"] = sides.exposed_events
        if clusters is not None:
            numbers["exposed_clusters"] = sides.exposed_clusters
    return numbers, sample.keep
