"""Survival curves: R's ``survfit`` number by number, by fractions, and along paths."""

from __future__ import annotations

import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning
from coalition_models.kernels.baseline import path_survival
from coalition_models.kernels.cox import fit as fit_arrays
from coalition_models.kernels.cox import prepare
from coalition_models.models.fit import Fit

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "suite_curves.json").read_text()
)
CURVES = {**FIXTURE["kms"], **{f"random {i}": r for i, r in enumerate(FIXTURE["fuzz"])}}
close = np.testing.assert_allclose


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
@pytest.mark.parametrize("name", CURVES)
def test_against_survfit(name, interval):
    r = CURVES[name]
    data = pd.DataFrame(r["data"])
    curve = cm.survival_curve(
        data, start="start" if "start" in data else None, by=r["by"], interval=interval,
        level=r["level"],
    )  # fmt: skip
    table = curve.table
    if r["by"]:
        assert table["group"].astype(str).tolist() == r["group"]
    for ours, theirs in (("time", "time"), ("at_risk", "at_risk"), ("events", "events")):
        np.testing.assert_array_equal(table[ours], r[theirs])
    close(table["survival"], r["survival"], 1e-10, 1e-14)
    # where nobody is left R has no error and no limits
    left = table["survival"].to_numpy() > 0
    close(table["std_error"][left], np.array(r["error"], dtype=float)[left], 1e-9)
    limits = np.array(r[interval], dtype=float)[left]
    close(table[["conf_low", "conf_high"]][left], limits, 1e-9, 1e-12)


@pytest.mark.parametrize("name", CURVES)
def test_medians(name):
    """R's, save where the curve is flat at one half: R takes the middle, the package its begin."""
    r = CURVES[name]
    data = pd.DataFrame(r["data"])
    curve = cm.survival_curve(data, start="start" if "start" in data else None, by=r["by"])
    groups = curve.table["group"] if r["by"] else pd.Series("all", curve.table.index)
    medians = np.atleast_1d(np.asarray(curve.median(), dtype=float))
    theirs = np.atleast_1d(np.array(r["median"], dtype=float))
    for ours, other, group in zip(medians, theirs, groups.unique(), strict=True):
        survival = curve.table.loc[groups == group, "survival"]
        if not np.isclose(survival, 0.5).any():
            close(ours, other)


def test_groups_that_are_missing_are_left_out_by_the_caller():
    """R drops a row without a group; here the caller says so, and the curve is R's."""
    r = FIXTURE["kms"]["missing_group"]
    data = pd.DataFrame(r["data"])
    extra = pd.concat([data, data.head(3).assign(g=None)], ignore_index=True)
    curve = cm.survival_curve(extra.dropna(subset="g"), start=None, by="g")
    close(curve.table["survival"], r["survival"], 1e-10, 1e-14)


