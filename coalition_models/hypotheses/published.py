"""Which published finding holds in these data, which turns, and which cannot be tested."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.result import Verdicts, format_ratio
from coalition_models.render import Table, format_p
from coalition_models.sources.literature import article, articles

__all__ = [
    "STANDINGS",
    "published_findings",
    "published_table",
    "sensitivity_table",
    "sensitivity_words",
    "standing_line",
]

#: how a published finding stands
STANDINGS = (
    "holds", "holds, p only", "turns", "turns, p only", "mixed", "little effect", "open",
    "own cases only", "cannot be tested",
)  # fmt: skip


def published_findings(verdicts: Verdicts) -> pd.DataFrame:
    """One line per claim: how its published finding stands, and a sentence with the numbers.

    ``holds``: supported on a set and contradicted on none; ``turns``: the other way round; both
    ``p only`` where no verdict is outright. ``open``: tested, and decided nowhere. A finding made
    again on an article's own cases is not counted: ``own cases only`` where there is no other
    test. A claim whose tests are those of another is read from them, with the sign that it
    expects itself.

    Parameters
    ----------
    verdicts : Verdicts

    Returns
    -------
    DataFrame
        ``claim, name, articles, finding`` (as published, where it was seen), ``standing, sets``
        (tested), ``expected`` (with the sign that the claim expects), ``pooled, pooled_low,
        pooled_high, pooled_p`` (ratio over sets, random effects; missing with fewer than two),
        ``line``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.test_hypotheses("iraq", ["H02", "H08"], robust=False)
    >>> published_findings(found)[["claim", "standing"]].values.tolist()
    [['H02', 'open'], ['H08', 'cannot be tested']]
    """
    plan = {claim.id: claim for claim in read_plan().claims}
    meta = verdicts.meta.set_index("claim") if len(verdicts.meta) else pd.DataFrame()
    rows = []
    for name, part in verdicts.table.groupby("claim", sort=False):
        claim = plan[str(name)]
        own = part["own_cases"].ne("")
        tested = part[(part["verdict"] != "untestable") & ~own]
        standing = _standing(tested)
        if tested.empty and own.any():
            standing = STANDINGS[-2]
        pooled = _pooled(meta, claim.id)
        rows.append(
            {
                "claim": claim.id,
                "name": claim.name,
                "articles": ", ".join(claim.articles),
                "finding": claim.finding,
                "standing": standing,
                "sets": len(tested),
                "expected": _expected(tested, claim.sign),
                **pooled,
                "line": _line(claim, part, tested, standing, pooled),
            }
        )
    return pd.DataFrame(rows)


#: how the sentence says what a table says in short
_TOLD = {STANDINGS[-2]: "tested on its own cases only"}


def standing_line(verdicts: Verdicts) -> str:
    """How the published findings stand, in a sentence.

    Examples
    --------
    >>> import coalition_models as cm
    >>> standing_line(cm.test_hypotheses("iraq", ["H02"], robust=False))[:37]
    'Of 1 published claims: 1 open (decide'
    """
    found = published_findings(verdicts)
    counts = found["standing"].value_counts()
    told = [
        f"{counts[one]} {_TOLD.get(one, one.replace(', p only', ' (by p only)'))}"
        for one in STANDINGS
        if one in counts
    ]
    named = [f"{row['claim']} {row['name']}" for row in found.to_dict("records")
             if str(row["standing"]).startswith(("holds", "turns"))]  # fmt: skip
    return (
        f"Of {len(found)} published claims: {', '.join(told)} (decided: "
        f"{', '.join(named) or 'none'}); {verdicts.expected_by_chance():.1f} small p-values would "
        "come by chance."
    )


def _standing(tested: pd.DataFrame) -> str:
    if tested.empty:
        return STANDINGS[-1]
    good, bad = (tested[tested["verdict"] == one] for one in ("supported", "contradicted"))
    if len(good) and len(bad):
        return "mixed"
    for word, rows in (("holds", good), ("turns", bad)):
        if len(rows):
            return word if rows["strength"].eq("outright").any() else f"{word}, p only"
    return "little effect" if tested["verdict"].eq("little effect").all() else "open"


def _expected(tested: pd.DataFrame, sign: str) -> float:
    if sign == "any":
        return float("nan")
    return float((np.sign(tested["estimate"]) == (1 if sign == "+" else -1)).sum())


def _pooled(meta: pd.DataFrame, claim: str) -> dict[str, float]:
    names = ("pooled", "pooled_low", "pooled_high", "pooled_p")
    if claim not in meta.index:
        return dict.fromkeys(names, float("nan"))
    row = meta.loc[[claim]].to_dict("records")[0]
    with np.errstate(over="ignore"):
        ratios = np.exp([float(row[one]) for one in ("random", "random_low", "random_high")])
    return dict(zip(names, [*map(float, ratios), float(row["random_p"])], strict=True))


def _line(
    claim: Claim,
    part: pd.DataFrame,
    tested: pd.DataFrame,
    standing: str,
    pooled: dict[str, float],
) -> str:
    head = f"{claim.id}, {claim.name} (published: {claim.finding}): {standing}"
    if tested.empty:
        why = "; ".join(dict.fromkeys(one for one in part["reason"].astype(str) if one))
        return f"{head}: {why}." if why else f"{head}."
    told = ", ".join(_cell(row) for row in tested.to_dict("records"))
    side = "" if claim.sign == "any" else f", where it expects {_WAY[claim.sign]}"
    both = ""
    if not np.isnan(pooled["pooled"]):
        both = (
            f"; together {format_ratio(pooled['pooled'])} "
            f"({format_ratio(pooled['pooled_low'])} to {format_ratio(pooled['pooled_high'])}, p "
            f"{format_p(pooled['pooled_p'])})"
        )
    return f"{head}: ratio {told}{side}{both}."


_WAY = {"+": "one above 1", "-": "one below 1"}


def _cell(row: Mapping[Hashable, object]) -> str:
    few = ", too few to decide" if row["reason"] else ""
    grid = "" if np.isnan(float(str(row["robust_same_sign"]))) else f"; {sensitivity_words(row)}"
    limits = (format_ratio(float(str(row[f"ratio_{end}"]))) for end in ("low", "high"))
    return (
        f"{format_ratio(float(str(row['ratio'])))} on {row['data_set']} ({' to '.join(limits)}"
        f"{few}{grid})"
    )


def sensitivity_words(row: Mapping[Hashable, object]) -> str:
    """How a test fares under the other choices, from its line in the table of verdicts.

    Examples
    --------
    >>> sensitivity_words({"robust_specifications": 20, "robust_same_sign": 0.9,
    ...     "robust_share": 0.25, "robust_against": 0.0, "robust_median": 1.4,
    ...     "robust_mover": "exit_date"})
    'of 20 specifications 90% have its sign (25% and a small p), 0% the other and a small p; median
    1.40; moved most by the date of exit'
    """
    same, good, bad, middle = (
        float(str(row[f"robust_{name}"])) for name in ("same_sign", "share", "against", "median")
    )
    mover = _mover(row)
    return (
        f"of {row['robust_specifications']} specifications {100 * same:.0f}% have its sign "
        f"({100 * good:.0f}% and a small p), {100 * bad:.0f}% the other and a small p; median "
        f"{format_ratio(middle)}" + (f"; moved most by {mover}" if mover else "")
    )


def _mover(row: Mapping[Hashable, object]) -> str:
    """The choice that moves a test most, in words."""
    name = str(row["robust_mover"])
    return _CHOICES.get(name, name)


_CHOICES = {
    "dates": "which dates are trusted",
    "contested": "the reading of contested exits",
    "exit_date": "the date of exit",
    "wind_up": "exits in the wind-up",
    "peak_at_least": "small contingents",
    "measure": "the measure",
    "clock": "the clock",
    "controls": "the controls",
    "estimator": "the estimator",
}


def sensitivity_table(table: pd.DataFrame) -> Table:
    """How each test fares under the other choices, for print."""
    tested = table[table["robust_specifications"] > 0]
    rows = [
        [
            str(row["claim"]), str(row["data_set"]), str(row["robust_specifications"]),
            *(f"{100 * float(row[f'robust_{one}']):.0f}%" for one in _SHARES),
            format_ratio(float(row["ratio"])), format_ratio(float(row["robust_median"])),
            _mover(row),
        ]
        for row in tested.to_dict("records")
    ]  # fmt: skip
    header = ["claim", "data set", "specifications", "same sign", "and a small p",
              "the other and a small p", "registered", "median", "moved most by"]  # fmt: skip
    notes = (
        "Dates and kinds of exit, date of exit, wind-up, strength, measure, clock, controls and "
        "estimator: each choice alone, and a sample of two at once. Medians: ratios per step of "
        "the registered family only, since families have scales of their own. Moved most: mean "
        "change of z, all else equal.",
    )
    return Table(header, rows, "The claims under other choices", notes, "llrrrrrrl")


_SHARES = ("same_sign", "share", "against")


def _works(keys: str) -> str:
    """Surnames and years of works, from their keys."""
    known = articles()
    return "; ".join(article(one).short if one in known else one for one in keys.split(", "))


def published_table(found: pd.DataFrame) -> Table:
    """One line per claim for print."""
    rows = [
        [str(row["claim"]), _works(str(row["articles"])), str(row["standing"]), str(row["line"])]
        for row in found.to_dict("records")
    ]
    notes = (
        "holds: supported on a set and contradicted on none; turns: the other way round; p only: "
        "no verdict is outright; open: tested, and decided nowhere. Ratios per step; together: "
        "random effects over the sets that can decide.",
    )
    return Table(
        ["claim", "article", "the finding", "in one line"], rows,
        "Which published finding holds, turns, or cannot be tested", notes, "llll",
    )  # fmt: skip
