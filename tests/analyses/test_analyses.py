"""Analyses in files: what is wrong is told with its line, what is right is what the calls give."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.analyses import analyse_sensitivity, fit_analysis, read_analysis
from coalition_models.analyses.checking import schema
from coalition_models.analyses.toml_lines import read_toml
from coalition_models.cli import main
from coalition_models.errors import CoalitionError, DataError
from coalition_models.models.family import families
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.finding_parts import PARTS

BAD = sorted(Path(__file__).parent.joinpath("bad").glob("*.toml"))
GOOD = """
[data]
set = "iraq"
[model]
family = "cox"
formula = "event ~ election_near + log_deaths_weighted"
cluster = "state"
variance = "jackknife"
"""


def written(folder, text, name="a.toml"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_fails_with_its_line(path, tmp_path):
    expected = re.fullmatch(r"# line (\d+): (.*)", path.read_text().splitlines()[0])
    with pytest.raises(CoalitionError) as told:
        analyse_sensitivity(read_analysis(path), tmp_path / "out")
    assert f"{path}: line {expected[1]}: " in str(told.value)
    assert expected[2] in str(told.value)


def test_all_failures_are_told_at_once(tmp_path):
    path = written(tmp_path, "[data]\nset = 3\n[model]\nfamily = 'cox'\nties = 'exact'\nb = 1\n")
    with pytest.raises(DataError) as told:
        read_analysis(path)
    assert re.findall(r"line (\d+): \[(\w+)\]", str(told.value)) == [
        ("2", "data"), ("3", "model"), ("5", "model"), ("6", "model")
    ]  # fmt: skip


def test_the_schema_is_one_and_says_the_same_to_others():
    """Any JSON Schema validator refuses the same files, and the enumerations are the package's."""
    jsonschema.Draft202012Validator.check_schema(schema())
    judge = jsonschema.Draft202012Validator(schema())
    model = schema()["properties"]["model"]["properties"]
    assert model["family"]["enum"] == sorted(families())
    parts = schema()["properties"]["sensitivity"]["properties"]["parts"]
    assert parts["items"]["enum"] == [part.name for part in PARTS]
    assert set(model) <= set(Specification.__dataclass_fields__)
    assert judge.is_valid(tomllib.loads(GOOD))
    differ = []
    for path in BAD:
        try:
            values = tomllib.loads(path.read_text())
        except tomllib.TOMLDecodeError:
            continue
        try:
            read_analysis(path)
            ours = True
        except CoalitionError as error:
            ours = not re.search(
                r"has no key|must be (text|a |true|at|less)|is empty|needs (a table|\w+ = )|"
                r"twice|an empty text|It must be one",
                str(error),
            )
        if judge.is_valid(values) != ours:
            differ.append(path.stem)
    assert differ == []


def test_lines_of_everything_that_toml_can_write(tmp_path):
    text = '''# first
a = 1
"b c" = """
x = 1
[no.table]
"""
[t . "u v"]   # note
list = [
  1, # one
  [2],
]
d.e = {f = 1,
g = 2} '''
    path = written(tmp_path, text.replace("{f = 1,\ng = 2}", "{f = 1, g = 2}"))
    assert read_toml(path).lines == {
        ("a",): 2, ("b c",): 3, ("t",): 7, ("t", "u v"): 7, ("t", "u v", "list"): 8,
        ("t", "u v", "d"): 12, ("t", "u v", "d", "e"): 12, ("t", "u v", "d", "e", "f"): 12,
        ("t", "u v", "d", "e", "g"): 12,
    }  # fmt: skip


def test_fit_gives_what_the_call_gives(tmp_path, capsys):
    path = written(tmp_path, GOOD)
    panel = cm.build_panel(cm.facts("iraq")).pipe(cm.add_elections).pipe(cm.add_casualties)
    ours = fit_analysis(read_analysis(path))
    other = cm.cox(
        "event ~ election_near + log_deaths_weighted", panel, cluster="state", variance="jackknife"
    )
    np.testing.assert_array_equal(ours.coefficients, other.coefficients)
    np.testing.assert_array_equal(ours.std_errors, other.std_errors)
    assert main(["fit", str(path), "--out", str(tmp_path / "fit.csv")]) == 0
    assert "election_near" in capsys.readouterr().out
    assert pd.read_csv(tmp_path / "fit.csv")["term"].tolist() == list(other.names)