@pytest.mark.parametrize("seed", range(12))
def test_fractions(seed):
    """Kaplan-Meier and Greenwood by counting, on unsorted (start, stop] rows."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 14))
    start = rng.integers(0, 4, n)
    data = pd.DataFrame({"start": start, "stop": start + rng.integers(1, 6, n)})
    data["event"] = rng.integers(0, 2, n)
    data.loc[n - 1] = [0, 12, 0]  # somebody is always left
    if not data["event"].any():
        data.loc[0, "event"] = 1
    survival, greenwood, expected = Fraction(1), Fraction(0), []
    for t in sorted(data.loc[data["event"] == 1, "stop"].unique()):
        at_risk = int(((data["start"] < t) & (data["stop"] >= t)).sum())
        events = int(((data["stop"] == t) & (data["event"] == 1)).sum())
        survival *= 1 - Fraction(events, at_risk)
        greenwood += Fraction(events, at_risk * (at_risk - events))
        expected.append((t, at_risk, events, float(survival), math.sqrt(survival**2 * greenwood)))
    table = cm.survival_curve(data.sample(frac=1, random_state=seed)).table
    columns = ["time", "at_risk", "events", "survival", "std_error"]
    close(table[columns], np.array(expected), 1e-13)


def test_number_at_risk_between_events():
    data = pd.DataFrame(FIXTURE["kms"]["late_99"]["data"])
    times = np.arange(0.5, 30, 1.7)
    ours = np.ravel(cm.survival_curve(data).at_risk(times.tolist()))
    np.testing.assert_array_equal(
        ours, [((data["start"] < t) & (data["stop"] >= t)).sum() for t in times]
    )


def quiet(*arguments: object, **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.cox(*arguments, **choices)


@pytest.mark.parametrize("r", FIXTURE["paths"], ids=lambda r: r["set"])
def test_paths_of_covariates(r):
    """R's hazard along a path, and the delta method's error (R 3.5 is wrong where paths change)."""
    data = pd.DataFrame(r["data"])
    fit = quiet("event ~ " + r["terms"], data)
    for route in r["paths"]:
        path = data[data["id"] == route["id"]]
        table = cm.predict_survival(fit, path).table
        steps = table[table["cumulative_hazard"].diff() > 0]
        close(steps["time"], route["time"], 1e-12)
        close(steps["cumulative_hazard"], route["hazard"], 1e-8)
        # the script's derivative is a difference of fourth order
        close(steps["std_error"], route["error"], 1e-7)


def slow_hazard(rows: pd.DataFrame, b: np.ndarray, path: pd.DataFrame, ties: str) -> np.ndarray:
    """Hazard along a path at each event time it passes, and its own variance: by the definition."""
    terms = [f"x{j}" for j in range(len(b))]
    risk = rows["w"] * np.exp(rows[terms] @ b + rows["o"])
    steps = []
    for t in np.unique(rows.loc[rows["event"] == 1, "stop"]):
        piece = path[(path["start"] < t) & (path["stop"] >= t)]
        if piece.empty:
            continue
        at_risk = (rows["start"] < t) & (rows["stop"] >= t)
        tied = at_risk & (rows["stop"] == t) & (rows["event"] == 1)
        own = float(np.exp(piece[terms].iloc[0] @ b + piece["o"].iloc[0]))
        d, weight = int(tied.sum()), rows.loc[tied, "w"].mean()
        share = np.arange(d) / d if ties == "efron" else np.zeros(d)
        size = risk[at_risk].sum() - share * risk[tied].sum()
        steps.append((own * (weight / size).sum(), own**2 * (weight / size**2).sum()))
    return np.cumsum(np.array(steps).reshape(-1, 2), axis=0)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("seed", range(6))
def test_random_paths_by_the_definition(seed, ties):
    """Hazard as a sum over risk sets, its error by a numerical derivative of that sum."""
    rng = np.random.default_rng(100 + seed)
    n, p = 30, 2
    rows = pd.DataFrame(rng.normal(size=(n, p)), columns=["x0", "x1"])
    rows["start"] = rng.integers(0, 6, n)
    rows["stop"] = rows["start"] + rng.integers(1, 9, n)
    rows["event"] = rng.integers(0, 2, n)
    rows["w"], rows["o"] = rng.choice([0.5, 1, 2], n), rng.normal(0, 0.3, n)
    data = prepare(
        rows["start"], rows["stop"], rows["event"], rows[["x0", "x1"]],
        weights=rows["w"], offset=rows["o"], ties=ties,
    )  # fmt: skip
    found = fit_arrays(data)
    edges = np.sort(rng.choice(np.arange(13), 4, replace=False))
    path = pd.DataFrame(rng.normal(size=(3, p)), columns=["x0", "x1"])
    path = path.assign(start=edges[:-1], stop=edges[1:], o=rng.normal(0, 0.3, 3))
    ours = path_survival(
        data, found.coefficients, found.covariance, path["start"], path["stop"],
        path[["x0", "x1"]], path_offset=path["o"],
    )  # fmt: skip
    both = slow_hazard(rows, found.coefficients, path, ties)
    width = 1e-3
    slopes = []
    for j in range(p):

        def moved(step: float, j: int = j) -> np.ndarray:
            b = found.coefficients + step * width * np.eye(p)[j]
            return slow_hazard(rows, b, path, ties)[:, 0]

        slopes.append((8 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12 * width))
    slope = np.array(slopes).T
    variance = both[:, 1] + np.einsum("ki,ij,kj->k", slope, found.covariance, slope)
    close(ours.cumulative_hazard, both[:, 0], 1e-11)
    close(ours.variance, variance, 1e-8)
