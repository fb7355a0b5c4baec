"""Leeds and Anac (2005): institutionalised alliances and their performance in war."""

from __future__ import annotations

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY"]

_TERMS = (
    "military_institutions", "formality", "capability_change", "institution_change",
    "original_target",
)  # fmt: skip

STUDY = Study(
    name="leeds-anac-2005",
    article="leeds_anac_2005",
    question="Are institutionalised alliances more reliable in war?",
    sources=("alliance-performance",),
    tables={
        "Active alliances": "logit of honouring an active alliance, as re-estimated by Alley",
    },
    recipe=(
        "Alliances with an obligation of active help only, 93 of 137; plain standard errors.",
        "Limits are the estimate and 1.96 standard errors either way.",
    ),
    models=(
        Model(
            "Active alliances",
            "logit",
            Specification("logit", f"honored ~ {' + '.join(_TERMS)}", time=None),
            where="active == 1",
        ),
    ),
    left_out="the article's own Tables 4 and 5, which were not seen",
)
