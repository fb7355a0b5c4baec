"""Conflict sides of one government that are one mission."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["join_sides"]

_SIDE = ["conflict_id", "side"]


def join_sides(conflicts: pd.DataFrame) -> pd.DataFrame:
    """Supporters by year with the mission that their side belongs to.

    Two sides are one mission where they support the same government and some state supports both
    in one year: the UN force in Mali is in three conflicts of one state.

    Parameters
    ----------
    conflicts : DataFrame
        ``load("ucdp-conflicts")``.

    Returns
    -------
    DataFrame
        The rows of supporters with ``party`` (Gleditsch-Ward number of the government supported;
        0 where it is no single state, as with rebels) and ``mission``, named after the first of
        its conflicts.

    Examples
    --------
    >>> rows = pd.DataFrame({
    ...     "conflict_id": [1, 1, 2, 2, 3, 3], "side": "A", "year": 2013,
    ...     "role": ["primary", "secondary"] * 3, "gw": [432, 220, 432, 220, 432, 200]})
    >>> join_sides(rows)["mission"].tolist()
    ['ucdp 1 A', 'ucdp 1 A', 'ucdp 3 A']
    """
    fighting = conflicts[conflicts["role"] == "primary"].groupby(_SIDE)["gw"]
    single = fighting.first()[fighting.min() == fighting.max()]
    rows = conflicts[conflicts["role"] == "secondary"].copy()
    keys = pd.MultiIndex.from_frame(rows[_SIDE])
    rows["party"] = single.reindex(keys).fillna(0).to_numpy(dtype=np.int64)
    sides = rows[_SIDE].drop_duplicates().sort_values(_SIDE)
    number = pd.Series(range(len(sides)), pd.MultiIndex.from_frame(sides))
    rows["place"] = number.reindex(keys).to_numpy()
    known = rows.loc[rows["party"] > 0, ["party", "gw", "year", "place"]]
    pairs = known.merge(known, on=["party", "gw", "year"])
    links = coo_matrix(
        (np.ones(len(pairs)), (pairs["place_x"], pairs["place_y"])), shape=(len(sides),) * 2
    )
    group = connected_components(links, directed=False)[1]
    # sides are in order, so that the first of a group is that of its first conflict
    first = pd.Series(range(len(sides))).groupby(group).transform("min").to_numpy()
    label = "ucdp " + sides["conflict_id"].astype(str) + " " + sides["side"].astype(str)
    rows["mission"] = label.to_numpy()[first[rows["place"]]]
    return rows.drop(columns="place")
