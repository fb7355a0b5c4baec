"""How strong one side of an interstate war is against the other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    AsOf,
    Calendar,
    calendar_of,
    check_as_of,
    month_number,
)
from coalition_models.timelines.yearly import (
    Yearly,
    check_external,
    not_read,
    optional_source,
    year_known,
    yearly,
)

__all__ = ["add_side_strength"]

Floats = npt.NDArray[np.float64]

_SELF = "add_side_strength"
#: source -> what is read there
_READ = {"cow-interstate-wars": "sides and dates", "cow-capabilities": "the composite index"}
#: names of the set "wars": number of the war and side
_NAME = r"^war (\d+) side ([12])$"


@builder(
    columns=("side_strength",),
    needs=("coalition", "cow", "period"),
    sources=("cow-interstate-wars", "cow-capabilities"),
)
def add_side_strength(
    panel: pd.DataFrame, *, as_of: str = "start", external: str = "require"
) -> pd.DataFrame:
    """Add the own side's share of the capabilities of both sides in an interstate war.

    Parameters
    ----------
    panel : DataFrame
        Needs ``coalition, cow, period``; coalitions are named as in the set ``"wars"``, such as
        ``war 106 side 1`` (numbers of the Correlates of War).
    as_of : {"start", "end"}
        When the year must be complete.
    external : {"require", "if_at_hand", "never"}
        Fetch the two sources, or leave the column missing where they are not at hand, or always.

    Returns
    -------
    DataFrame
        A copy with ``side_strength`` (0 to 1): the composite indices of the states that fight on
        the own side at some time in the period (one number for all its members), over those of
        both sides, in the last completed
        year. Missing for other coalitions, and where of one side nobody fights or nobody's index
        is known; a single state without an index counts as nothing.

    Raises
    ------
    DataError
        If the panel lacks a column, or an option is unknown.
    CoverageError
        If a source cannot be had.

    Notes
    -----
    After Weisiger (2016). Wars, sides and dates from ``cow-interstate-wars``, indices from
    ``cow-capabilities`` (both external).

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> panel = pd.DataFrame({"coalition": ["iraq"], "cow": [230],
    ...                       "period": pd.to_datetime(["2004-06-01"])})
    >>> from coalition_models.record import with_panel
    >>> panel = with_panel(panel, {"period": "month"})
    >>> cm.add_side_strength(panel)["side_strength"].tolist()  # doctest: +SKIP
    [nan]
    """
    check_arguments(add_side_strength, locals())
    moment = check_as_of(as_of)
    choice = check_external(external)
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    found = {name: optional_source(name, what, _SELF, choice) for name, what in _READ.items()}
    wars, figures = found.values()
    absent = [not_read(name, choice) for name, table in found.items() if table is None]
    share = (
        np.full(len(rows), np.nan)
        if wars is None or figures is None
        else _shares(rows, calendar, moment, wars, yearly(figures, ["capability_index"]))
    )
    return attach(
        panel,
        {"side_strength": share},
        sources=[name for name in found if not absent],
        choices={"lag": 1, "as_of": moment},
        notes={"side_strength": "; ".join(absent)} if absent else {},
        builder=_SELF,
        cure="Coalitions must be sides of interstate wars, as in cm.analysis_set('wars')",
    )


def _shares(
    panel: pd.DataFrame, calendar: Calendar, moment: AsOf, wars: pd.DataFrame, index: Yearly
) -> Floats:
    """Own side's share in each row."""
    side = _sides(panel, calendar).assign(year=year_known(calendar, moment))
    fighting = _fighting(side, panel, wars)
    value = index.at(
        "capability_index",
        fighting["cow"].to_numpy(dtype=np.int64),
        fighting["year"].to_numpy(dtype=np.int64),
    )
    known = pd.Series(np.where(np.isnan(value), 0.0, value), index=fighting.index)
    own = fighting["side"] == fighting["own"]
    mine = known.where(own, 0.0).groupby(fighting["place"]).sum()
    both = known.groupby(fighting["place"]).sum()
    share = (mine / both).where((mine > 0) & (both > mine))
    value_of_row: Floats = np.asarray(share.reindex(side["place"]), dtype=np.float64)
    return value_of_row


def _sides(panel: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """War, side and months of each row; rows of one side and period have one ``place``."""
    named = panel["coalition"].astype(str).str.extract(_NAME)
    rows = pd.DataFrame(
        {
            "war_num": named[0].to_numpy(dtype=float, na_value=np.nan),
            "own": named[1].to_numpy(dtype=float, na_value=np.nan),
            "first": calendar.first,
            "last": calendar.last,
        }
    )
    return rows.assign(place=rows.groupby(["war_num", "own", "first"], dropna=False).ngroup())


def _fighting(side: pd.DataFrame, panel: pd.DataFrame, wars: pd.DataFrame) -> pd.DataFrame:
    """Each state that fights in each war and period, once, with its side."""
    listed = pd.DataFrame(
        {
            "war_num": wars["war_num"].astype(float),
            "side": wars["side"].astype(float),
            "cow": wars["cow"].astype("int64"),
            "from": month_number(wars["start"]),
            "until": month_number(wars["end"]),
        }
    )
    pairs = side.drop_duplicates("place").merge(listed, on="war_num")
    pairs = pairs[(pairs["from"] <= pairs["last"]) & (pairs["until"] >= pairs["first"])]
    # a member at risk fights, also where the source ends it earlier
    members = side.assign(side=side["own"], cow=panel["cow"].to_numpy(dtype=np.int64))
    members = members[members["own"].notna()]
    return pd.concat([pairs, members]).drop_duplicates(["place", "side", "cow"], ignore_index=True)
