"""Deaths per 1,000 troop-months, of a whole operation or of one sector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.members.facts import Facts
from coalition_models.timelines.calendar import Integers, find_until
from coalition_models.timelines.deaths import Deaths
from coalition_models.timelines.given import needed
from coalition_models.timelines.roster import Roster, listed_members
from coalition_models.timelines.troop_months import Exposure, exposure
from coalition_models.timelines.troops import strengths

__all__ = ["FatalityRates", "fatality_rates", "sector_names"]

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]

_MONTHS = 12
_STRIDE = 1_000_000


@dataclass(frozen=True)
class FatalityRates:
    """All that a rate of losses needs: members, their deaths, their troop-months, sectors.

    ``spell`` is the position of the spell in which each death fell (-1: no such spell), ``sector``
    the sector of each spell (missing: not known).
    """

    members: Roster
    deaths: Deaths
    served: Exposure
    spell: Integers
    sector: Objects
    min_known: float

    def of_operation(self, coalitions: pd.Series, month: Integers) -> Floats:
        """Rate of all members but the lead state in the 12 months up to a month."""
        code, at = self.members.codes(coalitions)
        group = np.where(self.members.lead, -1, code)
        inside = self.deaths.inside(coalitions, month) & self.members.covers(coalitions)
        return np.where(inside, self._rate(group, at, month), np.nan)

    def of_sector(self, panel: pd.DataFrame, month: Integers) -> Floats:
        """Rate of all members in the sector of each row's spell."""
        code, _ = self.members.codes(panel["coalition"])
        names = pd.factorize(pd.Series(self.sector, dtype=object))[0].astype(np.int64)
        group = np.where(self.members.lead | (names < 0), -1, code * 10_000 + names)
        own = self.members.positions(panel)
        at = np.where(own >= 0, group[own], -1)
        inside = self.deaths.inside(panel["coalition"], month)
        inside &= self.members.covers(panel["coalition"]) & (at >= 0)
        return np.where(inside, self._rate(group, at, month), np.nan)

    def _rate(self, group: Integers, at: Integers, month: Integers) -> Floats:
        """Deaths per 1,000 troop-months of the spells of a group in the 12 months to a month."""
        pairs, of_row = np.unique(at * _STRIDE + month, return_inverse=True)
        pair_group, pair_month = pairs // _STRIDE, pairs % _STRIDE
        order = np.argsort(group, kind="stable")
        low = np.searchsorted(group[order], pair_group, side="left")
        count = np.searchsorted(group[order], pair_group, side="right") - low
        pair = np.repeat(np.arange(len(pairs)), count)
        spell = order[np.repeat(low, count) + np.arange(len(pair)) - _starts(count)]
        end = pair_month[pair]
        troops, known = self.served.between(spell, end - _MONTHS + 1, end)
        first = np.maximum(self.members.entry[spell], end - _MONTHS + 1)
        months = np.maximum(np.minimum(self.members.exit[spell], end) - first + 1, 0)
        total = np.bincount(pair, troops, len(pairs))
        present = np.bincount(pair, months, len(pairs))
        seen = np.bincount(pair, known, len(pairs))
        # deaths of those whose strength is unknown would have no troop-months below them
        counted = (self.spell >= 0) & (group[self.spell] >= 0)
        keep = np.flatnonzero(counted)
        lost = _window(self.deaths, keep, group[self.spell[keep]], pair_group, pair_month)
        with np.errstate(divide="ignore", invalid="ignore"):
            usable = (total > 0) & (seen >= self.min_known * present)
            rate = np.where(usable, 1000 * lost / total, np.nan)
        rate = np.where((present == 0) & (lost == 0), 0.0, rate)
        answer: Floats = rate[of_row.ravel()]
        return answer


def _starts(count: Integers) -> Integers:
    return np.repeat(np.cumsum(count) - count, count)


def _window(
    deaths: Deaths, keep: Integers, group: Integers, at: Integers, month: Integers
) -> Floats:
    chosen = Deaths(
        coalition=deaths.coalition[keep],
        cow=deaths.cow[keep],
        month=deaths.month[keep],
        number=deaths.number[keep],
        dated=deaths.dated[keep],
        coverage=deaths.coverage,
    )
    return chosen.sum(group, at, month - _MONTHS + 1, month)


def fatality_rates(deaths: Deaths, facts: Facts, min_known: float, builder: str) -> FatalityRates:
    """Assign deaths to spells and sum up the troop-months of each spell."""
    listed = listed_members(facts, builder)
    table = needed(facts, "members", builder)
    group, at = listed.keys(pd.Series(deaths.coalition), deaths.cow)
    spell = find_until(group, listed.entry, at, deaths.month)
    sector: Objects = np.full(len(table), None, dtype=object)
    if "sector" in table.columns:
        sector = sector_names(table["sector"])
    served = exposure(listed, strengths(listed, facts.table("troops")))
    return FatalityRates(listed, deaths, served, spell, sector, min_known)


def sector_names(sectors: pd.Series) -> Objects:
    """First place that a sector names, without what stands in brackets.

    Examples
    --------
    >>> import pandas as pd
    >>> sector_names(pd.Series(["MND-SE (Dhi Qar, lead)", "Kabul; Kandahar", None])).tolist()
    ['MND-SE', 'Kabul', None]
    """
    first = sectors.astype("string").str.split(r"[;,(]|, then", n=1, regex=True).str[0]
    names = first.str.strip()
    named = names.where(names.notna() & (names != ""), None)
    out: Objects = named.astype(object).where(named.notna(), None).to_numpy(dtype=object)
    return out
