"""The command line: each verb does its work, and refuses with one clear line."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.cli import main


def run(capsys, *arguments):
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def command(*arguments, **options):
    code = "import sys; from coalition_models.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], text=True, check=False, **options
    )


def test_list_shows_every_table(capsys):
    code, out, _ = run(capsys, "data", "list")
    assert code == 0
    assert len(out.splitlines()) == len(cm.datasets()) + 2
    assert "participation" in out


def test_show_prints_a_table_as_csv(capsys):
    code, out, _ = run(capsys, "data", "show", "coalitions")
    assert code == 0
    assert (
        pd.read_csv(io.StringIO(out))["coalition"].tolist()
        == cm.load("coalitions")["coalition"].tolist()
    )


def test_codebook_and_cite(capsys):
    code, out, _ = run(capsys, "data", "codebook", "troops")
    assert (code, "persons" in out) == (0, True)
    code, out, _ = run(capsys, "data", "cite", "fatalities", "--bibtex")
    assert (code, "@misc{icasualties" in out) == (0, True)


def test_validate_checks_bundled_and_own_tables(capsys, tmp_path):
    code, out, _ = run(capsys, "data", "validate")
    assert code == 0
    assert "participation: 306 rows, right" in out
    mine = tmp_path / "mine.csv"
    frame = cm.load("participation").assign(exit_kind="gone")
    frame.to_csv(mine, index=False)
    code, out, err = run(capsys, "data", "validate", "--file", str(mine), "--as", "participation")
    assert (code, out) == (1, "")
    assert err.startswith("error: table 'participation' fails 1 check;")
    assert "column exit_kind must be one of" in err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["data", "show", "particpation"], "no table named 'particpation'; nearest names"),
        (["data", "validate", "--as", "troops"], "give both --file and --as"),
        (["data", "validate", "--file", "no.csv", "--as", "troops"], "cannot read no.csv"),
        (["data", "validate", "--file", ".", "--as", "troops"], "cannot read .: it is a folder"),
        (["data", "build"], "give --mirror, or set COALITION_MODELS_MIRROR"),
        (["data", "build", "--mirror", "."], "give --out"),
        (["paper", "--text", "no.md", "--out", "no-folder/paper.md"], "cannot read no.md"),
        (["replicate", "nobody-1999"], "nobody-1999"),
    ],
)
def test_a_refusal_is_one_line_and_code_one(capsys, monkeypatch, arguments, text):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert text in err


def test_wrong_types_in_an_own_file_name_the_column(capsys, tmp_path):
    mine = tmp_path / "mine.csv"
    cm.load("troops").assign(troops="many").to_csv(mine, index=False)
    code, _, err = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
    assert code == 1
    assert "column troops must hold" in err


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("date", "03/04/2004", "must hold dates as 2008-12-31; found '03/04/2004' in line 2"),
        ("troops", "1,000", "must hold integers; found '1,000' in line 2"),
        ("troops", "10.5", "must hold whole numbers; found '10.5' in line 2"),
    ],
)
def test_wrong_cells_of_an_own_file_are_shown_with_their_line(
    capsys, tmp_path, column, value, words
):
    mine = tmp_path / "mine.csv"
    rows = cm.load("troops").astype({column: object})
    rows.loc[0, column] = value
    rows.to_csv(mine, index=False)
    code, _, err = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
    assert (code, err.count("\n")) == (1, 1)
    assert f"column {column} {words}" in err
    assert "You might" not in err


def test_an_output_path_that_is_a_file_is_refused(capsys, tmp_path):
    taken = tmp_path / "build"
    taken.write_text("mine")
    code, _, err = run(capsys, "reproduce", "--quiet", "--out", str(taken))
    assert code == 1
    assert "is a file; results need a folder" in err
    assert taken.read_text() == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_an_error_not_a_traceback(capsys):
    code, _, err = run(capsys, "data", "show", "coalitions", "--out", "/dev/full")
    assert (code, "No space left on device" in err) == (1, True)
    with Path("/dev/full").open("w") as full:
        done = command("data", "show", "troops", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert done.stderr == "error: cannot write the output: No space left on device\n"


def test_a_closed_pipe_ends_quietly():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = command("data", "show", "troops", stdout=closed, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (1, "")


def test_interrupting_says_so_and_leaves_nothing(capsys, tmp_path, monkeypatch):
    from coalition_models import pipeline

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "write_part", interrupted)
    out = tmp_path / "build"
    code, _, err = run(capsys, "reproduce", "--quiet", "--out", str(out))
    assert code == 130
    assert "interrupted" in err
    assert not out.exists()


def test_ctrl_c_in_the_middle_of_a_run_leaves_nothing(tmp_path):
    out = tmp_path / "build"
    code = (
        "import signal, sys; from coalition_models.cli import main; "
        # whoever runs the tests in the background may have set it aside
        "signal.signal(signal.SIGINT, signal.default_int_handler); sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "reproduce", "--quiet", "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not list(out.glob(".partial-*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert list(out.glob(".partial-*"))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "interrupted: nothing half-written was left behind" in err
    assert not out.exists()


def test_the_paper_is_filled_from_the_analysis(capsys, tmp_path):
    target, text = tmp_path / "new" / "paper.md", tmp_path / "short.md"
    text.write_text("the coders agreed in {{coders.kind_agree}}")
    code, _, _ = run(capsys, "paper", "--text", str(text), "--out", str(target))
    assert code == 0
    assert target.read_text(encoding="utf-8") == "the coders agreed in 29"
    wrong = tmp_path / "wrong.md"
    wrong.write_text("{{coders.kind_of}} of {{evnts}}")
    code, _, err = run(capsys, "paper", "--text", str(wrong), "--out", str(target))
    assert (code, "does not give: evnts" in err) == (1, True)
    assert target.read_text(encoding="utf-8") == "the coders agreed in 29"
    code, _, err = run(capsys, "paper", "--out", str(tmp_path / "paper.odt"))
    assert (code, "one of md, pdf, html, docx, tex" in err) == (1, True)


def test_help_and_version(capsys):
    for arguments in (["--help"], ["--version"], ["data", "--help"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    assert "coalition-models" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["reproduce", "--out", ""], "--out is empty"),
        (["hypotheses", "--out", " "], "--out is empty"),
        (["hypotheses", "--workers", "0"], "workers must be a whole number of 1 or more, not 0"),
        (["hypotheses", "--workers", "-2"], "workers must be a whole number of 1 or more, not -2"),
        (["paper", "--text", ""], "--text is empty"),
    ],
)
def test_empty_paths_and_no_workers_are_refused_before_anything_is_written(
    capsys, tmp_path, monkeypatch, arguments, text
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (1, "")
    assert err.startswith("error: ")
    assert text in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["coalition_models", "coalition_models.cli"])
def test_it_runs_as_a_module(module, root):
    done = subprocess.run(
        [sys.executable, "-m", module, "data", "codebook", "troops"],
        capture_output=True, text=True, check=False, cwd=root,
    )  # fmt: skip
    assert (done.returncode, "persons" in done.stdout) == (0, True)
    assert done.stderr == ""


@pytest.mark.parametrize("ending", ["zip", "xz", "zst", "tar", "tar.gz", "tar.xz", "gz", "bz2"])
def test_a_file_that_is_not_what_its_name_says_is_one_line(capsys, tmp_path, ending):
    mine = tmp_path / f"mine.{ending}"
    mine.write_text("coalition,state\niraq,ESP\n")
    code, out, err = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"error: cannot read mine.{ending}: ")


def test_a_compressed_table_is_read(capsys, tmp_path):
    for ending in ("zip", "gz", "xz"):
        mine = tmp_path / f"mine.csv.{ending}"
        cm.load("troops").to_csv(mine, index=False)
        code, out, _ = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
        assert (code, "4411 rows, right as troops" in out) == (0, True)


@pytest.mark.parametrize(
    ("shape", "column"),
    [("troops", "troops"), ("participation", "exit"), ("leaders", "end"), ("coalitions", "start")],
)
def test_a_table_without_the_column_it_is_about_is_refused(capsys, tmp_path, shape, column):
    mine = tmp_path / "mine.csv"
    frame = cm.load(shape).drop(columns=column)
    frame.to_csv(mine, index=False)
    code, _, err = run(capsys, "data", "validate", "--file", str(mine), "--as", shape)
    assert (code, f"missing column: {column}" in err) == (1, True)
    with pytest.raises(cm.DataError, match=f"missing column: {column}"):
        cm.validate(frame, shape)


def test_columns_that_may_be_left_out_are_named(capsys, tmp_path):
    mine = tmp_path / "mine.csv"
    cm.load("troops").drop(columns="note").to_csv(mine, index=False)
    code, out, _ = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
    assert (code, "(without note, which may be left out)" in out) == (0, True)


@pytest.mark.parametrize("shape", ["troops", "participation", "elections"])
def test_a_file_without_rows_is_not_right(capsys, tmp_path, shape):
    mine = tmp_path / "mine.csv"
    cm.load(shape).head(0).to_csv(mine, index=False)
    code, _, err = run(capsys, "data", "validate", "--file", str(mine), "--as", shape)
    assert (code, err) == (
        1,
        f"error: table {shape!r} fails 1 check; mend the rows named and load it again:\n"
        "  - the table has no rows\n",
    )


def test_rows_with_more_cells_than_columns_are_refused_for_that(capsys, tmp_path):
    mine = tmp_path / "mine.csv"
    text = cm.load("troops").to_csv(index=False).splitlines()
    mine.write_text("\n".join([text[0], *(f"{line},extra" for line in text[1:])]))
    code, _, err = run(capsys, "data", "validate", "--file", str(mine), "--as", "troops")
    assert (code, "more field than its first line has names" in err) == (1, True)


@pytest.mark.parametrize("verb", [["show", "leaders"], ["cite", "bjornskov-rode"], ["list"]])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_all_letters_gets_escapes_or_one_line(verb, encoding):
    done = command(
        "data", *verb, capture_output=True, encoding=encoding,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert done.stderr.count("\n") == 1
        assert "set PYTHONIOENCODING=utf-8" in done.stderr
        assert done.stdout == ""
    else:
        assert verb[0] != "show" or encoding == "latin-1"
        assert done.stdout


def test_a_reader_in_ascii_sees_every_line_of_text():
    plain = command("data", "cite", "bjornskov-rode", capture_output=True,
                    env={**os.environ, "PYTHONIOENCODING": "utf-8"})  # fmt: skip
    less = command("data", "cite", "bjornskov-rode", capture_output=True,
                   env={**os.environ, "PYTHONIOENCODING": "ascii"})  # fmt: skip
    assert less.stdout == plain.stdout.encode("ascii", "backslashreplace").decode()


@pytest.mark.parametrize(
    "error", [ValueError("odd\nmore"), KeyError("k"), MemoryError(), TypeError()]
)
def test_what_was_not_foreseen_is_one_line_too(capsys, monkeypatch, error):
    from coalition_models import pipeline

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(pipeline, "reproduce", broken)
    code, _, err = run(capsys, "reproduce", "--sources", "bundled")
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(f"error: {type(error).__name__}: ")
    monkeypatch.setenv("COALITION_MODELS_DEBUG", "1")
    with pytest.raises(type(error)):
        main(["reproduce", "--sources", "bundled"])


def test_a_warning_is_one_line(capsys, monkeypatch):
    import warnings

    from coalition_models import pipeline

    def warns(out, **_):
        warnings.warn("look out", cm.CoalitionWarning, stacklevel=1)
        return []

    monkeypatch.setattr(pipeline, "reproduce", warns)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        # pytest keeps warnings to itself
        monkeypatch.setattr(
            warnings, "showwarning",
            lambda *a, **_: print(warnings.formatwarning(*a[:4]), end="", file=sys.stderr),
        )  # fmt: skip
        code, out, err = run(capsys, "reproduce", "--sources", "bundled")
    assert (code, err) == (0, "warning: look out\n")
    many = (cm.datasets()["kind"] == "external").sum()
    assert out.startswith(f"Data: bundled tables only (none of {many} external sources at hand); ")


@pytest.fixture
def fetched(monkeypatch, tmp_path):
    """No source at hand; fetching works for all but two."""
    from coalition_models.sources import fetch

    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path / "cache"))
    asked = []

    def fake(name):
        asked.append(name)
        if name in ("nelda", "polity5"):
            raise cm.CoverageError(f"{name!r} is not at hand\n  address:  http://x")
        return tmp_path / name

    monkeypatch.setattr(fetch, "fetch", fake)
    return asked


@pytest.mark.parametrize("option", ["--all", "--missing"])
def test_fetching_all_goes_on_past_failures_and_lists_them(capsys, fetched, option):
    code, out, err = run(capsys, "data", "fetch", option)
    assert code == 1
    # a source of seven files is listed beside its files
    external = cm.datasets().query("kind == 'external'").index
    assert sorted(fetched) == sorted(set(external) - {"ipi-contributions"})
    assert f"[1/{len(fetched)}] {fetched[0]}: " in out
    assert err.splitlines()[:-1] == [
        f"error: {name}: {name!r} is not at hand address: http://x"
        for name in fetched if name in ("nelda", "polity5")
    ]  # fmt: skip
    assert err.splitlines()[-1] == f"2 of {len(fetched)} files could not be fetched"


def test_fetching_some_goes_on_too(capsys, fetched):
    code, out, _ = run(capsys, "data", "fetch", "polity5", "us-trade")
    assert (code, fetched) == (1, ["polity5", "us-trade"])
    assert "us-trade: " in out
    assert run(capsys, "data", "fetch", "us-trade")[0] == 0
    code, out, err = run(capsys, "data", "fetch", "nelda")
    assert (code, out, err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize("words", [[], ["--all", "--missing"], ["nelda", "--all"]])
def test_what_to_fetch_is_said_once(capsys, fetched, words):
    code, _, err = run(capsys, "data", "fetch", *words)
    assert (code, err) == (1, "error: name tables to fetch, or give --all or --missing\n")
    assert fetched == []


def test_rebuilding_says_which_files_are_missing_and_how_to_get_them(capsys, fetched):
    code, _, err = run(capsys, "data", "build", "--check")
    assert (code, err.count("\n")) == (1, 1)
    assert "reign-elections.csv" in err
    assert "coalition-models data fetch parlgov-cabinets parlgov-elections" in err


def test_a_misspelt_verb_is_told_what_it_may_have_been(capsys):
    with pytest.raises(SystemExit):
        main(["reproduse"])
    assert "did you mean 'reproduce'?" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["reproduce", "--sources", "bundeld"])
    assert "did you mean 'bundled'?" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [["package", "--out"], ["paper", "--out"]])
def test_a_place_that_cannot_be_written_is_refused_before_the_analysis(
    verb, tmp_path, capsys, root, monkeypatch
):
    (tmp_path / "file").write_text("x")
    monkeypatch.chdir(root)
    ending = "replication.zip" if verb[0] == "package" else "paper.md"
    assert main([*verb, str(tmp_path / "file" / ending)]) == 1
    assert "is a file; results need a folder" in capsys.readouterr().err


def test_the_paper_elsewhere_says_where_its_text_is(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["paper"]) == 1
    assert "run this in the folder of the repository, or give --text" in capsys.readouterr().err
