"""National elections: how near, how long ago, how much of the term is over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.common import (
    Calendar,
    Integers,
    attach,
    calendar_of,
    check_as_of,
    check_window,
    find_from,
    find_until,
    short_window,
)
from coalition_models.features.election_presets import preset_named
from coalition_models.features.election_votes import (
    Votes,
    check_kinds,
    own_votes,
    states_without_elections,
    votes_of,
)
from coalition_models.features.given import cited, facts_for, within_coverage
from coalition_models.features.keys import shared_codes
from coalition_models.members.facts import Facts
from coalition_models.sources.own_tables import plain_panel

__all__ = ["add_elections"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def add_elections(
    panel: pd.DataFrame,
    *,
    window: int = 6,
    kinds: str | Sequence[str] = "leader",
    sources: str = "union",
    extended: bool = False,
    preset: str | None = None,
    half_life: float = 6,
    strict: bool = False,
    notice: int = 2,
    as_of: str = "start",
    facts: Facts | None = None,
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add the distance to the next and the last national election.

    The calendar of elections counts as known in advance, although an early election may have
    been called only later (see ``strict``); everything else about the past follows ``as_of``.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period``.
    window : int
        Months after the row's period within which an election is near, and before it within which
        one is just past; 12 for rows that are years, because a window shorter than the period
        misses elections behind (a warning says so).
    kinds : {"leader", "regime", "both"} or "legislative", "presidential", or a list of these two
        ``"leader"``: every election of the bundled table, which holds those that decide who leads
        (REIGN: the office of the effective leader; ParlGov: the national parliament).
        ``"regime"``: only those of the office that REIGN holds to lead at the time, such as the
        president in Poland. ``"both"`` or a named kind: missing for states whose elections of
        that kind the sources do not cover.
    sources : {"union", "parlgov", "reign", "nelda", "bjornskov-rode"}
        Which source to believe; the last two are external. NELDA ends in 2012, holds ceremonial
        presidents and upper houses too; Bjoernskov and Rode end in 2020 and know only the month.
    extended : bool
        With ``sources="union"``: also elections that only the external sources list.
    preset : {"tago2009", "mello2020", "duursma-gledhill2019"}, optional
        The window of an article, instead of ``window``: the same month; two months; a year.
        the panel's record says where it is assumed because it was not seen there.
    half_life : float
        Months to the election at which ``election_proximity`` is one half.
    strict : bool
        Leave the calendar aside: a vote is known once it is called (``called`` in your table), or
        all along where it keeps to the constitutional rhythm (``scheduled`` in your table is yes,
        or REIGN says so with ``extended=True``), else ``notice`` months before.
    notice : int
        With ``strict``: months for which a vote without a known call is known, an assumption.
    as_of : {"start", "end"}
        Whether an election within the period counts as past (``"end"``) for the time since it.
    facts : Facts, optional
        In place of those that the panel was built from. If they hold ``elections``, these are
        used and no source is: ``cow, date, kind`` (legislative, presidential) and optionally
        ``round`` (1, 2), ``called`` (a date), ``scheduled`` (yes, no), holding all elections that
        a state it lists has in the panel's time, each once. States it does not list are missing.
    data
        Name of an earlier version for the table ``elections`` of facts.

    Returns
    -------
    DataFrame
        A copy with ``months_to_election`` (0: in this period; otherwise from its last month),
        ``months_since_election`` (from its first month),
        ``election_near`` (0/1: the next one is at most ``window`` months away),
        ``election_month`` (0/1: in this period), ``post_election`` (0/1: the last one was at
        most ``window`` months ago), ``election_proximity`` (1 in the period of an election,
        halved with every ``half_life`` months to it), ``years_to_election_squared`` and
        ``years_to_election_cubed`` (with ``months_to_election`` a cubic in time), and
        ``term_elapsed`` (share of the term that ends with the next election, counted from the
        last one of that kind; of two rounds the first). Missing outside the coverage of the
        sources, also where the window reaches beyond it; never zero.

    Raises
    ------
    DataError
        For unknown options and tables without the columns named above.
    CoverageError
        If an external source is asked for and not at hand.

    Notes
    -----
    Used by Tago (2009), Mello (2020, within two months), Duursma and Gledhill (2019).

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
    check_arguments(add_elections, locals())
    moment = check_as_of(as_of)
    chosen = check_kinds(kinds)
    months, from_article = _window(window, preset)
    if not half_life > 0:
        raise DataError(f"half_life must be a positive number of months, not {half_life!r}")
    rows = plain_panel(panel)
    calendar = calendar_of(rows)
    known = calendar.known(moment)
    held = facts_for(panel, facts, "add_elections", {"data": data})
    own = held.table("elections")
    votes = (
        own_votes(own, chosen) if own is not None else votes_of(sources, chosen, extended=extended)
    )
    cow = rows["cow"].to_numpy(dtype=np.int64)
    ahead = find_from(votes.cow, votes.month, cow, calendar.first)
    if strict:
        ahead = _announced(votes, ahead, known, check_window(notice, "notice"))
    behind = find_until(votes.cow, votes.month, cow, known)
    columns = _distances(votes, calendar, cow, months, ahead=ahead, behind=behind)
    columns |= _shapes(columns["months_to_election"], half_life)
    columns["term_elapsed"] = np.where(
        votes.covered(cow, calendar.first), _term(votes, calendar, cow, ahead), np.nan
    )
    choices = {
        "window": months,
        "kinds": chosen if isinstance(chosen, str) else list(chosen),
        "sources": "given" if own is not None else sources,
        "extended": extended,
        "half_life": half_life,
        "strict": {"notice": notice} if strict else False,
        "as_of": moment,
        **short_window(months, calendar, moment),
        **from_article,
    }
    if own is not None:
        columns = within_coverage(held, "elections", calendar, columns)
    return attach(
        panel,
        columns,
        sources=_named(held, sources, extended=extended),
        choices=choices,
        not_covered=() if own is not None else states_without_elections(),
        builder="add_elections",
        cure="Give the elections of these states and years in Facts(elections=...), or get the "
        "sources that have all states: coalition-models data fetch reign-elections nelda "
        "bjornskov-rode",
    )


def _window(window: int, preset: str | None) -> tuple[int, dict[str, object]]:
    """Months within which an election is near, and where an article's window comes from."""
    months = check_window(window)
    if preset is None:
        return months, {}
    known = preset_named(preset)
    if months not in (6, known.window):
        raise DataError(
            f"preset={preset!r} sets window={known.window}; give one of the two, not both"
        )
    about = {"preset": preset, "assumed": known.assumed, "note": known.note}
    return known.window, about


