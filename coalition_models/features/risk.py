"""How dangerous the mission is, for the member and for the coalition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.casualties import known_deaths
from coalition_models.features.common import attach, calendar_of, check_as_of, window_sum
from coalition_models.sources.catalog import load

__all__ = ["add_risk"]


def add_risk(
    panel: pd.DataFrame, *, as_of: str = "start", data: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Add the role of the contingent and the losses of its partners.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, state, cow, spell, period``.
    as_of : {"start", "end"}
        Whether deaths within the period count (``"end"``).
    data : DataFrame, optional
        Your own spells with ``coalition, state, spell, role``.

    Returns
    -------
    DataFrame
        A copy with ``combat_role`` (0/1: the contingent's main task was combat; one value per
        spell), ``partner_deaths_12m`` (deaths of all other members, the lead state included, in
        the last 12 months) and ``log_partner_deaths_12m``. American deaths are known by year
        only, so they enter each 1 January.

    Notes
    -----
    Risk drives whether a state defects (McInnis 2020).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.add_risk(cm.build_panel(cm.load("participation"), coalitions=["iraq"]))
    >>> panel.query("state == 'DNK'")["combat_role"].unique().tolist()
    [1.0]
    """
    moment = check_as_of(as_of)
    calendar = calendar_of(panel, ("coalition", "state", "cow", "spell", "period"))
    deaths = known_deaths(moment)
    until = calendar.known(moment)
    group, at = deaths.keys(panel["coalition"], panel["cow"])
    own = window_sum(group, deaths.month, deaths.number, at, until - 11, until)
    # the same sum over every state of the coalition: one key per coalition
    whole, at_whole = group // 1000, at // 1000
    everyone = window_sum(whole, deaths.month, deaths.number, at_whole, until - 11, until)
    low = panel["coalition"].map({c: w[0] for c, w in deaths.coverage.items()}).to_numpy(float)
    high = panel["coalition"].map({c: w[1] for c, w in deaths.coverage.items()}).to_numpy(float)
    inside = (until >= low - 1) & (until <= high)
    partners = np.where(inside, everyone - own, np.nan)
    return attach(
        panel,
        {
            "combat_role": _combat(panel, data),
            "partner_deaths_12m": partners,
            "log_partner_deaths_12m": np.log1p(partners),
        },
        sources=["participation", "fatalities", "fatal_incidents"],
        choices={"as_of": moment},
    )


def _combat(panel: pd.DataFrame, data: pd.DataFrame | None) -> npt.NDArray[np.float64]:
    spells = load("participation") if data is None else data
    key = ["coalition", "state", "spell"]
    absent = [c for c in [*key, "role"] if c not in spells.columns]
    if absent:
        raise DataError(f"the table of spells lacks the columns {', '.join(absent)}")
    roles = spells.drop_duplicates(key).set_index(key)["role"]
    found = roles.reindex(pd.MultiIndex.from_frame(panel[key])).to_numpy(dtype=object)
    return np.where(pd.isna(found), np.nan, found == "combat").astype(float)
