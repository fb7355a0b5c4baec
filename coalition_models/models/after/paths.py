"""Paths of covariates to follow: read from a frame or from fixed values, checked by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.models.engine import Span
from coalition_models.models.fit import Fit
from coalition_models.models.sample.columns import (
    as_numbers,
    missing_columns,
    plain_value,
    refuse_repeated_columns,
    require_columns,
)
from coalition_models.models.sample.labels import distinct_labels, listed, scenario_labels
from coalition_models.tables.plain import in_native_order, refuse_collections

__all__ = [
    "Path",
    "check_paths",
    "check_times_asked",
    "cut_at",
    "fixed_paths",
    "frame_paths",
    "slack",
    "typical_values",
    "with_clock",
]

Floats = npt.NDArray[np.float64]

#: times that differ by no more than this share of themselves differ by rounding only
_ROUNDING = 1.5e-8
#: points along a smooth curve, where no times are asked for
_POINTS = 100


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


def frame_paths(frame: pd.DataFrame, path: str, fit: Fit, code: int | None) -> list[Path]:
    """Read the paths of a frame, each with its pieces in the order of time."""
    start, stop = fit.choices.start, fit.choices.stop
    # a fit to rows that all enter at 0 has no column of starts; its paths name it 'start'
    start = start or "start"
    refuse_repeated_columns(frame)
    frame = in_native_order(frame)
    require_columns(frame, [start, stop], "a covariate path")
    if path != "path":
        require_columns(frame, [path], "path=")
    if path in frame.columns:
        refuse_collections(frame[path])
    if path in frame.columns and frame[path].isna().any():
        lost = first_few(frame.index[frame[path].isna()])
        raise DataError(f"column {path!r} is missing in rows {lost}: which path are they of?")
    if frame.empty:
        raise DataError("the frame of paths has no rows")
    frame = _in_stratum(frame, fit, code)
    groups = (
        [("path", frame)]
        if path not in frame.columns
        else list(frame.groupby(frame[path].to_numpy(), sort=False))
    )
    routes = []
    names = distinct_labels([(name,) for name, _ in groups])
    for name, (_, rows) in zip(names, groups, strict=True):
        ordered = rows.sort_values(start, kind="stable")
        ends = (_times(ordered, column) for column in (start, stop))
        routes.append(Path(name, ordered, *ends))
    return routes


def _times(frame: pd.DataFrame, name: str) -> Floats:
    values = as_numbers(frame[name])
    if values is None:
        raise DataError(f"column {name!r} of the paths must hold numbers (time)")
    return values


def _own_stratum(fit: Fit, code: int | None) -> dict[str, object]:
    """Values of the columns that make the strata, in the stratum that is followed."""
    if code is None:
        return {}
    labels = fit.engine.sample.strata_labels[code]
    return dict(zip(fit.choices.strata, labels, strict=True))


def _in_stratum(frame: pd.DataFrame, fit: Fit, code: int | None) -> pd.DataFrame:
    """Columns that make the strata follow the stratum; others than its own are refused."""
    for name, label in _own_stratum(fit, code).items():
        if name not in frame.columns:
            frame = frame.assign(**{name: pd.Series([label] * len(frame), index=frame.index)})
        else:
            _refuse_other_stratum(name, label, frame[name].tolist())
    return frame


def _refuse_other_stratum(name: str, label: object, values: Sequence[object]) -> None:
    others = [value for value in dict.fromkeys(values) if value != label]
    if others:
        raise DataError(
            f"{name} makes the strata and is {plain_value(label)!r} in the stratum asked for, but "
            f"the path has {first_few(repr(plain_value(v)) for v in others)}: leave {name} out, "
            "or name its stratum with stratum="
        )


def fixed_paths(
    values: Mapping[str, object], fit: Fit, begin: float, end: float, code: int | None
) -> tuple[list[Path], dict[str, object]]:
    """Make a path of every combination of fixed values; also what the others are held at."""
    choices = {name: listed(value, name) for name, value in values.items()}
    own = _own_stratum(fit, code)
    for name in own.keys() & choices.keys():
        _refuse_other_stratum(name, own[name], choices[name])
    _refuse_unknown(choices, own, fit)
    held = {**typical_values(fit), **own}
    held = {k: v for k, v in held.items() if k not in values}
    starts, stops = fit.engine.pieces(begin, end)
    if not len(starts):
        raise DataError(f"begin must lie before the last event at {end:g}, not at {begin:g}")
    texts = scenario_labels(choices)
    routes = []
    for places in product(*(range(len(known)) for known in choices.values())):
        chosen = list(zip(choices, places, strict=True))
        name = ", ".join(f"{k} = {texts[k][i]}" for k, i in chosen)
        setting = {**held, **{k: choices[k][i] for k, i in chosen}}
        frame = pd.DataFrame({k: _repeated(v, len(starts)) for k, v in setting.items()})
        routes.append(Path(name, frame.reindex(range(len(starts))), starts, stops))
    return routes, held


def _repeated(value: object, times: int) -> pd.Series:
    column = pd.Series([value] * times, dtype=object)
    return column.infer_objects()


def typical_values(fit: Fit) -> dict[str, object]:
    """What the variables of a fit, and its offset, are held at; its clock runs instead."""
    sample = fit.engine.sample
    runs = {*_clock(fit), *sample.clocks}
    held = {k: v for k, v in sample.design.typical_values().items() if k not in runs}
    if fit.choices.offset and sample.offset is not None:
        held[fit.choices.offset] = float(sample.offset.mean())
    return held


def _refuse_unknown(choices: Mapping[str, object], own: Mapping[str, object], fit: Fit) -> None:
    known = [*fit.engine.sample.design.variables, *own]
    known += [fit.choices.offset] if fit.choices.offset else []
    running = [name for name in choices if name in _clock(fit)]
    if running:
        raise FormulaError(
            f"{first_few(running)} is the fit's own time, which runs along the path: leave it out, "
            "and choose times with times= and begin="
        )
    unknown = [name for name in choices if name not in known]
    if unknown:
        near = missing_columns(pd.DataFrame(columns=known), unknown)
        raise FormulaError(
            f"the model has no variable {'; '.join(near)}; it has {first_few(dict.fromkeys(known))}"
        )


def _clock(fit: Fit) -> tuple[str, ...]:
    """Columns of the fit's own time that its formula names."""
    variables = fit.engine.sample.design.variables
    return tuple(name for name in (fit.choices.start, fit.choices.stop) if name in variables)


