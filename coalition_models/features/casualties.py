"""Own deaths in the coalition, and the partners': recent, in all, relative, and how they fade."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    AsOf,
    Calendar,
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    find_until,
    short_window,
)
from coalition_models.timelines.deaths import (
    Deaths,
    Undated,
    check_undated,
    known_deaths,
    undated_choices,
    undated_deaths,
)
from coalition_models.timelines.given import cited, facts_for, needed
from coalition_models.timelines.roster import listed_members
from coalition_models.timelines.troop_months import exposure
from coalition_models.timelines.troops import strengths
from coalition_models.timelines.yearly import state_figures, year_known

__all__ = ["add_casualties"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_RELATIVE = ("troops", "population", None)


@builder(
    columns=(
        "deaths_12m",
        "log_deaths_12m",
        "deaths_cumulative",
        "deaths_weighted",
        "deaths_last",
        "log_deaths_last",
        "log_deaths_cumulative",
        "log_deaths_weighted",
        "first_loss",
        "mass_casualty",
        "relative_fatalities",
        "deaths_12m_per_1000",
        "deaths_12m_per_million",
        "partner_deaths_last",
        "partner_deaths_cumulative",
        "coalition_trend",
        "own_trend",
    ),
    needs=(
        "coalition",
        "cow",
        "period",
        "spell?",
        "deaths",
        "coverage",
        "members?",
        "troops?",
        "states?",
    ),
)
def add_casualties(
    panel: pd.DataFrame,
    *,
    half_life: float = 6,
    per: str | None = None,
    mass_casualty: int = 5,
    shock_window: int = 3,
    trend_window: int = 12,
    undated: str = "january",
    as_of: str = "start",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add a member's own deaths in the coalition, and its partners'.

    Deaths whose month is not known enter on the next 1 January: by then the year's toll is
    public. Nothing is spread over the year unless asked for.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``, and ``spell`` with
        ``per="troops"``.
    half_life : float
        Months after which a death weighs half in ``deaths_weighted``.
    per : {"troops", "population"}, optional
        Add deaths relative to the strength or to the inhabitants.
    mass_casualty : int
        Own deaths in one event that make it a mass-casualty event.
    shock_window : int
        Months for which ``first_loss`` and ``mass_casualty`` last.
    trend_window : int
        Months compared with as many before them in the trends. Weisiger's window of 60 days is 2,
        but some bundled deaths are known by the year only, which windows under 12 would show.
    undated : {"january", "spread", "drop"}
        Deaths without a month: on the next 1 January; a twelfth in every month of the year, which
        looks ahead and is marked in ``record_of(...).features`` as ``look_ahead``; or left out.
    as_of : {"start", "end"}
        Whether deaths within the period count (``"end"``).
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``deaths`` with their
        ``coverage``; rows outside it are left out and counted in the record. With
        ``per="troops"`` also ``members`` and ``troops``. Inhabitants come from ``states`` if they
        hold ``population``, else from the package.
    **old
        Names of an earlier version for tables of facts; they go in the next one.

    Returns
    -------
    DataFrame
        A copy with ``deaths_12m`` (own deaths in the last 12 months), ``deaths_last`` (in the
        last period; in this one under ``as_of="end"``), ``deaths_cumulative`` (since the coverage
        begins), ``deaths_weighted`` (recent ones weigh more), their log1p versions
        ``log_deaths_...``; ``first_loss`` and ``mass_casualty`` (0/1, within ``shock_window``);
        ``relative_fatalities`` (cumulative, per million inhabitants); ``partner_deaths_last``,
        ``partner_deaths_cumulative``; ``coalition_trend`` and ``own_trend`` (deaths per month in
        the last ``trend_window`` months less those in as many before). With ``per``:
        ``deaths_12m_per_1000`` (per 1,000 deployed, the mean of the same months) or
        ``deaths_12m_per_million`` (inhabitants). Missing outside the coverage (Iraq 2003-09,
        Afghanistan 2001-17, UNOSOM II, MINUSMA), never zero.

    Raises
    ------
    DataError
        For unknown options and tables without the columns named above.
    CoverageError
        If the facts hold deaths of a coalition without its coverage.

    Notes
    -----
    Cumulative deaths as in Tago (2009); trends after Weisiger (2016), whose formula was not seen;
    relative fatalities after Mello (2020), whose denominator was not seen, so that inhabitants
    are assumed. 32 of 317 non-American deaths in Iraq and 89 of 1,113 in ISAF have no month, and
    none of Resolute Support has one; American ones of Iraq are all dated, of ISAF all but 6 of
    late 2014. The record of each column tells how many (``deaths_without_month``).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> italy = cm.add_casualties(panel).query("state == 'ITA'").set_index("period")
    >>> float(italy.loc["2003-12-01", "deaths_12m"])
    17.0
    """
    check_arguments(add_casualties, locals())
    moment = check_as_of(as_of)
    rule = check_undated(undated)
    _check_options(half_life, per, mass_casualty)
    known = facts_for(panel, facts, "add_casualties", old)
    trend = _check_trend(trend_window)
    shock = check_window(shock_window, "shock_window")
    spell = ("spell",) if per == "troops" else ()
    rows = plain_panel(panel, ("cow", *spell))
    calendar = calendar_of(rows, ("coalition", "cow", *spell, "period"))
    deaths, late = known_deaths(known, moment, rule, "add_casualties"), undated_deaths(known)
    _check_short_trend(trend, rule, late)
    own, everyone = deaths.keys(rows["coalition"], rows["cow"]), deaths.codes(rows["coalition"])
    until = calendar.known(moment)
    columns = _own(deaths, *own, calendar, until, half_life)
    columns |= _shocks(deaths, *own, until, mass_casualty, shock)
    blind = _blind(deaths, everyone, rows["coalition"].isin(late).to_numpy())
    columns["mass_casualty"] = np.where(blind, np.nan, columns["mass_casualty"])
    columns |= _coalition(deaths, own, everyone, calendar, until, trend)
    held, sources = state_figures(known, ["population"])
    cow = rows["cow"].to_numpy(dtype=np.int64)
    people = held.at("population", cow, year_known(calendar, moment))
    columns["relative_fatalities"] = columns["deaths_cumulative"] / (people / 1e6)
    # strengths of the period itself are never read: in that of exit they are what it left
    columns |= _relative(per, columns["deaths_12m"], people, rows, calendar.known("start"), known)
    inside = deaths.inside(rows["coalition"], until)
    choices: dict[str, object] = {
        "half_life": half_life,
        "per": per,
        "mass_casualty": mass_casualty,
        "shock_window": shock,
        "trend_window": trend,
        "as_of": moment,
        **undated_choices(rule, late),
        **_empty_window(shock, calendar, moment),
        **deaths.choices,
    }
    used = ("deaths", "members", "troops") if per == "troops" else ("deaths",)
    return attach(
        panel,
        {name: np.where(inside, value, np.nan) for name, value in columns.items()},
        sources=[*cited(known, *used), *sources],
        choices=choices,
        builder="add_casualties",
        cure="Deaths are known within their coverage only, inhabitants for contributors to the "
        "bundled coalitions: Facts(deaths=..., coverage=..., states=...)",
    )


