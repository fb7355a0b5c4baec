"""Rows and exits by each feature alone, before any model."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.errors import DataError

__all__ = ["exposure"]


def exposure(panel: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Count rows and exits where each feature is zero, above or below zero, or missing.

    Parameters
    ----------
    panel : DataFrame
    columns : sequence of str
        Features that are numbers.

    Returns
    -------
    DataFrame
        ``feature, value`` (``0``, ``above 0``, ``below 0``, ``missing``), ``rows, states, exits,
        exits_per_100_rows``.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"state": ["ESP", "POL"], "event": [1, 0], "loss": [2.0, 0.0]})
    >>> exposure(panel, ["loss"])[["value", "rows", "exits", "exits_per_100_rows"]]
         value  rows  exits  exits_per_100_rows
    0        0     1      0                 0.0
    1  above 0     1      1               100.0
    """
    absent = [name for name in columns if name not in panel.columns]
    if absent:
        raise DataError(f"the panel lacks the columns {', '.join(absent)}")
    parts = []
    for name in columns:
        column = panel[name]
        groups = {
            "0": column == 0,
            "above 0": column > 0,
            "below 0": column < 0,
            "missing": column.isna(),
        }
        for label, rows in groups.items():
            part = panel[rows.fillna(False).to_numpy(dtype=bool)]
            if len(part):
                parts.append(
                    {
                        "feature": name,
                        "value": label,
                        "rows": len(part),
                        "states": part["state"].nunique(),
                        "exits": int(part["event"].sum()),
                        "exits_per_100_rows": 100 * part["event"].mean(),
                    }
                )
    columns_made = ["feature", "value", "rows", "states", "exits", "exits_per_100_rows"]
    return pd.DataFrame(parts, columns=columns_made)