def _named(facts: Facts, sources: str, *, extended: bool) -> list[str]:
    if facts.table("elections") is not None:
        return cited(facts, "elections")
    if sources in ("nelda", "bjornskov-rode"):
        return [sources]
    more = ["nelda", "bjornskov-rode", "reign-elections"] if extended else []
    return ["elections", *more]


def _announced(votes: Votes, ahead: Integers, known: Integers, notice: int) -> Integers:
    """The next vote that had been called by the moment of knowledge; -1 where none had.

    One that is called later hides no vote called before, though it is held first.
    """
    if not len(votes.month):
        return ahead
    since = np.where(np.isnan(votes.called), votes.month - notice - 1.0, votes.called)
    since = np.maximum(since, _rhythm(votes))
    order = np.lexsort((votes.month, votes.cow))
    following = np.full(len(order), -1, dtype=np.int64)
    same = votes.cow[order][1:] == votes.cow[order][:-1]
    following[order[:-1]] = np.where(same, order[1:], -1)
    unknown = (ahead >= 0) & (since[ahead] > known)
    while unknown.any():
        ahead = np.where(unknown, following[ahead], ahead)
        unknown = (ahead >= 0) & (since[ahead] > known)
    return ahead


def _rhythm(votes: Votes) -> Floats:
    """Month of the vote from which a scheduled one is counted, before which nobody knew of it."""
    kind = pd.factorize(votes.kind)[0]
    first = ~votes.second_round
    group, wanted = shared_codes([votes.cow[first], kind[first]], [votes.cow, kind])
    month = votes.month[first]
    last = find_until(group, month, wanted, votes.month - 1)
    # a second round is counted from the vote before its first round
    opening = votes.second_round & (last >= 0)
    if len(month):
        last = np.where(opening, find_until(group, month, wanted, month[last] - 1), last)
    scheduled = votes.called < 0
    return np.where(scheduled & (last >= 0), _at(month, last), -np.inf)


