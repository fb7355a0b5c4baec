"""States that were ruled by a communist party during the Cold War."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.tables.own import plain_panel, require_columns
from coalition_models.timelines.calendar import known_table, month_number

__all__ = ["add_former_communist"]

#: first month in which nobody's party rules any more
_FROM = 1992 * 12


@builder(columns=("former_communist",))
def add_former_communist(panel: pd.DataFrame) -> pd.DataFrame:
    """Add whether a state was communist until 1989-91.

    Parameters
    ----------
    panel : DataFrame
        Needs ``cow`` and ``period``.

    Returns
    -------
    DataFrame
        A copy with ``former_communist`` (0/1), missing before 1992. The states are listed in
        ``load("former_communist")``.

    Raises
    ------
    DataError
        If the panel lacks a column, or it does not hold what it should.

    Notes
    -----
    Used by Tago (2009), whose own list was not seen.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"))
    >>> found = cm.add_former_communist(panel).groupby("state")["former_communist"].first()
    >>> found[["POL", "ESP"]].tolist()
    [1.0, 0.0]
    """
    check_arguments(add_former_communist, locals())
    rows = plain_panel(panel)
    require_columns(rows, ("cow", "period"), "panel", dates=("period",), filled=("cow", "period"))
    value = rows["cow"].isin(known_table("former_communist")["cow"]).to_numpy(dtype=float)
    return attach(
        panel,
        {"former_communist": np.where(month_number(rows["period"]) >= _FROM, value, np.nan)},
        sources=["former_communist"],
        choices={},
        builder="add_former_communist",
        cure="The list says who was communist until 1989-91, so it tells of 1992 and later only",
    )
