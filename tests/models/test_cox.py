"""Every guard of the Cox model shows its message, and the cures it names work."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from lifelines.datasets import load_rossi

from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.fit import Fit


def make_panel(states: int = 45, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(states):
        x = rng.normal(size=2)
        for t in range(int(rng.integers(0, 8)), 36):
            x = 0.8 * x + 0.6 * rng.normal(size=2)
            leaves = int(rng.random() < 0.03 * np.exp(0.5 * x[0]))
            rows.append(("iraq", f"S{number:02d}", 1, t, t + 1, leaves, *x, "abc"[number % 3]))
            if leaves:
                break
    names = ["coalition", "state", "spell", "start", "stop", "event", "risk", "cost", "region"]
    return pd.DataFrame(rows, columns=names)


PANEL = make_panel()
EVENTS = PANEL.index[PANEL["event"] == 1]


def changed(row: int, **values: object) -> pd.DataFrame:
    data = PANEL.copy()
    for name, value in values.items():
        if isinstance(value, float):
            data[name] = data[name].astype(float)
        data.loc[row, name] = value
    return data


def quiet(formula: str, data: pd.DataFrame = PANEL, **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cox(formula, data, **choices)


class TestEvent:
    def test_none(self):
        with pytest.raises(FitError, match=f"no event: column 'event' is 0 in all {len(PANEL)}"):
            cox("event ~ risk", PANEL.assign(event=0))

    def test_none_left_after_dropping(self):
        data = PANEL.assign(risk=PANEL["risk"].where(PANEL["event"] == 0))
        with pytest.raises(FitError, match="rows dropped for missing values"):
            cox("event ~ risk", data)

    def test_fewer_than_terms(self):
        data = PANEL.assign(event=0)
        data.loc[EVENTS[4], "event"] = 1
        with pytest.warns(CoalitionWarning, match="1 event for 2 coefficients"):
            fit = cox("event ~ risk + cost", data)
        assert "1 event for 2 coefficients" in str(fit)

    def test_one_and_two(self):
        with pytest.raises(DataError, match=r"coded 1 .*, 2 .*df\['event'\] == 2"):
            cox("event ~ risk", PANEL.assign(event=PANEL["event"] + 1))

    def test_zero_and_two(self):
        with pytest.raises(DataError, match=r"found 0 .*, 2 .*others than 0 and 1 in rows"):
            cox("event ~ risk", PANEL.assign(event=PANEL["event"] * 2))

    def test_fractions(self):
        with pytest.raises(DataError, match=r"found 0 .*0.5"):
            cox("event ~ risk", PANEL.assign(event=PANEL["event"] / 2))

    def test_words(self):
        data = PANEL.assign(event=np.where(PANEL["event"] == 1, "exit", "stay"))
        with pytest.raises(DataError, match=r"must hold 0 and 1 .*'stay', 'exit'"):
            cox("event ~ risk", data)

    def test_missing(self):
        with pytest.raises(DataError, match=r"'event' is missing in 1 row \(7\)"):
            cox("event ~ risk", changed(7, event=np.nan))

    @pytest.mark.parametrize("kind", ["bool", "boolean", "object", "float", "Int64", "uint8"])
    def test_codings_that_mean_the_same(self, kind):
        plain = cox("event ~ risk", PANEL)
        data = PANEL.copy()
        data["event"] = (
            (data["event"] == 1).astype(object) if kind == "object" else data["event"].astype(kind)
        )
        fit = cox("event ~ risk", data)
        np.testing.assert_array_equal(fit.coefficients, plain.coefficients)
        assert ("Boolean: True counts" in str(fit)) == (kind in ("bool", "boolean", "object"))


class TestTimes:
    def test_reversed_and_empty_in_one_message(self):
        data = changed(3, start=30.0)
        data.loc[9, "start"] = data.loc[9, "stop"]
        with pytest.raises(DataError, match="2 things keep") as caught:
            cox("event ~ risk", data)
        assert "1 row ends before it starts (row 3: (30, " in str(caught.value)
        assert "1 row has no length (row 9: (" in str(caught.value)

    def test_missing_and_infinite(self):
        with pytest.raises(DataError, match=r"'stop' is missing or infinite in 1 row \(4\)"):
            cox("event ~ risk", changed(4, stop=np.nan))
        with pytest.raises(DataError, match=r"'start' is missing or infinite in 1 row \(4\)"):
            cox("event ~ risk", changed(4, start=-np.inf))

    def test_dates(self):
        data = PANEL.assign(start=pd.Timestamp("2003-03-01"))
        with pytest.raises(DataError, match="'start' must hold numbers"):
            cox("event ~ risk", data)

    def test_absent(self):
        with pytest.raises(FormulaError, match=r"no such column: 'strat' \(nearest: "):
            cox("event ~ risk", PANEL, start="strat")


class TestHistories:
    def test_overlap(self):
        with pytest.raises(DataError, match=r"overlaps \(iraq S00 1 rows 1 and 2: \(") as caught:
            cox("event ~ risk", changed(2, start=float(PANEL.loc[2, "start"]) - 0.5))
        assert "tell members apart with id=" in str(caught.value)

    def test_copies(self):
        data = pd.concat([PANEL, PANEL.iloc[[3, 40]]], ignore_index=True)
        with pytest.raises(DataError, match="2 pairs of rows of one member stand twice"):
            cox("event ~ risk", data)

    def test_row_order_does_not_hide_overlaps(self):
        data = changed(2, start=float(PANEL.loc[2, "start"]) - 0.5).sample(frac=1, random_state=1)
        with pytest.raises(DataError, match="overlap"):
            cox("event ~ risk", data)

    def test_gaps_are_fine(self):
        fit = cox("event ~ risk", PANEL.drop(index=[1, 2, 3]))
        assert fit.counts.rows == len(PANEL) - 3

    def test_one_member_in_two_strata_at_once_is_fine(self):
        data = pd.concat([PANEL.assign(kind="full"), PANEL.assign(kind="partial")])
        data = data.reset_index(drop=True)
        assert cox("event ~ risk", data, strata="kind").counts.members == 45
        with pytest.raises(DataError, match="stand twice"):
            cox("event ~ risk", data)

    def test_without_id_a_note_says_so(self):
        data = PANEL[["start", "stop", "event", "risk"]]
        fit = cox("event ~ risk", data)
        assert "overlapping rows of one member were not looked for" in str(fit)
        assert "members not identified" in str(fit)

    def test_missing_id(self):
        with pytest.raises(DataError, match=r"id columns .* missing in rows 6"):
            cox("event ~ risk", changed(6, state=None))


class TestColumns:
    def test_constant(self):
        with pytest.raises(FitError, match=r"constant in the \d+ rows at risk .*: flat"):
            cox("event ~ risk + flat", PANEL.assign(flat=3.7))

    def test_constant_where_it_counts(self):
        # Varies only in rows that are at risk at no event time.
        times = PANEL.loc[EVENTS, "stop"].unique()
        data = PANEL.assign(idle=(~PANEL["stop"].isin(times)).astype(float) * PANEL["risk"])
        assert data["idle"].std() > 0
        with pytest.raises(FitError, match=r"constant .*: idle"):
            cox("event ~ risk + idle", data)

    def test_collinear(self):
        data = PANEL.assign(total=PANEL["risk"] + PANEL["cost"], other=PANEL["stop"] ** 0.5)
        with pytest.raises(FitError, match=r"collinear .*: risk, cost, total;"):
            cox("event ~ risk + cost + total", data)

    def test_nearly_collinear(self):
        data = PANEL.assign(twin=PANEL["risk"] + 1e-9 * PANEL["cost"])
        with pytest.raises(FitError, match=r"collinear .*: risk, twin;"):
            cox("event ~ risk + twin + cost", data)

    def test_absorbed_by_strata(self):
        with pytest.raises(FitError, match=r"no variation to use: region\[T.b\], region\[T.c\]"):
            cox("event ~ risk + region", PANEL, strata="region")

    def test_constant_in_all_strata(self):
        with pytest.raises(FitError, match=r"constant .*: flat"):
            cox("event ~ risk + flat", PANEL.assign(flat=3.7), strata="region")

    def test_strata_far_apart(self):
        """The wars of one century and the same wars 900 years earlier, in strata of their own."""
        rng = np.random.default_rng(1)
        year = 1848.0 + rng.integers(0, 20, 60)
        late = rng.exponential(1, 60) * np.exp(1858 - year)
        wars = pd.DataFrame({
            "start": 0, "stop": late.argsort().argsort() + 1, "year": year, "war": year % 2,
            "event": rng.integers(0, 2, 60), "size": rng.normal(size=60),
        })  # fmt: skip
        older = wars.assign(war=wars["war"] + 2)
        shifted = pd.concat([wars, older.assign(year=year - 900)], ignore_index=True)
        by_hand = pd.concat([wars, older], ignore_index=True)
        far, near = (cox("event ~ year + size", d, strata="war") for d in (shifted, by_hand))
        np.testing.assert_allclose(far.coefficients, near.coefficients, rtol=1e-10)
        np.testing.assert_allclose(far.covariance, near.covariance, rtol=1e-10)
        assert far.log_likelihood == pytest.approx(near.log_likelihood, rel=1e-12)
        columns = ["expected", "martingale", "deviance"]
        np.testing.assert_allclose(
            far.augment()[columns], near.augment()[columns], rtol=1e-9, atol=1e-12
        )
        curves = [
            predict_survival(fit, {"year": y, "size": 0.0}, times=[10, 40], stratum=war)
            for war, back in ((0.0, 0), (2.0, 900), (3.0, 900))
            for fit, y in ((far, 1850 - back), (near, 1850))
        ]
        for ours, theirs in zip(curves[::2], curves[1::2], strict=True):
            columns = ["survival", "conf_low", "conf_high"]
            np.testing.assert_allclose(ours.table[columns], theirs.table[columns], rtol=1e-9)

    def test_the_same_for_all_members_at_one_time(self):
        data = PANEL.assign(year=np.floor(PANEL["stop"] / 12) * 12 + PANEL["stop"])
        with pytest.raises(FitError, match="no variation to use: year"):
            cox("event ~ risk + year", data)

    def test_infinite(self):
        with pytest.raises(DataError, match=r"risk in 1 row \(5\)"):
            cox("event ~ risk", changed(5, risk=np.inf))

    def test_missing_values_are_counted(self):
        data = changed(5, risk=np.nan)
        data.loc[[5, 6], "cost"] = np.nan
        fit = cox("event ~ risk + cost", data)
        assert fit.counts.dropped == {"risk": 1, "cost": 2}
        assert fit.counts.rows == len(PANEL) - 2
        assert "dropped 2 with missing values (risk 1, cost 2)" in str(fit)

    @pytest.mark.parametrize(("factor", "shift"), [(1e8, 0), (1e-8, 0), (1, 1e7), (1e5, -1e9)])
    def test_wild_scales(self, factor, shift):
        plain = cox("event ~ risk + cost", PANEL)
        fit = cox("event ~ risk + cost", PANEL.assign(risk=PANEL["risk"] * factor + shift))
        assert fit.coefficients[0] * factor == pytest.approx(plain.coefficients[0], rel=1e-6)
        assert fit.std_errors[0] * factor == pytest.approx(plain.std_errors[0], rel=1e-6)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)


class TestSeparation:
    wall = PANEL.assign(wall=((PANEL["event"] == 0) & (PANEL["risk"] > 0.5)).astype(int))

    def test_is_an_error_that_names_the_rows(self):
        with pytest.raises(FitError, match=r"no event among the \d+ rows with wall = 1 \(rows"):
            quiet("event ~ cost + wall", self.wall, cluster="state")

    def test_no_robust_error_is_printed_on_request_either(self):
        with pytest.warns(CoalitionWarning, match="estimate of wall is infinite"):
            fit = cox("event ~ cost + wall", self.wall, cluster="state", allow_nonconvergence=True)
        assert not fit.converged
        assert np.isnan(fit.std_errors[1])
        assert np.isnan(fit.tidy()["p_value"][1])
        assert np.isfinite(fit.std_errors[0])
        assert "infinite" in str(fit)

    def test_firth_is_the_cure(self):
        fit = cox("event ~ cost + wall", self.wall, penalty="firth")
        row = fit.tidy().set_index("term").loc["wall"]
        assert -15 < row["conf_low"] < row["estimate"] < row["conf_high"] < 0
        assert row["p_value"] < 0.05

    def test_category(self):
        data = PANEL.assign(region=PANEL["region"])
        data.loc[(data.index % 13 == 0) & (data["event"] == 0), "region"] = "asia"
        with pytest.raises(FitError, match=r"no event among the \d+ rows with region\[T.asia\]"):
            cox("event ~ risk + region", data)

    def test_number_that_is_highest_at_every_event(self):
        data = PANEL.assign(omen=PANEL["event"] + 0.01 * PANEL["stop"])
        with pytest.raises(FitError, match="events has the highest omen among the rows at risk"):
            cox("event ~ cost + omen", data)

    def test_combination(self):
        data = PANEL.assign(
            one=PANEL["risk"], two=PANEL["event"] + 0.01 * PANEL["stop"] - PANEL["risk"]
        )
        with pytest.raises(FitError, match=r"a combination of one, two.*estimates of one, two are"):
            cox("event ~ one + two", data)

    def test_large_but_finite_effects_are_left_alone(self):
        rng = np.random.default_rng(1)
        data = pd.DataFrame({"start": 0, "x": rng.normal(size=300), "event": 1})
        data["stop"] = pd.Series(rng.exponential(np.exp(-6 * data["x"]))).rank()
        fit = cox("event ~ x", data)
        assert fit.converged
        assert fit.coefficients[0] == pytest.approx(6, abs=1.2)


class TestClusters:
    def test_one_cluster(self):
        with pytest.raises(FitError, match="'coalition' has one value only"):
            cox("event ~ risk", PANEL, cluster="coalition")

    def test_few(self):
        with pytest.warns(CoalitionWarning, match=r"3 clusters in region.*CR3.*t\(G-1\)"):
            cox("event ~ risk", PANEL, cluster="region")

    def test_many_are_not_warned_of(self):
        assert not cox("event ~ risk", PANEL, cluster="state").remarks

    def test_rows_without_cluster_are_dropped_and_counted(self):
        fit = cox("event ~ risk", changed(6, region=None), cluster="state", strata="region")
        assert fit.counts.dropped == {"region": 1}

    def test_clusters_are_counted_in_the_rows_used(self):
        data = PANEL.assign(risk=PANEL["risk"].where(PANEL["state"] != "S03"))
        assert cox("event ~ risk", data, cluster="state").counts.clusters == (44,)

    def test_labels_do_not_matter(self):
        one = cox("event ~ risk", PANEL, cluster="state")
        renamed = PANEL["state"].map(lambda s: 1000 - int(s[1:]))
        two = cox("event ~ risk", PANEL.assign(who=renamed), cluster="who")
        np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-12)

    def test_jackknife_is_the_spread_of_leave_one_out_fits(self):
        fit = cox("event ~ risk + cost", PANEL, cluster="state", variance="jackknife")
        assert "jackknife (CR3)" in str(fit)
        moves = np.array(
            [
                cox("event ~ risk + cost", PANEL[PANEL["state"] != s]).coefficients
                - fit.coefficients
                for s in PANEL["state"].unique()
            ]
        )
        np.testing.assert_allclose(fit.covariance, 44 / 45 * moves.T @ moves, rtol=1e-6)

    def test_jackknife_names_the_cluster_it_cannot_do_without(self):
        only = PANEL.loc[EVENTS[0], "state"]
        data = PANEL.assign(flag=0)
        data.loc[data["state"] == only, "flag"] = 1
        with pytest.raises(FitError, match=f"without {only} the model has no finite maximum"):
            quiet("event ~ risk + flag", data, cluster="state", variance="jackknife")

    @pytest.mark.parametrize(
        ("choices", "message"),
        [
            ({"variance": "cluster"}, "needs cluster='column'"),
            ({"variance": "jackknife", "cluster": ["state", "region"]}, "give one column"),
            ({"cluster": ["state", "region", "stop"]}, "one column or two"),
            ({"small_sample": True}, "no meaning with variance='model'"),
            ({"penalty": "firth", "cluster": "state"}, "no clustered form"),
            ({"cluster": 5}, "cluster must be a string or a list of strings"),
        ],
    )
    def test_refusals(self, choices, message):
        with pytest.raises(DataError, match=message):
            cox("event ~ risk", PANEL, **choices)


class TestWeights:
    def test_zero_is_absent(self):
        data = PANEL.assign(w=(PANEL.index % 7 != 0).astype(float))
        weighted = cox("event ~ risk", data, weights="w", cluster="state")
        absent = cox("event ~ risk", data[data["w"] > 0], cluster="state")
        np.testing.assert_allclose(weighted.covariance, absent.covariance, rtol=1e-12)
        assert weighted.counts.events == absent.counts.events
        assert weighted.counts.left_out == {"weight 0 in w": int((data["w"] == 0).sum())}

    @pytest.mark.parametrize("value", [-1.0, np.inf])
    def test_negative_and_infinite(self, value):
        with pytest.raises(DataError, match="finite and not negative; it is not in 2"):
            cox("event ~ risk", PANEL.assign(w=1.0).pipe(lambda d: d.assign(
                w=d["w"].where(d.index != 2, value))), weights="w")  # fmt: skip

    def test_words(self):
        with pytest.raises(DataError, match="weights column 'state' must hold numbers"):
            cox("event ~ risk", PANEL, weights="state")


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"ties": "discrete"}, "ties must be 'efron', 'breslow' or 'exact'"),
        ({"penalty": "ridge"}, "penalty must be None or 'firth'"),
        ({"convention": "SAS"}, "convention must be one of 'R', 'stata'"),
        ({"variance": "HC1"}, "variance must be one of model, robust, cluster, jackknife"),
    ],
)
def test_options_are_listed(choices, message):
    with pytest.raises(ValueError, match=message):
        cox("event ~ risk", PANEL, **choices)


def test_offset_shifts_the_linear_predictor():
    data = PANEL.assign(known=0.5 * PANEL["cost"])
    fit = cox("event ~ risk + cost", data, offset="known")
    plain = cox("event ~ risk + cost", data)
    np.testing.assert_allclose(fit.coefficients, plain.coefficients - [0, 0.5], rtol=1e-8)
    np.testing.assert_allclose(fit.predict(data), fit.augment()["linear_predictor"])
    assert "Offset: known" in str(fit)


def test_rows_at_risk_at_no_event_time_are_counted():
    fit = cox("event ~ risk", PANEL)
    idle = ~PANEL["stop"].isin(PANEL.loc[EVENTS, "stop"].unique())
    assert fit.counts.never_at_risk == int(idle.sum()) > 0
    assert f"{int(idle.sum())} of the rows used are at risk at no event time" in str(fit)


def test_plain_durations_against_lifelines():
    rows = load_rossi()
    theirs = CoxPHFitter().fit(rows[["week", "arrest", "fin", "age", "prio"]], "week", "arrest")
    fit = cox("arrest ~ fin + age + prio", rows, start=None, stop="week")
    np.testing.assert_allclose(fit.coefficients, theirs.params_, rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors, theirs.standard_errors_, rtol=1e-6)
    entered = cox("arrest ~ fin + age + prio", rows.assign(start=0), stop="week")
    np.testing.assert_array_equal(fit.coefficients, entered.coefficients)
    note = "every row enters at time 0 (start=None) and stands for a member of its own"
    assert note in fit.remarks
    assert list(fit.augment().columns[:2]) == ["week", "arrest"]


def test_plain_durations_need_rows_that_do_not_overlap():
    rows = load_rossi()
    with pytest.raises(FormulaError, match=r"no such column: 'start'.*give start=None and stop="):
        cox("arrest ~ fin", rows, stop="week")
    with pytest.raises(FormulaError, match=r"no such column: 'weeks' \(nearest: week\)"):
        cox("arrest ~ fin", rows, start=None, stop="weeks")
    twice = rows.assign(person=np.arange(len(rows)) // 2)
    with pytest.raises(DataError, match="pairs of rows of one member"):
        cox("arrest ~ fin", twice, start=None, stop="week", id="person")
    single = cox(
        "arrest ~ fin", rows.assign(person=rows.index), start=None, stop="week", id="person"
    )
    assert single.counts.members == len(rows)
    with pytest.raises(DataError, match=r"has no length .*at risk on \(0, week\]"):
        cox(
            "arrest ~ fin",
            rows.assign(week=rows["week"].where(rows.index > 0, 0)),
            start=None,
            stop="week",
        )


def test_survival_of_plain_durations():
    rows = load_rossi()
    fit = cox("arrest ~ fin", rows, start=None, stop="week")
    fixed = predict_survival(fit, {"fin": 1}, times=[52]).table["survival"].iloc[0]
    path = pd.DataFrame({"start": [0], "week": [52], "fin": [1]})
    assert predict_survival(fit, path, times=[52]).table["survival"].iloc[0] == fixed
