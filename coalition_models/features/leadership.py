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
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    entry_month,
    short_window,
)
from coalition_models.timelines.given import cited, facts_for, within_coverage
from coalition_models.timelines.leader_terms import (
    OFFICES,
    Terms,
    check_rotation,
    terms_of,
)
from coalition_models.timelines.succession import (
    irregular_entry,
    party_columns,
    since_entry,
    support_columns,
    support_known,
    time_in_office,
)
from coalition_models.timelines.yearly import External, external_choice

__all__ = ["add_leadership"]

Floats = npt.NDArray[np.float64]

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
    choice = external_choice(external, old, "add_leadership", default="if_at_hand")
    extended = choice == "require"
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows)
    held = facts_for(panel, facts, "add_leadership", old)
    own = held.table("leaders")
    _check_who(who, own, choice)
    cow = rows["cow"].to_numpy(dtype=np.int64)
    others = cow if choice != "never" else None
    terms = terms_of(who, own, extended=extended, rotation=check_rotation(rotation), states=others)
    known = calendar.known(moment)
    now = terms.in_office(cow, known)
    columns = time_in_office(terms, cow, now, known, months, moment)
    new = columns["leader_change"] == 1
    columns |= party_columns(terms, now, new)
    optional = set(terms.table.columns) if own is not None or extended else set()
    if "entry" in optional:
        columns["irregular_entry"] = irregular_entry(terms, now)
    sender = _senders(terms, rows, cow)
    if sender is not None:
        columns |= since_entry(terms, now, sender)
    if "source_change" in optional:
        inside = (now >= 0) & support_known(terms, cow, known, who if own is None else None)
        found = support_columns(terms, now, new, sender)
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


def _check_who(who: str, own: pd.DataFrame | None, external: External) -> None:
    if who not in OFFICES:
        raise DataError(f"who must be one of {', '.join(OFFICES)}, not {who!r}")
    if own is None and external == "never" and who == "archigos":
        raise DataError("external='never' leaves who='archigos' unread; give one of the two")


def _senders(terms: Terms, rows: pd.DataFrame, cow: Integers) -> Integers | None:
    """Position of the term that began last by each spell's entry; None of rows without spells."""
    if not {"coalition", "spell"} <= set(rows.columns):
        return None
    return terms.last_to_enter(cow, entry_month(rows))


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
