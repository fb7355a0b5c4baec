"""Who leads, since when, and whether it is still the leader who sent the troops."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.record import record_of, sources_of
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.cabinets import cabinet_columns
from coalition_models.timelines.calendar import (
    AsOf,
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    entry_month,
    known_table,
    short_window,
)
from coalition_models.timelines.given import cited, facts_for, within_coverage
from coalition_models.timelines.leader_terms import (
    OFFICES,
    Terms,
    check_rotation,
    terms_of,
)
from coalition_models.timelines.support import support_coded
from coalition_models.timelines.yearly import External, external_choice

__all__ = ["add_leadership"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_IRREGULAR = ("irregular", "foreign_imposition")
_EXTERNAL = ("archigos", "chisols", "leader-ideology", "parlgov-cabinets")
_OF_TIME = (
    "leader_change", "tenure_months", "months_since_leader_change", "joined_under_other_leader",
)  # fmt: skip
_OF_PARTIES = ("party_change", "left_right", "left_right_change", "left_right_since_entry")
_OF_CABINETS = ("coalition_cabinet", "minority_cabinet", "caretaker_cabinet")
_OF_SUPPORT = ("support_change", "support_changed_since_entry")
#: why a column may be missing in every row though the leaders are known
_WHY = {
    **dict.fromkeys(_OF_PARTIES, "of leaders, ParlGov has the parties of its states only"),
    **dict.fromkeys(_OF_CABINETS, "ParlGov has the cabinets of its states only"),
    **dict.fromkeys(_OF_SUPPORT, "CHISOLS covers effective leaders from 1919 to 2018"),
    "irregular_entry": "Archigos covers effective leaders to 2015",
}


@builder(
    columns=(*_OF_TIME, *_OF_PARTIES, *_OF_CABINETS, *_OF_SUPPORT, "irregular_entry"),
    needs=("cow", "period", "coalition?", "spell?", "entry?", "leaders?"),
    sources=("reign-leaders?", "archigos?", "chisols?", "leader-ideology?", "parlgov-cabinets?"),
)
def add_leadership(
    panel: pd.DataFrame,
    *,
    window: int = 6,
    who: str = "effective",
    rotation: str = "ignore",
    as_of: str = "start",
    external: str = "if_at_hand",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add leadership change, the leader's time in office, and the politics of the succession.

    Leaders of contributors to bundled coalitions come from the bundled table (1988 to 2021), those
    of all other states from an external source if it is at hand (nothing is downloaded): the
    record says which.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period``; ``spell`` and ``coalition``
        for the leader at entry.
    window : int
        Months for which a new leader counts as new; 12 for rows that are years, because a window
        shorter than the period misses changes (a warning says so).
    who : {"effective", "head_of_government", "archigos"}
        The effective leader (REIGN, 1950 to February 2021 for states that the bundled table does
        not have), the prime minister or chancellor (ParlGov, bundled states only), or Archigos's
        leader (external, all states to 2015). They differ in Poland, for example.
    rotation : {"ignore", "count"}
        Whether the chair of a collective head of state going round (every year in Switzerland,
        every eight months in Bosnia and Herzegovina) counts as a new leader. With ``"ignore"``
        the body is one leader, of no party, whose tenure counts from the first chair on record
        and who otherwise has what all chairs so far share. Your own table is taken as it stands.
    as_of : {"start", "end"}
        ``"start"``: only changes before the period began; ``"end"``: also those within it.
        In Spain the new leader took office on 17 April 2004 and the contingent left on
        27 April, so ``"start"`` puts the change after the exit.
    external : {"if_at_hand", "require", "never"}
        ``"if_at_hand"``: leaders of states that the bundled table does not have, from an external
        source at hand. ``"require"``: also the columns that rest on external sources alone, which
        are fetched: ``irregular_entry`` (Archigos), ``support_change`` and
        ``support_changed_since_entry`` (CHISOLS), and ParlGov's cabinets. ``"never"``: the
        bundled table, or yours, is all that is read.
    facts : Facts, optional
        In place of those that the panel was built from. If they hold ``leaders``, these are used
        and no source is: ``cow, leader, start, end`` (empty end: still in office) and optionally
        ``party, left_right`` (0 to 10), ``entry`` (regular, irregular, foreign_imposition,
        unknown), ``source_change`` (yes, no). Terms of one state must not overlap by more than
        the month of a handover: only the last may have no end. ``cm.load("reign-leaders")`` and
        ``"archigos"`` are put in order as the package's own use of them is.
    **old
        Names of an earlier version for the table ``leaders`` of facts (``data``), and
        ``extended`` for ``external="require"``; they go in the next one.

    Returns
    -------
    DataFrame
        A copy with ``leader_change`` (0/1: the leader took office at most ``window`` months
        ago), ``tenure_months`` (since the leader took office), ``months_since_leader_change``
        (the same, and while the office is vacant since the last one left), ``party_change``
        (0/1: a new leader of another party than the predecessor's), ``left_right`` (of the
        leader's party, 0 left to 10 right), ``left_right_change`` (new leader's minus
        predecessor's; 0 if the leader is not new); ``joined_under_other_leader`` (0/1: the
        leader in office in the period of entry is gone) and ``left_right_since_entry``
        (leader's minus that leader's).
        With ``external="require"`` or the columns in your table: ``irregular_entry`` (0/1),
        ``support_change`` (0/1: a new leader with another social source of support) and
        ``support_changed_since_entry``. With ``external="require"``: ``coalition_cabinet``,
        ``minority_cabinet``, ``caretaker_cabinet`` (0/1). Missing where the sources name no
        leader, no party (states outside ParlGov), no manner of entry or no cabinet.

    Raises
    ------
    DataError
        For unknown options and tables without the columns named above.
    CoverageError
        If external sources are asked for and not at hand.

    Notes
    -----
    Used by Tago (2009), Pilster, Boehmelt and Tago (2015) and Mello (2020); the source of
    support by Leeds, Mattes and Vogel (2009). A person's successive terms count as one.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> after = cm.add_leadership(panel, as_of="end").query("state == 'ESP'")
    >>> after[["period", "leader_change"]].tail(2).values.tolist()
    [[Timestamp('2004-03-01 00:00:00'), 0.0], [Timestamp('2004-04-01 00:00:00'), 1.0]]
    """
    check_arguments(add_leadership, locals())
    moment = check_as_of(as_of)
    months = check_window(window)
    if who not in OFFICES:
        raise DataError(f"who must be one of {', '.join(OFFICES)}, not {who!r}")
    choice = external_choice(external, old, "add_leadership", default="if_at_hand")
    extended = choice == "require"
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows)
    held = facts_for(panel, facts, "add_leadership", old)
    own = held.table("leaders")
    if own is None and choice == "never" and who == "archigos":
        raise DataError("external='never' leaves who='archigos' unread; give one of the two")
    cow = rows["cow"].to_numpy(dtype=np.int64)
    others = cow if choice != "never" else None
    terms = terms_of(who, own, extended=extended, rotation=check_rotation(rotation), states=others)
    known = calendar.known(moment)
    now = terms.in_office(cow, known)
    columns = _time_in_office(terms, cow, now, known, months, moment)
    new = columns["leader_change"] == 1
    columns |= _parties(terms, now, new)
    optional = own is not None or extended
    if optional and "entry" in terms.table.columns:
        manner = terms.table["entry"]
        columns["irregular_entry"] = _pick(_flag(manner.isin(_IRREGULAR), manner), now)
    sender = None
    if {"coalition", "spell"} <= set(rows.columns):
        sender = terms.last_to_enter(cow, entry_month(rows))
        columns |= _since_entry(terms, now, sender)
    if optional and "source_change" in terms.table.columns:
        inside = (now >= 0) & _support_known(terms, cow, known, who if own is None else None)
        found = _support(terms, now, new, sender)
        columns |= {name: np.where(inside, value, np.nan) for name, value in found.items()}
    if extended:
        columns |= cabinet_columns(cow, known)
    if own is not None:
        columns = within_coverage(held, "leaders", calendar, columns)
    told = short_window(months, calendar, moment) | _told(terms, own, rows, now)
    return attach(
        panel,
        columns,
        sources=_named(held, terms, extended=extended),
        choices={
            "window": months,
            "who": who,
            "external": choice,
            "rotation": rotation if own is None else "as given",
            "as_of": moment,
            **told,
        },
        notes=_reasons(columns, rows, told.get("note"), own is not None),
        builder="add_leadership",
        cure=_cure(terms, None if own is not None else who, choice),
    )


