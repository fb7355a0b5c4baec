"""What the combinations of a contested claim say, in words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import gathered
from coalition_models.features.regime import add_regime
from coalition_models.record import with_panel
from coalition_models.sources.fetch import at_hand

__all__ = ["compare_mello", "directions", "tally"]


def tally(rows: pd.DataFrame) -> str:
    """Count the combinations on either side of one.

    Examples
    --------
    >>> tally(pd.DataFrame({"sign": ["+", "-", "-"], "p_value": [0.2, 0.04, 0.9]}))
    'of 3 combinations 1 has a ratio above one (0 with p < 0.05), 2 below one (1 with p < 0.05)'
    """
    more, sure = rows["sign"] == "+", rows["p_value"] < 0.05
    verb = "has" if more.sum() == 1 else "have"
    return (
        f"of {len(rows)} combinations {more.sum()} {verb} a ratio above one "
        f"({(more & sure).sum()} with p < 0.05), {(~more).sum()} below one "
        f"({(~more & sure).sum()} with p < 0.05)"
    )


def directions(rows: pd.DataFrame, choices: Sequence[str]) -> list[str]:
    """Say for each unit which way the ratio points, by the second choice and date.

    Parameters
    ----------
    rows : DataFrame
        Combinations with a sign.
    choices : sequence of str
        Unit, a second choice (window or measure), and date.

    Returns
    -------
    list of str
        One sentence for each unit; dates with the same pattern are named together.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit": "month", "window": [0, 6, 0, 6], "sign": ["+", "-"] * 2,
    ...     "date": ["main", "main", "last", "last"], "p_value": [0.01, 0.5, 0.5, 0.5]})
    >>> directions(rows, ("unit", "window", "date"))
    ['month: above one at window 0, below one at 6, whatever the date; 1 of 4 with p < 0.05.']
    """
    unit, middle, date = choices
    sentences = []
    for name in dict.fromkeys(rows[unit]):
        part = rows[rows[unit] == name]
        patterns: dict[str, list[str]] = {}
        for day in dict.fromkeys(part[date]):
            patterns.setdefault(_sides(part[part[date] == day], middle), []).append(str(day))
        several = len(set(part[date])) > 1
        words = [
            f"{text}, "
            + (
                "whatever the date"
                if several and len(patterns) == 1
                else f"by the {_listed(days)} {'dates' if len(days) > 1 else 'date'}"
            )
            for text, days in patterns.items()
        ]
        sure = int((part["p_value"] < 0.05).sum())
        sentences.append(f"{name}: {'; '.join(words)}; {sure} of {len(part)} with p < 0.05.")
    return sentences


def _sides(rows: pd.DataFrame, middle: str) -> str:
    """Values of a choice with a ratio above one, and those below."""
    texts: list[str] = []
    for sign, side in (("+", "above one"), ("-", "below one")):
        values = [str(value) for value in rows.loc[rows["sign"] == sign, middle]]
        if values:
            texts.append(f"{side} at {'' if texts else f'{middle} '}{_listed(values)}")
    return ", ".join(texts)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def compare_mello(table: pd.DataFrame) -> list[str]:
    """Say what sets the leaders in Iraq apart from those of Mello (2020).

    Parameters
    ----------
    table : DataFrame
        Combinations of :func:`contest` on elections in Iraq.

    Returns
    -------
    list of str
    """
    cases = leader_cases("iraq")
    heads = leader_cases("iraq", who="head_of_government")
    sizes = table.loc[table["unit"].str.startswith("leader"), "n"]
    counted = _range(sizes) if len(sizes) else "none"
    length = cases.groupby("early_exit")["months"].median()
    return [
        f"This is no replication of Mello (2020), who has 51 leaders of 29 democracies; his list "
        f"of cases was not seen. Here are {len(cases)} leaders of {cases['state'].nunique()} "
        f"states ({counted} with a known answer on elections, by combination), "
        f"{int(cases['early_exit'].sum())} of whom left early.",
        f"He has democracies only{_democracies(cases)}; prime ministers where presidents count as "
        f"leading here (with heads of government alone there are {len(heads)} leaders of "
        f"{heads['state'].nunique()} states, those that ParlGov covers); and exits dated by the "
        "decision, which is nearest to announced here.",
        f"'leader, ever' is biased by exposure: cases of leaders who left early last "
        f"{length.loc[1]:g} months at the median, the others' {length.loc[0]:g}, and a longer case "
        "is likelier to meet an election.",
    ]


def _range(sizes: pd.Series) -> str:
    low, high = int(sizes.min()), int(sizes.max())
    return str(low) if low == high else f"{low} to {high}"


def _democracies(cases: pd.DataFrame) -> str:
    """How many of the leaders lead democracies on their last day, if that can be told."""
    if not at_hand("democracy-bmr"):
        return ""
    months = cases.assign(
        period=cases["last_day"].dt.to_period("M").dt.to_timestamp(),
        entry=cases["first_day"],
        spell=range(1, len(cases) + 1),
        start=0,
    )
    with_panel(months, {"period": "month", "clock": "coalition"})
    with gathered():
        known = add_regime(months, measures=["bmr"])
    free = cases[known["democracy_bmr"].to_numpy() == 1]
    return (
        f" (here {len(free)} of the leaders, of {free['state'].nunique()} states, lead one by "
        "Boix, Miller and Rosato)"
    )
