"""When a coalition keeps its flags and loses its substance, and when it loses both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.designs.hollow_levels import (
    READINGS,
    Composition,
    compositions,
    death_shares,
    measures,
)
from coalition_models.designs.hollow_rule import (
    HollowRule,
    collapsed_months,
    first_month,
    hollow_months,
    rule_grid,
)
from coalition_models.errors import DataError, first_few
from coalition_models.members.facts import Facts
from coalition_models.render import Table
from coalition_models.sources.codes import to_cow
from coalition_models.timelines.calendar import month_number
from coalition_models.timelines.leads import lead_of

__all__ = ["HollowRule", "Hollowing", "hollowing"]


@dataclass(frozen=True, repr=False)
class Hollowing:
    """What coalitions were made of, month by month, and whether they were hollow.

    Attributes
    ----------
    months : DataFrame
        One row per coalition and month: ``flags`` (members there on its last day), ``unknown`` and
        ``old_or_unknown`` (share of them without a known strength; or with one from a list older
        than a year); ``troops, without_largest, without_lead`` (persons of known strength),
        ``effective, effective_without_lead`` (one over the sum of squared shares of strength),
        ``combat_share, combat_share_without_lead`` (of the strength whose task is known), each
        with ``_low, _high``; ``troops_old, without_largest_old, without_lead_old`` (share of it
        that rests on lists older than a year); where deaths are known ``deaths`` (of the last
        ``window`` months), ``deaths_without_month`` (share), ``deaths_lead, deaths_largest``
        (share borne) with ``_low, _high``; ``hollow, collapsed``, and ``judged``: whether the
        month lies before the wind-up.
    verdicts : DataFrame
        ``coalition, rule, strengths, hollow, collapsed``: the first month, if any, under the rule
        and under each of its numbers moved, for each way to read between two lists.
    rule : HollowRule
    leads : mapping
        Coalition -> number of the lead state; absent where there is none.
    """

    months: pd.DataFrame
    verdicts: pd.DataFrame
    rule: HollowRule
    leads: dict[str, int]
    _found: tuple[Composition, ...] = field(repr=False, default=())
    _ends: dict[str, int] = field(repr=False, default_factory=dict)

    def under(self, rule: HollowRule) -> pd.DataFrame:
        """First months under another rule, as in ``verdicts``.

        Examples
        --------
        >>> import coalition_models as cm
        >>> found = cm.hollowing(cm.facts("isaf"))
        >>> found.under(HollowRule(strength_left=0.95))["hollow"].iloc[0]
        Timestamp('2011-07-01 00:00:00')
        """
        check_arguments(Hollowing.under, locals())
        return _verdicts(self._found, self._ends, [("as given", rule)])

    def at(self, coalition: str, month: str | pd.Timestamp) -> pd.Series:
        """One month of one coalition."""
        when = pd.Timestamp(month).to_period("M").start_time
        rows = self.months[(self.months["coalition"] == coalition) & (self.months["month"] == when)]
        if rows.empty:
            raise DataError(
                f"no month {when:%Y-%m} of {coalition!r}; there are "
                f"{first_few(dict.fromkeys(self.months['coalition']))}"
            )
        return rows.iloc[0]

    def to_table(self) -> Table:
        """First months of hollowness and collapse, and how they move."""
        rows = []
        for name, part in self.verdicts.groupby("coalition", sort=False):
            main = part[(part["rule"] == "as given") & (part["strengths"] == "last")].iloc[0]
            cells = [str(name)]
            for what in ("hollow", "collapsed"):
                cells += [_month(main[what]), _moves(part[what])]
            rows.append(cells)
        moved = "under other numbers"
        header = ["coalition", "hollow", moved, "collapsed", moved]
        notes = [
            f"{self.rule}.",
            "Other numbers: each moved alone, with strengths between two lists as in the last, on "
            "a line, as in the next.",
        ]
        return Table(header, rows, "Hollow or collapsed", notes, align="lllll")

    def __repr__(self) -> str:
        names = dict.fromkeys(self.months["coalition"])
        return f"<Hollowing of {first_few(names)}: {len(self.months)} months>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _month(value: pd.Timestamp | None) -> str:
    return "never" if value is None else f"{value:%Y-%m}"


def _moves(values: pd.Series) -> str:
    """How early and late a month falls, and how often there is none."""
    known = values.dropna()
    if known.empty:
        return "never"
    low, high = _month(known.min()), _month(known.max())
    span = low if low == high else f"{low} to {high}"
    never = len(values) - len(known)
    return f"{span}; never in {never} of {len(values)}" if never else span


def hollowing(
    facts: Facts,
    *,
    rule: HollowRule | None = None,
    lead: str | None = None,
    combat_roles: Sequence[str] = ("combat",),
    window: int = 12,
) -> Hollowing:
    """Follow what a coalition is made of, and tell when it is hollow or has collapsed.

    Parameters
    ----------
    facts : Facts
        With members, coalitions and troops; deaths where they are known.
    rule : HollowRule, optional
        Numbers of the verdict; the default if none is given.
    lead : str, optional
        The state (ISO3 code or name) that led in fact where a coalition has no ``lead_state`` on
        paper, such as ``"USA"`` for a mission of the United Nations. Without any lead state
        strength is that of all members, and ``without_lead`` equals ``troops``.
    combat_roles : sequence of str
        Tasks that count as fit for combat.
    window : int
        Months over which deaths are summed.

    Returns
    -------
    Hollowing

    Raises
    ------
    DataError
        Facts without members, coalitions or troops; an unknown state.

    Notes
    -----
    Sums hold known strengths only, so that they rise when a list appears: read them with
    ``unknown``. Limits are those of three readings between two lists of one spell: strength as in
    the last, on a line, as in the next; after the last list it stays. They look ahead, as deaths
    known by the year do: this describes, and is no predictor.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.hollowing(cm.facts("iraq"))
    >>> found.at("iraq", "2008-07")[["flags", "without_lead"]].astype(int).tolist()
    [20, 10892]
    >>> main = found.verdicts.query("rule == 'as given' and strengths == 'last'").iloc[0]
    >>> f"{main['hollow']:%Y-%m}", main["collapsed"] is None
    ('2007-07', True)
    """
    check_arguments(hollowing, locals())
    check_count(window, "window", least=1, of="months")
    chosen = HollowRule() if rule is None else rule
    if facts.coalitions is None or facts.members is None or facts.troops is None:
        raise DataError("hollowing() needs facts with members, coalitions and troops")
    coalitions = facts.coalitions
    leads = _leads(facts, lead)
    found = tuple(compositions(facts, leads, combat_roles))
    deaths = death_shares(facts, found, window)
    table = pd.concat([measures(one, deaths) for one in found], ignore_index=True)
    finish = coalitions[coalitions["mandate_end"].notna()]
    numbers = month_number(finish["mandate_end"]).tolist()
    ends = dict(zip(finish["coalition"], numbers, strict=True))
    judged = [_judged(one, ends, chosen, "last") for one in found]
    table["hollow"] = np.concatenate([hollow for hollow, _ in judged])
    table["collapsed"] = np.concatenate([collapsed for _, collapsed in judged])
    table["judged"] = np.concatenate([_open_months(one, ends, chosen) for one in found])
    verdicts = _verdicts(found, ends, rule_grid(chosen))
    return Hollowing(table, verdicts, chosen, leads, found, ends)


def _leads(facts: Facts, lead: str | None) -> dict[str, int]:
    coalitions = facts.coalitions if facts.coalitions is not None else pd.DataFrame()
    numbers = lead_of(coalitions, coalitions.set_index("coalition"))
    if lead is not None:
        try:
            named = to_cow(pd.Series([lead] * len(coalitions)), coalitions["start"])
        except DataError as error:
            raise DataError(f"lead: {error}") from error
        numbers = np.where(numbers < 0, named.to_numpy(dtype=np.int64), numbers)
    pairs = zip(coalitions["coalition"], numbers.tolist(), strict=True)
    return {name: number for name, number in pairs if number >= 0}


def _judged(
    one: Composition, ends: dict[str, int], rule: HollowRule, reading: str
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Months in which one coalition is hollow, and has collapsed."""
    flags = one.present.sum(axis=1).astype(float)
    strength = one.troops[reading]
    seen = one.present & ~np.isnan(strength)
    known = np.divide(seen.sum(axis=1), flags, out=np.zeros(len(flags)), where=flags > 0)
    partners = np.nansum(strength[:, ~one.lead], axis=1)
    free = _open_months(one, ends, rule)
    hollow = hollow_months(partners, flags, known, free, rule)
    return hollow, collapsed_months(flags, free, rule)


def _open_months(one: Composition, ends: dict[str, int], rule: HollowRule) -> npt.NDArray[np.bool_]:
    """Months before the wind-up."""
    month = month_number(pd.Series(one.months))
    end = ends.get(one.coalition)
    return np.ones(len(month), dtype=bool) if end is None else month <= end - rule.wind_up


def _verdicts(
    found: Sequence[Composition], ends: dict[str, int], rules: Sequence[tuple[str, HollowRule]]
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for one in found:
        months = list(one.months)
        for name, rule in rules:
            for reading in READINGS:
                hollow, collapsed = _judged(one, ends, rule, reading)
                rows.append(
                    {
                        "coalition": one.coalition,
                        "rule": name,
                        "strengths": reading,
                        "hollow": first_month(months, hollow),
                        "collapsed": first_month(months, collapsed),
                    }
                )
    table = pd.DataFrame(rows)
    for name in ("hollow", "collapsed"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table
