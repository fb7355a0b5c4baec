"""What the combinations of a contested claim say, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import gathered
from coalition_models.features.regime import add_regime
from coalition_models.record import with_panel
from coalition_models.sources.fetch import at_hand

__all__ = ["choice_sentences", "compare_mello", "directions", "tally"]


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


def directions(rows: pd.DataFrame, by: Sequence[str]) -> list[str]:
    """Say for each unit which way the ratio points, by side or measure.

    Parameters
    ----------
    rows : DataFrame
        Combinations with a sign.
    by : sequence of str
        ``unit``, and a second choice if there is one.

    Returns
    -------
    list of str
        One sentence for each unit.

    Examples
    --------
    >>> rows = pd.DataFrame({"unit": ["month"], "side": ["ahead"], "sign": ["+"],
    ...     "p_value": [0.2], "ratio": [2.0]})
    >>> directions(rows, ["unit", "side"])
    ['month: ahead above one in 1 of 1 (0 with p < 0.05; median ratio 2.0).']
    """
    unit, *others = by
    sentences = []
    for name in dict.fromkeys(rows[unit]):
        part = rows[rows[unit] == name]
        groups = (
            [(one, part[part[others[0]] == one]) for one in dict.fromkeys(part[others[0]])]
            if others
            else [("", part)]
        )
        words = [
            f"{label} above one in {(group['sign'] == '+').sum()} of {len(group)} "
            f"({(group['p_value'] < 0.05).sum()} with p < 0.05; median ratio "
            f"{group['ratio'].median():.1f})".strip()
            for label, group in groups
        ]
        sentences.append(f"{name}: {', '.join(words)}.")
    return sentences


def choice_sentences(flips: pd.DataFrame, choices: Sequence[str], about_one: float) -> list[str]:
    """Say how often changing each choice alone turns the sign.

    Parameters
    ----------
    flips : DataFrame
        As :meth:`Contested.flips` gives them.
    choices : sequence of str
    about_one : float
        Ratios nearer to one than this are about one.
    """
    sentences = []
    for choice in choices:
        part = flips[(flips["choice"] == choice) & (flips["pairs"] > 0)]
        if part.empty:
            continue
        most = part.iloc[0]
        often = (
            f", most often from {most['from']!s} to {most['to']!s} "
            f"({most['flips']} of {most['pairs']}; the ratio times {np.exp(most['shift']):.2f} on "
            "average)"
            if most["flips"]
            else ""
        )
        sentences.append(
            f"Changing the {choice} alone turns the sign in {part['flips'].sum()} of "
            f"{part['pairs'].sum()} pairs ({part['clear_flips'].sum()} with both ratios more "
            f"than {100 * (about_one - 1):.0f} per cent from one, "
            f"{part['both_significant'].sum()} with p < 0.05 on both sides){often}."
        )
    return sentences


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
        f"'leader, any month' is biased by exposure: cases of leaders who left early last "
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
