"""Terms for time at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import FormulaError
from coalition_models.models.discrete.duration import duration_terms

TIMES = np.array([1.0, 2.0, 10.0])
EVENT = np.array([0.0, 1.0, 1.0])
INDEX = pd.RangeIndex(3)


def test_cubic_counts_in_hundreds():
    terms = duration_terms("cubic", "stop", TIMES, EVENT)
    np.testing.assert_allclose(terms.matrix(TIMES, INDEX)[2], [0.1, 0.01, 0.001])


def test_linear_log_and_none():
    linear = duration_terms("linear", "stop", TIMES, EVENT).matrix(TIMES, INDEX)
    np.testing.assert_allclose(linear[:, 0], TIMES / 100)
    log = duration_terms("log", "stop", TIMES, EVENT).matrix(TIMES, INDEX)
    np.testing.assert_allclose(log[:, 0], np.log(TIMES))
    assert duration_terms(None, "stop", TIMES, EVENT).matrix(TIMES, INDEX).shape == (3, 0)


def test_dummies_know_periods_with_events_only():
    terms = duration_terms("dummies", "stop", TIMES, EVENT)
    assert terms.names == ("stop[10]",)
    with pytest.raises(FormulaError, match="others in rows 0"):
        terms.matrix(TIMES, INDEX)


def test_log_of_zero():
    terms = duration_terms("log", "stop", TIMES, EVENT)
    with pytest.raises(FormulaError, match="needs stop above 0; it is not in rows 1"):
        terms.matrix(np.array([1.0, 0.0, 2.0]), INDEX)


def test_dummies_know_a_period_up_to_rounding():
    times = np.array([0.1, 0.3, 0.1 + 0.2, 0.7])
    terms = duration_terms("dummies", "stop", times, np.ones(4))
    assert len(terms.periods) == 3
    asked = np.array([0.1 * 3, 0.3, 0.7, 0.5, -1.0, 9.0])
    assert terms.places(asked).tolist() == [1, 1, 2, -1, -1, -1]
    assert terms.matrix(times, pd.RangeIndex(4))[:, 0].tolist() == [0, 1, 1, 0]


def test_a_logit_by_tenths_is_the_logit_by_whole_periods():
    panel = cm.simulate_panel(
        members=60, hazard=0.03, coefficients={"risk": 0.5}, seed=1, periods=40
    )
    stop = np.where(np.arange(len(panel)) % 2, panel["stop"] * 0.1, panel["start"] * 0.1 + 0.1)
    tenths = panel.assign(start=panel["start"] * 0.1, stop=stop)
    assert tenths["stop"].nunique() > panel["stop"].nunique()
    one, other = (cm.logit("event ~ risk", data, time="dummies").tidy() for data in (panel, tenths))
    assert len(one) == len(other)
    np.testing.assert_allclose(other["estimate"], one["estimate"], rtol=1e-9)
