"""CSV files whose rows do not fit their first line, and tables without what they are about."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sources.load import read_table
from coalition_models.tables.csv_tables import read_loosely

HEAD = "coalition,state,cow,date,troops"
ROW = "iraq,POL,290,2004-01-01,2500"


def read(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_loosely(path, ())


@pytest.mark.parametrize("extra", [",x", ",x,y", ","])
def test_rows_longer_than_the_names_are_refused(tmp_path, extra):
    with pytest.raises(cm.DataError, match=r"cannot read t.csv: its rows have \d more field"):
        read(tmp_path, f"{HEAD}\n{ROW}{extra}\n{ROW}{extra}\n")


def test_one_longer_row_is_refused_by_its_line(tmp_path):
    with pytest.raises(cm.DataError, match="line 3"):
        read(tmp_path, f"{HEAD}\n{ROW}\n{ROW},x\n")


@pytest.mark.parametrize("short", ["iraq,POL,290,2004-01-01", "iraq"])
def test_shorter_rows_are_refused_by_their_line(tmp_path, short):
    with pytest.raises(cm.DataError, match=r"too few fields: line 3 \(\d of 5\)"):
        read(tmp_path, f"{HEAD}\n{ROW}\n{short}\n")


def test_right_files_are_read(tmp_path):
    quoted = f'{HEAD}\niraq,"POL, the\n first",290,2004-01-01,\n\n{ROW}\n'
    table = read(tmp_path, quoted)
    assert table.shape == (2, 5)
    assert table["troops"].isna().tolist() == [True, False]


@pytest.mark.parametrize("name", ["t.zip", "t.gz", "t.bz2", "t.xz", "t.tar"])
def test_a_file_that_is_not_what_its_ending_says(tmp_path, name):
    with pytest.raises(cm.DataError, match=f"cannot read {name}"):
        read(tmp_path, f"{HEAD}\n{ROW}\n", name)


def test_a_table_has_the_column_that_it_is_about():
    troops = cm.load("troops")
    with pytest.raises(cm.DataError, match="missing column: troops"):
        cm.validate(troops.drop(columns="troops"), "troops")
    with pytest.raises(cm.DataError, match="missing column: troops"):
        cm.validate(troops.rename(columns={"troops": "strength"}), "troops")
    with pytest.raises(cm.DataError, match="no rows"):
        cm.validate(troops.head(0), "troops")
    assert len(cm.validate(troops, "troops")) == len(troops)


def test_a_file_with_names_only_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",".join(cm.load("troops").columns) + "\n", encoding="utf-8")
    with pytest.raises(cm.DataError, match="no rows"):
        read_table(path, "troops")


def test_dates_as_text_are_valid_and_others_are_named():
    troops = cm.load("troops")
    text = troops.assign(date=troops["date"].dt.strftime("%Y-%m-%d"))
    assert cm.validate(text, "troops") is text
    with pytest.raises(cm.DataError, match="column date must hold date values"):
        cm.validate(troops.assign(date=troops["date"].dt.strftime("%d/%m/%Y")), "troops")


def test_the_nearest_state_is_named_without_an_option_that_is_not_there():
    days = {"entry": ["2003-05-01"], "exit": ["2004-01-01"]}
    spells = pd.DataFrame({"coalition": ["iraq"], "state": ["Germny"], "spell": 1, **days})
    spells["exit_kind"] = "early"
    with pytest.raises(cm.DataError, match=r"nearest: .*Germany") as caught:
        cm.build_panel(spells)
    assert "missing='na'" not in str(caught.value)
