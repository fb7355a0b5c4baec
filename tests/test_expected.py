"""A run against the expected results: every difference by file, row and column, nothing else."""

from __future__ import annotations

import json
import os

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.cli import main
from coalition_models.expected import condensed, differences, expected_folder, write_expected
from coalition_models.sources import provenance as module
from coalition_models.sources.load import datasets
from coalition_models.sources.provenance import Provenance, chosen_sources, provenance

NUMBERS = pd.DataFrame({"term": ["risk", "deaths"], "ratio": [1.25, 0.5], "n": [3, 4]})
PANEL = pd.DataFrame({"state": ["ESP", "ITA", "POL"], "x": [1.0, None, 3.0]})
PAGE = (
    "<html><head><title>Who left?</title><style>p {}</style></head><body><h1>Who left?</h1>"
    '<p class="made">Data: all; commit abc.</p><p>Twenty &lt; 21.</p><svg><text>1</text></svg>'
    "<table><tr><td>risk</td><td>1.25</td></tr></table><footer>0.1</footer></body></html>"
)


def results(folder, *, numbers=NUMBERS, panel=PANEL, page=PAGE, more=None):
    files = {
        "tables/numbers.csv": numbers.to_csv(index=False),
        "tables/numbers.md": numbers.to_csv(index=False, sep="|"),
        "tables/panel.csv": panel.to_csv(index=False),
        "figures/a.svg": "<svg/>",
        "report.html": page,
        **(more or {}),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "manifest.json").write_text(json.dumps({"outputs": dict.fromkeys(files)}))
    return folder


@pytest.fixture
def kept(tmp_path):
    write_expected(results(tmp_path / "first"), tmp_path / "kept")
    return tmp_path / "kept"


def test_the_same_results_differ_in_nothing(kept, tmp_path):
    assert differences(results(tmp_path / "second"), kept) == []


@pytest.mark.parametrize("factor", [1 + 1e-10, 1 - 1e-10, 1.0])
def test_numbers_may_differ_in_the_tenth_digit(kept, tmp_path, factor):
    close = NUMBERS.assign(ratio=NUMBERS["ratio"] * factor)
    near = PANEL.assign(x=PANEL["x"] * factor)
    more = {"tables/numbers.md": NUMBERS.to_csv(index=False, sep="|")}
    assert differences(results(tmp_path / "b", numbers=close, panel=near, more=more), kept) == []


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"numbers": NUMBERS.assign(ratio=[1.25, 0.5 * (1 + 1e-8)])},
            [
                "tables/numbers.csv, row 2 (deaths), column ratio: expected '0.5', "
                "found '0.500000005'"
            ],
        ),
        (
            {"numbers": NUMBERS.assign(term=["risk", "death"])},
            ["tables/numbers.csv, row 2 (deaths), column term: expected 'deaths', found 'death'"],
        ),
        (
            {"numbers": NUMBERS.assign(ratio=[1.25, None])},
            ["tables/numbers.csv, row 2 (deaths), column ratio: expected '0.5', found ''"],
        ),
        ({"numbers": NUMBERS.head(1)}, ["tables/numbers.csv: expected 2 rows, found 1"]),
        (
            {"numbers": NUMBERS.drop(columns="n").assign(m=1)},
            [
                "tables/numbers.csv: expected the columns n, not found",
                "tables/numbers.csv: columns m found, not expected",
            ],
        ),
        (
            {"page": PAGE.replace("Twenty", "Thirty")},
            ["report.txt, line 3: expected 'Twenty < 21.', found 'Thirty < 21.'"],
        ),
        (
            {"page": PAGE.replace("1.25", "1.26")},
            ["report.txt, line 4: expected 'risk | 1.25', found 'risk | 1.26'"],
        ),
        ({"more": {"tables/b.csv": "a\n1\n"}}, ["tables/b.csv: made, and not expected"]),
    ],
)
def test_a_difference_is_one_line_that_says_where(kept, tmp_path, changes, lines):
    found = differences(results(tmp_path / "b", **changes), kept)
    # the same numbers for print are known by their checksum
    assert [line for line in found if not line.startswith("checksums.csv")] == lines
    assert any(line.startswith("checksums.csv") for line in found) is ("numbers" in changes)


