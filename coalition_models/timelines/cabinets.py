"""Cabinets after ParlGov: coalition, minority, caretaker."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.sources.catalog import entry
from coalition_models.timelines.calendar import Integers, find_until, known_table, month_number

__all__ = ["cabinet_columns", "cabinets"]

Floats = npt.NDArray[np.float64]

_COLUMNS = ("coalition_cabinet", "minority_cabinet", "caretaker_cabinet")


@lru_cache(maxsize=1)
def cabinets() -> pd.DataFrame:
    """Sum up each cabinet of ParlGov (external): one row with its state, first day and kind.

    ``coalition_cabinet``: two parties or more; ``minority_cabinet``: its parties hold at most
    half of the seats; both missing where no party or no number of seats is given.
    """
    rows = known_table("parlgov-cabinets").dropna(subset=["cow"])
    inside = rows[rows["in_cabinet"] == "yes"]
    by = inside.groupby("cabinet_id")
    seats = by["seats"].agg(lambda s: s.astype("float64").sum(skipna=False))
    found = rows.drop_duplicates("cabinet_id").set_index("cabinet_id")
    total = found["seats_total"].astype("float64")
    parties = by.size().reindex(found.index)
    share = seats.reindex(found.index) / total
    table = pd.DataFrame(
        {
            "cow": found["cow"].astype("int64"),
            "start": found["start"],
            "coalition_cabinet": (parties >= 2).astype("float64").where(parties.notna()),
            "minority_cabinet": (share <= 0.5).astype("float64").where(share.notna()),
            "caretaker_cabinet": (found["caretaker"] == "yes").astype("float64"),
        }
    )
    return table.sort_values(["cow", "start"], ignore_index=True)


def cabinet_columns(cow: Integers, known: Integers) -> dict[str, Floats]:
    """Kind of the last cabinet formed by a month; missing for states ParlGov does not cover."""
    table = cabinets()
    found = find_until(
        table["cow"].to_numpy(dtype=np.int64), month_number(table["start"]), cow, known
    )
    last = int(month_number(pd.Series([pd.Timestamp(entry("parlgov-cabinets").end)]))[0])
    inside = (found >= 0) & (known <= last)
    return {name: np.where(inside, table[name].to_numpy()[found], np.nan) for name in _COLUMNS}
