"""The picture of one formula by every estimator."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.report.figures.estimators import plot_estimators


@pytest.fixture(scope="module")
def found():
    panel = cm.simulate_panel(members=50, coefficients={"risk": 0.7, "size": 0.1}, seed=2)
    return cm.compare_estimators(
        "event ~ risk + size", panel, families=["cox", "probit", "lognormal", "fine_gray"]
    )


def test_each_estimator_and_term_is_drawn(found):
    plot = plot_estimators(found)
    drawn = found.table[found.table["problem"] == ""]
    assert len(plot.data) == len(drawn)
    assert [axis.get_title("left") for axis in plot.figure.axes] == ["risk", "size"]
    probit = plot.data[plot.data["estimator"] == "probit"].iloc[0]
    assert probit["ratio"] == pytest.approx(np.exp(found.fits["probit"].coefficients[1]))
    assert plot.to_bytes("svg") == plot_estimators(found).to_bytes("svg")
    one = cm.plot.estimators(found, terms=["size"])
    assert set(one.data["term"]) == {"size"}


def test_refused(found):
    with pytest.raises(DataError, match=r"no such term: nothing; there are risk, size"):
        plot_estimators(found, terms=["nothing"])
    with pytest.raises(DataError, match="compare_estimators"):
        plot_estimators(found.table)
