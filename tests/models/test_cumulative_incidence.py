"""Cumulative incidence of competing exits: by hand, by property and against R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.models.after.incidence import cumulative_incidence

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
LATE = pd.DataFrame(FIXTURE["late"])
PLAIN = pd.DataFrame(FIXTURE["plain"])

CASES = {
    "late_loglog": (LATE, {"id": "member"}),
    "late_log": (LATE, {"id": "member", "interval": "log"}),
    "late_plain": (LATE, {"id": "member", "interval": "plain"}),
    "late_groups": (LATE, {"id": "member", "by": "group"}),
    "late_weights": (LATE, {"id": "member", "weights": "weight"}),
    "plain": (PLAIN, {"id": "member", "start": None}),
}


def read(values) -> np.ndarray:
    """Numbers of R, whose missing ones are words in JSON."""
    return np.array([[np.nan if v == "NA" else float(v) for v in row] for row in values])


@pytest.mark.parametrize("case", CASES)
def test_against_r(case):
    data, options = CASES[case]
    expected = FIXTURE["incidence"][case]
    table = cumulative_incidence(data, "kind", **options).table
    for place, (_, ours) in enumerate(table.groupby("kind", sort=False)):
        np.testing.assert_allclose(ours["time"], expected["time"])
        if "weights" not in options:  # R counts rows
            np.testing.assert_allclose(ours["at_risk"], expected["at_risk"])
        if "group" in ours:
            assert ours["group"].tolist() == expected["group"]
        for name, theirs in (
            ("incidence", "share"),
            ("std_error", "std_error"),
            ("conf_low", "low"),
            ("conf_high", "high"),
        ):
            numbers_of_r = read(expected[theirs])[:, place]
            known = np.isfinite(numbers_of_r) & ~((ours["incidence"] == 0).to_numpy())
            np.testing.assert_allclose(ours[name][known], numbers_of_r[known], rtol=1e-9)
            assert known.sum() > len(ours) / 2


def test_clusters_against_r():
    expected = FIXTURE["incidence"]["late_cluster"]
    table = cumulative_incidence(LATE, "kind", id="member", cluster="state").table
    ours = table["std_error"].to_numpy().reshape(2, -1).T
    np.testing.assert_allclose(ours, expected["std_error"], rtol=1e-9, atol=1e-14)


def test_clustered_errors_by_hand():
    """Without censoring the curve is a weighted share, whose errors sum residuals by cluster."""
    weight, kind = np.array([1.0, 2.0, 1.0, 3.0, 1.0]), np.array([1, 2, 1, 1, 2])
    data = pd.DataFrame({"stop": [1, 2, 3, 4, 5], "kind": kind, "w": weight, "c": list("aabbc")})
    found = cumulative_incidence(data, "kind", start=None, weights="w", cluster="c").at([3])
    gone = np.array([1.0, 0, 1, 0, 0])
    share = weight @ gone / 8
    moved = np.bincount([0, 0, 1, 1, 2], weights=weight * (gone - share) / 8)
    assert found["incidence"][0] == pytest.approx(2 / 8)
    assert found["std_error"][0] == pytest.approx(np.sqrt((moved**2).sum()), rel=1e-12)


@pytest.mark.parametrize("cluster", [None, "state"])
def test_errors_are_the_jackknife_of_the_weighted_curve(cluster, jackknife_of_weights):
    """Each member or cluster is given a little more and a little less weight."""
    options = {"id": "member", "weights": "weight"}

    def curve(data: pd.DataFrame) -> np.ndarray:
        return cumulative_incidence(data, "kind", **options).table["incidence"].to_numpy()

    errors = jackknife_of_weights(LATE, cluster or "member", curve)
    found = cumulative_incidence(LATE, "kind", cluster=cluster, **options).table
    np.testing.assert_allclose(found["std_error"], errors, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("case", "groups"), [("three", "abc"), ("two", "ab")])
def test_grays_test_against_cmprsk(case, groups):
    data = PLAIN[PLAIN["group"].isin(list(groups))]
    found = cumulative_incidence(data, "kind", "group", start=None, id="member").test()
    expected = np.array(FIXTURE["gray"][case])
    np.testing.assert_allclose(found["statistic"], expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(found["p_value"], expected[:, 1], rtol=1e-8)
    np.testing.assert_array_equal(found["df"], expected[:, 2])


def test_by_hand():
    # At 2: 3 at risk, one leaves by itself: 1/3; at 3: 4 at risk (two entered at 2), one by the
    # end: 2/3 * 1/4 = 1/6; at 4: 3 at risk, one by itself: 1/3 + 1/2 * 1/3; at 5: 1/6 + 1/3 * 1/2.
    data = pd.DataFrame(
        {"start": [0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 5], "exit": [2, 1, 2, 0, 1]}
    )
    table = cumulative_incidence(data, "exit").table
    one, two = (table.loc[table["kind"] == kind, "incidence"] for kind in "12")
    np.testing.assert_allclose(one, [0, 1 / 6, 1 / 6, 1 / 3], atol=1e-15)
    np.testing.assert_allclose(two, [1 / 3, 1 / 3, 1 / 2, 1 / 2])


def test_kinds_add_up_to_the_share_that_left():
    alone = LATE.assign(event=(LATE["kind"] > 0).astype(int))
    survival = cm.survival_curve(alone).table["survival"]
    table = cumulative_incidence(LATE, "kind", id="member").table
    left = table.groupby("time")["incidence"].sum()
    np.testing.assert_allclose(1 - left, survival, atol=1e-12)


def test_columns_words_and_codes_say_the_same():
    words = LATE.assign(
        how=LATE["kind"].map({0: "stays", 1: "b own", 2: "c end"}),
        own=(LATE["kind"] == 1).astype(int),
        end=LATE["kind"] == 2,
    )
    codes = cumulative_incidence(LATE, "kind", id="member")
    spelled = cumulative_incidence(words, "how", none="stays", id="member")
    columns = cumulative_incidence(words, ["own", "end"], id="member")
    assert spelled.kinds == ("b own", "c end")
    assert columns.kinds == ("own", "end")
    for other in (spelled, columns):
        pd.testing.assert_frame_equal(
            codes.table.drop(columns="kind"), other.table.drop(columns="kind")
        )


def test_splitting_rows_and_their_order_change_nothing():
    whole = LATE.groupby("member").agg(
        start=("start", "min"), stop=("stop", "max"), kind=("kind", "last")
    )
    split = LATE.sample(frac=1, random_state=1)
    ours = cumulative_incidence(whole.reset_index(), "kind", id="member").table
    pd.testing.assert_frame_equal(
        ours, cumulative_incidence(split, "kind", id="member").table, check_dtype=False
    )


def test_a_kind_that_never_happened_is_said():
    data = LATE.assign(kind=pd.Categorical(LATE["kind"], categories=[0, 1, 2, 3]))
    curve = cumulative_incidence(data, "kind", id="member", none=0)
    assert (curve.table.loc[curve.table["kind"] == "3", "incidence"] == 0).all()
    assert "No exit of kind 3" in str(curve)


def test_at_chosen_times():
    curve = cumulative_incidence(PLAIN, "kind", start=None, id="member")
    at = curve.at([0.5, 3, 100])
    assert at["incidence"].tolist()[0] == 0
    assert at["incidence"].iloc[2] == curve.table.loc[curve.table["kind"] == "1"].iloc[-1, 4]
    assert curve.at_risk([0, 3])["all"].tolist() == [160, int((PLAIN["stop"] >= 3).sum())]
    assert "<table" in curve._repr_html_()


def test_a_group_without_an_exit_is_told_all_the_same():
    data = LATE.assign(kind=np.where(LATE["group"] == "b", 0, LATE["kind"]))
    curve = cumulative_incidence(data, "kind", "group", id="member")
    at = curve.at([30])
    assert at["group"].tolist() == ["a", "a", "b", "b"]
    assert (at.loc[at["group"] == "b", "incidence"] == 0).all()
    assert "No exit, so incidence stays 0: b" in str(curve)


def test_an_emptied_risk_set_is_said():
    data = pd.DataFrame({"start": [0, 0, 5], "stop": [2, 2, 7], "kind": [1, 2, 1]})
    with pytest.warns(CoalitionWarning, match="everyone at risk had left at 2"):
        cumulative_incidence(data, "kind")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"kind": 0}, {}, "no exit of any kind"),
        ({"kind": "gone"}, {}, r"say which of them means that nothing happened"),
        ({"kind": "gone"}, {"none": "stay"}, "none='stay' is no value"),
        ({"kind": None}, {}, "how a row ended must be known"),
        ({"stop": 0}, {}, "no length|ends before"),
        ({"weight": -1.0}, {"weights": "weight"}, "not negative"),
        ({}, {"interval": "logit"}, "interval must be one of log-log, log"),
        ({}, {"by": "nothing"}, "no such column"),
        ({}, {"event": ["x", "z"]}, "must hold 0 and 1"),
        ({}, {"event": ["early", "early2"]}, "end in two kinds of exit"),
    ],
)
def test_refusals(change, options, message):
    early = (LATE["kind"] == 1).astype(int)
    data = LATE.assign(early=early, early2=early).assign(**change)
    given = {"event": "kind", "id": "member", **options}
    with pytest.raises((DataError, cm.FormulaError), match=message):
        cumulative_incidence(data, **given)


def test_rows_after_an_exit_are_refused():
    data = LATE.assign(member=LATE["member"] // 71)
    data = data.drop_duplicates(["start"]).sort_values("start")
    with pytest.raises(DataError, match="not the last of their member"):
        cumulative_incidence(data.assign(kind=1), "kind", id="member")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "group"}, "late entry"),
        ({"by": "group", "weights": "weight"}, "case weights"),
        ({"by": "group", "cluster": "state"}, "clusters"),
        ({}, "give by="),
    ],
)
def test_grays_test_says_where_it_is_not_known(options, message):
    curve = cumulative_incidence(LATE, "kind", id="member", **options)
    with pytest.raises(DataError, match=f"Gray's test .*{message}.*fine_gray"):
        curve.test()


#: printed share, standard error and limits of constitutional exit by years completed
PRINTED = {
    0: ("0.07762557", "0.01278554", "0.05222287", "0.1023474"),
    1: ("0.11255708", "0.01515195", "0.08235733", "0.1417629"),
    2: ("0.14863765", "0.01716106", "0.11432934", "0.1816170"),
    3: ("0.19095540", "0.01912731", "0.15258442", "0.2275889"),
}


def test_published_curve_of_leaders(mirror):
    """Bienen and van de Walle (1991) in the teaching print: leaders leaving by the constitution."""
    leaders = pd.read_csv(mirror / "leader-exits.txt", sep=r"\s+", na_values=".")
    leaders = leaders.dropna(subset=["age"]).assign(stop=lambda d: d["years"] + 1)
    curve = cumulative_incidence(leaders, "lost", start=None, interval="complement")
    own = curve.at([year + 1 for year in PRINTED]).query("kind == '1'")
    for printed, row in zip(PRINTED.values(), own.itertuples(), strict=True):
        ours = (row.incidence, row.std_error, row.conf_low, row.conf_high)
        for text, value in zip(printed, ours, strict=True):
            assert f"{value:.{len(text) - 2}f}" == text
