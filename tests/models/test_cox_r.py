"""Cox fits against R's survival package, number by number.

The fixtures and the R script that made them stand in ``tests/fixtures/r``. Every data set is fitted
with both tie rules, plain, stratified and weighted, with every kind of standard error.
"""

from __future__ import annotations

import json
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.kernels import residuals
from coalition_models.kernels.baseline import PathSurvival, baseline_hazard, path_survival
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.cox import Prepared, linear_predictor, prepare
from coalition_models.kernels.cox import fit as fit_arrays
from coalition_models.kernels.firth import fit_firth
from coalition_models.kernels.ph import ph_score_test, transform_times
from coalition_models.models.after.diagnostics import check_ph
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.fit import Fit

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "r"
SETS = sorted(path.stem.removeprefix("cox_") for path in FIXTURES.glob("cox_*.json"))
CASES = [
    pytest.param(name, ties, variant, id=f"{name}-{ties}-{variant}")
    for name in SETS
    for ties in ("efron", "breslow")
    for variant in ("plain", "strata", "weights")
]


@cache
def fixture(name: str) -> dict:
    return json.loads((FIXTURES / f"cox_{name}.json").read_text(encoding="utf-8"))


@cache
def frame(name: str) -> pd.DataFrame:
    data = pd.DataFrame(fixture(name)["data"])
    data["row"] = np.arange(len(data))
    data["tick"] = data["stop"].round(8)
    return data


def expected(name: str, ties: str, variant: str) -> dict:
    fits = fixture(name)["fits"]
    return next(f for f in fits if f["ties"] == ties and f["variant"] == variant)


@cache
def fitted(name: str, ties: str, variant: str, **choices: str) -> Fit:
    return _fit(name, ties, variant, choices)


