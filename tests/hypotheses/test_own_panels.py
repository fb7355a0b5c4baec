"""Own panels that cannot be tested are refused before anything is computed."""

from __future__ import annotations

import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(members=30, hazard=0.03, coefficients={"risk": 0.5}, seed=1)


@pytest.mark.parametrize("outcome", ["nonsense", "", "Early exit", "early_exit"])
def test_an_unknown_outcome_is_refused(panel, outcome):
    for given in (panel, {"mine": panel}):
        with pytest.raises(cm.DataError, match="outcome must be one of early exit"):
            cm.test_hypotheses(given, "H02", outcome=outcome)


@pytest.mark.parametrize(
    "event",
    [
        lambda e: e.astype(str),
        lambda e: e.map({0: "stay", 1: "exit"}),
        lambda e: e * 2,
        lambda e: e.where(e == 1),
        lambda e: e.astype("string"),
        lambda e: e.astype(str).astype("category"),
    ],
)
def test_an_event_that_is_no_0_or_1_is_refused(panel, event):
    with pytest.raises(cm.DataError, match="the panel 'panel': event column 'event'"):
        cm.test_hypotheses(panel.assign(event=event(panel["event"])), "H02")
