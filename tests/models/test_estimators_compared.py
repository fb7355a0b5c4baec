"""One formula by every estimator: each as by itself, failures as rows."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.models.family import families


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(
        members=120, hazard=0.03, coefficients={"risk": 0.6, "near": 0.4}, seed=5
    )


def test_each_is_as_by_itself(panel):
    found = cm.compare_estimators(
        "event ~ risk + near",
        panel,
        families=["cox", "logit", "probit", "cloglog"],
        cluster="state",
    )
    one = cm.cox("event ~ risk + near", panel, cluster="state").tidy(exponentiate=True)
    mine = found.table[found.table["estimator"] == "cox"]
    np.testing.assert_array_equal(mine["ratio"], one["estimate"])
    np.testing.assert_array_equal(mine["conf_high"], one["conf_high"])
    firth = cm.logit("event ~ risk + near", panel, penalty="firth").tidy()
    theirs = found.table[found.table["estimator"] == "logit (Firth)"]
    np.testing.assert_array_equal(theirs["p_value"], firth["p_value"][1:3])
    probit = found.table[found.table["estimator"] == "probit"]
    assert probit["ratio"].isna().all()
    assert set(found.table["term"]) == {"risk", "near"}
    assert "not clustered, since its limits" in str(found)
    assert len(cm.table(found.fits).rows) > 0


@pytest.mark.filterwarnings("ignore")
def test_every_family_is_tried(panel):
    found = cm.compare_estimators("event ~ risk", panel)
    tried = {name.partition(" (")[0] for name in found.table["estimator"]}
    assert tried == set(families())


def test_what_fails_is_a_row_with_its_problem(panel):
    apart = panel.assign(always=(panel["event"] == 1) & (panel["stop"] <= 4))
    found = cm.compare_estimators("event ~ risk + always", apart, families=["logit"])
    assert list(found.fits) == ["logit (Firth)", "logit (log-F(1, 1))"]
    problem = found.table.loc[found.table["estimator"] == "logit", "problem"].item()
    assert "separation" in problem
    assert "logit: " in str(found)
    with pytest.raises(cm.DataError, match="no estimator can be used: logit"):
        cm.compare_estimators("event ~ rsk", panel, families=["logit"])
    with pytest.raises(cm.DataError, match="family must be one of"):
        cm.compare_estimators("event ~ risk", panel, families=["nonsense"])
