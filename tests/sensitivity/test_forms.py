"""Forms of a term: what a clock cannot tell, curves and drifts that are there, by refits."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.sensitivity import functional_form
from coalition_models.sensitivity.forms import _on_clock

COX = cm.Specification("cox", "event ~ risk", cluster="state", variance="jackknife")


def mission(panel: pd.DataFrame) -> pd.DataFrame:
    number = panel["period"].dt.year * 12.0 + panel["period"].dt.month
    entry = panel["entry"].dt.year * 12.0 + panel["entry"].dt.month
    return panel.assign(mission=number, tenure=number - entry)


@pytest.mark.parametrize(("term", "blind"), [("mission", "coalition"), ("tenure", "entry")])
def test_a_term_that_is_the_clock_is_flagged(term: str, blind: str) -> None:
    spec = cm.Specification("cox", f"event ~ {term}", cluster="state", variance="jackknife")
    found = functional_form(spec, term, cm.facts("iraq"), features=mission)
    share = found.table.groupby("clock")["identified"].first()
    assert share[blind] == pytest.approx(0, abs=1e-9)
    assert share.drop(blind).iloc[0] > 0.1
    assert any(f"clock of {blind}" in note and "not identify" in note for note in found.notes)
    assert found.table.loc[found.table["clock"] == blind, "estimate"].isna().all()
    assert "risk sets tell" in found.summary


def test_a_hazard_with_the_clock_in_it_is_flagged_too() -> None:
    spec = cm.Specification("cloglog", "event ~ tenure", cluster="state")
    found = functional_form(spec, "tenure", cm.facts("iraq"), features=mission)
    assert found.table.groupby("clock")["identified"].first()["entry"] < 0.01


def test_straight_is_the_plain_fit_and_a_curve_is_found_where_there_is_one() -> None:
    rng = np.random.default_rng(2)
    panel = cm.simulate_panel(members=150, hazard=0.05, coefficients={"risk": 0.0}, seed=2)
    panel["risk"] = rng.normal(size=len(panel))
    leaves = rng.random(len(panel)) < 0.03 * np.exp(np.minimum(panel["risk"] ** 2, 4))
    panel["event"] = leaves.astype(int)
    spell = panel.groupby(["coalition", "state", "spell"])["event"]
    panel = panel[spell.cumsum() - panel["event"] == 0].reset_index(drop=True)
    found = pd.DataFrame(_on_clock(COX, "risk", panel, 3).lines).set_index("form")
    fit = cm.fit(COX, panel)
    assert found.loc["straight", "estimate"] == pytest.approx(fit.coefficients[0], rel=1e-9)
    assert found.loc["curved", "p_departure"] < 0.01
    assert found.loc["late and early", "p_departure"] > 0.01
    curve = _on_clock(COX, "risk", panel, 3).curve
    ends = curve["estimate"].iloc[[0, -1]]
    assert (ends > curve["estimate"].iloc[12] + 0.5).all()


def test_late_and_early_is_the_product_with_the_second_half() -> None:
    panel = cm.simulate_panel(members=60, hazard=0.03, coefficients={"risk": 0.5}, seed=1)
    found = pd.DataFrame(_on_clock(COX, "risk", panel, 3).lines).set_index("form")
    middle = panel.loc[panel["event"] == 1, "stop"].median()
    late = panel["risk"] * (panel["stop"] > middle)
    fit = cm.fit(cm.Specification("cox", "event ~ risk + late", cluster="state",
                                  variance="jackknife"), panel.assign(late=late))  # fmt: skip
    assert found.loc["late and early", "departure"] == pytest.approx(fit.coefficients[1], rel=1e-6)
    p = fit.tidy()["p_value"].iloc[1]
    assert found.loc["late and early", "p_departure"] == pytest.approx(p, rel=1e-6)


def test_misuse_names_the_culprit() -> None:
    with pytest.raises(DataError, match="numeric column"):
        functional_form(COX, "risk", cm.facts("iraq"))
    with pytest.raises(DataError, match="df"):
        functional_form(COX, "risk", cm.facts("iraq"), df=1)
