"""Add what Archigos, CHISOLS and the Global Leader Ideology know to the table of leaders."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coalition_models.sources._rows import each_row
from coalition_models.sources.build_leaders import same_person
from coalition_models.sources.leader_rows import leaders_of

__all__ = ["entry_and_exit", "extended_leaders", "source_change"]

FIRST_DAY = pd.Timestamp("1988-01-01")
#: Sources mean one entry into office if the days are this near.
_NEAR = pd.Timedelta(days=60)
_SAME_CHANGE = pd.Timedelta(days=10)

Read = Callable[[str], pd.DataFrame]


def extended_leaders(bundled: pd.DataFrame, read: Read) -> pd.DataFrame:
    """Add manner of entry and exit, change of the source of support, and ideology.

    Parameters
    ----------
    bundled : DataFrame
        The table ``leaders``.
    read : callable
        Gives an external source by name, as ``load`` does.

    Returns
    -------
    DataFrame
        The bundled rows with ``entry`` filled and new columns ``exit`` (both Archigos, to 2015),
        ``source_change`` (CHISOLS, to 2018: yes if the leader's coming changed the social source
        of support, no if it did not), ``ideology`` (economic, on the first 31 December in
        office, to 2020) and ``added_by`` (sources that added to the row). Where a source does
        not know the person at that time, the value is missing. Archigos's own spells follow as
        rows of office ``archigos``, since its choice of leader differs in some states.
    """
    out = bundled.copy()
    added = pd.Series("", index=out.index)
    archigos = leaders_of("archigos", read("archigos")).rows
    archigos = archigos[archigos["cow"].isin(out["cow"])]
    effective = out["office"] == "effective"
    manner = entry_and_exit(out[effective], archigos).reindex(out.index)
    out[["entry", "exit"]] = manner.astype(object).where(manner.notna(), None)
    added = _flag(added, out["entry"].notna(), "archigos")
    out["source_change"] = source_change(out, read("chisols")).where(effective, None)
    added = _flag(added, out["source_change"].notna(), "chisols")
    out["ideology"] = _ideology(out, read("leader-ideology"))
    added = _flag(added, out["ideology"].notna(), "leader-ideology")
    out["added_by"] = added
    rows = pd.concat([out, _archigos_rows(archigos, out)], ignore_index=True)
    return rows.sort_values(["state", "office", "start"], ignore_index=True)


def _flag(added: pd.Series, where: pd.Series, name: str) -> pd.Series:
    joined = added.where(added == "", added + ";") + name
    return added.mask(where, joined)


def entry_and_exit(leaders: pd.DataFrame, archigos: pd.DataFrame) -> pd.DataFrame:
    """Manner of entry and exit of leaders whom Archigos lists by a like name and day.

    Parameters
    ----------
    leaders : DataFrame
        ``cow, leader, start``.
    archigos : DataFrame
        Its terms, as :func:`leaders_of` gives them.

    Returns
    -------
    DataFrame
        ``entry, exit``, missing for those not found.
    """
    own = archigos[archigos["cow"].isin(leaders["cow"])]
    found = [_spell(row.cow, row.leader, row.start, own) for row in each_row(leaders)]
    columns = {
        name: pd.Series(
            [None if i is None else own[name].iloc[i] for i in found], leaders.index, dtype=object
        )
        for name in ("entry", "exit")
    }
    return pd.DataFrame(columns, index=leaders.index)


def _spell(cow: int, leader: str, start: pd.Timestamp, archigos: pd.DataFrame) -> int | None:
    near = (archigos["cow"] == cow) & ((archigos["start"] - start).abs() <= _NEAR)
    for position in near.fillna(False).to_numpy(dtype=bool).nonzero()[0]:
        if same_person(leader, archigos["leader"].iloc[position]):
            return int(position)
    return None


def _archigos_rows(archigos: pd.DataFrame, bundled: pd.DataFrame) -> pd.DataFrame:
    rows = archigos[archigos["end"].isna() | (archigos["end"] >= FIRST_DAY)]
    states = bundled.drop_duplicates("cow").set_index("cow")["state"]
    frame = pd.DataFrame(
        {
            "state": rows["cow"].astype(int).map(states),
            "cow": rows["cow"].astype(int),
            "office": "archigos",
            "leader": rows["leader"],
            "start": rows["start"],
            "start_precision": "day",
            "end": rows["end"],
            "end_precision": rows["end"].notna().map({True: "day", False: None}),
            "entry": rows["entry"],
            "exit": rows["exit"],
            "known_until": rows["known_until"],
            "source": "archigos",
            "added_by": "archigos",
        }
    )
    return frame.reindex(columns=bundled.columns).astype({"left_right": "float64"})


def source_change(leaders: pd.DataFrame, chisols: pd.DataFrame) -> pd.Series:
    """Say whether CHISOLS has a change of the source of support at each leader's entry.

    Returns
    -------
    Series
        ``yes``, ``no``, or missing where it has nobody coming at that time.
    """
    dated = chisols[chisols["date"].notna()]
    changes = dated[dated["event"] == "source_change"]
    arrivals = dated[dated["event"] == "leader_change"]

    def verdict(cow: int, start: pd.Timestamp) -> str | None:
        if _any_near(changes, cow, start):
            return "yes"
        return "no" if _any_near(arrivals, cow, start) else None

    pairs = zip(leaders["cow"], leaders["start"], strict=True)
    return pd.Series([verdict(cow, start) for cow, start in pairs], leaders.index, dtype=object)


def _any_near(events: pd.DataFrame, cow: int, day: pd.Timestamp) -> bool:
    near = (events["cow"] == cow) & ((events["date"] - day).abs() <= _SAME_CHANGE)
    return bool(near.fillna(False).any())


def _ideology(leaders: pd.DataFrame, ideology: pd.DataFrame) -> pd.Series:
    """Take the ideology of the first 31 December in office, if the source names that person."""
    by_year = ideology.set_index(["cow", "year"])
    columns = {
        "effective": ("leader", "leader_ideology"),
        "head_of_government": ("head_of_government", "head_ideology"),
    }
    values: list[str | None] = []
    for row in each_row(leaders):
        last = row.known_until if pd.isna(row.end) else row.end
        year = row.start.year
        key = (row.cow, year)
        if last < pd.Timestamp(year, 12, 31) or key not in by_year.index:
            values.append(None)
            continue
        person, label = (by_year.loc[key, name] for name in columns[row.office])
        known = isinstance(person, str) and same_person(row.leader, person)
        values.append(label if known else None)
    return pd.Series(values, leaders.index, dtype=object)
