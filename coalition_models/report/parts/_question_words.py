"""Sentences on how often members defect, in which forms, and when coalitions were hollow."""

from __future__ import annotations

import pandas as pd

from coalition_models.designs.frequencies import Frequencies
from coalition_models.designs.frequency_readings import EVERY
from coalition_models.designs.hollowing import Hollowing
from coalition_models.designs.sets import place_of
from coalition_models.errors import counted
from coalition_models.report.in_words import form_word

__all__ = ["before_leaving", "hollow_when", "how_often", "which_forms"]


def how_often(rates: Frequencies, frameworks: Frequencies) -> list[str]:
    """Say how often members leave early, and how sure that is."""
    table = rates.table
    early = table[table["outcome"] == "early"]
    said = "; ".join(
        f"{place_of(row['coalition'])} {row['rate']:.1f} ({row['conf_low']:.1f} to "
        f"{row['conf_high']:.1f})"
        for row in early.to_dict("records")
    )
    wide = {
        what: float((early[f"{what}_high"] - early[f"{what}_low"]).mean())
        for what in ("sampling", "coding", "dating")
    }
    order = sorted(wide, key=lambda what: -wide[what])
    sentences = [
        f"Early exits in 100 member-years, with all that is unsure: {said}.",
        f"Most of that is {order[0]} (on average {wide[order[0]]:.1f} wide), then {order[1]} "
        f"({wide[order[1]]:.1f}) and {order[2]} ({wide[order[2]]:.1f}).",
    ]
    known = frameworks.table
    if {"ad_hoc", "nato"} <= set(known.loc[known["outcome"] == "early", "framework"]):
        ratios = frameworks.ratios("nato").set_index("framework")
        row = ratios.loc["ad_hoc"].to_dict()
        base = ratios.loc["nato"].to_dict()
        sentences.append(
            f"Ad hoc against NATO: {row['ratio']:.1f} times as many ({row['ratio_low']:.1f} to "
            f"{row['ratio_high']:.1f} by sampling; {row['lowest']:.1f} to {row['highest']:.1f} by "
            f"reading), from {counted(int(row['operations']), 'operation')} against "
            f"{int(base['operations'])}: a difference between these, not between frameworks."
        )
    return sentences


def which_forms(forms: Frequencies) -> list[str]:
    """Say which forms defection takes."""
    table = forms.table[forms.table["outcome"] == EVERY].set_index("form")
    total = int(table["events"].sum())
    share = table["events"] / total
    most = form_word(str(share.idxmax()))
    text = ", ".join(f"{int(n)} {form_word(str(form))}" for form, n in table["events"].items())
    full = forms.readings[forms.readings["form"] == "full"].set_index(["coding", "dates"])["events"]
    every = forms.readings.groupby(["coding", "dates"])["events"].sum()
    span = full / every.reindex(full.index)
    return [
        f"Of {total} defections the commonest form is {most} ({100 * share.max():.0f}%): {text}. "
        f"Full exits are {100 * span.min():.0f} to {100 * span.max():.0f}% under other readings; "
        "partial forms are found where someone looked for them."
    ]


def before_leaving(moves: pd.DataFrame) -> list[str]:
    """Say how often members defect in part before they leave."""
    sentences = []
    for name, part in moves.groupby("set", sort=False):
        rows = {str(row["state"]): row for row in part.to_dict("records")}
        if set(rows) != {"whole", "reduced"}:
            continue
        whole, less = rows["whole"], rows["reduced"]
        total = int(part["left"].sum())
        sentences.append(
            f"{place_of(str(name))}: {int(whole['reduced'])} spells defect in part first, and "
            f"{int(less['left'])} of {counted(total, 'early exit')} come after that: "
            f"{less['rate']:.1f} in 100 member-years against {whole['rate']:.1f} before (ratio "
            f"{less['ratio']:.1f}, {less['ratio_low']:.1f} to {less['ratio_high']:.1f}). In part "
            "comes before leaving for some, and most leave without it."
            if less["left"] * 2 < total
            else f"{place_of(str(name))}: {int(less['left'])} of "
            f"{counted(total, 'early exit')} come after a defection in part."
        )
    return sentences


def hollow_when(found: Hollowing) -> list[str]:
    """Say when each coalition was hollow or collapsed."""
    sentences = []
    months = found.months[found.months["judged"].astype(bool)]
    enough = 1 - months["unknown"] >= found.rule.known
    for name, part in found.verdicts.groupby("coalition", sort=False):
        main = part[(part["rule"] == "as given") & (part["strengths"] == "last")].iloc[0]
        mine = months["coalition"] == name
        seen = f"{int((mine & enough).sum())} of {counted(int(mine.sum()), 'month')}"
        for what in ("hollow", "collapsed"):
            month = main[what]
            never = int(part[what].isna().sum())
            here = f"from {month:%B %Y}" if month is not None else "in no month"
            known = f" (strengths allow a verdict in {seen})" if what == "hollow" else ""
            sentences.append(
                f"{place_of(str(name))}: {what} {here}{known}; in {len(part) - never} of the "
                f"{len(part)} variants of the rule's numbers and of the strengths between two "
                "lists there is such a month."
            )
    return sentences
