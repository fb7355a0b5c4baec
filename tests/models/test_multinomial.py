"""Multinomial logit of kinds of exit: against R, a published table, and by property."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError, FormulaError
from coalition_models.kernels.multinomial import multinomial_pieces

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
LATE = pd.DataFrame(FIXTURE["late"]).assign(t=lambda d: d["stop"])

pytestmark = pytest.mark.filterwarnings("ignore:.*clusters in (state|member)")


def test_against_nnet():
    expected = FIXTURE["multinomial"]
    fit = cm.multinomial("kind ~ x + z + t", LATE, id="member", time=None, cluster="state")
    np.testing.assert_allclose(fit.coefficients, expected["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.model_covariance, expected["vcov"], rtol=1e-8)
    groups = LATE["state"].nunique()
    np.testing.assert_allclose(
        fit.covariance, np.array(expected["cluster"]) * groups / (groups - 1), rtol=1e-8
    )
    assert fit.log_likelihood == pytest.approx(expected["loglik"], rel=1e-12)


#: of Kalyvas and Balcells (2010), irregular war as base, as re-estimated in R and printed
PRINTED = {
    "Conventional: Intercept": ("-1.283", "0.788"),
    "Conventional: roughterrain": ("0.004", "0.008"),
    "Conventional: ethnic": ("0.172", "0.437"),
    "Conventional: gdpcapita_fl": ("0.039", "0.147"),
    "Conventional: late": ("1.422", "0.490"),
    "SNC: Intercept": ("-0.973", "1.137"),
    "SNC: roughterrain": ("-0.025", "0.017"),
    "SNC: ethnic": ("-0.245", "0.634"),
    "SNC: gdpcapita_fl": ("-0.468", "0.285"),
    "SNC: late": ("2.756", "0.660"),
}


def test_published_technologies_of_rebellion(mirror):
    wars = pd.read_csv(mirror / "rebellion-technologies.csv", encoding="cp1252")
    wars = wars.assign(
        ethnic=(wars["ethnicwar"] == "Ethnic CW") + 1.0,
        late=(wars["post1990"] == "Post-1990") + 0.0,
    )
    used = ["technologyrebellion", "roughterrain", "ethnicwar", "gdpcapita_fl", "post1990"]
    fit = cm.multinomial(
        "technologyrebellion ~ roughterrain + ethnic + gdpcapita_fl + late",
        wars.dropna(subset=used),
        none="Irregular",
        time=None,
    )
    assert fit.counts.rows == 137
    assert f"{fit.log_likelihood:.6f}" == "-114.109064"
    assert f"{fit.log_likelihood_null:.6f}" == "-131.254439"
    found = fit.tidy().set_index("term")
    for term, (coefficient, error) in PRINTED.items():
        assert f"{found.loc[term, 'estimate']:.3f}" == coefficient
        assert f"{found.loc[term, 'std_error']:.3f}" == error


def test_scores_and_information_are_derivatives():
    rng = np.random.default_rng(2)
    X = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    codes, weights = rng.integers(0, 3, size=40), rng.uniform(0.5, 2, size=40)
    beta = rng.normal(size=(2, 3)) / 2
    at = multinomial_pieces(X, codes, beta, weights)
    step = 1e-6
    for j in range(6):
        move = np.zeros(6)
        move[j] = step
        up = multinomial_pieces(X, codes, beta + move.reshape(2, 3), weights)
        down = multinomial_pieces(X, codes, beta - move.reshape(2, 3), weights)
        slope = (up.log_likelihood - down.log_likelihood) / (2 * step)
        bend = (down.scores.sum(axis=0) - up.scores.sum(axis=0)) / (2 * step)
        assert at.scores.sum(axis=0)[j] == pytest.approx(slope, rel=1e-5, abs=1e-7)
        np.testing.assert_allclose(at.information[j], bend, rtol=1e-5, atol=1e-6)


def test_two_outcomes_are_a_logit():
    data = LATE.assign(kind=(LATE["kind"] == 1).astype(int))
    for options in ({"cluster": "state"}, {"variance": "robust"}, {"time": "cubic"}):
        given = {"time": "linear", "id": "member", **options}
        ours = cm.multinomial("kind ~ x + z", data, **given)
        logit = cm.logit("kind ~ x + z", data, **given)
        np.testing.assert_allclose(ours.coefficients, logit.coefficients, rtol=1e-7)
        np.testing.assert_allclose(ours.covariance, logit.covariance, rtol=1e-6)
        assert ours.concordance == pytest.approx(logit.concordance)


def test_scale_origin_and_order_change_nothing():
    fit = cm.multinomial("kind ~ x + z", LATE, id="member", cluster="state")
    far = LATE.assign(x=LATE["x"] * 1e6 + 1e8).sample(frac=1, random_state=1)
    again = cm.multinomial("kind ~ x + z", far, id="member", cluster="state")
    for place, factor in ((1, 1e6), (2, 1), (7, 1e6)):
        assert again.coefficients[place] * factor == pytest.approx(fit.coefficients[place], 1e-6)
        assert again.std_errors[place] * factor == pytest.approx(fit.std_errors[place], 1e-6)


def test_whole_weights_are_rows_repeated():
    weighted = LATE.assign(w=LATE["member"] % 3 + 1)
    repeated = weighted.loc[weighted.index.repeat(weighted["w"])]
    ours = cm.multinomial("kind ~ x", weighted, time=None, weights="w")
    theirs = cm.multinomial("kind ~ x", repeated.drop(columns=["start", "stop"]), time=None)
    np.testing.assert_allclose(ours.coefficients, theirs.coefficients, rtol=1e-9)
    np.testing.assert_allclose(ours.covariance, theirs.covariance, rtol=1e-8)


def test_jackknife_leaves_out_each_cluster():
    options = {"id": "member", "time": None}
    fit = cm.multinomial("kind ~ x", LATE, cluster="state", variance="jackknife", **options)
    states = LATE["state"].unique()
    moves = [
        cm.multinomial("kind ~ x", LATE[LATE["state"] != state], **options).coefficients
        - fit.coefficients
        for state in states
    ]
    expected = np.array(moves).T @ np.array(moves) * (len(states) - 1) / len(states)
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-6)


def test_what_a_fit_tells_afterwards():
    fit = cm.multinomial("kind ~ x + C(group)", LATE, id="member", time="linear")
    told = fit.augment()
    for kind in ("1", "2"):
        assert told[f"residual: {kind}"].sum() == pytest.approx(0, abs=1e-7)
        np.testing.assert_allclose(
            fit.predict(kind=f"probability {kind}"), told[f"probability: {kind}"]
        )
    assert fit.baseline_terms == ("1: Intercept", "2: Intercept", "1: stop/100", "2: stop/100")
    assert fit.test_model()["df"].tolist() == [6, 6]
    assert cm.compare_causes(fit)["term"].tolist() == ["x", "C(group)", "all terms"]
    with pytest.raises(DataError, match="give kind= one of 'probability 1'"):
        fit.predict()
    with pytest.raises(FormulaError, match="categories that the model has not seen"):
        fit.predict(LATE.assign(group="new"), kind="probability 1")
    with pytest.raises(DataError, match="multinomial"):
        cm.predict_survival(fit, {"x": [0]})


def test_separation_constant_and_collinear_terms_are_named():
    apart = LATE.assign(
        own=((LATE["kind"] == 2) | (LATE["member"] % 4 == 0)).astype(int),
        one=1,
        twice=2 * LATE["x"],
    )
    options = {"id": "member", "time": None}
    with pytest.raises(FitError, match=r"separation.*2: own is infinite.*logit\(\.\.\., penalty"):
        cm.multinomial("kind ~ own + x", apart, **options)
    with pytest.warns(cm.CoalitionWarning, match="separation"):
        fit = cm.multinomial("kind ~ own + x", apart, allow_nonconvergence=True, **options)
    assert np.isnan(fit.std_errors[fit.place_of("2: own")])
    assert np.isfinite(fit.std_errors[fit.place_of("1: own")])
    with pytest.raises(FitError, match=r"constant.*one"):
        cm.multinomial("kind ~ one + x", apart, **options)
    with pytest.raises(FitError, match=r"collinear.*twice"):
        cm.multinomial("kind ~ x + twice", apart, **options)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"kind": np.where(np.arange(len(LATE)) == 5, 1, 0)}, {"id": None}, "happened once"),
        ({"kind": np.arange(len(LATE)) % 2 + 1}, {"id": None}, "every row ends in an exit"),
        ({}, {"time": "square"}, "time must be one of"),
        ({"kind": "a"}, {}, "say which of them means"),
    ],
)
def test_refusals(change, options, message):
    given = {"id": "member", **options}
    with pytest.raises((DataError, FitError), match=message):
        cm.multinomial("kind ~ x", LATE.assign(**change), **given)


def test_options_of_other_families_are_refused():
    for option in ({"strata": "state"}, {"ties": "efron"}, {"offset": "x"}, {"penalty": "firth"}):
        with pytest.raises(DataError, match="not for multinomial"):
            cm.Specification("multinomial", "kind ~ x", **option)
    spec = cm.Specification("multinomial", "kind ~ x", causes="1")
    with pytest.raises(DataError, match="leave out causes="):
        cm.fit(spec, LATE)
