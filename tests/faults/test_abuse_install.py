"""Installations that nobody may write to, or that have the core alone; runs that are killed."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import coalition_models
from coalition_models.files import staging_folder, write_file
from coalition_models.kernels import _backend

PACKAGE = Path(coalition_models.__file__).parent
FIT = """
import json, sys, warnings
import coalition_models as cm
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    panel = cm.simulate_panel(members=40, hazard=0.05, coefficients={"x": 0.5}, seed=1)
    fits = [cm.cox("event ~ x", panel, **choice) for choice in
            ({}, {"cluster": "state"}, {"penalty": "firth"})]
print(json.dumps([[*f.coefficients, *f.std_errors] for f in fits]))
print([str(w.message)[:40] for w in said], cm.__file__)
"""


def _plain_user() -> None:
    """Give up, for one process, what lets root write where nobody may."""
    if os.geteuid() == 0 and sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for capability in (1, 2, 3):
            libc.prctl(24, capability, 0, 0, 0)


def run(code, folder, **environment):
    home = folder / "home"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/",
        preexec_fn=_plain_user,
        env={**os.environ, "PYTHONPATH": str(folder / "site"), "HOME": str(home),
             "XDG_CACHE_HOME": str(home / "cache"), "MPLCONFIGDIR": str(home / "mpl"),
             **environment},
    )  # fmt: skip


@pytest.fixture
def read_only(tmp_path):
    """A copy of the package, and a home, where nothing can be written."""

    def make(*, library=True, checkout=False, stale=False):
        site = tmp_path / "site"
        shutil.copytree(PACKAGE, site / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / "home").mkdir()
        sources = site / PACKAGE.name / "kernels" / "c"
        if not library:
            for path in sources.glob("loops.*"):
                path.unlink()
        if checkout:
            (site / "pyproject.toml").write_text("")
            (site / "data").symlink_to(PACKAGE.parent / "data")
        if stale:
            with next(sources.glob("*.h")).open("a") as file:
                file.write("\n")
        for path in [tmp_path / "home", site, *site.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o555 if path.is_dir() else 0o444)
        return tmp_path

    yield make
    for path in [tmp_path / "home", tmp_path / "site", *(tmp_path / "site").rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


@pytest.fixture(scope="module")
def right():
    done = subprocess.run(
        [sys.executable, "-c", FIT], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return json.loads(done.stdout.splitlines()[0])


@pytest.mark.skipif(_backend.table() is None, reason="no compiled loops were built here")
@pytest.mark.parametrize(
    ("state", "warned"),
    [
        ({}, False),
        ({"library": False}, True),
        ({"checkout": True}, False),
        ({"checkout": True, "stale": True}, True),
    ],
)
def test_fits_where_package_and_home_are_read_only(read_only, right, state, warned):
    folder = read_only(**state)
    done = run(FIT, folder)
    assert done.returncode == 0, done.stderr
    numbers, said = done.stdout.splitlines()
    assert str(folder) in said
    assert ("the compiled loops are not at hand" in said) is warned
    for found, expected in zip(json.loads(numbers), right, strict=True):
        assert found == pytest.approx(expected, rel=1e-9)
    probe = run(f"open({str(folder / 'home' / 'x')!r}, 'w')", folder)
    assert "Permission" in probe.stderr


CORE = """
import sys
EXTRAS = {"rdata", "pooch", "pyarrow", "frictionless", "xarray"}
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in EXTRAS:
            return None
        return self.finder.find_spec(name, path, target)
sys.meta_path = [Without(finder) for finder in sys.meta_path]
import warnings
import coalition_models as cm
warnings.simplefilter("ignore", cm.CoalitionWarning)
"""
BUILDERS = """
panel = cm.build_panel(cm.load("participation", revision=1), coalitions=["iraq"])
for add in (cm.add_alliance, cm.add_capability, cm.add_commitment, cm.add_elections,
            cm.add_leadership, cm.add_casualties, cm.add_preferences):
    out = add(panel)
    assert len(out) == len(panel), add