def _fit(name: str, ties: str | None, variant: str, choices: dict) -> Fit:
    """Fit; that clusters or events are few is said in a warning that other tests look at."""
    data = frame(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cox(
            "event ~ " + " + ".join(fixture(name)["terms"]),
            data,
            id=choices.pop("id", "id"),
            strata="region" if variant == "strata" else None,
            weights="weight" if variant == "weights" else None,
            offset="exposure" if "exposure" in data else None,
            ties=ties,
            **choices,
        )


RESIDUALS = [case for case in CASES if "residuals" in expected(case.values[0], *case.values[1:])]
SURVIVAL = [case for case in CASES if "survival" in expected(case.values[0], *case.values[1:])]


def close(ours: object, theirs: object, tolerance: float, scale: object = 0.0) -> None:
    """Require a relative difference, or one relative to ``scale`` where a number is smaller."""
    mine = np.asarray(ours, dtype=float)
    other = np.array(theirs, dtype=float)
    assert mine.shape == other.shape
    assert (np.isnan(mine) == np.isnan(other)).all()
    allowed = tolerance * np.maximum(np.abs(other), np.asarray(scale, dtype=float))
    gap = np.abs(mine - other)
    known = ~np.isnan(other)
    assert (gap <= allowed)[known].all(), f"worst {np.nanmax(gap / allowed):.3g} tolerances"


def test_fixtures_are_what_they_claim():
    assert len(SETS) >= 12
    for name in SETS:
        record = fixture(name)
        assert record["versions"]["survival"].startswith("3.5")
        assert len(record["fits"]) == 6
    sizes = {len(fixture(name)["terms"]) for name in SETS}
    assert {1, 3, 20} <= sizes
    assert frame("missing_values").isna().any(axis=None)
    floats = frame("near_equal_floats")["stop"]
    assert floats.nunique() > floats.round(8).nunique()
    by_stratum = frame("one_event_strata").groupby("region")["event"].sum()
    assert {0, 1} <= set(by_stratum)
    assert frame("heavy_ties").query("event == 1").groupby("stop").size().max() > 5


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_coefficients_and_likelihood(name, ties, variant):
    ours, r = fitted(name, ties, variant), expected(name, ties, variant)
    assert ours.counts.events == r["events"]
    close(ours.coefficients, r["coefficients"], 1e-8, r["model_se"])
    close([ours.log_likelihood_null, ours.log_likelihood], r["loglik"], 1e-9)


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_standard_errors(name, ties, variant):
    r = expected(name, ties, variant)
    model = fitted(name, ties, variant)
    close(model.std_errors, r["model_se"], 1e-7)
    scale = np.outer(r["model_se"], r["model_se"])
    close(model.model_covariance / scale, np.array(r["vcov"]) / scale, 1e-7, 1.0)
    kinds = {
        "row_se": {"variance": "robust", "id": "row"},
        "id_se": {"variance": "robust"},
        "cluster_se": {"cluster": "state"},
    }
    for kind, choices in kinds.items():
        close(_fit(name, ties, variant, dict(choices)).std_errors, r[kind], 1e-7)


@pytest.mark.parametrize("name", SETS)
def test_stata_convention_is_breslow_and_a_factor(name):
    r = expected(name, "breslow", "plain")
    ours = _fit(name, None, "plain", {"cluster": "state", "convention": "stata"})
    groups = frame(name).dropna()["state"].nunique()
    close(ours.coefficients, r["coefficients"], 1e-8, r["model_se"])
    close(ours.std_errors, np.array(r["cluster_se"]) * np.sqrt(groups / (groups - 1)), 1e-7)


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_two_way_clusters(name, ties, variant):
    r = expected(name, ties, variant)
    two_way = _fit(name, ties, variant, {"cluster": ("state", "tick")})
    close(two_way.std_errors, r["two_way_se"], 1e-7)


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_proportional_hazards(name, ties, variant):
    fit, tests = fitted(name, ties, variant), expected(name, ties, variant)["ph"]
    for transform, r in tests.items():
        ours = check_ph(fit, transform).table
        assert ours["term"].tolist() == [*fixture(name)["terms"], "GLOBAL"]
        close(ours["statistic"], r["chisq"], 1e-6, 1e-6)
        close(ours["df"], r["df"], 0)
        close(ours["p_value"], r["p"], 1e-6)


@pytest.mark.parametrize(("name", "ties", "variant"), SURVIVAL)
def test_survival_along_paths(name, ties, variant):
    fit, r = fitted(name, ties, variant), expected(name, ties, variant)["survival"]
    rows = frame(name).dropna()
    for path in r["paths"]:
        own = rows[rows["id"] == path["id"]].sort_values("start")
        stratum = own["region"].iloc[0] if variant == "strata" else None
        gaps = np.flatnonzero(own["start"].to_numpy()[1:] > own["stop"].to_numpy()[:-1])
        if gaps.size:  # R bridges them in silence; what comes before the first can be compared
            with pytest.raises(DataError, match="has no rows for"):
                predict_survival(fit, own, stratum=stratum)
            own = own.iloc[: gaps[0] + 1]
        ours = predict_survival(fit, own, stratum=stratum).table
        # the first row is 1 at the start; a last one after every event stands at the path's end
        steps = ours[ours["cumulative_hazard"].diff() > 0]
        known = pd.DataFrame({k: path[k] for k in path if k in ours.columns}).iloc[: len(steps)]
        assert gaps.size or len(known) == len(path["time"])
        close(_elapsed(steps["time"].to_numpy(float), own), known["time"], 1e-12)
        for column in known.columns.drop("time"):
            close(steps[column], known[column], 1e-8 if column != "std_error" else 1e-7)


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_concordance(name, ties, variant):
    close(
        fitted(name, ties, variant).concordance, expected(name, ties, variant)["concordance"], 1e-9
    )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_jackknife_is_the_spread_of_refits_without_each_cluster(ties):
    r = expected("few_clusters", ties, "plain")
    moves = np.array(r["leave_one_out"]) - np.array(r["coefficients"])
    groups = len(moves)
    ours = _fit("few_clusters", ties, "plain", {"cluster": "state", "variance": "jackknife"})
    spread = (groups - 1) / groups * moves.T @ moves
    scale = np.sqrt(np.outer(np.diag(spread), np.diag(spread)))
    close(ours.covariance / scale, spread / scale, 1e-7, 1.0)


def _elapsed(times: np.ndarray, path: pd.DataFrame) -> np.ndarray:
    """R counts a path's time from the path's start and leaves its gaps out."""
    start, stop = path["start"].to_numpy(float), path["stop"].to_numpy(float)
    return (np.minimum(times[:, None], stop) - start).clip(min=0).sum(axis=1)


@pytest.mark.parametrize(("name", "ties", "variant"), RESIDUALS)
def test_augmented_rows(name, ties, variant):
    r = expected(name, ties, variant)["residuals"]
    ours = fitted(name, ties, variant).augment()
    rows = frame(name).dropna()
    assert ours.index.equals(rows.index)
    close(ours["martingale"], r["martingale"], 1e-8, 1.0)
    close(ours["deviance"], r["deviance"], 1e-7, 1.0)
    linear, theirs = ours["linear_predictor"].to_numpy(), np.array(r["linear_predictor"])
    if variant == "weights" or "exposure" in rows:
        # another origin: ours is the weighted mean of covariates, R takes the mean offset off
        linear, theirs = linear - linear.mean(), theirs - theirs.mean()
    close(linear, theirs, 1e-7, 1.0)
    close(ours["expected"], rows["event"] - np.array(r["martingale"]), 1e-8, 1.0)


@cache
def arrays(name: str, ties: str, variant: str) -> Prepared:
    """The same fit at the array entry, rows with missing values left out beforehand."""
    data = frame(name).dropna()
    return prepare(
        data["start"],
        data["stop"],
        data["event"],
        data[fixture(name)["terms"]],
        strata=data["region"] if variant == "strata" else None,
        weights=data["weight"] if variant == "weights" else None,
        offset=data.get("exposure"),
        ties=ties,
    )


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_array_entry(name, ties, variant):
    ours, r = fit_arrays(arrays(name, ties, variant)), expected(name, ties, variant)
    close(ours.coefficients, r["coefficients"], 1e-8, r["model_se"])
    close(np.sqrt(np.diag(ours.covariance)), r["model_se"], 1e-7)
    close([ours.log_likelihood_null, ours.log_likelihood], r["loglik"], 1e-9)
    close(ours.score_test, r["score_test"], 1e-9)


@pytest.mark.parametrize(("name", "ties", "variant"), RESIDUALS)
def test_row_residuals(name, ties, variant):
    data, r = arrays(name, ties, variant), expected(name, ties, variant)["residuals"]
    fit = fit_arrays(data)
    martingale = residuals.martingale(data, fit.coefficients)
    close(martingale, r["martingale"], 1e-8, 1.0)
    if "score" not in r:  # kept out of the fixture with twenty covariates, for its size
        return
    score = residuals.score_residuals(data, fit.coefficients)
    close(score, r["score"], 1e-8, np.abs(r["score"]).max(axis=0))
    dfbeta = residuals.dfbeta(data, fit.coefficients, fit.covariance)
    close(dfbeta, r["dfbeta"], 1e-7, np.abs(r["dfbeta"]).max(axis=0))


@pytest.mark.parametrize(("name", "ties", "variant"), RESIDUALS)
def test_event_residuals(name, ties, variant):
    """Schoenfeld residuals, plain and scaled; R's order within a tie is its own, so sort."""
    data, r = arrays(name, ties, variant), expected(name, ties, variant)["residuals"]
    fit = fit_arrays(data)
    plain = residuals.schoenfeld(data, fit.coefficients)
    scaled = residuals.scaled_schoenfeld(data, fit.coefficients, fit.covariance)
    close(plain.times, r["schoenfeld_time"], 1e-12)
    pairs = [(plain.residuals, r["schoenfeld"]), (scaled.residuals, r["scaled_schoenfeld"])]
    for ours, theirs in pairs:
        other = np.array(theirs)
        unit = np.abs(other).max(axis=0)
        mine, other = (_sorted(m, plain.strata, plain.times, unit) for m in (ours, other))
        close(mine, other, 1e-7, unit)


def _sorted(
    values: np.ndarray, strata: np.ndarray, times: np.ndarray, unit: np.ndarray
) -> np.ndarray:
    keys = (values / unit).round(6)
    return values[np.lexsort((*keys.T, times, strata))]


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_proportional_hazards_at_the_array_entry(name, ties, variant):
    data = arrays(name, ties, variant)
    beta = fit_arrays(data).coefficients
    tests = expected(name, ties, variant)["ph"]
    assert {"km", "rank", "identity"} <= set(tests)
    for transform, r in tests.items():
        ours = ph_score_test(data, beta, transform_times(data, transform))
        close([*ours.statistic, ours.global_statistic], r["chisq"], 1e-6, 1e-6)
        close([*ours.df, ours.global_df], r["df"], 0)
        close([*ours.p_value, ours.global_p_value], r["p"], 1e-6)


def check_curve(ours: PathSurvival, times: np.ndarray, r: dict) -> None:
    close(times, r["time"], 1e-12)
    close(ours.survival, r["survival"], 1e-8)
    close(ours.cumulative_hazard, r["cumulative_hazard"], 1e-8)
    if "std_error" in r:  # along paths from the delta method in R, see the script
        close(np.sqrt(ours.variance), r["std_error"], 1e-7)


@pytest.mark.parametrize(("name", "ties", "variant"), SURVIVAL)
def test_survival_along_paths_at_the_array_entry(name, ties, variant):
    data, r = arrays(name, ties, variant), expected(name, ties, variant)["survival"]
    fit = fit_arrays(data)
    rows, terms = frame(name).dropna(), fixture(name)["terms"]
    for path in r["paths"]:
        own = rows[rows["id"] == path["id"]].sort_values("start")
        ours = path_survival(
            data,
            fit.coefficients,
            fit.covariance,
            own["start"],
            own["stop"],
            own[terms],
            stratum=own["region"].iloc[0] if variant == "strata" else None,
            path_offset=own.get("exposure"),
        )
        check_curve(ours, _elapsed(ours.times, own), path)


@pytest.mark.parametrize(
    ("name", "ties", "variant"), [c for c in SURVIVAL if c.values[2] == "plain"]
)
def test_survival_at_fixed_values_and_baseline(name, ties, variant):
    data, r = arrays(name, ties, variant), expected(name, ties, variant)["survival"]
    fit = fit_arrays(data)
    fixed, terms = pd.DataFrame(r["fixed_rows"]), fixture(name)["terms"]
    for curve in r["fixed"]:
        row = fixed.iloc[[curve["row"] - 1]]
        begin, end = [data.event_times.min() - 1], [data.event_times.max()]
        ours = path_survival(
            data, fit.coefficients, fit.covariance, begin, end, row[terms],
            path_offset=row.get("exposure"),
        )  # fmt: skip
        check_curve(ours, ours.times, curve)
    base = baseline_hazard(data, fit.coefficients, at=np.zeros(len(terms)))
    theirs = dict(zip(r["baseline"]["time"], r["baseline"]["cumulative_hazard"], strict=True))
    # R's baseline stands at the mean offset, ours at offset zero
    shift = np.exp(frame(name)["exposure"].mean()) if "exposure" in frame(name) else 1.0
    close(base.cumulative * shift, [theirs[t] for t in base.times], 1e-8)


@pytest.mark.parametrize(("name", "ties", "variant"), CASES)
def test_concordance_at_the_array_entry(name, ties, variant):
    data = arrays(name, ties, variant)
    rows = frame(name).dropna()
    score = linear_predictor(data, fit_arrays(data).coefficients, rows[fixture(name)["terms"]])
    score += rows.get("exposure", 0.0)
    close(concordance(data, score).value, expected(name, ties, variant)["concordance"], 1e-9)


FIRTH = json.loads((FIXTURES / "firth_cox.json").read_text(encoding="utf-8"))["fits"]


@pytest.mark.parametrize("r", FIRTH, ids=[f"{r['name']}-{r['ties']}" for r in FIRTH])
def test_firth_against_direct_maximisation(r):
    """No package at hand fits it on start-stop rows: the R script maximises it by hand."""
    formula = "event ~ " + " + ".join(r["terms"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        ours = cox(formula, pd.DataFrame(r["data"]), id="id", ties=r["ties"], penalty="firth")
    close(ours.coefficients, r["coefficients"], 1e-8, r["model_se"])
    close(ours.std_errors, r["model_se"], 1e-7)
    errors = np.array(r["model_se"])[:, None]
    close(ours.tidy()[["conf_low", "conf_high"]], r["limits"], 1e-6, errors)
    at_risk = fit_firth(ours.engine.prepared)
    both = [at_risk.penalised_log_likelihood_null, at_risk.penalised_log_likelihood]
    close(both, r["loglik"], 1e-9)
