"""Rounding to the printed digits, and the table that shows it."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications import comparison
from coalition_models.replications.comparison import MATCHES, compare, match_printed
from coalition_models.replications.study import Study, read_published


@pytest.mark.parametrize(
    ("printed", "ours", "match"),
    [
        ("0.170", 0.1704, "exact"),
        ("0.170", 0.1705, "off by one in the last digit"),
        ("0.170", 0.1716, "differs"),
        ("-0.005", -0.0054, "exact"),
        ("-0.000", 0.0003, "exact"),
        ("20448", 20448.0, "exact"),
        ("20448", 20450.0, "differs"),
        ("14.85", 14.845, "exact"),
        ("0.03", 0.0356, "off by one in the last digit"),
        ("1.0", float("nan"), "differs"),
        ("1.0", float("inf"), "differs"),
        ("1.0", -1.0, "differs"),
        ("0.5", 1e300, "differs"),
    ],
)
def test_match(printed, ours, match):
    assert match_printed(printed, ours) == match
    assert match in MATCHES


def _study(numbers: list[tuple[str, str, float]]) -> Study:
    rows = [("Table 1", "all", term, quantity, value) for term, quantity, value in numbers]
    columns = ["table", "model", "term", "quantity", "ours"]
    return Study(
        name="toy",
        article="box_steffensmeier_zorn_2001",
        source="none",
        published="toy.csv",
        tables={"Table 1": "a toy"},
        recipe=("No recipe.",),
        compute=lambda data: pd.DataFrame(rows, columns=columns),
        deviations={("Table 1", "all", "risk", "std_error"): "the printer's error"},
    )


@pytest.fixture
def printed(monkeypatch) -> pd.DataFrame:
    rows = [
        ("Table 1", "all", "risk", "coefficient", "0.50", "p. 1"),
        ("Table 1", "all", "risk", "std_error", "0.20", "p. 1"),
    ]
    frame = pd.DataFrame(rows, columns=["table", "model", "term", "quantity", "printed", "page"])
    monkeypatch.setattr(comparison, "read_published", lambda file: frame)
    return frame


@pytest.mark.usefixtures("printed")
def test_tables_lay_ours_beside_the_printed():
    numbers = [("risk", "coefficient", 0.499), ("risk", "std_error", 0.206), ("x", "rows", 3.0)]
    result = compare(_study(numbers), pd.DataFrame())
    assert result.table["match"].tolist() == ["exact", "off by one in the last digit"]
    assert result.table["digits"].tolist() == [2, 2]
    assert result.counts().loc["total"].tolist() == [2, 1, 1, 0]
    text = result.summary()
    for part in ("0.50 / 0.50", "0.20 / 0.21 *", "ours 0.206", "the printer's error", "No recipe."):
        assert part in text
        assert part.replace("'", "&#x27;") in result._repr_html_()
    assert "| risk | coefficient | 0.50 / 0.50 |" in result.markdown()
    assert r"risk & std error & 0.20 / 0.21 * \\" in result.latex()
    assert repr(result) == "<Replication toy: 1 of 2 numbers exact>"
    with pytest.raises(ReplicationError, match="has the tables Table 1; found 'Table 9'"):
        result.to_table("Table 9")


@pytest.mark.usefixtures("printed")
def test_a_number_not_computed_or_computed_twice_is_an_error():
    with pytest.raises(ReplicationError, match="does not compute: Table 1 all risk std_error"):
        compare(_study([("risk", "coefficient", 0.5)]), pd.DataFrame())
    twice = [("risk", "coefficient", 0.5), ("risk", "coefficient", 0.6), ("risk", "std_error", 1.0)]
    with pytest.raises(ReplicationError, match="twice: Table 1 all risk coefficient"):
        compare(_study(twice), pd.DataFrame())


def test_published_files_are_checked(tmp_path, monkeypatch):
    import coalition_models.replications.study as module

    (tmp_path / "published").mkdir()
    monkeypatch.setattr(module.resources, "files", lambda package: tmp_path)
    file = tmp_path / "published" / "bad.csv"
    file.write_text("table,model,term\nTable 1,all,risk\n", encoding="utf-8")
    with pytest.raises(ReplicationError, match="must have the columns"):
        read_published("bad.csv")
    head = "table,model,term,quantity,printed,page\n"
    row = "Table 1,all,risk,coefficient,{},p. 1\n"
    file.write_text(head + row.format("0.5o") + row.format("0.5"), encoding="utf-8")
    with pytest.raises(ReplicationError, match=r"no number: 0\.5o; repeated: Table 1 all risk"):
        read_published("bad.csv")
