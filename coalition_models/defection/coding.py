"""Coding defections: which departures from routine a rule counts."""

from __future__ import annotations

from typing import cast

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.defection.candidates import (
    Falls,
    SetAside,
    change_candidates,
    exit_candidates,
    exit_dates,
    sizes_of,
    text_of,
    unplanned,
)
from coalition_models.defection.cuts import significant_cuts
from coalition_models.defection.named_rules import named_rule
from coalition_models.defection.profile import operational_profile
from coalition_models.defection.profile_tasks import check_changes
from coalition_models.defection.rules import DefectionRule
from coalition_models.errors import DataError, first_few
from coalition_models.members.agreement import announcement_note
from coalition_models.members.facts import Facts
from coalition_models.members.spell_checks import SPELL_DATES, check_spells
from coalition_models.members.timing import DATE_COLUMN, ExitDate
from coalition_models.record import record_of, with_notes
from coalition_models.tables.plain import plain_table

__all__ = ["Coder", "code_defections", "coder_of"]

_KEY = ["coalition", "state"]
_SPELL = [*_KEY, "spell"]
_COLUMNS = [*_SPELL[:2], "cow", "spell", "date", "kind", "before", "persons", "percent"]
_COLUMNS += ["planned", "contested", "reason", "source", "confidence", "date_precision"]
_COLUMNS += ["rests_on"]


def code_defections(
    participation: pd.DataFrame | Facts,
    profile: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    rule: DefectionRule | str = "mcinnis",
) -> pd.DataFrame:
    """Code what counts as defection under a rule, one row each.

    Parameters
    ----------
    participation : Facts or DataFrame
        Facts, whose strengths and changes are used unless others are given; or spells as in
        ``load("participation")`` or from :func:`spells_from_levels`. The lead state never defects.
    profile : DataFrame, optional
        Made by :func:`operational_profile`. Needed by rules that look at the size of falls. It
        may hold more coalitions than ``participation``; then their falls are ranked too.
    changes : DataFrame, optional
        Coded changes as in ``load("profile_changes")``, with ``planned`` yes, no or unclear.
        Without them nothing but exits is known to be unplanned.
    rule : DefectionRule or str
        A rule, or the name of one of :func:`list_rules`.

    Returns
    -------
    DataFrame
        ``coalition, state, cow, spell, date, kind`` (``full, partial_cut, re_role, relocation,
        caveat``), ``before, persons, percent`` (strength before and size of the fall, missing
        where not known), ``planned`` (``no``, ``unclear``, ``yes`` or
        ``not coded``; of exits, by their main coding), ``contested`` (a
        fair reader could code it otherwise), ``reason, source, confidence, date_precision`` and
        ``rests_on`` (the rows of the facts behind it). ``record_of(...).notes["defections"]``
        holds the rule as a sentence and every candidate that does not count, with the reason.

    Raises
    ------
    DataError
        Invalid spells, a rule that needs a profile without one, missing columns.

    Notes
    -----
    A fall from one year to the next is one event: cuts in the year of a full exit are part of
    it. The coded change nearest in time speaks for a fall whether it was planned: of several in
    the same year, the largest.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.coding import code_defections
    >>> iraq = cm.load("participation").query("coalition == 'iraq'")
    >>> len(code_defections(iraq, rule="tago-2009"))
    21
    """
    check_arguments(code_defections, locals())
    if isinstance(participation, Facts):
        return coder_of(participation, profile, changes).code(rule)
    return Coder(participation, profile, changes).code(rule)


def coder_of(
    facts: Facts, profile: pd.DataFrame | None = None, changes: pd.DataFrame | None = None
) -> Coder:
    """A coder of facts, whose strengths and changes are used unless others are given.

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(coder_of(cm.facts("iraq")).code("tago-2009"))
    21
    """
    if profile is None and facts.troops is not None:
        profile = operational_profile(facts)
    members = facts.members if facts.members is not None else pd.DataFrame()
    return Coder(members, profile, facts.changes if changes is None else changes)


