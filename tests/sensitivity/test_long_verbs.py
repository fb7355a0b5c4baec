"""Every long verb goes through the engine: the same numbers whoever works, and from disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import joblib
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.sensitivity import Dimension, Exchange, Setting
from coalition_models.sensitivity.histories import by_state

SPEC = cm.Specification("cox", "event ~ high + size", cluster="state", variance="jackknife")


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    made = cm.simulate_panel(
        members=25, hazard=0.03, coefficients={"risk": 0.8, "size": 0.2}, seed=3
    )
    return made.assign(high=(made.groupby("state")["risk"].transform("first") > 0).astype(int))


def ties(name: str, setting: Setting) -> Setting:
    return setting.respecify(ties=name)


def curve(panel: pd.DataFrame, **how: object) -> list[pd.DataFrame]:
    states = panel.drop_duplicates("state").set_index("state")["high"]
    periods = sorted(panel["period"].unique())
    histories = by_state(
        pd.DataFrame([(s, p, v) for s, v in states.items() for p in periods],
                     columns=["state", "period", "high"]), "high",
    )  # fmt: skip
    dims = [Dimension("ties", {name: partial(ties, name) for name in ("efron", "breslow")})]
    found = cm.sensitivity.spec_curve(
        SPEC, "high", dims, base=Setting(panel=panel).assign(histories=histories),
        exchange=Exchange(), draws=9, **how,
    )  # fmt: skip
    assert found.joint is not None
    return [found.table, found.joint.table]


def resample(panel: pd.DataFrame, **how: object) -> list[pd.DataFrame]:
    return [cm.sensitivity.resample(SPEC, panel, "high", draws=30, seed=4, **how).draws]


def leave_out(panel: pd.DataFrame, **how: object) -> list[pd.DataFrame]:
    return [cm.sensitivity.leave_out(SPEC, panel, "high", by=["state"], **how)]


def confounding(panel: pd.DataFrame, **how: object) -> list[pd.DataFrame]:
    fit = cm.fit(SPEC, panel)
    found = cm.sensitivity.confounding(fit, "high", panel, shares=[(0.5, 0.2)], draws=3, **how)
    return [found.grid, found.benchmarks]


@pytest.mark.parametrize("verb", [curve, resample, leave_out, confounding])
def test_threads_a_kept_file_and_going_on_change_nothing(panel, tmp_path, verb: Callable) -> None:
    plain = verb(panel)
    path = tmp_path / "kept.jsonl"
    with joblib.parallel_config("threading", n_jobs=2):
        kept = verb(panel, workers=None, keep=path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(0.6 * len(whole))])
    again = verb(panel, keep=path)
    assert path.read_bytes() == whole
    for one, two, three in zip(plain, kept, again, strict=True):
        pd.testing.assert_frame_equal(one, two, check_exact=True)
        pd.testing.assert_frame_equal(one, three, check_exact=True)
    with pytest.raises(DataError, match=r"with another .*(panel|base|data)"):
        verb(panel.iloc[:-1], keep=path)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["date_uncertainty", "coding_uncertainty"])
def test_worlds_of_facts_are_the_same(tmp_path, verb) -> None:
    spec = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")
    call = partial(
        getattr(cm.sensitivity, verb), spec, "election_near", cm.facts("unosom2"),
        features=cm.add_elections, draws=30,
    )  # fmt: skip
    plain = call()
    kept = call(workers=2, keep=tmp_path / "kept.jsonl")
    again = call(keep=tmp_path / "kept.jsonl")
    pd.testing.assert_frame_equal(plain.draws, kept.draws, check_exact=True)
    pd.testing.assert_frame_equal(plain.draws, again.draws, check_exact=True)
