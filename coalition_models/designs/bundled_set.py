"""The record of a set of one bundled coalition."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import cast

import pandas as pd

from coalition_models.defection.profile import operational_profile
from coalition_models.designs.set_features import REGIME_AT_HAND
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.members.facts import Facts
from coalition_models.sources.load import load

__all__ = ["bundled_counts", "bundled_set", "pooled_profile"]

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
            "Strengths are lists at irregular dates; years without a list have no known fall. The "
            "falls of all complete coalitions are in the profile, so that they are ranked "
            "together unless the rule says otherwise.",
        ),
        bundled=True,
        given=False,
    )  # fmt: skip
    return replace(made, others=_other_facts(made, names))


def _other_facts(record: SetRecord, names: tuple[str, ...]) -> tuple[SetRecord, ...]:
    """The same set on the first revision of the facts, and with Enduring Freedom's spells."""
    # ranked among their own falls, since those of all are of the newest facts
    other = replace(record, bundled=False)
    found = []
    if "isaf" in names:
        found.append(
            replace(other, variant="with_oef", facts=partial(_facts, names, operation="all"))
        )
    if set(names) <= _FIRST:
        found.append(replace(other, variant="revision1", facts=partial(_facts, names, revision=1)))
    return tuple(found)


def _facts(
    names: tuple[str, ...], *, revision: int | None = None, operation: str | None = None
) -> tuple[Facts, Counts]:
    found = bundled_facts(names, revision, operation)
    return found, bundled_counts(found)


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


def pooled_profile() -> pd.DataFrame:
    """Strengths over time in all complete coalitions, so that falls are ranked among them all.

    Examples
    --------
    >>> {"iraq", "isaf"} <= set(pooled_profile()["coalition"])
    True
    """
    everyone, table = load("participation"), load("coalitions")
    complete = table.loc[table["participation_complete"] == "yes", "coalition"]
    ranked = everyone[everyone["coalition"].isin(complete) & (everyone["exit_kind"] != "leader")]
    return operational_profile(ranked)
