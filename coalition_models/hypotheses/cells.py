"""One claim on one data set: its estimate, what it rests on, and the row of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from coalition_models.hypotheses.claims import Claim
from coalition_models.hypotheses.robustness import Robustness
from coalition_models.hypotheses.rule import judge
from coalition_models.inference.both_tests import BothTests
from coalition_models.inference.exposure import too_few
from coalition_models.inference.power_curve import PowerCurve
from coalition_models.inference.term_estimate import TermEstimate

__all__ = ["ORDER", "Cell", "empty_row", "result_row", "step_of"]


@dataclass(frozen=True)
class Cell:
    """A line of the table, with what is behind it where there is an estimate."""

    claim: str
    data_set: str
    row: dict[str, object]
    estimate: TermEstimate | None = None
    robustness: Robustness | None = None
    tests: BothTests | None = None
    curve: PowerCurve | None = None


_TEXT = (
    "verdict", "reason", "largest", "robust_mover", "worst_without", "formula", "method",
    "deviations",
)  # fmt: skip
_COUNTS = (
    "events", "rows", "members", "clusters", "clusters_with_score", "robust_specifications",
)  # fmt: skip
_NUMBERS = (
    "estimate", "std_error", "ratio", "ratio_low", "ratio_high", "p_value", "p_jackknife",
    "p_wild", "step", "exposed_events", "exposed_clusters", "unexposed_events",
    "unexposed_clusters", "largest_share", "detectable", "detectable_other", "smallest_ratio",
    "design_effect", "robust_share", "robust_same_sign", "robust_against", "robust_median",
    "without_one_share", "worst_p",
)  # fmt: skip
ORDER = (
    "claim", "name", "data_set", "verdict", "strength", "reason", "term", "sign", "estimate",
    "std_error", "step", "ratio", "ratio_low", "ratio_high", "p_value", "p_jackknife", "p_wild",
    "q_value", "discovery", "same_as", "counted", "events", "exposed_events", "exposed_clusters",
    "unexposed_events", "unexposed_clusters", "rows", "members", "clusters",
    "clusters_with_score", "largest", "largest_share", "detectable", "detectable_other",
    "smallest_ratio", "design_effect", "robust_share", "robust_same_sign",
    "robust_against", "robust_median", "robust_mover", "robust_specifications",
    "without_one_share", "worst_without", "worst_p", "proxy", "own_cases", "formula", "method",
    "deviations",
)  # fmt: skip


def empty_row(claim: Claim, data_set: str, values: Mapping[str, object]) -> dict[str, object]:
    """One row of the table; what was not estimated is missing, or a count of zero."""
    return {
        "claim": claim.id,
        "name": claim.name,
        "data_set": data_set,
        "term": claim.term,
        "sign": claim.sign,
        "proxy": claim.proxy_for(data_set),
        "own_cases": "",
        **dict.fromkeys(_TEXT, ""),
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_NUMBERS, np.nan),
        **values,
    }


def step_of(found: TermEstimate) -> float:
    """From 0 to 1 of a term of two values, else its standard deviation."""
    return 1.0 if found.two_valued else found.term_sd


def _sides(tests: BothTests) -> dict[str, object]:
    counts = {} if tests.exposure is None else vars(tests.exposure)
    return {name: float(count) for name, count in counts.items()}


def result_row(
    claim: Claim,
    found: TermEstimate,
    tests: BothTests,
    curve: PowerCurve | None,
    grid: Robustness | None,
    notes: Sequence[str],
    *,
    level: float,
    power: float,
) -> dict[str, object]:
    """What the table shows of an estimate."""
    step = step_of(found)
    logs = np.array([found.estimate, found.conf_low, found.conf_high]) * step
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp(logs).tolist()
        smallest = float(np.exp(np.log(found.smallest_ratio) * step))
    without, worst = ("", np.nan) if grid is None else grid.worst
    few = too_few(found.events, tests.exposure)
    down = claim.sign == "-"
    return {
        "verdict": judge(
            claim.sign, found.estimate, [tests.p_jackknife, tests.p_wild],
            (float(logs[1]), float(logs[2])), undecided=few, level=level,
        ),
        "reason": few,
        "estimate": found.estimate,
        "std_error": found.std_error,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "p_value": found.p_value,
        "p_jackknife": tests.p_jackknife,
        "p_wild": tests.p_wild,
        "events": found.events,
        **_sides(tests),
        "rows": found.rows,
        "members": found.members,
        "clusters": found.clusters,
        "clusters_with_score": tests.clusters_with_score,
        "largest": tests.largest,
        "largest_share": tests.largest_share,
        "step": step,
        "detectable": np.nan if curve is None else curve.detectable(power, up=not down),
        "detectable_other": np.nan if curve is None else curve.detectable(power, up=down),
        "smallest_ratio": 1 / smallest if down else smallest,
        "design_effect": found.design_effect,
        "robust_share": np.nan if grid is None else grid.share,
        "robust_same_sign": np.nan if grid is None else grid.share_same_sign,
        "robust_against": np.nan if grid is None else grid.share_against,
        "robust_median": np.nan if grid is None else grid.median_ratio(step),
        "robust_mover": "" if grid is None else grid.mover,
        "robust_specifications": 0 if grid is None else len(grid.grid),
        "without_one_share": np.nan if grid is None else grid.share_without_one,
        "worst_without": without,
        "worst_p": worst,
        "formula": found.fit.formula,
        "method": found.method,
        "deviations": "; ".join([*notes, *found.deviations, *filter(None, [tests.problem])]),
    }  # fmt: skip
