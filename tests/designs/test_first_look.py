"""A first look: the flagship numbers, other sets, panels of one's own, and what cannot be had."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.exposure_counts import exposure
from coalition_models.designs.first_look import FORMULA, first_look
from coalition_models.errors import CoalitionWarning, DataError, FormulaError


@pytest.fixture(scope="module")
def iraq():
    return first_look("iraq")


@pytest.fixture(scope="module")
def own():
    return cm.simulate_panel(
        members=60,
        hazard=0.03,
        coefficients={"risk": 0.7, "leader_change": 0.0},
        covariates={"leader_change": "pulse"},
        seed=1,
    )


def test_the_numbers_are_those_kept_as_expected(iraq, root):
    kept = root / "data" / "expected" / "bundled" / "tables"
    for name, mine in {
        "precision": iraq.precision(),
        "exposure": iraq.exposure,
        "proportional_hazards": iraq.proportional.table,
    }.items():
        expected = pd.read_csv(kept / f"{name}.csv")
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), expected, check_dtype=False, rtol=1e-9
        )
    fits = pd.read_csv(kept / "coefficients.csv")
    assert list(dict.fromkeys(fits["model"])) == list(iraq.fits)
    for name, part in fits.groupby("model"):
        assert iraq.fits[name].tidy()["estimate"].to_numpy() == pytest.approx(
            part["estimate"].to_numpy(), rel=1e-9
        )
    assert iraq.formula == FORMULA
    # of an external source that is not at hand
    assert all(what.startswith("features, ") for what in iraq.absent)


def test_each_piece_is_what_its_own_function_gives(iraq):
    panel = iraq.panel
    main = cm.cox(FORMULA, panel, cluster="state")
    assert iraq.main.coefficients == pytest.approx(main.coefficients)
    assert iraq.main.std_errors == pytest.approx(main.std_errors)
    pd.testing.assert_frame_equal(iraq.survival.table, cm.survival_curve(panel).table)
    assert iraq.counts["events"].tolist() == [int(panel["event"].sum())]
    assert iraq.exposure.groupby("feature")["rows"].sum().eq(len(panel)).all()
    assert len(iraq.members) == 52


def test_features_as_of_the_end_are_made_by_the_builders_again(iraq):
    panel = cm.build_panel(cm.facts("iraq"))
    for add in (cm.add_elections, cm.add_leadership, cm.add_casualties, cm.add_risk):
        panel = add(panel, as_of="end")
    by_hand = cm.cox(FORMULA, panel, cluster="state")
    assert iraq.fits["Cox, as of period end"].coefficients == pytest.approx(by_hand.coefficients)


def test_choices_of_the_builders_are_kept_as_of_the_end():
    def made(as_of):
        panel = cm.build_panel(cm.facts("iraq"))
        panel = cm.add_leadership(panel, window=12, as_of=as_of)
        return cm.add_casualties(panel, undated="drop", as_of=as_of)

    formula = "event ~ leader_change + log_deaths_12m"
    look = first_look(made("start"), formula)
    by_hand = cm.cox(formula, made("end"), cluster="state")
    assert look.fits["Cox, as of period end"].coefficients == pytest.approx(by_hand.coefficients)


def test_a_set_shows_itself(iraq):
    text = str(iraq)
    for words in (
        "First look: Multi-National Force - Iraq",
        "1642 rows, 51 spells of 39 states",
        "clustered by state",
        "proportional hazards",
        "could be coded otherwise",
    ):
        assert words in text
    assert "<table" in iraq._repr_html_()
    assert repr(iraq) == (
        "<FirstLook iraq: 1642 rows, 21 events; Cox, Cox, as of period end, Logit>"
    )


def test_a_set_with_few_events_says_what_could_not_be_had():
    with pytest.warns(cm.CoalitionWarning, match="of feature left out"):
        everyone = cm.analysis_set(cm.facts("isaf", operation="all"))
    look = first_look(everyone)
    assert look.main.counts.events == 8
    assert look.few_clusters is None
    assert "without KOR the model has no finite maximum" in look.absent["jackknife"]
    assert look.precision()["p_jackknife"].isna().all()
    assert look.precision()["smallest_ratio"].notna().all()
    assert "Not made: jackknife" in " ".join(str(look).split())
    # without Enduring Freedom six are left, none of them around an election
    fewer = first_look(cm.analysis_set("isaf"))
    assert fewer.main is None
    assert "no event among the 35 rows with election_near = 1" in fewer.absent["Cox"]


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("name", "terms", "events"),
    [
        pytest.param(
            "un", ["election_near", "leader_change", "log_deaths_12m"], 20, marks=pytest.mark.slow
        ),
        pytest.param(
            "interventions", ["election_near", "leader_change"], 41, marks=pytest.mark.slow
        ),
        pytest.param("wars", ["leader_change"], 20, marks=pytest.mark.slow),
    ],
)
def test_sets_of_external_sources_have_the_terms_they_support(
    mirror, monkeypatch, name, terms, events
):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    look = first_look(name)
    assert list(look.main.names) == terms
    assert int(look.panel["event"].sum()) == events
    lacking = [term for term in FORMULA.split(" ~ ")[1].split(" + ") if term not in terms]
    assert [f"term {term}" in look.absent for term in lacking] == [True] * len(lacking)
    assert any(what.startswith("features, ") for what in look.absent)
    # what the set says of itself stands among the limits
    said = cm.analysis_set(name).sheet.query("item == 'limit'")["value"]
    assert set(look.limits) > set(said)


def test_a_panel_of_ones_own(own):
    look = first_look(own, "event ~ risk + leader_change")
    assert list(look.fits) == ["Cox", "Logit"]
    assert look.absent["Cox, as of period end"].startswith("not known how risk, leader_change")
    assert look.members is None
    assert look.coverage.empty
    assert look.name == "panel"
    by_hand = cm.cox("event ~ risk + leader_change", own, cluster="state")
    assert look.main.coefficients == pytest.approx(by_hand.coefficients)


def test_the_default_terms_are_those_the_panel_has(own):
    look = first_look(own)
    assert look.formula == "event ~ leader_change"
    assert look.absent["term election_near"] == "not in the panel"
    with pytest.raises(DataError, match=r"none of the columns election_near.*give a formula"):
        first_look(own.drop(columns="leader_change"))
    with pytest.raises(DataError, match="do not vary"):
        first_look(own.assign(leader_change=0))


def test_without_time_there_is_the_logit_only(own):
    look = first_look(own.drop(columns=["start", "stop"]), "event ~ risk")
    assert list(look.fits) == ["Logit"]
    assert look.absent["Cox"] == "the panel has no columns start and stop"
    assert (look.survival, look.proportional) == (None, None)
    by_hand = cm.logit("event ~ risk", own, time=None, cluster="state")
    assert look.main.coefficients == pytest.approx(by_hand.coefficients)
    assert look.few_clusters.choices.variance == "jackknife"
    assert "odds_ratio" in look.precision()
    assert "Logit: event ~ risk" in str(look)


def test_a_model_without_a_finite_maximum_does_not_stop_the_rest(own):
    never = own.assign(sure=own["event"])
    look = first_look(never, "event ~ sure")
    assert look.fits == {}
    assert {"Cox", "Logit"} <= set(look.absent)
    assert look.survival is not None
    assert look.detectable is None
    assert look.precision().empty
    assert "Not made: Cox" in str(look)


def test_a_wrong_formula_or_table_is_refused_by_name(own):
    with pytest.raises(FormulaError, match="rsk"):
        first_look(own, "event ~ rsk")
    with pytest.raises(FormulaError, match="nobody"):
        first_look(own, "event ~ risk", cluster="nobody")
    with pytest.raises(DataError, match="lacks the columns spell"):
        first_look(own.drop(columns="spell"), "event ~ risk")
    with pytest.raises(DataError, match="iraq, isaf, rsm"):
        first_look("korea")


def test_the_callers_panel_is_not_changed(own):
    before = own.copy()
    first_look(own, "event ~ risk")
    pd.testing.assert_frame_equal(own, before)


def test_exposure_counts_every_row_once():
    panel = pd.DataFrame(
        {"state": list("ABCDE"), "event": [1, 0, 0, 1, 0], "x": [0, 1, -1, np.nan, -2.0]}
    )
    found = exposure(panel, ["x"]).set_index("value")
    assert found["rows"].to_dict() == {"0": 1, "above 0": 1, "below 0": 2, "missing": 1}
    assert found["rows"].sum() == len(panel)
    with pytest.raises(DataError, match="lacks the columns y"):
        exposure(panel, ["y"])


def test_no_warning_is_given_on_the_way(recwarn):
    first_look("isaf")
    assert [one for one in recwarn if issubclass(one.category, CoalitionWarning)] == []
