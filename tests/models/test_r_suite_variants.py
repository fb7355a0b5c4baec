"""Variants of the cases in ``test_r_suite.py``: scales, formulas, kinds of variance, large data."""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.kernels.baseline import baseline_hazard
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.cox import evaluate, prepare
from coalition_models.kernels.cox import fit as fit_arrays
from coalition_models.models.fit import Fit

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "suite_cox.json").read_text()
)
SMALL, TAME, KINDS = (FIXTURE[part] for part in ("small", "tame", "kinds"))
CASES = {case["name"]: case for case in FIXTURE["cases"]}
close = np.testing.assert_allclose


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(FIXTURE["sets"][name])


def quiet(*arguments: object, **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.cox(*arguments, **choices)


@pytest.mark.parametrize("case", ["scales", "far_means"])
def test_units_and_origins_of_covariates(case):
    """Columns of size 1e-8 and 1e8; years from 0 and numbers about 1e9."""
    r = TAME[case]
    fit = quiet("event ~ " + r["terms"], frame(r["set"]), start=None)
    # the columns themselves hold 7 digits beyond 1e9
    tolerance = 1e-8 if case == "scales" else 2e-6
    close(fit.coefficients, r["coefficients"], tolerance)
    close(fit.std_errors, r["errors"], tolerance)
    close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], 1e-8)
    close(cm.check_ph(fit).table["statistic"], r["zph"]["chisq"], tolerance)


@pytest.mark.parametrize("factor", [1e6, 1.0, 1e-6, 1e-9])
def test_unit_of_the_weights(factor):
    """Weights times c: the same coefficients and clustered errors, model errors / sqrt(c)."""
    r = TAME["weight_size"]
    data = frame("late").assign(w=lambda d: d["w"] * factor)
    fit = quiet("event ~ x1 + x2", data, weights="w", cluster="cl")
    close(fit.coefficients, r["coefficients"], 1e-8)
    close(np.sqrt(np.diag(fit.model_covariance) * factor), r["errors"], 1e-8)
    close(fit.std_errors, r["clustered"], 1e-8)


@pytest.mark.parametrize("r", FIXTURE["formulas"], ids=lambda r: r["ours"])
def test_spellings_of_a_formula(r):
    fit = quiet("event ~ " + r["ours"], frame("late"))
    close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], 1e-8)
    assert len(fit.coefficients) == len(r["coefficients"])
    if r["ours"] not in OTHER_BASES:
        close(sorted(fit.coefficients), sorted(r["coefficients"]), 1e-7, 1e-8)


#: the same space of columns in other coordinates than R's
OTHER_BASES = ("g / x1", "g:h + x1", "bs(x1, df=4)")


@pytest.mark.parametrize(
    ("kind", "choices"),
    [
        ("row", {"variance": "robust", "id": "row"}),
        ("id", {"variance": "robust", "id": "state"}),
        ("id", {"cluster": "state"}),
        ("two_way", {"cluster": ["state", "stop"]}),
        ("jackknife", {"cluster": "state", "variance": "jackknife"}),
    ],
)
def test_kinds_of_variance(kind, choices):
    data = frame("panel").assign(row=range(len(frame("panel"))))
    fit = quiet("event ~ x1 + x2", data, **choices)
    if kind == "two_way":
        close(fit.std_errors, KINDS[kind], 1e-8)
    else:
        close(fit.covariance, KINDS[kind], 1e-8, 1e-10)


def test_row_order_and_index_change_nothing():
    case = CASES["late-entry-everything"]
    data = frame(case["set"]).sample(frac=1, random_state=4)
    data.index = [f"row {i * 7 % 50}" for i in range(len(data))]
    fit = quiet("event ~ " + case["terms"], data, **case["options"])
    close(fit.coefficients, case["coefficients"], 1e-8)
    close(fit.covariance, case["reported"], 1e-8, 1e-10)


def test_types_of_columns_change_nothing():
    case = CASES["late-entry-everything"]
    data = frame(case["set"])
    data = data.assign(
        event=data["event"].astype("boolean"), stop=data["stop"].astype("Int64"),
        start=data["start"].astype("Int64"), x1=data["x1"].astype("Float64"),
        x2=data["x2"].astype("float32").astype("Float64").round(2),
        s=data["s"].astype("category"), cl=data["cl"].astype("string"),
        w=data["w"].astype("Float64"), o=data["o"].astype("Float64"),
    )  # fmt: skip
    fit = quiet("event ~ " + case["terms"], data, **case["options"])
    close(fit.coefficients, case["coefficients"], 1e-8)
    close(fit.covariance, case["reported"], 1e-8, 1e-10)


