"""Everything that an analysis puts its finding to, with results on disk as they come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from coalition_models.analyses.choices import crossing_of
from coalition_models.analyses.material import Material, material_of
from coalition_models.analyses.reading import Analysis
from coalition_models.files import output_folder, write_file
from coalition_models.report.figures.curves import plot_spec_curve
from coalition_models.report.finding import SensitivityReport
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.finding import Crossing, Finding
from coalition_models.sensitivity.finding_part import How, Looked, PartOf, look
from coalition_models.sensitivity.finding_parts import PARTS
from coalition_models.sensitivity.scales import coefficient_names

__all__ = ["analyse_sensitivity"]

Files = dict[str, str | bytes]
_DRAWS = 200


def analyse_sensitivity(
    analysis: Analysis, out: str | Path, *, workers: int | None = 1, progress: bool = False
) -> list[Path]:
    """Run the parts of a sensitivity analysis; a run that was interrupted is gone on with.

    Parameters
    ----------
    analysis : Analysis
        With a table ``[sensitivity]``.
    out : path
        Folder: ``kept/<part>.jsonl`` grows as results come; tables, texts and figures of a part
        are written when it is complete. ``parts.csv`` says of every part what it says, or why it
        is not there; ``report.html`` is the page on all of them.
    workers : int or None
    progress : bool

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DataError
        With the line of the file that it is due to: a part that is asked for and does not apply
        among them.
    """
    document = analysis.document
    if not analysis.sensitivity:
        raise document.refusal((), "the file needs a table [sensitivity] with term = ...")
    material = material_of(analysis)
    known = _check(analysis, material)
    place = output_folder(Path(out))
    asked = analysis.sensitivity
    resampling = {name: asked[name] for name in ("interval", "level") if name in asked}
    how = How(
        asked.get("draws", _DRAWS), asked.get("seed", 1), workers, place / "kept", progress,
        {"resample": resampling},
    )  # fmt: skip
    finding = _finding(analysis, material)
    if known:
        with analysis.told_at("model"):
            _ = finding.found
    _refuse_absent(analysis, finding)
    looked: dict[str, Looked] = {}
    written: list[Path] = []
    for part in PARTS:
        if part.name not in asked.get("parts", [part.name]):
            continue
        with analysis.told_at("sensitivity"):
            if part.name == "curve":
                finding = replace(finding, crossing=_crossing(analysis, material))
            looked[part.name] = look(part, finding, how, done=looked, strict="parts" in asked)
        written += _written(place, _files(looked[part.name]))
    found = SensitivityReport(finding, looked, replace(how, keep=None))
    return [*written, *(_written(place, _whole(found)) if known else [])]


def _written(place: Path, files: Files) -> list[Path]:
    for file, content in files.items():
        write_file(place / file, content)
    return [place / file for file in files]


def _check(analysis: Analysis, material: Material) -> bool:
    """Refuse before anything long begins: a formula without the term, no clusters.

    Whether the model has the term, which a curve of the package's own choices brings itself.
    """
    with analysis.told_at("model"):
        names = coefficient_names(analysis.spec, material.panel)
    term = analysis.sensitivity["term"]
    standard = analysis.sensitivity.get("dimensions", {}).get("standard")
    if term not in names and not standard:
        raise analysis.document.refusal(
            ("sensitivity", "term"),
            f"[sensitivity] term {term!r} is no coefficient of the model; there are "
            f"{', '.join(names)}",
        )
    if not analysis.spec.cluster or len(analysis.spec.cluster) != 1:
        raise analysis.document.refusal(
            ("model", "cluster"), "a sensitivity analysis needs [model] cluster = one column"
        )
    return term in names


def _finding(analysis: Analysis, material: Material) -> Finding:
    term = str(analysis.sensitivity["term"])
    if material.facts is None:
        return Finding(analysis.spec, term, material.panel)
    return Finding(
        analysis.spec, term, material.panel, material.facts, material.features, material.options,
        fixed="",
    )  # fmt: skip


def _crossing(analysis: Analysis, material: Material) -> Crossing:
    made = crossing_of(analysis, material)
    asked = analysis.sensitivity
    return replace(made, more={name: asked[name] for name in ("sample", "limit") if name in asked})


def _refuse_absent(analysis: Analysis, finding: Finding) -> None:
    """Refuse parts that were asked for and do not apply, before anything long begins."""
    given = analysis.sensitivity.get("parts", [])
    for part in PARTS:
        why = part.lacks(finding) if part.name in given else ""
        if why:
            raise analysis.document.refusal(
                ("sensitivity", "parts", given.index(part.name)),
                f"[sensitivity] the part {part.name!r} {why}",
            )


def _files(one: Looked) -> Files:
    """Numbers, text and the curve's picture of a part; nothing where it is not there."""
    if one.result is None:
        return {}
    files: Files = {
        f"{_name(one.part, what)}.csv": frame.to_csv(index=False, lineterminator="\n")
        for what, frame in one.part.frames(one.result).items()
    }
    result = one.result
    shown = result.to_string(index=False) if isinstance(result, pd.DataFrame) else str(result)
    files[f"{one.part.name}.txt"] = f"{shown}\n"
    if isinstance(result, SpecCurve) and result.table["estimate"].notna().any():
        files["curve.svg"] = plot_spec_curve(result).to_bytes("svg")
    return files


def _name(part: PartOf, what: str) -> str:
    return f"{part.name}{'_' if what else ''}{what}"


def _whole(found: SensitivityReport) -> Files:
    """What all parts say together."""
    return {
        "parts.csv": found.to_table().to_frame().to_csv(index=False, lineterminator="\n"),
        "parts.txt": f"{found.summary}\n",
        "report.html": found.html(),
    }
