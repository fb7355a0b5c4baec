"""A normal frailty as R's coxph fits it by default, against R (fixtures/r/frailty_default.R)."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.replications.studies.lemke_karstens_2021 import normal_frailty as module
from coalition_models.replications.studies.lemke_karstens_2021.normal_frailty import normal_frailty

R = Path(__file__).resolve().parents[1] / "fixtures" / "r"
EXPECTED = json.loads((R / "frailty_default.json").read_text("utf-8"))
GIVEN = {"terms": ["x", "left"], "group": "state", "strata": "spell"}


@pytest.fixture(scope="module")
def rows():
    data = json.loads((R / "groups.json").read_text("utf-8"))["data"]
    return pd.DataFrame(data).rename(columns={"event": "emerged"})


@pytest.mark.parametrize("name", ["all", "half"])
def test_variance_and_errors_are_those_of_r(name, rows):
    expected = EXPECTED[name]
    order = sorted(set(rows["state"]))
    chosen = rows if name == "all" else rows[rows["state"].isin(order[1::2])]
    found = normal_frailty(chosen, **GIVEN)
    assert chosen["state"].nunique() == expected["groups"]
    # R stops each climb where the likelihood changes by a billionth of itself
    assert found.model["variance"] == pytest.approx(expected["variance"], rel=1e-3)
    assert found.coefficients == pytest.approx(expected["coefficients"], rel=1e-4)
    assert found.std_errors == pytest.approx(expected["se"], rel=1e-4)


def test_with_the_full_curvature_it_is_another_variance(rows):
    full = cm.frailty(
        "emerged ~ x + left", rows, distribution="gaussian", strata="spell", id=["state", "spell"]
    )
    found = normal_frailty(rows, **GIVEN)
    assert found.coefficients == pytest.approx(full.coefficients[:2], rel=0.1)
    assert abs(found.model["variance"] / full.coefficients[2] - 1) > 1e-3


@pytest.mark.parametrize("root", [0.02, 0.5, 2.5, 40.0])
def test_the_loop_comes_near_to_the_root(root):
    assert module._variance(lambda trial: root - trial) == pytest.approx(root, abs=1e-4)


def test_a_variance_of_nought_is_halved_ten_times():
    assert module._variance(lambda trial: -trial) == pytest.approx(1 / 3 / 2**8)
