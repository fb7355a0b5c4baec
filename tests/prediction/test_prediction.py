"""Prediction of rows not learned from: no leakage, scores by hand, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError
from coalition_models.prediction.folds import make_folds
from coalition_models.prediction.intercepts import chances_of_unseen
from coalition_models.prediction.learners import LEARNERS, Task, learner_named
from coalition_models.prediction.penalised import penalised_path
from coalition_models.prediction.permutation import importance
from coalition_models.prediction.scores import auc, by_period, calibration_line, losses
from coalition_models.prediction.terms import predicts, without_term
from coalition_models.prediction.validation import cross_validate, out_of_sample

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
    for name in ("my a", "`my a`"):
        assert without_term("`e ~ f` ~ `my a` + b", name) == "`e ~ f` ~ b"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": "nobody"}, "nobody"),
        ({"folds": 1}, "from 2 to"),
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


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        (cross_validate, {"seed": -1}, "seed must be 0 or more"),
        (predicts, {"term": "risk", "seed": -1}, "seed must be 0 or more"),
        (importance, {"seed": 1.5}, "seed must be a whole number"),
        (penalised_path, {"seed": -3}, "seed must be 0 or more"),
        (cross_validate, {"models": 5}, "models must be a list"),
        (cross_validate, {"folds": "3"}, "folds must be a whole number"),
        (importance, {"repeats": 0}, "repeats must be a whole number from 1"),
        (penalised_path, {"penalties": True}, "penalties must be a whole number"),
    ],
)
def test_wrong_arguments_are_named(panel, verb, options, message):
    with pytest.raises(DataError, match=message):
        verb("event ~ risk + noise", panel, **options)


def test_whole_numbers_may_be_written_with_a_point(panel):
    one, two = (
        cross_validate("event ~ risk", panel, models=["logit"], folds=folds) for folds in (2, 2.0)
    )
    pd.testing.assert_frame_equal(one.table, two.table)
    assert len(one.calibration("logit", 3.0)) == 3
    with pytest.raises(DataError, match="groups must be"):
        one.calibration("logit", 2.5)


def test_unseen_groups_get_the_chance_averaged_over_intercepts():
    """At an intercept of 0 chances were too small: the mean of a bent curve is not its middle."""
    rng = np.random.default_rng(5)
    state = np.repeat(np.arange(120), 25)
    rows = pd.DataFrame({"state": state, "x": rng.normal(size=len(state))})
    odds = -2.5 + rows["x"] + 1.8 * rng.normal(size=120)[state]
    rows["event"] = (rng.random(len(rows)) < 1 / (1 + np.exp(-odds))).astype(int)
    rows["start"], rows["stop"] = 0, 1
    rows["line"] = np.arange(len(rows))
    spec = cm.Specification("random_logit", "event ~ x", group="state", time=None)
    found = cross_validate("event ~ x", rows, models=[spec], folds=4, id="line")
    table = found.table.iloc[0]
    # 120 states: the share of events is known to about a tenth
    assert table["in_the_large"] == pytest.approx(0, abs=0.1)
    assert table["slope"] == pytest.approx(1, abs=0.15)


def test_who_is_still_there_has_the_lower_intercepts():
    """Averaged over all intercepts the chances of stayers would be a half too large."""
    rng = np.random.default_rng(3)
    lines = []
    for state in range(150):
        intercept = 1.2 * rng.normal()
        for member in range(3):
            x = rng.normal()
            for period in range(12):
                event = int(rng.random() < 1 / (1 + np.exp(2.2 - x - intercept)))
                lines.append((state, member, period, period + 1, event, x))
                if event:
                    break
    rows = pd.DataFrame(lines, columns=["state", "member", "start", "stop", "event", "x"])
    member = ["state", "member"]
    spec = cm.Specification("random_logit", "event ~ x", group="state", time=None, id=member)
    found = cross_validate("event ~ x", rows, models=[spec], folds=4, id=member)
    table = found.table.iloc[0]
    # 295 events in 150 states that differ
    assert table["in_the_large"] == pytest.approx(0, abs=0.15)
    assert table["slope"] == pytest.approx(1, abs=0.2)
    late = found.periods[found.periods["time"] > 4]
    assert late["expected"].sum() == pytest.approx(late["events"].sum(), rel=0.25)


def test_the_chance_of_a_stayer_by_hand():
    """Bayes's rule over the intercept, with the member's earlier rows wherever they are."""
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"state": np.repeat(range(40), 6), "x": rng.normal(size=240)})
    own = 1.5 * rng.normal(size=40)[rows["state"]]
    rows["event"] = (rng.random(240) < 1 / (1 + np.exp(1 - rows["x"] - own))).astype(int)
    rows["start"] = np.tile(np.arange(6), 40)
    rows["stop"] = rows["start"] + 1
    fit = cm.random_intercept("event ~ x", rows, time=None, id="state")
    one = rows[rows["state"] == 3]

    def average(function):
        sd = fit.coefficients[-1]
        return integrate.quad(
            lambda u: function(u) * np.exp(-(u**2) / (2 * sd**2)), -12 * sd, 12 * sd, epsrel=1e-10
        )[0]

    def chance(place, u):
        odds = fit.coefficients[0] + fit.coefficients[1] * one["x"].iloc[place] + u
        return 1 / (1 + np.exp(-odds))

    stays = lambda u: (1 - chance(0, u)) * (1 - chance(1, u))  # noqa: E731
    wanted = average(lambda u: chance(2, u) * stays(u)) / average(stays)
    every = chances_of_unseen(fit, rows[:0], one.sample(frac=1, random_state=1), ("state",), "stop")
    order = one.sample(frac=1, random_state=1)["start"].to_numpy()
    assert every[order == 2].item() == pytest.approx(wanted, rel=1e-8)
    split = chances_of_unseen(fit, rows[rows["start"] != 2], one[2:3], ("state",), "stop")
    assert split.item() == pytest.approx(wanted, rel=1e-8)
    alone = chances_of_unseen(fit, rows, one, (), "stop")
    np.testing.assert_allclose(alone, fit.predict(one, kind="marginal"), rtol=1e-6)


@pytest.mark.parametrize("model", ["share", "logit", "boosting"])
def test_later_rows_change_no_earlier_forecast(panel, model):
    """Outcomes and covariates of the last stretch are turned: only its own chances may move."""
    panel = panel.reset_index(drop=True)
    made = make_folds(panel, forward="period", folds=3)
    last = made.tested == 2
    other = panel.assign(risk=panel["risk"].where(~last, panel["risk"] * 7 + 3))
    one, two = (
        out_of_sample(model, Task("event ~ risk"), rows, made, 0)
        for rows in (panel, other.assign(event=np.where(last, 0, panel["event"])))
    )
    np.testing.assert_array_equal(one[~last], two[~last])
    # and what is learned for the last stretch ends before it
    again = out_of_sample(
        model, Task("event ~ risk"), panel.assign(event=np.where(last, 0, panel["event"])), made, 0
    )
    np.testing.assert_array_equal(one[last], again[last])


def test_period_scores_by_hand_with_late_entry():
    """Each period compares those at risk in it only: who has not entered or has left is no pair."""
    rows = pd.DataFrame(
        {
            "start": [0, 1, 0, 1, 2, 1, 2, 2],
            "stop": [1, 2, 1, 2, 3, 2, 3, 3],
            "event": [0, 1, 0, 0, 1, 0, 0, 0],
            "chance": [0.9, 0.4, 0.1, 0.4, 0.2, 0.3, 0.2, 0.6],
        }
    )
    found = by_period(*(rows[name].to_numpy(float) for name in ("event", "chance", "stop")))
    # second period: the leaver at .4 against .4 (a half) and .3 (one); third: .2 against .2 and .6
    np.testing.assert_allclose(found["auc"], [np.nan, 0.75, 0.25])
    assert found["at_risk"].tolist() == [2, 3, 3]
    assert found["pairs"].tolist() == [0, 2, 2]
    np.testing.assert_allclose(
        found["brier"],
        [(0.81 + 0.01) / 2, (0.36 + 0.16 + 0.09) / 3, (0.64 + 0.04 + 0.36) / 3],
    )
    np.testing.assert_allclose(found["expected"], [1.0, 1.1, 1.0])
