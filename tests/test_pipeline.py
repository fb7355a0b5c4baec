"""The main run: right numbers, equal bytes, a page that stands alone."""

from __future__ import annotations

import csv
import json
import re
import sys
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from coalition_models import pipeline
from coalition_models.documents import can_make_documents
from coalition_models.errors import DataError
from coalition_models.files import output_folder
from coalition_models.hypotheses import analysis
from coalition_models.hypotheses.claims import read_plan
from coalition_models.pipeline import reproduce
from coalition_models.replications import everything
from coalition_models.report import parts
from coalition_models.report.part import Run
from coalition_models.report.parts import explorer, find_parts, questions, sensitivity
from coalition_models.sensitivity import defection_counts
from coalition_models.sources.catalog import file_sha256

#: one recomputed, one in spirit
STUDIES = ["powell-thyne-2011", "weisiger-2016"]
#: what the part on one finding does less of, and what it leaves out
FEWER = {
    "curve": {"sample": 3, "draws": 40},
    "fewest_events": {"exact": 1},
    "fewest_redated": {"exact": 1},
    "resample": {"draws": 20},
    "dates": {"draws": 2, "whose": False},
    "codings": {"draws": 2, "whose": False},
    "confounding": {"draws": 2},
    "placebos": {"windows": (-12, 12)},
    "missing": {"draws": 2},
}


@pytest.fixture(scope="module")
def results():
    """What each analysis gave in the run, for a run that is to fail after them."""
    return {}


@pytest.fixture(scope="module")
def short():
    """Fewer sets, studies, readings and draws; one slow test runs all of them in full."""
    readings, studies = defection_counts.quartile_readings, everything.list_replications
    with pytest.MonkeyPatch.context() as patch:
        # the tests have their own processes
        patch.setattr(pipeline, "Run", lambda workers: Run(workers=1))
        quick = partial(analysis.test_hypotheses, ["iraq", "forms"], robust=False)
        patch.setattr(analysis, "test_hypotheses", quick)
        patch.setattr(analysis, "_DEMOCRACY", ())
        patch.setattr(analysis, "_DRAWS", 19)
        patch.setattr(analysis, "_WORLDS", 2)
        few = [one for one in analysis.set_records() if one.name in ("iraq", "unosom2")]
        patch.setattr(analysis, "set_records", lambda: few)
        patch.setattr(questions, "frequencies", partial(questions.frequencies, draws=100))
        patch.setattr(questions, "FREQUENCY_SETS", ("iraq", "isaf", "unosom2"))
        patch.setattr(explorer, "explore", partial(explorer.explore, sample=100))
        patch.setattr(defection_counts, "quartile_readings", lambda *base: readings(*base)[:4])
        patch.setattr(explorer, "DRAWS", 19)
        patch.setattr(sensitivity, "_SHORT", FEWER)
        patch.setattr(sensitivity, "_PARTS", sensitivity._PARTS[:-1])
        patch.setattr(everything, "list_replications", lambda: studies().loc[STUDIES])
        yield


@pytest.fixture(scope="module")
def built(tmp_path_factory, results, short):
    out = tmp_path_factory.mktemp("run") / "build"

    def keeping(part):
        def analyse(run):
            results[part.name] = part.analyse(run)
            return results[part.name]

        return replace(part, analyse=analyse)

    reproduce(out, parts=[keeping(part) for part in find_parts()])
    return out


def read(path):
    return path.read_text(encoding="utf-8")


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
    own = {name: s for name, s in manifest["inputs"].items() if (root / "data" / name).exists()}
    assert len(own) > 10  # external sources, where they are at hand, stand elsewhere
    for name, sha256 in own.items():
        assert file_sha256(root / "data" / name) == sha256


def test_the_paper_is_filled_and_set(built):
    paper = built / "paper"
    text = read(paper / "paper.md")
    assert "{{" not in text
    assert "21 of them ended early" in text
    assert {p.stem for p in (paper / "figures").glob("*.png")} >= {"iraq_survival"}
    if can_make_documents():
        assert (paper / "paper.pdf").read_bytes().startswith(b"%PDF")
        assert (paper / "paper.docx").read_bytes().startswith(b"PK")


