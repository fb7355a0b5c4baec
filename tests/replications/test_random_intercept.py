"""Random intercepts: balanced groups, whose answer is known, and the slope by finite steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coalition_models.replications.studies.iqbal_zorn_2008.random_intercept import (
    random_intercept,
)
from coalition_models.replications.studies.iqbal_zorn_2008.study import complete_rows


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    state = np.repeat(range(40), 6)
    x = rng.normal(size=240)
    y = 1 + 0.5 * x + rng.normal(size=40)[state] + rng.normal(size=240)
    return pd.DataFrame({"cow": state, "x": x, "y": y})


def test_balanced_groups_by_hand(rows):
    found = random_intercept(rows, outcome="y", terms=[])
    means = rows.groupby("cow")["y"].transform("mean")
    within = ((rows["y"] - means) ** 2).sum() / (240 - 40)
    between = ((means - means.mean()) ** 2).sum() / 40
    at = dict(zip(found.names, found.coefficients, strict=True))
    assert at["Intercept"] == pytest.approx(rows["y"].mean())
    assert at["sigma_e"] == pytest.approx(np.sqrt(within))
    assert at["sigma_u"] == pytest.approx(np.sqrt((between - within) / 6))
    assert found.model["rows_per_group"] == 6


def test_the_same_as_a_mixed_model_of_statsmodels(rows):
    gappy = rows.iloc[7:].assign(x=rows["x"].where(rows.index != 50))
    found = random_intercept(gappy, outcome="y", terms=["x"])
    used = gappy.dropna()
    mixed = sm.MixedLM(used["y"], sm.add_constant(used["x"]), used["cow"]).fit(reml=False)
    assert found.model["dropped"] == 1
    assert found.model["log_likelihood"] == pytest.approx(mixed.llf, rel=1e-8)
    assert found.coefficients[:2] == pytest.approx(mixed.fe_params.to_numpy(), rel=1e-4)
    rho = found.others["rho", "coefficient"]
    assert found.others["rho", "conf_low"] < rho < found.others["rho", "conf_high"]
    assert found.model["groups_likelihood_ratio"] > 10


def test_rows_of_the_tests_are_those_of_a_model():
    names = (
        "unrest", "log_population", "years_since_1900", "cold_war", "log_income", "log_growth",
        "log_openness", "democracy", "democracy_squared", "regulated", "assassination",
        "assassination_regulated",
    )  # fmt: skip
    states = pd.DataFrame({name: [1.0, 2.0] for name in names})
    states.loc[0, "log_openness"] = np.nan
    assert complete_rows(states).index.tolist() == [1]
