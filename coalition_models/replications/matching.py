"""How close a number of ours comes to a printed one."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np

__all__ = ["MATCHES", "match_printed", "rounded_as"]

#: how close a number came
MATCHES = ("exact", "off by one in the last digit", "differs")


def match_printed(printed: str, ours: float) -> str:
    """Tell how a number of ours, rounded to the printed digits, compares with the printed one.

    Parameters
    ----------
    printed : str
        As printed; its last digit sets the precision.
    ours : float

    Returns
    -------
    str
        One of :data:`MATCHES`.

    Examples
    --------
    >>> match_printed("0.170", 0.16961), match_printed("6.670", 6.67114), match_printed("2.4", 2.6)
    ('exact', 'off by one in the last digit', 'differs')
    """
    if not np.isfinite(ours):
        return MATCHES[2]
    target = Decimal(printed)
    unit = Decimal(1).scaleb(int(target.as_tuple().exponent))
    steps = abs(_round(ours, unit) - target) / unit
    return MATCHES[min(int(steps), 2)]


def _round(value: float, unit: Decimal) -> Decimal:
    return Decimal(repr(float(value))).quantize(unit, ROUND_HALF_UP, Context(prec=400))


def rounded_as(printed: str, ours: float) -> str:
    """Write a number of ours with the digits of a printed one.

    Examples
    --------
    >>> rounded_as("0.170", 0.16961), rounded_as("-3.272e+00", -3.27158)
    ('0.170', '-3.272')
    """
    if not np.isfinite(ours):
        return "none"
    return str(_round(ours, Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent))))
