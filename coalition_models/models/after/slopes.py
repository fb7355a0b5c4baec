"""Changes of one covariate, and whether a number has a slope at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import CoalitionError, DataError, first_few
from coalition_models.models.after.averages import MeanChances, Means, MeanSurvival
from coalition_models.models.fit import Fit

__all__ = ["Effect", "averaged", "inside", "moved", "reaches", "refuse_jumps"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Effect:
    """Difference of two scenarios, divided by ``width``."""

    variable: str
    words: str
    ends: tuple[object, object]
    width: float
    at: Mapping[str, object]


def moved(rows: pd.DataFrame, effect: Effect, end: object) -> pd.DataFrame:
    """The rows with a covariate at one end of its change, and others where they were set."""
    columns = {**effect.at, effect.variable: end}
    held = {
        name: value if isinstance(value, np.ndarray) else pd.Series([value] * len(rows), rows.index)
        for name, value in columns.items()
    }
    return rows.assign(**held)


def averaged(
    fit: Fit, rows: pd.DataFrame, effects: Sequence[Effect], horizon: float | None
) -> Means:
    """Mean outcomes at both ends of each effect."""
    frames = [moved(rows, effect, end) for effect in effects for end in effect.ends]
    if horizon is None:
        return MeanChances(fit, frames)
    return MeanSurvival(fit, frames, np.array([float(horizon)]))


def refuse_jumps(
    fit: Fit,
    rows: pd.DataFrame,
    effects: Sequence[Effect],
    horizon: float | None,
    found: Mapping[str, Floats],
) -> None:
    """A slope that hangs on how far a number is moved, or never moves, is that of a step."""
    places = [place for place, effect in enumerate(effects) if effect.words == "slope"]
    if not places:
        return
    halved = [_halved(effects[place]) for place in places]
    averages = averaged(fit, rows, halved, horizon).at(fit.estimates.coefficients)
    nearer = (averages[1::2] - averages[::2]) / np.array([effect.width for effect in halved])
    slope, error = found["estimate"][places], found["std_error"][places]
    apart = np.abs(nearer - slope) > 1e-3 * np.maximum(np.abs(slope), error)
    still = (slope == 0) & (error == 0)
    steps = {effects[places[k]].variable for k in np.flatnonzero(apart | still)}
    if steps:
        name = sorted(steps)[0]
        raise DataError(
            f"{first_few(sorted(steps))} has no slope: the formula makes steps of it, or a curve "
            f"that is upright at one of its values; compare two values by contrast={{{name!r}: "
            "(low, high)}"
        )


def _halved(effect: Effect) -> Effect:
    low, high = (np.asarray(end, dtype=float) for end in effect.ends)
    middle, reach = (low + high) / 2, (high - low) / 4
    return replace(effect, ends=(middle - reach, middle + reach), width=effect.width / 2)


def reaches(
    fit: Fit,
    name: str,
    rows: pd.DataFrame,
    numbers: Floats,
    step: float,
    at: Mapping[str, object],
) -> bool:
    """Whether the formula takes values a little beyond the smallest and the largest."""
    ends = [int(numbers.argmin()), int(numbers.argmax())]
    beyond = Effect(name, "", (numbers[ends] + np.array([-step, step]), 0), 1.0, at)
    try:
        fit.engine.predict(fit.estimates, moved(rows.iloc[ends], beyond, beyond.ends[0]), "linear")
    except CoalitionError:
        return False
    return True


def inside(numbers: Floats, step: float) -> Floats:
    """The smallest and the largest a step further in, for splines that end there."""
    return np.clip(numbers, numbers.min() + step, numbers.max() - step)
