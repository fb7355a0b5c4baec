"""Cases of the kinds in the test suite of R's survival package, number by number.

``tests/fixtures/r/suite.R`` made the numbers on small data of our own, and ``SUITE.md`` beside it
says which case stands for which. A full case holds estimates, both covariances, likelihoods, score
test, all residuals, concordance, tests of proportional hazards, and curves with three kinds of
limits.
"""

from __future__ import annotations

import json
import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionError, CoalitionWarning
from coalition_models.kernels import residuals
from coalition_models.kernels.baseline import baseline_hazard
from coalition_models.kernels.cox import fit as fit_arrays
from coalition_models.models.fit import Fit

#: Cases that fail until a known fault is mended; empty once they are.
KNOWN_FAULTS: dict[str, str] = {}
#: levels of which one has hazards that are huge beside the others'
FAR_APART = (
    "strata-far-apart",
    "strata-far-apart-breslow",
    "late-entry-far-apart",
    "wars-calendar-year",
)

TESTS = Path(__file__).resolve().parent.parent
FOLDER = TESTS / "fixtures" / "r"
FIXTURE = json.loads((FOLDER / "suite_cox.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in FIXTURE["cases"]}
SMALL, TAME = FIXTURE["small"], FIXTURE["tame"]
#: 1e-8 of the number, or of the largest in its column; every exception has its reason
TOLERANCE = 1e-8
LOOSER = {
    # columns that agree to four digits: numbers hold 1e4 times the rounding of the sums
    "near-collinear-4": 1e-7,
}


def marked(*names: str) -> list[object]:
    """Parameters, those with a known fault marked as allowed to fail."""
    return [
        pytest.param(
            name, marks=pytest.mark.xfail(strict=False, reason=KNOWN_FAULTS[name])
        ) if name in KNOWN_FAULTS else name
        for name in names
    ]  # fmt: skip


def having(part: str) -> list[object]:
    return marked(*(name for name, case in CASES.items() if case.get(part)))


EVERY = marked(*CASES)


def test_the_list_of_cases_is_true():
    """Each of the 132 kinds names full cases, tests or files that exist; none is unlisted."""
    text = (FOLDER / "SUITE.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    kinds = [row for row in rows if not row[0].startswith("| :--")]
    assert len({row[0] for row in kinds}) == len(kinds) == 132
    named = {name for row in kinds for name in re.findall("`([^`]+)`", row[2])}
    tests = {p.name: p.read_text(encoding="utf-8") for p in TESTS.glob("*/test_r_suite*.py")}
    for name in named - set(CASES):
        file, _, test = name.partition("::")
        if not test:
            assert (FOLDER / file.partition(":")[0]).is_file(), name
            continue
        function, _, case = test.rstrip("]").partition("[")
        assert f"def {function}(" in tests[file], name
        assert not case or f'"{case}"' in tests[file] or case in SMALL["recipes"], name
    assert set(CASES) <= named


def frame(name: str) -> pd.DataFrame:
    return pd.DataFrame(FIXTURE["sets"][name])


def quiet(*arguments: object, **choices: object) -> Fit:
    """Fit; that clusters or events are few is said in a warning that other tests look at."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.cox(*arguments, **choices)


@cache
def fitted(name: str, clustered: bool = True) -> Fit:
    return fit_case(CASES[name], clustered)


def fit_case(case: dict, clustered: bool) -> Fit:
    options, data = dict(case["options"]), frame(case["set"])
    if not clustered and "cluster" in options:
        data = data[data[options.pop("cluster")].notna()]  # the same rows as with clusters
    return quiet("event ~ " + case["terms"], data, start=case["start"], **options)


def close(ours: object, theirs: object, tolerance: float = TOLERANCE, unit: object = None) -> None:
    """Compare relative to each number or, where that is larger, to the largest in its column."""
    mine, other = np.asarray(ours, dtype=float), np.array(theirs, dtype=float)
    assert mine.shape == other.shape
    assert (np.isnan(mine) == np.isnan(other)).all()
    size = np.nanmax(np.abs(other), axis=0) if unit is None else np.asarray(unit)
    allowed = tolerance * np.maximum(np.abs(other), size) + 1e-300
    gap = np.nan_to_num(np.abs(mine - other))
    assert (gap <= allowed)[~np.isnan(other)].all(), (
        f"worst {np.nanmax(gap / allowed):.3g} tolerances"
    )


def tolerance(name: str) -> float:
    return LOOSER.get(name, TOLERANCE)


@pytest.mark.parametrize("name", EVERY)
def test_estimates(name):
    r, ours = CASES[name], fitted(name)
    counts = ours.counts
    assert (counts.rows, counts.events) == (r["rows"], r["events"])
    errors = np.sqrt(np.diag(r["model"]))
    close(ours.coefficients, r["coefficients"], tolerance(name), errors)
    scale = np.outer(errors, errors)
    close(ours.model_covariance / scale, np.array(r["model"]) / scale, tolerance(name), 1.0)
    reported = np.sqrt(np.diag(r["reported"]))
    scale = np.outer(reported, reported)
    close(ours.covariance / scale, np.array(r["reported"]) / scale, tolerance(name), 1.0)


@pytest.mark.parametrize("name", EVERY)
def test_likelihood_and_its_kin(name):
    r, ours = CASES[name], fitted(name, clustered=False)
    close([ours.log_likelihood_null, ours.log_likelihood], r["loglik"])
    close(fit_arrays(ours.engine.prepared).score_test, r["score_test"], tolerance(name))
    glance = ours.glance().iloc[0]
    close([glance["aic"], glance["bic"]], [r["aic"], r["bic"]])
    close(glance["concordance"], r["concordance"])


@pytest.mark.parametrize("name", having("residuals"))
def test_residuals_of_rows(name):
    fit, r = fitted(name, clustered=False), CASES[name]["residuals"]
    rows, prepared = fit.augment(), fit.engine.prepared
    close(rows["martingale"], r["martingale"], tolerance(name), 1.0)
    close(rows["expected"], rows["event"] - r["martingale"], tolerance(name), 1.0)
    # a deviance residual near zero is the root of a difference of near-equal numbers
    near = np.abs(r["deviance"]) < 1e-3
    close(rows["deviance"][~near], np.array(r["deviance"])[~near], tolerance(name), 1.0)
    # where the linear predictor has its zero is a convention that differs between programs
    linear = rows["linear_predictor"].to_numpy()
    ours, theirs = (x - x[0] for x in (linear, np.array(r["linear"])))
    close(ours, theirs, tolerance(name), np.abs(theirs).max())
    if "score" in r:
        close(residuals.score_residuals(prepared, fit.coefficients), r["score"], tolerance(name))
        dfbeta = residuals.dfbeta(prepared, fit.coefficients, fit.model_covariance)
        close(dfbeta, r["dfbeta"], tolerance(name))


@pytest.mark.parametrize("name", having("residuals"))
def test_residuals_of_events(name):
    """Schoenfeld residuals; the order within a tie and of the strata is each program's own."""
    fit, r = fitted(name, clustered=False), CASES[name]["residuals"]
    if "schoenfeld" not in r:
        return
    at = (fit.engine.prepared, fit.coefficients)
    pairs = [(residuals.schoenfeld(*at), r["schoenfeld"])]
    if "scaled" in r:
        pairs.append((residuals.scaled_schoenfeld(*at, fit.model_covariance), r["scaled"]))
    for ours, theirs in pairs:
        other, times = np.array(theirs), np.array(r["schoenfeld_time"])
        unit = np.abs(other).max(axis=0)
        mine = in_order(ours.residuals, ours.times, unit)
        close(mine, in_order(other, times, unit), tolerance(name), [1e-12, *unit])


def in_order(values: np.ndarray, times: np.ndarray, unit: np.ndarray) -> np.ndarray:
    keys = (values / unit).round(6)
    return np.column_stack([times, values])[np.lexsort((*keys.T, times))]


@pytest.mark.parametrize("name", having("zph"))
def test_proportional_hazards(name):
    fit, tests = fitted(name, clustered=False), CASES[name]["zph"]
    for transform, r in tests.items():
        if r is None:  # R stops: singular
            continue
        with warnings.catch_warnings():  # a risk set that empties may be said
            warnings.simplefilter("ignore", CoalitionWarning)
            table = cm.check_ph(fit, transform).table
        close(table["statistic"], r["chisq"], tolerance(name), 1.0)
        close(table["df"], r["df"])
        close(table["p_value"], r["p"], tolerance(name), 1.0)


@pytest.mark.parametrize("name", having("curves"))
@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
def test_curves(name, interval):
    case, fit = CASES[name], fitted(name)
    used = frame(case["set"]).loc[fit.augment().index].reset_index(drop=True)
    for r in case["curves"]:
        row = used.iloc[[r["row"]]]
        strata = case["options"].get("strata")
        stratum = tuple(row[strata].iloc[0]) if strata else None
        begin = used[case["start"]].min() if case["start"] else 0.0
        path = row.assign(start=begin, stop=max(r["time"]))
        if strata:
            own = used[(used[strata] == row[strata].iloc[0]).all(axis=1)]
            path = path.assign(start=own[case["start"]].min() if case["start"] else 0.0)
        table = cm.predict_survival(fit, path, stratum=stratum, interval=interval).table
        steps = table[table["cumulative_hazard"].diff() > 0]
        close(steps["time"], r["time"], 1e-12)
        # R's own survival is lost where the mean of the covariates lies far from the curve's
        close(steps["survival"], r.get("survival", np.exp(-np.array(r["hazard"]))), tolerance(name))
        close(steps["cumulative_hazard"], r["hazard"], tolerance(name))
        close(steps["std_error"], r["error"], tolerance(name))
        limits = np.array(r["limits"][interval] if "limits" in r else [], dtype=float)
        if len(limits):
            close(steps[["conf_low", "conf_high"]], limits, tolerance(name), 1.0)


@pytest.mark.parametrize("name", FAR_APART)
def test_levels_far_apart_in_any_row_order(name):
    case, data = CASES[name], frame(CASES[name]["set"])
    orders = {"reversed": np.arange(len(data))[::-1], "shuffled": np.argsort(data.index * 7 % 5)}
    for order in orders.values():
        fit = quiet("event ~ year", data.iloc[order], **case["options"])
        close(fit.covariance, case["reported"])
        rows = fit.augment().sort_index()
        close(rows["martingale"], case["residuals"]["martingale"], TOLERANCE, 1.0)


@pytest.mark.parametrize("name", FAR_APART)
def test_cumulative_baseline_with_levels_far_apart(name):
    """Sums of the increments at the event times of each stratum, nothing carried over."""
    prepared = fitted(name).engine.prepared
    base = baseline_hazard(prepared, fitted(name).coefficients)
    by_stratum = pd.Series(base.hazard).groupby(base.strata).cumsum()
    if CASES[name]["options"].get("strata"):
        close(base.cumulative / by_stratum, np.ones(len(by_stratum)))
    else:
        close(base.cumulative, np.cumsum(base.hazard))


@pytest.mark.parametrize("case", marked("missing-stratum-with-id"))
def test_rows_without_a_stratum_are_dropped_whoever_they_are(case):
    r = SMALL["stratum_missing"]
    data = pd.DataFrame(r["data"])
    for id in (None, "id"):
        fit = quiet("event ~ x", data, strata="s", id=id)
        assert fit.counts.rows == 6
        close(fit.coefficients, r["coefficients"])
        close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"])
    panel = data.rename(columns={"id": "state"}).assign(coalition="c", spell=1)
    close(quiet("event ~ x", panel, strata="s").coefficients, r["coefficients"])


@pytest.mark.parametrize("case", marked("joint-wald-few-clusters"))
@pytest.mark.parametrize("variance", ["cluster", "jackknife"])
def test_no_joint_test_of_more_terms_than_clusters_allow(case, variance):
    """Three clusters give a covariance of rank 2, too little for a factor of six."""
    r = SMALL["wald"]
    assert r["rank"] == 2
    data = pd.DataFrame(r["data"])
    fit = quiet("event ~ f", data, cluster="c", variance=variance)
    close(fit.coefficients, r["coefficients"])
    joint_test_of_rank(fit, r["statistic"] if variance == "cluster" else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        binary = data.assign(event=data["binary"])
        other = cm.logit("event ~ f", binary, cluster="c", variance=variance, time=None)
    joint_test_of_rank(other)


def joint_test_of_rank(fit: Fit, statistic: float | None = None) -> None:
    """Refused in words, missing, or R's: of the rank's degrees of freedom."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        try:
            row = fit.test_terms().set_index("term").loc["f"]
        except CoalitionError as error:
            assert "cluster" in str(error)  # noqa: PT017
            return
    if np.isnan(row["statistic"]):
        assert np.isnan(row["p_value"])
        return
    assert row["df"] == 2
    assert 0 <= row["statistic"] < 1e3
    if statistic is not None:
        close(row["statistic"], statistic, 1e-6)


@pytest.mark.parametrize("case", marked("median-exact-half"))
def test_median_where_half_are_left_exactly(case):
    """The first time with half or fewer left; R then gives the middle of the flat piece."""
    for n, midpoint in zip(range(2, 121, 2), SMALL["halves"], strict=True):
        data = pd.DataFrame({"stop": range(1, n + 1), "event": 1})
        median = float(np.squeeze(cm.survival_curve(data, start=None).median()))
        assert median == n / 2, n
        assert float(np.squeeze(midpoint)) == n / 2 + 0.5