@pytest.mark.parametrize(
    "panel",
    [
        PANEL.iloc[[2, 1, 0]],
        PANEL.assign(x=[1.0, 3.0, None]),
        PANEL.assign(state=["ESP", "ITA", "PRT"]),
        PANEL.assign(x=[2.0, None, 2.0]),
    ],
)
def test_the_summary_of_the_panel_sees_what_changed(kept, tmp_path, panel):
    found = differences(results(tmp_path / "b", panel=panel), kept)
    assert found
    assert all(line.startswith("tables/panel_columns.csv, row ") for line in found)


def test_no_row_of_the_panel_is_kept(kept):
    assert not (kept / "tables" / "panel.csv").exists()
    assert "ESP" not in (kept / "tables" / "panel_columns.csv").read_text()


def test_pictures_version_and_earlier_runs_are_not_compared(kept, tmp_path):
    page = PAGE.replace("<text>1", "<text>2").replace("commit abc", "commit def")
    out = results(tmp_path / "b", page=page.replace("0.1</footer>", "0.2</footer>"))
    (out / "figures" / "a.svg").write_text("<svg>other</svg>")
    (out / "tables" / "of_an_earlier_run.csv").write_text("a\n1\n")
    assert differences(out, kept) == []


def test_a_table_that_is_not_made_any_more_is_missed_and_then_forgotten(kept, tmp_path):
    write_expected(results(tmp_path / "b", more={"tables/old.csv": "a\n1\n"}), kept)
    out = results(tmp_path / "c")
    assert differences(out, kept) == ["tables/old.csv: expected, and not made"]
    write_expected(out, kept)
    assert differences(out, kept) == []
    assert sorted(condensed(out)) == sorted(
        p.relative_to(kept).as_posix() for p in kept.rglob("*") if p.is_file()
    )


def test_without_expected_results_the_command_is_named(tmp_path):
    out = results(tmp_path / "b")
    with pytest.raises(cm.CoverageError, match="--write-expected"):
        differences(out, tmp_path / "nowhere")


def made(at_hand=0, absent=0, commit=""):
    return Provenance(("s",) * at_hand, ("t",) * absent, "0.1.0", commit)


def test_what_a_run_is_made_from_is_said_in_a_line():
    assert str(made(0, 50)) == (
        "Data: bundled tables only (none of 50 external sources at hand); coalition_models 0.1.0."
    )
    assert str(made(50, 0, "a" * 40)) == (
        "Data: bundled tables and all 50 external sources; coalition_models 0.1.0, commit "
        "aaaaaaaaaaaa."
    )
    assert "2 of 3 external sources (not at hand: t)" in str(made(2, 1))
    assert str(made(0, 1, "a" * 40 + "+")).endswith("commit aaaaaaaaaaaa with changes.")


def test_expected_results_are_of_bundled_data_or_of_all(tmp_path, root):
    assert expected_folder(made(0, 3)) == root / "data" / "expected" / "bundled"
    assert expected_folder(made(3, 0), tmp_path) == tmp_path / "all"
    with pytest.raises(cm.CoverageError, match="add --sources bundled, or get the others"):
        expected_folder(made(1, 2))


def test_bundled_hides_the_sources_and_gives_them_back(monkeypatch, tmp_path):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(tmp_path))
    monkeypatch.delenv("COALITION_MODELS_CACHE", raising=False)
    with chosen_sources("bundled") as found:
        assert found.used == "bundled"
        assert found.at_hand == ()
        assert not datasets().query("kind == 'external'")["at_hand"].any()
        assert "COALITION_MODELS_MIRROR" not in os.environ
    assert os.environ["COALITION_MODELS_MIRROR"] == str(tmp_path)
    assert "COALITION_MODELS_CACHE" not in os.environ


