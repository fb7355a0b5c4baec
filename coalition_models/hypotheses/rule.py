"""The one rule by which verdicts are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coalition_models.inference.exposure import FEWEST_EVENTS, FEWEST_EXPOSED

__all__ = [
    "DECIDED",
    "FEWEST_EVENTS",
    "LITTLE",
    "VERDICTS",
    "alpha_of",
    "judge",
    "strength",
    "verdict_rule",
]

VERDICTS = ("supported", "contradicted", "little effect", "inconclusive", "untestable")
#: verdicts that rest on two small p-values
DECIDED = ("supported", "contradicted")
#: a ratio per step nearer to one than this, or its inverse, is little
LITTLE = 1.5


def alpha_of(level: float) -> float:
    """Size of a test, free of the rounding error of a difference.

    Examples
    --------
    >>> 1 - 0.95, alpha_of(0.95)
    (0.050000000000000044, 0.05)
    """
    return round(1 - level, 12)


def verdict_rule(level: float = 0.95) -> str:
    """The rule behind every verdict, in words; printed with the table.

    Examples
    --------
    >>> print(verdict_rule().split(";")[0])
    supported: the estimate has the sign that the claim expects and both tests have p < 0.05
    """
    p = f"p < {alpha_of(level):.3g}"
    return (
        f"supported: the estimate has the sign that the claim expects and both tests have {p}; "
        f"contradicted: it has the other sign and both have {p}; the tests, two-sided, are CR3 "
        "(the jackknife over clusters, t with G - 1 degrees of freedom) and the wild bootstrap of "
        "the score under the null (not below Rao's test of that score), and of several ways to "
        "cluster the larger p counts. "
        f"Little effect: the whole interval lies between 1/{LITTLE:g} and {LITTLE:g} per step of "
        "the term. Inconclusive: everything else that could be estimated. Untestable: the reason "
        f"is given. Nothing is decided on a term of two values with fewer than {FEWEST_EXPOSED} "
        f"exposed and {FEWEST_EXPOSED} unexposed events in {FEWEST_EXPOSED} clusters each, or on "
        f"another with fewer than {FEWEST_EVENTS} events. A claim that expects an effect of either "
        "sign can be supported only. A verdict is outright if q, over the distinct tests of its "
        "data set, is below 0.05, or if two sets that share no events bear it out; otherwise it "
        "is marked 'p only'. One coefficient of one set counts once, whatever claims read it, and "
        "tests on an article's own cases are not counted."
    )


def judge(
    sign: str,
    estimate: float,
    p_values: Sequence[float],
    interval: tuple[float, float],
    *,
    undecided: str,
    level: float,
) -> str:
    """Give the verdict on an estimate; see :func:`verdict_rule`.

    Parameters
    ----------
    sign : {"+", "-", "any"}
    estimate : float
    p_values : sequence of float
        Of both tests; one that is missing decides nothing.
    interval : tuple of float
        Of the log ratio per step.
    undecided : str
        Why nothing can be decided; empty if it can.
    level : float

    Examples
    --------
    >>> judge("+", -0.7, [0.01, 0.03], (-1.2, -0.2), undecided="", level=0.95)
    'contradicted'
    >>> judge("+", -0.7, [0.01, 0.06], (-1.2, -0.2), undecided="", level=0.95)
    'inconclusive'
    >>> judge("+", 0.1, [0.5, 0.5], (-0.2, 0.4), undecided="", level=0.95)
    'little effect'
    """
    if undecided:
        return "inconclusive"
    if p_values and all(p < alpha_of(level) for p in p_values):
        right = sign == "any" or (estimate > 0) == (sign == "+")
        return "supported" if right else "contradicted"
    if all(abs(end) <= np.log(LITTLE) for end in interval):
        return "little effect"
    return "inconclusive"


def strength(verdict: str, *, discovery: bool, elsewhere: bool) -> str:
    """Whether a verdict stands outright or by its p-values only; empty without one.

    ``elsewhere``: another set that shares no events has the same verdict.

    Examples
    --------
    >>> strength("supported", discovery=False, elsewhere=True)
    'outright'
    >>> strength("supported", discovery=False, elsewhere=False)
    'p only'
    """
    if verdict not in DECIDED:
        return ""
    return "outright" if discovery or elsewhere else "p only"
