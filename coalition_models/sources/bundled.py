"""Bundled tables as the rooms below ``load`` read them: typed, checked, once per session."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from coalition_models.sources._paths import data_dir
from coalition_models.sources.catalog import Entry, entry
from coalition_models.tables.contract import Contract, hold
from coalition_models.tables.csv_tables import read_strictly

__all__ = ["bundled_table", "read_bundled"]


def read_bundled(item: Entry) -> pd.DataFrame:
    """Read one bundled table of the catalogue and hold it to its contract."""
    frame = read_strictly(data_dir() / item.path, item.columns)
    hold(frame, Contract(item.name, item.columns, item.key))
    return frame


@lru_cache(maxsize=16)
def bundled_table(name: str) -> pd.DataFrame:
    """Read a small bundled table once; never change it.

    Examples
    --------
    >>> bundled_table("collective_heads")["state"].tolist()
    ['CHE', 'BIH']
    """
    return read_bundled(entry(name))
