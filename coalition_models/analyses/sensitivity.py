"""Everything that an analysis puts its finding to, with results on disk as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.analyses.choices import crossing_of
from coalition_models.analyses.material import Material, material_of
from coalition_models.analyses.reading import Analysis
from coalition_models.errors import DataError
from coalition_models.files import output_folder, write_file
from coalition_models.models.running import fit, unfitted
from coalition_models.report.figures.curves import plot_spec_curve
from coalition_models.sensitivity.curve import spec_curve
from coalition_models.sensitivity.hidden_confounder import confounding
from coalition_models.sensitivity.leaving_out import leave_out
from coalition_models.sensitivity.resampling import resample
from coalition_models.sensitivity.uncertain_codings import coding_uncertainty
from coalition_models.sensitivity.uncertain_dates import date_uncertainty

__all__ = ["analyse_sensitivity"]

Files = dict[str, str | bytes]
_DRAWS = 200


@dataclass(frozen=True, eq=False)
class _Task:
    """One part's material, and how it runs."""

    analysis: Analysis
    material: Material
    keep: Path
    workers: int | None
    progress: bool

    @property
    def how(self) -> dict[str, Any]:
        """Options of the engine."""
        return {"workers": self.workers, "keep": self.keep, "progress": self.progress}

    @property
    def drawn(self) -> dict[str, Any]:
        """Draws and seed."""
        asked = self.analysis.sensitivity
        return {"draws": asked.get("draws", _DRAWS), "seed": asked.get("seed", 1)}

    @property
    def term(self) -> str:
        """The coefficient."""
        return str(self.analysis.sensitivity["term"])


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
        are written when it is complete.
    workers : int or None
    progress : bool

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DataError
        With the line of the file that it is due to.
    """
    document = analysis.document
    if not analysis.sensitivity:
        raise document.refusal((), "the file needs a table [sensitivity] with term = ...")
    material = material_of(analysis)
    _check(analysis, material)
    place = output_folder(Path(out))
    written = []
    for name in _asked(analysis, material):
        keep = place / "kept" / f"{name}.jsonl"
        task = _Task(analysis, material, keep, workers, progress)
        with analysis.told_at("sensitivity"):
            made = _PARTS[name](task)
        for file, content in made.items():
            write_file(place / file, content)
            written.append(place / file)
    return written


def _check(analysis: Analysis, material: Material) -> None:
    """Refuse before anything long begins: a formula without the term, no clusters, no score."""
    with analysis.told_at("model"):
        model = unfitted(analysis.spec, material.panel)
    term = analysis.sensitivity["term"]
    standard = analysis.sensitivity.get("dimensions", {}).get("standard")
    if term not in model.names and not standard:
        raise analysis.document.refusal(
            ("sensitivity", "term"),
            f"[sensitivity] term {term!r} is no coefficient of the model; there are "
            f"{', '.join(model.names)}",
        )
    if not analysis.spec.cluster or len(analysis.spec.cluster) != 1:
        raise analysis.document.refusal(
            ("model", "cluster"), "a sensitivity analysis needs [model] cluster = one column"
        )


def _asked(analysis: Analysis, material: Material) -> Iterator[str]:
    needs = {"dates": "facts", "codings": "facts"}
    given = analysis.sensitivity.get("parts")
    for at, name in enumerate(given or _PARTS):
        lacks = name in needs and material.facts is None
        values = set(pd.unique(material.panel.get(analysis.sensitivity["term"], pd.Series([2]))))
        lacks_values = name == "confounding" and not {
            one for one in values if not np.isnan(one)} <= {0, 1}  # fmt: skip
        if not (lacks or lacks_values):
            yield name
        elif given:
            why = "facts that can be rebuilt" if lacks else "a term that is a column of 0 and 1"
            raise analysis.document.refusal(
                ("sensitivity", "parts", at), f"[sensitivity] the part {name!r} needs {why}"
            )


def _tables(name: str, frames: Mapping[str, pd.DataFrame], shown: object) -> Files:
    files: Files = {
        f"{name}{'_' if part else ''}{part}.csv": frame.to_csv(index=False, lineterminator="\n")
        for part, frame in frames.items()
    }
    return {**files, f"{name}.txt": f"{shown}\n"}


def _curve(task: _Task) -> Files:
    asked = task.analysis.sensitivity
    crossing = crossing_of(task.analysis, task.material)
    options = {name: asked[name] for name in ("sample", "limit") if name in asked}
    found = spec_curve(
        task.analysis.spec if crossing.term == task.term else crossing.base.spec or
        task.analysis.spec,
        crossing.term, list(crossing.dimensions), base=crossing.base, exchange=crossing.exchange,
        **options, **task.drawn, **task.how,
    )  # fmt: skip
    files = _tables("curve", {"": found.table, "skipped": found.skipped}, found)
    if found.table["estimate"].notna().any():
        files["curve.svg"] = plot_spec_curve(found).to_bytes("svg")
    return files


def _resample(task: _Task) -> Files:
    asked = task.analysis.sensitivity
    options = {name: asked[name] for name in ("interval", "level") if name in asked}
    found = resample(
        task.analysis.spec, task.material.panel, task.term, **options, **task.drawn, **task.how
    )
    return _tables("resample", {"": found.draws}, found)


def _leave_out(task: _Task) -> Files:
    panel = task.material.panel
    names = [name for name in ("state", "coalition", "period") if name in panel.columns]
    events = {"coalition", "state", "spell", "period"} <= set(panel.columns)
    if not events:
        raise DataError("leave_out needs rows with coalition, state, spell and period: leave the "
                        "part out")  # fmt: skip
    found = leave_out(task.analysis.spec, panel, task.term, by=[*names, "event"], **task.how)
    return _tables("leave_out", {"": found}, found.to_string(index=False))


def _dates(task: _Task) -> Files:
    material = task.material
    assert material.facts is not None
    found = date_uncertainty(
        task.analysis.spec, task.term, material.facts, features=material.features,
        options=material.options, **task.drawn, **task.how,
    )  # fmt: skip
    frames = {"": found.draws, "spells": found.dates, "bounds": found.bounds}
    return _tables("dates", frames, found)


def _codings(task: _Task) -> Files:
    material = task.material
    assert material.facts is not None
    found = coding_uncertainty(
        task.analysis.spec, task.term, material.facts, features=material.features,
        options=material.options, **task.drawn, **task.how,
    )  # fmt: skip
    frames = {"": found.draws, "spells": found.spells, "cases": found.cases,
              "tipping": found.tipping}  # fmt: skip
    return _tables("codings", frames, found)


def _confounding(task: _Task) -> Files:
    panel = task.material.panel
    found = confounding(
        fit(task.analysis.spec, panel), task.term, panel, seed=task.drawn["seed"], **task.how
    )
    return _tables("confounding", {"": found.grid, "benchmarks": found.benchmarks}, found)


_PARTS: Mapping[str, Callable[[_Task], Files]] = {
    "curve": _curve,
    "resample": _resample,
    "leave_out": _leave_out,
    "dates": _dates,
    "codings": _codings,
    "confounding": _confounding,
}
