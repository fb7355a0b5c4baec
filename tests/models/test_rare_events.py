"""Rare events: right averages, less bias, and samples chosen by the event, against R."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.models.discrete.case_control import brought_back
from coalition_models.models.discrete.remedies import PENALTIES

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "rare_events.json").read_text()
)
DATA = pd.DataFrame(R["data"])
FORMULA = "event ~ x + left + size"
AVERAGES = {
    "plain": (FORMULA, {}),
    "weights": (FORMULA, {"weights": "weight"}),
    "offset": ("event ~ left + size", {"offset": "exposure"}),
    "separated": ("event ~ x + wall", {}),
}


def fitted(formula: str, **choices: object) -> cm.Fit:
    given = {"time": None, "id": "member", **choices}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(clusters in|events for).*")
        return cm.logit(formula, DATA, **given)


@pytest.mark.parametrize("kind", AVERAGES)
class TestAverages:
    def test_firth_is_brglm2(self, kind):
        formula, choices = AVERAGES[kind]
        found = fitted(formula, penalty="firth", **choices)
        np.testing.assert_allclose(found.coefficients, R["averages"][kind]["firth"], rtol=1e-6)

    def test_flic(self, kind):
        formula, choices = AVERAGES[kind]
        found = fitted(formula, penalty="flic", **choices)
        np.testing.assert_allclose(found.coefficients, R["averages"][kind]["flic"], rtol=1e-6)
        np.testing.assert_allclose(found.std_errors, R["averages"][kind]["flic_se"], rtol=1e-6)

    def test_flac(self, kind):
        formula, choices = AVERAGES[kind]
        found = fitted(formula, penalty="flac", **choices)
        np.testing.assert_allclose(found.coefficients, R["averages"][kind]["flac"], rtol=1e-6)
        np.testing.assert_allclose(found.std_errors, R["averages"][kind]["flac_se"], rtol=1e-6)
        limits = found.tidy()[["conf_low", "conf_high"]].to_numpy()[1:]
        np.testing.assert_allclose(limits, R["averages"][kind]["flac_limits"], rtol=1e-6)

    @pytest.mark.parametrize("penalty", ["flic", "flac"])
    def test_chances_are_right_on_average(self, kind, penalty):
        formula, choices = AVERAGES[kind]
        found = fitted(formula, penalty=penalty, **choices)
        weights = DATA[choices["weights"]] if "weights" in choices else None
        mean = np.average(found.predict(), weights=weights)
        assert mean == pytest.approx(np.average(DATA["event"], weights=weights), rel=1e-9)


def test_flic_keeps_the_slopes_and_limits_of_firth():
    firth, flic = (fitted(FORMULA, penalty=kind).tidy() for kind in ("firth", "flic"))
    columns = ["estimate", "p_value", "conf_low", "conf_high"]
    pd.testing.assert_frame_equal(firth[columns][1:], flic[columns][1:])
    row = flic.iloc[0]
    assert row["conf_high"] - row["estimate"] == pytest.approx(
        1.959964 * row["std_error"], rel=1e-6
    )


@pytest.mark.parametrize("penalty", ["flic", "flac"])
def test_a_case_weight_is_so_many_rows(penalty):
    copies = DATA.loc[DATA.index.repeat(DATA["weight"])].reset_index(drop=True)
    one = fitted(FORMULA, penalty=penalty, weights="weight").tidy()
    two = cm.logit(FORMULA, copies.drop(columns=["start", "stop"]), time=None, penalty=penalty)
    pd.testing.assert_frame_equal(one, two.tidy(), rtol=1e-6)


class TestKingAndZeng:
    own = R["king_zeng"]

    def test_relogit(self):
        found = fitted(FORMULA, penalty="relogit")
        np.testing.assert_allclose(found.coefficients, self.own["relogit"], rtol=1e-6)
        np.testing.assert_allclose(found.std_errors, self.own["se"], rtol=1e-6)
        assert "First-order bias taken off" in found.summary()

    def test_relogit_may_be_clustered(self):
        found = fitted(FORMULA, penalty="relogit", cluster="state")
        np.testing.assert_allclose(found.std_errors, self.own["se_cluster"], rtol=1e-6)

    def test_relogit_is_not_finite_under_separation(self):
        with pytest.raises(FitError, match="wall"):
            fitted("event ~ x + wall", penalty="relogit")

    def test_prior_correction_shifts_the_intercept_alone(self):
        plain, moved = fitted(FORMULA), fitted(FORMULA, population_share=self.own["share"])
        want = np.array(self.own["ml"])
        want[0] -= self.own["shift"]
        np.testing.assert_allclose(moved.coefficients, want, rtol=1e-6)
        np.testing.assert_allclose(moved.std_errors, plain.std_errors, rtol=1e-6)
        assert moved.log_likelihood == pytest.approx(plain.log_likelihood)

    def test_prior_correction_reaches_predictions_and_not_residuals(self):
        plain, moved = fitted(FORMULA), fitted(FORMULA, population_share=self.own["share"])
        own, new = moved.predict(), moved.predict(DATA)
        np.testing.assert_allclose(own, new)
        odds = plain.predict() / (1 - plain.predict())
        lower = odds * np.exp(-self.own["shift"])
        np.testing.assert_allclose(own, lower / (1 + lower))
        one, two = (fit.augment()["residual"] for fit in (plain, moved))
        np.testing.assert_allclose(one, two, atol=1e-9)

    @pytest.mark.parametrize("link", ["logit", "cloglog"])
    def test_weights(self, link):
        found = fitted(
            FORMULA, population_share=self.own["share"], correction="weights", cluster="state",
            link=link,
        )  # fmt: skip
        want = self.own["weighted"][link]
        np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
        np.testing.assert_allclose(found.std_errors, want["se_cluster"], rtol=1e-6)

    @pytest.mark.parametrize("penalty", [None, *PENALTIES])
    def test_correction_goes_with_every_penalty(self, penalty):
        plain = fitted(FORMULA, penalty=penalty).tidy()
        moved = fitted(FORMULA, penalty=penalty, population_share=0.01).tidy()
        pd.testing.assert_frame_equal(plain[1:], moved[1:], rtol=1e-6)
        assert moved["estimate"][0] < plain["estimate"][0]

    def test_its_own_share_changes_nothing(self):
        share = float(DATA["event"].mean())
        one, two = fitted(FORMULA), fitted(FORMULA, population_share=share)
        np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-9)

    def test_jackknife_and_wild_score_under_weights(self):
        found = fitted(
            FORMULA, population_share=0.01, correction="weights", cluster="state",
            variance="jackknife",
        )  # fmt: skip
        assert np.isfinite(found.std_errors).all()
        assert 0 <= cm.inference.wild_score(found, "x", draws=99, seed=1).p_value <= 1


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"population_share": 0.0}, "between 0 and 1, found 0"),
        ({"population_share": 4.0}, "between 0 and 1, found 4"),
        ({"correction": "prior"}, "needs population_share="),
        ({"population_share": 0.1, "correction": "both"}, "'prior' or 'weights'; found 'both'"),
        ({"population_share": 0.1, "link": "cloglog"}, "correction='weights' is right"),
        ({"population_share": 0.1, "correction": "weights"}, "is no variance: give cluster="),
        (
            {"population_share": 0.1, "correction": "weights", "penalty": "firth"},
            "take correction='prior'",
        ),
        ({"penalty": "flac", "cluster": "state"}, "no clustered form"),
        ({"penalty": "flic", "link": "probit"}, "logit"),
        ({"penalty": "relogit", "link": "cloglog"}, "logit"),
    ],
)
def test_refused(choices, message):
    with pytest.raises(DataError, match=message):
        fitted(FORMULA, **choices)


def test_cox_refuses_what_is_of_the_logit():
    with pytest.raises(DataError, match=r"population_share=0.1 is for logit"):
        cm.Specification("cox", "event ~ x", population_share=0.1)
    with pytest.raises(DataError, match="must be None or 'firth'"):
        cm.cox("event ~ x", DATA, id="member", penalty="flic")


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_the_other_verbs_take_priors_and_shares(link):
    verb, given = getattr(cm, link), {"time": None, "id": "member"}
    one = verb(FORMULA, DATA, prior="t(4, 1)", **given)
    np.testing.assert_allclose(
        one.coefficients, fitted(FORMULA, link=link, prior="t(4, 1)").coefficients
    )
    share = {"population_share": 0.01, "correction": "weights", "variance": "robust"}
    two = verb(FORMULA, DATA, **share, **given)
    np.testing.assert_allclose(two.coefficients, fitted(FORMULA, link=link, **share).coefficients)


def test_a_share_is_that_of_case_weights_too():
    from coalition_models.models.discrete.problem import Problem

    y = np.array([1.0, 0.0])
    problem = Problem(np.ones((2, 1)), y, "logit", np.array([1.0, 3.0]), None)
    moved, shift, note = brought_back(problem, 0.1, None)
    assert shift == pytest.approx(np.log(3.0))  # odds of 1/3 in the sample, 1/9 in the population
    np.testing.assert_allclose(moved.offset, shift)
    assert "0.25 of the rows" in note


@pytest.mark.parametrize("kind", sorted(R["duration"]))
def test_duration_against_the_bases_of_r(kind):
    want = R["duration"][kind]
    found = fitted("event ~ x", time=kind, link=want["link"], cluster="state")
    # glm() stops on the deviance; see test_discrete
    loose = 1e-6 if want["link"] == "logit" else 2e-5
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=loose)
    np.testing.assert_allclose(np.sqrt(np.diag(found.model_covariance)), want["se"], rtol=loose)
    np.testing.assert_allclose(found.std_errors, want["se_cluster"], rtol=loose)
    np.testing.assert_allclose(found.predict(), want["fitted"], rtol=1e-6)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    # new rows are on the knots of the rows used
    np.testing.assert_allclose(found.predict(DATA[:40]), want["fitted"][:40], rtol=1e-6)


@pytest.mark.slow
def test_bias_and_coverage():
    """Where events are few, Firth and log-F lie nearer to the truth; FLIC's chances are right."""
    rng = np.random.default_rng(14)
    truth, found, inside = 0.8, {}, {}
    kinds = {
        "none": {}, "firth": {"penalty": "firth"}, "flic": {"penalty": "flic"},
        "flac": {"penalty": "flac"}, "relogit": {"penalty": "relogit"},
        "log-F": {"prior": "log-F(1, 1)"},
    }  # fmt: skip
    averages = {kind: [] for kind in kinds}
    for _ in range(400):
        x = rng.normal(size=120)
        y = (rng.random(120) < 1 / (1 + np.exp(2.6 - truth * x))).astype(int)
        if y.sum() < 5:
            continue
        data = pd.DataFrame({"event": y, "x": x})
        for kind, choices in kinds.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fit = cm.logit("event ~ x", data, time=None, **choices)
            row = fit.tidy().iloc[1]
            found.setdefault(kind, []).append(row["estimate"] - truth)
            inside.setdefault(kind, []).append(row["conf_low"] <= truth <= row["conf_high"])
            averages[kind].append(fit.predict().mean() - y.mean())
    bias = {kind: float(np.mean(values)) for kind, values in found.items()}
    assert bias["none"] > 0.03
    for kind in ("firth", "flic", "relogit"):
        assert abs(bias[kind]) < bias["none"] / 1.5, bias
    for kind, values in inside.items():
        assert 0.92 < np.mean(values) < 0.98, (kind, np.mean(values))
    for kind in ("none", "flic", "flac"):
        assert np.abs(averages[kind]).max() < 1e-6
    assert np.mean(averages["firth"]) > 5e-4  # too near to one half
