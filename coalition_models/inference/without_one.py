"""A term's estimate without each cluster, or any other group of rows, in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.inference.groups import groups_by
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.models.family import require
from coalition_models.models.fit import Fit

__all__ = ["WORST", "largest_first", "leave_one_out"]

#: clusters without which the jackknife is made anew: those that matter most
WORST = 10

Floats = npt.NDArray[np.float64]


def leave_one_out(
    fit: Fit | TermEstimate,
    by: str | pd.Series | None = None,
    *,
    term: str | None = None,
) -> pd.DataFrame:
    """Estimate and p-value without each group of rows in turn.

    Standard errors without a group are clustered by the groups, times the ratio of the fit's own
    to the one so clustered on all rows. Where the fit has the jackknife (CR3) over these groups
    it is made anew for the :data:`WORST` of them. With Firth's penalty every fit is made anew,
    with its own test. What cannot be estimated without a group is missing.

    Parameters
    ----------
    fit : Fit or TermEstimate
    by : str or Series, optional
        The groups: a column that the fit knows (its clusters and its members), or a Series with
        the index of the data fitted to. By default the fit's clusters.
    term : str, optional
        Only this coefficient. Of a :class:`TermEstimate`, its own.

    Returns
    -------
    DataFrame
        ``left_out, estimate, p_value``, and before them ``term`` for the terms of a fit.

    Raises
    ------
    DataError
        No groups, or fewer than two; groups that are missing in rows used; an unknown term; a
        family whose fits cannot be repeated so.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, hazard=0.03, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel, cluster="state")
    >>> found = cm.inference.leave_one_out(fit)
    >>> list(found.columns), len(found)
    (['term', 'left_out', 'estimate', 'p_value'], 40)
    >>> cm.inference.leave_one_out(fit, panel["period"].dt.year)["left_out"].nunique()
    9
    """
    check_arguments(leave_one_out, locals())
    if isinstance(fit, TermEstimate):
        if by is None and term in (None, fit.term):
            return _without(fit.fit, fit.term, *_groups(fit), own=bool(fit.fit.choices.cluster))
        fit = fit.fit
    codes, labels = groups_by(fit.engine.sample, fit.choices.cluster, by, "by")
    own = bool(fit.choices.cluster) and np.array_equal(codes, fit.engine.sample.clusters[0])
    terms = [n for n in fit.names if n not in fit.baseline_terms] if term is None else [term]
    parts = []
    for name in terms:
        part = _without(fit, name, codes, labels, own=own)
        part.insert(0, "term", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _without(
    fit: Fit, term: str, codes: npt.NDArray[np.int64], labels: Sequence[object], *, own: bool
) -> pd.DataFrame:
    """Fits without each group; ``own`` where they are the groups of the fit's variance."""
    require(fit, "leave_one_out", "leave_one_out()")
    at = fit.place_of(term)
    found = fit.engine.without(codes, fit.estimates, at)
    out = pd.DataFrame({"left_out": labels, "estimate": found.coefficient})
    if found.p_value is not None:
        return out.assign(p_value=found.p_value)
    degrees = max(fit.degrees() - 1, 1.0)
    errors = found.std_error * (fit.std_errors[at] / found.whole_error)
    p_value: Floats = 2 * stats.t.sf(np.abs(found.coefficient / errors), degrees)
    if own and fit.choices.variance == "jackknife" and "batch_refits" in fit.family.can:
        for group in largest_first(p_value, labels)[:WORST]:
            estimate = found.coefficient[group]
            error = _jackknife_without(fit, int(group), codes, at, estimate)
            p_value[group] = 2 * stats.t.sf(abs(estimate / error), degrees)
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
