"""Standard errors of a concordance, as R's survival printed them before and since its version 3."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from coalition_models.errors import ReplicationError
from coalition_models.models.fit import Fit
from coalition_models.models.sample.sides import event_of

__all__ = ["by_ranks", "concordance_error", "jackknifed"]

Floats = npt.NDArray[np.float64]


def concordance_error(fit: Fit, *, ranks: bool = False) -> float:
    """Standard error of a Cox model's concordance.

    Parameters
    ----------
    fit : Fit
        Of one row per member, all at risk from the start.
    ranks : bool
        By the ranks among those at risk, as R's survival did before version 3; otherwise by the
        infinitesimal jackknife, as it does since.

    Raises
    ------
    ReplicationError
        If rows enter late, or have strata or weights.
    """
    spec = fit.spec
    whole = {"ties", "ph_test", "firth"} <= spec.record.can
    if not whole or spec.start or spec.strata or spec.weights:
        raise ReplicationError(
            f"{spec.formula!r}: the standard error of a concordance is known for Cox models of one "
            "row per member, without start, strata and weights"
        )
    rows = fit.augment()
    time = rows[str(spec.stop)].to_numpy(float)
    event = rows[event_of(spec.formula)].to_numpy(float) == 1
    score = rows["linear_predictor"].to_numpy(float)
    return (by_ranks if ranks else jackknifed)(time, event, score)


def _pairs(time: Floats, event: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether the row of an event (first axis) can be compared with another (second axis)."""
    later = time > time[:, None]
    pairs: npt.NDArray[np.bool_] = event[:, None] & (later | ((time == time[:, None]) & ~event))
    return pairs


def jackknifed(time: Floats, event: npt.NDArray[np.bool_], score: Floats) -> float:
    """Root of the sum of squares of what each row adds to the concordance.

    Examples
    --------
    >>> time, event = np.array([1.0, 2.0, 3.0]), np.array([True, True, False])
    >>> round(jackknifed(time, event, np.array([3.0, 1.0, 2.0])), 6)  # 2 of 3 pairs
    0.272166
    """
    pairs = _pairs(time, event)
    right = pairs * ((score[:, None] > score) + (score[:, None] == score) / 2)
    value = right.sum() / pairs.sum()
    own = right.sum(0) + right.sum(1) - value * (pairs.sum(0) + pairs.sum(1))
    return float(np.sqrt((own**2).sum()) / pairs.sum())


def by_ranks(time: Floats, event: npt.NDArray[np.bool_], score: Floats) -> float:
    """Root of the summed variance of ranks among those at risk at each event, per pair.

    Examples
    --------
    >>> time, event = np.array([1.0, 2.0, 3.0]), np.array([True, True, False])
    >>> round(by_ranks(time, event, np.array([3.0, 1.0, 2.0])) ** 2, 6)  # (2/3 + 1/4) / 9
    0.101852
    """
    spread = sum(np.var(rankdata(score[time >= when])) for when in time[event])
    return float(np.sqrt(spread) / _pairs(time, event).sum())
