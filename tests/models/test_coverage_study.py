"""Do nominal 95 % intervals hold the truth in 95 % of samples, as R's do? And Firth's?"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest

pytestmark = pytest.mark.slow

DRAWS = 100


@pytest.fixture(scope="module")
def study(root) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "coverage_study", root / "benchmarks" / "coverage_study.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_study"] = module
    spec.loader.exec_module(module)
    return module


def test_clustered_intervals_cover_as_r_does(study):
    if not study.has_r():
        pytest.skip("Rscript is not on the path, so there is nothing to compare with")
    table, version = study.clustered_study(DRAWS)
    assert version
    assert table["clusters"].tolist() == [20, 40, 60]
    assert (table["draws"] >= 0.95 * DRAWS).all()
    assert ((table["cluster"] - table["R cluster"]).abs() <= 0.01).all()
    assert (table["worst SE difference"] < 1e-7).all()
    # the reason for the jackknife: few clusters make the sandwich too narrow
    few = table.set_index("clusters").loc[20]
    assert few["cluster"] < 0.94
    assert few["CR3, t(G-1)"] > few["cluster"]
    assert 0.90 < table["CR3, t(G-1)"].min() <= table["CR3, t(G-1)"].max() < 0.99


def test_firth_beats_plain_under_separation(study):
    table = study.separation_study(3 * DRAWS).set_index("estimator")
    plain = table.loc["plain, draws with an estimate"]
    firth = table.loc["Firth, all draws"]
    # the plain fit exists in part of the draws, and leans away from the truth there
    assert 0.5 < plain["share of draws"] < 0.95
    assert firth["draws"] == 3 * DRAWS
    assert abs(firth["bias"]) < 0.7 * abs(plain["bias"])
    assert np.isfinite(firth["rmse"])
    assert 0.92 < firth["coverage"] < 0.98
    assert firth["coverage"] > plain["coverage"] * plain["share of draws"] + 0.1
