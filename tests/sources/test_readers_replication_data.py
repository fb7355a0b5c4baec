"""Replication data: counts the studies print, and what a file's marks mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from coalition_models.errors import DataError
from coalition_models.sources.readers.replication_data import READERS, read_leader_exits

#: source -> rows that its study counts, as a condition
COUNTED = {
    "assassinations": ("cow.isna()", 51),
    "civilian-killings": ("killed == 145844", 1),
    "conquest-resistance": ("resistance == 1", 14),
    "coups-democratization": ("democratization == 1", 87),
    "isaf-contributions": ("cow not in [2, 395, 700]", 2341),
    "leader-exits": ("age.notna() and exit == 3", 154),
    "medicaid-opposition": ("opposes == 1", 16),
    "peacekeeping-missions": ("months.notna() and ended == 1", 39),
    "rebellion-technologies": ("technology == 'irregular'", 74),
    "territorial-contenders": ("emerged == 1", 154),
}
_ENDINGS = {"isaf-contributions": "rds", "leader-exits": "txt"} | dict.fromkeys(
    ("assassinations", "coups-democratization", "peacekeeping-missions"), "dta"
)


@pytest.mark.mirror
@pytest.mark.parametrize("name", COUNTED)
def test_a_file_has_the_rows_that_its_study_counts(name: str, mirror: Path) -> None:
    frame = READERS[name](mirror / f"{name}.{_ENDINGS.get(name, 'csv')}")
    where, rows = COUNTED[name]
    assert len(frame.query(where)) >= rows
    if name != "rebellion-technologies":
        assert len(frame.query(where)) == rows


def test_every_reader_is_counted() -> None:
    assert sorted(COUNTED) == sorted(READERS)


def test_leaders_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "leader.txt"
    names = "years lost manner start military age conflict loginc growth pop land literacy region"
    path.write_text(f"{names}\n0 3 1 975 1 . 0 5.5 -1.5 8 1247 20 1\n", encoding="utf-8")
    found = read_leader_exits(path).iloc[0]
    assert (found["first_year"], found["exit"], found["growth"]) == (1975, 3, -1.5)
    assert found.isna().sum() == 1
    path.write_text("years\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="the file lacks the columns"):
        READERS["medicaid-opposition"](path)
