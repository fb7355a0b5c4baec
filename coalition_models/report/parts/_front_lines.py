"""The lines that the front page begins with: each is made from the numbers of a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from coalition_models.designs.hollowing import Hollowing
from coalition_models.designs.sets import place_of
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.contested_cells import UNITS
from coalition_models.hypotheses.contested_evidence import HEADLINE
from coalition_models.render import format_p
from coalition_models.report.html import Claim
from coalition_models.report.in_words import spells_in_words
from coalition_models.report.part import HEADINGS
from coalition_models.report.parts._contested_tables import fact_words

__all__ = ["contested_lines", "forms_line", "hollow_line", "often_line"]

_FOUND, _SURE, _DEPENDS, _UNKNOWN, _FACTS = HEADINGS
_MAIN = "elections_iraq"
_TEN = 10
_QUESTIONS, _ELECTIONS = "questions.html", "contested_elections.html"


def _linked(text: str, page: str, items: Sequence[str] = (), **named: str) -> Claim:
    """A line with the tables and pictures behind it: their name -> what the link is called."""
    places = {name.replace("_", "-", 1): title for name, title in named.items()}
    return Claim(text, [(title, f"{page}#{place}") for place, title in places.items()], items)


def often_line(rates: pd.DataFrame) -> tuple[str, Claim]:
    """Early exits by coalition, from the rarest to the commonest, and what makes them unsure."""
    early = rates[rates["outcome"] == "early"].sort_values("rate")
    told = ", ".join(
        f"{row['rate']:.1f} in {place_of(str(row['coalition']))} ({row['conf_low']:.1f} to "
        f"{row['conf_high']:.1f})"
        for row in early.to_dict("records")
    )
    wide = {
        what: float((early[f"{what}_high"] - early[f"{what}_low"]).mean())
        for what in ("sampling", "coding", "dating")
    }
    each = ", ".join(f"{what} {wide[what]:.1f}" for what in sorted(wide, key=lambda k: -wide[k]))
    text = (
        f"How often: early exits in 100 member-years, {told}. In brackets is all that is unsure "
        f"together; each alone is on average so wide: {each}."
    )
    return _FOUND, _linked(text, _QUESTIONS, figure_questions_frequencies="picture",
                           table_questions_frequencies="rates")  # fmt: skip


def forms_line(sentences: list[str], moves: pd.DataFrame) -> tuple[str, Claim]:
    """The commonest form, and whether leaving comes after defecting in part."""
    first = sentences[0].partition(":")[0]
    gone = moves.groupby("state")["left"].sum()
    text = (
        f"Which forms: {first[0].lower()}{first[1:]}; {int(gone.get('reduced', 0))} of "
        f"{int(gone.sum())} early exits ({', '.join(place_of(s) for s in moves['set'].unique())}) "
        "come after a defection in part."
    )
    return _FOUND, _linked(text, _QUESTIONS, table_questions_forms="forms",
                           table_questions_moves="before and after")  # fmt: skip


def hollow_line(found: Hollowing) -> tuple[str, Claim]:
    """The month of hollowness and of collapse by coalition, with how often there is one."""
    told = []
    for name, part in found.verdicts.groupby("coalition", sort=False):
        main = part[(part["rule"] == "as given") & (part["strengths"] == "last")].iloc[0]
        words = [_when(what, main[what], part[what]) for what in ("hollow", "collapsed")]
        told.append(f"{place_of(str(name))} {', '.join(words)}")
    text = (
        f"Hollow when: {'; '.join(told)}. Here {found.rule}. Flags are members; variants have "
        "other numbers in this rule, or read the strengths between two lists otherwise."
    )
    return _FOUND, _linked(text, _QUESTIONS, figure_questions_hollowing="picture",
                           table_questions_hollow_rule="rule and months",
                           table_questions_hollow_years="year by year")  # fmt: skip


def _when(what: str, month: pd.Period | None, variants: pd.Series) -> str:
    """From which month by the rule, and in how many of its variants, from when at the earliest."""
    here = "in no month" if month is None else f"from {month:%B %Y}"
    some = variants.dropna()
    if some.empty:
        return f"{what} {here} (in none of {len(variants)} variants)"
    return (
        f"{what} {here} (in {len(some)} of {len(variants)} variants, from {min(some):%B %Y} at "
        "the earliest)"
    )


def contested_lines(contested: Mapping[str, Contested]) -> list[tuple[str, Claim]]:
    """Elections: found in Iraq, how sure, on what it hangs, what was not known, what would help."""
    if _MAIN not in contested:
        return []
    iraq = contested[_MAIN]
    known = {name: one for name, one in contested.items() if one.claim == "elections"}
    name = f"contested_{_MAIN}"
    lines = [
        (_FOUND, _found(iraq), {"s3": "how it is known", f"figure_{name}": "picture",
                                f"table_{name}": "combinations"}),
        (_SURE, _sure(iraq, known), {f"table_{name}_joint": "joint test"}),
        (_DEPENDS, _depends(iraq),
         {f"table_{name}_split": "split", f"table_{name}_falls": "falls"}),
        (_UNKNOWN, _unknown(known), {f"table_{name}_decisions": "decisions"}),
    ]  # fmt: skip
    said = [(heading, _linked(text, _ELECTIONS, **links)) for heading, text, links in lines if text]
    text, facts = _wanted(iraq)
    links = {f"table_{name}_wanted": "facts with their sources",
             f"table_{name}_variance": "variance"}  # fmt: skip
    return [*said, (_FACTS, _linked(text, _ELECTIONS, facts, **links))] if text else said


def _near(found: Contested, date: str, side: str) -> dict[str, object] | None:
    table = found.with_intervals()
    rows = table[
        (table["unit"] == UNITS[0]) & (table["window"] == HEADLINE) & (table["date"] == date)
        & (table["side"] == side) & (table["outcome"] == "early") & (table["problem"] == "")
    ]  # fmt: skip
    return None if rows.empty else {str(k): v for k, v in rows.iloc[0].items()}


def _ratio(row: Mapping[str, object]) -> str:
    return f"{row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f})"


def _found(iraq: Contested) -> str:
    said, done = (_near(iraq, date, "around") for date in ("announced", "main"))
    ahead = _near(iraq, "announced", "ahead")
    if said is None or done is None or ahead is None:
        return ""
    unsure = [
        words
        for words, row in (("ahead of one only", ahead), ("dated by departure", done))
        if not _sure_of(row)
    ]
    answer = "yes, for when decisions fall" if _sure_of(said) else "not to be told from chance"
    if _sure_of(said) and unsure:
        answer += f", but {' and '.join(unsure)} it cannot be told from chance"
    return (
        f"Did elections matter in {place_of(iraq.coalition)}: {answer}. Decisions to leave early "
        f"lie within {HEADLINE} months of one, before or after it, {_ratio(said)} times as often "
        f"as in other months ({said['exposed_events']:.0f} of {said['events']}, over {said['n']} "
        "months of members at risk); ahead of one only, which is what can be known beforehand, "
        f"{_ratio(ahead)}; dated by departure, {_ratio(done)}."
    )


def _sure_of(row: Mapping[str, object]) -> bool:
    return bool(float(str(row["ratio_low"])) > 1 or float(str(row["ratio_high"])) < 1)


def _sure(iraq: Contested, known: Mapping[str, Contested]) -> str:
    joint = iraq.evidence.joint
    if joint.empty:
        return ""
    rows = joint[joint["family"] == "all listed"].set_index("statistic")["p_value"]
    others = []
    for one in known.values():
        row = _near(one, "announced", "around")
        if one.coalition != iraq.coalition and row is not None:
            others.append(f"{place_of(one.coalition)} {_ratio(row)}")
    return (
        f"All {int(joint['specifications'].iloc[0])} combinations listed on elections together: p "
        f"{format_p(float(rows['median z']))} for the median z, "
        f"{format_p(float(rows['largest z in size']))} for the largest z. The same look in other "
        f"coalitions: {', '.join(others) or 'none at hand'}. In {place_of(iraq.coalition)} it is a "
        "finding after the fact."
    )


def _depends(iraq: Contested) -> str:
    split, falls = iraq.decomposition(), iraq.evidence.falls
    parts = []
    if len(split) and split["change"].notna().all():
        far = split.iloc[int(split["change"].abs().argmax())]
        parts.append(
            f"What moves the ratio most is the {far['dimension']}: from '{far['from']}' to "
            f"'{far['to']}' it is multiplied by {np.exp(far['change']):.2f} "
            f"({np.exp(far['least']):.2f} to {np.exp(far['most']):.2f}, by what else is chosen)."
        )
    around = falls[falls["label"].str.endswith("around")] if len(falls) else falls
    if len(around) and pd.notna(around["redated"].iloc[0]):
        row = around.iloc[0]
        parts.append(
            f"The finding on decisions falls once {int(row['redated'])} of {int(row['differ'])} "
            f"are dated by departure ({spells_in_words(str(row['redated_which']))})."
        )
    return " ".join(parts)


def _unknown(known: Mapping[str, Contested]) -> str:
    decisions = pd.concat([one.evidence.decisions for one in known.values()], ignore_index=True)
    if decisions.empty:
        return ""
    away = decisions[decisions["dated_by"] != "announced"]
    near = pd.concat(
        [decisions.loc[decisions[f"months_{side}"].le(HEADLINE), f"snap_{side}"]
         for side in ("before", "after")]
    )  # fmt: skip
    return (
        f"Of {len(decisions)} early exits the decision is not known of {len(away)}. Of the "
        f"{len(near)} elections within {HEADLINE} months of one it is known of "
        f"{int(near.ne('unknown').sum())} whether they were called early; whether the mission was "
        "why, no source says of any."
    )


def _wanted(iraq: Contested) -> tuple[str, list[str]]:
    """What sampling leaves unsure, and the ten facts that would take off most of the rest."""
    wanted = iraq.evidence.wanted
    if wanted.facts.empty:
        return "", []
    share = wanted.split.set_index("source")["share"]
    first = wanted.facts.head(_TEN)
    facts = [
        f"{words} ({part:.1%})"
        for words, part in zip(fact_words(first), first["share"], strict=True)
    ]
    text = (
        f"Of the variance of the ratio of decisions around an election in "
        f"{place_of(iraq.coalition)} {share['sampling']:.0%} is sampling, which no fact lowers, "
        f"{share['coding']:.0%} the coding of exits and {share['dates']:.0%} dates "
        f"({wanted.draws} worlds drawn of each). So much of it would go, on average, if one fact "
        "alone were known:"
    )
    return text, facts
