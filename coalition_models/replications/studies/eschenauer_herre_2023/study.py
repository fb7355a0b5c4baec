"""Eschenauer-Engler and Herre (2023): coups by rank of their leaders, and democratization."""

from __future__ import annotations

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY"]

_OTHERS = (
    "was_democratic + british_colony + independence_year + cold_war + log_income + income_growth "
    "+ time + I(time**2) + I(time**3)"
)
_TABLES = {"Table A1": "any", "Table A2": "success", "Table A3": "failure"}
_LEADERS = ("coup", "senior", "midrank", "junior")

STUDY = Study(
    name="eschenauer-herre-2023",
    article="eschenauer_herre_2023",
    question="Do coups lead to democracy, and does the rank of their leaders matter?",
    sources=("coups-democratization",),
    tables={
        "Table A1": "logit of democratization on coups tried (online appendix)",
        "Table A2": "the same on coups that succeeded",
        "Table A3": "the same on coups that failed",
    },
    recipe=(
        "A cubic polynomial of time, not printed.",
        "Standard errors of the model: the notes name clusters by country, which do not give the "
        "printed ones.",
        "The adjusted R-squared is McFadden's, each parameter taken off.",
    ),
    models=tuple(
        Model(
            table,
            f"M{4 * row + column}",
            Specification("logit", f"democratization ~ {leaders}_{kind} + {_OTHERS}", time=None),
        )
        for row, (table, kind) in enumerate(_TABLES.items())
        for column, leaders in enumerate(_LEADERS, start=1)
    ),
    clusters=("cow",),
    deviations={
        "r2": "McFadden's adjusted measure agrees in the other eleven models; here it is .0749"
    },
)