def test_the_manifest_says_which_part_made_what(built):
    outputs = json.loads(read(built / "manifest.json"))["outputs"]
    assert outputs["tables/coefficients.csv"]["part"] == "first_look"
    assert outputs["paper/paper.md"]["part"] == "paper"
    assert outputs["report.html"]["part"] == "front page"


@pytest.mark.slow
def test_a_second_run_gives_equal_bytes(tmp_path):
    for name in ("once", "again"):
        reproduce(tmp_path / name)
    first, second = (
        json.loads(read(tmp_path / name / "manifest.json"))["outputs"] for name in ("once", "again")
    )
    assert second == first


def test_stated_counts_equal_a_count_made_from_the_csv_file(built, root):
    """The report's spells, states and exits against participation.csv, read by hand."""
    with (root / "data" / "participation.csv").open(encoding="utf-8") as file:
        spells = [
            r
            for r in csv.DictReader(file)
            if r["coalition"] == "iraq" and r["exit_kind"] != "leader"
        ]
    page = read(built / "first_look.html")
    early = sum(r["exit_kind"] == "early" for r in spells)
    states = len({r["state"] for r in spells})
    assert f"{states} states other than the United States sent contingents to Iraq" in page
    assert f"in {len(spells)} spells; {early} of these ended early" in page
    counts = pd.read_csv(built / "tables" / "counts.csv").iloc[0]
    panel = pd.read_csv(built / "tables" / "panel.csv")
    assert (counts["rows"], counts["events"]) == (len(panel), panel["event"].sum())
    assert f"({len(panel)} rows)" in page


def test_the_pages_stand_alone(built):
    main, claims = built, built / "hypotheses"
    pictures = {folder: len(list((folder / "figures").glob("*.svg"))) for folder in (main, claims)}
    pages = {path: read(path) for path in built.rglob("*.html") if path.parent.name != "paper"}
    for folder, number in pictures.items():
        mine = [text for path, text in pages.items() if path.parent == folder]
        assert sum(text.count("<svg") for text in mine) == number
    for path, text in pages.items():
        assert "@import" not in text
        assert not re.search(r'src="', text)
        # the only addresses are those of other pages, of tables beside them, and what they hold
        for address in re.findall(r'href="([^#"][^"]*)"', text):
            if address.startswith("data:") or (
                path.name.startswith("contested_") and address.startswith(("https:", "http:"))
            ):  # facts to check lead to the pages behind them
                continue
            name, _, place = address.partition("#")
            target = (path.parent / name).resolve()
            assert target.is_relative_to(built.resolve()), path
            assert target.is_file(), (path, address)
            assert not place or f'id="{place}"' in read(target), (path, address)
        for place in re.findall(r'href="#([^"]+)"', text):
            assert f'id="{place}"' in text, (path, place)
    for word in ("Efron", "clustered by state", "Test of proportional hazards", "icasualties"):
        assert word in pages[built / "first_look.html"]


def test_no_page_shows_a_reader_what_only_a_machine_understands(built, faults_in):
    wrong = {path.name: faults_in(path)[:5] for path in sorted(built.rglob("*.html"))}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_in_a_browser_nothing_is_asked_for_sticks_out_or_is_pale(built, browser):
    wrong = {}
    for path in sorted(built.rglob("*.html")):
        for width in (400, 1400):
            browser.open(path.as_uri(), width)
            found = [*browser.complaints, *browser.requests]
            found += [f"{what}: {one}" for what, ones in browser.audit().items() for one in ones]
            if found:
                wrong[path.name, width] = found[:5]
    assert wrong == {}


def test_the_front_page_leads_to_every_page_and_says_what_is_there(built):
    text = read(built / "report.html")
    others = {p.relative_to(built).as_posix() for p in built.rglob("*.html")} - {"report.html"}
    led = {address.partition("#")[0] for address in re.findall(r'href="([^"]+)"', text)}
    papers = {f"paper/{p.name}" for p in (built / "paper").glob("paper.*")}
    assert led - {"", "data:,"} == others | papers
    for part in find_parts():
        assert part.title in text
    assert "51 spells of 39 states, 21 early exits" in text


