"""Natural splines: R's basis, straight beyond the outer knots."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.natural_spline import natural_spline
from coalition_models.models.discrete.duration import duration_terms, read_kind


def test_basis_of_r():
    # ns(c(-1, 1, 2, 5, 9, 14), knots = c(3, 6), Boundary.knots = c(1, 10))
    want = [
        [0.24172237, -0.66473650, 0.42301414],
        [0, 0, 0],
        [-0.10354372, 0.31530079, -0.20064596],
        [0.30648309, 0.49367943, -0.27952760],
        [0.13158274, 0.36830619, 0.49614281],
        [-1.31182796, 0.60752688, 1.70430108],
    ]
    found = natural_spline(np.array([-1.0, 1, 2, 5, 9, 14]), [6, 3], (1, 10))
    np.testing.assert_allclose(found, want, atol=5e-9)


def test_straight_beyond_the_outer_knots():
    found = natural_spline(np.array([10.0, 11, 12, 30]), [3, 6], (1, 10))
    np.testing.assert_allclose(found[2] - found[1], found[1] - found[0])
    np.testing.assert_allclose(found[3] - found[0], 20 * (found[1] - found[0]))


def test_one_degree_is_a_line():
    times = np.array([1.0, 2, 4, 8])
    column = duration_terms("ns(1)", "stop", times, np.ones(4)).matrix(times, None)[:, 0]
    np.testing.assert_allclose(np.diff(column) / np.diff(times), column[-1] / 7)


@pytest.mark.parametrize(
    "kind", ["poly(0)", "poly(9)", "poly()", "ns()", "ns(0)", "ns(knots=a)", "spline(3)", "ns(1.5)"]
)
def test_no_kind(kind):
    with pytest.raises(DataError, match="time"):
        read_kind(kind)


@pytest.mark.parametrize("kind", ["ns(knots=4, 4)", "ns(knots=0)", "ns(knots=9)", "ns(5)"])
def test_knots_that_coincide(kind):
    with pytest.raises(DataError, match="knots must differ"):
        duration_terms(kind, "stop", np.array([1.0, 1, 1, 2, 8]), np.ones(5))
