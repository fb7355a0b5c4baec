"""Shares that change in steps: their limits, and their values at chosen times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.models.after.nonparametric import limits

__all__ = ["Scale", "share_limits", "steps_at"]

Floats = npt.NDArray[np.float64]
Scale = Literal["log-log", "log", "plain", "complement"]

_SCALES = ("log-log", "log", "plain", "complement")


def share_limits(
    share: Floats, error: Floats, level: float, interval: str
) -> tuple[Floats, Floats]:
    """Limits of a share on one of the scales; missing where the share is 0, or 1 with an error.

    Examples
    --------
    >>> low, high = share_limits(np.array([0.2]), np.array([0.05]), 0.95, "complement")
    >>> low.round(3), high.round(3)
    (array([0.096]), array([0.292]))
    """
    if interval not in _SCALES:
        raise DataError(f"interval must be one of {', '.join(_SCALES)}; found {interval!r}")
    share = np.clip(share, 0.0, 1.0)  # sums of steps end on 1 but for rounding
    left = 1 - share if interval == "complement" else share
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(left > 0, error / left, np.nan)
    if interval == "complement":
        low, high = limits(left, relative, level, "log")
        return 1 - high, 1 - low
    return limits(share, relative, level, interval)


def steps_at(
    part: pd.DataFrame, when: Floats, keys: Mapping[str, str], early: Mapping[str, float]
) -> pd.DataFrame:
    """One curve at given times: its last step at or before each, under the ``keys`` given.

    Before the first step the columns of ``early`` have the values given there, and limits none.

    Examples
    --------
    >>> curve = pd.DataFrame({"time": [2.0], "share": 0.5, "conf_low": 0.3, "conf_high": 0.7})
    >>> steps_at(curve, np.array([1.0, 3.0]), {"kind": "early"}, {"share": 0.0})
        kind  time  share  conf_low  conf_high
    0  early   1.0    0.0       NaN        NaN
    1  early   3.0    0.5       0.3        0.7
    """
    place = np.searchsorted(part["time"].to_numpy(dtype=float), when, side="right") - 1
    later = place >= 0
    out = pd.DataFrame({**keys, "time": when})
    for name in (*early, "conf_low", "conf_high"):
        values = np.full(len(when), early.get(name, np.nan))
        values[later] = part[name].to_numpy(dtype=float)[place[later]]
        out[name] = values
    return out
