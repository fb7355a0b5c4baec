"""Box-Steffensmeier (1996): war chests of incumbents and the entry of challengers."""

from __future__ import annotations

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY"]

STUDY = Study(
    name="box-steffensmeier-1996",
    article="box_steffensmeier_1996",
    question="Do war chests deter strong challengers?",
    sources=("campaign-war-chests",),
    tables={"War chests": "Cox model of the entry of a strong challenger (R's coxed)"},
    recipe=(
        "War chests change within a race: intervals from start to stop, one or more per race.",
        "Breslow ties, inverse information.",
    ),
    models=(
        Model(
            "War chests",
            "Cox, Breslow",
            Specification(
                "cox",
                "challenger_entry ~ war_chest + democrat + south + prior_vote",
                id="race",
                ties="breslow",
                variance="model",
            ),
        ),
    ),
    clusters=("race",),
)
