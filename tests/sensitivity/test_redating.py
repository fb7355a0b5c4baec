"""Exits dated otherwise: the fewest that turn significance, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference.null_score import score_at_null
from coalition_models.sensitivity import fewest_redated

SPEC = cm.Specification("cox", "event ~ near", cluster="state")


def panel(exits):
    """Six months of twelve states, exposed in the third month; exits by state."""
    rows = [
        (
            "c",
            f"S{at:02d}",
            1,
            month,
            month + 1,
            int(exits.get(at) == month),
            int(month % 3 == at % 3),
        )
        for at in range(12)
        for month in range(6)
        if month <= exits.get(at, 9)
    ]
    names = ["coalition", "state", "spell", "start", "stop", "event", "near"]
    return pd.DataFrame(rows, columns=names)


SAID = panel({0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5})
DONE = panel({0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 5})


def test_the_fewest_are_the_fewest():
    found = fewest_redated(SPEC, SAID, DONE, "near", exact=3, most=5)
    assert abs(found.z) > 1.96
    assert found.differ == 5
    assert found.exact
    moved = [name.removesuffix("-1") for name in found.members]
    mixed = pd.concat([SAID[~SAID["state"].isin(moved)], DONE[DONE["state"].isin(moved)]])
    z = score_at_null(SPEC, "near", mixed).numbers["z_by_cluster"]
    assert z == pytest.approx(found.z_with)
    assert abs(z) < 1.96
    fewer = fewest_redated(SPEC, SAID, DONE, "near", exact=3, most=found.count - 1 or 1)
    assert fewer.count is None or found.count == 1
    every = score_at_null(SPEC, "near", DONE).numbers["z_by_cluster"]
    assert found.z_other == pytest.approx(every)
    assert str(found.count) in str(found)


def test_the_same_dates_move_nothing():
    found = fewest_redated(SPEC, SAID, SAID, "near")
    assert (found.count, found.differ, found.z_other) == (None, 0, found.z)


def test_panels_of_other_spells_are_refused():
    with pytest.raises(DataError, match="only one of the panels holds c S00 1"):
        fewest_redated(SPEC, SAID[SAID["state"] != "S00"], DONE, "near")
    with pytest.raises(DataError, match="lacks near"):
        fewest_redated(SPEC, SAID.drop(columns="near"), DONE, "near")
