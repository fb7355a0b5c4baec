"""The archive for a journal: complete, without other people's data, the same twice, checked."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from coalition_models.errors import CoverageError, DataError
from coalition_models.packaging import check, contents
from coalition_models.packaging.archive import unpack, zipped
from coalition_models.packaging.check import Checked, check_package
from coalition_models.packaging.make import archive_files, write_package
from coalition_models.packaging.program_map import paper_map, program_map, seeds
from coalition_models.packaging.readme import readme
from coalition_models.pipeline import reproduce
from coalition_models.report.parts import find_parts
from coalition_models.sources.catalog import tables


@pytest.fixture(scope="module")
def made(tmp_path_factory, alone):
    """Results of the part on Iraq, as a run writes them, without external sources."""
    out = tmp_path_factory.mktemp("run") / "build"
    patch = alone()
    reproduce(out, parts=[part for part in find_parts() if part.name == "first_look"])
    patch.undo()
    return out


@pytest.fixture(scope="module")
def files(made, root):
    return archive_files(root, made)


def test_what_editors_ask_for_is_there(files):
    text = files["README.md"].decode()
    for heading in (
        "## Overview",
        "## Data Availability and Provenance Statements",
        "### Statement about Rights",
        "### Summary of Availability",
        "### Dataset list",
        "## Computational requirements",
        "### Software Requirements",
        "### Controlled Randomness",
        "### Memory, Runtime, Storage Requirements",
        "## Description of programs/code",
        "## Instructions to Replicators",
        "## List of tables and programs",
        "## References",
    ):
        assert f"\n{heading}\n" in text
    assert {"external-data.md", "data-citations.bib", "map.csv", "paper-map.csv", "log.txt",
            "manifest.json", "code/requirements.lock", "code/pyproject.toml",
            "codebooks/participation.csv", "codebooks/features.csv",
            "results/tables/coefficients.csv",
            "expected/bundled/checksums.csv"} <= set(files)  # fmt: skip
    assert "inference/wild_test.py`: 1" in text
    assert "{" not in text


def test_checksums_are_those_of_the_files(files):
    lines = files["checksums.txt"].decode().splitlines()
    listed = {line.partition("  ")[2]: line.partition("  ")[0] for line in lines}
    assert set(listed) == set(files) - {"checksums.txt"}
    for name, mark in listed.items():
        assert hashlib.sha256(files[name]).hexdigest() == mark


def test_no_file_of_an_external_source_is_in_it(files):
    known = {one.sha256 for one in tables().values() if one.kind == "external"}
    assert not known & {hashlib.sha256(content).hexdigest() for content in files.values()}
    assert "results/tables/panel.csv" not in files
    assert "expected/bundled/tables/panel_columns.csv" in files
    sheet = files["external-data.md"].decode()
    for one in tables().values():
        if one.kind == "external" and one.sha256:
            assert one.sha256 in sheet
            assert one.url in sheet


def test_external_data_in_the_checkout_are_refused(mirror):
    one = tables()["polity5"]
    held = {"code/data/polity5.rda": (Path(mirror) / one.path).read_bytes()}
    with pytest.raises(CoverageError, match="must not be passed on"):
        contents.refuse_external(held)


def test_the_code_is_what_git_follows_or_what_no_machine_made(tmp_path, files):
    names = [name for name in files if name.startswith("code/")]
    assert "code/coalition_models/pipeline.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyc")) or "__pycache__" in name]
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("")
    (tmp_path / "b.so").write_text("")
    assert set(contents.code_files(tmp_path)) == {"a.py"}


def test_the_same_twice(made, root, tmp_path):
    one = write_package(tmp_path / "one.zip", made)
    write_package(tmp_path / "two.zip", made)
    first = (tmp_path / "one.zip").read_bytes()
    assert first == (tmp_path / "two.zip").read_bytes()
    assert zipped(dict(reversed(one.items()))) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
        assert len({item.date_time for item in archive.infolist()}) == 1


def test_maps_name_programs_that_are_there(files, root):
    every = pd.read_csv(io.BytesIO(files["map.csv"]))
    assert set(every["output"]) >= {"results/tables/coefficients.csv"}
    for name in set(every["program"]) | set(paper_map()["program"]):
        assert (root / name.removeprefix("code/")).is_file(), name
    row = every.set_index("output").loc["results/tables/coefficients.csv"]
    assert row["program"].endswith("report/parts/first_look.py")
    items = paper_map()["item"].tolist()
    assert items[0] == "Table 1"
    assert len(set(items)) == len(items)
    assert program_map({"outputs": {}}).empty
    assert seeds({"coalition_models/a.py": b"def f(seed: int = 3): ..."}) == [
        "coalition_models/a.py: 3"
    ]
    assert callable(readme)


class TestRefusals:
    def broken(self, made, tmp_path, change):
        run = tmp_path / "run"
        shutil.copytree(made, run)
        manifest = json.loads((run / "manifest.json").read_text())
        change(manifest)
        (run / "manifest.json").write_text(json.dumps(manifest))
        return run

    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            (lambda m: m["data"].update(used="some"), CoverageError, "depend on what one had"),
            (lambda m: m["versions"].update(coalition_models="0.1"), DataError, "of version 0.1"),
            (lambda m: m["inputs"].update({"troops.csv": "0"}), DataError, "data were changed"),
            (
                lambda m: m["outputs"]["report.html"].update(sha256="0"),
                DataError,
                "results were changed after the run: report.html",
            ),
        ],
    )
    def test_results_that_are_not_these(self, made, root, tmp_path, change, error, said):
        with pytest.raises(error, match=said):
            archive_files(root, self.broken(made, tmp_path, change))

    def test_no_results_no_zip_and_no_checkout(self, made, tmp_path, monkeypatch):
        with pytest.raises(DataError, match="no results of a run"):
            write_package(tmp_path / "a.zip", tmp_path)
        with pytest.raises(DataError, match=r"must end in \.zip"):
            write_package(tmp_path / "a.tar", made)
        monkeypatch.setattr(contents, "data_dir", lambda: tmp_path / "coalition_models" / "_data")
        with pytest.raises(DataError, match="made from a checkout"):
            contents.checkout()


class TestCheck:
    @pytest.fixture
    def few(self, files):
        """A small archive with checksums of its own."""
        kept = {name: files[name] for name in ("README.md", "log.txt", "manifest.json")}
        sums = [f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in kept.items()]
        return {**kept, "code/a.py": b"", "checksums.txt": "".join(
            [*sums, f"{hashlib.sha256(b'').hexdigest()}  code/a.py\n"]).encode()}  # fmt: skip

    @pytest.fixture
    def archive(self, few, tmp_path):
        (tmp_path / "a.zip").write_bytes(zipped(few))
        return tmp_path / "a.zip"

    def test_a_damaged_archive_is_refused(self, few, tmp_path):
        files = few
        for change in (
            {**files, "README.md": b"other"},
            {**files, "more.txt": b""},
            {name: text for name, text in files.items() if name != "log.txt"},
        ):
            (tmp_path / "b.zip").write_bytes(zipped(change))
            with pytest.raises(DataError, match="changed, missing or too many"):
                check_package(tmp_path / "b.zip")
        (tmp_path / "b.zip").write_bytes(zipped({"a": b""}))
        with pytest.raises(DataError, match="no archive of coalition_models"):
            check_package(tmp_path / "b.zip")
        (tmp_path / "b.zip").write_bytes(b"nothing")
        with pytest.raises(DataError, match="cannot read"):
            check_package(tmp_path / "b.zip")
        (tmp_path / "b.zip").write_bytes(zipped({"../out.txt": b""}))
        with pytest.raises(DataError, match="outside of itself"):
            unpack(tmp_path / "b.zip", tmp_path / "inside")
        assert not (tmp_path / "out.txt").exists()

    def test_options(self, archive, tmp_path):
        with pytest.raises(DataError, match="environment must be one of new, this"):
            check_package(archive, environment="mine")
        with pytest.raises(DataError, match="is not empty"):
            check_package(archive, folder=tmp_path)

    def test_the_archives_own_code_is_run(self, archive, tmp_path, monkeypatch):
        asked = []

        def run(command, folder, variables, also=()):
            if "-c" in command:
                return str(folder / "coalition_models" / "__init__.py")
            asked.append((command, folder))
            out = Path(command[command.index("--out") + 1])
            out.mkdir()
            shutil.copy(out.parent / "manifest.json", out / "manifest.json")
            told = ["Data: bundled", "x.csv: expected 1, found 2"]
            return "\n".join([*told, "1 difference from the expected results in e"])

        monkeypatch.setattr(check, "_run", run)
        found = check_package(archive, environment="this", folder=tmp_path / "new")
        assert found.differences == ("x.csv: expected 1, found 2",)
        assert found.equal_bytes == found.outputs > 10
        ((command, folder),) = asked
        assert folder == (tmp_path / "new" / "code").resolve()
        assert command[command.index("--sources") + 1] == "bundled"
        assert "again" in str(Checked((), 1, 1, "bundled"))

    def test_another_copy_of_the_package_is_refused(self, archive, monkeypatch):
        monkeypatch.setattr(check, "_run", lambda *_, **__: "/elsewhere/coalition_models/x.py")
        with pytest.raises(DataError, match="another copy of the package would run"):
            check_package(archive, environment="this")


@pytest.mark.slow
def test_the_archive_gives_its_results_again(tmp_path, no_sources):
    reproduce(tmp_path / "build", sources="bundled")
    write_package(tmp_path / "replication.zip", tmp_path / "build")
    found = check_package(tmp_path / "replication.zip", environment="this")
    assert found.differences == ()
    # pages tell the commit, which an unpacked archive has not
    assert found.equal_bytes > 0.8 * found.outputs