class Coder:
    """Codes one set under several rules: facts are checked, and falls worked out, only once.

    Parameters
    ----------
    participation, profile, changes : DataFrame
        As in :func:`code_defections`; they must not be changed while rules are being coded.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.load("participation").query("coalition == 'iraq'")
    >>> coder = Coder(iraq)
    >>> len(coder.code("tago-2009")), len(coder.code("morey-2017"))
    (21, 12)
    """

    def __init__(
        self,
        participation: pd.DataFrame,
        profile: pd.DataFrame | None = None,
        changes: pd.DataFrame | None = None,
    ) -> None:
        self._participation = plain_table(participation, "participation", dates=SPELL_DATES)
        self._changes = None
        if changes is not None:
            self._changes = plain_table(changes, "changes", dates=["date"])
        self._problems = check_spells(self._participation)
        if self._participation.empty:
            self._problems.append("participation has no rows: there is nobody who could defect")
        self._falls = None if profile is None else Falls(profile)

    def code(self, rule: DefectionRule | str) -> pd.DataFrame:
        """Code what counts as defection under a rule, as :func:`code_defections`."""
        chosen = named_rule(rule) if isinstance(rule, str) else rule
        spells = _checked(self._participation, self._falls, self._changes, chosen, self._problems)
        coded = _coded(spells, self._falls, self._changes, chosen)
        notes = record_of(self._participation).notes
        told = {**notes.get("table", {}), **notes.get("bundled", {})}
        if chosen.exit_date == "announced" and "revision" in told:
            made = record_of(coded).notes["defections"]
            with_notes(coded, defections={**made, "announcements": announcement_note()})
        return coded


def _coded(
    spells: pd.DataFrame,
    known: Falls | None,
    changes: pd.DataFrame | None,
    chosen: DefectionRule,
) -> pd.DataFrame:
    aside = SetAside()
    spells = exit_dates(spells, cast(ExitDate, chosen.exit_date))
    if chosen.peak_at_least > 0:
        small = ~(spells["peak_troops"] >= chosen.peak_at_least).fillna(False).astype(bool)
        aside.add(spells[small], "spell", f"peak under {chosen.peak_at_least:g} persons")
        spells = spells[~small]
    falls, ranked = _falls(known, spells, chosen)
    moves = change_candidates(changes, spells, chosen, aside) if changes is not None else None
    parts = []
    if "full" in chosen.kinds and chosen.exits != "none":
        parts.append(_full(spells, falls, ranked, chosen, aside))
    if "partial_cut" in chosen.kinds and chosen.cuts == "significant":
        parts.append(significant_cuts(ranked, moves, chosen, aside))
    if moves is not None:
        parts.append(_coded_changes(moves, chosen, aside))
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=_COLUMNS)
    table = table.drop_duplicates([*_SPELL, "kind", "date"])
    table = table.sort_values([*_KEY, "date", "kind"], ignore_index=True)[_COLUMNS]
    with_notes(
        table,
        defections={
            "rule": str(chosen),
            "name": chosen.name,
            "set_aside": aside.rows,
        },
    )
    return table


def _checked(
    participation: pd.DataFrame,
    falls: Falls | None,
    changes: pd.DataFrame | None,
    rule: DefectionRule,
    spell_problems: list[str],
) -> pd.DataFrame:
    problems = list(spell_problems)
    if rule.ranks_falls and falls is None:
        problems.append(
            f"the rule {rule.name!r} looks at the size of falls: give the strengths, "
            "Facts(..., troops=...), or profile=, made by operational_profile()"
        )
    unseen = falls.lacks(participation) if falls and "coalition" in participation else []
    if rule.ranks_falls and unseen:
        problems.append(
            f"the profile has no row of {first_few(unseen)}: give one of all that participate"
        )
    column = DATE_COLUMN[rule.exit_date]
    if rule.exit_date != "main" and column not in participation.columns:
        problems.append(f"exit_date={rule.exit_date!r} needs the column {column!r}")
    if rule.contested != "main" and "exit_kind_alt" not in participation.columns:
        problems.append(f"contested={rule.contested!r} needs the column 'exit_kind_alt'")
    if rule.peak_at_least > 0 and "peak_troops" not in participation.columns:
        problems.append("peak_at_least needs the column 'peak_troops' in participation")
    needed = ["coalition", "state", "date", "change", "planned"]
    if changes is not None and set(needed) - set(changes.columns):
        absent = [name for name in needed if name not in changes.columns]
        problems.append(f"changes lacks the columns {first_few(absent)}")
    elif changes is not None:
        problems += [f"changes: {problem}" for problem in check_changes(changes)]
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"defections cannot be coded:\n{listing}")
    spells = participation[participation["exit_kind"] != "leader"].reset_index(drop=True)
    # pandas copies attributes at every step
    spells.attrs = {}
    return spells


