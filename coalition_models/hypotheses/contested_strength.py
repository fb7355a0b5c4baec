"""What a contested finding hangs on, in words: every number is read from the result."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from coalition_models.errors import counted
from coalition_models.hypotheses.contested_cells import UNITS
from coalition_models.hypotheses.contested_evidence import HEADLINE, Evidence
from coalition_models.hypotheses.election_decisions import short_term
from coalition_models.render import format_p

__all__ = ["hanging_on", "in_short"]

_SURE = 0.05
_MIDDLE, _LARGEST = "median z", "largest z in size"
_ENDED = {
    "early": "leaders whose state left early",
    "left_office": "leaders who left office",
    "mission_end": "leaders in office at the mandate's end",
}


def hanging_on(evidence: Evidence, split: pd.DataFrame) -> list[str]:
    """Sentences on the split of the sign, the joint test, re-dating, bounds and early elections.

    Parameters
    ----------
    evidence : Evidence
    split : DataFrame
        As :meth:`Contested.decomposition` gives it.

    Examples
    --------
    >>> hanging_on(Evidence(), pd.DataFrame())
    []
    """
    return [
        *_parts(split),
        *_endings(evidence.endings),
        *_together(evidence.joint),
        *_falls(evidence.falls),
        *_bounds(evidence.bounds),
        *_snap(evidence.decisions),
    ]


def in_short(table: pd.DataFrame, evidence: Evidence, split: pd.DataFrame) -> list[str]:
    """The answer on elections in a few sentences: what is found, how sure, what it depends on.

    Parameters
    ----------
    table : DataFrame
        Combinations with ``ratio_low, ratio_high``.
    evidence : Evidence
    split : DataFrame
        As :meth:`Contested.decomposition` gives it.

    Returns
    -------
    list of str
        Empty where the table holds no state-months within the window looked at closely.
    """
    if "window" not in table.columns:
        return []
    near = table[
        (table["unit"] == UNITS[0]) & (table["window"] == HEADLINE) & (table["outcome"] == "early")
    ]
    sentences = []
    for date, words in _DATED.items():
        part = near[near["date"] == date]
        told = [
            f"{row['side']} {row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f}; "
            f"{row['exposed_events']:.0f} of {row['events']} exits exposed)"
            for row in part.to_dict("records")
            if not row["problem"]
        ]
        if told:
            sentences.append(
                f"{words}, with an election within {HEADLINE} months, as a ratio to other months: "
                f"{', '.join(told)}."
            )
    if len(evidence.joint):
        sentences.append(_verdict(evidence.joint))
    if len(split) and split["change"].notna().all():
        far = split.iloc[int(split["change"].abs().argmax())]
        sentences.append(
            f"What moves the sign most is the {far['dimension']}, from {far['from']} to "
            f"{far['to']}: it multiplies the ratio by {np.exp(far['change']):.2f} "
            f"({np.exp(far['least']):.2f} to {np.exp(far['most']):.2f})."
        )
    return sentences


#: statistic of all combinations together -> how a sentence calls it
_MEASURES = {
    _MIDDLE: "the median z",
    "share beyond 1.96": "the share of z beyond 1.96",
    _LARGEST: "the largest z",
}
_DATED = {"announced": "Decisions to leave early", "main": "Departures of the main contingent"}


def _verdict(joint: pd.DataFrame) -> str:
    rows = joint[joint["family"] == "all listed"].set_index("statistic")["p_value"]
    told = [(words, float(rows[name])) for name, words in _MEASURES.items() if name in rows]
    sure = sum(p < _SURE for _, p in told)
    word = (
        "no more than chance brings" if not sure
        else "more than chance brings" if sure == len(told)
        else f"more than chance brings by {sure} of {len(told)} measures"
    )  # fmt: skip
    listed = ", ".join(f"{format_p(p)} for {words}" for words, p in told)
    return f"All listed combinations together are {word}: p {listed}."


def _parts(split: pd.DataFrame) -> list[str]:
    sentences = []
    for path, part in split.groupby("path", sort=False) if len(split) else ():
        row = part.iloc[0]
        if part["change"].isna().any():
            why = "; ".join(dict.fromkeys(text for text in part["problem"] if text))
            sentences.append(f"From {path}: not to be split, since a step has no ratio ({why}).")
            continue
        steps = ", ".join(
            f"{one['dimension']} ({one['from']} to {one['to']}) times {np.exp(one['change']):.2f} "
            f"({np.exp(one['least']):.2f} to {np.exp(one['most']):.2f})"
            for one in part.to_dict("records")
        )
        sentences.append(
            f"From {path} the ratio goes from {row['ratio_from']:.2f} to {row['ratio_to']:.2f}; "
            f"split over the choices, averaged over their orders (in brackets the range): {steps}."
        )
    return sentences


def _endings(endings: pd.DataFrame) -> list[str]:
    sentences = []
    for label, part in endings.groupby("label", sort=False) if len(endings) else ():
        words = [
            f"{one['exposed']} of {one['cases']} {_ENDED[str(one['ended_by'])]} "
            f"({100 * one['share']:.0f}%)"
            for one in part.to_dict("records")
            if one["ended_by"] in _ENDED
        ]
        near = f"an election {label}" if "month" in str(label) else f"a democracy by {label}"
        sentences.append(f"On the last day with {near}: {', '.join(words)}.")
    return sentences


def _together(joint: pd.DataFrame) -> list[str]:
    if joint.empty:
        return []
    told = joint.pivot_table("p_value", "family", "statistic", sort=False)
    seen = joint.pivot_table("observed", "family", "statistic", sort=False)
    parts = [
        f"{family} {seen.loc[family, _MIDDLE]:.2f} (p {format_p(told.loc[family, _MIDDLE])}; "
        f"largest {seen.loc[family, _LARGEST]:.2f}, p {format_p(told.loc[family, _LARGEST])})"
        for family in told.index
    ]
    first = joint.iloc[0]
    return [
        f"All {int(first['specifications'])} listed combinations together "
        f"({int(first['distinct'])} distinct; {int(first['draws'])} exchanges of calendars between "
        f"states), median z of {', of '.join(parts)}."
    ]


def _falls(falls: pd.DataFrame) -> list[str]:
    return [_fall(row) for row in falls.to_dict("records")] if len(falls) else []


def _fall(row: Mapping[Hashable, object]) -> str:
    if row.get("problem"):
        return f"{row['label']}: no score ({row['problem']})."
    at = {name: float(row[name]) for name in ("z", "z_by_departure")}  # type: ignore[arg-type]
    head = (
        f"{row['label']}, early exits by decision: {row['exposed_events']} of {row['events']} are "
        f"exposed, score z {at['z']:.2f}"
    )
    if abs(at["z"]) < 1.96:
        return f"{head}: below 1.96, so that by this test there is no finding that could fall."
    known, few = (np.isfinite(float(str(row[name]))) for name in ("redated", "left_out"))
    moved = (
        f"{'it falls' if row['exact'] else 'it is known to fall'} once "
        f"{counted(int(row['redated']), 'decision')} of {int(row['differ'])} that differ "  # type: ignore[call-overload]
        f"{'is' if row['redated'] == 1 else 'are'} dated by departure ({row['redated_which']})"
        if known
        else "no set of re-dated decisions that was tried makes it fall"
    )
    left = (
        f"or {counted(int(row['left_out']), 'event')} left out"  # type: ignore[call-overload]
        if few
        else "no few events left out do"
    )
    return f"{head}; {moved}, {left}. All by departure: z {at['z_by_departure']:.2f}."


def _bounds(bounds: pd.DataFrame) -> list[str]:
    sentences = []
    for row in bounds.to_dict("records"):
        if row.get("problem"):
            sentences.append(f"{row['label']}: no bound ({row['problem']}).")
            continue
        gamma = float(row["gamma"])
        sentences.append(
            f"{row['label']}, exits dated {row['date']}: ratio {row['ratio']:.2f}. "
            + (
                "Matched by month it is not beyond chance, without any hidden bias."
                if gamma <= 1
                else f"Matched by month, a hidden bias by which odds of exposure differ "
                f"{gamma:.1f}-fold would make it compatible with chance."
            )
            + " An unmeasured cause would have to raise both exposure and exit "
            f"{row['e_value']:.1f}-fold to explain the ratio away, "
            f"{row['e_value_limit']:.1f}-fold to bring its limit to one."
        )
    return sentences


def _snap(decisions: pd.DataFrame) -> list[str]:
    if decisions.empty:
        return []
    near = {
        side: decisions[f"months_{side}"].le(2).fillna(False).astype(bool)
        for side in ("before", "after")
    }
    told, short = [], []
    for side, mask in near.items():
        part = decisions[mask]
        told += list(part[f"snap_{side}"])
        early = part[short_term(part, side)]
        short += [
            f"{one['state']} {one[f'election_{side}']:%B %Y}" for one in early.to_dict("records")
        ]
    counts = {word: told.count(word) for word in ("yes", "no", "unknown")}
    where = f" Well before the usual term: {', '.join(dict.fromkeys(short))}." if short else ""
    said = int((decisions["dated_by"] == "announced").sum())
    return [
        f"The decision is known of {said} of {counted(len(decisions), 'early exit')}; the others "
        "are dated by departure.",
        f"Of {counted(len(told), 'election')} within two months of a decision {counts['yes']} were "
        f"called early, {counts['no']} were not, and of {counts['unknown']} the facts do not say."
        f"{where} Whether the mission itself was why, no source codes: it could not be known.",
    ]
