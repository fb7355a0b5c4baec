"""Fits without each cluster keep everything else of the fit."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.inference.without_one import largest_first

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
