"""Two claims on which the literature disagrees, under every combination of the choices behind it.

Elections: Tago (2009) finds that they speed up exit, by state and month; Mello (2020) finds those
who left early to have faced one rarely, by leader. Democracy: Gartzke and Gleditsch (2004) against
Leeds (2003). The page asks which choice (unit, comparison, side and window, date of exit, outcome,
measure) turns the sign, and what the finding hangs on.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, check_draws
from coalition_models.errors import CoverageError, DataError, FitError, first_few, gathered
from coalition_models.hypotheses.contested_calendars import (
    SIDES,
    election_calendars,
    regime_calendars,
)
from coalition_models.hypotheses.contested_cells import (
    OUTCOMES,
    UNITS,
    exposed_cases,
    leaders_cell,
    months_cell,
    nothing,
)
from coalition_models.hypotheses.contested_evidence import (
    HEADLINE,
    Evidence,
    bounds_of,
    endings_of,
    falls_of,
)
from coalition_models.hypotheses.contested_facts import Basis, basis_of
from coalition_models.hypotheses.contested_joint import Rows, all_together
from coalition_models.hypotheses.contested_result import Contested
from coalition_models.hypotheses.contested_wanted import facts_wanted
from coalition_models.hypotheses.election_decisions import election_decisions
from coalition_models.members.facts import Facts
from coalition_models.sensitivity.choices import Dimension, Setting, Skip
from coalition_models.sensitivity.running import run
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import check_window

__all__ = ["Contested", "contest"]

_DATES = ("announced", "main", "last")
_WINDOWS = (0, 1, 2, 3, 6)
#: measure -> its column and its source
_MEASURES = {
    "polity": ("democracy_polity", "polity5"),
    "bmr": ("democracy_bmr", "democracy-bmr"),
}
#: measure -> the column of a user's own table of states
_GIVEN = {"polity": "polity2", "bmr": "democracy_bmr"}


def contest(
    claim: str = "elections",
    coalition: str | Facts = "iraq",
    *,
    windows: Sequence[int] = _WINDOWS,
    dates: Sequence[str] = _DATES,
    outcomes: Sequence[str] = tuple(OUTCOMES),
    draws: int = 199,
    seed: int = 1,
    worlds: int = 0,
) -> Contested:
    """Estimate a contested claim under every combination of the choices behind it.

    Unit and comparison (state-months; leaders who left against those whom the mandate's end found
    in office, against all others, or by any month of their time), side and window of the election
    (or measure of democracy), date of the exit, and which exits count. All units read one calendar
    of states and months.

    Parameters
    ----------
    claim : {"elections", "democracy"}
        ``"democracy"`` needs external sources.
    coalition : Facts, or name of a bundled coalition
        Facts of your own, of one coalition or of several, which then count together. Elections,
        leaders and democracy that they do not hold are looked up by state, as the builders do.
    windows : sequence of int
        Months within which an election is near (elections only).
    dates : sequence of {"announced", "main", "last"}
        Which date counts as the exit.
    outcomes : sequence of {"early", "early or scheduled"}
        Which exits count. A scheduled end is dated like an early one by month, and by its main
        date by leader.
    draws, seed : int
        Exchanges of calendars for the joint test; 0 for none.
    worlds : int
        Draws of doubtful dates and codings for which facts would help most (elections only, 2 or
        more; some seconds); 0 leaves that out.

    Returns
    -------
    Contested

    Raises
    ------
    DataError
        Unknown claim or option; facts without members, coalitions, or the days that ``dates``
        needs.
    CoverageError
        Democracy without any of its sources.

    Warns
    -----
    CoalitionWarning
        States of your own facts of which no election, leader or democracy is known.

    Notes
    -----
    An election "around" a month, or "behind" it, is no predictor: that one will be held is known
    ahead, but a decision that follows an election may follow from its outcome. And "around" counts
    elections that were not yet held when a month began, next to those that were: it is an account
    of outcomes.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.contest("elections", "iraq", windows=[2], dates=["main"], outcomes=["early"],
    ...                 draws=0)
    >>> found.table.query("side == 'ahead'")[["unit", "sign"]].values.tolist()
    [['state-month', '+'], ["leader, against mandates' ends", '+'],
     ['leader, against all other ends', '-'], ['leader, any month', '-']]
    """
    check_arguments(contest, locals())
    if claim not in ("elections", "democracy"):
        raise DataError(f"claim must be 'elections' or 'democracy', not {claim!r}")
    if not windows or not dates or not outcomes:
        raise DataError("give at least one window, one date and one outcome")
    wrong = [name for name in outcomes if name not in OUTCOMES]
    if wrong:
        raise DataError(f"outcomes must be among {', '.join(OUTCOMES)}, not {first_few(wrong)}")
    check_draws(draws, least=0)
    if worlds:
        check_count(worlds, "worlds", least=2)
    windows = list(dict.fromkeys(check_window(months, "each of windows") for months in windows))
    dates, outcomes = list(dict.fromkeys(dates)), list(dict.fromkeys(outcomes))
    basis = basis_of(coalition, dates)
    absent = _absent_measures(basis) if claim == "democracy" else {}
    with gathered() as told:
        rows = _rows(basis, windows if claim == "elections" else absent, dates, outcomes)
        dimensions = _dimensions(rows, claim, windows, absent)
        found = run(Setting(), dimensions, partial(_cell, rows), failures=(FitError,),
                    blank=nothing(""))  # fmt: skip
        table = _tidy(found.table, absent, claim)
        evidence = _evidence(basis, rows, table, claim, windows, draws, seed, worlds)
    basis.said.extend(told)
    basis.tell()
    choices = ("unit", *_MIDDLE[claim], "date", "outcome")
    results = [name for name in table if name not in (*choices, "label")]
    return Contested(claim, basis.name, table[[*choices, *results]], choices, basis.own, evidence)


#: claim -> choices that say what an exposure is
_MIDDLE = {"elections": ("side", "window"), "democracy": ("measure",)}


def _rows(
    basis: Basis,
    exposure: Sequence[int] | Mapping[str, str],
    dates: Sequence[str],
    outcomes: Sequence[str],
) -> Rows:
    """Panels, cases, and calendars over all their months: of windows, or measures at hand."""
    panels: dict[tuple[Hashable, Hashable], pd.DataFrame] = {
        (date, outcome): basis.panel(date, OUTCOMES[outcome])
        for date in dates
        for outcome in outcomes
    }
    cases: dict[Hashable, pd.DataFrame] = {date: basis.cases([2], date)[0] for date in dates}
    periods = pd.concat([panel["period"] for panel in panels.values()])
    days = [table[day] for table in cases.values() for day in ("first_day", "last_day")]
    months = pd.concat([periods, *(pd.to_datetime(one) for one in days)]).dt.to_period("M")
    first, last = (month.to_timestamp() for month in (months.min(), months.max()))
    if not isinstance(exposure, Mapping):
        return Rows(panels, cases, election_calendars(basis.facts, exposure, first, last))
    columns = {name: column for name, (column, _) in _MEASURES.items() if name not in exposure}
    return Rows(panels, cases, regime_calendars(basis.facts, columns, first, last))


def _dimensions(
    rows: Rows, claim: str, windows: Sequence[int], absent: Mapping[str, str]
) -> list[Dimension]:
    dates = list(dict.fromkeys(date for date, _ in rows.panels))
    outcomes = list(dict.fromkeys(outcome for _, outcome in rows.panels))
    exposure = (
        [Dimension.of("window", windows), Dimension.of("side", SIDES)]
        if claim == "elections"
        else [Dimension.of("measure", [*_MEASURES])]
    )
    units = UNITS if claim == "elections" else UNITS[:3]
    return [
        Dimension.of("date", dates), Dimension.of("outcome", outcomes), *exposure,
        Dimension("unit", {unit: partial(_unit, unit) for unit in units}),
    ]  # fmt: skip


def _unit(unit: str, setting: Setting) -> Setting | Skip:
    if unit == UNITS[3] and setting["side"] != SIDES[0]:
        return Skip("months around each month of a case are the case and what is beside it")
    return setting.assign(unit=unit)


def _label(values: Mapping[str, object]) -> tuple[object, ...]:
    if "measure" in values:
        return (values["measure"],)
    return (values["side"], values["window"])


def _cell(rows: Rows, setting: Setting) -> dict[str, object]:
    label, unit = _label(setting.values), setting["unit"]
    if label not in rows.calendars.lines:
        return nothing("")
    if unit == UNITS[0]:
        panel = rows.panels[setting["date"], setting["outcome"]]
        return months_cell(panel, rows.calendars.at(label, panel["state"], panel["period"]))
    cases = rows.cases[setting["date"]]
    if cases.empty:
        return leaders_cell(np.array([], dtype=bool), np.array([]))
    gone, near, _ = exposed_cases(cases, unit, setting["outcome"], rows.calendars, label)
    return leaders_cell(gone, near)


def _tidy(table: pd.DataFrame, absent: Mapping[str, str], claim: str) -> pd.DataFrame:
    """Combinations with the label of their exposure, and why a measure is absent."""
    labels = [_label(row) for row in table[[*_MIDDLE[claim]]].to_dict("records")]  # type: ignore[arg-type]
    out = table.assign(label=pd.Series(labels, index=table.index, dtype=object))
    if absent:
        out["problem"] = out["measure"].map(absent).fillna(out["problem"])
    return out


def _evidence(
    basis: Basis,
    rows: Rows,
    table: pd.DataFrame,
    claim: str,
    windows: Sequence[int],
    draws: int,
    seed: int,
    worlds: int,
) -> Evidence:
    closely = HEADLINE if HEADLINE in windows else windows[0]
    labels: list[tuple[object, ...]] = (
        [(side, closely) for side in SIDES] if claim == "elections" else list(rows.calendars.lines)
    )
    dates = list(rows.cases)
    elections = claim == "elections"
    early = any(outcome == "early" for _, outcome in rows.panels)
    return Evidence(
        joint=all_together(rows, table, draws=draws, seed=seed),
        falls=falls_of(rows, labels),
        bounds=bounds_of(rows, labels, dates[0]) if early else pd.DataFrame(),
        decisions=election_decisions(basis.facts) if claim == "elections" else pd.DataFrame(),
        endings=endings_of(rows, dates[0], labels),
        wanted=facts_wanted(basis, rows, labels[-1], worlds if elections else 0),
    )


def _absent_measures(basis: Basis) -> dict[str, str]:
    """Measures that cannot be had, with the reason; an error where none can."""
    absent = {}
    for measure, (_, source) in _MEASURES.items():
        if basis.has(_GIVEN[measure]):
            continue
        try:
            load(source)
        except CoverageError as error:
            absent[measure] = f"needs {source}, not at hand"
            trouble = error
    if len(absent) == len(_MEASURES):
        raise trouble
    return absent
