"""The record of a set of one bundled coalition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import cast

import pandas as pd

from coalition_models.defection.profile import operational_profile
from coalition_models.designs.set_features import REGIME_AT_HAND
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.errors import DataError
from coalition_models.members.bundled_facts import bundled_facts, revision_of
from coalition_models.members.facts import Facts
from coalition_models.record import record_of
from coalition_models.sources.catalog import NEWEST
from coalition_models.sources.kept import read_once
from coalition_models.sources.load import load

__all__ = [
    "bundled_counts",
    "bundled_set",
    "of_revision",
    "pooled_profile",
    "ranked_alone",
    "strengths_and_changes",
]

_LISTS = "Strengths are lists at irregular dates; years without a list have no known fall. "
_RANKED = (
    "The falls of all complete coalitions are in the profile, so that they are ranked together "
    "unless the rule says otherwise."
)
#: tables that strengths over time rest on
_STRENGTHS = ("coalitions", "participation", "troops", "profile_changes")
#: complete coalitions of the first revision
_FIRST = {"iraq", "isaf", "rsm"}


def bundled_set(
    name: str, *, place: str, order: int, coalitions: tuple[str, ...] = ()
) -> SetRecord:
    """Record of a coalition whose facts come with the package, or of several in one panel.

    Examples
    --------
    >>> bundled_set("iraq", place="Iraq", order=1).period
    'month'
    """
    names = coalitions or (name,)
    made = SetRecord(
        name=name,
        title="{name}",
        place=place,
        order=order,
        facts=partial(_facts, names),
        sources=("participation", "coalitions", "troops", "profile_changes"),
        outcome="the main contingent left early: before the mandate's end and not at the end of a "
        "term fixed when it deployed",
        about="member-month; the main contingent left before the mandate's end",
        features=(
            "elections", "leadership", "casualties", "risk", "commitment", "contagion", "alliance",
            REGIME_AT_HAND, "capability", "preferences",
        ),
        limits=(
            "{doubtful} exits could be coded otherwise by a fair reader (exit_kind_alt).",
            "{entries} entries and {exits} exits are dated with low confidence.",
            _LISTS + _RANKED,
        ),
        bundled=True,
        given=False,
    )  # fmt: skip
    return replace(made, others=_other_facts(made, names))


def _other_facts(record: SetRecord, names: tuple[str, ...]) -> tuple[SetRecord, ...]:
    """The same set on the first revision of the facts, and with Enduring Freedom's spells."""
    found = []
    if "isaf" in names:
        # the falls of all coalitions are ranked without these spells
        everyone = partial(_facts, names, operation="all")
        found.append(replace(ranked_alone(record), variant="with_oef", facts=everyone))
    if set(names) <= _FIRST:
        found.append(replace(record, variant="revision1", facts=partial(_facts, names, revision=1)))
    return tuple(found)


def ranked_alone(record: SetRecord) -> SetRecord:
    """The record with falls in strength ranked among those of its own facts.

    Examples
    --------
    >>> ranked_alone(bundled_set("iraq", place="Iraq", order=1)).bundled
    False
    """
    limits = tuple(
        _LISTS + "Its falls are ranked among themselves." if text.endswith(_RANKED) else text
        for text in record.limits
    )
    return replace(record, bundled=False, limits=limits)


def _facts(
    names: tuple[str, ...], *, revision: int | None = None, operation: str | None = None
) -> tuple[Facts, Counts]:
    found = bundled_facts(names, revision, operation)
    return found, bundled_counts(found)


def of_revision(record: SetRecord, revision: int | None) -> SetRecord:
    """The record of a bundled set on an earlier revision of its facts.

    Examples
    --------
    >>> from coalition_models.designs.sets import set_record
    >>> of_revision(set_record("un"), 1)
    Traceback (most recent call last):
    coalition_models.errors.DataError: the set 'un' knows no revision 1 of its facts: drop revision=
    """
    if revision is None:
        return record
    earlier = {
        one.variant: one for one in (record, *record.others) if one.variant.startswith("revision")
    }
    if f"revision{revision}" in earlier:
        return earlier[f"revision{revision}"]
    if revision == NEWEST and record.variant not in earlier and (earlier or record.bundled):
        return record
    if not earlier:
        raise DataError(
            f"the set {record.name!r} knows no revision {revision} of its facts: drop revision="
        )
    known = " and ".join(
        [*(name.removeprefix("revision") for name in sorted(earlier)), f"{NEWEST}"]
    )
    raise DataError(f"the set {record.name!r} has the revisions {known}, not {revision!r:.40}")


def bundled_counts(facts: Facts) -> dict[str, object]:
    """What the texts of a bundled set's record tell of its facts.

    Examples
    --------
    >>> import coalition_models as cm
    >>> bundled_counts(cm.facts("iraq"))["name"]
    'Multi-National Force - Iraq'
    """
    members = cast(pd.DataFrame, facts.members)
    coalitions = cast(pd.DataFrame, facts.coalitions)
    return {
        "name": ", ".join(coalitions["name"]),
        "doubtful": int(members["exit_kind_alt"].notna().sum()),
        "entries": int(members["entry_confidence"].eq("low").sum()),
        "exits": int(members["exit_confidence"].eq("low").sum()),
    }


def pooled_profile(revision: int | None = None) -> pd.DataFrame:
    """Strengths over time in all complete coalitions, so that falls are ranked among them all.

    They are followed once per session.

    Examples
    --------
    >>> {"iraq", "isaf"} <= set(pooled_profile()["coalition"])
    True
    """
    tables = {name: load(name, revision=revision) for name in _STRENGTHS}
    marks = tuple(record_of(table).notes["table"]["sha256"] for table in tables.values())
    return read_once(("pooled profile", revision, marks), partial(_pooled, tables, revision))


def _pooled(tables: Mapping[str, pd.DataFrame], revision: int | None) -> pd.DataFrame:
    coalitions = tables["coalitions"]
    complete = coalitions.loc[coalitions["participation_complete"] == "yes", "coalition"]
    everyone = cast(pd.DataFrame, bundled_facts(tuple(complete), revision).members)
    return operational_profile(everyone[everyone["exit_kind"] != "leader"])


def strengths_and_changes(
    record: SetRecord, facts: Facts
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Strengths over time and coded changes; bundled ones of all complete coalitions.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.designs.sets import set_record
    >>> strengths_and_changes(set_record("un"), cm.facts("iraq").replace(troops=None))[0] is None
    True
    """
    if record.bundled:
        revision = revision_of(facts)
        return pooled_profile(revision), load("profile_changes", revision=revision)
    return None if facts.troops is None else operational_profile(facts), facts.changes
