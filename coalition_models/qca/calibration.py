"""From raw values to membership in a set, by anchors: the direct method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few, warn

__all__ = ["calibrate"]

Floats = npt.NDArray[np.float64]

#: closer to 0 or 1 than this a logistic membership is 0 or 1, as R's QCA has it
_NEAR = 1e-4


def calibrate(
    values: pd.Series | Sequence[float],
    anchors: Sequence[float],
    *,
    ends: bool = False,
    logistic: bool = True,
    inclusion: float = 0.95,
    below: float = 1.0,
    above: float = 1.0,
    digits: int | None = None,
) -> pd.Series:
    """Turn raw values into membership between 0 and 1 by anchors.

    Parameters
    ----------
    values : Series or sequence of float
        Raw values; what is missing stays missing.
    anchors : sequence of float
        One: a crisp set, 1 from the anchor on. Three: full exclusion, crossover, full inclusion;
        where they fall, more of the raw value is less of the set. Six, ascending: a set of the
        middle (exclusion, crossover, inclusion; inclusion, crossover, exclusion).
    ends : bool
        Six anchors make the set of both ends instead: inclusion, crossover, exclusion;
        exclusion, crossover, inclusion.
    logistic : bool
        With three anchors, memberships by the logistic function; else they are on straight lines
        (or curves, by ``below`` and ``above``) between anchors, as they always are with six.
    inclusion : float
        Membership at the anchor of full inclusion, and 1 less it at that of exclusion. Logistic
        only.
    below, above : float
        Exponents of the curves under and over membership .5; 1 makes straight lines.
    digits : int, optional
        Round memberships to so many decimals, as some scripts do before a truth table.

    Returns
    -------
    Series
        With the index of ``values``. Logistic memberships below .0001 are 0 and above .9999 are 1,
        as in R's QCA.

    Raises
    ------
    DataError
        Values that are no finite numbers; anchors that are not in order, or not one, three or six.

    Warns
    -----
    CoalitionWarning
        Some values have membership .5, which puts a case in no row of a truth table.

    Notes
    -----
    The direct method of Ragin (2008): the log odds of membership run straight from 0 at the
    crossover to ``log(inclusion / (1 - inclusion))`` at an anchor, with a slope on each side.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.qca.calibrate([20, 35, 80], [20, 50, 80]).round(3).tolist()
    [0.05, 0.187, 0.95]
    >>> cm.qca.calibrate([2.5, 6.25], [6.25, 5, 3.75], digits=2).tolist()
    [1.0, 0.05]
    >>> cm.qca.calibrate([0, 2, 4, 9], [1, 3, 4, 5, 6, 7]).tolist()
    [0.0, 0.25, 1.0, 0.0]
    """
    check_arguments(calibrate, locals())
    raw = _raw(values)
    points = _points(anchors)
    _check_shape(points, ends, inclusion, (below, above))
    x = raw.to_numpy(dtype=np.float64)
    if len(points) == 1:
        found = np.where(np.isnan(x), np.nan, (x >= points[0]).astype(np.float64))
    elif len(points) == 6:
        found = _bell(x, points, below, above, ends)
    elif logistic:
        found = _logistic(x, points, inclusion)
    else:
        found = _lines(x, points, below, above)
    if digits is not None:
        found = np.round(found, digits)
    out = pd.Series(found, index=raw.index, name=raw.name, dtype="float64")
    undecided = out.index[out == 0.5]
    if len(undecided):
        warn(
            f"{counted(len(undecided), 'case', 'has', 'have')} membership .5 exactly and will be "
            f"in no row of a truth table ({first_few(undecided)}): move the crossover to where no "
            "value lies"
        )
    return out


def _raw(values: pd.Series | Sequence[float]) -> pd.Series:
    series = values if isinstance(values, pd.Series) else pd.Series(list(values))
    try:
        raw = series.astype("float64")
    except (TypeError, ValueError):
        raise DataError("values to calibrate must be numbers") from None
    if np.isinf(raw.to_numpy()).any():
        raise DataError(
            f"infinite values cannot be calibrated: {first_few(raw.index[np.isinf(raw)])}"
        )
    return raw


def _points(anchors: Sequence[float]) -> Floats:
    try:
        points = np.asarray(list(anchors), dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"anchors must be numbers, not {anchors!r}") from None
    if len(points) not in (1, 3, 6) or not np.isfinite(points).all():
        raise DataError(f"anchors must be one, three or six numbers, not {list(anchors)!r}")
    return points


def _check_shape(
    points: Floats, ends: bool, inclusion: float, exponents: tuple[float, float]
) -> None:
    steps = np.diff(points)
    listed = ", ".join(f"{point:g}" for point in points)
    if len(points) == 3 and not ((steps > 0).all() or (steps < 0).all()):
        raise DataError(f"exclusion, crossover and inclusion must all rise or all fall: {listed}")
    if len(points) == 6 and not ((steps[[0, 1, 3, 4]] > 0).all() and steps[2] >= 0):
        raise DataError(f"six anchors must rise (the third and fourth may be one): {listed}")
    if ends and len(points) != 6:
        raise DataError("ends=True needs six anchors; a falling set has three that fall")
    if not 0.5 < inclusion < 1:
        raise DataError(f"inclusion must be between .5 and 1, not {inclusion}")
    if min(exponents) <= 0 or not np.isfinite(exponents).all():
        raise DataError("below and above must be positive numbers")


def _logistic(x: Floats, points: Floats, inclusion: float) -> Floats:
    out, cross, full = points
    odds = np.log(inclusion / (1 - inclusion))
    inside = (x - cross) * np.sign(full - out) >= 0
    scale = np.where(inside, full - cross, cross - out)
    found: Floats = 1 / (1 + np.exp(-np.clip((x - cross) * odds / scale, -700, 700)))
    found[found < _NEAR] = 0.0
    found[found > 1 - _NEAR] = 1.0
    return found


def _lines(x: Floats, points: Floats, below: float, above: float) -> Floats:
    """Along lines or curves from 0 through .5 to 1; falling anchors are turned round."""
    out, cross, full = points
    if out > full:
        return _lines(-x, -points, below, above)
    low = np.clip((x - out) / (cross - out), 0, 1)
    high = np.clip((full - x) / (full - cross), 0, 1)
    found: Floats = np.where(x < cross, 0.5 * low**below, 1 - 0.5 * high**above)
    return np.where(np.isnan(x), np.nan, found)


def _bell(x: Floats, points: Floats, below: float, above: float, ends: bool) -> Floats:
    """Rising to the middle and falling from it; of both ends, falling to it and rising from it."""
    left, right = points[:3], points[3:]
    if ends:
        sides = _lines(x, left[::-1], below, above), _lines(x, right, below, above)
        return np.asarray(np.fmax(*sides))
    sides = _lines(x, left, below, above), _lines(x, right[::-1], below, above)
    return np.asarray(np.fmin(*sides))
