"""Natural cubic splines: cubic between knots, straight lines beyond the outer two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["natural_spline"]

Floats = npt.NDArray[np.float64]


def natural_spline(x: Floats, inner: Sequence[float], outer: tuple[float, float]) -> Floats:
    """Columns (n, k + 1) of a natural cubic spline with k inner knots, without an intercept.

    The basis is that of R's ``splines::ns``: B-splines without the first, turned so that the
    second derivative is nil at both ``outer`` knots. Beyond these the columns go on straight.

    Examples
    --------
    >>> import numpy as np
    >>> natural_spline(np.array([0.0, 1.0, 2.0]), [1.0], (0.0, 2.0)).round(4).tolist()
    [[0.0, 0.0], [0.5663, -0.2108], [0.3441, 0.7706]]
    """
    from scipy.interpolate import BSpline  # slow to import, and few fits need it

    low, high = outer
    knots = np.concatenate([[low] * 4, np.sort(np.asarray(inner, dtype=float)), [high] * 4])
    curve = BSpline(knots, np.eye(len(knots) - 4), 3)
    bends = curve.derivative(2)(np.array([low, high]))[:, 1:]
    turn = np.linalg.qr(bends.T, mode="complete")[0][:, 2:]
    inside = np.clip(x, low, high)
    columns = curve(inside)[:, 1:]
    slope = curve.derivative(1)(inside)[:, 1:]
    columns = columns + (x - inside)[:, None] * slope
    return np.asarray(columns @ turn)
