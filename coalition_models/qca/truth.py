"""The truth table: which combinations of conditions have cases, and what followed there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.qca.cases import Cases, check_cases
from coalition_models.qca.fits import sufficiency_of
from coalition_models.qca.primes import LARGEST
from coalition_models.render import Table, frame_table

__all__ = ["TruthTable", "truth_table"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: a consistency this little below a cut meets it: sums of decimals are not exact
_SLACK = 1.5e-8
#: rows of a truth table at most
_ROWS = 2**14


@dataclass(frozen=True, repr=False, eq=False)
class TruthTable:
    """Every combination of conditions with its cases.

    ``table`` has one row per combination, by its number ``minterm`` (conditions read as digits, the
    first the highest; R's row number is one more): the conditions, ``out`` ("1", "0", "C" for
    contradictory, "R" for a remainder), ``n`` (cases with membership above .5), ``consistency`` and
    ``pri`` (missing for remainders), ``cases``, ``deviant`` (cases whose outcome is on the other
    side of .5 than ``out`` says). ``cuts`` are what made ``out``, ``dropped`` the cases left out
    for a missing value.
    """

    table: pd.DataFrame
    cases: Cases
    cuts: Mapping[str, float]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions."""
        return self.cases.conditions

    @property
    def outcome(self) -> str:
        """The outcome, with ``~`` where it is negated."""
        return self.cases.outcome

    @property
    def dropped(self) -> tuple[str, ...]:
        """Cases left out for a missing value."""
        return self.cases.dropped

    def rows(self, *out: str) -> list[int]:
        """Numbers of the rows with one of these values of ``out``."""
        return [int(number) for number in self.table.index[self.table["out"].isin(out)]]

    def to_table(self) -> Table:
        """Rows with cases, ready for print."""
        shown = self.table[self.table["n"] > 0].reset_index()
        counts = self.table["out"].value_counts()
        notes = [
            f"Outcome {self.outcome}; {len(self.cases.names)} cases"
            + (f", {len(self.dropped)} left out for missing values" if self.dropped else "")
            + f"; {counts.get('R', 0)} of {len(self.table)} rows are remainders.",
            ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in self.cuts.items()),
        ]
        return frame_table(shown, notes=notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def truth_table(
    data: pd.DataFrame,
    outcome: str,
    conditions: Sequence[str] | None = None,
    *,
    consistency_cut: float = 0.8,
    contradiction_cut: float | None = None,
    pri_cut: float = 0.0,
    frequency_cut: int = 1,
) -> TruthTable:
    """Sort cases into combinations of conditions and say what followed in each.

    Parameters
    ----------
    data : DataFrame
        A case per row, named by the index: memberships between 0 and 1, or whole numbers from 0
        for a condition of several values (multi-value QCA).
    outcome : str
        Its column; ``"~Y"`` explains its absence.
    conditions : sequence of str, optional
        Their columns, all others by default.
    consistency_cut : float
        A row is positive from this consistency on.
    contradiction_cut : float, optional
        Rows from this consistency on and below the other cut are contradictory; without it there
        are none.
    pri_cut : float
        A row whose PRI is below is not positive: it counts as contradictory if there is a
        ``contradiction_cut``, else as negative.
    frequency_cut : int
        Rows with fewer cases are remainders.

    Returns
    -------
    TruthTable

    Raises
    ------
    DataError
        Values outside 0 to 1 that are no whole numbers, constant conditions or outcome, unknown or
        doubled columns, cuts that make no sense, more than 16,384 rows.

    Warns
    -----
    CoalitionWarning
        Cases left out for missing values; cases in no row, with a membership of .5; conditions on
        one side of .5.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.7, 0.2, 0.1], "B": [0.8, 0.3, 0.6, 0.2],
    ...                       "Y": [0.9, 0.6, 0.3, 0.1]}, index=list("wxyz"))
    >>> cm.qca.truth_table(cases, "Y").table[["out", "n", "consistency"]].round(3).values.tolist()
    [['0', 1, 0.5], ['0', 1, 0.667], ['1', 1, 0.917], ['1', 1, 1.0]]
    """
    check_arguments(truth_table, locals())
    cuts = _cuts(consistency_cut, contradiction_cut, pri_cut, frequency_cut)
    cases = check_cases(data, outcome, conditions, sorting=True)
    total = int(np.prod([float(size) for size in cases.sizes]))
    if total > min(_ROWS, LARGEST):
        raise DataError(
            f"{len(cases.x)} conditions make {total} rows, more than {_ROWS}: take fewer conditions"
        )
    grid = cases.grid()
    belongs = row_members(cases, grid)
    rows = [
        _row(cases, belongs[:, number], configuration, cuts)
        for number, configuration in enumerate(grid)
    ]
    table = pd.DataFrame(grid, columns=list(cases.conditions)).join(pd.DataFrame(rows))
    table.index.name = "minterm"
    return TruthTable(table, cases, cuts)


def row_members(cases: Cases, grid: Ints) -> Floats:
    """Membership of every case in every combination of conditions (cases, rows)."""
    found = np.ones((len(cases.names), len(grid)))
    for place, (x, several) in enumerate(zip(cases.x.values(), cases.many, strict=True)):
        value = grid[:, place]
        if several:
            part = (x[:, None] == value[None, :]).astype(np.float64)
        else:
            part = np.where(value[None, :] == 1, x[:, None], 1 - x[:, None])
        np.minimum(found, part, out=found)
    return found


def _cuts(upper: float, lower: float | None, pri: float, frequency: int) -> dict[str, float]:
    if not 0 < upper <= 1:
        raise DataError(f"consistency_cut must be above 0 and at most 1, not {upper}")
    if lower is not None and not 0 <= lower <= upper:
        raise DataError(f"contradiction_cut must be between 0 and the other cut, not {lower}")
    if not 0 <= pri <= 1:
        raise DataError(f"pri_cut must be between 0 and 1, not {pri}")
    if frequency < 1:
        raise DataError(f"frequency_cut must be 1 or more, not {frequency}")
    cuts = {"consistency_cut": upper, "pri_cut": pri, "frequency_cut": float(frequency)}
    return cuts if lower is None else {**cuts, "contradiction_cut": lower}


def _row(
    cases: Cases, member: Floats, configuration: Ints, cuts: Mapping[str, float]
) -> dict[str, object]:
    inside = np.flatnonzero(member > 0.5)
    few = len(inside) < cuts["frequency_cut"]
    fit = sufficiency_of(member, cases.y)
    out = "R" if few else _out(fit.consistency, fit.pri, cuts)
    against = cases.y[inside] < 0.5 if out == "1" else cases.y[inside] > 0.5
    return {
        "out": out,
        "n": len(inside),
        "consistency": float("nan") if few else fit.consistency,
        "pri": float("nan") if few else fit.pri,
        "cases": ", ".join(cases.names[place] for place in inside),
        "deviant": ""
        if out not in ("0", "1")
        else ", ".join(cases.names[place] for place in inside[against]),
    }


def _out(consistency: float, pri: float, cuts: Mapping[str, float]) -> str:
    high = consistency >= cuts["consistency_cut"] - _SLACK
    if high and (0.0 if np.isnan(pri) else pri) >= cuts["pri_cut"] - _SLACK:
        return "1"
    lower = cuts.get("contradiction_cut")
    return "C" if lower is not None and (high or consistency >= lower - _SLACK) else "0"
