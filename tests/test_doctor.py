"""The doctor tells what is at hand, and what would stop a user, and never fails itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import coalition_models as cm
from coalition_models import doctor
from coalition_models.cli import main
from coalition_models.errors import warn
from coalition_models.kernels import _backend

TOPICS = {"versions", "data", "sources", "cache", "loops", "fit", "writing", "extras"}


def said(found, topic, state):
    return [check.said for check in found if (check.topic, check.state) == (topic, state)]


@pytest.fixture(scope="module")
def found():
    return doctor.checks()


def test_everything_is_looked_at_and_nothing_stops_here(found):
    assert {check.topic for check in found} == TOPICS
    assert [check for check in found if check.state == "stop"] == []
    many = (cm.datasets()["kind"] == "bundled").sum()
    assert said(found, "data", "ok")[0].startswith(f"{many} of {many} bundled tables right in ")
    assert any(line.startswith(f"coalition_models {cm.__version__}") for line in
               said(found, "versions", "ok"))  # fmt: skip


def test_missing_sources_are_named_with_the_command(no_sources):
    checks = list(doctor._sources())
    many = (cm.datasets()["kind"] == "external").sum()
    assert checks[0].said == f"0 of {many} external sources at hand"
    assert checks[0].cure.startswith("coalition-models data fetch --missing")
    assert "polity5" in checks[1].said


def test_numpy_in_place_of_the_loops_is_a_note(monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1")
    assert _backend.instructions() == "numpy"
    (check,) = doctor._loops()
    assert (check.state, "several times slower" in check.said) == ("note", True)


@pytest.mark.skipif(_backend.table() is None, reason="no compiled loops here")
def test_the_instructions_in_use_are_those_asked_for(monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_INSTRUCTIONS", "base")
    _backend._chosen.cache_clear()
    try:
        assert _backend.instructions() == "base"
    finally:
        _backend._chosen.cache_clear()


def test_a_mirror_that_is_none_stops_once(monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", "/nowhere")
    for topic, look in (("versions", doctor._versions), ("data", doctor._bundled)):
        assert said(doctor._safely(topic, look), topic, "stop") == []
    (check,) = doctor._safely("sources", doctor._sources)
    assert check.state == "stop"
    assert "mend or unset it" in check.said


def test_folders_that_cannot_be_written_stop(monkeypatch, no_sources):
    monkeypatch.setattr(doctor, "_writable", lambda place: False)
    assert [check.state for check in doctor._writing()] == ["stop", "stop"]
    (check,) = doctor._cache()
    assert (check.state, "COALITION_MODELS_CACHE" in check.cure) == ("stop", True)


def test_a_folder_is_tried_by_a_file(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    assert doctor._writable(tmp_path / "not" / "yet")
    assert not doctor._writable(file)
    assert list(tmp_path.iterdir()) == [file]


def test_a_package_too_old_or_missing_stops_with_the_command(monkeypatch):
    monkeypatch.setattr(
        doctor,
        "_requirements",
        lambda: ["numpy>=999", "no-such-thing>=1", "scipy", "x; extra == 'y'"],
    )
    stop = [check for check in doctor._versions() if check.state == "stop"]
    assert [check.cure for check in stop] == ["pip install 'numpy>=999' 'no-such-thing>=1'"]
    assert "no-such-thing missing" in stop[0].said
    (extra,) = doctor._extras()
    assert (extra.state, extra.cure) == ("note", "pip install 'coalition-models[y]'")


def test_a_damaged_table_is_named(monkeypatch):
    from coalition_models.sources import load as module

    right = module.load

    def load(name, **options):
        if name == "troops":
            raise cm.DataError("table 'troops'\n fails 1 check")
        return right(name, **options)

    monkeypatch.setattr(module, "load", load)
    stop = [check.said for check in doctor._bundled() if check.state == "stop"]
    assert stop == ["troops: table 'troops' fails 1 check"]


def test_a_look_that_fails_is_a_finding():
    def broken():
        yield from ()
        raise RuntimeError("odd\nmore")

    (check,) = doctor._safely("fit", broken)
    assert (check.state, check.said) == ("stop", "RuntimeError: odd more")


def test_what_the_package_warns_of_is_a_note():
    def warns():
        yield doctor.Check("loops", "ok", "fine")
        for _ in range(2):
            warn("look out")

    assert [check.said for check in doctor._safely("loops", warns)] == ["fine", "look out"]


@pytest.mark.parametrize(("state", "code"), [("ok", 0), ("note", 0), ("stop", 1)])
def test_the_exit_code_is_one_if_something_would_stop_a_user(monkeypatch, capsys, state, code):
    one = doctor.Check("data", state, "as it is", "" if state == "ok" else "do this")
    monkeypatch.setattr(doctor, "checks", lambda: [one])
    assert main(["doctor"]) == code
    out = capsys.readouterr().out
    assert out.lower().startswith(state)
    assert ("-> do this" in out) == (state != "ok")
    assert main(["doctor", "--json"]) == code
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["checks"][0]["said"]) == (code == 0, "as it is")
    assert (told["version"], set(told)) == (
        cm.__version__,
        {"version", "ok", "summary", "checks"},
    )


def test_a_long_line_is_broken_for_the_terminal():
    check = doctor.Check("sources", "note", ", ".join(["alliance-fulfilment"] * 40))
    assert all(len(line) <= 100 for line in check.lines())
    assert Path(doctor.__file__).name == "doctor.py"
