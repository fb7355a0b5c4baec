"""States that were ruled by a communist party during the Cold War."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.errors import AbsentError
from coalition_models.features.attach import attach

__all__ = ["add_former_communist"]

#: Warsaw Pact, Albania, Yugoslavia, Mongolia and the states that followed them (COW numbers);
#: Germany is left out: its eastern part joined a state that had not been communist
_STATES = (
    290, 310, 315, 316, 317, 339, 341, 343, 344, 345, 346, 347, 349, 355, 359, 360, 365, 366, 367,
    368, 369, 370, 371, 372, 373, 701, 702, 703, 704, 705, 712,
)  # fmt: skip
_FROM = pd.Timestamp("1992-01-01")


def add_former_communist(panel: pd.DataFrame) -> pd.DataFrame:
    """Add whether a state was communist until 1989-91.

    Parameters
    ----------
    panel : DataFrame
        Needs ``cow`` and ``period``.

    Returns
    -------
    DataFrame
        A copy with ``former_communist`` (0/1), missing before 1992.

    Notes
    -----
    Used by Tago (2009), whose own list was not seen.

    Examples
    --------
    >>> panel = pd.DataFrame({"cow": [290, 230], "period": pd.to_datetime(["2004-01"] * 2)})
    >>> add_former_communist(panel)["former_communist"].tolist()
    [1.0, 0.0]
    """
    absent = [name for name in ("cow", "period") if name not in panel.columns]
    if absent:
        raise AbsentError(f"the panel lacks the columns {', '.join(absent)}")
    value = panel["cow"].isin(_STATES).to_numpy(dtype=float)
    later = (panel["period"] >= _FROM).to_numpy(dtype=bool)
    return attach(
        panel, {"former_communist": np.where(later, value, np.nan)}, sources=[], choices={}
    )