def _named(facts: Facts, terms: Terms, *, extended: bool) -> list[str]:
    """Tables to cite."""
    own = facts.table("leaders")
    first = ["leaders"] if own is None else [*cited(facts, "leaders"), *sources_of(own)]
    return [*first, *terms.used, *(_EXTERNAL if extended else ())]


def _told(
    terms: Terms, own: pd.DataFrame | None, rows: pd.DataFrame, now: Integers
) -> dict[str, object]:
    """What to record of states that the bundled table does not have, and of what was put right."""
    put_right = record_of(own).notes.get("put_right") if own is not None else None
    others = {}
    for name in terms.used:
        mine = (now >= 0) & (terms.table["source"] == name).to_numpy()[now]
        states = rows["state" if "state" in rows.columns else "cow"]
        others[name] = sorted(set(states[mine]))
    told = {"other_states": others, "not_at_hand": list(terms.absent), "put_right": put_right}
    return {name: value for name, value in told.items() if value}


def _reasons(
    columns: Mapping[str, Floats], rows: pd.DataFrame, noted: object, given: bool
) -> dict[str, str]:
    """Why columns are missing in every row."""
    absent = [name for name, values in columns.items() if np.isnan(values).all()]
    if "tenure_months" in absent:
        states = rows["state" if "state" in rows.columns else "cow"]
        nobody = f"no leader of {first_few(sorted(set(states)), limit=60)} is known then"
        why = {name: _WHY[name] if name in _OF_CABINETS else nobody for name in absent}
    else:
        unsaid = {} if given else _WHY
        other = "not in the table of leaders given" if given else "not known of any row"
        cabinets = {name: _WHY[name] for name in _OF_CABINETS}
        why = {name: {**unsaid, **cabinets}.get(name, other) for name in absent}
    return {name: f"{noted}; {text}" if noted else text for name, text in why.items()}


