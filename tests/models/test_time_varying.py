"""Effects that change over time, tt() in a formula: against R, with survival, by abuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "tt.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("tt(x, 'log')", "log"),
        ("tt(x)", "log"),
        ('tt( x , "identity" )', "identity"),
        ("tt(x, 'sqrt')", "sqrt"),
        ("tt(x, 8)", "step"),
    ],
)
def test_against_r(written, name):
    fit = cm.cox(f"event ~ x + near + {written}", DATA, id="member")
    expected = FIXTURE[name]
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors, expected["errors"], rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["loglik"][1], rel=1e-9)
    assert fit.counts.events == DATA["event"].sum()
    assert fit.counts.members == len(DATA)
    assert "made of 50 by cutting at the event times" in str(fit)


def test_with_strata_against_r():
    fit = cm.cox("event ~ x + near + tt(x, 'log')", DATA, id="member", strata="region")
    np.testing.assert_allclose(fit.coefficients, FIXTURE["stratified"]["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors, FIXTURE["stratified"]["errors"], rtol=1e-6)


def test_time_runs_along_predicted_survival():
    fit = cm.cox("event ~ x + near + tt(x, 'log')", DATA, id="member")
    times = FIXTURE["path"]["time"]
    found = cm.predict_survival(fit, {"x": 0.5, "near": 1}, times=times)
    np.testing.assert_allclose(found.table["survival"], FIXTURE["path"]["survival"], rtol=1e-7)


def test_long_rows_and_short_ones_give_the_same():
    formula = "event ~ x + near + tt(x, 'log')"
    whole = cm.cox(formula, DATA, id="member", cluster="member")
    cut = cm.cox(formula, cm.split_rows(DATA, range(1, 25)), id="member", cluster="member")
    np.testing.assert_allclose(cut.coefficients, whole.coefficients, rtol=1e-9)
    np.testing.assert_allclose(cut.covariance, whole.covariance, rtol=1e-8)


def test_every_row_entering_at_zero():
    plain = cm.cox("event ~ x + tt(x, 'log')", DATA.drop(columns="start"), start=None, id="member")
    zero = cm.cox("event ~ x + tt(x, 'log')", DATA.assign(start=0), id="member")
    np.testing.assert_allclose(plain.coefficients, zero.coefficients)


def test_many_fits_and_saved_ones_know_it(tmp_path):
    specs = [
        cm.Specification("cox", "event ~ x + tt(x, 'log')", id="member", ties=ties)
        for ties in ("efron", "breslow")
    ]
    many = cm.fit_many(specs, DATA)
    for spec, fit in zip(specs, many, strict=True):
        np.testing.assert_array_equal(fit.coefficients, cm.fit(spec, DATA).coefficients)
    many[0].save(tmp_path / "tt.fit", DATA)
    again = cm.load_fit(tmp_path / "tt.fit")
    np.testing.assert_array_equal(again.coefficients, many[0].coefficients)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("event ~ x + tt(x, 'cube')", "shape must be one of 'log'"),
        ("event ~ x + tt(region, 'log')", "is a category"),
        ("event ~ x + tt(C(near), 'log')", "is a category"),
        ("event ~ x + tt(x:region, 'log')", "is a category"),
        ("event ~ x + tt(x, 'log'", "do not close"),
        ("event ~ x + near + tt(x + near, 'log')", r"one term, not 'x \+ near'"),
        ("event ~ x + near + tt(x - near)", r"write tt\(I\(x - near\), ...\)"),
        ("event ~ x * near + tt(x*near, 'log')", "one term"),
        ("event ~ x + tt(, 'log')", "needs a term"),
        ("evnt ~ x + tt(x, 'log')", "no such column: 'evnt'"),
    ],
)
def test_refused(formula, words):
    with pytest.raises(cm.FormulaError, match=words):
        cm.cox(formula, DATA, id="member")


def test_pieces_are_not_taken_for_members():
    with pytest.raises(cm.DataError, match="give id="):
        cm.cox("event ~ x + tt(x, 'log')", DATA, variance="robust")
    with pytest.raises(cm.FormulaError, match=r"tt\(\) is for cox"):
        cm.logit("event ~ x + tt(x, 'log')", DATA, time=None)
