"""Which covariance a fit reports, and the clustered ones of discrete models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few
from coalition_models.kernels.jackknife import spread_of_refits

__all__ = [
    "FEW_CLUSTERS",
    "Plan",
    "VarianceError",
    "clustered",
    "few_clusters",
    "jackknife",
    "plan_variance",
    "refuse_lost",
    "refuse_penalised_variance",
    "reported",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

VARIANCES = ("model", "robust", "cluster", "jackknife")
CONVENTIONS = ("R", "stata")

#: below this many clusters, clustered standard errors are known to be too small
FEW_CLUSTERS = 40
#: below this many it is worth a warning and not only a note; how few is few is said to lie
#: between 20 and 50 (Cameron and Miller 2015)
VERY_FEW_CLUSTERS = 30


class Note(str):
    """A remark that stands below the fit and is no warning."""

    __slots__ = ()


@dataclass(frozen=True)
class Plan:
    """The variance asked for, once every default is settled."""

    variance: str
    convention: str
    small_sample: bool
    cluster: tuple[str, ...]


def plan_variance(
    variance: str | None,
    cluster: tuple[str, ...],
    convention: str,
    small_sample: bool | None,
    *,
    factor_in_r: bool,
) -> Plan:
    """Settle kind, convention and small-sample factor.

    Without ``variance``, a fit with ``cluster`` is clustered and any other reports the inverse
    information. The factor G/(G-1) is Stata's default, and R's where ``factor_in_r`` (glm, but
    not coxph).

    Examples
    --------
    >>> plan_variance(None, ("state",), "R", None, factor_in_r=False)
    Plan(variance='cluster', convention='R', small_sample=False, cluster=('state',))
    """
    if convention not in CONVENTIONS:
        raise DataError(f"convention must be one of 'R', 'stata'; found {convention!r}")
    kind = variance or ("cluster" if cluster else "model")
    if kind not in VARIANCES:
        raise DataError(f"variance must be one of {', '.join(VARIANCES)}; found {kind!r}")
    if kind in ("cluster", "jackknife") and not cluster:
        raise DataError(f"variance={kind!r} needs cluster='column'")
    if kind == "jackknife" and len(cluster) > 1:
        raise DataError("variance='jackknife' leaves out one cluster at a time: give one column")
    if len(cluster) > 2:
        raise DataError(f"cluster takes one column or two, found {len(cluster)}")
    factor = small_sample if small_sample is not None else convention == "stata" or factor_in_r
    if kind in ("model", "jackknife"):
        if small_sample:
            raise DataError(f"small_sample has no meaning with variance={kind!r}; leave it out")
        factor = False
    return Plan(kind, convention, bool(factor), cluster)


def refuse_penalised_variance(penalty: str | None, plan: Plan) -> None:
    """A penalty reports profile-likelihood limits; no clustered form of them is known."""
    if penalty and plan.variance != "model":
        raise DataError(
            f"penalty={penalty!r} reports profile-likelihood limits, which have no clustered form: "
            "leave out cluster= and variance="
        )


def few_clusters(plan: Plan, counts: Sequence[int]) -> str:
    """Refuse one cluster; word the warning where there are few, a note where not very few.

    Examples
    --------
    >>> print(few_clusters(Plan("cluster", "R", False, ("state",)), [20]))
    20 clusters in state: below 40, ... variance='jackknife' (CR3), whose tests ...
    """
    if plan.variance not in ("cluster", "jackknife"):
        return ""
    smallest = min(range(len(counts)), key=lambda i: counts[i])
    name, groups = plan.cluster[smallest], counts[smallest]
    if groups < 2:
        raise FitError(
            f"cluster column {name!r} has one value only in the rows used, so scores cannot be "
            "compared between clusters; use another column, or variance='model'"
        )
    if groups >= FEW_CLUSTERS or plan.variance == "jackknife":
        return ""
    text = (
        f"{groups} clusters in {name}: below {FEW_CLUSTERS}, clustered standard errors are too "
        "small on average; compare variance='jackknife' (CR3), whose tests and limits go by t(G-1)"
    )
    return text if groups < VERY_FEW_CLUSTERS else Note(text)


def clustered(
    sum_scores: Callable[[Integers, int], Floats],
    bread: Floats,
    codes: Sequence[Integers],
    *,
    small_sample: bool,
) -> Floats:
    """Sandwich scores summed within clusters; two sets of clusters by inclusion-exclusion.

    Parameters
    ----------
    sum_scores : callable
        Takes cluster numbers (n,) and their count G, gives the gradient's parts (G, p).
    bread : ndarray, shape (p, p)
        Inverse information.
    codes : one or two arrays, shape (n,)
        Cluster numbers.
    small_sample : bool
        Multiply each part by G/(G-1), G its number of clusters.

    Returns
    -------
    ndarray, shape (p, p)
        V1 + V2 - V12 for two sets (Cameron, Gelbach and Miller 2011). Its variances need not be
        positive: see :func:`reported`.
    """
    return _combined(_parts(sum_scores, bread, codes, small_sample))


def reported(
    sum_scores: Callable[[Integers, int], Floats],
    bread: Floats,
    codes: Sequence[Integers],
    plan: Plan,
    names: Sequence[str],
) -> tuple[Floats, str]:
    """Return :func:`clustered` and what must be said of it.

    A two-way variance that is not positive leaves its standard error missing, as in R's
    ``sandwich``; the remark shows the larger of the two one-way errors, which MacKinnon, Nielsen
    and Webb (2021) advise to report in its place.
    """
    parts = _parts(sum_scores, bread, codes, plan.small_sample)
    covariance = _combined(parts)
    if len(parts) == 1:
        return covariance, ""
    one, two = np.diag(parts[0]), np.diag(parts[1])
    # Beside its parts a sum of this size is their rounding error.
    lost = np.flatnonzero(~(np.diag(covariance) > 1e-12 * np.maximum(one, two)))
    said = []
    for j in map(int, lost):
        # what rounding leaves of nil is no variance either
        covariance[j, j] = min(covariance[j, j], 0.0)
        larger = int(two[j] > one[j])
        error = np.sqrt(max(one[j], two[j]))
        said.append(f"{names[j]} (std. error {error:.4g} by {plan.cluster[larger]})")
    if not said:
        return covariance, ""
    return covariance, (
        "the two-way variance is not positive, hence no standard error, for "
        f"{first_few(said)}: shown is the larger one-way error, to be reported in its place"
    )


def _parts(
    sum_scores: Callable[[Integers, int], Floats],
    bread: Floats,
    codes: Sequence[Integers],
    small_sample: bool,
) -> list[Floats]:
    """Covariance by each set of clusters, and for two sets by their intersection."""

    def part(numbers: Integers) -> Floats:
        groups = int(numbers.max()) + 1
        moved = sum_scores(numbers, groups) @ bread
        covariance: Floats = moved.T @ moved
        return covariance * (groups / (groups - 1)) if small_sample else covariance

    if len(codes) == 1:
        return [part(codes[0])]
    one, two = codes
    both = pd.factorize(one * (int(two.max()) + 1) + two)[0].astype(np.int64, copy=False)
    return [part(one), part(two), part(both)]


def _combined(parts: Sequence[Floats]) -> Floats:
    return parts[0] if len(parts) == 1 else parts[0] + parts[1] - parts[2]


def jackknife(
    refit: Callable[[npt.NDArray[np.bool_]], Floats | None],
    codes: Integers,
    estimate: Floats,
    labels: Sequence[object],
) -> Floats:
    """CR3: spread of the estimates that leave out one cluster at a time, times (G-1)/G.

    Parameters
    ----------
    refit : callable
        Takes the rows kept, gives the estimate from them alone, or None where there is none.
    codes : ndarray, shape (n,)
    estimate : ndarray, shape (p,)
        From all rows; the spread is taken around it.
    labels : sequence
        Name of each cluster, for the message.

    Returns
    -------
    ndarray, shape (p, p)
    """
    groups = int(codes.max()) + 1
    refits = [refit(codes != group) for group in range(groups)]
    refuse_lost([labels[g] for g, beta in enumerate(refits) if beta is None], estimate)
    return spread_of_refits(np.array([beta for beta in refits if beta is not None]), estimate)


class VarianceError(FitError):
    """The coefficients are there, the variance asked for is not."""

    def __init__(self, message: str, coefficients: Floats | None = None) -> None:
        super().__init__(message)
        self.coefficients = coefficients


def refuse_lost(lost: Sequence[object], coefficients: Floats | None = None) -> None:
    """Refuse a jackknife of which some refits have no finite maximum."""
    if lost:
        raise VarianceError(
            f"variance='jackknife': without {first_few(lost)} the model has no finite maximum, so "
            "the spread of the refits is not defined; use variance='cluster', fewer terms, or "
            "penalty='firth'",
            coefficients,
        )
