"""Martin and Vanberg (2003): how long coalition bargaining takes."""

from __future__ import annotations

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "add_end"]

_TERMS = (
    "post_election", "previous_defeat", "continuation_rule", "identifiability",
    "ideological_range", "parties", "parties_x_log_days", "minority",
)  # fmt: skip


def add_end(formations: pd.DataFrame) -> pd.DataFrame:
    """Mark every formation as completed.

    Examples
    --------
    >>> add_end(pd.DataFrame({"days": [39, 40]}))["formed"].tolist()
    [1, 1]
    """
    return formations.assign(formed=1)


STUDY = Study(
    name="martin-vanberg-2003",
    article="martin_vanberg_2003",
    question="Do ideological distance and the number of parties delay a coalition?",
    sources=("government-bargaining",),
    tables={"Bargaining": "Cox model of days until a government is formed (R's coxed)"},
    recipe=(
        "203 formations, all completed; Breslow ties, inverse information.",
        "Parties times log days is a column of the data: its value at the end of each formation.",
    ),
    models=(
        Model(
            "Bargaining",
            "Cox, Breslow",
            Specification(
                "cox",
                f"formed ~ {' + '.join(_TERMS)}",
                start=None,
                stop="days",
                ties="breslow",
                variance="model",
            ),
            prepare=add_end,
        ),
    ),
)
