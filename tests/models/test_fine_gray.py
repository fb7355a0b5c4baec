"""Subdistribution hazards: against R, by hand and by property."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.kernels.subdistribution import expand

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
LATE = pd.DataFrame(FIXTURE["late"])
PLAIN = pd.DataFrame(FIXTURE["plain"])
GROUPS = "kind ~ x + I(group == 'b') + I(group == 'c')"

pytestmark = pytest.mark.filterwarnings("ignore:.*clusters in (state|member)")


def fitted(expected):
    options = {
        "cause": {"one": 1, "two": 2}[expected["etype"]],
        "id": "member",
        "ties": expected["ties"],
        "cluster": expected["cluster"],
    }
    if expected["data"] == "plain":
        return cm.fine_gray(GROUPS, PLAIN, start=None, **options)
    weights = "weight" if expected["weighted"] else None
    return cm.fine_gray("kind ~ x + z", LATE, changing="last", weights=weights, **options)


@pytest.mark.parametrize(
    "expected",
    FIXTURE["subdistribution"],
    ids=lambda e: f"{e['data']}-{e['etype']}-{e['ties']}-{e['weighted']}",
)
def test_against_finegray_and_coxph(expected):
    fit = fitted(expected)
    np.testing.assert_allclose(fit.coefficients, expected["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, expected["vcov"], rtol=1e-7)
    np.testing.assert_allclose(fit.model_covariance, expected["naive"], rtol=1e-7)
    null, best = expected["loglik"]
    assert fit.log_likelihood == pytest.approx(best, rel=1e-10)
    assert fit.log_likelihood_null == pytest.approx(null, rel=1e-10)


def test_crr_is_reached_by_its_own_rule():
    """Exits tied with censoring: R's two programs differ in the third digit."""
    crr, options = FIXTURE["crr"], {"cause": 1, "start": None, "id": "member", "ties": "breslow"}
    ours = cm.fine_gray(GROUPS, PLAIN, **options)
    np.testing.assert_allclose(ours.coefficients, crr["coef"], rtol=1e-2)
    assert not np.allclose(ours.coefficients, crr["coef"], rtol=1e-4)
    theirs = cm.fine_gray(GROUPS, PLAIN, censoring="crr", **options)
    np.testing.assert_allclose(theirs.coefficients, crr["coef"], rtol=1e-7)
    np.testing.assert_allclose(theirs.std_errors, np.sqrt(np.diag(crr["vcov"])), rtol=1e-2)
    assert "weights for censoring as in crr" in str(theirs)


#: minus twice the log-likelihood without covariates, by kind of exit, as SAS printed it; and R's
LEADERS = {1: ("1679.628", "1679.997"), 2: ("307.7666", "307.4837"), 3: ("1769.981", "1769.325")}


@pytest.mark.parametrize("kind", LEADERS)
def test_published_likelihoods_of_leaders(mirror, kind):
    """Bienen and van de Walle (1991) in the teaching print; whole years, hence many ties."""
    leaders = pd.read_csv(mirror / "leader-exits.txt", sep=r"\s+", na_values=".")
    leaders = leaders.dropna(subset=["age"]).assign(stop=lambda d: d["years"] + 1)
    for text, rule in zip(LEADERS[kind], ("phreg", "finegray"), strict=True):
        fit = cm.fine_gray(
            "lost ~ manner", leaders, cause=kind, start=None, ties="breslow", censoring=rule
        )
        digits = len(text.partition(".")[2])
        assert f"{-2 * fit.log_likelihood_null:.{digits}f}" == text


