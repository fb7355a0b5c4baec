"""Fits without each cluster keep everything else of the fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.without_one import largest_first, leave_one_out

OPTIONS = {
    "logit, weights and duration": ("logit", {"weights": "w", "time": "linear"}),
    "cloglog, offset": ("cloglog", {"offset": "o", "time": None}),
    "probit": ("probit", {"time": "cubic"}),
    "cox, strata and weights": ("cox", {"strata": "g", "weights": "w"}),
    "cox, offset": ("cox", {"offset": "o", "ties": "breslow"}),
    "cox, firth": ("cox", {"penalty": "firth", "strata": "g", "weights": "w", "offset": "o"}),
    "logit, firth": ("logit", {"penalty": "firth", "weights": "w", "time": "linear"}),
}


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("name", OPTIONS)
def test_each_refit_is_the_fit_of_the_other_rows(months, name):
    family, options = OPTIONS[name]
    df = months(100)
    rng = np.random.default_rng(2)
    df["w"], df["o"] = rng.uniform(0.5, 2, len(df)), df["g"] / 10
    df["part"] = rng.integers(0, 9, len(df))
    spec = cm.Specification(family, "event ~ x + z", id="state", **options)
    fit = cm.fit(spec, df)
    at = fit.names.index("x")
    labels, codes = np.unique(df["part"], return_inverse=True)
    found = fit.engine.without(codes.astype(np.int64), fit.estimates, at)
    by_cluster = {} if spec.penalty else {"cluster": "part"}
    for place, label in enumerate(labels):
        alone = cm.Specification(family, "event ~ x + z", id="state", **options, **by_cluster)
        again = cm.fit(alone, df[df["part"] != label])
        assert found.coefficient[place] == pytest.approx(again.coefficients[at], rel=1e-6)
        if spec.penalty:
            assert found.p_value[place] == pytest.approx(again.tidy()["p_value"][at], rel=1e-5)
        else:
            assert found.std_error[place] == pytest.approx(again.std_errors[at], rel=1e-6)


def test_a_fit_that_is_none_is_missing(months):
    df = months(60)
    df["part"] = df["event"].where(df["event"] == 0, df["x"].gt(0) + 1)
    fit = cm.logit("event ~ x", df, id="state", time=None)
    only = np.where(df["event"] == 1, 0, 1).astype(np.int64)
    found = fit.engine.without(only, fit.estimates, 1)
    assert np.isnan(found.coefficient[0])


def test_ties_of_p_values_are_settled_by_labels():
    assert largest_first(np.array([0.2, 0.9 + 1e-12, 0.9]), ["a", "c", "b"]).tolist() == [2, 1, 0]


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("family", ["cox", "logit", "cloglog"])
def test_any_fit_goes_without_each_group_of_rows(months, family):
    df = months(100)
    df["part"] = np.random.default_rng(2).integers(0, 6, len(df)) * 10
    spec = cm.Specification(family, "event ~ x + z", id="state", cluster="part")
    found = leave_one_out(cm.fit(spec, df))
    assert list(found.columns) == ["term", "left_out", "estimate", "p_value"]
    assert set(found["term"]) == {"x", "z"}
    assert found["left_out"].nunique() == 6
    for row in found.itertuples():
        again = cm.fit(spec, df[df["part"] != row.left_out]).tidy().set_index("term").loc[row.term]
        assert row.estimate == pytest.approx(again["estimate"], rel=1e-6)
        assert row.p_value == pytest.approx(again["p_value"], rel=1e-4)
    # groups of one's own, whatever the fit is clustered by
    own = leave_one_out(cm.fit(spec, df), df["part"], term="x")
    assert_frame_equal(own, found[found["term"] == "x"], check_like=True)


def test_groups_may_be_other_ones_than_the_clusters(months):
    df = months(100)
    df["year"] = np.random.default_rng(3).integers(2000, 2004, len(df))
    fit = cm.cox("event ~ x", df, id="state", cluster="state")
    found = leave_one_out(fit, df["year"])
    assert sorted(found["left_out"]) == [2000, 2001, 2002, 2003]
    for row in found.itertuples():
        again = cm.cox("event ~ x", df[df["year"] != row.left_out], id="state")
        assert row.estimate == pytest.approx(again.coefficients[0], rel=1e-6)
    assert leave_one_out(fit, "state").equals(leave_one_out(fit))


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_of_an_estimate_its_term_without_each_of_its_clusters(months):
    df = months(100)
    df["part"] = np.random.default_rng(2).integers(0, 12, len(df))
    primary = estimate_term(df, "x", cluster="part")
    assert primary.fit.choices.variance == "jackknife"
    found = leave_one_out(primary)
    assert_frame_equal(found, leave_one_out(primary.fit).drop(columns="term"))
    assert len(found) == 12


def test_groups_that_tell_nothing_are_refused(months):
    df = months(40)
    fit = cm.cox("event ~ x", df, id="state")
    with pytest.raises(DataError, match=r"no clusters.*by=.*state"):
        leave_one_out(fit)
    with pytest.raises(DataError, match=r"does not know the column 'year'.*by=data\['year'\]"):
        leave_one_out(fit, "year")
    with pytest.raises(DataError, match="two groups or more"):
        leave_one_out(fit, pd.Series(1, index=df.index))
    with pytest.raises(DataError, match="missing in 1 row"):
        leave_one_out(fit, df["state"].where(df.index != df.index[3]))
    with pytest.raises(DataError, match="one value for every row"):
        leave_one_out(fit, df["state"].iloc[1:])
    with pytest.raises(DataError, match="no term 'y'"):
        leave_one_out(fit, "state", term="y")
