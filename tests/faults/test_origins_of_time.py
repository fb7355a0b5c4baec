"""Times far from zero are kept apart or refused, never made one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")

ROWS = pd.DataFrame(
    {
        "start": 0.0,
        "stop": np.arange(1.0, 9.0),
        "event": [1, 1, 0, 1, 1, 0, 1, 1],
        "x": [1.0, 0, 2, 1, 3, 0, 2, 1],
    }
)
RIGHT = cm.cox("event ~ x", ROWS).coefficients[0]


def by_hand() -> float:
    """No ties: the maximum of the product of each leaver's share, by golden section."""
    from scipy.optimize import minimize_scalar

    def loss(b: float) -> float:
        risk = np.exp(b * ROWS["x"].to_numpy())
        return -sum(
            np.log(risk[i] / risk[i:].sum()) for i in np.flatnonzero(ROWS["event"])
        )  # fmt: skip

    return float(minimize_scalar(loss, bracket=(-1, 1), tol=1e-12).x)


CALLS = {
    "cox": lambda d: cm.cox("event ~ x", d),
    "cox by Breslow": lambda d: cm.cox("event ~ x", d, ties="breslow"),
    "Firth": lambda d: cm.cox("event ~ x", d, penalty="firth"),
    "curve": lambda d: cm.survival_curve(d),
}


@pytest.mark.parametrize("origin", [1e8, 1e9, 1.6e9, -1e9, 1e12])
@pytest.mark.parametrize("call", CALLS)
def test_whole_times_that_would_count_as_one_are_refused(origin, call):
    with pytest.raises(cm.DataError, match=r"count as one time.*subtract the earliest start"):
        CALLS[call](ROWS.assign(stop=ROWS["stop"] + origin, start=origin))


@pytest.mark.parametrize("origin", [1e8, 1e9, 1.6e9])
def test_rows_of_one_unit_are_refused_with_both_ends_in_full(origin):
    with pytest.raises(cm.DataError) as caught:
        cm.cox(
            "event ~ x", ROWS.assign(stop=ROWS["stop"] + origin, start=ROWS["stop"] + origin - 1)
        )
    assert f"{origin:.1f} and {origin + 1:.1f}" in str(caught.value)
    assert "e+09" not in str(caught.value)


@pytest.mark.parametrize(
    ("origin", "unit"), [(0, 1), (1e6, 1), (1e9, 86400), (-2e5, 1), (2e9, 1e6)]
)
def test_times_far_enough_apart_for_their_size_give_the_same_estimate(origin, unit):
    data = ROWS.assign(start=origin, stop=ROWS["stop"] * unit + origin)
    assert pytest.approx(by_hand(), rel=1e-6) == RIGHT
    assert cm.cox("event ~ x", data).coefficients[0] == pytest.approx(RIGHT, rel=1e-10)
