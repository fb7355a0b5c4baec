"""Prediction of rows not learned from: no leakage, scores by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError
from coalition_models.prediction.folds import make_folds
from coalition_models.prediction.learners import LEARNERS, Task, learner_named
from coalition_models.prediction.penalised import penalised_path
from coalition_models.prediction.permutation import importance
from coalition_models.prediction.scores import auc, by_period, calibration_line, losses
from coalition_models.prediction.terms import predicts, without_term
from coalition_models.prediction.validation import cross_validate

_COLUMNS = ["state", "spell", "coalition", "period", "start", "stop", "event", "risk", "noise"]


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    made = cm.simulate_panel(
        members=70, coefficients={"risk": 1.2, "noise": 0.0}, hazard=0.03, seed=4
    )
    return made[_COLUMNS]


def test_no_state_is_on_both_sides(panel):
    made = make_folds(panel, folds=4, seed=3)
    states = panel["state"].to_numpy()
    for known, judged in made:
        assert not set(states[known]) & set(states[judged])
        assert (known ^ judged).all()
    events = panel.groupby(made.tested)["event"].sum()
    assert events.max() - events.min() <= 3


def test_forward_folds_never_look_back(panel):
    made = make_folds(panel, forward="period", folds=3)
    time = pd.PeriodIndex(panel["period"]).to_timestamp() if isinstance(
        panel["period"].dtype, pd.PeriodDtype
    ) else panel["period"]  # fmt: skip
    time = pd.Series(np.asarray(time))
    for known, judged in made:
        assert time[known].max() < time[judged].min()
        assert panel["event"].to_numpy()[judged].any()


def test_the_outcome_of_judged_rows_changes_no_prediction(panel):
    """Were a state's rows learned from, its events would show in its own chances."""
    made = make_folds(panel, folds=4)
    own = made.tested == 0
    for model in ("logit", "boosting", "forest", "lasso", "share"):
        learn = learner_named(model, Task("event ~ risk + noise"), 1)
        turned = panel.assign(event=np.where(own, 1 - panel["event"], panel["event"]))
        one, two = (learn(data[~own])(data[own]) for data in (panel, turned))
        np.testing.assert_array_equal(one, two)