def test_all_sources_or_a_refusal_with_the_command(monkeypatch, tmp_path):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))
    with (
        pytest.raises(cm.CoverageError, match=r"external sources are not at hand: .*--missing"),
        chosen_sources("all"),
    ):
        raise AssertionError("never reached")
    with pytest.raises(cm.DataError, match="one of at-hand, bundled, all"), chosen_sources("some"):
        raise AssertionError("never reached")


@pytest.mark.mirror
def test_with_the_mirror_all_are_at_hand(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    with chosen_sources("all") as found:
        assert (found.used, found.absent) == ("all", ())


@pytest.mark.parametrize(
    ("answers", "commit"),
    [
        (
            {
                "rev-parse --show-toplevel": "",
            },
            "",
        ),  # no checkout, or no git
        ({"rev-parse --show-toplevel": "/another"}, ""),  # installed inside another project
        ({"rev-parse HEAD": "abc"}, "abc"),
        ({"rev-parse HEAD": "abc", "status --porcelain --untracked-files=no": " M x"}, "abc+"),
    ],
)
def test_the_commit_is_that_of_the_package_s_own_checkout(monkeypatch, root, answers, commit):
    known = {"rev-parse --show-toplevel": str(root), **answers}
    monkeypatch.setattr(module, "_git", lambda _, *words: known.get(" ".join(words), ""))
    assert provenance().commit == commit


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_git_there_is_no_commit(monkeypatch, path):
    monkeypatch.setenv("PATH", path)
    assert provenance().commit == ""


@pytest.fixture
def quick(monkeypatch):
    """The run itself is replaced by results made at once."""
    from coalition_models import pipeline

    def run(out, **_):
        results(out, numbers=quick.numbers)
        return [out / "report.html"]

    quick.numbers = NUMBERS
    monkeypatch.setattr(pipeline, "reproduce", run)
    return quick


def test_writing_and_checking_from_the_command_line(quick, tmp_path, capsys):
    def run(*words):
        code = main(["reproduce", "--quiet", "--sources", "bundled", "--out", str(tmp_path / "o"),
                     "--expected", str(tmp_path / "kept"), *words])  # fmt: skip
        return code, *capsys.readouterr()

    code, out, _ = run("--check")
    assert code == 1
    code, out, _ = run("--write-expected")
    assert (code, out.splitlines()[0][:24]) == (0, "Data: bundled tables onl")
    code, out, _ = run("--check")
    assert (code, "no difference from the expected results" in out) == (0, True)
    quick.numbers = NUMBERS.assign(ratio=[1.3, 0.5])
    code, out, _ = run("--check")
    assert code == 1
    assert "row 1 (risk), column ratio: expected '1.25', found '1.3'" in out
    assert "2 differences from the expected results" in out
    with pytest.raises(SystemExit):
        run("--check", "--write-expected")


@pytest.mark.mirror
def test_what_cannot_be_used_is_said_once_in_all_processes(mirror, tmp_path):
    import shutil
    import subprocess
    import sys

    from coalition_models.sources.catalog import entry

    own = tmp_path / "own"
    own.mkdir()
    path = own / entry("us-trade").path
    shutil.copy(mirror / path.name, path)
    path.write_bytes(path.read_bytes()[:-1])
    code = (
        "import coalition_models as cm, joblib\n"
        "from coalition_models.sources.provenance import provenance, unusable_said_once\n"
        "p = cm.build_panel(cm.load('participation'), coalitions=['iraq'])\n"
        "with unusable_said_once(provenance()):\n"
        "    cm.add_alliance(p)\n"
        "    joblib.Parallel(n_jobs=2)(joblib.delayed(cm.add_alliance)(p) for _ in range(2))\n"
    )
    environment = {**os.environ, "COALITION_MODELS_MIRROR": str(own)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, text=True,
                          capture_output=True, check=True)  # fmt: skip
    assert done.stderr.count("is not the pinned file of 'us-trade'") == 1
