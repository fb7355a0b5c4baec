"""Many specifications judged together: what chance alone would do to all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.render import Table, format_number, format_p

__all__ = ["JointTest", "janus", "joint_test", "near_copies", "relative_ratio", "stouffer"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: specifications whose statistics move together to this correlation over the draws are one
COPY = 0.999


@dataclass(frozen=True, repr=False)
class JointTest:
    """Three statistics over all specifications, against draws in which the term has no effect.

    Attributes
    ----------
    table : DataFrame
        ``statistic, observed, p_value``: the median z (two-sided), the share of specifications
        with z beyond 1.96 on the median's side, the largest z in size.
    specifications, distinct : int
        Given, and counted: near-copies count once.
    draws : int
    how : str
        What was permuted or shifted.
    left_out : int
        Specifications without a statistic in the data or in some draw.
    """

    table: pd.DataFrame
    specifications: int
    distinct: int
    draws: int
    how: str
    left_out: int

    def to_table(self) -> Table:
        """For print."""
        rows = [
            [str(name), format_number(float(seen)), format_p(float(p))]
            for name, seen, p in self.table.itertuples(index=False)
        ]
        notes = [
            f"{counted(self.distinct, 'distinct specification')} of {self.specifications}; "
            f"{self.draws:,} draws, {self.how}. A draw as extreme as the data counts against them."
        ]
        if self.left_out:
            notes.append(f"{self.left_out} without a statistic are left out.")
        return Table(["statistic", "observed", "p"], rows, "All specifications together", notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def joint_test(observed: Floats, drawn: Floats, *, how: str) -> JointTest:
    """Test that a term has no effect in any of many specifications.

    Parameters
    ----------
    observed : array, shape (S,)
        z of each specification; missing where there is none.
    drawn : array, shape (B, S)
        The same in each draw. In one draw all specifications are of one world, in which whole
        histories of exposure were exchanged, so that their dependence is kept.
    how : str
        What was exchanged, in words.

    Returns
    -------
    JointTest
        p-values are ``(1 + draws as extreme) / (1 + B)``, valid if the data are exchangeable with
        the draws (Simonsohn, Simmons and Nelson 2020).

    Raises
    ------
    DataError
        Shapes that do not fit; no specification with a statistic in the data and all draws.

    Examples
    --------
    >>> import numpy as np
    >>> import coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> null = rng.normal(size=(199, 1)) + 0.3 * rng.normal(size=(199, 8))
    >>> found = cm.sensitivity.joint_test(np.full(8, 3.0), null, how="made up")
    >>> found.table["p_value"].round(3).tolist()
    [0.005, 0.03, 0.02]
    """
    seen, worlds = np.asarray(observed, dtype=float), np.asarray(drawn, dtype=float)
    if worlds.ndim != 2 or seen.shape != worlds.shape[1:] or not len(worlds):
        raise DataError(
            f"drawn must have one line per draw and one column per specification; found shapes "
            f"{seen.shape} and {worlds.shape}"
        )
    usable = np.isfinite(seen) & np.isfinite(worlds).all(axis=0)
    if not usable.any():
        raise DataError(
            "no specification has a statistic in the data and in every draw: the term does not "
            "vary where it could tell"
        )
    kept = np.flatnonzero(usable)[near_copies(worlds[:, usable])]
    all_worlds = np.vstack([seen[kept], worlds[:, kept]])
    middle = np.median(all_worlds, axis=1)
    side = np.where(middle < 0, -1.0, 1.0)[:, None]
    beyond = (side * all_worlds > EDGE).mean(axis=1)
    largest = np.abs(all_worlds).max(axis=1)
    measures = {
        "median z": (middle[0], np.abs(middle)),
        "share beyond 1.96": (beyond[0], beyond),
        "largest z in size": (largest[0], largest),
    }
    rows = [(name, value, _p_value(sizes)) for name, (value, sizes) in measures.items()]
    return JointTest(
        table=pd.DataFrame(rows, columns=["statistic", "observed", "p_value"]),
        specifications=len(seen),
        distinct=len(kept),
        draws=len(worlds),
        how=how,
        left_out=int((~usable).sum()),
    )


def _p_value(sizes: Floats) -> float:
    """Share of the worlds, the data's own among them, that are as extreme as the data."""
    return float((sizes >= sizes[0] * (1 - 1e-9)).mean())


def near_copies(drawn: Floats, correlation: float = COPY) -> Integers:
    """Positions of the specifications that are kept when near-copies count once.

    A specification is a copy of an earlier one where their statistics have a higher correlation
    than that over the draws.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> one, two = rng.normal(size=(2, 50))
    >>> near_copies(np.column_stack([one, 2 * one, two, one + 1e-6 * two])).tolist()
    [0, 2]
    """
    if len(drawn) < 2:
        return np.arange(drawn.shape[1])
    centred = drawn - drawn.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    unit = centred / np.where(size > 0, size, 1.0)
    kept: list[int] = []
    for j in range(drawn.shape[1]):
        if not kept or not (unit[:, kept].T @ unit[:, j] > correlation).any():
            kept.append(j)
    return np.array(kept, dtype=np.int64)


def stouffer(z: npt.ArrayLike) -> float:
    """Sum of z-values over the root of their number.

    It says how large the whole is; it is no test, since specifications are not independent.

    Examples
    --------
    >>> round(stouffer([1.0, 2.0, 3.0]), 3)
    3.464
    """
    values = np.asarray(z, dtype=float)
    values = values[np.isfinite(values)]
    return float(values.sum() / np.sqrt(len(values))) if len(values) else float("nan")


def relative_ratio(estimates: npt.ArrayLike, p_values: npt.ArrayLike) -> tuple[float, float]:
    """Spread of results over specifications (Patel, Burford and Ioannidis 2015).

    Parameters
    ----------
    estimates : array-like
        Logarithms of ratios.
    p_values : array-like

    Returns
    -------
    tuple
        Ratio of the 99th to the 1st percentile of the ratios, and difference of these percentiles
        of ``-log10(p)``.

    Examples
    --------
    >>> [round(x, 3) for x in relative_ratio([0.0, 0.5, 1.0], [0.1, 0.05, 0.01])]
    [2.664, 0.98]
    """
    logs, p = _known(estimates), _known(p_values)
    if not len(logs) or not len(p):
        return float("nan"), float("nan")
    low, high = np.percentile(logs, [1, 99])
    least, most = np.percentile(-np.log10(np.maximum(p, 1e-300)), [1, 99])
    return float(np.exp(high - low)), float(most - least)


def janus(estimates: npt.ArrayLike) -> bool:
    """Whether results point both ways: the 1st percentile below 0 and the 99th above.

    Examples
    --------
    >>> janus([-0.2, 0.1, 0.3]), janus([0.2, 0.1])
    (True, False)
    """
    logs = _known(estimates)
    if not len(logs):
        return False
    low, high = np.percentile(logs, [1, 99])
    return bool(low < 0 < high)


def _known(values: npt.ArrayLike) -> Floats:
    found = np.asarray(values, dtype=float)
    known: Floats = found[np.isfinite(found)]
    return known
