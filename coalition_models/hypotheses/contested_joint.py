"""All listed specifications of a contested claim judged together, by exchanging calendars.

Under the claim that elections (or democracy) have no effect, whole calendars could be exchanged
over states. That holds for state-months, and for leaders against the ends of mandates, since
neither kind of end follows from a calendar. It does not hold for leaders who left office: they do
so at elections, whatever the mission. Those combinations are in no joint test.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, gathered
from coalition_models.hypotheses.contested_calendars import Calendars
from coalition_models.hypotheses.contested_cells import NEAR, UNITS, exposed_cases
from coalition_models.inference.null_score import score_at_null
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.histories import Exchange, Worlds, worlds_of
from coalition_models.sensitivity.joint import joint_test

__all__ = ["JOINED", "MONTHS", "Rows", "all_together"]

Floats = npt.NDArray[np.float64]
Key = tuple[Hashable, Hashable]

#: the model of state-months whose score is exchanged
MONTHS = Specification("cox", f"event ~ {NEAR}", cluster="state")
#: units whose calendars can be exchanged
JOINED = UNITS[:2]
_COLUMNS = ["family", "statistic", "observed", "p_value", "specifications", "distinct", "draws"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Panels by date and outcome, leaders' cases by date, and the calendars that both read."""

    panels: Mapping[Key, pd.DataFrame]
    cases: Mapping[Hashable, pd.DataFrame]
    calendars: Calendars


def all_together(rows: Rows, table: pd.DataFrame, *, draws: int, seed: int) -> pd.DataFrame:
    """Test that there is no effect in any of the specifications, and in those of each choice.

    Parameters
    ----------
    rows : Rows
    table : DataFrame
        Combinations with ``unit, date, outcome, label, problem`` and the other choices.
    draws, seed : int

    Returns
    -------
    DataFrame
        ``family`` (all listed, or the option that they share), ``statistic, observed, p_value,
        specifications, distinct, draws``. Empty where nothing can be exchanged.
    """
    listed = table[table["unit"].isin(JOINED) & table["problem"].eq("")].reset_index(drop=True)
    complete = rows.calendars.complete()
    if listed.empty or len(complete) < 2 or not draws:
        return pd.DataFrame(columns=_COLUMNS)
    units = sorted({str(s) for held in rows.calendars.lines.values() for s in held.index})
    exchange = Exchange(groups=dict.fromkeys(complete, "all"))
    worlds = worlds_of(units, exchange, draws=draws, seed=seed)
    scorer = _Scorer(rows, worlds)
    found = [scorer(row) for row in listed.to_dict("records")]
    seen = np.array([z for z, _ in found])
    drawn = np.array([line for _, line in found]).T
    lines = []
    for family, mask in _families(listed).items():
        try:
            joint = joint_test(seen[mask], drawn[:, mask], how=exchange.words)
        except DataError:
            continue
        size = {"specifications": joint.specifications, "distinct": joint.distinct, "draws": draws}
        lines += [{"family": family, **line, **size} for line in joint.table.to_dict("records")]
    return pd.DataFrame(lines, columns=_COLUMNS)


def _families(listed: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
    found = {"all listed": np.ones(len(listed), dtype=bool)}
    for choice in ("side", "measure", "date", "outcome"):
        if choice in listed.columns and len(set(listed[choice])) > 1:
            for option in dict.fromkeys(listed[choice]):
                found[f"{choice} {option}"] = listed[choice].eq(option).to_numpy()
    return found


@dataclass(frozen=True, eq=False)
class _Scorer:
    """Z of a combination, in the data and in every draw; a panel's scores are mapped once."""

    rows: Rows
    worlds: Worlds
    maps: dict[tuple[Hashable, ...], ScoreMap | None] = field(default_factory=dict)

    def __call__(self, row: Mapping[Hashable, object]) -> tuple[float, Floats]:
        label, unit, date = row["label"], str(row["unit"]), row["date"]
        assert isinstance(label, tuple)
        if unit == UNITS[0]:
            return self._months(self.rows.panels[date, row["outcome"]], label, row["outcome"], date)
        held = self.rows.calendars
        cases = self.rows.cases[date]
        gone, near, kept = exposed_cases(cases, unit, str(row["outcome"]), held, label)
        known = ~np.isnan(near)
        last = kept["last_day"].dt.to_period("M").dt.to_timestamp()
        exposed = self.worlds.exposures(held.lines[label], kept["state"][known], last[known])
        seen = _table_z(gone[known], near[known, None])
        return float(seen[0]), _table_z(gone[known], exposed)

    def _months(
        self, panel: pd.DataFrame, label: tuple[object, ...], *key: object
    ) -> tuple[float, Floats]:
        held = self.rows.calendars
        near = held.at(label, panel["state"], panel["period"])
        known = ~np.isnan(near)
        used = panel[known]
        pull = self._map((*key, known.tobytes()), used, near[known])
        if pull is None:
            return float("nan"), np.full(self.worlds.draws, np.nan)
        exposed = self.worlds.exposures(held.lines[label], used["state"], used["period"])
        # a world in which nobody at risk is exposed says nothing either way
        return float(pull.z(near[known, None])[0]), np.nan_to_num(pull.z(exposed))

    def _map(self, key: tuple[Hashable, ...], used: pd.DataFrame, near: Floats) -> ScoreMap | None:
        if key not in self.maps:
            try:
                with gathered():
                    found = score_at_null(MONTHS, NEAR, used.assign(**{NEAR: near}))
                self.maps[key] = found.pull
            except FitError:
                self.maps[key] = None
        return self.maps[key]


def _table_z(gone: npt.NDArray[np.bool_], exposed: Floats) -> Floats:
    """Exposed exits less those expected from the margins, over their standard deviation."""
    total, exits = len(gone), gone.sum()
    near = exposed.sum(axis=0)
    variance = near * (total - near) * exits * (total - exits) / (total**2 * max(total - 1, 1))
    gap = exposed[gone].sum(axis=0) - near * exits / total
    found: Floats = np.divide(gap, np.sqrt(variance), out=np.zeros_like(gap), where=variance > 0)
    return found
