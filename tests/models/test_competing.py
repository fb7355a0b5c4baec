"""Several hazards in one fit: kinds of exit and moves between states, against R and by property."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.errors import DataError, FitError

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
LATE = pd.DataFrame(FIXTURE["late"])
MOVES = pd.DataFrame(FIXTURE["moves"])

pytestmark = pytest.mark.filterwarnings("ignore:.*clusters in (state|group)")


@pytest.mark.parametrize("expected", FIXTURE["specific"], ids=str)
def test_cause_specific_against_a_stacked_fit_of_r(expected):
    fit = cm.cause_specific(
        "kind ~ x + z",
        LATE,
        id="member",
        ties=expected["ties"],
        weights="weight" if expected["weighted"] else None,
        cluster="state" if expected["kind"] == "cluster" else None,
    )
    assert fit.names == ("1: x", "1: z", "2: x", "2: z")
    np.testing.assert_allclose(fit.coefficients, expected["coef"], rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, expected["vcov"], rtol=1e-7, atol=1e-12)
    null, best = expected["loglik"]
    assert fit.log_likelihood == pytest.approx(best, rel=1e-10)
    assert fit.log_likelihood_null == pytest.approx(null, rel=1e-10)


def test_moves_against_r():
    expected = FIXTURE["transitions"]
    fit = cm.multistate("to ~ z", MOVES, id="member", cluster="state")
    order = [fit.names.index(f"{pair}: z") for pair in expected["pairs"]]
    np.testing.assert_allclose(fit.coefficients[order], expected["coef"], rtol=1e-9)
    ours = fit.covariance[np.ix_(order, order)]
    np.testing.assert_allclose(ours, expected["vcov"], rtol=1e-6, atol=1e-10)
    naive = fit.model_covariance[np.ix_(order, order)]
    np.testing.assert_allclose(naive, expected["naive"], rtol=1e-6, atol=1e-10)
    assert fit.log_likelihood == pytest.approx(expected["loglik"][1], rel=1e-10)


def test_every_variance_is_that_of_each_kind_on_the_diagonal():
    for options in (
        {"cluster": "state"},
        {"cluster": ["state", "group"]},
        {"cluster": "state", "variance": "jackknife"},
        {"variance": "robust"},
        {"cluster": "state", "convention": "stata"},
    ):
        both = cm.cause_specific("kind ~ x + z", LATE, id="member", **options)
        for place, kind in enumerate((1, 2)):
            event = LATE.assign(event=(LATE["kind"] == kind).astype(int))
            alone = cm.cox("event ~ x + z", event, id="member", **options)
            at = slice(2 * place, 2 * place + 2)
            np.testing.assert_allclose(both.coefficients[at], alone.coefficients, rtol=1e-10)
            np.testing.assert_allclose(both.covariance[at, at], alone.covariance, rtol=1e-9)


def test_comparison_of_causes_by_hand():
    fit = cm.cause_specific("kind ~ x + z", LATE, id="member", cluster="state")
    found = cm.compare_causes(fit)
    assert found["term"].tolist() == ["x", "z", "all terms"]
    assert found["df"].tolist() == [1, 1, 2]
    V, b = fit.covariance, fit.coefficients
    z = (b[2] - b[0]) / np.sqrt(V[0, 0] + V[2, 2] - 2 * V[0, 2])
    assert found["statistic"].iloc[0] == pytest.approx(z**2)
    assert found["p_value"].iloc[0] == pytest.approx(2 * stats.norm.sf(abs(z)))
    turned = cm.compare_causes(fit, ["2", "1"])
    np.testing.assert_allclose(turned["statistic"], found["statistic"])
    with pytest.raises(DataError, match="two or more of 1, 2"):
        cm.compare_causes(fit, "1")
    with pytest.raises(DataError, match=r"compare_causes\(\) is for cause_specific"):
        cm.compare_causes(cm.cox("event ~ x", LATE.assign(event=(LATE["kind"] > 0).astype(int))))


def test_labels_that_begin_alike_are_told_apart():
    words = LATE.assign(kind=LATE["kind"].map({0: "stays", 1: "own", 2: "own: late"}))
    fit = cm.cause_specific("kind ~ x + z", words, none="stays", id="member")
    plain = cm.cause_specific("kind ~ x + z", LATE.astype({"kind": float}), id="member")
    assert fit.names[2:] == ("own: late: x", "own: late: z")
    assert plain.names[2:] == ("2: x", "2: z")
    pd.testing.assert_frame_equal(cm.compare_causes(fit), cm.compare_causes(plain))


def test_rows_in_any_order_and_split_give_the_same():
    whole = cm.cause_specific("kind ~ z", LATE, id="member", cluster="state")
    shuffled = LATE.sample(frac=1, random_state=3)
    again = cm.cause_specific("kind ~ z", shuffled, id="member", cluster="state")
    np.testing.assert_allclose(whole.covariance, again.covariance, rtol=1e-9)
    merged = LATE.groupby(["member", "state", "z"], as_index=False).agg(
        start=("start", "min"), stop=("stop", "max"), kind=("kind", "last")
    )
    short = cm.cause_specific("kind ~ z", merged, id="member", cluster="state")
    np.testing.assert_allclose(whole.covariance, short.covariance, rtol=1e-9)


def test_a_chosen_kind_leaves_the_others_as_the_end_of_the_time_at_risk():
    fit = cm.cause_specific("kind ~ x", LATE, id="member", causes="2")
    both = cm.cause_specific("kind ~ x", LATE, id="member")
    assert fit.names == ("2: x",)
    assert fit.coefficients[0] == pytest.approx(both.coefficients[1])
    assert fit.counts.events == 16
    assert "not modelled: 1 (33 exits)" in str(fit)


def test_what_a_fit_tells_afterwards():
    fit = cm.cause_specific("kind ~ x + z", LATE, id="member", cluster="state")
    with pytest.raises(DataError, match="give kind= one of 'linear 1'"):
        fit.predict()
    event = LATE.assign(event=(LATE["kind"] == 2).astype(int))
    alone = cm.cox("event ~ x + z", event, id="member")
    np.testing.assert_allclose(fit.predict(kind="ratio 2"), alone.predict(kind="ratio"))
    told = fit.augment()
    np.testing.assert_allclose(told["martingale: 2"], alone.augment()["martingale"])
    assert sorted(told["kind"].unique()) == ["", "1", "2"]
    assert fit.test_model()["df"].tolist() == [4, 4, 4]
    assert 0.5 < fit.concordance < 1
    for refused in (cm.check_ph, lambda one: cm.predict_survival(one, {"x": [0]})):
        with pytest.raises(DataError, match="cause_specific"):
            refused(fit)
    moves = cm.multistate("to ~ z", MOVES, id="member").augment()
    assert moves["martingale: reduced to out"].isna().equals(MOVES["from"] == "full")
    assert moves["martingale: reduced to out"].sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"causes": ["1", "9"]}, "no such kind of exit: 9; there are 1, 2"),
        ({"kind": "gone"}, {}, "say which of them means"),
        ({}, {"penalty": "firth"}, "unexpected keyword"),
        ({}, {"data": LATE.iloc[:0]}, "have no rows"),
        ({}, {"data": pd.concat([LATE, LATE[["kind"]]], axis=1)}, "must be unique"),
        ({}, {"ties": "exact"}, "ties must be"),
        ({}, {"formula": "kind ~ kind"}, "both sides"),
    ],
)
def test_refusals(change, options, message):
    given = {"formula": "kind ~ x", "data": LATE.assign(**change), "id": "member", **options}
    with pytest.raises((DataError, cm.FormulaError, TypeError), match=message):
        cm.cause_specific(**given)


def test_kinds_without_enough_exits_are_named():
    rare = LATE.copy()
    rare.loc[rare.index[rare["kind"] == 2][1:], "kind"] = 0
    with pytest.raises(FitError, match=r"'2' happened once.*leave it out with causes="):
        cm.cause_specific("kind ~ x", rare, id="member")
    empty = LATE.assign(kind=pd.Categorical(LATE["kind"], categories=[0, 1, 2, 3]))
    fit = cm.cause_specific("kind ~ x", empty, none=0, id="member")
    assert "not modelled: 3 (0 exits)" in str(fit)
    with pytest.raises(DataError, match="kind 3 never happened"):
        cm.cause_specific("kind ~ x", empty, none=0, id="member", causes=["1", "3"])


def test_separation_names_the_kind():
    apart = LATE.assign(own=((LATE["kind"] == 1) | (LATE["member"] % 4 == 0)).astype(int))
    with pytest.raises(FitError, match=r"1: monotone likelihood.*own.*cox\(\.\.\., penalty"):
        cm.cause_specific("kind ~ own", apart, id="member")


def test_rows_after_an_exit_and_jumps_between_states_are_refused():
    first = LATE["member"] != LATE["member"].shift()
    with pytest.raises(DataError, match="not the last of their member"):
        cm.cause_specific("kind ~ x", LATE.assign(kind=first.astype(int)), id="member")
    wrong = MOVES.assign(**{"from": np.where(MOVES["start"] == 3, "reduced", MOVES["from"])})
    with pytest.raises(DataError, match="begin in another state"):
        cm.multistate("to ~ z", wrong, id="member")
    with pytest.raises(DataError, match="no move"):
        cm.multistate("to ~ z", MOVES.assign(to=MOVES["from"]), id="member")


def test_the_panel_of_the_page(root, iraq):
    """The example of docs/competing-exits.md, on a panel of this package."""
    page = (root / "docs" / "competing-exits.md").read_text(encoding="utf-8")
    lines = page.partition("```python\n")[2].partition("```")[0].splitlines()
    own = {"cm": cm, "panel": iraq.assign(election_near=(iraq["start"] + iraq["cow"]) % 5 < 2)}
    exec("\n".join(line for line in lines if "build_panel" not in line), own)
    assert own["fit"].names == ("early: election_near", "scheduled: election_near")
    assert own["fit"].counts.events == 35
    assert "not modelled: exogenous (1 exit)" in str(own["fit"])


def test_many_specifications_share_rows():
    specs = [
        cm.Specification("cause_specific", f"kind ~ {x}", id="member", cluster="state")
        for x in ("x", "z", "x + z")
    ]
    many = cm.fit_many(specs, LATE)
    for spec, fit in zip(specs, many, strict=True):
        alone = cm.fit(spec, LATE)
        np.testing.assert_allclose(fit.covariance, alone.covariance, rtol=1e-12)