def _distances(
    votes: Votes,
    calendar: Calendar,
    cow: Integers,
    months: int,
    *,
    ahead: Integers,
    behind: Integers,
) -> dict[str, Floats]:
    # from the last month of a long period, so that an election within it is "now" (0) and one in
    # the month after it is one month away
    to_next = np.maximum(_at(votes.month, ahead) - calendar.last, 0.0)
    within = to_next == 0
    since = np.maximum(calendar.first - _at(votes.month, behind), 0.0)
    covered = votes.covered(cow, calendar.first)
    to_next = np.where(covered, to_next, np.nan)
    since = np.where(covered, since, np.nan)
    # without an election on record, none was near only if the whole window is covered
    later = covered & votes.covered(cow, calendar.last + months)
    earlier = covered & votes.covered(cow, calendar.first - months)
    return {
        "months_to_election": to_next,
        "months_since_election": since,
        "election_near": _flag(to_next <= months, to_next, later),
        "election_month": _flag(within, to_next, covered),
        "post_election": _flag(since <= months, since, earlier),
    }


def _shapes(to_next: Floats, half_life: float) -> dict[str, Floats]:
    years = to_next / 12
    return {
        "election_proximity": np.exp2(-to_next / half_life),
        "years_to_election_squared": years**2,
        "years_to_election_cubed": years**3,
    }


def _term(votes: Votes, calendar: Calendar, cow: Integers, ahead: Integers) -> Floats:
    """Share of the term that ends with the next election, from the last one of its kind."""
    if not len(votes.month):
        return np.full(len(cow), np.nan)
    order = np.lexsort((votes.month, votes.kind == "presidential", votes.cow))
    order = order[~votes.second_round[order]]
    previous = np.full(len(votes.month), -1, dtype=np.int64)
    same = (votes.cow[order][1:] == votes.cow[order][:-1]) & (
        votes.kind[order][1:] == votes.kind[order][:-1]
    )
    previous[order[1:]] = np.where(same, order[:-1], -1)
    began = np.where(ahead >= 0, previous[ahead], -1)
    # a vote between the row and the next one that was called: nobody knew of it
    unknown = _between(votes, calendar, began, ahead)
    while unknown.any():
        began = np.where(unknown, previous[began], began)
        unknown = _between(votes, calendar, began, ahead)
    # a second round still belongs to the term that its first round ends
    start, end = _at(votes.month, began), _at(votes.month, ahead)
    over = (ahead >= 0) & votes.second_round[ahead]
    share = np.clip((calendar.first - start) / (end - start), 0.0, 1.0)
    return np.where(over, 1.0, share)


def _between(votes: Votes, calendar: Calendar, vote: Integers, ahead: Integers) -> Flags:
    inside = (votes.month[vote] >= calendar.first) & (votes.month[vote] < votes.month[ahead])
    return (vote >= 0) & inside


def _at(values: npt.NDArray[np.generic], found: Integers) -> Floats:
    if not len(values):
        return np.full(len(found), np.nan)
    return np.where(found >= 0, values[found].astype(np.float64), np.nan)


def _flag(condition: Flags, value: Floats, covered: Flags) -> Floats:
    """1 or 0; where no election is on record, 0 only if the sources would know of one."""
    absent = np.where(covered, 0.0, np.nan)
    return np.where(np.isnan(value), absent, condition.astype(float))