def _falls(
    known: Falls | None, spells: pd.DataFrame, rule: DefectionRule
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if known is None:
        empty = pd.DataFrame(columns=[*_SPELL, "full", "significant"])
        return empty, empty
    falls, ranked = known.ranked(rule)
    falls.attrs, ranked.attrs = {}, {}
    keys = pd.MultiIndex.from_frame(spells[_SPELL])
    return (
        falls[pd.MultiIndex.from_frame(falls[_SPELL]).isin(keys)],
        ranked[pd.MultiIndex.from_frame(ranked[_SPELL]).isin(keys)],
    )


def _full(
    spells: pd.DataFrame,
    falls: pd.DataFrame,
    ranked: pd.DataFrame,
    rule: DefectionRule,
    aside: SetAside,
) -> pd.DataFrame:
    found = exit_candidates(spells, rule, aside)
    if rule.exits == "significant":
        upper = ranked[ranked["full"].astype(bool) & ranked["significant"].astype(bool)]
        seen = _is_in(found, upper)
        known = _is_in(found, falls[falls["full"].astype(bool)])
        aside.add(found[~seen & known], "full exit", "the fall is not significant")
        aside.add(
            found[~seen & ~known], "full exit", "no fall from one period to the next is known"
        )
        found = found[seen]
    sizes = falls[falls["full"].astype(bool)] if len(falls) else falls
    columns = [c for c in ("before", "persons", "percent") if c in sizes.columns]
    found = found.merge(
        sizes.drop_duplicates(_SPELL, keep="last")[[*_SPELL, *columns]], on=_SPELL, how="left"
    )
    return pd.DataFrame(
        {
            **{name: found[name] for name in (*_SPELL, "cow", "date", "contested")},
            "kind": "full",
            **sizes_of(found),
            "planned": _planned(found),
            "reason": text_of(found, "exit_kind_reason"),
            "source": _exit_source(found),
            "confidence": text_of(found, "exit_confidence"),
            "date_precision": _exit_precision(found),
            "rests_on": [
                f"participation: {c} {s}-{n}, exit coded {kind}"
                for c, s, n, kind in zip(
                    found["coalition"],
                    found["state"],
                    found["spell"],
                    found["exit_kind"],
                    strict=True,
                )
            ],
        }
    )


def _planned(found: pd.DataFrame) -> pd.Series:
    """Whether the main coding of an exit says that it was planned."""
    if "exit_kind_reason" not in found.columns:
        return pd.Series("not coded", index=found.index)
    sudden = found["exit_kind"].isin(["early", "exogenous"])
    return pd.Series("yes", index=found.index).where(~sudden, "no")


def _is_in(left: pd.DataFrame, right: pd.DataFrame) -> pd.Series:
    keys = pd.MultiIndex.from_frame(right[_SPELL])
    return pd.Series(pd.MultiIndex.from_frame(left[_SPELL]).isin(keys), index=left.index)


def _exit_source(found: pd.DataFrame) -> pd.Series:
    source = text_of(found, "exit_source")
    announced = text_of(found, "announced_source")
    return source.where((found["dated_by"] != "announced") | (announced == ""), announced)


def _exit_precision(found: pd.DataFrame) -> pd.Series:
    precision = text_of(found, "exit_precision")
    announced = text_of(found, "announced_precision")
    return precision.where((found["dated_by"] != "announced") | (announced == ""), announced)


def _coded_changes(moves: pd.DataFrame, rule: DefectionRule, aside: SetAside) -> pd.DataFrame:
    wanted = [k for k in rule.kinds if k != "partial_cut" or rule.cuts == "coded"]
    some = moves[moves["kind"].isin(wanted)]
    counts = unplanned(some["planned"], rule)
    named = some["change"].astype("object") + " " + some["date"].dt.strftime("%Y-%m-%d")
    aside.add(some[~counts], named[~counts], "planned or unclear")
    out = some[counts]
    has = {"troops_before", "troops_after"} <= set(out.columns)
    before = out["troops_before"].astype("Float64") if has else pd.Series(pd.NA, out.index)
    fall = (before - out["troops_after"].astype("Float64")) if has else before
    fall = fall.astype("Float64").where(fall > 0)
    return pd.DataFrame(
        {
            **{name: out[name] for name in (*_SPELL, "cow", "date", "kind", "planned")},
            "before": before.astype("Float64").astype("float64"),
            "persons": fall.astype("float64"),
            "percent": (100 * fall / before).astype("Float64").astype("float64"),
            "contested": out["planned"] != "no",
            "reason": text_of(out, "reason"),
            "source": text_of(out, "source"),
            "confidence": text_of(out, "confidence"),
            "date_precision": text_of(out, "date_precision"),
            "rests_on": [
                f"profile_changes: {c} {s} {what}"
                for c, s, what in zip(out["coalition"], out["state"], named[counts], strict=True)
            ],
        }
    )
