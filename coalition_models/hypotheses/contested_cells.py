"""One combination of a contested claim: a hazard ratio of state-months, or leaders' odds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.hypotheses.contested_calendars import Calendars
from coalition_models.inference.caution import estimate_term

__all__ = [
    "CELLS",
    "NEAR",
    "OUTCOMES",
    "UNITS",
    "exposed_cases",
    "leaders_cell",
    "months_cell",
    "nothing",
]

Floats = npt.NDArray[np.float64]

#: the column that a combination reads
NEAR = "near"
CELLS = ("exit_yes", "exit_no", "stay_yes", "stay_no")
#: outcome -> kinds of exit that count
OUTCOMES = {"early": ("early",), "early or scheduled": ("early", "scheduled")}
_MONTH = "state-month"
_MANDATES, _ALL, _ANY = (
    "leader, against mandates' ends",
    "leader, against all other ends",
    "leader, any month",
)
#: what a row is, and for leaders with whom those who left are compared, in which month
UNITS = (_MONTH, _MANDATES, _ALL, _ANY)
_NOBODY = "no leader is on record: Facts(..., leaders=...)"


def nothing(reason: str) -> dict[str, object]:
    """A combination without a result."""
    return {
        **dict.fromkeys(("estimate", "conf_low", "conf_high", "ratio", "p_value"), np.nan),
        "sign": "",
        "n": 0,
        "events": 0,
        "exposed_events": np.nan,
        **dict.fromkeys(CELLS, np.nan),
        "problem": reason,
    }


def months_cell(panel: pd.DataFrame, near: Floats) -> dict[str, object]:
    """Hazard ratio of an exposure over state-months, without controls."""
    rows = panel.assign(**{NEAR: near})
    found = estimate_term(rows, NEAR)
    return {
        **nothing(""),
        "estimate": found.estimate,
        "conf_low": found.conf_low,
        "conf_high": found.conf_high,
        "ratio": float(np.exp(found.estimate)),
        "p_value": found.p_value,
        "sign": "+" if found.estimate > 0 else "-",
        "n": found.rows,
        "events": found.events,
        "exposed_events": int(rows.loc[rows["event"] == 1, NEAR].eq(1).sum()),
    }


def exposed_cases(
    cases: pd.DataFrame, unit: str, outcome: str, calendars: Calendars, label: tuple[object, ...]
) -> tuple[npt.NDArray[np.bool_], Floats, pd.DataFrame]:
    """Whether each case ended in an exit that counts, whether it was exposed, and the cases kept.

    Against the ends of mandates, cases whose leader left office are left out: they end near
    elections by themselves.
    """
    gone = cases["early_exit"].eq(1) | cases["ended_by"].isin(OUTCOMES[outcome])
    kept = gone | cases["ended_by"].eq("mission_end") if unit == _MANDATES else gone | True
    rows = cases[kept]
    last = rows["last_day"].dt.to_period("M").dt.to_timestamp()
    if unit == _ANY:
        first = rows["first_day"].dt.to_period("M").dt.to_timestamp()
        return gone[kept].to_numpy(), calendars.ever(label, rows["state"], first, last), rows
    return gone[kept].to_numpy(), calendars.at(label, rows["state"], last), rows


def leaders_cell(gone: npt.NDArray[np.bool_], near: Floats) -> dict[str, object]:
    """Odds of an exit among the exposed against the others; a half is added to an empty cell.

    Parameters
    ----------
    gone : array of bool, shape (n,)
    near : array, shape (n,)
        1, 0, or missing.

    Examples
    --------
    >>> found = leaders_cell(np.array([True, True, False, False]), np.array([1.0, 0.0, 0.0, 0.0]))
    >>> found["exit_yes"], found["sign"]
    (1, '+')
    """
    if not len(gone):
        return nothing(_NOBODY)
    known = ~np.isnan(near)
    gone, held = gone[known], near[known] == 1
    cells = [int(part.sum()) for part in (gone & held, gone & ~held, ~gone & held, ~gone & ~held)]
    a, b, c, d = cells
    if 0 in (a + b, c + d, a + c, b + d):
        reason = "the condition, or exit, does not vary"
        if known.any() and not c + d:
            reason = "no case to compare with"
        return {**nothing(reason), "n": int(known.sum())}
    half = 0.5 if 0 in cells else 0.0
    estimate = float(np.log((a + half) * (d + half) / ((b + half) * (c + half))))
    return {
        **nothing(""),
        "estimate": estimate,
        "ratio": float(np.exp(estimate)),
        "p_value": float(stats.fisher_exact([[a, b], [c, d]])[1]),
        "sign": "" if estimate == 0 else "+" if estimate > 0 else "-",
        "n": int(known.sum()),
        "events": a + b,
        "exposed_events": a,
        **dict(zip(CELLS, cells, strict=True)),
    }
