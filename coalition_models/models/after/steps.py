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


def steps_at(part: pd.DataFrame, when: Floats, early: Mapping[str, float]) -> pd.DataFrame:
    """Rows of one curve at given times: its last step at or before each.

    Before the first step the columns of ``early`` have the values given there, and limits none.
    """
    place = np.searchsorted(part["time"].to_numpy(), when, side="right") - 1
    out = part.iloc[np.maximum(place, 0)].copy()
    out["time"] = when
    for name, value in early.items():
        out.loc[place < 0, name] = value
    out.loc[place < 0, ["conf_low", "conf_high"]] = np.nan
    return out
