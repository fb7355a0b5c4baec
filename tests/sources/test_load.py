"""Tables as checked frames: those of the catalogue, and a user's own in their shape."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm

HEAD = (
    "coalition,state,cow,name,spell,entry,entry_precision,entry_confidence,entry_source,exit,"
    "exit_kind,exit_kind_reason,announced_by,role"
)
ROW = (
    "mali,TCD,483,Chad,1,2013-01-16,day,high,own notes,2013-05-15,early,own notes,incumbent,combat"
)


@pytest.fixture
def own(tmp_path):
    """Write a CSV file and return its path."""

    def write(*lines, name="mine.csv"):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_a_users_file_is_typed_as_the_bundled_table(own):
    read = cm.read_table(own(HEAD, ROW, ROW.replace("483,Chad,1", "483,Chad,2")), "participation")
    bundled = cm.load("participation")
    assert read["spell"].tolist() == [1, 2]
    for column in read.columns:
        assert read[column].dtype == bundled[column].dtype, column
    assert read["exit"].tolist() == [pd.Timestamp("2013-05-15")] * 2


def test_a_bundled_table_comes_back_as_it_went(tmp_path):
    for name in ("participation", "troops", "fatal_incidents", "coalitions"):
        table = cm.load(name)
        path = tmp_path / f"{name}.csv"
        table.to_csv(path, index=False)
        pd.testing.assert_frame_equal(cm.read_table(path, like=name), table, check_dtype=False)


def test_extra_columns_are_kept_as_text_and_optional_ones_may_be_absent(own):
    read = cm.read_table(str(own(f"{HEAD},code", f"{ROW},007")), like="participation")
    assert read["code"].tolist() == ["007"]
    assert "peak_troops" not in read.columns


def test_everything_wrong_with_a_file_is_told_at_once(own):
    wrong = ROW.replace("early", "left").replace("combat", "")
    with pytest.raises(cm.DataError) as found:
        cm.read_table(own(HEAD, wrong, wrong), like="participation")
    for said in ("exit_kind must be one of", "found left", "role", "share a key"):
        assert said in str(found.value), said
    with pytest.raises(cm.DataError, match="missing column: entry"):
        cm.read_table(own(HEAD.replace(",entry,", ",enter,"), ROW), like="participation")
    with pytest.raises(cm.DataError, match="column entry must hold dates"):
        cm.read_table(own(HEAD, ROW.replace("2013-01-16", "16/01/2013")), like="participation")


@pytest.mark.parametrize(
    ("lines", "like", "said"),
    [
        ((HEAD,), "participation", "has no rows"),
        ((HEAD, ROW), "participations", "nearest names: participation"),
        ((HEAD, f"{ROW},x"), "participation", "line 2|1 more field"),
        ((HEAD, ROW, "mali"), "participation", "too few fields: line 3"),
    ],
)
def test_files_that_are_no_such_table_are_refused(own, lines, like, said):
    with pytest.raises(cm.DataError, match=said):
        cm.read_table(own(*lines), like=like)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(cm.DataError, match="folder"):
        cm.read_table(tmp_path, like="troops")
    with pytest.raises(cm.DataError, match=r"absent\.csv"):
        cm.read_table(tmp_path / "absent.csv", like="troops")


def test_a_file_read_so_goes_straight_into_facts(own):
    members = cm.read_table(own(HEAD, ROW), like="participation")
    coalitions = pd.DataFrame(
        {"coalition": ["mali"], "start": ["2013-01-11"], "mandate_end": ["2014-07-31"],
         "lead_state": ["FRA"]}
    )  # fmt: skip
    panel = cm.build_panel(cm.Facts(members=members, coalitions=coalitions))
    assert panel["event"].tolist() == [0, 0, 0, 0, 1]
