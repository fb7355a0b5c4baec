"""Changes of the source of support are counted by month, and a year is coded or not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.timelines.support import support_changes, support_coded

TABLE = pd.DataFrame(
    {
        "cow": [230, 230, 230, 200],
        "year": [2003, 2004, 2004, 2004],
        "event": [None, "source_change", "minor_change", "source_change"],
        "date": pd.to_datetime([None, "2004-04-17", "2004-06-01", "2004-04-01"]),
    }
)


def test_changes_within_the_window_count_and_minor_ones_do_not():
    april = 2004 * 12 + 3
    low = np.array([april, april - 2, april + 1, april - 5, april])
    high = np.array([april, april - 1, april + 5, april + 5, april])
    cow = np.array([230, 230, 230, 230, 325])
    assert support_changes(TABLE, cow, low, high).tolist() == [1, 0, 0, 1, 0]


def test_every_year_of_the_window_must_be_coded():
    low = np.array([2003 * 12, 2003 * 12 + 11, 2002 * 12, 2004 * 12, 2003 * 12])
    high = np.array([2004 * 12 + 11, 2004 * 12, 2004 * 12, 2005 * 12, 2004 * 12])
    cow = np.array([230, 230, 230, 230, 200])
    # two rows of one year are one year
    assert support_coded(TABLE, cow, low, high).tolist() == [True, True, False, False, False]
