"""Terms for time at risk."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import FormulaError
from coalition_models.models.duration import duration_terms

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
