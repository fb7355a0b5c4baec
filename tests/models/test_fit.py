"""The result as a user reads it: columns, notes, predictions, displays."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from coalition_models.errors import CoalitionWarning, DataError, FormulaError
from coalition_models.inference.detection import detectable_effects
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.record import with_features, with_panel
from coalition_models.report.tables import table

TIDY = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
GLANCE = [
    "nobs", "members", "events", "time_at_risk", "clusters", "log_likelihood", "aic", "bic",
    "concordance", "ties", "variance", "convention", "converged",
]  # fmt: skip


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    rows = []
    for number in range(45):
        x = rng.normal()
        for t in range(int(rng.integers(0, 6)), 30):
            x = 0.8 * x + 0.6 * rng.normal()
            leaves = int(rng.random() < 0.04 * np.exp(0.5 * x))
            rows.append(("iraq", f"S{number:02d}", 1, t, t + 1, leaves, x, "abc"[number % 3]))
            if leaves:
                break
    frame = pd.DataFrame(
        rows,
        columns=["coalition", "state", "spell", "start", "stop", "event", "risk", "region"],
    )
    frame.loc[[2, 5], "risk"] = np.nan
    with_panel(frame, {"period": "month", "clock": "entry", "until": None, "dropped": [1]})
    frame["unused"] = 0
    made = {"risk": {"as_of": "start"}, "unused": {"as_of": "end"}}
    return with_features(frame, made, sources=["participation", "coalitions"])


@pytest.fixture(scope="module")
def fit(panel):
    return cox("event ~ risk + region", panel, cluster="state")


def test_tidy(fit):
    tidy = fit.tidy()
    assert list(tidy.columns) == TIDY
    np.testing.assert_allclose(tidy["statistic"], tidy["estimate"] / tidy["std_error"])
    np.testing.assert_allclose(tidy["p_value"], 2 * stats.norm.sf(abs(tidy["statistic"])))
    half = stats.norm.ppf(0.95) * tidy["std_error"]
    np.testing.assert_allclose(fit.tidy(level=0.9)["conf_low"], tidy["estimate"] - half)


def test_tidy_exponentiated(fit):
    plain, ratios = fit.tidy(), fit.tidy(exponentiate=True)
    for column in ("estimate", "conf_low", "conf_high"):
        np.testing.assert_allclose(ratios[column], np.exp(plain[column]))
    np.testing.assert_array_equal(ratios["std_error"], plain["std_error"])


def test_t_intervals_use_clusters_less_one(fit):
    tidy = fit.tidy(reference="t")
    half = stats.t.ppf(0.975, 44) * tidy["std_error"]
    np.testing.assert_allclose(tidy["conf_high"], tidy["estimate"] + half)
    np.testing.assert_allclose(tidy["p_value"], 2 * stats.t.sf(abs(tidy["statistic"]), 44))


def test_t_needs_clusters(panel):
    plain = cox("event ~ risk", panel)
    with pytest.raises(DataError, match="counts clusters"):
        plain.tidy(reference="t")
    with pytest.raises(ValueError, match="'normal' or 't'"):
        plain.tidy(reference="F")
    with pytest.raises(ValueError, match="level must lie between"):
        plain.tidy(level=95)


def test_terms_are_tested_together(fit):
    table = fit.test_terms().set_index("term")
    beta, V = fit.coefficients[1:], fit.covariance[1:, 1:]
    assert table.loc["region", "df"] == 2
    assert table.loc["region", "statistic"] == pytest.approx(beta @ np.linalg.inv(V) @ beta)
    assert table.loc["risk", "statistic"] == pytest.approx(fit.tidy()["statistic"][0] ** 2)
    by_t = fit.test_terms(reference="t").set_index("term")
    assert by_t.loc["region", "p_value"] > table.loc["region", "p_value"]


def test_glance(fit, panel):
    row = fit.glance()
    assert list(row.columns) == GLANCE
    row = row.iloc[0]
    complete = panel.dropna()
    assert row["nobs"] == len(complete) == row["time_at_risk"]
    assert row["events"] == complete["event"].sum()
    assert row["members"] == row["clusters"] == 45
    assert row["aic"] == pytest.approx(-2 * fit.log_likelihood + 6)
    assert row["bic"] == pytest.approx(-2 * fit.log_likelihood + 3 * np.log(row["events"]))
    assert (row["ties"], row["variance"], row["convention"]) == ("efron", "cluster", "R")


def test_augment(fit, panel):
    rows = fit.augment()
    assert rows.index.tolist() == panel.dropna().index.tolist()
    assert rows["martingale"].sum() == pytest.approx(0, abs=1e-10)
    np.testing.assert_allclose(rows["event"] - rows["expected"], rows["martingale"])
    assert (np.sign(rows["deviance"]) == np.sign(rows["martingale"])).all()


def test_predict(fit, panel):
    complete = panel.dropna()
    linear = fit.predict(complete)
    np.testing.assert_allclose(linear, fit.augment()["linear_predictor"])
    np.testing.assert_allclose(fit.predict(complete, kind="ratio"), np.exp(linear))
    pd.testing.assert_index_equal(fit.predict().index, complete.index)
    with pytest.raises(FormulaError, match="'z'"):
        fit.predict(complete.assign(region="z"))
    with pytest.raises(DataError, match="missing values"):
        fit.predict(panel)
    with pytest.raises(ValueError, match="'linear' or 'ratio'"):
        fit.predict(complete, kind="hazard")


def test_everything_prints_under_the_table(fit):
    text = str(fit)
    for words in (
        "Cox proportional hazards: event ~ risk + region",
        "Events 3",
        "members 45",
        "dropped 2 with missing values (risk 2)",
        "Ties: Efron",
        "clustered by state (G = 45), no small-sample factor",
        "Convention: R",
        "Panel: period month; clock entry; 1 spell left out",
        "Features: risk (as_of start)",
    ):
        assert words in text
    assert "unused" not in text
    assert "<table" in fit._repr_html_()
    assert fit.sources == ("participation", "coalitions")


def test_stata_is_breslow_and_the_factor(panel, fit):
    stata = cox("event ~ risk + region", panel, cluster="state", convention="stata")
    assert stata.choices.ties == "breslow"
    assert "times G/(G-1)" in str(stata)
    breslow = cox("event ~ risk + region", panel, cluster="state", ties="breslow")
    np.testing.assert_allclose(stata.covariance, breslow.covariance * 45 / 44, rtol=1e-10)
    mixed = cox("event ~ risk + region", panel, cluster="state", small_sample=True)
    np.testing.assert_allclose(mixed.covariance, fit.covariance * 45 / 44, rtol=1e-10)


def test_robust_sums_by_member(panel):
    robust = cox("event ~ risk", panel, variance="robust")
    by_state = cox("event ~ risk", panel, cluster="state")
    np.testing.assert_allclose(robust.covariance, by_state.covariance, rtol=1e-12)
    assert "scores summed by coalition, state, spell" in str(robust)


def test_headings_follow_the_estimator(panel):
    assert "hazard ratio" in cox("event ~ risk", panel).summary(exponentiate=True)
    assert "odds ratio" in logit("event ~ risk", panel).summary(exponentiate=True)


def test_fits_travel_between_processes(fit):
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.tidy(), fit.tidy())
    assert again.concordance == fit.concordance


def test_fits_do_not_change_the_data(panel):
    before = panel.copy()
    with pytest.warns(CoalitionWarning, match="3 clusters in region"):
        cox("event ~ risk", panel, cluster="region")
    pd.testing.assert_frame_equal(panel, before)
    assert panel.attrs == before.attrs


def test_profile_headings(panel):
    penalised = cox("event ~ risk", panel, penalty="firth")
    tidy = penalised.tidy()
    assert tidy["conf_low"][0] < tidy["estimate"][0] < tidy["conf_high"][0]
    assert "penalised profile likelihood" in str(penalised)


def test_row_labels_may_repeat(panel, fit):
    twice = panel.set_axis(np.zeros(len(panel), dtype=int))
    other = cox("event ~ risk + region", twice, cluster="state")
    np.testing.assert_array_equal(other.coefficients, fit.coefficients)
    assert (other.augment()["state"].to_numpy() == fit.augment()["state"].to_numpy()).all()
    assert len(logit("event ~ risk", twice).augment()) == fit.counts.rows


@pytest.mark.parametrize("kind", ["category", "string"])
def test_types_of_labels_do_not_matter(panel, fit, kind):
    typed = panel.astype({"state": kind, "coalition": kind, "region": kind})
    other = cox("event ~ risk + region", typed, cluster="state")
    np.testing.assert_allclose(other.covariance, fit.covariance, rtol=1e-12)
    assert other.names == fit.names


class TestPrint:
    def test_coefficients_stand_beside_their_ratios(self, fit):
        table = fit.to_table()
        assert list(table.header) == [
            "term", "coef (log hazard ratio)", "std. error", "z", "p", "exp(coef)", "95% low",
            "95% high",
        ]  # fmt: skip
        ratios = fit.tidy(exponentiate=True)
        shown = pd.DataFrame(list(table.rows), columns=list(table.header))
        for head, column in (("exp(coef)", "estimate"), ("95% low", "conf_low")):
            assert shown[head].tolist() == [f"{value:.3f}" for value in ratios[column]]
        assert "limits are those of exp(coef), the hazard ratio" in str(fit)

    @pytest.mark.parametrize(
        ("link", "coef", "ratio"),
        [
            ("logit", "coef (log odds)", "odds ratio"),
            ("cloglog", "coef (log hazard ratio)", "hazard ratio"),
        ],
    )
    def test_a_discrete_fit_has_no_ratio_for_time(self, panel, link, coef, ratio):
        fit = logit("event ~ risk", panel, link=link)
        assert fit.baseline_terms == ("Intercept", "stop/100", "(stop/100)^2", "(stop/100)^3")
        table = fit.to_table()
        assert table.header[1] == coef
        rows = {row[0]: row for row in table.rows}
        assert list(rows["stop/100"][5:]) == ["", "", ""]
        assert rows["stop/100"][1]
        assert all(rows["risk"])
        assert f"have no {ratio}" in str(fit)
        assert fit.to_table(exponentiate=True).header[1] == ratio

    def test_a_probit_has_no_ratio_at_all(self, panel):
        table = logit("event ~ risk", panel, link="probit").to_table()
        assert "exp(coef)" not in table.header
        assert table.header[1] == "coef (probit)"
        assert all(all(row) for row in table.rows)

    def test_lines_keep_to_a_hundred_characters(self, panel):
        long = "risk_of_everyone_who_was_near"
        named = panel.rename(columns={"risk": long})
        fits = [cox(f"event ~ {long}", named), logit(f"event ~ {long} + region", named)]
        for fit in fits:
            assert max(map(len, str(fit).splitlines())) <= 100
            assert "coef: log " in str(fit)


@pytest.fixture(scope="module")
def few(panel):
    return cox("event ~ risk", panel, cluster="state", variance="jackknife")


class TestReference:
    """The jackknife is read by t(G-1), everywhere, without being told."""

    def test_a_jackknife_goes_by_t(self, few, fit):
        assert (few.reference, fit.reference) == ("t", "normal")
        pd.testing.assert_frame_equal(few.tidy(), few.tidy(reference="t"))
        pd.testing.assert_frame_equal(fit.tidy(), fit.tidy(reference="normal"))
        assert few.tidy(reference="normal")["p_value"][0] < few.tidy()["p_value"][0]
        assert few.test_terms()["p_value"][0] == pytest.approx(few.tidy()["p_value"][0])
        assert "Student's t with 44 degrees of freedom" in str(few)
        assert few.to_table().header[3] == "t"
        assert "Student" not in few.to_table(reference="normal").text()

    def test_detectable_effects_go_by_the_same(self, few, fit):
        def multiple(one, **choices):
            found = detectable_effects(one, **choices)
            return (found["smallest"] / found["std_error"])[0]

        normal = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
        student = stats.t.ppf(0.975, 44) + stats.t.ppf(0.8, 44)
        assert multiple(fit) == pytest.approx(normal)
        assert multiple(few) == pytest.approx(student)
        assert multiple(few, reference="normal") == pytest.approx(normal)
        assert multiple(fit, reference="t") == pytest.approx(student)
        with pytest.raises(DataError, match="reference must be"):
            detectable_effects(fit, reference="F")


class TestTable:
    def test_terms_of_time_are_left_out_and_named(self, panel):
        fits = [cox("event ~ risk", panel), logit("event ~ risk", panel)]
        shown = table(fits, hazard_ratios=True)
        names = [row[0] for row in shown.rows]
        assert names[0] == "risk"
        assert not set(fits[1].baseline_terms) & set(names)
        left = "Estimated and not shown: Intercept, stop/100, (stop/100)^2, (stop/100)^3."
        assert left in shown.notes
        full = table(fits, baseline=True)
        assert {row[0] for row in full.rows} >= set(fits[1].baseline_terms)
        asked = table(fits, terms=["Intercept"])
        assert asked.rows[0][0] == "Intercept"


def test_a_table_says_when_it_goes_by_t(few):
    shown = table(few)
    assert "Tests and limits: Student's t with 44 degrees of freedom." in " ".join(shown.notes)
    low, high = few.tidy(reference="t")[["conf_low", "conf_high"]].iloc[0]
    assert shown.rows[1][1] == f"[{low:.3f}, {high:.3f}]"


class TestModel:
    """All terms at once; R's score tests stand in test_r_suite_many."""

    def test_each_test_is_what_it_says(self, panel):
        fit = cox("event ~ risk + region", panel)
        found = fit.test_model().set_index("test")
        ratio = 2 * (fit.log_likelihood - fit.log_likelihood_null)
        wald = fit.coefficients @ np.linalg.solve(fit.covariance, fit.coefficients)
        assert found["statistic"].tolist()[:2] == pytest.approx([ratio, wald])
        assert found["df"].tolist() == [3, 3, 3]
        np.testing.assert_allclose(found["p_value"], stats.chi2.sf(found["statistic"], 3))
        assert abs(found.loc["score", "statistic"] / ratio - 1) < 0.2

    def test_clustered_fits_say_which_tests_are_not(self, panel):
        found = cox("event ~ risk", panel, cluster="state").test_model()
        assert found["note"].tolist() == [
            "as if rows were independent",
            "",
            "as if rows were independent",
        ]

    @pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
    def test_the_score_of_a_two_by_two_table_is_pearsons(self, link):
        # 12 of 40 against 5 of 40: Pearson's chi-squared by hand
        df = pd.DataFrame({"x": [0, 1] * 40, "event": 0})
        df.loc[df["x"] == 1, "event"] = [1] * 12 + [0] * 28
        df.loc[df["x"] == 0, "event"] = [1] * 5 + [0] * 35
        fit = logit("event ~ x", df, time=None, link=link)
        score = fit.test_model().set_index("test").loc["score"]
        pearson = 80 * (12 * 35 - 5 * 28) ** 2 / (40 * 40 * 17 * 63)
        assert score.tolist()[:2] == pytest.approx([pearson, 1])

    def test_the_penalised_ratio_of_one_term_is_its_own(self, panel):
        for fit in (
            cox("event ~ risk", panel, penalty="firth"),
            logit("event ~ risk", panel, penalty="firth", time=None),
        ):
            found = fit.test_model()
            own = fit.tidy().set_index("term").loc["risk", "p_value"]
            assert found["test"].tolist() == ["penalised likelihood ratio"]
            assert found["p_value"].tolist() == pytest.approx([own], rel=1e-6)

    def test_a_fit_without_maximum_has_none(self):
        df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "event": [1, 1, 0, 0]})
        df["risk"] = [1.0, 1.0, 0.0, 0.0]
        with pytest.warns(CoalitionWarning):
            fit = cox("event ~ risk", df, allow_nonconvergence=True)
        with pytest.raises(DataError, match="finite maximum"):
            fit.test_model()


def test_values_of_a_coefficient(panel, fit):
    used = panel.dropna(subset=["risk"])
    np.testing.assert_array_equal(fit.values_of("risk"), used["risk"])
    with pytest.raises(DataError, match=r"no term 'nonsense'; it has risk"):
        fit.values_of("nonsense")
    assert fit.variables == ("region", "risk")
