"""Single numbers of a fit: each is what its name says."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.replications.numbers import Estimated, numbers_of


def test_numbers_of_a_fit(months):
    fit = cm.logit("event ~ x", months(), time=None)
    names = (
        "rows", "events", "dropped", "log_likelihood", "deviance", "deviance_null", "aic", "bic",
        "aic_null", "residual_df", "residual_df_null", "likelihood_ratio", "likelihood_ratio_df",
        "r_squared_adjusted", "f_statistic", "wald",
    )  # fmt: skip
    found = numbers_of(fit, [("model", name) for name in names])
    ours = {name: found["model", name] for name in names}
    assert ours["rows"] - 2 == ours["residual_df"]
    assert ours["rows"] - 1 == ours["residual_df_null"]
    assert ours["deviance"] == pytest.approx(-2 * ours["log_likelihood"])
    assert ours["aic"] == pytest.approx(ours["deviance"] + 4)
    assert ours["aic_null"] == ours["deviance_null"]
    assert ours["bic"] == pytest.approx(ours["deviance"] + 2 * np.log(ours["rows"]))
    assert ours["likelihood_ratio"] == pytest.approx(ours["deviance_null"] - ours["deviance"])
    assert ours["f_statistic"] == pytest.approx(ours["wald"])
    assert ours["likelihood_ratio_df"] == 1
    adjusted = 1 - (ours["log_likelihood"] - 2) / (-ours["deviance_null"] / 2)
    assert ours["r_squared_adjusted"] == pytest.approx(adjusted)


def test_numbers_of_terms():
    found = Estimated(("risk", "none"), np.array([np.log(2), 1.0]), np.array([0.5, 0.0]))
    wanted = ("ratio", "ratio_inverse", "conf_low", "z", "p_value")
    ours = numbers_of(found, [("risk", name) for name in wanted])
    low = np.log(2) - 1.959963984540054 / 2
    assert list(ours.values())[:4] == pytest.approx([2.0, 0.5, low, 2 * np.log(2)])
    assert ours["risk", "p_value"] == pytest.approx(0.1656, abs=1e-4)
    assert np.isnan(numbers_of(found, [("none", "z")])["none", "z"])
    assert numbers_of(found, [("risk", "unknown"), ("model", "rows")]) == {}