SMALL = """
data.panel = "rows.csv"
[model]
family = "cox"
formula = "event ~ high + size"
cluster = "state"
variance = "jackknife"
[sensitivity]
term = "high"
parts = ["curve", "resample"]
draws = 30
[sensitivity.dimensions]
controls = ["", "size"]
model.ties = ["efron", "breslow"]
model.family = ["cox", "cloglog"]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    panel = cm.simulate_panel(
        members=25, hazard=0.03, coefficients={"risk": 0.8, "size": 0.2}, seed=3
    )
    panel.assign(high=(panel["risk"] > 0).astype(int)).to_csv(folder / "rows.csv", index=False)
    return written(folder, SMALL)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }  # fmt: skip


def test_a_run_is_gone_on_with_and_ends_in_the_same_files(small, tmp_path, capsys):
    def command(out, *more):
        return main(["sensitivity", str(small), "--out", str(out), "--quiet", *more])

    assert command(tmp_path / "one") == 0
    assert "wrote 9 files" in capsys.readouterr().out
    whole = contents(tmp_path / "one")
    assert {"curve.csv", "curve.svg", "kept/curve.jsonl", "resample.txt"} <= set(whole)
    parts = pd.read_csv(tmp_path / "one" / "parts.csv", keep_default_na=False)
    assert parts["part"].tolist() == ["curve", "resample"]
    assert parts["what it says"].iloc[0].startswith("Over 6 specifications of 3 choices")
    assert b"How far high holds" in whole["report.html"]
    curve = pd.read_csv(tmp_path / "one" / "curve.csv", keep_default_na=False)
    assert curve[["controls", "family", "ties"]].to_numpy().tolist() == [
        [controls, *model] for controls in ("none", "size")
        for model in (["cox", "efron"], ["cox", "breslow"], ["cloglog", "efron"])
    ]  # fmt: skip
    skipped = pd.read_csv(tmp_path / "one" / "curve_skipped.csv")
    assert skipped["family"].tolist() == ["cloglog"] * 2
    assert len(whole["kept/resample.jsonl"].splitlines()) == 31
    again = tmp_path / "again" / "kept"
    again.mkdir(parents=True)
    for name in ("curve", "resample"):
        kept = whole[f"kept/{name}.jsonl"]
        (again / f"{name}.jsonl").write_bytes(kept[: int(len(kept) * 0.7)])
    assert command(again.parent) == 0
    assert contents(again.parent) == whole


def test_results_of_another_analysis_are_refused(small, tmp_path, capsys):
    other = written(small.parent, SMALL.replace("draws = 30", "draws = 40"), "other.toml")
    arguments = ["--out", str(tmp_path), "--quiet"]
    assert main(["sensitivity", str(small), *arguments]) == 0
    assert main(["sensitivity", str(other), *arguments]) == 1
    said = capsys.readouterr().err
    assert "resample.jsonl holds results of something else: of 30 tasks, now there are 40" in said


def test_an_interruption_is_told_with_what_is_kept(small, tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("coalition_models.sensitivity.resampling._Sample.__call__", stop)
    code = main(["sensitivity", str(small), "--out", str(tmp_path), "--quiet"])
    assert code == 130
    assert "interrupted: 0 of 30 results are kept in" in capsys.readouterr().err
    assert json.loads((tmp_path / "kept" / "curve.jsonl").read_text().splitlines()[1])["task"] == 0


def test_facts_in_a_folder_of_csv_files(tmp_path):
    facts = cm.facts("iraq")
    folder = tmp_path / "facts"
    folder.mkdir()
    facts.members.drop(columns="left_out", errors="ignore").to_csv(
        folder / "members.csv", index=False
    )
    for name in ("coalitions", "troops"):
        facts.table(name).to_csv(folder / f"{name}.csv", index=False)
    text = """
[data]
folder = "facts"
features = ["contagion"]
build.wind_up = 3
build.until = 2007-12-31
[model]
family = "cox"
formula = "event ~ recent_exits_12m"
"""
    found = fit_analysis(read_analysis(written(tmp_path, text)))
    panel = cm.build_panel(cm.Facts.read(folder), wind_up=3, until="2007-12-31")
    other = cm.cox("event ~ recent_exits_12m", cm.add_contagion(panel))
    assert found.coefficients[0] == pytest.approx(other.coefficients[0], rel=1e-12)


def test_a_part_that_is_asked_for_and_does_not_apply_is_refused_with_its_line(small, tmp_path):
    text = SMALL.replace('["curve", "resample"]', '["resample", "dates"]')
    path = written(small.parent, text, "dates.toml")
    with pytest.raises(DataError, match=r"line 10: \[sensitivity\] the part 'dates' needs facts"):
        analyse_sensitivity(read_analysis(path), tmp_path)


@pytest.mark.slow
def test_every_part_runs_on_facts(tmp_path):
    text = (
        GOOD
        + """
[sensitivity]
term = "election_near"
draws = 3
[sensitivity.dimensions]
standard = ["contested", "window"]
"""
    )
    made = analyse_sensitivity(read_analysis(written(tmp_path, text)), tmp_path / "out")
    names = {path.stem for path in made}
    assert {"curve", "resample", "leave_out", "dates", "codings", "confounding"} <= names
    assert len(pd.read_csv(tmp_path / "out" / "dates.csv")) == 3
    assert len(pd.read_csv(tmp_path / "out" / "curve.csv")) == 18
