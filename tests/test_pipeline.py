"""The main run: right numbers, equal bytes, a page that stands alone."""

from __future__ import annotations

import csv
import json
import re

import pandas as pd
import pytest

from coalition_models import pipeline
from coalition_models.files import output_folder
from coalition_models.pipeline import reproduce
from coalition_models.sources.catalog import file_sha256

STEPS = ("analyse_iraq", "analyse_defections", "analyse_hypotheses")


@pytest.fixture(scope="module")
def results():
    """What each analysis gave in the run, for a run that is to fail after them."""
    return {}


@pytest.fixture(scope="module")
def built(tmp_path_factory, results):
    out = tmp_path_factory.mktemp("run") / "build"

    def keep(name):
        analyse = getattr(pipeline, name)

        def kept(**options):
            results[name] = analyse(**options)
            return results[name]

        return kept

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(pipeline, name, keep(name))
        reproduce(out)
    return out


def test_the_manifest_lists_every_output_with_its_checksum(built):
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    found = {str(p.relative_to(built).as_posix()) for p in built.rglob("*") if p.is_file()}
    assert set(manifest["outputs"]) == found - {"manifest.json", "log.json"}
    for name, stamp in manifest["outputs"].items():
        assert file_sha256(built / name) == stamp["sha256"]
    assert {"report.html", "tables/coefficients.tex", "figures/survival.svg"} <= found


def test_the_manifest_lists_every_input_with_its_checksum(built, root):
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    assert "participation.csv" in manifest["inputs"]
    for name, sha256 in manifest["inputs"].items():
        assert file_sha256(root / "data" / name) == sha256


def test_a_second_run_gives_equal_bytes(built, tmp_path):
    reproduce(tmp_path / "again")
    first = json.loads((built / "manifest.json").read_text(encoding="utf-8"))["outputs"]
    second = json.loads((tmp_path / "again" / "manifest.json").read_text(encoding="utf-8"))
    assert second["outputs"] == first


def test_stated_counts_equal_a_count_made_from_the_csv_file(built, root):
    """The report's spells, states and exits against participation.csv, read by hand."""
    with (root / "data" / "participation.csv").open(encoding="utf-8") as file:
        spells = [
            r
            for r in csv.DictReader(file)
            if r["coalition"] == "iraq" and r["exit_kind"] != "leader"
        ]
    page = (built / "report.html").read_text(encoding="utf-8")
    early = sum(r["exit_kind"] == "early" for r in spells)
    states = len({r["state"] for r in spells})
    assert f"{states} states other than the United States sent contingents to Iraq" in page
    assert f"in {len(spells)} spells; {early} of these ended early" in page
    counts = pd.read_csv(built / "tables" / "counts.csv").iloc[0]
    panel = pd.read_csv(built / "tables" / "panel.csv")
    assert (counts["rows"], counts["events"]) == (len(panel), panel["event"].sum())
    assert f"({len(panel)} rows)" in page


def test_the_pages_stand_alone(built):
    page = (built / "report.html").read_text(encoding="utf-8")
    claims = (built / "hypotheses" / "report.html").read_text(encoding="utf-8")
    # the matrix of claims stands on both pages
    assert page.count("<svg") == len(list((built / "figures").glob("*.svg"))) + 1
    elections = (built / "hypotheses" / "contested_elections.html").read_text(encoding="utf-8")
    pictures = len(list((built / "hypotheses" / "figures").glob("*.svg")))
    assert claims.count("<svg") + elections.count("<svg") == pictures
    for one in (page, claims, elections):
        assert not re.search(r'(src|href)="(?!#)', one)
        assert "@import" not in one
    for word in ("Efron", "clustered by state", "Test of proportional hazards", "icasualties"):
        assert word in page


def test_the_page_carries_no_date_of_its_making(built):
    page = (built / "report.html").read_text(encoding="utf-8")
    log = json.loads((built / "log.json").read_text(encoding="utf-8"))
    assert log["finished"][:10] not in page


def test_tables_of_the_report_equal_their_csv(built):
    coefficients = pd.read_csv(built / "tables" / "coefficients.csv")
    cox = coefficients[coefficients["model"] == "Cox"].set_index("term")
    text = (built / "tables" / "precision.md").read_text(encoding="utf-8")
    for term in cox.index:
        assert f"| {term} | " in text


def test_an_earlier_result_survives_a_failed_run(built, results, tmp_path, monkeypatch):
    for name in STEPS:
        monkeypatch.setattr(pipeline, name, lambda name=name, **_: results[name])
    out = output_folder(tmp_path / "build")
    (out / "report.html").write_text("old")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "iraq_page", fail)
    with pytest.raises(KeyboardInterrupt):
        reproduce(out)
    assert [p.name for p in out.iterdir()] == ["report.html"]
    assert (out / "report.html").read_text() == "old"
