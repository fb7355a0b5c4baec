"""The whole analysis as a list of steps, with a manifest of what went in and came out."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from tqdm.std import tqdm

from coalition_models.about import __version__
from coalition_models.designs.iraq import FORMULA, analyse_iraq
from coalition_models.errors import DataError
from coalition_models.files import output_folder, staging_folder, write_file
from coalition_models.hypotheses.analysis import analyse_hypotheses
from coalition_models.record import sources_of
from coalition_models.report.claims_page import claims_products, claims_section, write_claims
from coalition_models.report.defection_counts import analyse_defections
from coalition_models.report.defections import (
    defection_products,
    defection_sections,
    defection_sources,
)
from coalition_models.report.iraq import iraq_page, iraq_products
from coalition_models.report.paper import paper_text
from coalition_models.report.product import write_product
from coalition_models.sources._paths import data_dir
from coalition_models.sources.catalog import entry, file_sha256
from coalition_models.sources.fetch import at_hand, files_of
from coalition_models.sources.load import datasets, load
from coalition_models.sources.provenance import Provenance, chosen_sources, unusable_said_once

__all__ = ["reproduce", "write_paper"]

_LIBRARIES = (
    "formulaic",
    "lifelines",
    "matplotlib",
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
)


#: folders that a run writes into
_PARTS = ("tables", "figures", "hypotheses")


def reproduce(out: Path, *, progress: bool = False, sources: str = "at-hand") -> list[Path]:
    """Run the main analysis and write the report, tables, figures, manifest and log.

    Everything is made aside and moves into ``out`` at the end; an error or an interruption leaves
    ``out`` as it was. Equal inputs and versions give equal bytes for every file that
    ``manifest.json`` lists; times and the machine stand in ``log.json``.

    Parameters
    ----------
    out : Path
        Folder for the results; made if needed.
    progress : bool
        Show a progress bar.
    sources : {"at-hand", "bundled", "all"}
        Which external sources are used beside the bundled tables; ``manifest.json`` and the
        report say which they were.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        If a bundled table fails its contract, or ``out`` cannot be written.
    CoverageError
        ``sources="all"`` where one is not at hand.
    """
    with chosen_sources(sources) as made, unusable_said_once(made):
        return _reproduce(out, progress, made)


def _reproduce(out: Path, progress: bool, made: Provenance) -> list[Path]:
    clock = _Clock(progress)
    with staging_folder(out, _PARTS) as staging, clock:
        with clock.step("validate the bundled tables"):
            inputs = _validate_inputs()
        with clock.step("build the panel and fit the models"):
            analysis = analyse_iraq()
        with clock.step("compare what counts as defection"):
            defections = analyse_defections()
        with clock.step("test the literature's claims"):
            claims = analyse_hypotheses(workers=os.cpu_count() or 1)
        with clock.step("make tables and figures"):
            product = iraq_products(analysis)
            part = defection_products(defections)
            tested = claims_products(claims)
        used = [*sources_of(analysis.panel), *defection_sources(defections)]
        with clock.step("write the results"):
            write_product(staging, product)
            write_product(staging, part)
            write_claims(staging / "hypotheses", claims, tested)
            panel = analysis.panel.to_csv(index=False, lineterminator="\n")
            write_file(staging / "tables" / "panel.csv", panel)
            sections = [*defection_sections(defections, part), claims_section(claims, tested)]
            page = iraq_page(analysis, product, __version__, sections, used, str(made))
            write_file(staging / "report.html", page)
        inputs |= _external_inputs([*used, *claims.sources])
        _write_json(staging / "manifest.json", _manifest(staging, inputs, made))
        _write_json(staging / "log.json", _log(clock.seconds))
        names = sorted(p.relative_to(staging) for p in staging.rglob("*") if p.is_file())
    return [out / name for name in names]


def write_paper(template: Path, out: Path) -> None:
    """Fill the paper's text with the values and tables of the analysis.

    Raises
    ------
    DataError
        If the template cannot be read, or asks for a value that the analysis does not give.
    """
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {template}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"cannot read {template}: it is not UTF-8 text") from error
    analysis = analyse_iraq()
    filled = paper_text(text, analysis, iraq_products(analysis))
    output_folder(out.parent)
    write_file(out, filled)


class _Clock:
    """Times the steps and shows how far the run has come."""

    def __init__(self, progress: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._bar = tqdm(total=6, disable=not progress, unit="step")

    def __enter__(self) -> _Clock:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._bar.set_description(name)
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begun, 3)
        self._bar.update()


def _validate_inputs() -> dict[str, str]:
    """Load every bundled table, which checks it; return the checksums."""
    checksums = {}
    for name in datasets().query("kind == 'bundled'").index:
        load(str(name))
        path = entry(str(name)).path
        checksums[path] = file_sha256(data_dir() / path)
    checksums["datapackage.json"] = file_sha256(data_dir() / "datapackage.json")
    return dict(sorted(checksums.items()))


def _external_inputs(names: Sequence[str]) -> dict[str, str]:
    """Checksums of the external tables that were used, because they were at hand."""
    found = {}
    for name in dict.fromkeys(names):
        item = entry(name)
        for part in files_of(name):
            if item.kind == "external" and at_hand(part):
                found[entry(part).path] = entry(part).sha256
    return dict(sorted(found.items()))


def _manifest(folder: Path, inputs: dict[str, str], made: Provenance) -> dict[str, object]:
    """What went in and came out, without anything that changes from run to run."""
    outputs = {
        str(path.relative_to(folder).as_posix()): {
            "sha256": file_sha256(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(p for p in folder.rglob("*") if p.is_file())
    }
    return {
        "analysis": "iraq, first analysis",
        "formula": FORMULA,
        "seeds": [],
        "data": {"used": made.used, "external_at_hand": list(made.at_hand)},
        "commit": made.commit or None,
        "inputs": inputs,
        "versions": {
            "coalition_models": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
        },
        "outputs": outputs,
    }


def _log(seconds: dict[str, float]) -> dict[str, object]:
    return {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": seconds,
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


def _write_json(path: Path, content: dict[str, object]) -> None:
    write_file(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
