"""Terms for time already spent at risk, in discrete-time models."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.kernels.natural_spline import natural_spline

__all__ = ["Duration", "duration_terms", "read_kind"]

Floats = npt.NDArray[np.float64]

KINDS = ("cubic", "linear", "log", "dummies")
#: polynomials count time in hundreds of periods, so that no coefficient is lost to rounding
SCALE = 100.0
#: times nearer than this are one time
ROUNDING = 1.5e-8
#: higher powers are collinear to the last digit, and a spline does better
_HIGHEST = 6
_POLYNOMIAL = re.compile(r"poly\(\s*(\d+)\s*\)")
_SPLINE = re.compile(r"ns\(\s*(?:(\d+)|knots\s*=\s*([^()]+))\s*\)")


@dataclass(frozen=True)
class Duration:
    """How the hazard may change with time, apart from the formula.

    ``kind`` is ``"cubic"`` (Carter and Signorino 2010: time, its square and its cube, in hundreds
    of periods), ``"poly"`` of another degree, ``"linear"``, ``"log"``, ``"dummies"`` (one per
    period that has an event), ``"ns"`` (natural cubic spline of the ``knots``, the outer two
    first and last) or ``""`` for none.
    """

    kind: str
    column: str
    periods: tuple[float, ...] = ()
    degree: int = 0
    knots: tuple[float, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficient names."""
        t = f"{self.column}/{SCALE:g}"
        if self.degree:
            return (t, *(f"({t})^{power}" for power in range(2, self.degree + 1)))
        if self.kind == "ns":
            return tuple(f"spline({self.column})[{j}]" for j in range(1, len(self.knots)))
        if self.kind == "log":
            return (f"log({self.column})",)
        return tuple(f"{self.column}[{period:g}]" for period in self.periods[1:])

    @property
    def words(self) -> str:
        """For the notes under a table."""
        return {
            "": "none",
            "linear": f"linear in {self.column}",
            "cubic": f"cubic in {self.column}",
            "poly": f"polynomial of degree {self.degree} in {self.column}",
            "ns": (
                f"natural cubic spline of {self.column} with knots "
                + ", ".join(f"{knot:g}" for knot in self.knots)
            ),
            "log": f"log of {self.column}",
            "dummies": f"one dummy per value of {self.column} that has an event",
        }[self.kind]

    def places(self, times: Floats) -> npt.NDArray[np.int64]:
        """Number of the period that each time is, up to rounding; -1 where it is none."""
        known = np.array(self.periods)
        if not known.size:
            return np.full(len(times), -1, dtype=np.int64)
        after = np.searchsorted(known, times).clip(0, len(known) - 1)
        before = (after - 1).clip(0)
        nearer = np.abs(known[before] - times) <= np.abs(known[after] - times)
        nearest = np.where(nearer, before, after)
        return np.where(_same(known[nearest], times), nearest, -1).astype(np.int64)

    def matrix(self, times: Floats, index: pd.Index) -> Floats:
        """Columns for these times."""
        if not self.kind:
            return np.empty((len(times), 0))
        if self.kind == "log":
            if (times <= 0).any():
                raise FormulaError(
                    f"time='log' needs {self.column} above 0; it is not in rows "
                    f"{first_few(index[times <= 0])}"
                )
            logs: Floats = np.log(times)[:, None]
            return logs
        if self.kind == "dummies":
            place = self.places(times)
            unknown = place < 0
            if unknown.any():
                raise FormulaError(
                    f"time='dummies' knows the {len(self.periods)} values of {self.column} that "
                    f"had an event; others in rows {first_few(index[unknown])}"
                )
            dummies: Floats = (place[:, None] == np.arange(1, len(self.periods))).astype(float)
            return dummies
        if self.kind == "ns":
            return natural_spline(times, self.knots[1:-1], (self.knots[0], self.knots[-1]))
        scaled = times / SCALE
        return np.column_stack([scaled**power for power in range(1, self.degree + 1)])


def _same(one: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    """Equal up to rounding, as the kernel of the Cox model has it."""
    return np.isclose(one, other, rtol=ROUNDING, atol=ROUNDING)


def read_kind(kind: str) -> tuple[str, int, tuple[float, ...]]:
    """Kind of duration terms, degree (of a polynomial or freedom), and inner knots.

    Raises
    ------
    DataError
        Where it is none, with those that are.

    Examples
    --------
    >>> read_kind("cubic"), read_kind("poly(4)"), read_kind("ns(knots=6, 12)")
    (('cubic', 3, ()), ('poly', 4, ()), ('ns', 0, (6.0, 12.0)))
    """
    if kind in KINDS:
        return kind, {"linear": 1, "cubic": 3}.get(kind, 0), ()
    power, spline = _POLYNOMIAL.fullmatch(kind), _SPLINE.fullmatch(kind)
    if power is not None:
        if not 1 <= int(power[1]) <= _HIGHEST:
            raise DataError(f"time={kind!r}: the degree is 1 to {_HIGHEST}; or take time='ns(5)'")
        return "poly", int(power[1]), ()
    if spline is None:
        raise DataError(
            f"time must be one of {', '.join(KINDS)}, poly(degree), ns(degrees of freedom), "
            f"ns(knots=6, 12, 24) or None; found {kind!r}"
        )
    if spline[1] is not None:
        if int(spline[1]) < 1:
            raise DataError(f"time={kind!r}: a spline has one degree of freedom or more")
        return "ns", int(spline[1]), ()
    try:
        return "ns", 0, tuple(float(knot) for knot in spline[2].split(","))
    except ValueError:
        raise DataError(f"time={kind!r}: knots are numbers, such as ns(knots=6, 12, 24)") from None


def duration_terms(kind: str | None, column: str, times: Floats, event: Floats) -> Duration:
    """Settle the duration terms for a sample.

    Examples
    --------
    >>> import numpy as np
    >>> duration_terms("cubic", "stop", np.array([1.0, 2.0]), np.array([0.0, 1.0])).names
    ('stop/100', '(stop/100)^2', '(stop/100)^3')
    """
    if kind is None:
        return Duration("", column)
    sort, degree, inner = read_kind(kind)
    if sort == "ns":
        return Duration(sort, column, knots=_knots(kind, column, times, degree, inner))
    periods = np.unique(times[event == 1]) if sort == "dummies" else np.empty(0)
    if periods.size:
        periods = periods[np.concatenate([[True], ~_same(periods[:-1], periods[1:])])]
    return Duration(sort, column, tuple(float(period) for period in periods), degree)


def _knots(
    kind: str, column: str, times: Floats, freedom: int, inner: tuple[float, ...]
) -> tuple[float, ...]:
    """Outer knots at the ends of the times used; inner ones as given, or at their quantiles."""
    low, high = float(times.min()), float(times.max())
    if not inner:
        shares = np.arange(1, freedom) / freedom
        inner = tuple(float(knot) for knot in np.quantile(times, shares))
    every = (low, *sorted(inner), high)
    if any(after <= before for before, after in pairwise(every)):
        shown = ", ".join(f"{knot:g}" for knot in every)
        raise DataError(
            f"time={kind!r}: knots must differ and the inner ones lie between the first and the "
            f"last value of {column} in the rows used; they are {shown}: give knots=, or fewer "
            "degrees of freedom"
        )
    return every