def test_rows_of_weight_zero_are_absent():
    case, data = CASES["zero-weights"], frame("zero_weights")
    choices = {"start": None, **case["options"]}
    fits = [quiet("event ~ x1 + x2", d, **choices) for d in (data, data[data["w"] > 0])]
    for fit in fits:
        close(fit.coefficients, case["coefficients"], 1e-8)
        close(fit.covariance, case["reported"], 1e-8, 1e-10)


def test_replicated_strata_and_useless_rows():
    """Three copies as strata triple the likelihood; a row at risk at no event changes nothing."""
    one = CASES["hand-counting-efron"]
    thrice, useless = CASES["strata-thrice-efron"], CASES["useless-row"]
    for name in ("strata-thrice-efron", "useless-row"):
        close(CASES[name]["coefficients"], one["coefficients"], 1e-10)
    close(thrice["loglik"], 3 * np.array(one["loglik"]), 1e-10)
    close(np.array(thrice["model"]) * 3, one["model"], 1e-10)
    close(useless["residuals"]["martingale"][-1], 0.0, atol=1e-12)
    fit = quiet("event ~ x", frame("hand_useless"))
    assert fit.augment()["martingale"].iloc[-1] == 0
    assert fit.engine.prepared.n_at_risk_rows == 8


def test_cut_rows_add_up_to_the_whole():
    whole = CASES["hand-efron"]
    data = frame("hand_cut")
    fit = quiet("event ~ x", data, id="id")
    close(fit.coefficients, whole["coefficients"], 1e-8)
    by_member = fit.augment().groupby(data["id"])["martingale"].sum()
    close(by_member, whole["residuals"]["martingale"], 1e-8, 1e-10)


def test_weights_are_copies_under_breslow():
    data = frame("hand")
    copies = data.loc[data.index.repeat(data["w"])].reset_index(drop=True)
    fit = quiet("event ~ x", copies, start=None, ties="breslow")
    r = CASES["hand-weighted-breslow"]
    close(fit.coefficients, r["coefficients"], 1e-8)
    close(fit.log_likelihood, r["loglik"][1], 1e-8)


def test_tidy_at_90_percent():
    r = SMALL["level90"]
    table = quiet("event ~ x1 + x2", frame("late")).tidy(level=0.9)
    close(table["statistic"], r["z"], 1e-8)
    close(table["p_value"], r["p"], 1e-8)
    close(table[["conf_low", "conf_high"]], r["limits"], 1e-8)


@pytest.mark.parametrize("case", SMALL["pairs"])
def test_counts_of_pairs(case):
    r, data = SMALL["pairs"][case], frame(SMALL["pairs"][case]["set"])
    score = data["x"] if "x" in data else np.round(data["x1"])
    prepared = prepare(
        data.get("start", pd.Series(0.0, data.index)), data["stop"], data["event"],
        np.asarray(score, dtype=float)[:, None],
        weights=data[r["weights"]] if r["weights"] else None,
        strata=data[r["strata"]] if r["strata"] else None,
    )  # fmt: skip
    found = concordance(prepared, score)
    counts = [found.concordant, found.discordant, found.tied_score]
    close(counts, r["counts"], 1e-9)
    close(found.value, r["value"], 1e-9)


