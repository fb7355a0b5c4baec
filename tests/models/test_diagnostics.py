"""The test of proportional hazards as a user meets it; its numbers are checked with the kernel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.kernels import ph
from coalition_models.models.cox import cox
from coalition_models.models.diagnostics import check_ph
from coalition_models.models.discrete import logit


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = []
    for member in range(60):
        x, region = rng.normal(), "abc"[member % 3]
        for t in range(40):
            drift = 1.5 * x if t < 8 else -1.5 * x
            leaves = int(rng.random() < 0.04 * np.exp(drift))
            rows.append((member, t, t + 1, leaves, x, rng.normal(), region))
            if leaves:
                break
    names = ["member", "start", "stop", "event", "drifting", "steady", "region"]
    return pd.DataFrame(rows, columns=names)


def test_terms_and_global(data):
    fit = cox("event ~ drifting + steady + region", data, id="member")
    table = check_ph(fit).table.set_index("term")
    assert table.index.tolist() == ["drifting", "steady", "region", "GLOBAL"]
    assert table["df"].tolist() == [1, 1, 2, 4]
    assert table.loc["drifting", "p_value"] < 0.01 < table.loc["steady", "p_value"]


@pytest.mark.parametrize("transform", ["km", "log", "rank", "identity"])
def test_transforms_reach_the_kernel(data, transform):
    fit = cox("event ~ drifting + steady", data, id="member")
    prepared = fit.engine.prepared
    expected = ph.ph_score_test(prepared, fit.coefficients, ph.transform_times(prepared, transform))
    table = check_ph(fit, transform).table
    np.testing.assert_allclose(table["statistic"][:2], expected.statistic)
    assert transform in str(check_ph(fit, transform))


def test_older_form_uses_the_covariance_of_the_fit(data):
    with pytest.warns(CoalitionWarning, match="3 clusters"):
        clustered = cox("event ~ drifting + steady", data, id="member", cluster="region")
    plain = cox("event ~ drifting + steady", data, id="member")
    one, two = check_ph(clustered, robust=True), check_ph(plain, robust=True)
    assert "rho" in one.table.columns
    assert one.table["statistic"][0] != pytest.approx(two.table["statistic"][0])
    assert "clustered covariance" in str(one)
    assert "<table" in one._repr_html_()


def test_refusals(data):
    fit = cox("event ~ steady", data, id="member")
    with pytest.raises(ValueError, match="transform must be one of km, log, rank, identity"):
        check_ph(fit, "sqrt")
    with pytest.raises(DataError, match="takes a Cox fit"):
        check_ph(logit("event ~ steady", data, id="member"))
    shifted = data.assign(start=data["start"] - 20, stop=data["stop"] - 20)
    with pytest.raises(DataError, match="log transform"):
        check_ph(cox("event ~ steady", shifted, id="member"), "log")


@pytest.mark.parametrize("robust", [False, True])
def test_a_test_in_a_list_reads_well(data, robust):
    found = check_ph(cox("event ~ drifting + steady", data, id="member"), robust=robust)
    text = repr([found])
    assert len(text) < 100
    assert text.startswith("[<PHTest ")
    assert f"on {int(found.table['df'].iloc[-1])} df" in text
