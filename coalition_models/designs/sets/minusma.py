"""The United Nations' force in Mali, 2013-2023, by month."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.designs.bundled_set import bundled_counts, bundled_set
from coalition_models.designs.set_record import Counts
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.members.facts import Facts

__all__ = ["SET"]

#: last day before the ordered end, whose exits have no month
_UNTIL = pd.Timestamp("2023-06-30")


def _facts() -> tuple[Facts, Counts]:
    found = bundled_facts(("minusma",))
    if found.members is None or found.coalitions is None:
        return found, {}
    before = found.members["exit"] <= _UNTIL
    yearly = found.members["exit_precision"] == "year"
    early = found.members["exit_kind"] == "early"
    counts = {
        **bundled_counts(found),
        "yearly": int((yearly & before).sum()),
        "left": int(before.sum()),
        "yearly_early": int((yearly & before & early).sum()),
        "early": int((before & early).sum()),
    }
    # all members with formed units are listed, so that up to this day it is a risk set
    whole = found.coalitions.assign(mandate_end=_UNTIL, participation_complete="yes")
    return found.replace(coalitions=whole), counts


_RECORD = bundled_set("minusma", place="Mali (MINUSMA)", order=5)

SET = replace(
    _RECORD,
    facts=_facts,
    bundled=False,
    unsupported={"alliance": "a UN mission has no lead state"},
    limits=(
        *_RECORD.limits,
        "Everyone still there is censored on 30 June 2023, since exits after the order to end the "
        "mission are known by year only.",
        "Weak dates: of {left} exits before that day {yearly} are known by year only and stand on "
        "1 July; of {early} early ones, {yearly_early}.",
        "Aircraft that served agreed turns are spells that end as scheduled.",
    ),
)
