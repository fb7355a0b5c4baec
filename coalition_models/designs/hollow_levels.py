"""A coalition's composition month by month, under three ways to read between two lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.defection.profile import operational_profile
from coalition_models.errors import DataError
from coalition_models.members.facts import Facts
from coalition_models.timelines.calendar import Integers, month_number
from coalition_models.timelines.deaths import Undated, known_deaths

__all__ = ["READINGS", "Composition", "compositions", "death_shares", "measures"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: strength between two lists: as in the last one, on a line between them, as in the next one
READINGS = ("last", "line", "next")


@dataclass(frozen=True)
class Composition:
    """One coalition: a row per month, a column per spell.

    Attributes
    ----------
    coalition : str
    months : DatetimeIndex
    present : array of bool, shape (months, spells)
        There on the last day of the month.
    troops : mapping of str to array, shape (months, spells)
        By reading; missing where not known, and where the member is not there.
    old : array of bool, shape (months, spells)
        The strength rests on a list older than a year.
    combat, role_known : array of bool, shape (months, spells)
    lead : array of bool, shape (spells,)
        Spells of the lead state.
    cow : array of int, shape (spells,)
    lead_cow : int
        -1 where there is no lead state.
    """

    coalition: str
    months: pd.DatetimeIndex
    present: Flags
    troops: Mapping[str, Floats]
    old: Flags
    combat: Flags
    role_known: Flags
    lead: Flags
    cow: Integers
    lead_cow: int


def compositions(
    facts: Facts, leads: Mapping[str, int], combat_roles: Sequence[str]
) -> list[Composition]:
    """Compositions of all coalitions in some facts.

    Examples
    --------
    >>> import coalition_models as cm
    >>> (iraq,) = compositions(cm.facts("iraq"), {"iraq": 2}, ["combat"])
    >>> int(iraq.present[iraq.months == "2004-07-01"].sum())
    31
    """
    if facts.members is None or facts.troops is None:
        raise DataError("hollowing() needs facts with members and troops: Facts(..., troops=...)")
    step = operational_profile(facts)
    line = operational_profile(facts, method="interpolate")
    step = step.assign(line=line["troops"].to_numpy(dtype=float))
    return [
        _composition(str(name), part, leads.get(str(name), -1), combat_roles)
        for name, part in step.groupby("coalition", sort=False)
    ]


def _composition(
    name: str, profile: pd.DataFrame, lead: int, combat_roles: Sequence[str]
) -> Composition:
    there = profile["present"].astype(bool) & ~profile["ended"].astype(bool)
    rows = profile[there].assign(column=lambda t: t["state"] + "-" + t["spell"].astype(str))
    rows = rows.sort_values(["column", "period"], kind="stable")
    own = rows.groupby("column")
    rows["last"] = rows["troops"].astype(float)
    seen = rows["last"].where(rows["basis"] == "observed")
    rows["next"] = seen.groupby(rows["column"]).bfill().fillna(rows["last"])
    rows["line"] = rows["line"].astype(float).fillna(rows["last"])
    rows["role_known"] = rows["role"].notna() & ~rows["role"].isin(["", "unknown"])
    rows["combat"] = rows["role"].isin(list(combat_roles))
    months = pd.date_range(rows["period"].min(), rows["period"].max(), freq="MS")

    def grid(column: str, empty: float) -> npt.NDArray[np.object_]:
        wide = rows.set_index(["period", "column"])[column].unstack("column")  # noqa: PD010
        held = wide.reindex(months).to_numpy(dtype=object)
        return np.where(pd.isna(held), empty, held)

    rows["there"] = True
    cow = own["cow"].first().to_numpy(dtype=np.int64)
    return Composition(
        coalition=name,
        months=months,
        present=grid("there", 0).astype(bool),
        troops={reading: grid(reading, np.nan).astype(float) for reading in READINGS},
        old=grid("gap", 0).astype(bool),
        combat=grid("combat", 0).astype(bool),
        role_known=grid("role_known", 0).astype(bool),
        lead=cow == lead,
        cow=cow,
        lead_cow=lead,
    )


def measures(one: Composition, deaths: pd.DataFrame | None) -> pd.DataFrame:
    """What a coalition is made of in each month, with its limits under the three readings.

    Examples
    --------
    >>> import coalition_models as cm
    >>> (iraq,) = compositions(cm.facts("iraq"), {"iraq": 2}, ["combat"])
    >>> measures(iraq, None).set_index("month").loc["2008-07-01", "without_lead"]
    np.float64(10892.0)
    """
    flags = one.present.sum(axis=1)
    known = one.present & ~np.isnan(one.troops["last"])
    doubtful = one.present & (~known | one.old)
    out = pd.DataFrame({"coalition": one.coalition, "month": one.months, "flags": flags})
    with np.errstate(invalid="ignore", divide="ignore"):
        out["unknown"] = (one.present & ~known).sum(axis=1) / flags
        out["old_or_unknown"] = doubtful.sum(axis=1) / flags
        by_reading = {name: _levels(one, np.nan_to_num(held)) for name, held in one.troops.items()}
    for column in by_reading["last"]:
        every = np.array([by_reading[name][column] for name in READINGS])
        # before the first list only the next one says anything
        low, high = np.fmin.reduce(every), np.fmax.reduce(every)
        out[column] = by_reading["last"][column]
        out[f"{column}_low"], out[f"{column}_high"] = low, high
    strength = np.nan_to_num(one.troops["last"])
    for column, counted in {
        "troops": np.ones_like(one.present),
        "without_largest": ~_largest(strength),
        "without_lead": np.broadcast_to(~one.lead, one.present.shape),
    }.items():
        held = strength * counted
        with np.errstate(invalid="ignore", divide="ignore"):
            out[f"{column}_old"] = (held * one.old).sum(axis=1) / held.sum(axis=1)
    return out if deaths is None else out.merge(deaths, on=["coalition", "month"], how="left")


def _levels(one: Composition, strength: Floats) -> dict[str, Floats]:
    """Sums and shares of one reading; missing where no strength is known at all."""
    total = strength.sum(axis=1)
    none = total == 0
    others = strength[:, ~one.lead]
    partners = others.sum(axis=1)
    largest = strength.max(axis=1)
    combat = strength * one.combat
    role = (strength * one.role_known).sum(axis=1)
    out = {
        "troops": total,
        "without_largest": total - largest,
        "without_lead": partners,
        "effective": total**2 / (strength**2).sum(axis=1),
        "effective_without_lead": partners**2 / (others**2).sum(axis=1),
        "combat_share": combat.sum(axis=1) / role,
        "combat_share_without_lead": combat[:, ~one.lead].sum(axis=1)
        / (others * one.role_known[:, ~one.lead]).sum(axis=1),
    }
    return {name: np.where(none, np.nan, value) for name, value in out.items()}


def _largest(strength: Floats) -> Flags:
    """The largest contingent of each month; of equal ones the first."""
    out = np.zeros(strength.shape, dtype=bool)
    out[np.arange(len(strength)), strength.argmax(axis=1)] = True
    return out & (strength > 0)


def death_shares(facts: Facts, found: Sequence[Composition], window: int) -> pd.DataFrame | None:
    """Deaths of the last months, and the share of them that the lead and the largest state bore.

    Deaths known by the year are spread over it, which looks ahead; the limits are the shares with
    them and without.
    """
    if facts.deaths is None:
        return None
    parts = []
    for one in found:
        month = month_number(pd.Series(one.months))
        counts = {way: _borne(facts, one, month, window, way) for way in ("spread", "drop")}
        parts.append(_shares(one, counts))
    return pd.concat(parts, ignore_index=True)


def _borne(
    facts: Facts, one: Composition, month: Integers, window: int, way: Undated
) -> dict[str, Floats]:
    held = known_deaths(facts, "end", way, "hollowing")
    name = pd.Series([one.coalition] * len(month))
    largest = one.cow[np.nan_to_num(one.troops["last"]).argmax(axis=1)]
    low = month - window + 1
    code, at = held.codes(name)
    out = {"all": held.sum(code, at, low, month)}
    for who, cow in {"lead": np.full(len(month), one.lead_cow), "largest": largest}.items():
        group, wanted = held.keys(name, pd.Series(cow))
        out[who] = held.sum(group, wanted, low, month)
    inside = held.inside(name, month)
    return {who: np.where(inside, value, np.nan) for who, value in out.items()}


def _shares(one: Composition, counts: Mapping[str, Mapping[str, Floats]]) -> pd.DataFrame:
    out = pd.DataFrame({"coalition": one.coalition, "month": one.months})
    spread, dated = counts["spread"], counts["drop"]
    out["deaths"] = spread["all"]
    with np.errstate(invalid="ignore", divide="ignore"):
        out["deaths_without_month"] = 1 - np.nan_to_num(dated["all"]) / spread["all"]
        for who in ("lead", "largest"):
            if who == "lead" and one.lead_cow < 0:
                shares = [np.full(len(out), np.nan)] * 2
            else:
                shares = [held[who] / held["all"] for held in (spread, dated)]
            out[f"deaths_{who}"] = shares[0]
            out[f"deaths_{who}_low"] = np.fmin(*shares)
            out[f"deaths_{who}_high"] = np.fmax(*shares)
    return out
