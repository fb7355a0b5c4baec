"""The test of proportional hazards as a user meets it; its numbers are checked with the kernel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.kernels import ph
from coalition_models.models.after.diagnostics import check_ph
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit


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
    with pytest.raises(DataError, match=r"check_ph\(\) is for cox fits, not for logit"):
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


EMPTIED = pd.DataFrame(
    {"start": [0, 1, 1, 1, 1, 1], "stop": [1, 2, 3, 4, 5, 6], "event": [1, 1, 1, 0, 1, 1],
     "x": [1, 0, 1, 1, 0, 1]}
)  # fmt: skip


class TestMissingDirections:
    """The rank of what is known decides the degrees; a missing test has its reason."""

    @pytest.mark.parametrize("robust", [False, True])
    @pytest.mark.parametrize("engine", ["0", "1"])
    def test_time_that_is_the_same_wherever_rows_differ(self, robust, engine, monkeypatch):
        monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", engine)
        fit = cox("event ~ x", EMPTIED)
        with pytest.warns(CoalitionWarning, match="nil before 2, .* the 4 event times from then"):
            found = check_ph(fit, robust=robust)
        assert found.table[["statistic", "p_value"]].isna().all().all()
        assert "No test of x, GLOBAL: the function of time is the same" in found.note
        assert "transform='rank'" in str(found)
        assert check_ph(fit, "rank", robust=robust).table["statistic"].notna().all()

    def test_one_event_time_tells_nothing_of_time(self):
        data = pd.DataFrame(
            {"start": 0, "stop": [2, 2, 3, 3], "event": [1, 1, 0, 0], "x": [1, 0, 1, 0]}
        )
        for transform in ("km", "rank", "identity", "log"):
            found = check_ph(cox("event ~ x", data), transform)
            assert found.table["df"].tolist() == [0, 0]
            assert found.table["statistic"].isna().all()

    def test_a_term_known_at_one_time_only(self):
        """``early`` differs at the first event time, hence cannot drift; ``x`` can."""
        rng = np.random.default_rng(1)
        data = pd.DataFrame({"start": 0, "stop": np.repeat([1, 2, 3], 20), "event": 1})
        data["x"] = rng.normal(size=60).round(2)
        rows = pd.concat(
            [data.assign(stop=1, event=(data["stop"] == 1) * 1, early=rng.normal(size=60)),
             data[data["stop"] > 1].assign(start=1, early=0.0)]
        )  # fmt: skip
        fit = cox("event ~ early + x", rows)
        found = check_ph(fit, "identity")
        assert found.table["df"].tolist() == [0, 1, 1]
        assert found.table["statistic"].isna().tolist() == [True, False, False]
        assert "No test of early:" in found.note
        assert "by rank: GLOBAL (1)" in found.note
        prepared = fit.engine.prepared
        joint = ph.ph_score_test(prepared, fit.coefficients, prepared.event_times, terms=[[0, 1]])
        assert joint.df.tolist() == [1]
        assert joint.statistic[0] == pytest.approx(found.table["statistic"][1], rel=1e-6)

    def test_a_robust_global_test_has_the_rank_of_the_covariance(self, data):
        with pytest.warns(CoalitionWarning, match="3 clusters"):
            fit = cox("event ~ drifting * steady", data, id="member", cluster="region")
        found = check_ph(fit, robust=True)
        assert found.table["df"].tolist() == [1, 1, 1, 2]
        assert "by rank: GLOBAL (2)" in found.note

    def test_a_penalised_fit_is_tested_with_its_own_score(self, data):
        """Neyman's C(alpha): where the penalty moves estimates little, so does the statistic."""
        plain = cox("event ~ drifting + steady", data, id="member")
        firth = cox("event ~ drifting + steady", data, id="member", penalty="firth")
        one, two = check_ph(plain).table["statistic"], check_ph(firth).table["statistic"]
        np.testing.assert_allclose(one, two, rtol=0.05)
        prepared = firth.engine.prepared
        times = ph.transform_times(prepared, "km")
        naive = ph.ph_score_test(prepared, firth.coefficients, times)
        assert (naive.statistic != two[:2]).all()
        assert "score at the penalised estimates" in check_ph(firth).note