def with_clock(route: Path, fit: Fit) -> Path:
    """Let the time that a formula names run along a path, as it ran in the rows fitted to.

    A piece that spans several of the times observed is cut at them (in a discrete-time fit
    a piece is one period). Other columns that are the same time run too, where a path has none.
    """
    sample = fit.engine.sample
    others = [name for name in sample.clocks if name not in route.frame.columns]
    names = [*_clock(fit), *others]
    if not names or sample.stop is None or sample.start is None:
        return route
    order = np.lexsort((sample.start, sample.stop))
    grid, first = np.unique(sample.stop[order][::-1], return_index=True)
    latest = sample.start[order][::-1][first]
    start, stop, frame = route.start, route.stop, route.frame
    if "continuous_time" in fit.family.can:
        cuts = [
            np.append(grid[(grid > a + slack(a)) & (grid < b - slack(b))], b)
            for a, b in zip(start, stop, strict=True)
        ]
        frame = frame.iloc[np.repeat(np.arange(len(cuts)), [len(cut) for cut in cuts])]
        stop = np.concatenate(cuts)
        start = np.concatenate([np.append(a, cut[:-1]) for a, cut in zip(start, cuts, strict=True)])
    place = np.searchsorted(grid, stop - slack(stop)).clip(0, len(grid) - 1)
    seen = np.abs(grid[place] - stop) <= slack(stop)
    running = {
        fit.choices.start: np.where(seen, latest[place], start),
        fit.choices.stop: np.where(seen, grid[place], stop),
        **{name: np.interp(stop, *sample.clocks[name]) for name in others},
    }
    frame = frame.assign(**{name: running[name] for name in names})
    return replace(route, frame=frame, start=start, stop=stop)


def cut_at(route: Path, times: Floats | None) -> Path:
    """Cut the pieces of a path at these times, or at a hundred along it, for a smooth curve."""
    grid = np.linspace(route.begin, route.end, _POINTS + 1) if times is None else np.unique(times)
    cuts = [
        np.append(grid[(grid > a + slack(a)) & (grid < b - slack(b))], b)
        for a, b in zip(route.start, route.stop, strict=True)
    ]
    frame = route.frame.iloc[np.repeat(np.arange(len(cuts)), [len(cut) for cut in cuts])]
    begins = zip(route.start, cuts, strict=True)
    start = np.concatenate([np.append(a, cut[:-1]) for a, cut in begins])
    return replace(route, frame=frame, start=start, stop=np.concatenate(cuts))


def check_times_asked(times: Floats | None, last_seen: float) -> None:
    """Refuse times at which nobody was observed any more."""
    asked = () if times is None else tuple(times)
    late = [f"time {time:g}" for time in asked if time > last_seen + slack(last_seen)]
    if late:
        raise DataError(_beyond(last_seen, late))


def check_paths(paths: Sequence[Path], times: Floats | None, span: Span) -> None:
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


def _outside(paths: Sequence[Path], times: Floats | None, span: Span) -> list[str]:
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
        astray = [
            f"{time:g}" for time in ([] if times is None else times) if not low <= time <= high
        ]
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
