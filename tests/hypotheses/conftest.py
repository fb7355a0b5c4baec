"""Verdicts and panels shared by the tests of the claims."""

from __future__ import annotations

import pytest

from coalition_models.hypotheses.verdicts import test_hypotheses as run


@pytest.fixture(scope="session")
def graded(alone, iraq):
    """Claims with a full grid on Iraq's panel as a user would bring it."""
    patch = alone()
    try:
        return run({"iraq": iraq}, ["H02", "H09"])
    finally:
        patch.undo()