def test_identical_rows_tie():
    """A score summed in another order may differ by rounding; pairs of equal rows are tied."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({f"v{j}": rng.integers(0, 3, 400) / 10 for j in range(4)})
    data = data.assign(start=0, stop=rng.integers(1, 30, 400), event=rng.integers(0, 2, 400))
    fit = quiet("event ~ v0 + v1 + v2 + v3", data)
    score = fit.predict().to_numpy()
    groups = pd.Series(score).groupby([data[f"v{j}"] for j in range(4)]).nunique()
    assert (groups == 1).all()
    whole = pd.Series(score).rank(method="dense").to_numpy()
    slow = _slow_concordance(data["stop"].to_numpy(), data["event"].to_numpy(), whole)
    close(fit.concordance, slow, 1e-12)


def _slow_concordance(stop: np.ndarray, event: np.ndarray, score: np.ndarray) -> float:
    good = total = 0.0
    for i in np.flatnonzero(event == 1):
        later = (stop > stop[i]) | ((stop == stop[i]) & (event == 0))
        total += later.sum()
        good += (score[i] > score[later]).sum() + 0.5 * (score[i] == score[later]).sum()
    return good / total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_baseline_at_zero(ties):
    data = frame("late")
    fit = quiet("event ~ x1 + x2", data, weights="w", ties=ties)
    base = baseline_hazard(fit.engine.prepared, fit.coefficients, at=np.zeros(2))
    close(base.cumulative, SMALL["baseline"][ties]["zero"], 1e-8)
    at_means = baseline_hazard(
        fit.engine.prepared, fit.coefficients, at=data[["x1", "x2"]].mean().to_numpy()
    )
    shift = np.exp(data[["x1", "x2"]].mean().to_numpy() @ fit.coefficients)
    close(at_means.cumulative, np.array(SMALL["baseline"][ties]["zero"]) * shift, 1e-8)


def test_two_infinite_coefficients_are_refused_by_name():
    r = SMALL["infinite"]
    data = pd.DataFrame(r["data"])
    with pytest.raises(FitError, match=r"x3"):
        quiet("event ~ x1 + x2 + x3", data, start=None)
    fit = quiet("event ~ x1 + x2 + x3", data, start=None, allow_nonconvergence=True)
    # the likelihood has its limit, which R reaches too
    close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], 1e-6)
    assert np.isnan(fit.std_errors[2])


def test_adjusted_curve_is_the_mean_of_the_predicted():
    r, data = SMALL["adjusted"], frame("right")
    fit = quiet("event ~ x1 + x2", data, start=None)
    ends = data.assign(start=0.0, stop=max(r["time"]), path=range(len(data)))
    table = cm.predict_survival(fit, ends, times=r["time"]).table
    close(table.groupby("time")["survival"].mean(), r["survival"], 1e-8)


def test_likelihoods_of_nested_fits():
    r, data = SMALL["nested"], frame("factors")
    fits = [quiet(f"event ~ {t}", data, start=None) for t in ("x1", "x1 + g")]
    close([fit.log_likelihood for fit in fits], r["loglik"], 1e-8)
    close(2 * (fits[1].log_likelihood - fits[0].log_likelihood), r["chisq"], 1e-7)


def test_predictions_for_new_rows():
    """Differences between rows, since the zero of a linear predictor is a convention."""
    r, data = SMALL["predictions"], frame("factors")
    fit = quiet("event ~ x1 * h + g", data, start=None)
    ours = fit.predict(data.iloc[r["rows"]]).to_numpy()
    close(ours - ours[0], np.array(r["linear"]) - r["linear"][0], 1e-8, 1e-10)
    ratio = fit.predict(data.iloc[r["rows"]], kind="ratio").to_numpy()
    close(ratio / ratio[0], np.exp(np.array(r["linear"]) - r["linear"][0]), 1e-8)
    close(
        quiet("event ~ x1 + x2", data, strata="s", start=None).augment()["expected"],
        r["expected"], 1e-8, 1e-10,
    )  # fmt: skip


def test_fine_and_gray_by_weights():
    """Weighted Cox rows give the subdistribution hazard; ``cmprsk::crr`` agrees without ties."""
    case = CASES["fine-gray"]
    fit = quiet("event ~ x1 + x2", frame("fine"), weights="w", cluster="id", id="id")
    close(fit.coefficients, case["coefficients"], 1e-8)
    # crr stops at its own tolerance
    close(fit.coefficients, SMALL["crr"]["coefficients"], 1e-5)


def test_stata_convention_on_clusters_that_cross_strata():
    case = CASES["repeated-total-time"]
    data = frame(case["set"])
    fit = quiet("event ~ treated + x1", data, strata="enum", cluster="id", convention="stata")
    other = quiet("event ~ treated + x1", data, strata="enum", cluster="id", ties="breslow")
    groups = data["id"].nunique()
    close(fit.coefficients, other.coefficients, 1e-12)
    close(fit.covariance, other.covariance * groups / (groups - 1), 1e-10)


@cache
def recipe(n: int, p: int, groups: int, clusters: int) -> pd.DataFrame:
    """The data that ``suite.R`` makes, by Park and Miller's generator, which is exact."""
    state, numbers = 20010912, np.empty(n * (p + 5))
    for i in range(numbers.size):
        state = state * 16807 % 2147483647
        numbers[i] = state
    u = (numbers / 2147483647).reshape(n, p + 5)
    data = pd.DataFrame(np.round(u[:, :p] * 200 - 100), columns=[f"x{j + 1}" for j in range(p)])
    start = np.floor(u[:, p] * 12)
    return data.assign(
        start=start,
        stop=start + 1 + np.floor(u[:, p + 1] * 24),
        event=(u[:, p + 2] * 100 < 25 + data["x1"] / 10).astype(int),
        s=np.floor(u[:, p + 3] * groups),
        cl=np.floor(u[:, p + 4] * clusters),
    )


