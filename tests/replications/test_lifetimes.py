"""Forms of parametric models: each says the same of the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.replications.lifetimes import hazard_form, natural_form, time_form
from coalition_models.replications.studies.box_steffensmeier_jones_2004.study import (
    generalised_gamma,
    listed,
    survival_at,
    with_duration,
)
from coalition_models.replications.studies.king_etal_1990.study import (
    gamma_regression,
    investiture_test,
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    x = rng.normal(size=200)
    months = np.exp(2 + 0.5 * x) * rng.weibull(1.5, 200)
    ended = (months < 20).astype(int)
    return pd.DataFrame({"x": x, "months": np.minimum(months, 20), "ended": ended})


def _asked(distribution: str) -> dict[str, str]:
    return {"formula": "ended ~ x", "distribution": distribution, "stop": "months"}


def test_forms_of_a_weibull_model_agree(rows):
    hazard, time, natural = (
        dict(zip(found.names, found.coefficients, strict=True))
        for found in (
            form(rows, **_asked("weibull")) for form in (hazard_form, time_form, natural_form)
        )
    )
    shape = natural["shape"]
    assert time["x"] == pytest.approx(natural["x"])
    assert hazard["x"] == pytest.approx(-shape * time["x"])
    assert hazard["log(shape)"] == pytest.approx(np.log(shape))
    assert time["log(scale)"] == pytest.approx(-np.log(shape))
    assert hazard["log(scale)"] == pytest.approx(np.log(natural["scale"]))
    ratios = cm.parametric("ended ~ x", rows, start=None, stop="months").native.time_ratios
    assert ratios["std_error"].tolist() == pytest.approx(
        time_form(rows, **_asked("weibull")).std_errors[[1]]
    )


def test_an_exponential_has_the_same_effects_with_the_other_sign(rows):
    hazard = hazard_form(rows, **_asked("exponential"))
    time = time_form(rows, **_asked("exponential"))
    assert hazard.coefficients[0] == pytest.approx(-time.coefficients[1])
    assert hazard.coefficients[1] == pytest.approx(time.coefficients[0])
    assert hazard.std_errors[1] == pytest.approx(time.std_errors[0])


def test_natural_units_have_limits_on_the_log_scale(rows):
    found = natural_form(rows, **_asked("lognormal"))
    low, high = (found.others["sdlog", end] for end in ("conf_low", "conf_high"))
    assert np.sqrt(low * high) == pytest.approx(found.coefficients[found.names.index("sdlog")])
    assert found.model["censored"] == (rows["ended"] == 0).sum()


def test_survival_of_missions_by_hand():
    missions = pd.DataFrame({"months": [1, 2, 2, 4, None], "ended": [1, 1, 0, 1, 0]})
    kept = with_duration(missions)
    found = listed(kept).others
    assert (found["month 2", "at_risk"], found["month 2", "censored"]) == (3, 1)
    assert found["month 2", "survival"] == pytest.approx(3 / 4 * 2 / 3)
    assert survival_at(kept, month=3).others["month 3", "survival"] == pytest.approx(1 / 2)
    assert survival_at(kept, month=3).others["month 3", "at_risk"] == 1


@pytest.mark.mirror
def test_a_gamma_without_covariates_is_the_null_model_of_one_with(study_frames):
    rows = with_duration(study_frames("box-steffensmeier-jones-2004")["peacekeeping-missions"])
    asked = {"formula": "ended ~ civil", "distribution": "gengamma", "stop": "months"}
    null = natural_form(rows, **asked).model["log_likelihood_null"]
    assert generalised_gamma(rows).model["log_likelihood"] == pytest.approx(null, abs=1e-6)


def test_a_gamma_regression_of_groups_gives_their_means():
    rng = np.random.default_rng(9)
    rows = pd.DataFrame({"fractionalization": rng.normal(size=60), "majority": [0, 1] * 30})
    rows["duration"] = rng.gamma(2, 4, 60)
    found = gamma_regression(rows)
    # the score of the constant and of the dummy: fitted and observed means agree by group
    X = np.column_stack([np.ones(60), rows["fractionalization"], rows["majority"]])
    fitted = 1 / (X @ found.coefficients)
    for which in (0, 1):
        inside = rows["majority"] == which
        assert fitted[inside].mean() == pytest.approx(rows["duration"][inside].mean())


def test_expected_ends_add_up():
    rows = pd.DataFrame({"duration": [1, 2, 3, 4], "ended": 1, "investiture": [0, 1, 0, 1]})
    found = investiture_test(rows).others
    both = [found[f"investiture = {which}", "expected"] for which in (0, 1)]
    assert sum(both) == pytest.approx(4)
