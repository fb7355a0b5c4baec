"""Add what NELDA and Bjoernskov-Rode know to the table of elections."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coalition_models.record import with_notes
from coalition_models.sources._rows import each_row
from coalition_models.sources.election_rows import elections_of

__all__ = ["compare_elections", "extended_elections"]

FIRST_DAY = pd.Timestamp("1988-01-01")
LAST_DAY = pd.Timestamp("2021-12-31")
#: A vote of the source is the same election as one in the table if it is this near.
_SAME_DAYS = 31
_AGREE_DAYS = 3
_SAME_MONTHS = 1

Read = Callable[[str], pd.DataFrame]


def extended_elections(bundled: pd.DataFrame, read: Read) -> pd.DataFrame:
    """Add elections that only NELDA (days, to 2012) or Bjoernskov and Rode (months, to 2020) list.

    Parameters
    ----------
    bundled : DataFrame
        The table ``elections``.
    read : callable
        Gives an external source by name, as ``load`` does.

    Returns
    -------
    DataFrame
        The bundled rows and the new ones; ``added_by`` is empty for the former, ``nelda`` or
        ``bjornskov-rode`` for the latter. ``record_of(...).notes["extension"]`` holds, per source,
        how many elections it lists, how many it shares with the table, how many it adds, and where
        the days (more than 3 apart) or months disagree. NELDA includes ceremonial presidents and
        upper houses. The columns of ``election_coverage`` speak of the bundled rows only.
    """
    out = bundled.assign(added_by="")
    states = bundled[["state", "cow"]].drop_duplicates()
    report: dict[str, dict[str, object]] = {}
    fixes = read("election_corrections")
    for name in ("nelda", "bjornskov-rode"):
        found = elections_of(name, read(name), fixes).rows
        covered = read("participation")[["state", "cow"]].drop_duplicates()
        states = pd.concat([states, covered]).drop_duplicates()
        mine = found[found["cow"].isin(states["cow"])]
        mine = mine[(mine["date"] >= FIRST_DAY) & (mine["date"] <= LAST_DAY)]
        new, report[name] = compare_elections(out, mine, monthly=name == "bjornskov-rode")
        new = new.assign(
            state=new["cow"].map(states.set_index("cow")["state"]),
            sources=name,
            agreement="single",
            alternative_date=pd.Timestamp("NaT"),
            added_by=name,
        )
        out = pd.concat([out, new[list(out.columns)].astype(out.dtypes)], ignore_index=True)
    out = out.sort_values(["state", "date", "kind"], ignore_index=True)
    with_notes(out, extension=report)
    return out


def compare_elections(
    table: pd.DataFrame, found: pd.DataFrame, *, monthly: bool
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Split a source's votes into those the table has and those it lacks."""
    shared, fresh, differing = 0, [], []
    for vote in each_row(found.sort_values(["cow", "date"])):
        same = table.loc[(table["cow"] == vote.cow) & (table["kind"] == vote.kind), "date"]
        apart = (_months_apart if monthly else _days_apart)(same, vote.date)
        nearest = apart.min() if len(apart) else None
        if nearest is None or nearest > (_SAME_MONTHS if monthly else _SAME_DAYS):
            fresh.append(vote.Index)
            continue
        shared += 1
        if nearest > (0 if monthly else _AGREE_DAYS):
            ours = same[apart.idxmin()]
            form = "%Y-%m" if monthly else "%Y-%m-%d"
            differing.append(
                f"{vote.cow} {vote.kind}: {ours:%Y-%m-%d} here, {vote.date.strftime(form)} there"
            )
    new = found.loc[fresh]
    return new, {
        "listed": len(found),
        "shared": shared,
        "added": len(new),
        "disagree": differing,
    }


def _days_apart(dates: pd.Series, day: pd.Timestamp) -> pd.Series:
    return (dates - day).abs().dt.days


def _months_apart(dates: pd.Series, day: pd.Timestamp) -> pd.Series:
    months: pd.Series = (dates.dt.year - day.year) * 12 + dates.dt.month - day.month
    return months.abs()
