"""All studies at once, and the command that says a line of each."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.cli import main
from coalition_models.replications import everything
from coalition_models.replications.everything import Replications, replicate_all
from coalition_models.replications.left_out import list_left_out
from coalition_models.replications.registry import known_studies, replicate

RIGHT = "Table 1,all,spells,coefficient,0.50,p. 1,"
WRONG = "Table 1,all,spells,std_error,0.24,p. 1,"


@pytest.mark.usefixtures("no_sources")
def test_without_data_each_line_says_how_to_get_them(capsys):
    assert main(["replicate", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.partition(":")[0].removesuffix(" (in spirit)") for line in lines[:-1]]
    assert names == known_studies()
    assert all("not at hand: coalition-models data fetch" in line for line in lines[:-1])
    assert lines[-1].startswith(f"0 of {len(known_studies())} studies, 0 numbers: 0 exact")
    known = everything.list_replications()["numbers"].sum()
    out = list_left_out()["numbers"].sum()
    assert lines[-1].endswith(
        f"; {known} without their data; {out} more left out, named by replicate --left-out"
    )
    # one command for all that a study lacks
    assert all(line.count("data fetch") == 1 for line in lines[:-1])


@pytest.mark.usefixtures("no_sources")
def test_a_study_of_bundled_tables_is_recomputed_without_sources(monkeypatch, toy):
    one = replicate(toy(RIGHT)).study
    listed = pd.DataFrame({"numbers": [1]}, index=pd.Index(["toy-2020"], name="name"))
    monkeypatch.setattr(everything, "list_replications", lambda: listed)
    monkeypatch.setattr(everything, "study_named", lambda name: one)
    monkeypatch.setattr(everything, "replicate", lambda name, data: replicate(toy(RIGHT), data))
    found = replicate_all()
    assert found.unlisted == 0
    assert list(found.lines())[-1].startswith(
        "1 of 1 studies, 1 number: 1 exact, 0 off by one in the last digit, 0 different; "
    )


def test_an_unlisted_deviation_is_an_exit_code_of_1(capsys, monkeypatch, toy):
    listed = pd.DataFrame({"numbers": [2]}, index=["toy-2020"])
    for lines, code in (((RIGHT,), 0), ((RIGHT, WRONG), 1), ((RIGHT, f"{WRONG}printer"), 0)):
        folder = toy(*lines)
        assert main(["replicate", str(folder)]) == code
        found = Replications(listed, {"toy-2020": replicate(folder)}, {})
        monkeypatch.setattr(everything, "replicate_all", lambda found=found: found)
        capsys.readouterr()
        assert main(["replicate", "--all"]) == code
        said = "1 deviation unlisted" in capsys.readouterr().out
        assert said == bool(code)


@pytest.mark.slow
@pytest.mark.mirror
def test_every_printed_study_with_the_mirror(mirror, monkeypatch, capsys):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    listed = everything.list_replications()
    printed = listed[listed["kind"] == "printed"]
    monkeypatch.setattr(everything, "list_replications", lambda: printed)
    assert main(["replicate", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(printed) + 1
    assert "unlisted" not in "".join(lines)
    assert "more left out, named by replicate --left-out" in lines[-1]


@pytest.mark.slow
@pytest.mark.mirror
def test_every_study_with_the_mirror(mirror, monkeypatch, capsys):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    assert main(["replicate", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(known_studies()) + 1
    assert sum(" (in spirit): " in line for line in lines) == 7
    assert "(7 in spirit)" in lines[-1]
