"""Paths of covariates to follow: read from a frame or from fixed values, checked by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.models.columns import missing_columns, require_columns
from coalition_models.models.engine import Span
from coalition_models.models.fit import Fit
from coalition_models.render import format_number

__all__ = ["Path", "check_paths", "check_times_asked", "fixed_paths", "frame_paths", "slack"]

Floats = npt.NDArray[np.float64]

#: times that differ by no more than this share of themselves differ by rounding only
_ROUNDING = 1.5e-8


@dataclass(frozen=True)
class Path:
    """One scenario: its pieces in order, at risk on (start, stop], with their covariates."""

    name: str
    frame: pd.DataFrame
    start: Floats
    stop: Floats

    @property
    def begin(self) -> float:
        """Time from which survival is followed."""
        return float(self.start[0])

    @property
    def end(self) -> float:
        """Time to which survival is followed."""
        return float(self.stop[-1])


def frame_paths(frame: pd.DataFrame, path: str, fit: Fit) -> list[Path]:
    """Read the paths of a frame, each with its pieces in the order of time."""
    start, stop = fit.choices.start, fit.choices.stop
    # a fit to rows that all enter at 0 has no column of starts; its paths name it 'start'
    start = start or "start"
    require_columns(frame, [start, stop], "a covariate path")
    if path != "path":
        require_columns(frame, [path], "path=")
    if path in frame.columns and frame[path].isna().any():
        lost = first_few(frame.index[frame[path].isna()])
        raise DataError(f"column {path!r} is missing in rows {lost}: which path are they of?")
    groups = (
        [("path", frame)]
        if path not in frame.columns
        else list(frame.groupby(frame[path].to_numpy(), sort=False))
    )
    routes = []
    for name, rows in groups:
        ordered = rows.sort_values(start, kind="stable")
        ends = (ordered[column].to_numpy(dtype=float, na_value=np.nan) for column in (start, stop))
        routes.append(Path(str(name), ordered, *ends))
    if not routes or frame.empty:
        raise DataError("the frame of paths has no rows")
    return routes


def fixed_paths(
    values: Mapping[str, object], fit: Fit, begin: float, end: float
) -> tuple[list[Path], dict[str, object]]:
    """Make a path of every combination of fixed values; also what the others are held at."""
    design = fit.engine.sample.design
    unknown = [name for name in values if name not in design.variables]
    if unknown:
        near = missing_columns(pd.DataFrame(columns=list(design.variables)), unknown)
        raise FormulaError(
            f"the model has no variable {'; '.join(near)}; it has {first_few(design.variables)}"
        )
    held = {k: v for k, v in design.typical_values().items() if k not in values}
    choices = [
        list(value) if isinstance(value, (list, tuple, np.ndarray, pd.Series)) else [value]
        for value in values.values()
    ]
    starts, stops = fit.engine.pieces(begin, end)
    if not len(starts):
        raise DataError(f"begin must lie before the last event at {end:g}, not at {begin:g}")
    routes = []
    for combination in product(*choices):
        setting = dict(zip(values, combination, strict=True))
        name = ", ".join(f"{k} = {format_number(v)}" for k, v in setting.items())
        frame = pd.DataFrame([{**held, **setting}] * len(starts))
        routes.append(Path(name, frame, starts, stops))
    return routes, held


def check_times_asked(times: Sequence[float] | None, last_seen: float) -> None:
    """Refuse times that are missing, or at which nobody was observed any more."""
    asked = list(times or [])
    if any(time != time for time in asked):
        raise DataError("times holds a missing value (NaN)")
    late = [f"time {time:g}" for time in asked if time > last_seen + slack(last_seen)]
    if late:
        raise DataError(_beyond(last_seen, late))


def check_paths(paths: Sequence[Path], times: Sequence[float] | None, span: Span) -> None:
    """Refuse paths of a frame that cannot be followed from their start to their end.

    A path with a gap has no survival beyond it: what happened to the hazard, and to the member,
    in between is not said. Times asked for must lie within each path.

    Raises
    ------
    DataError
        Everything that is wrong, each with the name of its path.
    """
    problems = [problem for path in paths for problem in _broken(path)]
    if not problems:
        problems = _outside(paths, times, span)
    if problems:
        raise DataError("; ".join(problems))


def _broken(path: Path) -> list[str]:
    """What keeps the pieces of a path from being one line through time."""
    start, stop = path.start, path.stop
    pieces = [f"({a:g}, {b:g}]" for a, b in zip(start, stop, strict=True)]
    lost = ~(np.isfinite(start) & np.isfinite(stop))
    if lost.any():
        rows = first_few(path.frame.index[lost])
        return [f"path {path.name!r} has no start or stop in rows {rows}; fill them"]
    empty = np.flatnonzero(stop <= start + slack(start))
    if empty.size:
        return [
            f"path {path.name!r} has pieces that do not run forwards: "
            f"{first_few(pieces[i] for i in empty)}; start must be smaller than stop"
        ]
    step = start[1:] - stop[:-1]
    near = slack(start[1:])
    over, gap = np.flatnonzero(step < -near), np.flatnonzero(step > near)
    problems = []
    if over.size:
        shown = first_few(f"{pieces[i]} and {pieces[i + 1]}" for i in over)
        problems.append(
            f"the rows of a path must follow one another without overlap; those of {path.name!r} "
            f"do not: {shown}. Tell paths apart with the column that path= names"
        )
    if gap.size:
        shown = first_few(f"({stop[i]:g}, {start[i + 1]:g}]" for i in gap)
        problems.append(
            f"path {path.name!r} has no rows for {shown}, so survival beyond is not known: add "
            "rows with the covariates of that time, end the path before it, or name what follows "
            "as a path of its own (survival given survival to its start)"
        )
    return problems


def _outside(paths: Sequence[Path], times: Sequence[float] | None, span: Span) -> list[str]:
    """Paths that leave the time at which anyone was observed, and times that leave the path."""
    late = [f"{p.name} to {p.end:g}" for p in paths if p.end > span.last + slack(span.last)]
    early = [f"{p.name} from {p.begin:g}" for p in paths if p.begin < span.first - slack(p.begin)]
    problems = [f"{_beyond(span.last, late)}; end the path there"] if late else []
    if early:
        problems.append(
            f"nobody was observed before {span.first:g}, so survival to there is not known: "
            f"{first_few(early)}; start the path there"
        )
    for path in paths:
        low, high = path.begin - slack(path.begin), path.end + slack(path.end)
        astray = [f"{time:g}" for time in times or [] if not low <= time <= high]
        if astray:
            problems.append(
                f"path {path.name!r} runs from {path.begin:g} to {path.end:g}; times outside of "
                f"it: {first_few(astray)}"
            )
    return problems


def _beyond(last: float, culprits: Sequence[str]) -> str:
    return (
        f"nobody was observed after {last:g}, so survival beyond is not known: "
        f"{first_few(culprits)}"
    )


def slack(times: npt.ArrayLike) -> Floats:
    """How far apart two times may lie and still be one."""
    size: Floats = np.maximum(np.abs(np.asarray(times, dtype=float)), 1.0)
    return _ROUNDING * size