def test_weights_by_hand():
    # One leaves otherwise at 1, one is censored at 2 among three at risk, events at 3 and 4: from
    # then on the first stands for 2/3. Somebody enters at 2, where two of those who entered
    # at 0 are at risk: at 1 two thirds had entered by then, later everybody.
    ones = np.ones(4, dtype=bool)
    plain = expand(np.zeros(4), np.array([1.0, 2, 3, 4]), np.array([2, 0, 1, 1]), ones, ones)
    np.testing.assert_allclose(plain.weight[4:], [2 / 3])
    assert (plain.start[4], plain.stop[4], plain.rows[4]) == (1, 4, 0)
    late = expand(
        np.array([0.0, 0, 0, 2]), np.array([1.0, 3, 4, 5]), np.array([2, 1, 1, 1]), ones, ones
    )
    np.testing.assert_allclose(late.weight[4:], [1 / (2 / 3)])


def test_without_other_exits_it_is_a_cox_model():
    data = LATE.assign(kind=(LATE["kind"] == 1).astype(int))
    ours = cm.fine_gray("kind ~ z", data, cause=1, id="member", cluster="state")
    cox = cm.cox("kind ~ z", data, id="member", cluster="state")
    np.testing.assert_allclose(ours.coefficients, cox.coefficients, rtol=1e-12)
    np.testing.assert_allclose(ours.covariance, cox.covariance, rtol=1e-10)
    assert "no other exits" in str(ours)


def test_rows_merged_shuffled_and_rescaled_give_the_same():
    ours = cm.fine_gray("kind ~ z", LATE, cause=2, id="member", cluster="state")
    merged = LATE.groupby(["member", "state", "z"], as_index=False).agg(
        start=("start", "min"), stop=("stop", "max"), kind=("kind", "last")
    )
    shuffled = LATE.sample(frac=1, random_state=4)
    scaled = LATE.assign(start=LATE["start"] / 7 + 3, stop=LATE["stop"] / 7 + 3)
    for other in (merged, shuffled, scaled):
        again = cm.fine_gray("kind ~ z", other, cause=2, id="member", cluster="state")
        np.testing.assert_allclose(ours.coefficients, again.coefficients, rtol=1e-9)
        np.testing.assert_allclose(ours.covariance, again.covariance, rtol=1e-8)


def test_a_group_alone_compares_cumulative_incidence():
    """Without covariates the weighted hazard adds up to the Aalen-Johansen curve."""
    curve = cm.cumulative_incidence(LATE, "kind", id="member").table
    own = curve[curve["kind"] == "1"]
    first = (LATE["member"] != LATE["member"].shift()).to_numpy()
    last = (LATE["member"] != LATE["member"].shift(-1)).to_numpy()
    start, stop = (LATE[name].to_numpy(dtype=float) for name in ("start", "stop"))
    made = expand(start, stop, LATE["kind"].to_numpy(), first, last)
    share = 1.0
    for time, incidence in zip(own["time"], own["incidence"], strict=True):
        at_risk = (made.start < time) & (made.stop >= time)
        events = (made.event == 1) & (made.stop == time)
        share *= 1 - events.sum() / made.weight[at_risk].sum()
        assert 1 - share == pytest.approx(incidence, abs=1e-12)


def test_jackknife_weighs_anew_without_each_cluster():
    fit = cm.fine_gray(
        "kind ~ z", LATE, cause=1, id="member", cluster="state", variance="jackknife"
    )
    states = sorted(LATE["state"].unique())
    moves = []
    for state in states:
        rest = LATE[LATE["state"] != state]
        moves.append(cm.fine_gray("kind ~ z", rest, cause=1, id="member").coefficients[0])
    spread = np.sum((np.array(moves) - fit.coefficients[0]) ** 2)
    factor = (len(states) - 1) / len(states)
    assert fit.covariance[0, 0] == pytest.approx(factor * spread, rel=1e-7)
    assert fit.reference == "t"


