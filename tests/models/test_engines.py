"""Other packages on the same rows: where they agree, and where not."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.errors import DataError

PANEL = cm.simulate_panel(
    members=70, coefficients={"risk": 0.6, "size": -0.2}, late_entry=0.3, seed=3
)
PANEL["w"] = 1.0 + np.arange(len(PANEL)) % 3
PANEL["group"] = PANEL["state"].str[-1].astype(int) % 3
TERMS = "event ~ risk + size"


@pytest.mark.parametrize(
    ("options", "packages"),
    [
        ({}, ["lifelines", "statsmodels"]),
        ({"ties": "breslow"}, ["statsmodels"]),
        ({"strata": "group"}, ["lifelines", "statsmodels"]),
        ({"cluster": "state"}, ["lifelines", "statsmodels"]),
        ({"weights": "w"}, ["lifelines"]),
        ({"offset": "w"}, []),
    ],
)
@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_cox_models_on_start_stop_rows(options, packages):
    found = cm.compare_engines(cm.cox(TERMS, PANEL, **options))
    agreed = found[found["problem"] == ""]
    assert set(packages) <= set(agreed["package"])
    for package in packages:
        own = agreed[agreed["package"] == package]
        np.testing.assert_allclose(own["apart"], 0, atol=1e-6)
        if package != "lifelines" or "weights" not in options:
            np.testing.assert_allclose(own["error_there"], own["error_here"], rtol=1e-6)


@pytest.mark.parametrize("family", ["logit", "probit", "cloglog"])
def test_discrete_time(family):
    fit = getattr(cm, family)(TERMS, PANEL, time="linear")
    found = cm.compare_engines(fit)
    assert found["term"].tolist()[:2] == ["risk", "size"]
    np.testing.assert_allclose(found["apart"], 0, atol=1e-5)
    rtol = 1e-6 if family == "logit" else 0.05  # expected information there, observed or not here
    np.testing.assert_allclose(found["error_there"], found["error_here"], rtol=rtol)


@pytest.mark.parametrize("distribution", ["weibull", "lognormal", "loglogistic"])
def test_durations_with_late_entry(distribution):
    fit = cm.parametric(TERMS, PANEL, distribution=distribution)
    found = cm.compare_engines(fit)
    assert found["problem"].tolist() == ["", ""]
    # what lifelines' optimiser reaches; ours are those of R's survreg and direct likelihoods
    reached = {"weibull": 2e-4, "lognormal": 1e-2, "loglogistic": 5e-2}[distribution]
    np.testing.assert_allclose(found["apart"], 0, atol=reached)


def test_statsmodels_alone_is_at_risk_at_the_start_of_a_row():
    """The difference that the page on other packages tells of."""
    import statsmodels.api as sm

    rows = cm.cox(TERMS, PANEL).engine.sample
    as_given = sm.PHReg(rows.stop, rows.matrix, status=rows.event, entry=rows.start, ties="efron")
    apart = as_given.fit(disp=0).params - cm.cox(TERMS, PANEL).coefficients
    assert np.abs(apart).max() > 1e-3


@pytest.mark.parametrize(
    "make",
    [
        lambda: cm.cox(TERMS, PANEL, penalty="firth"),
        lambda: cm.parametric(TERMS, PANEL, distribution="gompertz"),
        lambda: cm.cox(TERMS, PANEL, ties="exact"),
    ],
)
def test_what_neither_package_has_is_refused(make):
    with pytest.raises(DataError, match=r"compare_engines\(\) knows fits of cox, logit"):
        cm.compare_engines(make())
