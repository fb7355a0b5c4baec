"""An analysis from raw values to a solution, as one plan that can be changed and run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from coalition_models.errors import AbsentError, DataError, first_few
from coalition_models.qca.calibration import calibrate
from coalition_models.qca.counterfactuals import Expected
from coalition_models.qca.solutions import Kind, Solution, minimise
from coalition_models.qca.truth import TruthTable, truth_table

__all__ = ["Analysis"]


@dataclass(frozen=True)
class Analysis:
    """A plan: raw data, anchors, cuts, the kind of solution.

    Parameters
    ----------
    data : DataFrame
        A case per row; columns with ``anchors`` hold raw values, the others memberships.
    outcome : str
    conditions : sequence of str
    anchors : mapping
        Column -> its anchors; see :func:`calibrate`.
    digits : int, optional
        Round calibrated memberships to so many decimals.
    consistency_cut, frequency_cut, pri_cut, contradiction_cut
        As for :func:`truth_table`.
    kind, expectations, exclude
        As for :func:`minimise`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [1, 9, 2, 8], "B": [1, 0, 0, 1], "Y": [0, 1, 0, 1]})
    >>> plan = cm.qca.Analysis(cases, "Y", ["A", "B"], anchors={"A": [2, 5, 8]})
    >>> plan.solve().expression, plan.change(kind="parsimonious").solve().expression
    ('A', 'A')
    """

    data: pd.DataFrame
    outcome: str
    conditions: Sequence[str]
    anchors: Mapping[str, Sequence[float]] = field(default_factory=dict)
    digits: int | None = None
    consistency_cut: float = 0.8
    frequency_cut: int = 1
    pri_cut: float = 0.0
    contradiction_cut: float | None = None
    kind: Kind = "conservative"
    expectations: Mapping[str, Expected] | None = None
    exclude: Sequence[int | str] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.data, pd.DataFrame):
            raise DataError(f"data must be a pandas DataFrame, not {type(self.data).__name__}")
        gone = [name for name in self.anchors if name not in self.data.columns]
        if gone:
            raise AbsentError(f"anchors for what is no column: {first_few(gone)}")

    def change(self, **more: Any) -> Analysis:
        """The same plan with other values, such as ``consistency_cut=0.75``."""
        try:
            return replace(self, **more)
        except TypeError:
            unknown = [name for name in more if name not in self.__dataclass_fields__]
            raise DataError(f"a plan has no {first_few(unknown)}") from None

    def members(self) -> pd.DataFrame:
        """Conditions and outcome calibrated."""
        name = self.outcome.removeprefix("~")
        columns = [*self.conditions, name]
        gone = [one for one in columns if one not in self.data.columns]
        if gone:
            raise AbsentError(f"no column {first_few(gone)} in the data")
        made = {
            one: calibrate(self.data[one], self.anchors[one], digits=self.digits)
            if one in self.anchors
            else self.data[one]
            for one in columns
        }
        return pd.DataFrame(made, index=self.data.index)

    def table(self) -> TruthTable:
        """The truth table."""
        return truth_table(
            self.members(),
            self.outcome,
            list(self.conditions),
            consistency_cut=self.consistency_cut,
            contradiction_cut=self.contradiction_cut,
            pri_cut=self.pri_cut,
            frequency_cut=self.frequency_cut,
        )

    def solve(self) -> Solution:
        """The solution."""
        return minimise(
            self.table(), self.kind, expectations=self.expectations, exclude=self.exclude
        )
