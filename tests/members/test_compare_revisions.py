"""What each revision moves."""

from __future__ import annotations

import pytest

import coalition_models as cm


def test_counts_side_by_side():
    table = cm.compare_revisions("iraq", "isaf", "rsm", "unosom2").set_index(["coalition", "what"])
    first, now, moved = (table[c] for c in ("revision_1", "revision_2", "moved"))
    assert (first["iraq", "exits early"], now["iraq", "exits early"]) == (21, 21)
    assert (first["rsm", "exits mission_end"], now["rsm", "exits mission_end"]) == (35, 34)
    assert moved["iraq", "early exits announced"] == 1
    assert (now["iraq", "deaths"], moved["iraq", "deaths"]) == (4688, 0)
    assert moved["isaf", "deaths American"] == -5
    assert now["isaf", "strengths"] == 3381
    assert now["iraq", "spells with another announced"] == 7
    assert first["unosom2"].isna().all()
    assert moved["unosom2"].isna().all()


def test_totals_are_those_of_the_tables():
    table = cm.compare_revisions().set_index(["what", "coalition"])
    for number in (1, 2):
        spells = table.loc["spells", f"revision_{number}"].sum()
        assert spells == len(cm.load("participation", revision=number))
        listed = table.loc["strengths", f"revision_{number}"].sum()
        assert listed == len(cm.load("troops", revision=number))


def test_an_unknown_coalition_is_refused():
    with pytest.raises(cm.DataError, match="no bundled coalition named 'irak'"):
        cm.compare_revisions("irak")
