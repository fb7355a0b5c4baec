"""Whether a war goes on in the state where a coalition operates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.sources.catalog import entry
from coalition_models.tables.own import own_table
from coalition_models.timelines.calendar import Integers, known_table
from coalition_models.timelines.yearly import yearly

__all__ = ["theatre_intensity"]

Floats = npt.NDArray[np.float64]

_LEVELS = {"minor": 1.0, "war": 2.0}


def theatre_intensity(
    coalitions: pd.Series,
    year: Integers,
    described: pd.DataFrame | None,
    data: pd.DataFrame | None = None,
) -> Floats:
    """Intensity of armed conflict in the host state of each row's coalition in a year.

    Parameters
    ----------
    coalitions : Series
        Names of coalitions; those whose host is not in the table have no known host.
    year : array
        Year of each row.
    described : DataFrame, optional
        The facts' table of coalitions, for ``host_state``.
    data : DataFrame, optional
        ``coalition, year, intensity`` instead of UCDP's conflicts (external), in which the host
        is a primary party, on either side.

    Returns
    -------
    array
        0 none, 1 minor (25 battle deaths in the year), 2 war (1,000); missing for unknown hosts
        and outside the years of the source.
    """
    codes, names = pd.factorize(coalitions)
    if data is not None:
        data = own_table(
            data, ["coalition", "year", "intensity"], "table of intensity", numbers=["intensity"]
        )
        place = {name: i for i, name in enumerate(names)}
        mine = data[data["coalition"].isin(list(names))]
        mine = mine.assign(cow=mine["coalition"].map(place))
        held = yearly(mine, ["intensity"], what="table of intensity")
        return held.at("intensity", codes.astype(np.int64), year)
    if described is None or "host_state" not in described.columns:
        return np.full(len(coalitions), np.nan)
    hosts = described.set_index("coalition")["host_state"].dropna()
    conflicts = known_table("ucdp-conflicts")
    conflicts = conflicts[(conflicts["role"] == "primary") & conflicts["iso3"].isin(hosts)]
    states = {iso3: i for i, iso3 in enumerate(sorted(set(hosts)))}
    levels = conflicts.assign(
        cow=conflicts["iso3"].map(states), intensity=conflicts["intensity"].map(_LEVELS)
    )
    worst = levels.groupby(["cow", "year"])["intensity"].max().reset_index()
    host = pd.Series(names).map(hosts).map(states)
    known = host.notna().to_numpy()[codes]
    of_row = host.fillna(-1).to_numpy(dtype=np.int64)[codes]
    found = yearly(worst, ["intensity"]).at("intensity", of_row, year)
    about = entry("ucdp-conflicts")
    inside = known & (year >= int(about.start[:4])) & (year <= int(about.end[:4]))
    return np.where(inside, np.nan_to_num(found), np.nan)
