"""The four complete coalitions since 1993 in one panel, each with a baseline of its own."""

from __future__ import annotations

from dataclasses import replace

from coalition_models.designs.bundled_set import bundled_set

__all__ = ["SET"]

_POOLED = ("iraq", "isaf", "rsm", "unosom2")

_RECORD = bundled_set(
    "contemporary", place="Iraq, Afghanistan and Somalia", order=4, coalitions=_POOLED
)

_MAIN = replace(
    _RECORD,
    title="Iraq, ISAF, Resolute Support and UNOSOM II",
    strata=("coalition",),
    clusters=("state", "coalition"),
    apart=True,
    limits=(
        *_RECORD.limits,
        "Each coalition has a baseline of its own, so that nothing that is common to the members "
        "of one can be told. Clustered by state, since states are in several, and by coalition, of "
        "which there are four only: the larger p-value counts.",
        "These are the exits of iraq, isaf, rsm and unosom2 together, no further evidence.",
    ),
    others=(),
)
_WITHOUT = "ISAF without the two spells that served in Enduring Freedom throughout."
_WITH = "ISAF with the two spells that served in Enduring Freedom throughout."

SET = replace(
    _MAIN,
    limits=(*_MAIN.limits, _WITHOUT),
    others=tuple(
        replace(
            _MAIN, variant=one.variant, facts=one.facts, bundled=False,
            limits=(*_MAIN.limits, _WITH),
        )
        for one in _RECORD.others
    ),
)  # fmt: skip