def _check_options(half_life: float, per: str | None, mass_casualty: int) -> None:
    if not (0 < half_life <= 1e9 or half_life == float("inf")):
        raise DataError(f"half_life must be a positive number of months, not {half_life!r:.40}")
    if per not in _RELATIVE:
        raise DataError(f"per must be 'troops', 'population' or None, not {per!r}")
    if not mass_casualty >= 1:
        raise DataError(f"mass_casualty must be a number of deaths, not {mass_casualty!r}")


def _check_trend(window: int) -> int:
    months = check_window(window, "trend_window")
    if months < 1:
        raise DataError("trend_window must be one month or more")
    return months


def _check_short_trend(months: int, rule: Undated, late: list[str]) -> None:
    if months < 12 and rule == "january" and late:
        raise DataError(
            f"trend_window={months}: deaths of {', '.join(late)} are known by the year only and "
            "enter each January, so a window under 12 months would show that calendar; take 12 or "
            "more, undated='spread' or 'drop', or deaths dated to the month"
        )


def _empty_window(shock: int, calendar: Calendar, moment: AsOf) -> dict[str, object]:
    """Note of a window of shocks that no row sees.

    Events of a year remain events of the year, so that a window shorter than the period is none.
    """
    return short_window(0, calendar, moment, "first_loss, mass_casualty") if shock == 0 else {}


