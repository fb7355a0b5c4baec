"""E-values and robustness values against printed ones, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity.e_values import (
    bounding_factor,
    e_value,
    e_value_of,
    multiple_bias,
)
from coalition_models.sensitivity.linear_confounding import robustness_value

ALL = ("confounding", "selection", "misclassification")


# printed by the documents of the R package EValue 4.1.4
@pytest.mark.parametrize(
    ("given", "options", "point", "limit"),
    [
        ((10.73, 8.02, 14.36), {}, 20.94777, 15.52336),
        ((2.5,), {"null": 1.5}, 2.720759, math.nan),
        ((3.9, 1.8, 8.7), {"scale": "odds"}, 7.263034, 3.0),
        ((0.80, 0.71, 0.91), {}, 1.809017, 1.428571),
    ],
)
def test_printed_e_values(given, options, point, limit) -> None:
    found = e_value(*given, **options)
    assert found.point == pytest.approx(point, abs=5e-6)
    assert found.limit == pytest.approx(limit, abs=5e-6, nan_ok=True)


def test_a_risk_difference_has_the_point_of_its_risk_ratio() -> None:
    """397 with and 78,557 without the outcome, against 51 and 108,778."""
    ratio = (397 / (397 + 78_557)) / (51 / (51 + 108_778))
    assert ratio == pytest.approx(10.72978, abs=5e-6)
    assert e_value(ratio).point == pytest.approx(20.94733, abs=5e-5)


# by the formula of VanderWeele and Ding for common outcomes
@pytest.mark.parametrize(
    ("given", "common", "point", "limit"),
    [
        ((0.56, 0.46, 0.69), True, 2.3495312573, 1.9080039433),
        ((0.56, 0.46, 0.69), False, 2.9702231394, 2.2561977337),
        ((2.5, 1.2, 5.2), True, 3.1576354920, 1.5255309176),
        ((1.3, 0.8, 2.1), True, 1.6881246205, 1.0),
    ],
)
def test_hazard_ratios_count_as_risk_ratios(given, common, point, limit) -> None:
    found = e_value(*given, scale="hazard", common=common)
    assert (found.point, found.limit) == pytest.approx((point, limit), abs=1e-9)


def test_a_common_odds_ratio_counts_as_its_square_root() -> None:
    assert e_value(4.0, scale="odds", common=True).point == e_value(2.0).point


@pytest.mark.parametrize("ratio", [1.3, 2.0, 7.5])
def test_a_ratio_and_its_inverse_need_the_same(ratio) -> None:
    up, down = e_value(ratio, 1.1, 9.0), e_value(1 / ratio, 1 / 9.0, 1 / 1.1)
    assert (up.point, up.limit) == pytest.approx((down.point, down.limit), rel=1e-12)
    # two strengths as large as the E-value give just this bias
    assert bounding_factor(up.point, up.point) == pytest.approx(ratio, rel=1e-12)


# printed by the vignettes on several biases
@pytest.mark.parametrize(
    ("given", "options", "point", "limit"),
    [
        ((4,), {"biases": ALL}, 1.67513, math.nan),
        ((4, 2.5, 6), {"biases": ALL}, 1.67513, 1.435575),
        ((0.25, 0.17, 0.4), {"biases": ALL}, 1.67513, 1.435575),
        ((4,), {"biases": ALL, "scale": "odds", "common": True}, 1.327958, math.nan),
        ((6.75, 2.79, 16.31), {"scale": "odds"}, 4.635703, 2.728474),
        (
            (0.51, 0.3, 0.89),
            {"biases": ("confounding", "misclassification"), "scale": "odds"},
            1.351985,
            1.058404,
        ),
    ],
)
def test_printed_values_of_several_biases(given, options, point, limit) -> None:
    # they were searched on a grid, so the last digit may differ
    assert multiple_bias(*given, **options) == pytest.approx((point, limit), abs=3e-5, nan_ok=True)


def test_printed_bounds_of_several_biases() -> None:
    assert bounding_factor(2.3, 2.5) * bounding_factor(3, 2) == pytest.approx(2.269737, abs=5e-7)
    assert bounding_factor(2, 1.22) * 1.59 == pytest.approx(1.747568, abs=5e-7)


def test_printed_robustness_values_of_darfur() -> None:
    found = robustness_value(0.0973158193, 0.0232565378, 783)
    assert found.t == pytest.approx(4.1844499848, abs=1e-7)
    assert found.partial_r2 == pytest.approx(0.0218730933, abs=1e-9)
    assert found.value == pytest.approx(0.1387763539, abs=1e-9)
    assert found.value_at_level == pytest.approx(0.0762579655, abs=1e-9)
    assert robustness_value(0.01, 1.0, 50).value_at_level == 0.0


def test_a_fit_counts_members_and_not_rows() -> None:
    panel = cm.simulate_panel(members=40, coefficients={"risk": 1.0}, seed=1)
    fit = cm.cox("event ~ risk", panel, cluster="state", variance="jackknife")
    found = e_value_of(fit, "risk")
    tidy = fit.tidy(exponentiate=True).iloc[0]
    share = panel["event"].sum() / panel.groupby(["coalition", "state", "spell"]).ngroups
    assert share > 0.15 > panel["event"].mean()
    assert found.common
    own = e_value(
        tidy["estimate"], tidy["conf_low"], tidy["conf_high"], scale="hazard", common=True
    )
    assert (found.point, found.limit) == pytest.approx((own.point, own.limit), rel=1e-12)
    assert "members have the event" in repr(found)
    assert "<table" in found._repr_html_()


def test_a_step_of_several_units_is_another_ratio() -> None:
    panel = cm.simulate_panel(members=40, coefficients={"risk": 1.0}, seed=1)
    fit = cm.cox("event ~ risk", panel)
    assert e_value_of(fit, "risk", step=2.0).ratio == pytest.approx(
        e_value_of(fit, "risk").ratio ** 2
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: e_value(-0.4), "its exponential"),
        (lambda: e_value(np.nan), "ratio must be a number"),
        (lambda: e_value(2.0, 2.5, 3.0), "outside its limits"),
        (lambda: e_value(2.0, 3.0, 1.0), "outside its limits"),
        (lambda: e_value(2.0, scale="log"), "scale must be"),
        (lambda: bounding_factor(0.5, 2.0), "at least 1"),
        (lambda: multiple_bias(2.0, biases=("luck",)), "luck"),
        (lambda: multiple_bias(2.0, biases=()), "biases must be"),
        (lambda: robustness_value(1.0, 0.0, 10), "must be positive"),
    ],
)
def test_what_is_refused(call, said) -> None:
    with pytest.raises(cm.DataError, match=said):
        call()


def test_fits_without_ratios_or_members_are_refused() -> None:
    frame = pd.DataFrame({"stop": [1, 2, 3, 1, 2, 3] * 20, "risk": np.tile([0.0, 1, 0, 1, 1], 24)})
    frame["event"] = (np.arange(120) % 7 == 0).astype(int)
    with pytest.raises(cm.DataError, match="E-values are for ratios"):
        e_value_of(cm.logit("event ~ risk", frame, link="probit", time=None), "risk")
    with pytest.raises(cm.DataError, match="fit with id="):
        e_value_of(cm.logit("event ~ risk", frame, time=None), "risk")
