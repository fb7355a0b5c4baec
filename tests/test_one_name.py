"""One name where a list of names is asked for is that name, not its letters."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pandas as pd
import pytest

import coalition_models as cm

PANEL = cm.simulate_panel(members=40, coefficients={"risk": 0.8, "size": 0.3}, seed=1)
SPEC = cm.Specification("cox", "event ~ risk + size", cluster="state")
FIT = cm.fit(SPEC, PANEL)
GRID = pd.DataFrame(
    {"window": [3, 6, 3, 6], "ties": ["e", "e", "b", "b"], "estimate": [0.5, -0.1, 0.4, 0.1]}
).assign(p_value=0.2)

CALLS: dict[str, tuple[Callable[[object], object], str]] = {
    "leave_out": (lambda by: cm.sensitivity.leave_out(SPEC, PANEL, "risk", by=by), "state"),
    "pairs": (lambda names: cm.sensitivity.pairs(GRID, names), "ties"),
    "moves": (lambda names: cm.sensitivity.moves(GRID, names), "ties"),
    "variance_shares": (
        lambda names: cm.sensitivity.variance_shares(GRID, names, "estimate"), "ties"),
    "multiple_bias": (lambda names: cm.sensitivity.multiple_bias(2.0, biases=names), "confounding"),
    "sensitivity_report": (
        lambda parts: cm.sensitivity.sensitivity_report(SPEC, "risk", panel=PANEL, parts=parts),
        "e_value"),
    "table terms": (lambda names: cm.table({"a": FIT}, terms=names), "risk"),
    "table glance": (lambda names: cm.table({"a": FIT}, glance=names), "events"),
    "table variances": (lambda names: cm.table({"a": FIT}, variances=names), "model"),
    "feature_summary": (lambda names: cm.feature_summary(PANEL, columns=names), "risk"),
    "correlations": (lambda names: cm.correlations(PANEL, columns=names), "risk"),
    "compare_distributions": (
        lambda names: cm.compare_distributions("event ~ risk", PANEL, distributions=names),
        "weibull"),
    "compare_estimators": (
        lambda names: cm.compare_estimators("event ~ risk", PANEL, families=names), "cox"),
    "exit_kinds": (lambda names: cm.build_panel(cm.facts("iraq"), exit_kinds=names), "early"),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_one_name_is_a_list_of_one(name: str) -> None:
    call, value = CALLS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cm.CoalitionWarning)
        alone, inside = call(value), call([value])
    if isinstance(alone, pd.DataFrame):
        pd.testing.assert_frame_equal(alone, inside)
    else:
        assert repr(alone) == repr(inside)
