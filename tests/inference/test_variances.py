"""One fit under another variance equals the fit that asked for it."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.inference.variances import with_variance

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(members=25, hazard=0.06, coefficients={"risk": 0.8}, seed=2)


@pytest.mark.parametrize("kind", ["model", "robust", "cluster", "jackknife"])
@pytest.mark.parametrize("model", ["cox", "logit", "parametric", "cloglog"])
def test_it_is_the_fit_that_was_asked_for_so(panel, model, kind):
    verb = getattr(cm, model)
    options = {"distribution": "weibull"} if model == "parametric" else {}
    first = verb("event ~ risk", panel, cluster="state", **options)
    found = with_variance(first, kind)
    asked = verb("event ~ risk", panel, cluster="state", variance=kind, **options)
    np.testing.assert_allclose(found.covariance, asked.covariance, rtol=1e-6)
    np.testing.assert_allclose(found.coefficients, asked.coefficients, rtol=1e-6)
    assert found.footnotes() == asked.footnotes()


def test_without_clusters_it_is_refused(panel):
    with pytest.raises(cm.DataError, match="needs cluster"):
        with_variance(cm.cox("event ~ risk", panel), "jackknife")
    with pytest.raises(cm.DataError, match="firth"):
        with_variance(cm.cox("event ~ risk", panel, penalty="firth"), "robust")


def test_rows_that_cannot_be_taken_up_again_are_refused(panel):
    fit = cm.cox("event ~ risk", panel, cluster="state")
    fit.coefficients[:] = fit.coefficients + 1
    with pytest.raises(cm.DataError, match="fit it with variance='model'"):
        with_variance(fit, "model")
