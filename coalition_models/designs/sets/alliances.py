"""Commitments in war, honoured or violated: no time at risk, hence a logit."""

from __future__ import annotations

import pandas as pd

from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.record import with_panel
from coalition_models.sources.load import load

__all__ = ["SET"]

#: column of the source -> its name here
_COLUMNS = {
    "capability_change": "capability_change_10",
    "capability_change_20": "capability_change_20",
    # the article's measure is a change of the policy process; regimes fell in few cases
    "institution_change": "regime_change",
    "regime_change": "regime_change_narrow",
    "military_institutions": "military_institutions",
    "formality": "formality",
    "original_target": "original_target",
}


def _rows() -> tuple[pd.DataFrame, Counts]:
    table = load("alliance-performance")
    panel = (
        table[list(_COLUMNS)]
        .rename(columns=_COLUMNS)
        .astype(float)
        .assign(
            state=table["cow"].astype(str),
            coalition=table["alliance"].astype(str),
            event=1 - table["honored"].astype(int),
        )
    )
    with_panel(panel, {}, sources=("alliance-performance",))
    return panel, {}


SET = SetRecord(
    name="alliances",
    title="Alliance commitments in war, 1816-1944",
    place="alliances in war",
    order=8,
    rows=_rows,
    source="alliance-performance",
    sources=("alliance-performance",),
    outcome="the commitment was violated",
    unit="ally called on in a war",
    event="violation",
    about="ally called on in a war, 1816-1944; the commitment was violated. Odds ratios. The cases "
    "of Leeds and Anac (2005), so that their claims are estimated again here, not put to new "
    "evidence",
    clusters=("coalition",),
    model="logit",
    apart=True,
    own_cases="Leeds and Anac (2005)",
    brings=("regime_change_narrow", "military_institutions", "formality", "original_target"),
)
