"""A small panel and helpers shared by the tests of the features."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="session")
def iraq():
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


@pytest.fixture(scope="session")
def isaf():
    return cm.build_panel(cm.load("participation"), coalitions=["isaf"])


@pytest.fixture
def row():
    """The value of a column in one month of one state."""

    def value(panel, state, month, column):
        found = panel[(panel["state"] == state) & (panel["period"] == pd.Timestamp(month))]
        assert len(found) == 1
        return found[column].iloc[0]

    return value
