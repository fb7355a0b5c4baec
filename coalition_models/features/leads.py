"""Which state leads the coalition of each row."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.features.common import Integers, known_table
from coalition_models.features.own_tables import own_table
from coalition_models.sources.codes import to_cow

__all__ = ["coalition_table", "lead_of"]


def coalition_table(coalitions: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the user's table of coalitions, checked, or the bundled one.

    Examples
    --------
    >>> coalition_table().loc[["isaf"], ["lead_state", "framework"]]
              lead_state framework
    coalition
    isaf             USA      nato
    """
    if coalitions is None:
        return known_table("coalitions").set_index("coalition")
    table = own_table(
        coalitions,
        ["coalition", "start", "lead_state"],
        "table of coalitions",
        dates=["start"],
        filled=["start"],
        key=["coalition"],
    )
    return table.set_index("coalition")


def lead_of(panel: pd.DataFrame, table: pd.DataFrame) -> Integers:
    """State number of each row's lead state, valid when the coalition began; -1 where none.

    Examples
    --------
    >>> import pandas as pd
    >>> lead_of(pd.DataFrame({"coalition": ["isaf", "other"]}), coalition_table()).tolist()
    [2, -1]
    """
    led = table[table["lead_state"].notna()]
    numbers = to_cow(led["lead_state"], led["start"]) if len(led) else pd.Series(dtype="int64")
    lookup = dict(zip(led.index, numbers, strict=True))
    found: Integers = panel["coalition"].map(lookup).fillna(-1).to_numpy(dtype=np.int64)
    return found