def test_the_log_times_every_step(built):
    log = json.loads(read(built / "log.json"))
    names = [part.name for part in find_parts()]
    steps = [f"{verb}: {name}" for name in names for verb in ("analyse", "write")]
    assert list(log["seconds"])[1:-1] == steps
    assert json.loads(read(built / "manifest.json"))["parts"] == names


def test_pages_carry_no_date_of_their_making(built):
    log = json.loads(read(built / "log.json"))
    # the plan says on which day it was amended, which may be today
    amended = {str(amendment.date) for amendment in read_plan().amendments}
    for path in built.rglob("*.html"):
        text = read(path)
        for day in amended:
            text = text.replace(f">{day}<", "><")
        assert log["finished"][:10] not in text


def test_tables_of_the_report_equal_their_csv(built):
    coefficients = pd.read_csv(built / "tables" / "coefficients.csv")
    cox = coefficients[coefficients["model"] == "Cox"].set_index("term")
    text = (built / "tables" / "precision.md").read_text(encoding="utf-8")
    for term in cox.index:
        assert f"| {term} | " in text


@pytest.mark.slow
def test_an_earlier_result_survives_a_failed_run(built, results, tmp_path, monkeypatch):
    few = find_parts()[:3]
    kept = [replace(part, analyse=lambda _, name=part.name: results[name]) for part in few]
    out = output_folder(tmp_path / "build")
    (out / "report.html").write_text("old")

    def fail(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "front_page", fail)
    with pytest.raises(KeyboardInterrupt):
        reproduce(out, parts=kept)
    assert [p.name for p in out.iterdir()] == ["report.html"]
    assert (out / "report.html").read_text() == "old"


KNOWN = [
    "first_look", "questions", "defections", "claims", "contested", "sensitivity", "explorer",
    "replications", "paper",
]  # fmt: skip
TOY = """
import pandas as pd
from coalition_models.render import frame_table
from coalition_models.report.html import Section
from coalition_models.report.part import Page, Part
from coalition_models.report.product import Product

FRAME = pd.DataFrame({"state": ["ESP"], "events": [1]})

PART = Part(
    name="toy",
    title="A toy",
    order=5,
    analyse=lambda run: FRAME,
    about=lambda frame: f"{len(frame)} state is counted.",
    product=lambda frame: Product({"toy": frame_table(frame, title="Toy")}, {"toy": frame}, {}),
    pages=lambda frame, product: [
        Page("toy.html", "A toy", "What it is.", [Section("Counts", [product.tables["toy"]])],
             ["participation"])
    ],
    sources=lambda frame: ["participation"],
)
"""


def test_a_part_is_one_file(tmp_path, monkeypatch):
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(parts, "__path__", [*parts.__path__, str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    found = find_parts()
    names = [part.name for part in found]
    assert names == ["toy", *KNOWN]
    try:
        written = reproduce(tmp_path / "out", parts=found[:1])
    finally:
        sys.modules.pop("coalition_models.report.parts.toy")
        vars(parts).pop("toy")
    names = [path.relative_to(tmp_path / "out").as_posix() for path in written]
    assert names == [
        "log.json", "manifest.json", "report.html", "tables/toy.csv", "tables/toy.md",
        "tables/toy.tex", "toy.html",
    ]  # fmt: skip
    front, page = read(tmp_path / "out" / "report.html"), read(tmp_path / "out" / "toy.html")
    assert "1 state is counted." in front
    assert 'href="toy.html"' in front
    assert 'href="report.html"' in page
    assert "Sources</h2>" in page
    seconds = json.loads(read(tmp_path / "out" / "log.json"))["seconds"]
    assert list(seconds) == [
        "validate the bundled tables", "analyse: toy", "write: toy",
        "write the front page and the manifest",
    ]  # fmt: skip


def test_two_parts_of_one_name_are_refused(tmp_path, monkeypatch):
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY.replace('"toy",', '"claims",', 1), encoding="utf-8")
    monkeypatch.setattr(parts, "__path__", [*parts.__path__, str(folder)])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    try:
        with pytest.raises(DataError, match="one name: claims"):
            find_parts()
    finally:
        sys.modules.pop("coalition_models.report.parts.toy")
        vars(parts).pop("toy")
