"""Files of printed numbers, checked as they are read."""

from __future__ import annotations

import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications.published import folder_of, read_published


def test_published_files_are_checked(tmp_path):
    file = tmp_path / "published.csv"
    assert read_published(tmp_path).empty
    file.write_text("table,model,term\nTable 1,all,risk\n", encoding="utf-8")
    with pytest.raises(ReplicationError, match="must have the columns"):
        read_published(tmp_path)
    head = "table,model,term,quantity,printed,page\n"
    row = "Table 1,all,risk,coefficient,{},p. 1\n"
    file.write_text(head + row.format("0.5o") + row.format("0.5"), encoding="utf-8")
    with pytest.raises(ReplicationError, match=r"no number: '0\.5o' on line 2: .*; repeated: "):
        read_published(tmp_path)
    file.write_text(head + row.format("0.50"), encoding="utf-8")
    found = read_published(tmp_path)
    assert found["printed"].tolist() == ["0.50"]
    assert found["deviation"].tolist() == [""]


def test_a_study_without_a_folder_is_an_error():
    with pytest.raises(ReplicationError, match="no folder of a study 'nobody'"):
        folder_of("nobody")
