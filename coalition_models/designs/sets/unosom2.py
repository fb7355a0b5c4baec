"""The second United Nations operation in Somalia, 1993-1995, by month."""

from __future__ import annotations

from dataclasses import replace

from coalition_models.designs.bundled_set import bundled_counts, bundled_set
from coalition_models.designs.set_record import Counts
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.members.facts import Facts

__all__ = ["SET"]

_LEADER = "USA"


def _led() -> tuple[Facts, Counts]:
    """The same facts with the United States as the leader, which is never at risk."""
    found = bundled_facts(("unosom2",))
    if found.members is None or found.coalitions is None:
        return found, {}
    leads = found.members["state"] == _LEADER
    counts = bundled_counts(found)
    return found.replace(
        members=found.members.assign(exit_kind=found.members["exit_kind"].mask(leads, "leader")),
        coalitions=found.coalitions.assign(lead_state=_LEADER),
    ), counts


_RECORD = bundled_set("unosom2", place="Somalia (UNOSOM II)", order=2)
_LIMITS = (
    *_RECORD.limits,
    "Most months of exit are inferred from the UN total of a state, which falls by the size of the "
    "contingent; thirteen of sixteen early exits lie between December 1993 and March 1994.",
    "States with staff officers or police only are no members.",
)

_MAIN = replace(
    _RECORD,
    unsupported={"alliance": "the UN commanded, so that no lead state is coded"},
    limits=(
        *_LIMITS,
        "The United States, the first to announce its exit, is at risk; the variant us_leads takes "
        "it for the leader.",
    ),
)

SET = replace(
    _MAIN,
    others=(
        replace(
            _RECORD,
            variant="us_leads",
            facts=_led,
            bundled=False,
            limits=(*_LIMITS, "The United States is taken for the leader, never at risk."),
        ),
    ),
)
