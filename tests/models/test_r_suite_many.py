"""Many fits: bootstrap weights and random small data against R, separation against an LP."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.kernels.batch import fit_many_weights
from coalition_models.kernels.cox import fit as fit_arrays
from coalition_models.kernels.cox import prepare
from coalition_models.models.fit import Fit

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "r"
FIXTURE = json.loads((FOLDER / "suite_many.json").read_text())
FULL = {c["name"]: c for c in json.loads((FOLDER / "suite_cox.json").read_text())["cases"]}
SETS = json.loads((FOLDER / "suite_cox.json").read_text())["sets"]
FUZZ = FIXTURE["fuzz"]
close = np.testing.assert_allclose


def quiet(*arguments: object, **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.cox(*arguments, **choices)


@pytest.fixture(params=["numba", "numpy"])
def engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_NUMBA", "1" if request.param == "numpy" else "0")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("r", FIXTURE["batch"], ids=lambda r: f"{r['ties']}-{r['strata']}")
def test_bootstrap_weights_against_a_loop_in_r(r):
    """Weights 0 to 4 by row, and draws of clusters with replacement, with clustered variances."""
    data = pd.DataFrame(FIXTURE["data"])
    prepared = prepare(
        data["start"], data["stop"], data["event"], data[["x1", "x2"]], ties=r["ties"],
        strata=data[r["strata"]] if r["strata"] else None,
    )  # fmt: skip
    theirs = np.array(r["rows"])
    ours = fit_many_weights(prepared, FIXTURE["rowwise"])
    assert ours.converged.all()
    close(ours.coefficients, theirs[:, :2], 1e-8, 1e-10)
    close(ours.variance_model, theirs[:, 2:4], 1e-8)
    close(ours.log_likelihood, theirs[:, 6], 1e-10)
    theirs = np.array(r["clusters"])
    weights = FIXTURE["clusterwise"]
    ours = fit_many_weights(prepared, weights, clusters=data["cl"], clustered=True)
    close(ours.coefficients, theirs[:, :2], 1e-8, 1e-10)
    close(ours.variance_model, theirs[:, 2:4], 1e-8)
    # a cluster drawn twice is one cluster of twice the weight, here as in R
    close(ours.variance_cluster, theirs[:, 4:6], 1e-8)
    close(ours.log_likelihood, theirs[:, 6], 1e-10)


def fitted(r: dict, **more: object) -> Fit:
    return quiet("event ~ " + r["terms"], pd.DataFrame(r["data"]), **r["options"], **more)


def test_random_data_are_of_many_kinds():
    assert len(FUZZ) == 60
    used = [key for r in FUZZ for key in r["options"]]
    assert {"weights", "strata", "offset"} <= set(used)
    assert {len(r["data"]["stop"]) for r in FUZZ} >= {8, 12, 20, 25}


@pytest.mark.parametrize("r", FUZZ, ids=lambda r: str(r["seed"]))
def test_random_data(r, monkeypatch):
    """6 to 26 rows with ties, late entry, weights, offsets, strata and clusters.

    Every third by plain numpy.
    """
    monkeypatch.setenv("COALITION_MODELS_NO_NUMBA", str(int(FUZZ.index(r) % 3 == 0)))
    fit = fitted(r)
    errors = np.array(r["model"])
    close((fit.coefficients - r["coefficients"]) / errors, 0, atol=1e-8)
    close(fit.std_errors, errors, 1e-8)
    close([fit.log_likelihood_null, fit.log_likelihood], r["loglik"], 1e-9)
    close(fit_arrays(fit.engine.prepared).score_test, r["score_test"], 1e-8, 1e-12)
    close(fit.concordance, r["concordance"], 1e-9)
    close(fit.augment()["martingale"], r["martingale"], 1e-8, 1e-9)
    if r["clustered"] is not None:
        clustered = np.array(r["clustered"], dtype=float)
        # a clustered error is a sum that may cancel: relative to the model's
        close(fitted(r, cluster="cl").std_errors / errors, clustered / errors, 1e-8, 1e-9)
    if r["zph"] is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CoalitionWarning)
            table = cm.check_ph(fit, "identity").table
        close(table["statistic"], r["zph"], 1e-7, 1e-8)


@pytest.mark.parametrize(
    "name",
    ["hand-weighted-efron", "late-entry-everything", "panel-weights-cluster-offset-strata",
     "wlw-cluster-crosses-strata", "all-tied", "repeated-total-time", "risk-set-empties"],
)  # fmt: skip
def test_without_numba(name, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_NUMBA", "1")
    r = FULL[name]
    data = pd.DataFrame(SETS[r["set"]])
    fit = quiet("event ~ " + r["terms"], data, start=r["start"], **r["options"])
    errors = np.sqrt(np.diag(r["model"]))
    close((fit.coefficients - r["coefficients"]) / errors, 0, atol=1e-8)
    unit = np.outer(errors, errors)
    close(fit.covariance / unit, r["reported"] / unit, 1e-8, 1e-9)
    close(fit.augment()["martingale"], r["residuals"]["martingale"], 1e-8, 1e-9)
    close(fit.concordance, r["concordance"], 1e-9)


def verdict(rows: pd.DataFrame, terms: list[str]) -> str:
    """By every pair in a risk set: can a direction put each event above all others at risk?"""
    X = rows[terms].to_numpy(dtype=float)
    differences = []
    for i in np.flatnonzero(rows["event"] == 1):
        t, s = rows["stop"].iloc[i], rows["s"].iloc[i]
        risk = (rows["start"] < t) & (rows["stop"] >= t) & (rows["s"] == s)
        differences.append(X[i] - X[risk.to_numpy()])
    z = np.unique(np.vstack(differences), axis=0)
    if np.linalg.matrix_rank(z) < len(terms):
        return "aliased"
    m, p = z.shape
    # maximise the sum of u over 0 <= u <= 1, u <= z d, with d bounded
    found = linprog(
        np.concatenate([-np.ones(m), np.zeros(p)]), A_ub=np.hstack([np.eye(m), -z]),
        b_ub=np.zeros(m), bounds=[(0, 1)] * m + [(-1e3, 1e3)] * p,
    )  # fmt: skip
    return "infinite" if -found.fun > 1e-6 else "finite"


def random_rows(seed: int) -> tuple[pd.DataFrame, list[str]]:
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(5, 16)), int(rng.integers(1, 4))
    terms = [f"x{j}" for j in range(p)]
    rows = pd.DataFrame(rng.integers(0, 3, (n, p)), columns=terms)
    rows["start"] = rng.integers(0, 3, n)
    rows["stop"] = rows["start"] + rng.integers(1, 7, n)
    rows["event"] = (rng.random(n) < 0.6).astype(int)
    rows["s"] = rng.integers(0, 2, n) if seed % 3 == 0 else 0
    rows.loc[0, "event"] = 1
    return rows, terms


def test_finite_infinite_and_aliased_are_told_apart():
    """120 random data sets: no false refusal, none missed."""
    seen = {"finite": 0, "infinite": 0, "aliased": 0}
    for seed in range(120):
        rows, terms = random_rows(seed)
        expected = verdict(rows, terms)
        seen[expected] += 1
        try:
            fit = quiet("event ~ " + " + ".join(terms), rows, strata="s")
        except FitError as error:
            assert expected != "finite", (seed, str(error))  # noqa: PT017
            if expected == "infinite":
                assert any(term in str(error) for term in terms), seed  # noqa: PT017
        else:
            assert expected == "finite", seed
            assert fit.converged
    assert min(seen.values()) > 4, seen
