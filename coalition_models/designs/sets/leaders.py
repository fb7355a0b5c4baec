"""Leaders in office while their state was in Iraq, the unit of Mello (2020)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pandas as pd

from coalition_models.designs.leader_cases import leader_cases
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.record import with_panel

__all__ = ["SET"]

_SOURCES = ("participation", "leaders", "elections", "fatalities")


def _rows(revision: int | None = None) -> tuple[pd.DataFrame, Counts]:
    cases = leader_cases(bundled_facts(("iraq",), revision))
    panel = cases.assign(event=cases["early_exit"])
    with_panel(panel, {}, sources=_SOURCES)
    return panel, {"states": cases["state"].nunique()}


_MAIN = SetRecord(
    name="leaders",
    title="Leaders of participants in Iraq",
    place="Iraq, by leader",
    order=4,
    rows=_rows,
    sources=_SOURCES,
    outcome="the main contingent left under that leader",
    unit="leader in office during the participation",
    about="leader in office during the participation of one of {states} states in Iraq, "
    "democracies or not; the main contingent left under that leader",
    limits=("These are the exits of iraq in another form, no further evidence.",),
    model="logit",
    apart=True,
)

SET = replace(_MAIN, others=(replace(_MAIN, variant="revision1", rows=partial(_rows, 1)),))
