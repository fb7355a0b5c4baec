"""Mello (2020): paths to early withdrawal from Iraq, put to our leaders."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import DataError
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.qca.leaders import leader_sets, published_paths
from coalition_models.qca.parameters import sufficiency
from coalition_models.qca.solutions import minimise
from coalition_models.qca.truth import truth_table
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Claim, Model, Study

__all__ = ["STUDY", "after_mandate", "all_leaders", "paths", "solution"]

#: his cut of consistency
_CUT = 0.75
_QUANTITIES = ("consistency", "pri", "raw_coverage", "unique_coverage")


def all_leaders(members: pd.DataFrame) -> pd.DataFrame:
    """Sets of leaders, compared with all who did not leave early."""
    facts = bundled_facts(("iraq",)).replace(members=members[members["coalition"] == "iraq"])
    return leader_sets(leader_cases(facts))


def after_mandate(members: pd.DataFrame) -> pd.DataFrame:
    """Sets of leaders, compared with those whose case ended with the mandate."""
    facts = bundled_facts(("iraq",)).replace(members=members[members["coalition"] == "iraq"])
    return leader_sets(leader_cases(facts), comparison="mandate")


def paths(sets: pd.DataFrame) -> Estimated:
    """Fit of his paths."""
    return _numbers(sufficiency(" + ".join(published_paths()), sets, "W"), len(sets))


def solution(sets: pd.DataFrame, *, conditions: tuple[str, ...]) -> Estimated:
    """The intermediate solution of these cases, by its first model."""
    table = truth_table(sets, "W", list(conditions), consistency_cut=_CUT)
    expected = {name: 1 for name in conditions if name != "E"}
    barred = ["~L*~E*P*~C*~F"] if "E" in conditions else []
    try:
        found = minimise(table, "intermediate", expectations=expected, exclude=barred)
    except DataError:
        # no negative row: any remainder would do, and the conservative one is left
        found = minimise(table)
    return _numbers(found.parameters[found.parameters["model"] == 0], len(sets))


def _numbers(parameters: pd.DataFrame, cases: int) -> Estimated:
    others = {
        (str(row["term"]), quantity): float(row[quantity])
        for row in parameters.to_dict("records")
        for quantity in _QUANTITIES
        if not np.isnan(row[quantity])
    }
    return Estimated(model={"rows": float(cases)}, others=others)


_FIVE = partial(Model, options={"conditions": tuple("LEPCF")})

STUDY = Study(
    name="mello-2020",
    article="mello_2020",
    kind="in spirit",
    question="Which combinations of conditions lead to early withdrawal from Iraq?",
    sources=("participation", "cow-capabilities", "parlgov-cabinets"),
    tables={
        "All": "compared with every leader who did not leave early",
        "Mandate": "compared with leaders whose case ended with the mandate",
    },
    recipe=(
        "Anchors of P, C and F are his; consistency cut .75, frequency cut 1; the remainder "
        "~L*~E*P*~C*~F is barred, as in his script.",
    ),
    models=(
        Model("All", "his paths", paths, prepare=all_leaders),
        _FIVE("All", "our solution", solution, prepare=all_leaders),
        Model("Mandate", "his paths", paths, prepare=after_mandate),
        Model("Mandate", "our solution, without E", solution, prepare=after_mandate,
              options={"conditions": tuple("LPCF")}),
    ),
    same=("leaders as cases; five conditions, direct calibration, his three known anchors.",),
    differs=(
        "our leaders, of whom 28 have all five conditions, against his 51; fatalities per million "
        "inhabitants and commitment as a share of the armed forces are our measures.",
        "L, E and W are crisp facts; the expectations (L, P, C, F present, none of E) are ours.",
        "with comparison cases ended by the mandate nobody has an election ahead, and E is left "
        "out.",
        "a fit of paths has no standard error: no specification curve, but ranges in docs/qca.md.",
    ),
    claims=tuple(
        Claim(f"{path} is sufficient", "All", "his paths", path, "+", "consistency", _CUT)
        for path in published_paths()
    ),
)  # fmt: skip
