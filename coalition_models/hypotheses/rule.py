"""The one rule by which verdicts are given."""

from __future__ import annotations

from coalition_models.inference.caution import EXPOSED_CLUSTERS

__all__ = ["FEWEST_EVENTS", "VERDICTS", "alpha_of", "judge", "undecided", "verdict_rule"]

#: with fewer events nothing is decided, since single states then make most of the small p-values;
#: a caution, not a correction: see the amendments to the plan
FEWEST_EVENTS = 10

VERDICTS = ("supported", "contradicted", "inconclusive", "untestable")


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
    supported: the coefficient has the sign that the claim expects and p < 0.05 (two-sided)
    """
    p = f"p < {1 - level:.3g}"
    return (
        f"supported: the coefficient has the sign that the claim expects and {p} (two-sided); "
        f"contradicted: it has the other sign and {p}; inconclusive: everything else that could "
        f"be estimated, and always with fewer than {FEWEST_EVENTS} events or where one value of "
        f"a two-valued term occurs in fewer than {EXPOSED_CLUSTERS} clusters; untestable: the "
        "reason is given. A claim that expects an effect of either sign can be supported only. "
        "Verdicts rest on p; q takes account of the other claims tested on the same data set, and "
        "'p only' marks a verdict that q does not bear out."
    )


def undecided(events: int, exposed: int) -> str:
    """Why a test cannot decide whatever its p-value; empty if it can.

    Examples
    --------
    >>> undecided(8, 40)
    '8 events are fewer than 10'
    """
    if events < FEWEST_EVENTS:
        return f"{events} events are fewer than {FEWEST_EVENTS}"
    if exposed < EXPOSED_CLUSTERS:
        return f"one value occurs in {exposed} clusters only"
    return ""


def judge(
    sign: str, estimate: float, p_value: float, *, events: int, exposed: int, level: float
) -> str:
    """Give the verdict on an estimate; see :func:`verdict_rule`.

    Examples
    --------
    >>> judge("+", -0.7, 0.01, events=30, exposed=40, level=0.95)
    'contradicted'
    """
    if not p_value < alpha_of(level) or undecided(events, exposed):
        return "inconclusive"
    if sign == "any":
        return "supported"
    return "supported" if (estimate > 0) == (sign == "+") else "contradicted"
