"""When a coalition counts as hollow, and when as collapsed: a rule with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError

__all__ = ["HollowRule", "collapsed_months", "first_month", "hollow_months", "rule_grid"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class HollowRule:
    """Numbers by which a coalition is hollow or has collapsed.

    A coalition is hollow when most flags still fly and most of the partners' strength is gone; it
    has collapsed when the flags themselves went within a short time. Both only before the wind-up.

    Parameters
    ----------
    strength_left : float
        Hollow: strength without the lead state (of all members where there is none) at or below
        this share of its peak so far ...
    flags_left : float
        ... while members are at or above this share of theirs.
    known : float
        Months in which fewer than this share of members have a known strength are not judged for
        hollowness, and make no peak.
    lasting : int
        Months in a row for which either must hold; those of the wind-up count among them.
    collapse_left : float
        Collapsed: members at or below this share of their largest number ...
    collapse_months : int
        ... in so many months before.
    least : int
        Coalitions of fewer members cannot collapse: one exit of three is a third.
    wind_up : int
        Last months before the mandate's end that are not judged, since an agreed end empties every
        coalition.

    Raises
    ------
    DataError
        Every number that is not allowed, at once.

    Notes
    -----
    The defaults were chosen knowing Iraq, ISAF and UNOSOM II, so that these three are no test of
    the rule; how the months move with each number is part of the result.

    Examples
    --------
    >>> print(HollowRule())
    hollow means partners at 50% of their peak strength or less with 50% of their peak flags or
    more; collapsed means 67% of the flags of the 12 months before or less; either for 3 months or
    more, and the last 12 months before the end are not judged
    """

    strength_left: float = 0.5
    flags_left: float = 0.5
    known: float = 0.5
    lasting: int = 3
    collapse_left: float = 2 / 3
    collapse_months: int = 12
    least: int = 4
    wind_up: int = 12

    def __post_init__(self) -> None:
        check_arguments(HollowRule, vars(self))
        problems = [
            f"{name} must lie between 0 and 1, not {getattr(self, name)!r}"
            for name in ("strength_left", "flags_left", "known", "collapse_left")
            if not 0 <= getattr(self, name) <= 1
        ]
        for name, least in (("lasting", 1), ("collapse_months", 1), ("least", 2), ("wind_up", 0)):
            try:
                check_count(getattr(self, name), name, least=least)
            except DataError as error:
                problems.append(str(error))
        if problems:
            raise DataError("; ".join(problems))

    def __str__(self) -> str:
        return (
            f"hollow means partners at {100 * self.strength_left:.0f}% of their peak strength or "
            f"less with {100 * self.flags_left:.0f}% of their peak flags or more; collapsed means "
            f"{100 * self.collapse_left:.0f}% of the flags of the {self.collapse_months} months "
            f"before or less; either for {self.lasting} months or more, and the last "
            f"{self.wind_up} months before the end are not judged"
        )


def hollow_months(
    strength: Floats, flags: Floats, known: Floats, open_months: Flags, rule: HollowRule
) -> Flags:
    """Months in which a coalition is hollow.

    Parameters
    ----------
    strength, flags, known : array, shape (months,)
        Strength without the lead, members, share of members whose strength is known.
    open_months : array of bool, shape (months,)
        Months that are judged.
    rule : HollowRule

    Examples
    --------
    >>> hollow = hollow_months(np.array([10.0, 8, 5, 4]), np.array([4.0, 4, 3, 1]), np.ones(4),
    ...                        np.ones(4, bool), HollowRule(lasting=1))
    >>> hollow.tolist()
    [False, False, True, False]
    """
    judged = (known >= rule.known) & ~np.isnan(strength)
    peak = np.maximum.accumulate(np.where(judged, strength, 0.0))
    most = np.maximum.accumulate(flags)
    hollow = judged & (peak > 0) & (strength <= rule.strength_left * peak)
    return _lasting(hollow & (flags >= rule.flags_left * most), rule.lasting) & open_months


def collapsed_months(flags: Floats, open_months: Flags, rule: HollowRule) -> Flags:
    """Months in which a coalition has lost its flags within a short time.

    Examples
    --------
    >>> collapsed_months(np.array([6.0, 6, 4, 3]), np.ones(4, bool), HollowRule(lasting=1)).tolist()
    [False, False, True, True]
    """
    before = np.array(
        [flags[max(0, at - rule.collapse_months) : at + 1].max() for at in range(len(flags))]
    )
    # a share such as two thirds must not miss by the last digit
    gone = flags <= rule.collapse_left * before + 1e-9
    return _lasting(gone & (before >= rule.least), rule.lasting) & open_months


def _lasting(holds: Flags, months: int) -> Flags:
    """Months of stretches that last long enough."""
    out = np.zeros(len(holds), dtype=bool)
    begin = 0
    for at in range(len(holds) + 1):
        if at < len(holds) and holds[at]:
            continue
        if at - begin >= months:
            out[begin:at] = True
        begin = at + 1
    return out


def first_month(months: Sequence[object], holds: Flags) -> object:
    """The first month in which something holds; None where it never does."""
    at = np.flatnonzero(holds)
    return months[int(at[0])] if len(at) else None


def rule_grid(rule: HollowRule) -> list[tuple[str, HollowRule]]:
    """The rule with each of its numbers moved, one at a time.

    Examples
    --------
    >>> [name for name, _ in rule_grid(HollowRule())][:3]
    ['as given', 'strength_left 0.4', 'strength_left 0.6']
    """
    moved: dict[str, tuple[float, ...]] = {
        "strength_left": (0.4, 0.6),
        "flags_left": (0.4, 0.6),
        "known": (0.25, 0.75),
        "lasting": (1, 6),
        "collapse_left": (0.5, 0.75),
        "collapse_months": (6, 24),
        "wind_up": (0, 6, 18),
    }
    found = [("as given", rule)]
    for name, values in moved.items():
        for value in values:
            if value != getattr(rule, name):
                changed: dict[str, Any] = {name: value}
                found.append((f"{name} {value:g}", replace(rule, **changed)))
    return found
