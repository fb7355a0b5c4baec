"""A term's estimate without each cluster in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.inference.cautious import TermEstimate
from coalition_models.models.family import require
from coalition_models.models.fit import Fit

__all__ = ["WORST", "largest_first", "leave_one_out"]

#: clusters without which the jackknife is made anew: those that matter most
WORST = 10

Floats = npt.NDArray[np.float64]


def leave_one_out(primary: TermEstimate) -> pd.DataFrame:
    """Estimate and p-value without each cluster in turn.

    Where the registered test is clustered, standard errors without a cluster are clustered too; the
    jackknife (CR3) is made anew for the :data:`WORST` clusters and approximated for the others, by
    its ratio to the plain clustered form in the registered test. With Firth's penalty every fit
    is made anew. A fit that has no jackknife has no p-value.

    Returns
    -------
    DataFrame
        ``left_out, estimate, p_value``.
    """
    fit = primary.fit
    require(fit, "leave_one_out", "leave_one_out()")
    at = fit.place_of(primary.term)
    codes, labels = _groups(primary)
    found = fit.engine.without(codes, fit.estimates, at)
    out = pd.DataFrame({"left_out": labels, "estimate": found.coefficient})
    if found.p_value is not None:
        return out.assign(p_value=found.p_value)
    degrees = max(primary.degrees - 1, 1.0)
    errors = found.std_error * (primary.std_error / found.whole_error)
    p_value: Floats = 2 * stats.t.sf(np.abs(found.coefficient / errors), degrees)
    if fit.choices.variance == "jackknife" and "batch_refits" in fit.family.can:
        for cluster in largest_first(p_value, labels)[:WORST]:
            estimate = found.coefficient[cluster]
            error = _jackknife_without(fit, int(cluster), codes, at, estimate)
            p_value[cluster] = 2 * stats.t.sf(abs(estimate / error), degrees)
    return out.assign(p_value=p_value)


def _groups(primary: TermEstimate) -> tuple[npt.NDArray[np.int64], Sequence[object]]:
    """Number of each row's cluster, by first appearance, and what the numbers stand for."""
    sample, by = primary.fit.engine.sample, primary.fit.choices.cluster
    if by:
        return sample.clusters[0], sample.cluster_labels(by[0])
    codes, labels = pd.factorize(np.array(primary.groups, dtype=object))
    return codes.astype(np.int64, copy=False), list(labels)


def _jackknife_without(
    fit: Fit, cluster: int, codes: npt.NDArray[np.int64], at: int, estimate: float
) -> float:
    """Standard error (CR3) of the fit without a cluster, from its refits without another one."""
    count = int(codes.max()) + 1
    again = fit.engine.without(codes, fit.estimates, at, also=cluster).coefficient
    return float(np.sqrt((count - 2) / (count - 1) * ((again - estimate) ** 2).sum()))


def largest_first(p_value: Floats, labels: Sequence[object]) -> npt.NDArray[np.int64]:
    """Order by p-value; those equal up to rounding by their labels, in whatever order rows stand.

    Examples
    --------
    >>> largest_first(np.array([0.2, 0.9 + 1e-12, 0.9]), ["AUS", "SVK", "ITA"]).tolist()
    [2, 1, 0]
    """
    return np.lexsort((np.array([str(label) for label in labels]), -np.round(p_value, 8)))
