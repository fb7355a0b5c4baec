"""What a contested claim rests on: which decisions, how many, and what bias would undo it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, FitError, gathered
from coalition_models.hypotheses.contested_cells import NEAR, UNITS, exposed_cases
from coalition_models.hypotheses.contested_joint import MONTHS, Rows
from coalition_models.hypotheses.contested_wanted import FactsWanted
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.null_score import score_at_null
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.sensitivity.e_values import e_value
from coalition_models.sensitivity.hidden_bias import rosenbaum_bounds
from coalition_models.sensitivity.leaving_out import fewest_events
from coalition_models.sensitivity.redating import fewest_redated

__all__ = ["HEADLINE", "Evidence", "bounds_of", "endings_of", "falls_of"]

#: window of the specifications that are looked at closely: that of Mello (2020)
HEADLINE = 2
_FALLS = [
    "label", "exposed_events", "events", "z", "z_by_departure", "differ", "redated",
    "redated_which", "sets", "exact", "left_out", "left_out_which", "problem",
]  # fmt: skip
_DECISION, _DEPARTURE = "announced", "main"


@dataclass(frozen=True)
class Evidence:
    """Beside the combinations themselves.

    Attributes
    ----------
    joint : DataFrame
        All listed specifications together.
    falls : DataFrame
        Per label of exposure: z by decision and by departure, fewest decisions that must be dated
        by departure, and fewest events that must be left out, before 1.96 is crossed.
    bounds : DataFrame
        Per label: Rosenbaum's gamma, and E-values, of exits dated by decision.
    decisions : DataFrame
        Early exits with the elections around each.
    endings : DataFrame
        Leaders' cases by how they ended, and how many had an election near on the last day.
    wanted : FactsWanted
        Dates and codings, by how much of the variance would go if they were known.
    """

    joint: pd.DataFrame = field(default_factory=pd.DataFrame)
    falls: pd.DataFrame = field(default_factory=pd.DataFrame)
    bounds: pd.DataFrame = field(default_factory=pd.DataFrame)
    decisions: pd.DataFrame = field(default_factory=pd.DataFrame)
    endings: pd.DataFrame = field(default_factory=pd.DataFrame)
    wanted: FactsWanted = field(default_factory=FactsWanted)


def _exposed(rows: Rows, date: Hashable, label: tuple[object, ...]) -> pd.DataFrame:
    panel = rows.panels[date, "early"]
    near = rows.calendars.at(label, panel["state"], panel["period"])
    return panel.assign(**{NEAR: near}).dropna(subset=[NEAR]).reset_index(drop=True)


def falls_of(rows: Rows, labels: list[tuple[object, ...]]) -> pd.DataFrame:
    """How few decisions a finding by decision hangs on.

    Examples
    --------
    >>> falls_of(Rows({}, {}, None), []).empty
    True
    """
    lines = []
    for label in labels:
        line: dict[str, object] = {"label": _name(label)}
        panels = {d: _exposed(rows, d, label) for d in (_DECISION, _DEPARTURE)
                  if (d, "early") in rows.panels}  # fmt: skip
        if len(panels) < 2:
            break
        said, done = panels[_DECISION], panels[_DEPARTURE]
        line |= {
            "exposed_events": int(said.loc[said["event"] == 1, NEAR].sum()),
            "events": int(said["event"].sum()),
        }
        try:
            line |= _scores(said, done)
        except (DataError, FitError) as error:
            line |= {"problem": str(error).splitlines()[0]}
        else:
            if abs(float(str(line["z"]))) > EDGE:
                line |= _fewest(said, done)
        lines.append(line)
    return pd.DataFrame(lines, columns=_FALLS if lines else None)


def _scores(said: pd.DataFrame, done: pd.DataFrame) -> dict[str, object]:
    """Score z of exits dated either way."""
    with gathered():
        found = [score_at_null(MONTHS, NEAR, panel).numbers["z_by_cluster"]
                 for panel in (said, done)]  # fmt: skip
    return {"z": found[0], "z_by_departure": found[1], "problem": ""}


def _fewest(said: pd.DataFrame, done: pd.DataFrame) -> dict[str, object]:
    """The fewest decisions to date by departure, or to leave out."""
    key = ["coalition", "state", "spell"]
    shared = said[key].drop_duplicates().merge(done[key].drop_duplicates())
    moved = fewest_redated(MONTHS, said.merge(shared), done.merge(shared), NEAR, exact=2, most=8)
    without = fewest_events(MONTHS, said, NEAR, exact=1, most=8)
    return {
        "differ": moved.differ,
        "redated": moved.count,
        "redated_which": ", ".join(moved.members),
        "sets": moved.sets,
        "exact": moved.exact,
        "left_out": without.count,
        "left_out_which": ", ".join(without.events),
    }


def bounds_of(rows: Rows, labels: list[tuple[object, ...]], date: Hashable) -> pd.DataFrame:
    """How strong a bias in who is exposed, or an unmeasured cause, would have to be."""
    lines = []
    for label in labels:
        panel = _exposed(rows, date, label)
        line: dict[str, object] = {"label": _name(label), "date": date}
        try:
            with gathered():
                hidden = rosenbaum_bounds(panel, NEAR, id=["coalition", "state", "spell"])
                found = estimate_term(panel, NEAR)
                low, high = found.conf_low, found.conf_high
                ratio, near, far = map(float, np.exp([found.estimate, low, high]))
                strength = e_value(ratio, near, far, scale="hazard", common=True)
        except (DataError, FitError, ValueError) as error:
            lines.append({**line, "problem": str(error).splitlines()[0]})
            continue
        lines.append(
            {
                **line,
                "ratio": ratio,
                "ratio_low": near,
                "ratio_high": far,
                "p_value": found.p_value,
                "direction": hidden.direction,
                "gamma": hidden.gamma,
                "p_without_bias": float(hidden.table["p_value"].iloc[0]),
                "e_value": strength.point,
                "e_value_limit": strength.limit,
                "problem": "",
            }
        )
    return pd.DataFrame(lines)


def endings_of(rows: Rows, date: Hashable, labels: list[tuple[object, ...]]) -> pd.DataFrame:
    """Leaders' cases by how they ended, with the share exposed in the month of the last day."""
    cases = rows.cases[date]
    if cases.empty:
        return pd.DataFrame()
    lines = []
    for label in labels:
        _, near, kept = exposed_cases(cases, UNITS[2], "early", rows.calendars, label)
        ended = np.where(kept["early_exit"].eq(1), "early", kept["ended_by"])
        table = pd.DataFrame({"ended_by": ended, "near": near}).dropna()
        grouped = table.groupby("ended_by", sort=True)["near"].agg(["size", "sum"])
        lines += [
            {"label": _name(label), "ended_by": str(kind), "cases": int(n), "exposed": int(k),
             "share": float(k / n)}
            for kind, n, k in grouped.itertuples()
        ]  # fmt: skip
    return pd.DataFrame(lines)


def _name(label: tuple[object, ...]) -> str:
    if len(label) == 1:
        return str(label[0])
    side, window = label
    return f"{window} months {side}" if window != 1 else f"1 month {side}"
