"""Log-rank tests, weighted curves, restricted means: by hand, against R, by property, by abuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "logrank.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])


@pytest.mark.parametrize(("name", "strata"), [("plain", None), ("stratified", "region")])
def test_without_late_entry_it_is_survdiff(name, strata):
    found = cm.logrank(DATA, "group", strata=strata, start=None)
    expected = FIXTURE[name]
    assert found.statistic == pytest.approx(expected["statistic"], rel=1e-10)
    np.testing.assert_allclose(found.table["observed"], expected["observed"])
    np.testing.assert_allclose(found.table["expected"], expected["expected"], rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("late", {}),
        ("late_stratified", {"strata": "region"}),
        ("trend", {"strata": "region", "trend": True}),
    ],
)
def test_with_late_entry_it_is_the_score_test_with_exact_ties(name, options):
    found = cm.logrank(DATA[:40], "group", **options)
    assert found.statistic == pytest.approx(FIXTURE[name]["statistic"], rel=1e-9)
    assert found.df == FIXTURE[name]["df"]


@pytest.mark.parametrize(
    ("name", "options"),
    [("clustered", {}), ("trend_clustered", {"strata": "region", "trend": True})],
)
def test_clusters_against_r(name, options):
    found = cm.logrank(DATA, "group", cluster="block", **options)
    assert found.statistic == pytest.approx(FIXTURE[name]["robust"], rel=1e-9)
    assert "G = 15" in str(found)


def test_by_hand():
    # at 1: a, b, c, d at risk, a (of x) leaves: expected of x 1/2, variance 1/4; at 2: b (y) of
    # b, c, d leaves: 1/3, 2/9; at 3: c (x) of c, d: 1/2, 1/4
    rows = pd.DataFrame(
        {"start": 0, "stop": [1, 2, 3, 3], "event": [1, 1, 1, 0], "g": list("xyxy")}
    )
    found = cm.logrank(rows, "g")
    assert found.statistic == pytest.approx((2 - 4 / 3) ** 2 / (1 / 4 + 2 / 9 + 1 / 4))
    assert found.table["expected"].tolist() == pytest.approx([4 / 3, 5 / 3])


def test_cutting_rows_and_renaming_groups_change_nothing():
    whole = cm.logrank(DATA, "group", strata="region", cluster="block")
    rows = cm.split_rows(DATA, range(1, 30)).sample(frac=1, random_state=1)
    again = cm.logrank(rows.assign(group=2 - rows["group"]), "group", strata="region",
                       cluster="block")  # fmt: skip
    assert again.statistic == pytest.approx(whole.statistic, rel=1e-10)
    assert again.df == whole.df == 2


def test_ordered_categories_have_a_trend_and_words_have_none():
    words = DATA["group"].map({0: "small", 1: "middle", 2: "large"})
    with pytest.raises(cm.DataError, match="holds words"):
        cm.logrank(DATA.assign(size=words), "size", trend=True)
    order = pd.Categorical(words, ["small", "middle", "large"], ordered=True)
    found = cm.logrank(DATA.assign(size=order)[:40], "size", strata="region", trend=True)
    assert found.statistic == pytest.approx(FIXTURE["trend"]["statistic"], rel=1e-9)


def test_refused():
    with pytest.raises(cm.DataError, match="one value only"):
        cm.logrank(DATA.assign(group=1), "group")
    with pytest.raises(cm.DataError, match="group is missing in rows 3"):
        cm.logrank(DATA.assign(group=DATA["group"].where(DATA.index != 3)), "group")
    apart = pd.DataFrame({"start": [0, 5], "stop": [3, 8], "event": [1, 1], "g": ["a", "b"]})
    with pytest.raises(cm.DataError, match="never at risk together"):
        cm.logrank(apart, "g")
    with pytest.raises(cm.FitError, match="no event"):
        cm.logrank(DATA.assign(event=0), "group")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("weighted", {"weights": "weight"}),
        ("weighted_clustered", {"weights": "weight", "cluster": "block"}),
        ("clustered_curve", {"cluster": "block"}),
    ],
)
def test_weighted_and_clustered_curves_against_r(name, options):
    table = cm.survival_curve(DATA, **options).table
    gone = table["survival"].to_numpy() < 1e-12  # R prints nothing to rest limits on there
    for ours, theirs in (
        ("time", "time"), ("at_risk", "at_risk"), ("events", "events"), ("survival", "survival"),
        ("std_error", "std_error"), ("conf_low", "low"), ("conf_high", "high"),
    ):  # fmt: skip
        wanted = pd.to_numeric(pd.Series(FIXTURE[name][theirs]), errors="coerce").to_numpy()
        np.testing.assert_allclose(
            table[ours][~gone], wanted[~gone], rtol=1e-9, atol=1e-12, err_msg=ours
        )


def test_weights_of_zero_are_left_out_and_counted():
    data = DATA.assign(weight=DATA["weight"].where(DATA.index >= 7, 0))
    curve = cm.survival_curve(data, weights="weight")
    pd.testing.assert_frame_equal(curve.table, cm.survival_curve(DATA[7:], weights="weight").table)
    assert "Left out 7 rows of weight 0 in weight." in str(curve)
    with pytest.raises(cm.DataError, match="finite and not negative"):
        cm.survival_curve(DATA.assign(weight=-1), weights="weight")


def test_members_of_one_row_each_and_of_many_have_one_variance(iraq):
    weighted = iraq.assign(w=1.5)
    many = cm.survival_curve(weighted, weights="w").table
    whole = iraq.groupby(["coalition", "state", "spell"], as_index=False).agg(
        start=("start", "min"), stop=("stop", "max"), event=("event", "max")
    )
    one = cm.survival_curve(whole.assign(w=1.5), weights="w").table
    pd.testing.assert_frame_equal(many, one, check_dtype=False)


def test_restricted_means_against_r():
    found = cm.survival_curve(DATA, by="group").restricted_mean(12)
    np.testing.assert_allclose(found["mean"], FIXTURE["means"]["mean"], rtol=1e-10)
    np.testing.assert_allclose(found["std_error"], FIXTURE["means"]["error"], rtol=1e-10)
    found = cm.survival_curve(DATA, by="group", start=None).restricted_mean(12)
    np.testing.assert_allclose(found["mean"], FIXTURE["means_right"]["mean"], rtol=1e-10)
    np.testing.assert_allclose(found["std_error"], FIXTURE["means_right"]["error"], rtol=1e-10)


def test_clustered_restricted_mean_is_the_spread_of_its_change_through_each_cluster():
    found = cm.survival_curve(DATA, weights="weight", cluster="block").restricted_mean(12)
    assert found["mean"].item() == pytest.approx(FIXTURE["means_clustered"]["mean"])
    moves = []
    for block in DATA["block"].unique():
        step = 1e-5
        ends = []
        for sign in (1, -1):
            w = DATA["weight"] * np.where(DATA["block"] == block, 1 + sign * step, 1.0)
            curve = cm.survival_curve(DATA.assign(w=w), weights="w")
            ends.append(curve.restricted_mean(12)["mean"].item())
        moves.append((ends[0] - ends[1]) / (2 * step))
    assert found["std_error"].item() == pytest.approx(np.sqrt(np.sum(np.square(moves))), rel=1e-6)


def test_quantiles_against_r():
    found = cm.survival_curve(DATA, by="group").quantiles([0.2, 0.5])
    expected = FIXTURE["quantiles"]
    for ours, theirs in (("estimate", "estimate"), ("conf_low", "low"), ("conf_high", "high")):
        wanted = pd.to_numeric(pd.Series(np.ravel(expected[theirs])), errors="coerce")
        np.testing.assert_allclose(found[ours], wanted)


def test_horizons_and_shares_beyond_what_is_known_are_refused():
    curve = cm.survival_curve(DATA, by="group")
    with pytest.raises(cm.DataError, match="beyond the last time at risk"):
        curve.restricted_mean(1000)
    with pytest.raises(cm.DataError, match="must lie after 0"):
        curve.restricted_mean(0)
    with pytest.raises(cm.DataError, match="between 0 and 1"):
        curve.quantiles(1.0)
    with pytest.raises(cm.DataError, match="probabilities must be a list of numbers"):
        curve.quantiles("half")
    alone = cm.survival_curve(DATA).restricted_mean()
    assert alone["horizon"].item() == DATA["stop"].max()
