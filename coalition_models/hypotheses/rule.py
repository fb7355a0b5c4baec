"""The one rule by which verdicts are given."""

from __future__ import annotations

from coalition_models.hypotheses.estimate import EXPOSED_CLUSTERS

__all__ = ["VERDICTS", "alpha_of", "judge", "verdict_rule"]

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
        f"be estimated, and always where one value of a two-valued term occurs in fewer than "
        f"{EXPOSED_CLUSTERS} clusters; untestable: the reason is given. A claim that expects an "
        "effect of either sign can be supported only. Verdicts rest on p; q takes account of the "
        "other claims tested on the same data set."
    )


def judge(sign: str, estimate: float, p_value: float, *, exposed: int, level: float) -> str:
    """Give the verdict on an estimate; see :func:`verdict_rule`.

    Examples
    --------
    >>> judge("+", -0.7, 0.01, exposed=40, level=0.95)
    'contradicted'
    """
    if not p_value < alpha_of(level) or exposed < EXPOSED_CLUSTERS:
        return "inconclusive"
    if sign == "any":
        return "supported"
    return "supported" if (estimate > 0) == (sign == "+") else "contradicted"