def _own(
    deaths: Deaths,
    group: Integers,
    at: Integers,
    calendar: Calendar,
    until: Integers,
    half_life: float,
) -> dict[str, Floats]:
    sums = {
        "deaths_12m": deaths.sum(group, at, until - 11, until),
        "deaths_last": deaths.sum(group, at, until - calendar.months + 1, until),
        "deaths_cumulative": deaths.sum(group, at, np.zeros_like(until), until),
        "deaths_weighted": deaths.faded(group, at, until, half_life),
    }
    return sums | {f"log_{name}": np.log1p(value) for name, value in sums.items()}


def _shocks(
    deaths: Deaths, group: Integers, at: Integers, until: Integers, size: int, window: int
) -> dict[str, Floats]:
    """First own death, and an event with many own deaths, within the last months."""
    since = until - window + 1
    total = deaths.sum(group, at, np.zeros_like(until), until)
    earlier = deaths.sum(group, at, np.zeros_like(until), since - 1)
    big = (deaths.number >= size) & deaths.dated
    found = find_until(group[big], deaths.month[big], at, until)
    recent = np.zeros(len(at))
    if big.any():
        recent = ((found >= 0) & (deaths.month[big][found] >= since)).astype(float)
    return {
        "first_loss": ((total > 0) & (earlier == 0)).astype(float),
        "mass_casualty": recent,
    }


def _blind(deaths: Deaths, everyone: tuple[Integers, Integers], late: Flags) -> Flags:
    """Rows of coalitions not one of whose deaths is dated: no event shows, whatever happened."""
    held, wanted = everyone
    return late & ~np.isin(wanted, held[deaths.dated])


def _coalition(
    deaths: Deaths,
    own: tuple[Integers, Integers],
    everyone: tuple[Integers, Integers],
    calendar: Calendar,
    until: Integers,
    window: int,
) -> dict[str, Floats]:
    """Partners' deaths, and whether losses grow: the coalition's and the member's own."""
    last, begin = until - calendar.months + 1, np.zeros_like(until)

    def partners(low: Integers) -> Floats:
        return deaths.sum(*everyone, low, until) - deaths.sum(*own, low, until)

    def trend(keys: Integers, wanted: Integers) -> Floats:
        recent = deaths.sum(keys, wanted, until - window + 1, until)
        before = deaths.sum(keys, wanted, until - 2 * window + 1, until - window)
        return (recent - before) / window

    return {
        "partner_deaths_last": partners(last),
        "partner_deaths_cumulative": partners(begin),
        "coalition_trend": trend(*everyone),
        "own_trend": trend(*own),
    }


def _relative(
    per: str | None,
    deaths: Floats,
    people: Floats,
    rows: pd.DataFrame,
    until: Integers,
    facts: Facts,
) -> dict[str, Floats]:
    """Deaths of the last 12 months relative to what the user asked for."""
    if per == "population":
        return {"deaths_12m_per_million": deaths / (people / 1e6)}
    if per == "troops":
        return {"deaths_12m_per_1000": 1000 * deaths / _mean_strength(rows, until, facts)}
    return {}


def _mean_strength(panel: pd.DataFrame, until: Integers, facts: Facts) -> Floats:
    """Mean strength of the member's spell over those of the last 12 months that are known."""
    listed = listed_members(facts, "add_casualties")
    observed = needed(facts, "troops", "add_casualties", "per='troops'")
    served = exposure(listed, strengths(listed, observed))
    total, months = served.between(listed.positions(panel), until - 11, until)
    positive = (months > 0) & (total > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(positive, total / months, np.nan)
