"""National elections: how near, how long ago, how much of the term is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.features.attach import attach
from coalition_models.features.election_presets import preset_named
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.record import record_of, sources_of
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    AsOf,
    Calendar,
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    short_window,
)
from coalition_models.timelines.election_distances import Distances, distances_by, first_covering
from coalition_models.timelines.election_lists import by_other_sources
from coalition_models.timelines.election_votes import (
    Votes,
    check_kinds,
    own_votes,
    states_without_elections,
    votes_of,
)
from coalition_models.timelines.given import cited, facts_for, within_coverage
from coalition_models.timelines.yearly import External, external_choice

__all__ = ["add_elections"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_COLUMNS = (
    "months_to_election", "months_since_election", "election_near", "election_month",
    "post_election", "election_proximity", "years_to_election_squared", "years_to_election_cubed",
    "term_elapsed",
)  # fmt: skip
#: what sources asked for by name do not have
_ENDS = {
    "nelda": "NELDA ends in 2012",
    "bjornskov-rode": "Bjoernskov and Rode end in 2020 and have elections of the parliament only",
    "parlgov": "ParlGov has the parliaments of some forty democracies",
}


@builder(
    columns=_COLUMNS,
    needs=("cow", "period", "elections?"),
    sources=("reign-elections?", "nelda?", "bjornskov-rode?"),
)
def add_elections(
    panel: pd.DataFrame,
    *,
    window: int = 6,
    kinds: str | Sequence[str] = "leader",
    sources: str = "union",
    preset: str | None = None,
    half_life: float = 6,
    strict: bool = False,
    notice: int = 2,
    as_of: str = "start",
    external: str = "if_at_hand",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add the distance to the next and the last national election.

    Elections of contributors to bundled coalitions come from the bundled table (1988 to 2021),
    those of all other states from the external sources at hand, the first that covers a row:
    REIGN (1950 to February 2021, known errors put right), NELDA (1945 to 2012), Bjoernskov and
    Rode (parliaments, 1950 to 2020). Nothing is downloaded; the record says which was used.

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
        ``"leader"``: every election that a source lists of those who may decide who leads. In
        the bundled table these are REIGN's, for the office of the effective leader, and ParlGov's,
        for the national parliament. Of other states REIGN knows the former only, NELDA lists both
        kinds, and Bjoernskov and Rode list parliaments.
        ``"regime"``: only those of the office that REIGN holds to lead at the time, such as the
        president in Poland: of other states all of REIGN's, and no other source. ``"both"`` or
        a named kind: missing for states whose elections of that kind the sources do not cover;
        REIGN covers a kind from its first to the eve of the first of the other kind.
    sources : {"union", "parlgov", "reign", "nelda", "bjornskov-rode"}
        Which source to believe; the last two are external. NELDA ends in 2012, holds ceremonial
        presidents and upper houses too; Bjoernskov and Rode end in 2020 and know only the month.
    preset : {"tago2009", "mello2020", "duursma-gledhill2019"}, optional
        The window of an article, instead of ``window``: the same month; two months; a year;
        the panel's record says where it is assumed because it was not seen there.
    half_life : float
        Months to the election at which ``election_proximity`` is one half.
    strict : bool
        Leave the calendar aside: a vote is known once it is called (``called`` in your table), or
        all along where it keeps to the constitutional rhythm (``scheduled`` in your table is yes,
        or REIGN says so with ``external="require"``), else ``notice`` months before.
    notice : int
        With ``strict``: months for which a vote without a known call is known, an assumption.
    as_of : {"start", "end"}
        Whether an election within the period counts as past (``"end"``) for the time since it.
    external : {"if_at_hand", "require", "never"}
        ``"if_at_hand"``: elections of states that the bundled table does not have, from the
        external sources at hand. ``"require"``, with ``sources="union"``: also elections that
        only the external sources list, of whatever state; they are fetched. ``"never"``: the
        bundled table, or yours, is all that is read.
    facts : Facts, optional
        In place of those that the panel was built from. If they hold ``elections``, these are
        used and no source is: ``cow, date, kind`` (legislative, presidential) and optionally
        ``round`` (1, 2), ``called`` (a date), ``scheduled`` (yes, no), holding all elections that
        a state it lists has in the panel's time, each once; or in the time from ``known_from`` to
        ``known_until`` (dates), where it has these columns. States it does not list are missing.
        ``cm.load("reign-elections")`` and the like are put in this form.
    **old
        Names of an earlier version for the table ``elections`` of facts (``data``), and
        ``extended`` for ``external="require"``; they go in the next one.

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
    _check_half_life(half_life)
    choice = external_choice(external, old, "add_elections", default="if_at_hand")
    rows = plain_panel(panel)
    calendar = calendar_of(rows)
    known = calendar.known(moment)
    held = facts_for(panel, facts, "add_elections", old)
    own = held.table("elections")
    cow = rows["cow"].to_numpy(dtype=np.int64)
    length = check_window(notice, "notice") if strict else None

    measure = partial(
        distances_by, calendar=calendar, cow=cow, known=known, months=months, notice=length
    )
    parts, absent = _parts(own, measure, sources, chosen, cow, choice)
    columns = first_covering(parts)
    columns |= _shapes(columns["months_to_election"], half_life)
    used = _used(parts, rows)
    choices = {
        "window": months,
        "kinds": chosen if isinstance(chosen, str) else list(chosen),
        "sources": "given" if own is not None else sources,
        "external": choice,
        "half_life": half_life,
        "strict": {"notice": notice} if strict else False,
        "as_of": moment,
        **_short(months, calendar, moment),
        **from_article,
        **_told(own, used[1:], absent),
    }
    if own is not None:
        columns = within_coverage(held, "elections", calendar, columns)
    return attach(
        panel,
        {name: columns[name] for name in _COLUMNS},
        sources=_named(held, parts, used),
        choices=choices,
        notes=_reasons(columns, rows, choices.get("note")),
        not_covered=() if own is not None else states_without_elections(),
        builder="add_elections",
        cure=_cure(sources if own is None else None, absent, choice),
    )


def _parts(
    own: pd.DataFrame | None,
    measure: Callable[[Votes], Distances],
    sources: str,
    kinds: str | tuple[str, ...],
    cow: Integers,
    external: External,
) -> tuple[list[Distances], tuple[str, ...]]:
    """Distances by each list that is read, the first to be believed first; lists not at hand."""
    if own is not None:
        return [measure(own_votes(own, kinds))], ()
    _check_named(sources, external)
    wide = external == "require"
    first = measure(votes_of(sources, kinds, extended=wide))
    if external == "never":
        return [first], ()
    return by_other_sources(first, measure, sources, kinds, cow, extended=wide)


def _check_half_life(half_life: float) -> None:
    if not half_life > 0:
        raise DataError(f"half_life must be a positive number of months, not {half_life!r}")


def _check_named(sources: str, external: External) -> None:
    if external == "never" and sources in ("nelda", "bjornskov-rode"):
        raise DataError(f"external='never' leaves sources={sources!r} unread; give one of the two")


def _named(
    facts: Facts, parts: Sequence[Distances], used: Sequence[Mapping[str, object]]
) -> list[str]:
    """Tables to cite: of the lists, those that cover any row."""
    own = facts.table("elections")
    if own is not None:
        return [*cited(facts, "elections"), *sources_of(own)]
    return [name for part in used for name in part] or list(parts[0].sources)


def _told(
    own: pd.DataFrame | None, used: Sequence[Mapping[str, object]], absent: Sequence[str]
) -> dict[str, object]:
    """What to record of states that the bundled table does not have, and of what was put right."""
    others = {name: states for part in used for name, states in part.items()}
    put_right = record_of(own).notes.get("put_right") if own is not None else None
    told = {"other_states": others, "not_at_hand": list(absent), "put_right": put_right}
    return {name: value for name, value in told.items() if value}


def _reasons(columns: Mapping[str, Floats], rows: pd.DataFrame, noted: object) -> dict[str, str]:
    """Why columns are missing in every row."""
    absent = [name for name, values in columns.items() if np.isnan(values).all()]
    states = rows["state" if "state" in rows.columns else "cow"]
    named = first_few(sorted(set(states)), limit=60)
    why = f"no list of all elections of {named} covers these periods"
    if len(absent) < len(columns):
        why = "no such election is known of any row"
    return dict.fromkeys(absent, f"{noted}; {why}" if noted else why)


def _cure(sources: str | None, absent: Sequence[str], external: External) -> str:
    """What to do about states and rows whose elections are not known."""
    give = "give the elections of these states and years in Facts(elections=...)"
    if sources is None:
        return (
            "The table of elections in these facts is all that is read: add the states that it "
            "lacks, or leave it out, and the package's own sources are used"
        )
    if external == "never":
        return (
            "external='never': only the bundled table is read, of contributors to bundled "
            f"coalitions from 1988 to 2021. Take external='if_at_hand', or {give}"
        )
    if absent and sources != "parlgov":
        return (
            "The bundled table has the contributors to bundled coalitions; all others come from "
            f"{', '.join(absent)}, not at hand: coalition-models data fetch {' '.join(absent)}. "
            f"Or {give}"
        )
    if sources in _ENDS:
        return f"{_ENDS[sources]}: take sources='union', or {give}"
    return (
        "The sources cover 1988 to 2021 for contributors to bundled coalitions; for all others "
        "REIGN 1950 to February 2021, NELDA 1945 to 2012, Bjoernskov and Rode 1950 to 2020, each "
        f"the kinds of elections that it lists. Beyond that {give}"
    )


def _short(months: int, calendar: Calendar, moment: AsOf) -> dict[str, object]:
    """Note, or warn of, a window in which some elections are near in no row."""
    if months == 0 and moment == "start":
        # the election of the period itself is what was asked for; one before it is not in it
        return {"note": "window of 0 months: post_election is 0 in every row"}
    return short_window(months, calendar, moment)


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


def _used(parts: Sequence[Distances], rows: pd.DataFrame) -> list[dict[str, list[object]]]:
    """Of each list, its tables with the states in whose rows it is the first that covers them."""
    states = rows["state" if "state" in rows.columns else "cow"]
    ahead, behind = (np.zeros(len(rows), dtype=bool) for _ in range(2))
    used = []
    for part in parts:
        mine = (part.ahead & ~ahead) | (part.behind & ~behind)
        ahead, behind = ahead | part.ahead, behind | part.behind
        of = sorted(set(states[mine]))
        used.append(dict.fromkeys(part.sources, of) if of else {})
    return used


def _shapes(to_next: Floats, half_life: float) -> dict[str, Floats]:
    years = to_next / 12
    return {
        "election_proximity": np.exp2(-to_next / half_life),
        "years_to_election_squared": years**2,
        "years_to_election_cubed": years**3,
    }
