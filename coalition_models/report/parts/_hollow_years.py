"""Whether a coalition was hollow in a year: its flags and its partners' strength against peaks."""

from __future__ import annotations

import pandas as pd

from coalition_models.designs.hollowing import Hollowing
from coalition_models.designs.sets import place_of
from coalition_models.render import Table, frame_table

__all__ = ["hollow_years", "year_sentences", "years_table"]


def hollow_years(found: Hollowing) -> pd.DataFrame:
    """Each coalition by calendar year, in the last month of it that is judged.

    Returns
    -------
    DataFrame
        ``coalition, year, month, flags, flags_left`` (share of the most so far), ``partners,
        partners_left, partners_left_low, partners_left_high`` (share of their peak so far, and by
        the readings between two lists), ``unknown`` (share of members without a known strength),
        ``judged, hollow, collapsed`` (months of the year).

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = hollow_years(cm.hollowing(cm.facts("iraq"))).set_index("year")
    >>> table.loc[[2005, 2007], "hollow"].tolist()
    [0, 6]
    """
    parts = []
    for name, months in found.months.groupby("coalition", sort=False):
        known = 1 - months["unknown"] >= found.rule.known
        partners = months["without_lead"].where(known)
        peak = partners.cummax().ffill()
        table = months.assign(
            year=months["month"].dt.year,
            flags_left=months["flags"] / months["flags"].cummax(),
            partners=partners,
            partners_left=partners / peak,
            partners_left_low=(months["without_lead_low"] / peak).where(known),
            partners_left_high=(months["without_lead_high"] / peak).where(known),
        )
        for year, rows in table.groupby("year"):
            judged = rows[rows["judged"].astype(bool)]
            if judged.empty:
                continue
            last = judged.iloc[-1]
            parts.append(
                {
                    "coalition": name,
                    "year": year,
                    **{one: last[one] for one in _SHOWN},
                    "judged": len(judged),
                    "hollow": int(judged["hollow"].sum()),
                    "collapsed": int(judged["collapsed"].sum()),
                }
            )
    return pd.DataFrame(parts)


_SHOWN = [
    "month", "flags", "flags_left", "partners", "partners_left", "partners_left_low",
    "partners_left_high", "unknown",
]  # fmt: skip


def year_sentences(years: pd.DataFrame) -> list[str]:
    """One sentence per coalition: in which years it was hollow, and how full in the others."""
    sentences = []
    for name, part in years.groupby("coalition", sort=False):
        rows = part.to_dict("records")
        hollow = [f"{row['year']} ({row['hollow']} of {row['judged']} months)"
                  for row in rows if row["hollow"]]  # fmt: skip
        blank = [row["year"] for row in rows if pd.isna(row["partners_left"])]
        told = [
            f"{row['year']} {100 * row['flags_left']:.0f}% of the flags and "
            f"{100 * row['partners_left']:.0f}% of the partners' troops "
            f"({100 * row['partners_left_low']:.0f} to {100 * row['partners_left_high']:.0f})"
            for row in rows
            if row["year"] not in blank
        ]
        if blank:
            told.append(f"of too few members in {_years(blank)} is the strength known")
        sentences.append(
            f"{place_of(str(name))} was hollow in {', '.join(hollow) or 'no year'}. At the end of "
            f"each year, as a share of the most until then: {'; '.join(told)}."
        )
    return sentences


def _years(years: list[int]) -> str:
    """Years in words, those that follow each other as a span."""
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][-1] + 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]} to {one[-1]}" for one in spans)


def years_table(years: pd.DataFrame) -> Table:
    """For print."""
    shown = years.assign(
        coalition=[place_of(str(name)) for name in years["coalition"]],
        month=years["month"].dt.strftime("%Y-%m"),
        partners=years["partners"].round().astype("Int64"),
        **{one: (100 * years[one]).round().astype("Int64") for one in _SHARES},
    )
    return frame_table(
        shown[[*_HEADINGS]].rename(columns=_HEADINGS),
        title="Year by year, in the last month that is judged",
        notes=(
            "% of the most: until then (lowest, highest: readings between two lists); % unknown: "
            "members whose strength is not known; judged, hollow, collapsed: months of the year.",
        ),
    )


_SHARES = ("flags_left", "partners_left", "partners_left_low", "partners_left_high", "unknown")
_HEADINGS = {
    "coalition": "coalition",
    "year": "year",
    "month": "month",
    "flags": "members",
    "flags_left": "% of the most members",
    "partners": "partners' troops",
    "partners_left": "% of the most troops",
    "partners_left_low": "lowest %",
    "partners_left_high": "highest %",
    "unknown": "% unknown",
    "judged": "months judged",
    "hollow": "months hollow",
    "collapsed": "months collapsed",
}