@pytest.mark.parametrize("name", SMALL["recipes"])
def test_many_rows_columns_and_strata(name):
    """60,000 rows in 8 strata with 200 clusters; 40 columns; 15 strata."""
    r = SMALL["recipes"][name]
    n, p, groups, clusters = (int(v) for v in r["shape"])
    data = recipe(n, p, groups, clusters)
    assert [data["x1"].sum(), data["stop"].sum(), data["event"].sum()] == r["sums"]
    terms = " + ".join(f"x{j + 1}" for j in range(p))
    strata = "s" if groups > 1 else None
    fit = quiet(f"event ~ {terms}", data, strata=strata, cluster="cl")
    errors = np.array(r["model"])
    close((fit.coefficients - r["coefficients"]) / errors, 0, atol=1e-8)
    close(np.sqrt(np.diag(fit.model_covariance)), errors, 1e-8)
    close(fit.std_errors, r["clustered"], 1e-8)
    close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], 1e-10)
    close(fit_arrays(fit.engine.prepared).score_test, r["score_test"], 1e-8)
    close(fit.concordance, r["concordance"], 1e-10)
    close(fit.augment()["martingale"].head(20), r["martingale"], 1e-8)
    total = cm.check_ph(fit).table.iloc[-1][["statistic", "df", "p_value"]].astype(float)
    close(total, r["zph"], 1e-8)


@pytest.mark.parametrize("name", ["late-entry-everything", "panel-weights-breslow", "all-tied"])
def test_identities_of_the_residuals(name):
    """Weighted martingale and score residuals sum to zero; expected events to events."""
    from coalition_models.kernels import residuals

    case = CASES[name]
    fit = quiet("event ~ " + case["terms"], frame(case["set"]), start=case["start"],
                **case["options"])  # fmt: skip
    rows = fit.augment()
    weights = fit.engine.sample.weights
    w = np.ones(len(rows)) if weights is None else weights
    close(w @ rows["martingale"], 0, atol=1e-9)
    close(w @ residuals.score_residuals(fit.engine.prepared, fit.coefficients), 0, atol=1e-8)
    close(evaluate(fit.engine.prepared, fit.coefficients).score, 0, atol=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_times_equal_up_to_rounding_are_ties(ties):
    exact = frame("late")
    drifted = exact.assign(
        start=exact["start"] / 10 + 0.1 - 0.1,
        stop=[sum([0.1] * int(t)) if i % 2 else t / 10 for i, t in enumerate(exact["stop"])],
    )
    assert len(set(drifted["stop"])) > len(set(exact["stop"]))
    one, two = (quiet("event ~ x1 + x2", d, ties=ties) for d in (exact, drifted))
    close(one.coefficients, two.coefficients, 1e-10)
    close(two.std_errors, one.std_errors, 1e-10)
    if ties == "breslow":
        close(two.coefficients, CASES["late-entry-breslow"]["coefficients"], 1e-8)
    assert len(two.engine.prepared.event_times) == len(one.engine.prepared.event_times)


def test_one_event():
    """One event for one coefficient: the score is zero there, by its definition."""
    data = frame("few")
    one = data.assign(event=(data.index == data["stop"].sort_values().index[4]).astype(int))
    fit = quiet("event ~ x1", one, start=None)
    close(evaluate(fit.engine.prepared, fit.coefficients).score * fit.std_errors, 0, atol=1e-8)
