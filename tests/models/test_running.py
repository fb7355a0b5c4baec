"""Specifications run alone or together give the same fits, to the last bit."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError
from coalition_models.models import running, sharing
from coalition_models.models.sample import terms
from coalition_models.record import with_features


@pytest.fixture(scope="module")
def panel(months) -> pd.DataFrame:
    df = months(90)
    rng = np.random.default_rng(4)
    for name in ("a", "b", "c"):
        df[name] = rng.normal(size=len(df))
    df["gap"] = df["a"].where(rng.random(len(df)) > 0.1)
    df["gap2"] = df["b"].where(df["gap"].notna())
    df["w"], df["v"] = rng.uniform(0.5, 2, size=(2, len(df)))
    df["zero"] = np.where(rng.random(len(df)) > 0.1, df["w"], 0.0)
    df["o"] = df["g"] / 20
    df["t2"] = df["stop"] ** 2
    return with_features(df, {"a": {"window": 6}, "gap": {"lag": 1}}, sources=["troops"])


def cox(formula, **options):
    return cm.Specification("cox", f"event ~ {formula}", id="state", **options)


def specifications() -> list[cm.Specification]:
    columns = ("x", "z", "a", "b", "gap", "gap2")
    subsets = [" + ".join(c) for k in (1, 2, 3) for c in combinations(columns, k)]
    specs = [cox(formula, cluster="state") for formula in subsets]
    some = ("x + a", "z + gap", "x + region")
    for formula in some:
        for ties in ("efron", "breslow"):
            for weights in (None, "w", "v", "zero"):
                specs.append(cox(formula, ties=ties, weights=weights, variance="robust"))
        specs.append(cox(formula, strata="region" if "region" not in formula else "g"))
        specs.append(cox(formula, strata="g", weights="w", offset="o", cluster=("state", "g")))
        specs.append(cox(formula, penalty="firth"))
        specs.append(cox(formula, convention="stata", cluster="state", variance="jackknife"))
    specs += [cox("x + t2"), cox("x + stop"), cox("w + x", weights="w"), cox("g + x", cluster="g")]
    for link in ("logit", "cloglog"):
        for formula in ("x", "x + a", "gap"):
            for weights in (None, "w"):
                specs.append(
                    cm.Specification(link, f"event ~ {formula}", id="state", weights=weights)
                )
        specs.append(cm.Specification(link, "event ~ x", id="state", time="dummies"))
    return specs


def same(one, other) -> None:
    for name in ("coefficients", "covariance", "model_covariance"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in (
        "spec", "names", "terms", "choices", "counts", "log_likelihood", "log_likelihood_null",
        "iterations", "data_choices", "sources", "remarks", "variables", "family",
    ):  # fmt: skip
        assert getattr(one, name) == getattr(other, name), name
    np.testing.assert_equal(one.concordance, other.concordance)
    pd.testing.assert_frame_equal(one.augment(), other.augment())


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_many_are_each_alone(panel):
    specs = specifications()
    shuffled = [specs[i] for i in np.random.default_rng(1).permutation(len(specs))]
    together = cm.fit_many(shuffled, panel, errors="return")
    failed = 0
    for spec, found in zip(shuffled, together, strict=True):
        if isinstance(found, FitError):
            failed += 1
            with pytest.raises(FitError) as alone:
                cm.fit(spec, panel)
            assert str(found).endswith(str(alone.value))
        else:
            same(cm.fit(spec, panel), found)
    assert failed == 12  # collinear columns (10), and time itself (2)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_predictions_of_shared_fits_are_their_own(panel):
    timed = cm.Specification("logit", "event ~ x + t2", id="state", time=None)
    specs = [cox("x"), cox("x + a"), timed, replace(timed, formula="event ~ x + a")]
    for spec, found in zip(specs, cm.fit_many(specs, panel), strict=True):
        alone = cm.fit(spec, panel)
        for fit in (alone, found):
            assert fit.engine.sample.design.formula == spec.formula
        one, other = (cm.predict_survival(f, {"x": [0.0, 1.0]}) for f in (alone, found))
        pd.testing.assert_frame_equal(one.table, other.table)
        assert one.held == other.held
        if "ph_test" in alone.family.can:
            pd.testing.assert_frame_equal(cm.check_ph(alone).table, cm.check_ph(found).table)
        new = panel.head(5).drop(columns=[c for c in ("b", "c") if c in panel])
        pd.testing.assert_series_equal(alone.predict(new), found.predict(new))


def test_a_shared_formula_is_read_once(panel, monkeypatch):
    read = []
    parse = terms.parse_terms
    monkeypatch.setattr(terms, "parse_terms", lambda *a: read.append(a[1]) or parse(*a))
    specs = [
        cox("x * a", ties=ties, variance=v)
        for ties in ("efron", "breslow")
        for v in ("model", "robust")
    ]
    cm.fit_many(specs, panel)
    assert read == ["event ~ x * a"]


def test_rows_are_drawn_once_and_columns_looked_at_once(panel, monkeypatch):
    drawn = []
    room = sharing.room_for(cox("x"))
    draw = room.draw
    monkeypatch.setattr(room, "draw", lambda spec, data: drawn.append(spec) or draw(spec, data))
    cm.fit_many([cox("x"), cox("a"), cox("x + a"), cox("x", weights="w")], panel)
    assert len(drawn) == 1


def test_failures_are_raised_with_their_place_or_returned(panel):
    df = panel.assign(still=1.0)
    specs = [cox("x"), cox("still"), cox("a")]
    with pytest.raises(FitError, match=r"specification 1 \(event ~ still\): .*still"):
        cm.fit_many(specs, df)
    first, failed, last = cm.fit_many(specs, df, errors="return")
    assert isinstance(failed, FitError)
    assert "specification 1" in str(failed)
    assert (first.spec, last.spec) == (specs[0], specs[2])
    with pytest.raises(FormulaError, match=r"specification 2 \(event ~ nonsense\)"):
        cm.fit_many([*specs[:1], cox("a"), cox("nonsense")], df, errors="return")
    with pytest.raises(DataError, match=r"specification 0 .*: ties must be"):
        cm.fit_many([cox("x", ties="discrete")], df)


def test_warnings_come_once(panel):
    few = panel[panel["state"] < "S25"]
    specs = [cox("x", cluster="state"), cox("a", cluster="state"), cox("a")]
    with pytest.warns(CoalitionWarning) as told:
        fits = cm.fit_many(specs, few)
    (message,) = [str(one.message) for one in told]
    assert re.search(r"clusters in state: below 40, .* \(2 specifications: 0, 1\)", message)
    assert any("clusters in state" in remark for remark in fits[0].remarks)
    for run in (
        lambda: cm.fit(specs[0], few),
        lambda: cm.cox("event ~ x", few, id="state", cluster="state"),
    ):
        with pytest.warns(CoalitionWarning) as told:
            run()
        assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cm.fit_many([specs[2]], few)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"specs": "event ~ x"}, "specs must be a list of Specification, found str"),
        ({"specs": [cox("x"), 5]}, "specs must be a list of Specification, found int"),
        ({"panel": [1]}, "panel must be a pandas DataFrame"),
        ({"errors": "ignore"}, "errors must be"),
    ],
)
def test_wrong_arguments(panel, arguments, message):
    with pytest.raises(DataError, match=message):
        cm.fit_many(**{"specs": [cox("x")], "panel": panel, **arguments})


def test_nothing_asked_nothing_done(panel):
    assert cm.fit_many([], panel) == []
    assert [f.spec for f in cm.fit_many([cox("x"), cox("x")], panel)] == [cox("x"), cox("x")]


def test_the_functions_go_the_same_way(panel):
    one = cm.cox("event ~ x", panel, id="state", ties="breslow")
    same(one, running.fit(replace(cox("x"), ties="breslow"), panel))
    one = cm.logit("event ~ x", panel, id="state", link="probit", time="log")
    spec = cm.Specification("probit", "event ~ x", id="state", time="log")
    same(one, cm.fit(spec, panel))
