"""Incidence that models of competing exits predict: against R, by derivatives and by property."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError
from coalition_models.kernels.incidence import Steps, predicted_incidence

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
LATE = pd.DataFrame(FIXTURE["late"])
EXPECTED = FIXTURE["predicted"]
VALUES = {"x": [0, 1], "z": [0.5]}

pytestmark = pytest.mark.filterwarnings("ignore:.*clusters in state")


def wide(table, column):
    """Times by scenarios."""
    return table.pivot_table(column, "time", "scenario").to_numpy()


def test_cause_specific_against_r():
    fit = cm.cause_specific("kind ~ x + z", LATE, id="member", ties="breslow")
    table = cm.predict_incidence(fit, VALUES, times=EXPECTED["times"]).table
    for kind, name in (("1", "one"), ("2", "two")):
        ours = wide(table[table["kind"] == kind], "incidence")
        np.testing.assert_allclose(ours, EXPECTED[name], rtol=1e-8)


def test_fine_gray_against_r():
    fit = cm.fine_gray("kind ~ x + z", LATE, cause=1, id="member", cluster="state", changing="last")
    table = cm.predict_incidence(fit, VALUES, times=EXPECTED["times"]).table
    np.testing.assert_allclose(wide(table, "incidence"), EXPECTED["fine_gray"], rtol=1e-9)
    np.testing.assert_allclose(wide(table, "std_error"), EXPECTED["fine_gray_error"], rtol=1e-8)


def random_steps(rng, count, width):
    return Steps(
        np.sort(rng.choice(np.arange(1.0, 30), count, replace=False)),
        rng.uniform(0.01, 0.3, count),
        rng.uniform(0.001, 0.01, count),
        rng.normal(size=(count, width)) / 10,
    )


def test_standard_errors_are_those_of_numerical_derivatives():
    rng = np.random.default_rng(3)
    kinds = [random_steps(rng, 9, 2), random_steps(rng, 12, 2), random_steps(rng, 5, 2)]
    root = rng.normal(size=(6, 6))
    covariance = root @ root.T / 50
    for which in range(3):
        found = predicted_incidence(kinds, covariance, which)
        variance = np.zeros(len(found.times))
        by_beta = np.zeros((len(found.times), 6))
        step = 1e-6
        for place, kind in enumerate(kinds):
            for u in range(len(kind.times)):
                sides = []
                for sign in (1, -1):
                    hazard = kind.hazard.copy()
                    hazard[u] += sign * step
                    moved = list(kinds)
                    moved[place] = Steps(kind.times, hazard, kind.variance, kind.pull)
                    sides.append(predicted_incidence(moved, covariance, which).incidence)
                slope = (sides[0] - sides[1]) / (2 * step)
                variance += slope**2 * kind.variance[u]
                by_beta[:, 2 * place : 2 * place + 2] += slope[:, None] * kind.pull[u]
        variance += np.einsum("ki,ij,kj->k", by_beta, covariance, by_beta)
        np.testing.assert_allclose(found.std_error, np.sqrt(variance), rtol=1e-6)


def test_shares_and_those_still_there_add_up():
    fit = cm.cause_specific("kind ~ x + z", LATE, id="member", strata="group")
    table = cm.predict_incidence(fit, {"x": [0.3]}, stratum="a").table
    total = table.groupby("time")["incidence"].sum()
    hazard = np.zeros(len(total))
    for kind in (1, 2):
        alone = cm.cox(
            "event ~ x + z",
            LATE.assign(event=(LATE["kind"] == kind).astype(int)),
            id="member",
            strata="group",
        )
        own = cm.predict_survival(alone, {"x": [0.3]}, stratum="a").table
        place = np.searchsorted(own["time"], total.index, side="right") - 1
        hazard += own["cumulative_hazard"].to_numpy()[place]
    np.testing.assert_allclose(1 - total, np.exp(-hazard), rtol=1e-10)


def test_near_the_curve_without_covariates():
    noise = np.random.default_rng(1).normal(size=len(LATE))
    fit = cm.cause_specific("kind ~ noise", LATE.assign(noise=noise), id="member")
    times = [5, 15, 25]
    ours = cm.predict_incidence(fit, {"noise": [0]}, times=times).table
    free = cm.cumulative_incidence(LATE, "kind", id="member").at(times)
    np.testing.assert_allclose(ours["incidence"], free["incidence"], atol=0.03)
    np.testing.assert_allclose(ours["std_error"], free["std_error"], rtol=0.15)


def test_what_it_says():
    fit = cm.cause_specific("kind ~ x + z", LATE, id="member", cluster="state")
    found = cm.predict_incidence(fit, {"x": [0, 1]}, times=[3, 12])
    text = str(found)
    assert "Held at means or commonest values: z" in text
    assert "from the cluster covariance" in text
    assert "<table" in found._repr_html_()
    assert repr(found) == "<IncidencePrediction: 2 scenarios, 8 rows>"
    assert set(found.held) == {"z"}


def test_refusals():
    fit = cm.cause_specific("kind ~ x", LATE, id="member", causes="1")
    with pytest.raises(DataError, match="leaves out 2: fit without causes="):
        cm.predict_incidence(fit, {"x": [0]})
    whole = cm.cause_specific("kind ~ x", LATE, id="member")
    with pytest.raises(FormulaError, match="no variable 'q'"):
        cm.predict_incidence(whole, {"q": [0]})
    with pytest.raises(DataError, match="interval must be one of"):
        cm.predict_incidence(whole, {"x": [0]}, interval="logit")
    with pytest.raises(DataError, match=r"predict_incidence\(\) is for cause_specific"):
        cm.predict_incidence(
            cm.cox("kind ~ x", LATE.assign(kind=(LATE["kind"] > 0).astype(int))), {"x": [0]}
        )