def _cure(terms: Terms, who: str | None, external: External) -> str:
    """What to do about states and rows without a leader."""
    give = "give the leaders of these states and years in Facts(leaders=...)"
    if who is None:
        return (
            "The table of leaders in these facts is all that is read: add the states and columns "
            "that it lacks, or leave it out, and the package's own sources are used"
        )
    if external == "never":
        return (
            "external='never': only the bundled table is read, of contributors to bundled "
            f"coalitions from 1988 to 2021. Take external='if_at_hand', or {give}"
        )
    if terms.absent:
        return (
            f"The bundled table has the contributors to bundled coalitions; all others come from "
            f"{' and '.join(terms.absent)}, not at hand: coalition-models data fetch "
            f"{' '.join(terms.absent)}. Or {give}"
        )
    covered = {
        "effective": "The sources cover 1988 to 2021 for contributors to bundled coalitions, and "
        "1950 to February 2021 for all others (reign-leaders)",
        "archigos": "Archigos ends in 2015",
        "head_of_government": "Heads of government are known for contributors to bundled "
        "coalitions in ParlGov only: who='effective' has all states",
    }
    return f"{covered[who]}; beyond that {give}"


def _pick(values: Floats, found: Integers) -> Floats:
    """Value of each row's term; missing where nobody is known to lead."""
    if not len(values):
        return np.full(len(found), np.nan)
    return np.where(found >= 0, values[found], np.nan)


def _flag(condition: pd.Series, of: pd.Series) -> Floats:
    known = of.notna().to_numpy() & (of != "unknown").to_numpy(dtype=bool, na_value=False)
    return np.where(known, condition.to_numpy(dtype=float), np.nan)


def _time_in_office(
    terms: Terms, cow: Integers, now: Integers, known: Integers, months: int, moment: AsOf
) -> dict[str, Floats]:
    # at the start of a period the months up to it are counted, its own is not
    passed = known + 1 if moment == "start" else known
    tenure = passed - _pick(terms.began.astype(float), now)
    last = terms.last_to_enter(cow, known)
    vacant_since = _pick(np.where(terms.over, terms.left, np.nan), last)
    return {
        "leader_change": np.where(now >= 0, (tenure <= months).astype(float), np.nan),
        "tenure_months": tenure,
        "months_since_leader_change": np.where(now >= 0, tenure, passed - vacant_since),
    }


