"""Maximise the partial likelihood of some columns under some weights (standardised scale)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels._newton import Maximum, aliased_columns, inverse, newton
from coalition_models.kernels._panel import Floats, Integers, Panel
from coalition_models.kernels._sums import Derivatives, derivatives

__all__ = ["SUSPICIOUS", "Solution", "maximise"]

# Along a monotone direction Newton's decrement shrinks by e^(1/2) a step, so it takes some forty
# steps to pass for converged; a finite maximum is nearly always reached in fewer than these.
SUSPICIOUS = 18
# A start where a column keeps less than this information per event lies too far out to be used.
COLLAPSED = 1e-6


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
    origin = null
    if free.size < columns.size:
        origin = Derivatives(
            null.log_likelihood, null.score[free], null.information[np.ix_(free, free)]
        )
    if not cols.size:
        done = not columns.size and bool(events.any())
        return Solution(cols, aliased, start[free], origin, null, 0.0, 0, done, 0.0, None)

    def at(beta: Floats) -> Derivatives:
        return derivatives(panel, cols, weights, beta, efron) if beta.any() else origin

    score_test = _rao(origin)
    begin = start[free]
    first = at(begin)
    if not np.diag(first.information).min() > COLLAPSED * float(events.sum()):
        begin, first = np.zeros(cols.size), origin
    quick = _compiled_climb(panel, cols, weights, begin, first, efron, max_iterations, tolerance)
    if quick is not None:
        beta, here, iterations, decrement = quick
        return Solution(
            cols, aliased, beta, here, null, score_test, iterations, True, decrement, None
        )
    top, direction = _watched_climb(panel, cols, weights, at, begin, max_iterations, tolerance)
    return Solution(
        cols=cols,
        aliased=aliased,
        beta=top.beta,
        at=top.at,
        null=null,
        score_test=score_test,
        iterations=top.iterations,
        converged=top.converged and direction is None,
        decrement=top.decrement,
        direction=direction,
    )


def _watched_climb(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    at: Callable[[Floats], Derivatives],
    begin: Floats,
    max_iterations: int,
    tolerance: float,
) -> tuple[Maximum, Floats | None]:
    """Newton's method, given up where the likelihood rises for ever; that direction, if any."""
    directions: list[Floats | None] = []

    def endless(iteration: int, beta: Floats, step: Floats) -> bool:
        if iteration >= SUSPICIOUS and not directions:
            directions.append(recession_direction(panel, cols, weights, step))
        return bool(directions) and directions[0] is not None

    top = newton(at, begin, max_iterations=max_iterations, tolerance=tolerance, stop_early=endless)
    if not top.converged and not directions:
        directions.append(recession_direction(panel, cols, weights, top.step))
    return top, directions[0] if directions else None


def _rao(origin: Derivatives) -> float:
    bread = inverse(origin.information)
    return float("nan") if bread is None else float(origin.score @ bread @ origin.score)


def _compiled_climb(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    start: Floats,
    first: Derivatives,
    efron: bool,
    max_iterations: int,
    tolerance: float,
) -> tuple[Floats, Derivatives, int, float] | None:
    """Newton's method in one compiled call; None where there is none or it did not converge."""
    if not has_compiled():
        return None
    from coalition_models.kernels import _compiled

    beta, score, information = start.copy(), first.score.copy(), first.information.copy(order="C")
    value, iterations, converged, decrement = _compiled.climb(
        panel, cols, weights, beta, efron, min(max_iterations, SUSPICIOUS), tolerance,
        score, information, first.log_likelihood,
    )  # fmt: skip
    if not converged:
        return None
    return beta, Derivatives(value, score, information), iterations, decrement
