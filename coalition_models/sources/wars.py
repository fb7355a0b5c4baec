"""Join the dates, deaths and outcomes of the Correlates of War to our codings of war exits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few

__all__ = ["with_cow_dates"]

_KEY = ["war_num", "cow", "spell_chrono"]
#: a partner fights on if its spell runs more than this many days past the state's end
_LONGER = pd.Timedelta(days=30)


def with_cow_dates(codings: pd.DataFrame, read: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """Add what the Correlates of War project knows of each spell.

    Parameters
    ----------
    codings : DataFrame
        ``load("war_participation")``.
    read : callable
        Table name to frame, ``load`` as a rule; reads ``cow-interstate-wars``.

    Returns
    -------
    DataFrame
        The codings with ``start, end`` and their precision, ``side_end`` (last day of the side),
        ``n_states_side``, ``n_partners`` (others whose spell overlaps), ``partners_at_end``,
        ``partners_still_fighting`` (more than 30 days past ``end``), ``bat_death`` with
        ``bat_death_repeated``, ``initiator`` (0/1) and ``outcome`` of the side. ``combat_end`` is
        filled with ``end`` where the coding does not differ from it.

    Raises
    ------
    DataError
        If a coded spell has no counterpart or stands on another side there.
    """
    blocks = read("cow-interstate-wars").sort_values(["war_num", "cow", "start", "side"])
    blocks = blocks.assign(spell_chrono=blocks.groupby(["war_num", "cow"]).cumcount() + 1)
    repeated = (
        blocks.duplicated(["war_num", "side", "cow"], keep=False) & blocks["bat_death"].notna()
    )
    blocks["bat_death_repeated"] = repeated.astype("int64")
    sides = blocks.groupby(["war_num", "side"])
    blocks["side_end"] = sides["end"].transform("max")
    blocks["n_states_side"] = sides["cow"].transform("nunique")
    blocks = blocks.join(_partners(blocks))
    columns = [
        *_KEY, "side", "start", "start_precision", "end", "end_precision", "side_end",
        "n_states_side", "n_partners", "partners_at_end", "partners_still_fighting",
        "bat_death", "bat_death_repeated", "initiator", "outcome",
    ]  # fmt: skip
    known = blocks[columns].rename(columns={"side": "cow_side"})
    # our own coding of precision rests on the same dates; COW's comes with them
    plain = codings.drop(columns=[c for c in ("start_precision",) if c in codings.columns])
    joined = plain.merge(known, on=_KEY, how="left", validate="one_to_one")
    _refuse_strangers(joined)
    joined["initiator"] = joined["initiator"].astype("Int64")
    joined["combat_end"] = joined["combat_end"].fillna(joined["end"])
    return joined.drop(columns="cow_side")


def _refuse_strangers(joined: pd.DataFrame) -> None:
    wrong = joined["end"].isna() | (joined["cow_side"] != joined["side"]).fillna(True)
    if wrong.any():
        names = [
            f"war {r.war_num} {r.state} spell {r.spell_chrono}"
            for r in joined[wrong.to_numpy(dtype=bool)].itertuples(index=False)
        ]
        raise DataError(
            f"{len(names)} coded spells have no counterpart on that side in the list of "
            f"interstate wars: {first_few(names)}"
        )


def _partners(blocks: pd.DataFrame) -> pd.DataFrame:
    """Count the other states of the same side by how their spells lie to each spell."""
    counts = np.zeros((len(blocks), 3), dtype=np.int64)
    place = pd.Series(np.arange(len(blocks)), index=blocks.index)
    for _, side in blocks.groupby(["war_num", "side"]):
        start, end = side["start"].to_numpy(), side["end"].to_numpy()
        cow = side["cow"].to_numpy(dtype=np.int64)
        for i, at in enumerate(place[side.index]):
            other = cow != cow[i]
            overlaps = other & (start <= end[i]) & (end >= start[i])
            there = overlaps & (end >= end[i])
            longer = there & (end > end[i] + _LONGER.to_timedelta64())
            counts[at] = [len(np.unique(cow[m])) for m in (overlaps, there, longer)]
    names = ["n_partners", "partners_at_end", "partners_still_fighting"]
    return pd.DataFrame(counts, index=blocks.index, columns=names)