def _parties(terms: Terms, now: Integers, new: Flags) -> dict[str, Floats]:
    """Party and position of the leader against the predecessor's."""
    position = _positions(terms.table)
    before = np.where(terms.previous >= 0, position[terms.previous], np.nan)
    shift = _pick(position - before, now)
    steady = _pick(position, now)
    return {
        "party_change": np.where(new, _pick(_other_party(terms), now), _pick(_known(terms), now)),
        "left_right": steady,
        "left_right_change": np.where(new, shift, steady * 0.0),
    }


def _positions(table: pd.DataFrame) -> Floats:
    if "left_right" not in table.columns:
        return np.full(len(table), np.nan)
    return table["left_right"].to_numpy(dtype=float, na_value=np.nan)


def _known(terms: Terms) -> Floats:
    """Zero where the leader's party is known."""
    if "party" not in terms.table.columns:
        return np.full(len(terms.table), np.nan)
    return np.where(terms.table["party"].notna(), 0.0, np.nan)


def _other_party(terms: Terms) -> Floats:
    if "party" not in terms.table.columns or not len(terms.table):
        return np.full(len(terms.table), np.nan)
    party = terms.table["party"].to_numpy(dtype=object)
    known = terms.table["party"].notna().to_numpy()
    other = (party != party[terms.previous]).astype(float)
    return np.where(known & (terms.previous >= 0) & known[terms.previous], other, np.nan)


def _support(terms: Terms, now: Integers, new: Flags, sender: Integers | None) -> dict[str, Floats]:
    """Whether another social source of support carries the leader, now and since entry."""
    change = terms.table["source_change"]
    # nobody comes to power where only the chair of a body goes round
    marks = np.where(terms.turns, 0.0, _flag(change == "yes", change))
    columns = {"support_change": np.where(new, _pick(marks, now), 0.0)}
    if sender is not None:
        columns["support_changed_since_entry"] = np.where(
            sender >= 0, _any_between(marks, sender, now), np.nan
        )
    return columns


def _support_known(terms: Terms, cow: Integers, known: Integers, who: str | None) -> Flags:
    """Whether the source of leaders' support is coded for a state in a month.

    In a table of the user's own it is for the states of which any leader is coded. CHISOLS has
    one leader per state, the effective one.
    """
    if who is None:
        coded = terms.table.loc[terms.table["source_change"].notna(), "cow"].unique()
        return np.isin(cow, coded)
    if who != "effective":
        return np.zeros(len(cow), dtype=bool)
    return support_coded(known_table("chisols"), cow, known, known)


def _since_entry(terms: Terms, now: Integers, sender: Integers) -> dict[str, Floats]:
    """Compare the leader in office now with the one in the month of entry."""
    known = (now >= 0) & (sender >= 0)
    if not len(terms.table):
        empty = np.full(len(now), np.nan)
        return {"joined_under_other_leader": empty, "left_right_since_entry": empty.copy()}
    names = terms.table["leader"].to_numpy(dtype=object)
    # at the start of the month of entry the predecessor of the sender may still be in office
    later = known & (now > sender)
    differs = later & (names[now] != names[sender])
    position = _positions(terms.table)
    shift = np.where(later, position[now] - position[sender], position[now] * 0.0)
    return {
        "joined_under_other_leader": np.where(known, differs, np.nan).astype(float),
        "left_right_since_entry": np.where(known, shift, np.nan),
    }


def _any_between(values: Floats, after: Integers, until: Integers) -> Floats:
    """1 if any term after one and up to another is marked, 0 if none is, else missing."""
    yes = np.concatenate([[0], np.cumsum(values == 1)])
    unknown = np.concatenate([[0], np.cumsum(np.isnan(values))])
    high = np.maximum(until, after) + 1
    some = yes[high] - yes[after + 1] > 0
    gaps = unknown[high] - unknown[after + 1] > 0
    return np.where(some, 1.0, np.where(gaps, np.nan, 0.0))
