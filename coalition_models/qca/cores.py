"""What an initial solution and its alternatives have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.qca.fits import sufficiency_of
from coalition_models.qca.solutions import Solution
from coalition_models.render import Table, frame_table

__all__ = ["RobustCore", "robust_core"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class RobustCore:
    """The robust core and how near the initial solution is to it.

    ``fit``: ``consistency`` (of the initial solution over that of the core), ``coverage`` (of the
    core over that of the initial solution), ``overlap_least`` and ``overlap_most`` (sum of the
    smaller over sum of the larger membership in the initial solution and in the intersection, or
    union, of the alternatives); 1 is robust throughout. ``cases``: by case, membership in
    ``initial``, ``least`` (intersection of the alternatives), ``most`` (their union), ``core``,
    ``outcome``, and ``kind``: robust (in the initial solution and all alternatives), shaky (in it,
    not in all alternatives), possible (not in it, in an alternative), or outside. ``typical`` and
    ``deviant``: robust cases with, and without, the outcome as shares of these and the shaky and
    possible ones. ``rank``: 1 no shaky and no possible case, 2 possible ones, 3 shaky ones, 4 both.
    """

    fit: dict[str, float]
    cases: pd.DataFrame
    typical: float
    deviant: float
    rank: int

    def to_table(self) -> Table:
        """The fit, ready for print."""
        rows = pd.DataFrame([{**self.fit, "typical": self.typical, "deviant": self.deviant}])
        counts = self.cases["kind"].value_counts()
        told = ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS if kind in counts)
        return frame_table(rows, notes=[f"Cases: {told}; rank {self.rank} of 4."])

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


_KINDS = ("robust", "shaky", "possible", "outside")


def robust_core(
    initial: Solution, alternatives: Sequence[Solution], *, model: int = 0
) -> RobustCore:
    """Compare a solution with those that other defensible choices give.

    Parameters
    ----------
    initial : Solution
    alternatives : sequence of Solution
        Of the same cases and outcome; each by its first model. All of them count.
    model : int
        Which model of the initial solution.

    Returns
    -------
    RobustCore

    Raises
    ------
    DataError
        No alternative; one of other cases or another outcome.

    Notes
    -----
    The fit-oriented and case-oriented robustness of Oana and Schneider (2024),
    worked out in Oana, Schneider and Thomann (2021).
    The membership of the outcome is that of the initial solution.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> from coalition_models.qca.analysis import Analysis
    >>> cases = pd.DataFrame({"A": [1, 9, 2, 8], "B": [1, 0, 0, 1], "Y": [0, 1, 0, 1]})
    >>> plan = Analysis(cases, "Y", ["A", "B"], anchors={"A": [2, 5, 8]})
    >>> other = plan.change(anchors={"A": [1, 6, 9]})
    >>> cm.qca.robust_core(plan.solve(), [other.solve()]).rank
    1
    """
    check_arguments(robust_core, locals())
    if not alternatives:
        raise DataError("a robust core needs one alternative solution or more")
    names = initial.table.cases.names
    for place, other in enumerate(alternatives):
        same = set(other.table.cases.names) == set(names)
        if not same or other.table.outcome != initial.table.outcome:
            raise DataError(f"alternative {place} is of other cases or of another outcome")
    start = initial.members(model)
    table = pd.DataFrame({str(i): one.members() for i, one in enumerate(alternatives)}).loc[
        start.index
    ]
    cases = pd.DataFrame(
        {"initial": start, "least": table.min(axis=1), "most": table.max(axis=1)}
    ).assign(outcome=initial.table.cases.y)
    cases.insert(3, "core", cases[["initial", "least"]].min(axis=1))
    inside, least, most = (cases[name] > 0.5 for name in ("initial", "least", "most"))
    cases["kind"] = np.select(
        [inside & least, inside & ~least, ~inside & most], _KINDS[:3], default=_KINDS[3]
    )
    kinds = cases["kind"]
    shaky, possible = bool((kinds == "shaky").any()), bool((kinds == "possible").any())
    return RobustCore(
        _fit(cases),
        cases,
        _share(kinds[cases["outcome"] > 0.5]),
        _share(kinds[cases["outcome"] < 0.5]),
        1 + possible + 2 * shaky,
    )


def _fit(cases: pd.DataFrame) -> dict[str, float]:
    x, y, core = (cases[name].to_numpy(np.float64) for name in ("initial", "outcome", "core"))
    whole, held = sufficiency_of(x, y), sufficiency_of(core, y)
    return {
        "consistency": whole.consistency / held.consistency,
        "coverage": held.coverage / whole.coverage,
        "overlap_least": _overlap(x, cases["least"].to_numpy(np.float64)),
        "overlap_most": _overlap(x, cases["most"].to_numpy(np.float64)),
    }


def _overlap(x: Floats, z: Floats) -> float:
    return float(np.minimum(x, z).sum() / np.maximum(x, z).sum())


def _share(kinds: pd.Series) -> float:
    """Robust cases among those that any solution takes; missing where there are none."""
    taken = kinds[kinds != "outside"]
    return float((taken == "robust").mean()) if len(taken) else float("nan")
