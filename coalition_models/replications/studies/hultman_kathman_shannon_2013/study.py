"""Hultman, Kathman and Shannon (2013): UN personnel and the killing of civilians."""

from __future__ import annotations

from coalition_models.replications.linear import glm_as_r
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY"]

_TERMS = (
    "troops", "police", "observers", "battle_deaths", "killed_before", "incompatibility",
    "duration", "log_population",
)  # fmt: skip

STUDY = Study(
    name="hultman-kathman-shannon-2013",
    article="hultman_kathman_shannon_2013",
    question="Do UN troops and police protect civilians in civil wars?",
    sources=("civilian-killings",),
    tables={"Killings": "Poisson model of civilians killed (documentation of R's crdata)"},
    recipe=(
        "Standard errors of the Poisson model, which mean nothing on counts so dispersed.",
        "R's start and stopping rule: three z-values differ at the maximum in the fifth digit.",
    ),
    models=(
        Model(
            "Killings",
            "Poisson",
            glm_as_r,
            options={"outcome": "killed", "terms": _TERMS, "family": "poisson"},
        ),
    ),
    left_out="the article's own table, a negative binomial model, whose numbers were not seen",
)
