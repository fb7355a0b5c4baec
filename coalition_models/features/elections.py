"""National elections: how near, how long ago."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.common import (
    Integers,
    attach,
    calendar_of,
    check_as_of,
    check_window,
    find_from,
    find_until,
    month_number,
)
from coalition_models.sources.catalog import load

__all__ = ["add_elections"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_KINDS = ("legislative", "presidential")


def add_elections(
    panel: pd.DataFrame,
    *,
    window: int = 6,
    kinds: str | Sequence[str] = "leader",
    as_of: str = "start",
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add the distance to the next and the last national election.

    The calendar of elections counts as known in advance, although an early election may have
    been called only later; everything else about the past follows ``as_of``.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period``.
    window : int
        Months within which an election is near.
    kinds : {"leader"} or sequence of {"legislative", "presidential"}
        ``"leader"``: the elections that decide who leads, which is what the bundled table holds
        (REIGN: the office of the effective leader; ParlGov: the national parliament). A named
        kind is missing for states whose elections of that kind the sources do not cover.
    as_of : {"start", "end"}
        Whether an election within the period counts as past (``"end"``) for the time since it.
    data : DataFrame, optional
        Your own table with ``cow, date, kind``, covering every state and year of the panel.

    Returns
    -------
    DataFrame
        A copy with ``months_to_election`` (0: in this period), ``months_since_election``,
        ``election_near`` (0/1: the next one is at most ``window`` months away),
        ``election_month`` (0/1: in this period), ``post_election`` (0/1: the last one was at
        most ``window`` months ago). Missing outside the coverage of the sources, never zero.

    Notes
    -----
    Used by Tago (2009, election in the month) and Mello (2020, within two months).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> spain = cm.add_elections(panel).query("state == 'ESP'").set_index("period")
    >>> spain.loc[["2004-02-01", "2004-03-01"], ["months_to_election", "election_near"]]
                months_to_election  election_near
    period
    2004-02-01                 1.0            1.0
    2004-03-01                 0.0            1.0
    """
    moment = check_as_of(as_of)
    months = check_window(window)
    calendar = calendar_of(panel)
    chosen = _KINDS if kinds == "leader" else _check_kinds(kinds)
    table = load("elections") if data is None else data
    _check_table(table)
    votes = table[table["kind"].isin(chosen)]
    cow = panel["cow"].to_numpy(dtype=np.int64)
    group = votes["cow"].to_numpy(dtype=np.int64)
    month = month_number(votes["date"])
    ahead = find_from(group, month, cow, calendar.first)
    behind = find_until(group, month, cow, calendar.known(moment))
    to_next = _distance(month, ahead) - calendar.first
    within = to_next < calendar.months
    # inside a long period an election is "now", not some months away
    to_next = np.where(within, 0.0, to_next)
    since = np.maximum(calendar.first - _distance(month, behind), 0.0)
    if data is None:
        if kinds == "leader":
            covered = _covered(cow, calendar.first, _KINDS, need_all=False)
        else:
            covered = _covered(cow, calendar.first, chosen, need_all=True)
    else:
        covered = np.ones(len(panel), dtype=bool)
    to_next = np.where(covered, to_next, np.nan)
    since = np.where(covered, since, np.nan)
    return attach(
        panel,
        {
            "months_to_election": to_next,
            "months_since_election": since,
            "election_near": _flag(to_next <= months, to_next, covered),
            "election_month": _flag(within, to_next, covered),
            "post_election": _flag(since <= months, since, covered),
        },
        sources=["elections"] if data is None else [],
        choices={
            "window": months,
            "kinds": list(chosen) if kinds != "leader" else "leader",
            "as_of": moment,
        },
    )


def _check_kinds(kinds: str | Sequence[str]) -> tuple[str, ...]:
    chosen = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    unknown = [kind for kind in chosen if kind not in _KINDS]
    if unknown or not chosen:
        raise DataError(
            f"kinds must be 'leader' or some of {', '.join(_KINDS)}; found {list(chosen)}"
        )
    return chosen


def _check_table(table: pd.DataFrame) -> None:
    absent = [name for name in ("cow", "date", "kind") if name not in table.columns]
    if absent:
        raise DataError(f"the table of elections lacks the columns {', '.join(absent)}")


def _distance(month: Integers, found: Integers) -> Floats:
    if not len(month):
        return np.full(len(found), np.nan)
    return np.where(found >= 0, month[found].astype(float), np.nan)


def _flag(condition: Flags, value: Floats, covered: Flags) -> Floats:
    """1 or 0 inside the coverage; an election that never comes is not near."""
    return np.where(covered, np.where(np.isnan(value), 0.0, condition.astype(float)), np.nan)


def _covered(cow: Integers, month: Integers, kinds: Sequence[str], *, need_all: bool) -> Flags:
    """Whether the bundled sources cover the elections of a state in a month."""
    table = load("election_coverage")
    table = table[table["complete"] == "yes"]
    verdicts: list[Flags] = []
    for kind in kinds:
        part = table[table["kind"] == kind]
        inside = np.zeros(len(cow), dtype=bool)
        first = month_number(part["start"])
        last = month_number(part["end"])
        for code, low, high in zip(part["cow"], first, last, strict=True):
            inside |= (cow == code) & (month >= low) & (month <= high)
        verdicts.append(inside)
    combine = np.logical_and if need_all else np.logical_or
    covered: Flags = combine.reduce(verdicts)
    return covered
