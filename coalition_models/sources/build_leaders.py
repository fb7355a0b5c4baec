"""Derive the table of leaders from REIGN and ParlGov."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

import pandas as pd

from coalition_models.sources._rows import each_row
from coalition_models.sources.leader_rows import leaders_of

__all__ = ["LEADER_COLUMNS", "build_leaders", "same_person"]

FIRST_DAY = pd.Timestamp("1988-01-01")
LAST_DAY = pd.Timestamp("2021-12-31")
#: Day of the development version of ParlGov.
PARLGOV_LAST_DAY = pd.Timestamp("2023-11-04")

LEADER_COLUMNS = [
    "state",
    "cow",
    "office",
    "leader",
    "start",
    "start_precision",
    "end",
    "end_precision",
    "entry",
    "party",
    "left_right",
    "caretaker",
    "known_until",
    "source",
    "note",
]

#: Two sources mean one person if the names are this alike and the entries this close.
_ALIKE = 0.75
_NEAR = pd.Timedelta(days=60)


def build_leaders(
    members: pd.DataFrame,
    reign: pd.DataFrame,
    cabinets: pd.DataFrame,
    reign_end: pd.Timestamp,
) -> pd.DataFrame:
    """List who led each state at any time of 1988-2021, in two senses.

    ``effective`` is the person who holds the power (REIGN), ``head_of_government`` the prime
    minister, chancellor or president who heads the cabinet (ParlGov). An effective leader who is
    also head of government takes party and left-right position from ParlGov.

    Parameters
    ----------
    members : DataFrame
        ``state, cow`` of the states wanted.
    reign, cabinets : DataFrame
        What the readers of ``reign-leaders`` and ``parlgov-cabinets`` return.
    reign_end : Timestamp
        The last day that REIGN covers.
    """
    heads = _heads_of_government(cabinets[cabinets["iso3"].isin(members["state"])])
    effective = _effective(reign[reign["iso3"].isin(members["state"])], reign_end)
    effective = _with_party(effective, heads)
    out = pd.concat([effective, heads], ignore_index=True)
    out = out[(out["end"].isna() | (out["end"] >= FIRST_DAY)) & (out["start"] <= LAST_DAY)]
    codes = members.set_index("state")["cow"]
    out = out.assign(cow=out["state"].map(codes), entry="")
    out = out.sort_values(["state", "office", "start"], ignore_index=True)
    return out[LEADER_COLUMNS]


def _effective(reign: pd.DataFrame, known_until: pd.Timestamp) -> pd.DataFrame:
    """Take REIGN's spells; date an exit by the successor where the months meet."""
    rows = leaders_of("reign-leaders", reign).rows
    return pd.DataFrame(
        {
            "state": rows["iso3"],
            "office": "effective",
            "leader": rows["leader"],
            "start": rows["start"],
            "start_precision": rows["start_precision"],
            "end": rows["end"],
            "end_precision": rows["end_precision"],
            "known_until": known_until,
            "source": "reign",
            "note": "",
        }
    )


def _heads_of_government(cabinets: pd.DataFrame) -> pd.DataFrame:
    """Join consecutive cabinets of one prime minister into one row.

    A cabinet has no end of its own: it ends when the next one starts.
    """
    named = cabinets[cabinets["prime_minister"].notna()]
    each = named.drop_duplicates("cabinet_id").sort_values(["iso3", "start"])
    leading = named[named["leads_cabinet"] == "yes"].drop_duplicates("cabinet_id")
    leading = leading.set_index("cabinet_id")
    each = each.assign(
        party=each["cabinet_id"].map(leading["party"]),
        left_right=each["cabinet_id"].map(leading["left_right"]),
    )
    changed = (each["prime_minister"] != each["prime_minister"].shift()) | (
        each["iso3"] != each["iso3"].shift()
    )
    rows = [_one_head(group) for _, group in each.groupby(changed.cumsum())]
    out = pd.DataFrame(rows)
    out["end"] = out.groupby("state")["start"].shift(-1)
    out["end_precision"] = out["end"].notna().map({True: "day", False: None})
    return out


def _one_head(cabinets: pd.DataFrame) -> dict[str, object]:
    first = cabinets.iloc[0]
    caretaking = cabinets["caretaker"] == "yes"
    notes = []
    if caretaking.any() and not caretaking.all():
        days = ", ".join(f"{day:%Y-%m-%d}" for day in cabinets.loc[caretaking, "start"])
        notes.append(f"caretaker cabinets from {days}")
    party = cabinets["party"].fillna("")
    for number in range(1, len(cabinets)):
        if party.iloc[number] != party.iloc[number - 1]:
            day = cabinets["start"].iloc[number]
            notes.append(f"party from {day:%Y-%m-%d}: {party.iloc[number] or 'none'}")
    return {
        "state": first["iso3"],
        "office": "head_of_government",
        "leader": first["prime_minister"],
        "start": first["start"],
        "start_precision": "day",
        "party": first["party"],
        "left_right": first["left_right"],
        "caretaker": "yes" if caretaking.all() else "partly" if caretaking.any() else "no",
        "known_until": PARLGOV_LAST_DAY,
        "source": "parlgov",
        "note": "; ".join(notes),
    }


def _with_party(effective: pd.DataFrame, heads: pd.DataFrame) -> pd.DataFrame:
    """Give party and left-right to effective leaders who head the cabinet."""
    found = [_match(row.state, row.leader, row.start, heads) for row in each_row(effective)]
    out = effective.copy()
    for name in ("party", "left_right", "caretaker"):
        out[name] = [None if i is None else heads[name].iloc[i] for i in found]
    matched = pd.Series([i is not None for i in found], index=out.index)
    out["source"] = out["source"].mask(matched, "reign;parlgov")
    out["note"] = [
        "" if i is None else _other_day(start, heads["start"].iloc[i])
        for i, start in zip(found, out["start"], strict=True)
    ]
    return out


def _other_day(start: pd.Timestamp, cabinet: pd.Timestamp) -> str:
    """Say where the sources date one entry into office differently."""
    differs = start != cabinet and abs(start - cabinet) <= _NEAR
    return f"cabinet from {cabinet:%Y-%m-%d} in ParlGov" if differs else ""


def _match(state: str, leader: str, start: pd.Timestamp, heads: pd.DataFrame) -> int | None:
    """Find the head of government of that name who entered, or was in office, at that time."""
    own = heads["state"] == state
    inside = (heads["start"] <= start) & (heads["end"].isna() | (heads["end"] > start))
    apart = (heads["start"] - start).abs()
    candidates = (own & (inside | (apart <= _NEAR))).to_numpy().nonzero()[0]
    for position in sorted(candidates, key=lambda i: apart.iloc[i]):
        if same_person(heads["leader"].iloc[position], leader):
            return int(position)
    return None


def same_person(one: str, other: str) -> bool:
    """Tell whether two sources' names may mean one person: some word of each is alike.

    Examples
    --------
    >>> same_person("Karamanlis Kos", "Karamanlis"), same_person("Sipilae", "Juha Sipila")
    (True, True)
    >>> same_person("Kaczynski", "Tusk")
    False
    """
    return any(
        SequenceMatcher(None, left, right).ratio() >= _ALIKE
        for left in _words(one)
        for right in _words(other)
    )


def _words(name: str) -> list[str]:
    """Split a name into words of three letters or more, and its whole."""
    words = [_plain(word) for word in name.split()]
    return [word for word in (*words, _plain(name)) if len(word) > 2] or [_plain(name)]


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[^a-z]", "", text)
