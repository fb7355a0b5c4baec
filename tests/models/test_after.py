"""What is asked of a fit, against R: residuals, errors of predictions, sums, likelihood ratios."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "after.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])
LOGIT = "event ~ x * near + I(x**2)"


@pytest.fixture(scope="module")
def plain():
    return cm.cox("event ~ x + near", DATA, id="member")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(k, k) for k in ("martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld")]
    + [("scaled_schoenfeld", "scaledsch")],
)
def test_residuals_of_a_weighted_cox_fit_against_r(ours, theirs):
    fit = cm.cox("event ~ x + near", DATA, id="member", weights="weight")
    found = fit.residuals(ours)
    expected = np.array(FIXTURE["cox_residuals"][theirs])
    if "schoenfeld" in ours:  # R has them in the order of time
        found = found.sort_values("stop", kind="stable").drop(columns="stop")
        order = np.lexsort(found.to_numpy().T)
        np.testing.assert_allclose(
            found.to_numpy()[order], expected[np.lexsort(expected.T)], rtol=1e-7, atol=1e-9
        )
        return
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-10)


def test_residuals_sum_by_member_as_r_collapses(plain):
    found = plain.residuals("dfbeta", by_member=True)
    np.testing.assert_allclose(found, FIXTURE["by_member"], rtol=1e-7, atol=1e-12)
    robust = cm.cox("event ~ x + near", DATA, id="member", variance="robust")
    np.testing.assert_allclose(found.T @ found, robust.covariance, rtol=1e-7)


@pytest.mark.parametrize("kind", ["response", "pearson", "deviance"])
def test_residuals_of_a_discrete_fit_against_r(kind):
    fit = cm.cloglog("event ~ x + near", DATA, time=None, id="member")
    found = fit.residuals(kind)[kind]
    np.testing.assert_allclose(found, FIXTURE["glm_residuals"][kind], rtol=1e-7)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_squares_of_weighted_residuals_add_up(link):
    """To the deviance and to Pearson's statistic, as residuals of R's glm with weights do."""
    weight = 0.5 + DATA.index.to_numpy() % 3
    fit = cm.logit("event ~ x + near", DATA.assign(w=weight), time=None, id="member",
                   weights="w", link=link)  # fmt: skip
    chance, event = fit.predict(kind="probability"), DATA["event"].to_numpy()
    assert (fit.residuals("deviance")["deviance"] ** 2).sum() == pytest.approx(
        -2 * fit.log_likelihood, rel=1e-10
    )
    wanted = np.sqrt(weight) * (event - chance) / np.sqrt(chance * (1 - chance))
    np.testing.assert_allclose(fit.residuals("pearson")["pearson"], wanted, rtol=1e-9)
    np.testing.assert_allclose(fit.augment()["pearson"], wanted, rtol=1e-9)
    np.testing.assert_allclose(fit.residuals("response")["response"], event - chance, rtol=1e-9)


def test_dfbetas_of_a_logit_sum_to_its_clustered_covariance():
    fit = cm.logit(LOGIT, DATA, time=None, id="member", variance="robust")
    moves = fit.residuals("dfbeta", by_member=True)
    np.testing.assert_allclose(moves.T @ moves * 50 / 49, fit.covariance, rtol=1e-7)
    np.testing.assert_allclose(fit.residuals("score").sum(), 0, atol=1e-8)


def test_residuals_that_do_not_exist_are_refused(plain):
    with pytest.raises(cm.DataError, match=r"kind must be one of martingale.*'pearson'"):
        plain.residuals("pearson")
    with pytest.raises(cm.DataError, match="deviance does not add up"):
        plain.residuals("deviance", by_member=True)
    with pytest.raises(cm.DataError, match="fit with id="):
        cm.cox("event ~ x", DATA).residuals(by_member=True)
    with pytest.raises(cm.DataError, match="penalty"):
        cm.cox("event ~ x", DATA, id="member", penalty="firth").residuals("dfbeta")


def test_errors_of_predictions_against_r(plain):
    found = plain.predictions(DATA[:6])
    np.testing.assert_allclose(found["estimate"], FIXTURE["linear"]["fit"], rtol=1e-8)
    np.testing.assert_allclose(found["std_error"], FIXTURE["linear"]["error"], rtol=1e-7)
    ratio = plain.predictions(DATA[:6], kind="ratio")
    np.testing.assert_allclose(ratio["conf_low"], np.exp(found["conf_low"]))
    np.testing.assert_allclose(ratio["std_error"], ratio["estimate"] * found["std_error"], 1e-6)
    fit = cm.logit(LOGIT, DATA, time=None, id="member")
    for kind, name in (("linear", "links"), ("probability", "chances")):
        found = fit.predictions(DATA[:6], kind=kind)
        np.testing.assert_allclose(found["estimate"], FIXTURE[name]["fit"], rtol=1e-6)
        np.testing.assert_allclose(found["std_error"], FIXTURE[name]["error"], rtol=1e-6)
    assert found["conf_low"].between(0, 1).all()


def test_sums_of_coefficients_against_r():
    fit = cm.cox("event ~ x + near + region", DATA, id="member", cluster="member")
    found = cm.linear_combination(fit, "x - near + 0.5*region[T.b]").iloc[0]
    assert found["estimate"] == pytest.approx(FIXTURE["lincom"]["estimate"], rel=1e-7)
    assert found["std_error"] == pytest.approx(FIXTURE["lincom"]["error"], rel=1e-7)
    again = cm.linear_combination(fit, {"x": 1, "near": -1, "region[T.b]": 0.5}).iloc[0]
    assert again["term"] == "x - near + 0.5*region[T.b]"
    assert again["p_value"] == found["p_value"]
    both = cm.linear_combination(fit, ["x", "-near"], exponentiate=True)
    assert both["estimate"].tolist() == pytest.approx(np.exp([1, -1] * fit.coefficients[:2]))
    assert cm.linear_combination(fit, "x", value=0.1)["estimate"].item() == pytest.approx(
        fit.coefficients[0] - 0.1
    )


@pytest.mark.parametrize(
    "wrong", ["x -", "x near", "2x", "x - nothing", "", "x - x", {"none": 1.0}, {"x": 0.0}, []]
)
def test_sums_that_are_none_are_refused(plain, wrong):
    with pytest.raises(cm.DataError, match=r"combination|no term"):
        cm.linear_combination(plain, wrong)


def test_likelihood_ratios_against_r(plain):
    larger = cm.cox("event ~ x + near + region", DATA, id="member")
    found = cm.lr_test(larger, plain)
    assert found["statistic"][1] == pytest.approx(FIXTURE["lr"]["cox"], rel=1e-7)
    assert found["df"][1] == 2
    logit = [cm.logit(f, DATA, time=None, id="member") for f in ("event ~ x", LOGIT)]
    assert cm.lr_test(*logit)["statistic"][1] == pytest.approx(FIXTURE["lr"]["logit"], rel=1e-7)


def test_fits_that_do_not_compare_are_refused(plain):
    gaps = DATA.assign(z=DATA["x"].where(DATA.index > 4))
    other = cm.cox("event ~ x + near + z2", gaps.assign(z2=gaps["z"] ** 2), id="member")
    with pytest.raises(cm.DataError, match="use other rows"):
        cm.lr_test(plain, other)
    with pytest.raises(cm.DataError, match="not nested: x of"):
        cm.lr_test(cm.cox("event ~ x", DATA, id="member"), cm.cox("event ~ near + region", DATA))
    with pytest.raises(cm.DataError, match="family 'cox' and 'logit'"):
        cm.lr_test(plain, cm.logit("event ~ x + near", DATA))
    with pytest.raises(cm.DataError, match="equally many"):
        cm.lr_test(plain, plain)
    with pytest.raises(cm.DataError, match="ties 'breslow'"):
        cm.lr_test(cm.cox("event ~ x", DATA, ties="breslow"), plain)
    firth = [cm.cox(f, DATA, penalty="firth") for f in ("event ~ x", "event ~ x + near")]
    with pytest.raises(cm.DataError, match="without a penalty"):
        cm.lr_test(*firth)
    robust = cm.cox("event ~ x", DATA, id="member", variance="robust")
    with pytest.warns(cm.CoalitionWarning, match="independent rows"):
        cm.lr_test(robust, plain)