out = cm.add_commitment(panel)
print(out["troops"].notna().sum(), out["relative_commitment"].notna().sum())
hand = cm.datasets()["at_hand"]
print(bool(hand["cow-capabilities"]), bool(hand["participation"]))
try:
    cm.load("cow-capabilities")
except cm.CoverageError as error:
    print(error)
"""


@pytest.mark.mirror
@pytest.mark.parametrize("mirrored", [True, False])
def test_the_core_alone_builds_what_it_can(mirror, tmp_path, mirrored):
    place = str(mirror) if mirrored else str(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CORE + BUILDERS], capture_output=True, text=True, check=False,
        cwd=PACKAGE.parent,
        env={**os.environ, "COALITION_MODELS_CACHE": str(tmp_path / "none"),
             "COALITION_MODELS_MIRROR": place},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts, hand, error = done.stdout.strip().split("\n", 2)
    assert counts == "1335 0"
    assert hand == "False True"
    assert ("rdata" in error) is mirrored
    assert "add_commitment" not in error


VERBS = [
    ["data", "list"],
    ["data", "show", "coalitions"],
    ["data", "show", "cow-capabilities"],
    ["data", "cite", "nelda"],
]


@pytest.mark.mirror
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_core_alone_has_every_verb(mirror, tmp_path, verb):
    code = f"{CORE}\nfrom coalition_models.cli import main\nsys.exit(main({verb!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        cwd=PACKAGE.parent,
        env={**os.environ, "COALITION_MODELS_CACHE": str(tmp_path / "none"),
             "COALITION_MODELS_MIRROR": str(mirror)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    if verb[-1] == "cow-capabilities":
        assert (done.returncode, "rdata" in done.stderr) == (1, True)
        assert "coalition-models[fetch]" in done.stderr
    else:
        assert (done.returncode, done.stderr) == (0, "")


BUILD = """
import sys, time
from pathlib import Path
from coalition_models.files import staging_folder, write_file
out, mark, pauses = Path(sys.argv[1]), sys.argv[2], [float(p) for p in sys.argv[3:]]
with staging_folder(out, ("tables",)) as staging:
    (staging / "tables").mkdir(exist_ok=True)
    for i in range(4):
        write_file(staging / "tables" / f"{i}.csv", mark)
        print(i, flush=True)
        time.sleep(pauses[i])
    write_file(staging / "report.html", mark)
"""


def contents(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def started(out, mark, pauses):
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(out), mark, *map(str, pauses)], stdout=subprocess.PIPE,
        text=True, cwd=PACKAGE.parent,
    )  # fmt: skip


@pytest.mark.parametrize("seen", [0, 1, 3])
@pytest.mark.parametrize("old", [True, False])
def test_a_run_that_is_killed_leaves_old_results_whole_and_the_next_clears_up(tmp_path, seen, old):
    out = tmp_path / "build"
    if old:
        with staging_folder(out) as staging:
            write_file(staging / "report.html", "old")
    before = contents(out) if old else {}
    with started(out, "half", (0, 0, 0, 0)[:seen] + (60,) * (4 - seen)) as killed:
        for _ in range(seen + 1):
            killed.stdout.readline()
        killed.send_signal(signal.SIGKILL)
    kept = {name: text for name, text in contents(out).items() if not name.startswith(".")}
    assert kept == before
    with staging_folder(out) as staging:
        write_file(staging / "report.html", "new")
    assert contents(out) == {"report.html": "new"}
    assert not [p for p in tmp_path.iterdir() if p != out]


@pytest.mark.parametrize("number", [2, 3])
def test_runs_at_once_into_one_folder_end_with_the_results_of_one(tmp_path, number):
    out = tmp_path / "build"
    runs = [started(out, f"run{i}", (0.05,) * 4) for i in range(number)]
    for one in runs:
        one.communicate(timeout=60)
    assert [one.returncode for one in runs] == [0] * number
    found = contents(out)
    assert set(found) == {"report.html", *(f"tables/{i}.csv" for i in range(4))}
    assert set(found.values()) <= {f"run{i}" for i in range(number)}
