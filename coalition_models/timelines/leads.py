"""Which state leads the coalition of each row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.members.facts import Facts
from coalition_models.sources.codes import to_cow
from coalition_models.timelines.calendar import Integers
from coalition_models.timelines.given import needed

__all__ = ["coalition_table", "lead_of"]


def coalition_table(facts: Facts, builder: str) -> pd.DataFrame:
    """Return the coalitions of some facts by name.

    Examples
    --------
    >>> import coalition_models as cm
    >>> coalition_table(cm.facts("isaf"), "add_alliance")[["lead_state", "framework"]]
              lead_state framework
    coalition
    isaf             USA      nato
    """
    return needed(facts, "coalitions", builder, "the lead state").set_index("coalition")


def lead_of(panel: pd.DataFrame, table: pd.DataFrame) -> Integers:
    """State number of each row's lead state, valid when the coalition began; -1 where none.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> table = coalition_table(cm.facts(), "add_alliance")
    >>> lead_of(pd.DataFrame({"coalition": ["isaf", "other"]}), table).tolist()
    [2, -1]
    """
    led = table[table["lead_state"].notna()]
    numbers = to_cow(led["lead_state"], led["start"]) if len(led) else pd.Series(dtype="int64")
    lookup = dict(zip(led.index, numbers, strict=True))
    found: Integers = panel["coalition"].map(lookup).fillna(-1).to_numpy(dtype=np.int64)
    return found
