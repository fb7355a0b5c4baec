"""Pictures of fits and of how far a finding holds: their data by hand, and what is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.report.figures.fit_checks import calibration_data, cox_snell_data
from coalition_models.report.figures.incidence import hazard_data, incidence_data
from coalition_models.report.figures.placebo_tests import placebos_data
from coalition_models.report.figures.robustness import (
    confounding_data,
    leave_one_out_data,
)
from coalition_models.report.figures.twins import survival_data


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(
        members=50, hazard=0.03, coefficients={"risk": 0.8, "size": 0.2}, seed=3
    )


@pytest.fixture(scope="module")
def fit(panel):
    return cm.cox("event ~ risk + size", panel, cluster="state")


class Tests:
    table = pd.DataFrame(
        {
            "kind": ["finding", "window"], "test": ["elections", "24 months on"],
            "estimate": [np.log(2), np.nan], "std_error": [0.25, np.nan],
            "p_value": [0.01, np.nan], "exposed_events": [5, 1],
        }
    )  # fmt: skip


def test_the_rate_over_time_is_events_by_time(panel):
    data = hazard_data(panel, width=6)
    for row in data.itertuples():
        mine = panel[(panel["start"] >= row.begin) & (panel["start"] < row.end)]
        time = (mine["stop"] - mine["start"]).sum()
        assert (row.events, row.time) == (mine["event"].sum(), time)
        assert row.rate == pytest.approx(100 * row.events / time)
        high = stats.chi2.ppf(0.975, 2 * row.events + 2) / 2 / time * 100
        assert row.conf_high == pytest.approx(high)
    long = panel.assign(stop=panel["start"] + 7)
    with pytest.raises(cm.DataError, match="lie in two stretches of 6: cut them"):
        hazard_data(long, width=6)
    with pytest.raises(cm.DataError, match="positive length"):
        hazard_data(panel, width=0)


def test_the_share_that_left_in_each_way_by_hand():
    rows = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "exit": ["a", "b", "a", "stays"]})
    found = cm.cumulative_incidence(rows, "exit", none="stays")
    data = incidence_data(found)
    ends = data.groupby("kind")["incidence"].last()
    assert ends.tolist() == pytest.approx([0.5, 0.25])
    plot = cm.plot.incidence(found)
    below = [text.get_text() for text in plot.figure.axes[1].texts]
    ticks = [t for t in plot.figure.axes[0].get_xticks() if 0 <= t <= 4.2]
    expected = found.at_risk(ticks)["all"].astype(str).tolist()
    assert below == ["number at risk", *expected]


def test_cox_snell_residuals_lie_on_the_line_of_a_right_model(panel, fit):
    data = cox_snell_data(fit, panel)
    used = fit.residuals("martingale")["martingale"]
    event = panel.loc[used.index, "event"]
    keys = [panel.loc[used.index, name] for name in ("coalition", "state", "spell")]
    expected = (event - used).groupby(keys).sum()
    assert expected.sum() == pytest.approx(event.sum())
    assert data["residual"].isin(expected.round(12)).any() or len(data)
    inner = data[(data["residual"] > 0.2) & (data["residual"] < 1.5)]
    assert (
        (inner["conf_low"] <= inner["residual"]) & (inner["residual"] <= inner["conf_high"])
    ).mean() > 0.8


def test_schoenfeld_effects_are_about_the_coefficient(fit):
    data = cm.plot.schoenfeld_data(fit)
    means = data.groupby("term", sort=False)["effect"].mean()
    assert means.tolist() == pytest.approx(fit.coefficients.tolist())
    assert len(cm.plot.schoenfeld(fit).figure.axes) == 2


def test_calibration_has_exact_limits():
    table = pd.DataFrame({"chance": [0.3, 0.1], "events": [9, 0], "rows": [20, 20]})
    data = calibration_data(table)
    assert data["chance"].tolist() == [0.1, 0.3]
    for row in data.itertuples():
        exact = stats.binomtest(int(row.events), int(row.rows)).proportion_ci()
        assert (row.conf_low, row.conf_high) == pytest.approx((exact.low, exact.high))
    with pytest.raises(cm.DataError, match="lacks events"):
        calibration_data(table.drop(columns="events"))


def test_what_a_hidden_cause_leaves_by_hand(panel):
    rows = panel.assign(high=(panel["risk"] > 0).astype(int))
    fit = cm.cox("event ~ high", rows, cluster="state")
    found = cm.sensitivity.confounding(fit, "high", rows, shares=[(0.6, 0.2)], draws=2)
    data = confounding_data(found)
    row = data[(data["exposed"] == 0.6) & np.isclose(data["strength"], 10)].iloc[0]
    assert row["ratio"] == pytest.approx(found.ratio / ((1 + 9 * 0.6) / (1 + 9 * 0.2)))
    assert len(cm.plot.confounding(found).figure.axes) == 1


def test_one_left_out_the_furthest_first(fit):
    found = cm.inference.leave_one_out(fit)
    with pytest.raises(cm.DataError, match="risk, size: give term="):
        leave_one_out_data(found)
    mine = cm.inference.leave_one_out(fit, term="risk")
    data = leave_one_out_data(mine)
    far = (mine["estimate"] - mine["estimate"].median()).abs().max()
    assert abs(np.log(data["ratio"].iloc[0]) - mine["estimate"].median()) == pytest.approx(far)
    plot = cm.plot.leave_one_out(mine, most=10)
    assert "40 more are not drawn" in plot.figure.axes[0].get_xlabel()


def test_placebos_stand_below_the_finding():
    data = placebos_data(Tests())
    assert data["ratio"].iloc[0] == pytest.approx(2)
    assert data["conf_high"].iloc[0] == pytest.approx(2 * np.exp(1.959964 * 0.25), rel=1e-6)
    texts = [text.get_text() for text in cm.plot.placebos(Tests()).figure.axes[0].texts]
    assert texts == [" no finite estimate"]
    with pytest.raises(cm.DataError, match="must have a table"):
        placebos_data(object())


def test_estimators_have_a_mark_per_scale(panel):
    found = cm.compare_estimators("event ~ risk + size", panel, families=["cox", "logit", "probit"])
    plot = cm.plot.estimators(found)
    assert set(plot.data["scale"]) == {"hazard ratio", "odds ratio"}
    assert not plot.data["estimator"].str.startswith("probit").any()


def test_every_picture_has_a_twin_and_the_twin_is_its_data(fit):
    pictures = [name for name in cm.plot.__all__ if not name.endswith("_data")]
    assert [name for name in pictures if f"{name}_data" not in cm.plot.__all__] == []
    scenarios = {"risk": [0, 1]}
    plot = cm.plot.survival(fit, scenarios)
    pd.testing.assert_frame_equal(survival_data(fit, scenarios), plot.data)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_bytes_depend_on_the_data_alone(fit, kind, tmp_path):
    one, two = (cm.plot.coefficients(fit, title="Two terms") for _ in range(2))
    one.to_bytes("png")
    one.to_bytes("svg")
    assert one.to_bytes(kind) == two.to_bytes(kind)
    one.save(str(tmp_path / f"a.{kind}"))
    assert (tmp_path / f"a.{kind}").read_bytes() == two.to_bytes(kind)
    with pytest.raises(cm.DataError, match=r"\.svg, \.png or \.pdf"):
        one.save(str(tmp_path / "a.jpg"))


def test_colours_differ_in_lightness_or_the_marks_differ():
    from coalition_models.report.figures.incidence import MARKERS
    from coalition_models.report.figures.style import COLOURS
    from coalition_models.report.figures.survival import LINES

    assert len(set(MARKERS)) == len(COLOURS)
    assert len(set(LINES)) == 4


def test_no_label_is_cut_beside_long_names():
    states = ["DOM", "BIH", "MKD", "GBR", "USA"]
    found = pd.DataFrame(
        {
            "by": ["", *["event"] * 5],
            "left_out": ["", *[f"iraq {state}-2 2004-05" for state in states]],
            "estimate": np.linspace(0.1, 0.6, 6),
            "p_value": 0.5,
            "std_error": 0.2,
        }
    )
    figure = cm.plot.leave_one_out(found, most=2).figure
    figure.draw_without_rendering()
    box = figure.axes[0].xaxis.label.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert all(name.endswith("(stay 2) 2004-05") for name in names)
