"""Berkemeier and Fuhrmann (2018): how often alliance commitments are honoured in war."""

from __future__ import annotations

import pandas as pd

from coalition_models.replications.numbers import Estimated, Key
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "rates"]

_KINDS = ("defense", "offense", "neutrality", "nonaggression")


def rates(rows: pd.DataFrame) -> Estimated:
    """Count commitments, those that a war put to the test, and the share honoured of these.

    Parameters
    ----------
    rows : DataFrame
        One row per alliance and war, with ``honored_llm`` and ``not_applicable_llm``.

    Examples
    --------
    >>> war = pd.DataFrame({"before_1945": [1, 1, 0], "honored_llm": [1, 0, 0],
    ...                     "not_applicable_llm": [0, 0, 1], "defense": 1, "offense": 0,
    ...                     "neutrality": 0, "nonaggression": 0})
    >>> rates(war).others["1816-1944", "percent"]
    50.0
    """
    eras = {"1816-1944": rows["before_1945"] == 1, "1945-2003": rows["before_1945"] == 0}
    groups = {"all": rows, **{era: rows[which] for era, which in eras.items()}}
    groups |= {kind: rows[rows[kind] == 1] for kind in _KINDS}
    groups |= {
        f"defense {era}": rows[which & (rows["defense"] == 1)] for era, which in eras.items()
    }
    others: dict[Key, float] = {}
    for name, group in groups.items():
        relevant = group[group["not_applicable_llm"] != 1]
        honored = float(relevant["honored_llm"].sum())
        others[name, "observations"] = len(group)
        others[name, "relevant"] = len(relevant)
        others[name, "honored"] = honored
        others[name, "percent"] = 100 * honored / len(relevant) if len(relevant) else float("nan")
    return Estimated(others=others)


STUDY = Study(
    name="berkemeier-fuhrmann-2018",
    article="berkemeier_fuhrmann_2018",
    question="How often do states honour their alliances in war?",
    sources=("alliance-fulfilment",),
    tables={"Rates": "commitments that a war put to the test, and the share honoured, per cent"},
    recipe=(
        "By the coding of Leeds, Long and Mitchell, a row counts where it applies.",
        "Honoured: the share of these rows.",
    ),
    models=(Model("Rates", "earlier coding", rates),),
)
