"""What is at hand on this machine, what is not, and what would stop a user."""

from __future__ import annotations

import platform
import re
import tempfile
import tomllib
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from textwrap import wrap
from typing import Literal

from coalition_models.about import __version__
from coalition_models.errors import (
    CoalitionError,
    CoalitionWarning,
    CoverageError,
    counted,
    first_few,
)

__all__ = ["Check", "checks", "stops", "summary", "to_dict"]

_NAME = "coalition-models"
_LINE = 100
#: extras for those who work on the package itself
_OWN = ("build", "dev", "docs")

State = Literal["ok", "note", "stop"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes
    ----------
    topic : str
        ``versions, data, sources, cache, loops, fit, writing`` or ``extras``.
    state : {"ok", "note", "stop"}
        ``note`` is worth knowing, ``stop`` keeps a user from working.
    said : str
    cure : str
        What to do; empty where there is nothing to.
    """

    topic: str
    state: State
    said: str
    cure: str = ""

    def lines(self) -> list[str]:
        """The check for a terminal."""
        mark = {"ok": "ok  ", "note": "note", "stop": "STOP"}[self.state]
        told = f"{mark}  {self.topic:<9} {self.said}"
        lines = wrap(told, _LINE, subsequent_indent=" " * 16, break_long_words=False)
        return [*lines, f"{'':<16}-> {self.cure}"] if self.cure else lines


def checks() -> list[Check]:
    """Look at everything, in a second or two; nothing is fetched and nothing is left behind.

    Examples
    --------
    >>> {check.topic for check in checks()} >= {"versions", "data", "loops"}
    True
    """
    looks: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
        ("versions", _versions),
        ("data", _bundled),
        ("sources", _sources),
        ("cache", _cache),
        ("loops", _loops),
        ("fit", _fit),
        ("writing", _writing),
        ("extras", _extras),
    )
    found: list[Check] = []
    for topic, look in looks:
        found += _safely(topic, look)
    return found


def stops(found: list[Check]) -> bool:
    """Whether something would stop a user."""
    return any(check.state == "stop" for check in found)


def summary(found: list[Check]) -> str:
    """One line on all checks."""
    wrong = [check.topic for check in found if check.state == "stop"]
    if wrong:
        return f"{counted(len(wrong), 'thing')} would stop you: {first_few(wrong)}"
    notes = sum(check.state == "note" for check in found)
    return f"nothing would stop you; {counted(notes, 'note')}" if notes else "all is well"


def to_dict(found: list[Check]) -> dict[str, object]:
    """The checks for a program."""
    return {
        "version": __version__,
        "ok": not stops(found),
        "summary": summary(found),
        "checks": [asdict(check) for check in found],
    }


def _safely(topic: str, look: Callable[[], Iterator[Check]]) -> list[Check]:
    """What a look found; its failure is a finding itself, and so is what the package warns of."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            found = list(look())
        except Exception as error:  # noqa: BLE001  # a broken machine is what is looked for
            said = _one_line(error) or type(error).__name__
            found = [Check(topic, "stop", f"{type(error).__name__}: {said}")]
    ours = [one.message for one in told if issubclass(one.category, CoalitionWarning)]
    return [*found, *(Check(topic, "note", said) for said in dict.fromkeys(map(_one_line, ours)))]


def _one_line(told: object) -> str:
    return " ".join(str(told).split())


# -- versions and extras --------------------------------------------------------------------------


def _versions() -> Iterator[Check]:
    from coalition_models.sources.provenance import provenance

    commit = ""
    with suppress(CoverageError):  # a mirror that is none is told of under sources
        commit = provenance().commit
    where = f" (commit {commit.rstrip('+')[:12]}{'+' if commit.endswith('+') else ''})"
    place = Path(__file__).resolve().parent
    system = f"{platform.system()} {platform.machine()}"
    yield Check("versions", "ok", f"coalition_models {__version__}{where if commit else ''}")
    yield Check("versions", "ok", f"Python {platform.python_version()} on {system}")
    yield Check("versions", "ok", f"installed in {place}")
    needed = [text for text in _requirements() if "extra ==" not in text]
    lacking = [text for text in needed if not _satisfied(text)]
    if lacking:
        cure = "pip install " + " ".join(f"'{text.partition(';')[0].strip()}'" for text in lacking)
        held = ", ".join(f"{_package(text)} {_version(text) or 'missing'}" for text in lacking)
        yield Check("versions", "stop", f"packages missing or too old: {held}", cure)
        return
    yield Check("versions", "ok", ", ".join(f"{_package(t)} {_version(t)}" for t in needed))


def _extras() -> Iterator[Check]:
    by_extra: dict[str, list[str]] = {}
    for text in _requirements():
        for extra in re.findall(r"extra == ['\"]([\w-]+)['\"]", text):
            by_extra.setdefault(extra, []).append(text)
    for extra, needed in by_extra.items():
        if extra in _OWN:
            continue
        lacking = [_package(text) for text in needed if not _satisfied(text)]
        if lacking:
            cure = f"pip install '{_NAME}[{extra}]'"
            yield Check("extras", "note", f"{extra}: {first_few(lacking)} not installed", cure)
        else:
            yield Check("extras", "ok", f"{extra}: at hand")


def _requirements() -> list[str]:
    """What the package needs: as installed, else as the checkout says."""
    file = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if not file.is_file():
        return metadata.requires(_NAME) or []
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    optional = project.get("optional-dependencies", {})
    return [
        *project["dependencies"],
        *(f"{text}; extra == '{extra}'" for extra, held in optional.items() for text in held),
    ]


def _package(text: str) -> str:
    return re.split(r"[\s<>=!~;\[]", text, maxsplit=1)[0]


def _version(text: str) -> str:
    try:
        return metadata.version(_package(text))
    except metadata.PackageNotFoundError:
        return ""


def _satisfied(text: str) -> bool:
    """Whether a package is installed in a version that will do."""
    from packaging.requirements import Requirement

    wanted = Requirement(text.partition(";")[0])
    held = _version(text)
    return bool(held) and wanted.specifier.contains(held, prereleases=True)


# -- data -----------------------------------------------------------------------------------------


def _bundled() -> Iterator[Check]:
    from coalition_models.sources._paths import data_dir
    from coalition_models.sources.catalog import tables
    from coalition_models.sources.load import load

    place = data_dir()
    names = [name for name, item in tables().items() if item.kind == "bundled"]
    wrong = {}
    for name in names:
        try:
            load(name)
        except (CoalitionError, OSError) as error:
            wrong[name] = _one_line(error)
    for name, why in wrong.items():
        yield Check("data", "stop", f"{name}: {why}", "install the package again, or git restore")
    good = len(names) - len(wrong)
    yield Check("data", "ok", f"{good} of {counted(len(names), 'bundled table')} right in {place}")


def _sources() -> Iterator[Check]:
    from coalition_models.sources.fetch import MIRROR_VARIABLE, files_of, places, why_unusable
    from coalition_models.sources.provenance import provenance

    mirror, _ = places()
    made = provenance()
    many = len(made.at_hand) + len(made.absent)
    where = f"; {MIRROR_VARIABLE} is {mirror}" if mirror else ""
    said = f"{len(made.at_hand)} of {counted(many, 'external source')} at hand{where}"
    cure = "coalition-models data fetch --missing (or NAME, or --all)" if made.absent else ""
    yield Check("sources", "note" if made.absent else "ok", said, cure)
    if made.absent:
        yield Check("sources", "note", f"missing: {first_few(made.absent, 100)}")
    parts = dict.fromkeys(part for name in made.absent for part in files_of(name))
    for reason in dict.fromkeys(filter(None, map(why_unusable, parts))):
        yield Check("sources", "note", reason)


def _cache() -> Iterator[Check]:
    from coalition_models.sources.fetch import CACHE_VARIABLE, cache_dir
    from coalition_models.sources.provenance import provenance

    place = cache_dir()
    files = [path for path in place.glob("*") if path.is_file()] if place.is_dir() else []
    size = sum(path.stat().st_size for path in files) / 1e6
    said = f"{place}: {counted(len(files), 'file')}, {size:.1f} MB"
    if _writable(place):
        yield Check("cache", "ok", said)
        return
    cure = f"set {CACHE_VARIABLE} to a folder that can be written"
    state: State = "stop" if provenance().absent else "note"
    yield Check("cache", state, f"{place} cannot be written: nothing can be fetched", cure)


# -- computing and writing ------------------------------------------------------------------------


def _loops() -> Iterator[Check]:
    from coalition_models.kernels._backend import instructions
    from coalition_models.kernels._build import compilers

    used = instructions()
    if used != "numpy":
        yield Check("loops", "ok", f"compiled, instructions: {used}")
        return
    found = [" ".join(command) for command in compilers()]
    cure = "unset COALITION_MODELS_NO_COMPILED, or install from a wheel or with a C compiler"
    had = f"compilers here: {', '.join(found)}" if found else "no C compiler here"
    said = f"not compiled: numpy does their work, several times slower ({had})"
    yield Check("loops", "note", said, cure)


def _fit() -> Iterator[Check]:
    from coalition_models.members.simulate.panel import simulate_panel
    from coalition_models.models.cox.api import cox

    panel = simulate_panel(members=20, hazard=0.05, coefficients={"risk": 0.5}, seed=1)
    fit = cox("event ~ risk", panel)
    slope = float(fit.coefficients[0])
    slack = float(fit.residuals("score").to_numpy(dtype=float).sum())
    if abs(slack) > 1e-6 * fit.counts.rows:
        cure = "COALITION_MODELS_NO_COMPILED=1 computes without the compiled loops"
        yield Check("fit", "stop", f"a test fit has no maximum at its estimate {slope:g}", cure)
        return
    yield Check("fit", "ok", f"a Cox model of {fit.counts.rows} simulated rows has its maximum")


def _writing() -> Iterator[Check]:
    here, aside = Path.cwd(), Path(tempfile.gettempdir())
    wanted = {here: "choose another folder with --out", aside: "set TMPDIR to another folder"}
    for place, cure in wanted.items():
        what = "results" if place == here else "temporary files"
        if _writable(place):
            yield Check("writing", "ok", f"{place} takes {what}")
        else:
            yield Check("writing", "stop", f"{place} cannot be written: no {what}", cure)


def _writable(place: Path) -> bool:
    """Whether a file can be made in a folder, or in the first folder above that is there."""
    there = next((one for one in (place, *place.parents) if one.exists()), place)
    if not there.is_dir():
        return False
    try:
        with tempfile.TemporaryFile(dir=there):
            return True
    except OSError:
        return False
