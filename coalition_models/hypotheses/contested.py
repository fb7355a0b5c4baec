"""Two claims on which the literature disagrees, under every combination of the choices behind it.

Elections: Tago (2009) finds that they speed up exit, by state and month; Mello (2020) finds those
who left early to have faced one rarely, by leader. Democracy: Gartzke and Gleditsch (2004) against
Leeds (2003). The page asks which choice (unit, window, date of exit, measure) turns the sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, DataError, FitError, gathered
from coalition_models.features.elections import add_elections
from coalition_models.features.regime import add_regime
from coalition_models.hypotheses.contested_facts import Basis, basis_of
from coalition_models.hypotheses.contested_words import compare_mello, directions, tally
from coalition_models.inference.caution import estimate_term
from coalition_models.members.facts import Facts
from coalition_models.record import with_panel
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.summaries import pairs
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import check_window

__all__ = ["Contested", "contest"]

_DATES = ("announced", "main", "last")
_WINDOWS = (0, 1, 2, 3, 6, 12)
#: ratios nearer to one than this are about one
_ABOUT_ONE = 1.1
#: measure -> its column and its source
_MEASURES = {
    "polity": ("democracy_polity", "polity5"),
    "bmr": ("democracy_bmr", "democracy-bmr"),
}


#: unit -> the column that says whether an election was near
_NEAR = {
    "state-month": "election_near",  # in the month
    "leader, last day": "election_near",  # on the leader's last day with troops
    "leader, around the last day": "election_around",  # before or after that day
    "leader, ever": "election_near_ever",  # in any of the leader's months with troops
}
_CELLS = ("exit_yes", "exit_no", "stay_yes", "stay_no")
#: measure -> the column of a user's own table of states
_GIVEN = {"polity": "polity2", "bmr": "democracy_bmr"}
_NOBODY = "no leader is on record: Facts(..., leaders=...)"


@dataclass(frozen=True, repr=False)
class Contested:
    """A contested claim under every combination of choices.

    Attributes
    ----------
    claim : {"elections", "democracy"}
    coalition : str
        Its name; of facts of one's own the names of all.
    table : DataFrame
        One row per combination: the choices, ``estimate`` (log hazard ratio; for leaders log odds
        ratio, with a half added to each cell where one is empty), ``ratio, p_value`` (Fisher's
        exact test for leaders), ``sign``, ``n`` (rows or leaders), ``events``; for leaders the
        cells ``exit_yes, exit_no, stay_yes, stay_no``; ``problem`` where nothing can be estimated.
    choices : tuple of str
        Columns of the table that are choices.
    own : bool
        Whether facts of one's own were given, and no bundled coalition.
    """

    claim: str
    coalition: str
    table: pd.DataFrame
    choices: tuple[str, ...]
    own: bool = False

    def flips(self) -> pd.DataFrame:
        """Which choice turns the sign, all else equal.

        Returns
        -------
        DataFrame
            Per choice and pair of its values: ``pairs`` of combinations that differ in nothing
            else, ``flips`` (one ratio above one, the other below), ``share``, ``clear_flips``
            (flips in which neither ratio lies within ten per cent of one), and
            ``both_significant`` (flips with p < 0.05 on both sides), most frequent first.
        """
        found = pairs(self.table, self.choices, clear=np.log(_ABOUT_ONE))
        return found.drop(columns=["mean_change", "largest_change"])

    def with_intervals(self) -> pd.DataFrame:
        """Add the 95% limits of the ratios to the table, as ``ratio_low, ratio_high``.

        For leaders Woolf's, from the cells; for state-months the ones that agree with the p-value.

        Examples
        --------
        >>> found = contest("elections", "iraq", windows=[2], dates=["main"])
        >>> one = found.with_intervals().query("unit == 'state-month'").iloc[0]
        >>> bool(one["ratio_low"] < one["ratio"] < one["ratio_high"])
        True
        """
        return _with_intervals(self.table)

    def findings(self) -> list[str]:
        """Say in words which way the combinations point and which choice turns the sign."""
        known = self.table[self.table["sign"] != ""]
        if known.empty:
            return [f"{self.claim}, {self.coalition}: no combination could be estimated."]
        sentences = [
            f"{self.claim}, {self.coalition}: {tally(known)}.",
            *directions(known, self.choices),
        ]
        flips = self.flips()
        for choice in self.choices:
            part = flips[(flips["choice"] == choice) & (flips["pairs"] > 0)]
            if part.empty:
                continue
            most = part.iloc[0]
            often = (
                f", most often from {most['from']!s} to {most['to']!s} "
                f"({most['flips']} of {most['pairs']})"
                if most["flips"]
                else ""
            )
            sentences.append(
                f"Changing the {choice} alone turns the sign in {part['flips'].sum()} of "
                f"{part['pairs'].sum()} pairs ({part['clear_flips'].sum()} with both ratios more "
                f"than {100 * (_ABOUT_ONE - 1):.0f} per cent from one, "
                f"{part['both_significant'].sum()} with p < 0.05 on both sides){often}."
            )
        return [*sentences, *self.compare_mello()]

    def compare_mello(self) -> list[str]:
        """Say why the leaders here are not those of Mello (2020).

        Returns
        -------
        list of str
            Empty unless the claim is on elections and the coalition Iraq, his case.
        """
        about = (self.claim, self.coalition) == ("elections", "iraq") and not self.own
        return compare_mello(self.table) if about else []

    def to_table(self) -> Table:
        """All combinations as a table for print."""
        rows = [
            [
                *(str(row[name]) for name in self.choices),
                format_number(row["ratio"], 2),
                format_p(float(row["p_value"])),
                str(row["n"]),
                str(row["events"]),
                str(row["problem"]),
            ]
            for row in self.table.to_dict("records")
        ]
        header = [*self.choices, "ratio", "p", "n", "exits", ""]
        notes = (
            "Ratio above 1: more exits. State-months: hazard ratio as in the verdicts, but without "
            "controls; leaders: odds ratio, Fisher's exact p. Only announcements that were carried "
            "out are coded; where a date is not known the main one is used.",
        )
        align = "l" * len(self.choices) + "rrrrl"
        return Table(header, rows, f"{self.claim}: {self.coalition}", notes, align)

    def __str__(self) -> str:
        return self.to_table().text()

    def __repr__(self) -> str:
        return f"<Contested {self.claim} on {self.coalition}: {len(self.table)} combinations>"

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Add the limits of the ratios: from the cells where there are any, else from p."""
    estimate = table["estimate"].to_numpy(dtype=float)
    cells = table[["exit_yes", "exit_no", "stay_yes", "stay_no"]].to_numpy(dtype=float)
    cells = cells + 0.5 * (cells == 0).any(axis=1, keepdims=True)
    z = stats.norm.isf(table["p_value"].to_numpy(dtype=float) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_p = np.abs(estimate) / z
        error = np.where(np.isnan(cells).any(axis=1), by_p, np.sqrt((1 / cells).sum(axis=1)))
    reach = stats.norm.isf(0.025) * error
    with np.errstate(over="ignore"):
        return table.assign(ratio_low=np.exp(estimate - reach), ratio_high=np.exp(estimate + reach))


def contest(
    claim: str = "elections",
    coalition: str | Facts = "iraq",
    *,
    windows: Sequence[int] = _WINDOWS,
    dates: Sequence[str] = _DATES,
) -> Contested:
    """Estimate a contested claim under every combination of the choices behind it.

    Parameters
    ----------
    claim : {"elections", "democracy"}
        ``"democracy"`` needs external sources.
    coalition : Facts or {"iraq", "isaf", "rsm"}
        Facts of your own, of one coalition or of several, which then count together. Elections,
        leaders and democracy that they do not hold are looked up by state, as the builders do.
    windows : sequence of int
        Months within which an election is near (elections only).
    dates : sequence of {"announced", "main", "last"}
        Which date counts as the exit.

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

    Examples
    --------
    >>> found = contest("elections", "iraq", windows=[2], dates=["main"])
    >>> found.table[["unit", "sign"]].values.tolist()
    [['state-month', '+'], ['leader, last day', '-'],
     ['leader, around the last day', '-'], ['leader, ever', '-']]
    """
    check_arguments(contest, locals())
    if claim not in ("elections", "democracy"):
        raise DataError(f"claim must be 'elections' or 'democracy', not {claim!r}")
    if not windows or not dates:
        raise DataError("give at least one window and one date")
    for months in windows:
        check_window(months, "each of windows")
    dates = list(dict.fromkeys(dates))
    basis = basis_of(coalition, dates)
    if claim == "elections":
        dimensions = _elections(basis, windows, dates)
    else:
        dimensions = _democracy(basis, dates)
    date, middle, unit = (dimension.name for dimension in dimensions)
    base = Setting(facts=basis.facts)
    with gathered() as told:
        found = run(base, dimensions, _cell, failures=(FitError,), blank=_nothing(""))
    basis.said.extend(told)
    basis.tell()
    choices = (unit, middle, date)
    results = [name for name in found.table if name not in choices]
    return Contested(claim, basis.name, found.table[[*choices, *results]], choices, basis.own)


def _cell(setting: Setting) -> dict[str, object]:
    if "absent" in setting.values:
        return _nothing(setting["absent"])
    column = setting["columns"][setting["unit"]]
    if setting["unit"] == "state-month":
        return _months(setting.rows, column)
    return _leaders(setting["cases"], column)


def _elections(
    basis: Basis, windows: Sequence[int], dates: Sequence[str]
) -> tuple[Dimension, Dimension, Dimension]:
    panels = {date: basis.panel(date) for date in dates}
    cases = {date: dict(zip(windows, basis.cases(windows, date), strict=True)) for date in dates}

    def near(months: int, setting: Setting) -> Setting:
        date = setting["date"]
        panel = add_elections(panels[date], window=months)
        return setting.replace(panel=panel).assign(cases=cases[date][months], columns=_NEAR)

    return (
        Dimension.of("date", dates),
        Dimension("window", {months: partial(near, months) for months in windows}),
        Dimension.of("unit", list(_NEAR)),
    )


def _democracy(basis: Basis, dates: Sequence[str]) -> tuple[Dimension, Dimension, Dimension]:
    absent = _absent_measures(basis)
    panels = {date: basis.panel(date) for date in dates}
    cases = {date: basis.cases([2], date)[0] for date in dates}

    units = ["state-month", "leader, last day"]

    def coded(measure: str, setting: Setting) -> Setting:
        if measure in absent:
            return setting.assign(absent=absent[measure])
        date, column = setting["date"], _MEASURES[measure][0]
        panel = add_regime(panels[date], measures=[measure])
        ends = _at_the_end(cases[date], measure, basis)
        return setting.replace(panel=panel).assign(cases=ends, columns=dict.fromkeys(units, column))

    return (
        Dimension.of("date", dates),
        Dimension("measure", {measure: partial(coded, measure) for measure in _MEASURES}),
        Dimension.of("unit", units),
    )


def _at_the_end(cases: pd.DataFrame, measure: str, basis: Basis) -> pd.DataFrame:
    """Leaders with their state's democracy on the last day."""
    if cases.empty:
        return cases
    months = cases.assign(
        period=cases["last_day"].dt.to_period("M").dt.to_timestamp(),
        entry=cases["first_day"],
        spell=range(1, len(cases) + 1),
        start=0,
    )
    with_panel(months, {"period": "month", "clock": "coalition"}, facts=basis.facts)
    with gathered():
        return add_regime(months, measures=[measure])


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


def _months(panel: pd.DataFrame, term: str) -> dict[str, object]:
    found = estimate_term(panel, term, limits=False)
    return {
        **_nothing(""),
        "estimate": found.estimate,
        "ratio": float(np.exp(found.estimate)),
        "p_value": found.p_value,
        "sign": "+" if found.estimate > 0 else "-",
        "n": found.rows,
        "events": found.events,
    }


def _leaders(cases: pd.DataFrame, column: str) -> dict[str, object]:
    """Odds of early exit where a condition holds against where it does not."""
    if cases.empty:
        return _nothing(_NOBODY)
    known = cases[cases[column].notna()]
    gone, held = known["early_exit"] == 1, known[column] == 1
    cells = [int(part.sum()) for part in (gone & held, gone & ~held, ~gone & held, ~gone & ~held)]
    a, b, c, d = cells
    if 0 in (a + b, c + d, a + c, b + d):
        return {**_nothing("the condition, or exit, does not vary"), "n": len(known)}
    half = 0.5 if 0 in cells else 0.0
    estimate = float(np.log((a + half) * (d + half) / ((b + half) * (c + half))))
    return {
        **_nothing(""),
        "estimate": estimate,
        "ratio": float(np.exp(estimate)),
        "p_value": float(stats.fisher_exact([[a, b], [c, d]])[1]),
        "sign": "" if estimate == 0 else "+" if estimate > 0 else "-",
        "n": len(known),
        "events": a + b,
        **dict(zip(_CELLS, cells, strict=True)),
    }


def _nothing(reason: str) -> dict[str, object]:
    return {
        **dict.fromkeys(("estimate", "ratio", "p_value"), np.nan),
        "sign": "",
        "n": 0,
        "events": 0,
        **dict.fromkeys(_CELLS, np.nan),
        "problem": reason,
    }
