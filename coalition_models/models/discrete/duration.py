"""Terms for time already spent at risk, in discrete-time models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, first_few

__all__ = ["Duration", "duration_terms"]

Floats = npt.NDArray[np.float64]

KINDS = ("cubic", "linear", "log", "dummies")
#: polynomials count time in hundreds of periods, so that no coefficient is lost to rounding
SCALE = 100.0
#: times nearer than this are one time
ROUNDING = 1.5e-8


@dataclass(frozen=True)
class Duration:
    """How the hazard may change with time, apart from the formula.

    ``kind`` is ``"cubic"`` (Carter and Signorino 2010: time, its square and its cube, in hundreds
    of periods), ``"linear"``, ``"log"``, ``"dummies"`` (one per period that has an event) or
    ``""`` for none.
    """

    kind: str
    column: str
    periods: tuple[float, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficient names."""
        t = f"{self.column}/{SCALE:g}"
        return {
            "": (),
            "linear": (t,),
            "cubic": (t, f"({t})^2", f"({t})^3"),
            "log": (f"log({self.column})",),
            "dummies": tuple(f"{self.column}[{period:g}]" for period in self.periods[1:]),
        }[self.kind]

    @property
    def words(self) -> str:
        """For the notes under a table."""
        return {
            "": "none",
            "linear": f"linear in {self.column}",
            "cubic": f"cubic in {self.column}",
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
        scaled = times / SCALE
        powers = (1, 2, 3) if self.kind == "cubic" else (1,)
        return np.column_stack([scaled**power for power in powers])


def _same(one: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    """Equal up to rounding, as the kernel of the Cox model has it."""
    return np.isclose(one, other, rtol=ROUNDING, atol=ROUNDING)


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
    if kind not in KINDS:
        raise DataError(f"time must be one of {', '.join(KINDS)} or None; found {kind!r}")
    periods = np.unique(times[event == 1]) if kind == "dummies" else np.empty(0)
    if periods.size:
        periods = periods[np.concatenate([[True], ~_same(periods[:-1], periods[1:])])]
    return Duration(kind, column, tuple(float(period) for period in periods))