def test_seeds_give_the_same_and_other_numbers(panel):
    first, again, other = (
        cross_validate("event ~ risk", panel, models=["boosting"], folds=2, seed=seed).table
        for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert first["log_loss"][0] != other["log_loss"][0]


def test_scores_are_those_of_scikit_learn(panel):
    found = cross_validate("event ~ risk", panel, models=["share", "logit"], folds=3)
    rows = found.predictions[found.predictions["model"] == "logit"]
    table = found.table.set_index("model").loc["logit"]
    assert table["log_loss"] == pytest.approx(log_loss(rows["event"], rows["chance"]))
    assert table["brier"] == pytest.approx(brier_score_loss(rows["event"], rows["chance"]))
    assert auc(rows["event"].to_numpy(), rows["chance"].to_numpy())[0] == pytest.approx(
        roc_auc_score(rows["event"], rows["chance"])
    )
    odds = np.log(rows["chance"] / (1 - rows["chance"])).to_numpy()[:, None]
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(odds, rows["event"])
    assert table["slope"] == pytest.approx(line.coef_[0, 0], rel=1e-4)
    assert table["skill"] > 0
    assert table["auc"] > 0.6
    assert 0.5 < table["slope"] < 1.6


def test_the_logit_is_that_of_the_package_without_the_fold(panel):
    found = cross_validate("event ~ risk", panel, models=["logit"], folds=3, seed=2)
    own = found.predictions[found.predictions["fold"] == 1]
    known = panel.reset_index(drop=True).drop(index=own["row"])
    fit = cm.logit("event ~ risk", known)
    chance = fit.predict(panel.reset_index(drop=True).loc[own["row"]], kind="probability")
    np.testing.assert_allclose(own["chance"], chance, rtol=1e-10)


def test_scores_by_hand():
    event, chance = np.array([1.0, 0, 0, 1]), np.array([0.8, 0.4, 0.1, 0.2])
    logs, squares = losses(event, chance)
    np.testing.assert_allclose(logs, -np.log([0.8, 0.6, 0.9, 0.2]))
    np.testing.assert_allclose(squares, [0.04, 0.16, 0.01, 0.64])
    found = by_period(event, chance, np.array([1.0, 1, 2, 2]))
    assert found["auc"].tolist() == [1.0, 1.0]
    assert auc(event, chance) == (0.75, 4)
    large, slope = calibration_line(event, np.full(4, 0.25))
    assert large == pytest.approx(np.log(2))
    assert np.isnan(slope)


def test_calibration_and_periods_add_up(panel):
    found = cross_validate("event ~ risk", panel, models=["logit", "boosting"], folds=3)
    groups = found.calibration("boosting", 8)
    assert groups["rows"].sum() == len(panel)
    assert groups["events"].sum() == panel["event"].sum()
    assert groups["chance"].is_monotonic_increasing
    own = found.periods[found.periods["model"] == "logit"]
    assert own["events"].sum() == panel["event"].sum()
    assert found.folds["judged"].sum() == len(panel)
    assert "skill" in str(found)


def test_a_term_with_an_effect_predicts_and_one_without_does_not(panel):
    risk = predicts("event ~ risk + noise", panel, "risk", repeats=2, folds=4)
    noise = predicts("event ~ risk + noise", panel, "noise", repeats=2, folds=4)
    assert risk.gain > 1
    assert risk.p_value < 0.05
    assert noise.p_value > 0.05
    assert "does not predict" in noise.words
    assert risk.table["auc_with"].mean() > risk.table["auc_without"].mean()


def test_importance_puts_the_effect_first(panel):
    found = importance("event ~ risk + noise", panel, model="logit", folds=3, repeats=4)
    assert found["variable"][0] == "risk"
    assert abs(found.set_index("variable").loc["noise", "rise"]) < found["rise"][0] / 5


def test_penalised_path_from_nothing_to_the_logit(panel):
    path = penalised_path("event ~ risk + noise", panel, penalties=8, folds=3)
    assert path.losses["terms"].is_monotonic_increasing
    assert path.losses["terms"].iloc[0] == 0
    weak = path.coefficients(path.losses["penalty"].iloc[-1])
    plain = cm.logit("event ~ risk + noise", panel, time="log").tidy().set_index("term")["estimate"]
    assert weak["risk"] == pytest.approx(plain["risk"], abs=0.05)
    assert path.simplest >= path.best
    assert path.coefficients().abs()["risk"] > 0.5


def test_terms_of_a_formula():
    assert without_term("event ~ a + log(b + 1)", "log(b + 1)") == "event ~ a"
    for term, message in (("c", "has no term"), ("a", "shares its variable with a:b")):
        with pytest.raises(FormulaError, match=message):
            without_term("event ~ a + a:b", term)
    with pytest.raises(FormulaError, match="only term"):
        without_term("event ~ a", "a")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": "nobody"}, "nobody"),
        ({"folds": 1}, "2 or more"),
        ({"folds": 500}, "ask for fewer folds"),
        ({"models": []}, "models is empty"),
        ({"models": ["cox"]}, "not the chance of a period"),
        ({"models": ["lightning"]}, "models must be 'share', 'boosting'"),
        ({"forward": "state"}, "must hold numbers, dates or periods"),
        ({"stop": "nothing"}, "nothing"),
    ],
)
def test_refused(panel, options, message):
    with pytest.raises((DataError, FormulaError), match=message):
        cross_validate("event ~ risk", panel, **options)


def test_groups_that_are_missing_are_refused(panel):
    gaps = panel.assign(land=panel["state"].where(panel.index % 9 > 0))
    with pytest.raises(DataError, match=r"land.*is missing in \d+ rows.*judged by rows of its own"):
        cross_validate("event ~ risk", gaps, groups="land")


def test_missing_values_are_counted_and_the_same_for_all(panel):
    gaps = panel.assign(risk=panel["risk"].where(panel.index % 10 > 0))
    found = cross_validate("event ~ risk", gaps, models=["share", "boosting"], folds=3)
    assert "with missing values left out" in " ".join(found.notes)
    assert found.predictions.groupby("model").size().std() == 0


def test_a_level_never_learned_is_named_with_its_fold(panel):
    first = panel["state"].iloc[0]
    other = np.where(panel["state"] < "S40", "south", "east")
    rare = panel.assign(region=np.where(panel["state"] == first, "north", other))
    with pytest.raises((DataError, FormulaError), match=r"fold \d of 3.*north"):
        cross_validate("event ~ risk + C(region)", rare, models=["boosting"], folds=3)


def test_every_learner_is_reached():
    assert set(LEARNERS) == {"boosting", "forest", "lasso", "ridge"}
    assert set(cm.prediction.__all__) >= {"cross_validate", "importance", "predicts"}


def test_an_event_in_backticks(panel):
    odd = panel.rename(columns={"event": "the event"})
    for ask in (
        lambda left, rows: cross_validate(f"{left} ~ risk", rows, models=["share", "logit"]).table,
        lambda left, rows: predicts(f"{left} ~ risk + noise", rows, "noise", repeats=1).table,
    ):
        pd.testing.assert_frame_equal(ask("`the event`", odd), ask("event", panel))
