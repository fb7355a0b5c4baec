"""Rows in a file: as a spreadsheet may write them, they are refused with the cure."""

from __future__ import annotations

import pytest

from coalition_models.analyses import fit_analysis, read_analysis
from coalition_models.analyses.rows_file import read_rows
from coalition_models.errors import DataError


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state;start;stop;event;x\nA;0;1;0;1\n", "has semicolons between its columns"),
        ("state\tstart\tstop\tevent\tx\nA\t0\t1\t0\t1\n", "has tabs between its columns"),
        ('state,start,stop,event,x\nA,0,1,0,"1,5"\nB,0,3,1,"-2,5"\n', "x holds decimal commas"),
        ("state,period,start,stop,event,x\nA,31.12.2005,0,1,0,1\n", "period must be a date"),
    ],
)
def test_other_signs_are_refused_with_the_line_that_names_the_file(tmp_path, text, said):
    (tmp_path / "rows.csv").write_text(text)
    path = tmp_path / "a.toml"
    path.write_text("[data]\npanel = 'rows.csv'\n[model]\nfamily = 'cox'\nformula = 'event ~ x'\n")
    with pytest.raises(DataError, match=f"line 2: .*{said}"):
        fit_analysis(read_analysis(path))


def test_a_mark_at_the_beginning_and_other_line_ends_are_no_matter(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes("\ufeffstate,period,x\r\nESP,2008-12-01,1.5\r\n".encode())
    rows = read_rows(path)
    assert list(rows.columns) == ["state", "period", "x"]
    assert rows["period"].dt.year.tolist() == [2008]
    path.write_bytes("state\nC\u00f4te\n".encode("latin-1"))
    with pytest.raises(DataError, match="not in UTF-8"):
        read_rows(path)
