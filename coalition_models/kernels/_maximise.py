"""Maximise the partial likelihood of some columns under some weights (standardised scale)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels._newton import aliased_columns, inverse, newton
from coalition_models.kernels._panel import Floats, Integers, Panel
from coalition_models.kernels._sums import Derivatives, derivatives

__all__ = ["SUSPICIOUS", "Solution", "maximise"]

# Along a monotone direction Newton's decrement shrinks by e^(1/2) a step, so it takes some forty
# steps to pass for converged; a finite maximum is nearly always reached in fewer than these.
SUSPICIOUS = 18


@dataclass(frozen=True)
class Solution:
    """``beta``, ``at`` and ``direction`` refer to ``cols``, the columns not aliased."""

    cols: Integers
    aliased: NDArray[np.bool_]
    beta: Floats
    at: Derivatives
    null: Derivatives
    score_test: float
    iterations: int
    converged: bool
    decrement: float
    direction: Floats | None


def maximise(
    panel: Panel,
    columns: Integers,
    weights: Floats,
    start: Floats,
    *,
    efron: bool,
    max_iterations: int,
    tolerance: float,
) -> Solution:
    """Maximise over ``columns``; ``weights`` is empty or has one value per sorted row."""
    null = derivatives(panel, columns, weights, np.zeros(columns.size), efron)
    events = weights[panel.event_rows] if weights.size else np.ones(panel.event_rows.size)
    aliased = aliased_columns(null.information, float(events.sum()))
    free = np.flatnonzero(~aliased)
    cols = columns[free]
    origin = Derivatives(
        null.log_likelihood, null.score[free], null.information[np.ix_(free, free)]
    )
    if not cols.size:
        done = not columns.size and bool(events.any())
        return Solution(cols, aliased, start[free], origin, null, 0.0, 0, done, 0.0, None)

    def at(beta: Floats) -> Derivatives:
        return derivatives(panel, cols, weights, beta, efron) if beta.any() else origin

    directions: list[Floats | None] = []

    def endless(iteration: int, beta: Floats, step: Floats) -> bool:
        if iteration >= SUSPICIOUS and not directions:
            directions.append(recession_direction(panel, cols, weights, step))
        return bool(directions) and directions[0] is not None

    top = newton(
        at,
        start[free],
        max_iterations=max_iterations,
        tolerance=tolerance,
        stop_early=endless,
    )
    if not top.converged and not directions:
        directions.append(recession_direction(panel, cols, weights, top.step))
    direction = directions[0] if directions else None
    bread = inverse(origin.information)
    rao = float("nan") if bread is None else float(origin.score @ bread @ origin.score)
    return Solution(
        cols=cols,
        aliased=aliased,
        beta=top.beta,
        at=top.at,
        null=null,
        score_test=rao,
        iterations=top.iterations,
        converged=top.converged and direction is None,
        decrement=top.decrement,
        direction=direction,
    )
