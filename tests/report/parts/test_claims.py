"""Pages and files on the claims: what they hold equals the table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.errors import DataError
from coalition_models.hypotheses.analysis import HypothesisAnalysis, pooled_exits
from coalition_models.report.parts import claims, contested
from coalition_models.report.parts.claims import write_claims


@pytest.fixture
def analysis(verdicts, elections):
    return HypothesisAnalysis(
        verdicts=verdicts,
        contested={"elections_iraq": elections},
        absent={"democracy": "needs polity5"},
        sources=("participation", "elections"),
    )


def read_all(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_files_hold_the_numbers_and_are_the_same_twice(tmp_path, analysis):
    files = write_claims(tmp_path / "one", analysis)
    written = read_all(tmp_path / "one")
    assert sorted(str(path.relative_to(tmp_path / "one")) for path in files) == sorted(written)
    for name in ("verdicts", "untestable", "meta", "contested_elections_iraq"):
        assert {f"tables/{name}.md", f"tables/{name}.tex"} <= set(written)
    for name in ("verdicts", "forest_H02", "forest_H29", "contested_elections_iraq"):
        assert {f"figures/{name}.svg", f"figures/{name}.png"} <= set(written)
    table = pd.read_csv(tmp_path / "one" / "tables" / "verdicts.csv", keep_default_na=True)
    mine = analysis.verdicts.table
    assert table["verdict"].tolist() == mine["verdict"].tolist()
    assert table["estimate"].to_numpy() == pytest.approx(mine["estimate"].to_numpy(), nan_ok=True)
    grid = pd.read_csv(tmp_path / "one" / "tables" / "robustness.csv")
    assert len(grid) == mine["robust_specifications"].sum()
    for text in (written["tables/verdicts.md"], written["report.html"]):
        assert b"has the sign that the claim expects" in text
    write_claims(tmp_path / "two", analysis)
    assert read_all(tmp_path / "two") == written


def test_an_error_half_way_leaves_what_stood_there(tmp_path, analysis, monkeypatch):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("before")

    def fails(*args, **choices):
        raise DataError("no page")

    monkeypatch.setattr(claims, "claims_page", fails)
    with pytest.raises(DataError, match="no page"):
        write_claims(out, analysis)
    assert read_all(out) == {"report.html": b"before"}
    assert [path.name for path in out.iterdir()] == ["report.html"]
    with pytest.raises(DataError, match="no page"):
        write_claims(tmp_path / "new", analysis)
    assert not (tmp_path / "new").exists()


def test_the_parts_split_tables_and_pages_between_them(analysis):
    mine, theirs = (part.product(analysis) for part in (claims.PART, contested.PART))
    assert not set(mine.frames) & set(theirs.frames)
    key = "contested_elections_iraq"
    assert {key, f"{key}_flips", f"{key}_joint", f"{key}_decisions"} <= set(theirs.frames)
    assert all(name.startswith(key) for name in theirs.frames)
    assert [page.file for page in claims.PART.pages(analysis, mine)] == ["report.html"]
    (page,) = contested.PART.pages(analysis, theirs)
    assert page.file == "contested_elections.html"
    assert "polity5" not in page.sources
    assert "elections in Iraq" in contested.PART.about(analysis)
    assert claims.PART.about(analysis).startswith("2 of 4 claims could be tested")


def test_a_set_of_sets_is_said_to_have_no_section(analysis):
    """Its exits are counted from the results, and are those of the sets shown."""
    shown = {"elections_iraq": analysis.contested["elections_iraq"]}
    shown["elections_unosom2"] = replace(shown["elections_iraq"], coalition="unosom2")
    pooled = {"both": {"iraq": 21, "unosom2": 16}, "more": {"iraq": 21, "isaf": 6}}
    mine = replace(analysis, contested=shown, pooled=pooled)
    (said,) = contested.without_section(mine, "elections")
    assert said.startswith(
        "The set both has no section: its 37 early exits are 21 of Iraq and 16 of Somalia"
    )
    assert contested.without_section(mine, "democracy") == []


def test_the_bundled_pool_is_counted_from_its_own_rows():
    exits = pooled_exits()["contemporary"]
    assert set(exits) == {"iraq", "isaf", "rsm", "unosom2"}
    assert exits["iraq"] == int(analysis_set("iraq", features=False).panel["event"].sum())
