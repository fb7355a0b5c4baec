"""The picture of a specification curve shows its table."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.report.figures.curves import plot_spec_curve, spec_curve_data
from coalition_models.sensitivity import Dimension, spec_curve


@pytest.fixture(scope="module")
def curve():
    panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8, "size": 0.2}, seed=1)
    spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    dims = [
        Dimension(
            "estimator", {f: (lambda s, f=f: s.respecify(family=f)) for f in ("cox", "cloglog")}
        ),
        Dimension(
            "controls",
            {"size": lambda s: s, "none": lambda s: s.respecify(formula="event ~ risk")},
        ),
    ]
    return spec_curve(spec, "risk", dims, panel=panel)


def test_the_picture_shows_the_table_in_order(curve):
    plot = plot_spec_curve(curve, title="Risk")
    data = spec_curve_data(curve)
    assert plot.data.equals(data)
    assert data["ratio"].is_monotonic_increasing
    assert sorted(data["ratio"]) == pytest.approx(sorted(np.exp(curve.table["estimate"])))
    assert (data["significant"] == (data["z"].abs() > 1.96)).all()
    labels = [text.get_text() for text in plot.figure.axes[1].get_yticklabels()]
    assert labels == [
        "estimator: cox", "estimator: cloglog", "controls: size", "controls: none",
    ]  # fmt: skip
    assert plot.to_bytes("svg") == plot_spec_curve(curve, title="Risk").to_bytes("svg")
    assert len(cm.plot.spec_curve(curve).to_bytes("png")) > 1000


def test_a_curve_without_estimates_is_refused(curve):
    from dataclasses import replace

    empty = replace(curve, table=curve.table.assign(estimate=np.nan))
    with pytest.raises(cm.DataError, match="nothing to draw"):
        plot_spec_curve(empty)
