"""Times that differ by rounding only are made equal."""

from __future__ import annotations

import numpy as np

from coalition_models.errors import DataError, first_few
from coalition_models.kernels._panel import Floats

__all__ = ["snap_times"]

_TOLERANCE = float(np.sqrt(np.finfo(float).eps))
# Whole numbers below this cannot be equal up to rounding, whatever their mean.
_SAFE_INTEGER = 1e6


def snap_times(start: Floats, stop: Floats) -> tuple[Floats, Floats]:
    """Make times that differ by rounding only equal, by the rule of R's ``aeqSurv``.

    Neighbouring distinct times are ties if they differ by at most 1.5e-8, absolutely or relative to
    the mean absolute distinct time; a run of such neighbours takes its smallest value.

    Raises
    ------
    DataError
        If an interval would have no length left.

    Examples
    --------
    >>> import numpy as np
    >>> snap_times(np.array([0.0, 0.0]), np.array([0.3, 0.1 + 0.2]))[1]
    array([0.3, 0.3])
    """
    if _are_small_integers(start) and _are_small_integers(stop):
        return start, stop
    distinct = np.unique(np.concatenate([start, stop]))
    gaps = np.diff(distinct)
    tied = (gaps <= _TOLERANCE) | (gaps / np.mean(np.abs(distinct)) <= _TOLERANCE)
    if not tied.any():
        return start, stop
    cuts = distinct[np.concatenate([[True], ~tied])]
    snapped_start = cuts[np.searchsorted(cuts, start, side="right") - 1]
    snapped_stop = cuts[np.searchsorted(cuts, stop, side="right") - 1]
    empty = np.flatnonzero(snapped_start >= snapped_stop)
    if empty.size:
        raise DataError(
            "Every row must last longer than rounding error; start and stop are equal up to "
            f"rounding in {empty.size} row(s): {first_few(empty)}. Correct or remove them, or "
            "measure time in a smaller unit."
        )
    return snapped_start, snapped_stop


def _are_small_integers(values: Floats) -> bool:
    if values.size == 0:
        return True
    low, high = float(values.min()), float(values.max())
    if not (low > -_SAFE_INTEGER and high < _SAFE_INTEGER):
        return False
    return bool((values == np.rint(values)).all())
