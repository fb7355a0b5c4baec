"""How good predicted chances are: loss, order, calibration, all by period."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["auc", "by_period", "calibration_line", "calibration_table", "losses"]

Floats = npt.NDArray[np.float64]

_SMALLEST = 1e-12


def losses(event: Floats, chance: Floats) -> tuple[Floats, Floats]:
    """Minus the log of the chance of what happened, and the squared distance (Brier), by row.

    Examples
    --------
    >>> [part.round(3).tolist() for part in losses(np.array([1.0, 0.0]), np.array([0.5, 0.2]))]
    [[0.693, 0.223], [0.25, 0.04]]
    """
    kept = np.clip(chance, _SMALLEST, 1 - _SMALLEST)
    logs = -np.where(event == 1, np.log(kept), np.log1p(-kept))
    return logs, (event - chance) ** 2


def auc(event: Floats, chance: Floats) -> tuple[float, int]:
    """Share of pairs of a row with and one without the event in the right order, and their number.

    Examples
    --------
    >>> auc(np.array([1.0, 0.0, 0.0]), np.array([0.3, 0.3, 0.1]))
    (0.75, 2)
    """
    from scipy import stats  # slow to import, and no fit needs it

    ones = int(event.sum())
    pairs = ones * (len(event) - ones)
    if not pairs:
        return float("nan"), 0
    ranks = stats.rankdata(chance)
    return float((ranks[event == 1].sum() - ones * (ones + 1) / 2) / pairs), pairs


def by_period(event: Floats, chance: Floats, time: Floats) -> pd.DataFrame:
    """AUC and Brier score among those at risk in each period.

    The AUC of a period compares who leaves in it with who stays (incident cases, dynamic controls;
    Heagerty and Zheng 2005).

    Examples
    --------
    >>> found = by_period(np.array([1.0, 0, 0]), np.array([0.4, 0.1, 0.2]), np.array([1.0, 1, 2]))
    >>> found[["time", "at_risk", "events", "auc"]].to_numpy().tolist()
    [[1.0, 2.0, 1.0, 1.0], [2.0, 1.0, 0.0, nan]]
    """
    rows = []
    for when in np.unique(time):
        here = time == when
        order, pairs = auc(event[here], chance[here])
        rows.append(
            {
                "time": float(when),
                "at_risk": int(here.sum()),
                "events": int(event[here].sum()),
                "auc": order,
                "pairs": pairs,
                "brier": float(((event[here] - chance[here]) ** 2).mean()),
                "expected": float(chance[here].sum()),
            }
        )
    return pd.DataFrame(rows)


def calibration_table(event: Floats, chance: Floats, groups: int) -> pd.DataFrame:
    """Mean chance and share of events in groups of about as many rows, from low to high chance.

    Examples
    --------
    >>> calibration_table(np.array([0.0, 1.0]), np.array([0.1, 0.6]), 2)["share"].tolist()
    [0.0, 1.0]
    """
    order = np.argsort(chance, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) * groups // len(order)
    rows = [
        {
            "group": number + 1,
            "rows": int((place == number).sum()),
            "chance": float(chance[place == number].mean()),
            "share": float(event[place == number].mean()),
            "expected": float(chance[place == number].sum()),
            "events": int(event[place == number].sum()),
        }
        for number in np.unique(place).tolist()
    ]
    return pd.DataFrame(rows)


def calibration_line(event: Floats, chance: Floats) -> tuple[float, float]:
    """Calibration in the large (log of events over expected), and the slope of a logit.

    The slope is that of the event on the log odds of the chance: 1 where chances are right, less
    where they are too far apart. Missing where it has no finite value.

    Examples
    --------
    >>> event = np.array([1.0, 0, 0, 0, 1, 1, 0, 1])
    >>> calibration_line(event, np.array([0.25] * 4 + [0.75] * 4))[0]
    0.0
    """
    from coalition_models.kernels.binomial import pieces

    kept = np.clip(chance, 1e-6, 1 - 1e-6)
    expected, events = float(chance.sum()), float(event.sum())
    large = float(np.log(events / expected)) if events and expected else float("nan")
    odds = np.log(kept) - np.log1p(-kept)
    if np.ptp(odds) < 1e-9:
        return large, float("nan")
    X = np.column_stack([np.ones(len(odds)), odds])
    beta = np.array([0.0, 1.0])
    for _turn in range(50):
        at = pieces(X, event, X @ beta, "logit", None)
        try:
            step = np.linalg.solve(at.observed, at.scores.sum(axis=0))
        except np.linalg.LinAlgError:
            return large, float("nan")
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            return large, float(beta[1])
        if np.abs(beta).max() > 1e3:
            break
    return large, float("nan")