def test_what_a_fit_tells_afterwards():
    fit = cm.fine_gray("kind ~ x + z", LATE, cause=1, id="member", changing="last")
    assert fit.choices.variance == "robust"
    assert "keeps the value of the last row" in str(fit)
    told = fit.augment()
    assert told["martingale"].sum() == pytest.approx(0, abs=1e-9)
    new = fit.predict(pd.DataFrame({"x": [0.0, 1.0], "z": 0.0}))
    assert new.diff().iloc[1] == pytest.approx(fit.coefficients[0])
    assert 0.5 < fit.concordance < 1
    assert fit.test_model()["df"].tolist() == [2, 2, 2]
    with pytest.raises(DataError, match="fine_gray"):
        cm.predict_survival(fit, {"x": [0]})


def test_changing_terms_are_refused_by_name():
    with pytest.raises(DataError, match=r"x changes within members.*changing='last'"):
        cm.fine_gray("kind ~ x + z", LATE, cause=1, id="member")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cause": 3}, "no such kind of exit: 3"),
        ({"changing": "first"}, "changing must be None or 'last'"),
        ({"ties": "exact"}, "ties must be"),
        ({"censoring": "stata"}, "censoring must be one of finegray, crr, phreg"),
        ({"censoring": "crr"}, "members who all enter at one time"),
        ({"variance": "profile"}, "variance must be one of"),
    ],
)
def test_refusals(options, message):
    given = {"cause": 1, "id": "member", **options}
    with pytest.raises((DataError, FitError), match=message):
        cm.fine_gray("kind ~ z", LATE, **given)


def test_gaps_and_an_empty_risk_set_are_refused():
    with_gap = LATE[LATE["start"] != 9]
    with pytest.raises(DataError, match="gaps between their rows"):
        cm.fine_gray("kind ~ z", with_gap, cause=1, id="member")
    apart = pd.DataFrame(
        {
            "start": [0, 0, 0, 5, 5, 5],
            "stop": [1, 2, 3, 7, 8, 9],
            "kind": [2, 1, 2, 1, 1, 0],
            "z": [0, 1, 0, 1, 0, 1],
        }
    )
    with pytest.raises(FitError, match="nobody is at risk for a while after 3"):
        cm.fine_gray("kind ~ z", apart.assign(who=apart.index), cause=1, id="who")
    holes = LATE.assign(z=LATE["z"].where(LATE.index != 3))
    with pytest.raises(DataError, match=r"1 missing value left rows out.*Fill the gaps"):
        cm.fine_gray("kind ~ z", holes, cause=1, id="member")


def test_rows_need_an_id_that_says_whose_they_are():
    with pytest.raises(DataError, match="id= must say which rows are of one member"):
        cm.fine_gray("kind ~ z", LATE, cause=1)


@pytest.mark.slow
def test_known_effects_are_found():
    """Fine and Gray's own design: the share of one kind follows a proportional subdistribution."""
    rng = np.random.default_rng(5)
    found, covered = [], []
    for _ in range(200):
        z = rng.normal(size=400)
        share = 1 - (1 - 0.5) ** np.exp(0.6 * z)
        own = rng.random(400) < share
        u = rng.random(400)
        at = 1 - (1 - u * share) ** np.exp(-0.6 * z)
        time = np.where(own, -np.log(1 - at / 0.5), rng.exponential(size=400))
        time = time.round(5) + 1e-5
        entry = rng.uniform(0, 0.4, size=400).round(5)
        end = rng.uniform(0.8, 3, size=400).round(5)
        data = pd.DataFrame(
            {
                "start": entry,
                "stop": np.minimum(time, end),
                "kind": np.where(time > end, 0, np.where(own, 1, 2)),
                "z": z,
                "who": np.arange(400),
            }
        )
        fit = cm.fine_gray("kind ~ z", data[data["stop"] > data["start"]], cause=1, id="who")
        low, high = fit.tidy()[["conf_low", "conf_high"]].iloc[0]
        found.append(fit.coefficients[0])
        covered.append(low < 0.6 < high)
    assert np.mean(found) == pytest.approx(0.6, abs=0.02)
    assert 0.90 <= np.mean(covered) <= 0.99
