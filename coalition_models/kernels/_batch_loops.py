"""Compiled fits of many weightings or column subsets of one sorted panel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import compiled, inlined
from coalition_models.kernels._loops import CHUNK, derivatives, row_exp, work_space
from coalition_models.kernels._matrix_loops import invert, mark_aliased
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = ["climb", "cluster_scores", "fit_some"]


@inlined
def _next_step(information: Floats, score: Floats, bread: Floats, step: Floats) -> float:
    """Newton's step and its length in standard errors, infinite where there is none."""
    if not invert(information, bread):
        return np.inf
    p = score.shape[0]
    squared = 0.0
    for j in range(p):
        s = 0.0
        for h in range(p):
            s += bread[j, h] * score[h]
        step[j] = s
        squared += s * score[j]
    return float(np.sqrt(max(squared, 0.0)))


@inlined
def climb(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    max_iterations: int,
    tolerance: float,
    score: Floats,
    information: Floats,
    bread: Floats,
    step: Floats,
    loglik: float,
    work: Floats,
) -> tuple[float, int, bool, float]:
    """Newton's method from ``beta``, where the derivatives are known; as the single fit does it."""
    p = beta.shape[0]
    nothing = np.empty((0, 0, 0))
    before = np.inf
    trial, origin, move = np.empty(p), np.empty(p), np.empty(p)
    decrement = _next_step(information, score, bread, step)
    for iteration in range(1, max_iterations + 1):
        if not decrement < np.inf:
            return loglik, iteration, False, decrement
        longest_step = 0.0
        for j in range(p):
            longest_step = max(longest_step, abs(step[j]))
        if longest_step <= 1e-3 and (
            decrement <= tolerance or (decrement <= 1e-5 and decrement > 0.5 * before)
        ):
            for j in range(p):
                beta[j] += step[j]
            return loglik, iteration, True, decrement
        before = decrement
        slack = 1e-13 * (1.0 + abs(loglik))
        longest = max(2.0 * decrement, 1e-3)
        share = 1.0
        origin[:] = beta
        move[:] = step
        value = -np.inf
        for _ in range(40):
            for j in range(p):
                trial[j] = origin[j] + share * move[j]
            value = derivatives(
                panel, cols, weights, trial, efron, True, score, information, nothing, work
            )
            if value < np.inf and value >= loglik - slack:
                decrement = _next_step(information, score, bread, step)
                if decrement <= longest:
                    break
            share *= 0.5
        else:
            step[:] = move
            return loglik, iteration, False, decrement
        loglik = value
        beta[:] = trial
    return loglik, max_iterations, False, decrement


@inlined
def _span_table(values: Floats, table: Floats) -> None:
    """Sums between each bin and the middle of its block of 2, 4, 8, ... bins, one line per size.

    The bins ``first`` to ``last`` straddle the middle of exactly one such block, that of the
    highest bit in which the two differ; their sum is the entry at ``first`` plus the one at
    ``last``. Adding only: a difference of running sums loses the digits of small values.
    """
    bins = values.shape[0]
    for level in range(table.shape[0]):
        half = 1 << level
        for block in range(0, bins, 2 * half):
            middle = min(block + half, bins)
            s = 0.0
            for k in range(middle - 1, block - 1, -1):
                s += values[k]
                table[level, k] = s
            s = 0.0
            for k in range(middle, min(block + 2 * half, bins)):
                s += values[k]
                table[level, k] = s


@inlined
def cluster_scores(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    codes: Integers,
    scores: Floats,
) -> None:
    """Score residuals times weights, summed by cluster into ``scores`` (G, p).

    ``codes`` has one cluster per sorted row. Two passes: sums per bin, then each row's share.
    """
    p = beta.shape[0]
    bins = panel.closes.shape[0]
    work = work_space(p)
    sums = np.zeros((bins, 2, 1 + p))
    derivatives(panel, cols, weights, beta, efron, False, np.empty(p), np.empty((p, p)), sums, work)
    hazard, drift = np.zeros(bins), np.zeros((p, bins))
    scores[:, :] = 0.0
    for k in range(bins):
        d, mass = 0, 0.0
        for e in range(panel.event_ptr[k], panel.event_ptr[k + 1]):
            w = weights[panel.event_rows[e]] if weights.shape[0] > 0 else 1.0
            if w > 0.0:
                d += 1
                mass += w
        c1, c2, e1, e2, e3 = 0.0, 0.0, 0.0, 0.0, 0.0
        if d > 0:
            mean = mass / d
            for h in range(d):
                f = h / d if efron else 0.0
                g = 1.0 / (sums[k, 0, 0] - f * sums[k, 1, 0])
                c1 += mean * g
                c2 += mean * f * g
                e1 += mean * g * g
                e2 += mean * f * g * g
                e3 += mean * f * f * g * g
        hazard[k] = c1
        for j in range(p):
            drift[j, k] = sums[k, 0, 1 + j] * e1 - sums[k, 1, 1 + j] * e2
        for e in range(panel.event_ptr[k], panel.event_ptr[k + 1]):
            i = panel.event_rows[e]
            w = weights[i] if weights.shape[0] > 0 else 1.0
            if w <= 0.0:
                continue
            eta = panel.offset[i] if panel.offset.shape[0] > 0 else 0.0
            for j in range(p):
                eta += beta[j] * panel.columns[cols[j], i]
            r = np.exp(min(max(eta, -708.0), 709.0))
            # The event itself, and what its own bin takes less from it than from the others.
            for j in range(p):
                x = panel.columns[cols[j], i]
                centre = (sums[k, 0, 1 + j] * c1 - sums[k, 1, 1 + j] * c2) / mass
                less = sums[k, 0, 1 + j] * e2 - sums[k, 1, 1 + j] * e3
                scores[codes[i], j] += w * (x - centre + r * (x * c2 - less))
    block = np.empty((p, CHUNK))
    n_single = panel.single_ptr[bins]
    highest = np.zeros(2 * bins, np.int64)  # highest bit of a number, up to any two bins' first ^ k
    for k in range(2, 2 * bins):
        highest[k] = highest[k >> 1] + 1
    levels = highest[bins - 1] + 1 if panel.first.shape[0] > 0 else 0
    tables = np.empty((1 + p, levels, bins))
    _span_table(hazard, tables[0])
    for j in range(p):
        _span_table(drift[j], tables[1 + j])
    at_first, at_last = np.empty(CHUNK, np.int64), np.empty(CHUNK, np.int64)
    for part in range(2):
        for k in range(bins):
            low = panel.single_ptr[k] if part == 0 else panel.long_ptr[k]
            high = panel.single_ptr[k + 1] if part == 0 else panel.long_ptr[k + 1]
            for begin in range(low, high, CHUNK):
                m = min(CHUNK, high - begin)
                eta_, risk, spare = work[0], work[1], work[2]
                for i in range(m):
                    eta_[i] = panel.offset[begin + i] if panel.offset.shape[0] > 0 else 0.0
                for j in range(p):
                    line = panel.columns[cols[j], begin : begin + m]
                    for i in range(m):
                        eta_[i] += beta[j] * line[i]
                row_exp(m, eta_, risk, spare)
                if weights.shape[0] > 0:
                    for i in range(m):
                        risk[i] *= weights[begin + i]
                if part == 1:
                    whole = tables[0].ravel()
                    for i in range(m):
                        first = panel.first[begin + i - n_single]
                        level = highest[first ^ k] * bins
                        at_first[i], at_last[i] = level + first, level + k
                        spare[i] = whole[level + first] + whole[level + k]
                for j in range(p):
                    line = panel.columns[cols[j], begin : begin + m]
                    out = block[j, :m]
                    if part == 0:
                        h, a = hazard[k], drift[j, k]
                        for i in range(m):
                            out[i] = risk[i] * (line[i] * h - a)
                    else:
                        whole = tables[1 + j].ravel()
                        for i in range(m):
                            pull = whole[at_first[i]] + whole[at_last[i]]
                            out[i] = risk[i] * (line[i] * spare[i] - pull)
                for i in range(m):
                    g = codes[begin + i]
                    for j in range(p):
                        scores[g, j] -= block[j, i]


@inlined
def _clustered_variance(scores: Floats, bread: Floats, out: Floats) -> None:
    p = bread.shape[0]
    moved = np.empty(p)
    out[:] = 0.0
    for g in range(scores.shape[0]):
        for j in range(p):
            s = 0.0
            for h in range(p):
                s += bread[j, h] * scores[g, h]
            moved[j] = s
        for j in range(p):
            out[j] += moved[j] * moved[j]


@inlined
def _without_zeros(
    panel: Panel, weights: Floats, codes: Integers, columns: Floats, place: Integers
) -> tuple[Panel, Floats, Integers]:
    """Copy the rows of positive weight, where no row spans several bins; ``columns`` is room."""
    m = weights.shape[0]
    p = columns.shape[0]
    bins = panel.closes.shape[0]
    rows = np.empty(m + 1, np.int64)
    single_ptr = np.zeros(bins + 1, np.int64)
    count = 0
    for k in range(bins):
        for i in range(panel.single_ptr[k], panel.single_ptr[k + 1]):
            # Without a branch: which clusters a draw leaves out cannot be predicted.
            place[i] = count
            rows[count] = i
            count += 1 if weights[i] > 0.0 else 0
        single_ptr[k + 1] = count
    rows = rows[:count]
    for j in range(p):
        line, out = panel.columns[j], columns[j]
        for i in range(count):
            out[i] = line[rows[i]]
    event_rows = np.empty(panel.event_rows.shape[0], np.int64)
    event_ptr = np.zeros(bins + 1, np.int64)
    events = 0
    for k in range(bins):
        for e in range(panel.event_ptr[k], panel.event_ptr[k + 1]):
            i = panel.event_rows[e]
            if weights[i] > 0.0:
                event_rows[events] = place[i]
                events += 1
        event_ptr[k + 1] = events
    smaller = Panel(
        columns,
        panel.weights,
        panel.offset[rows] if panel.offset.shape[0] > 0 else panel.offset,
        single_ptr,
        np.full(bins + 1, count),
        panel.first,
        panel.leave_ptr,
        panel.leave_rows,
        event_ptr,
        event_rows[:events],
        panel.closes,
    )
    return smaller, weights[rows], codes[rows] if codes.shape[0] > 0 else codes


@compiled
def fit_some(
    panel: Panel,
    weightings: Floats,
    by_cluster: bool,
    masks: NDArray[np.bool_],
    starts: Floats,
    codes: Integers,
    n_clusters: int,
    clustered: bool,
    efron: bool,
    max_iterations: int,
    tolerance: float,
    low: int,
    high: int,
    beta_out: Floats,
    model_out: Floats,
    cluster_out: Floats,
    loglik_out: Floats,
    step_out: Floats,
    iterations_out: Integers,
    aliased_out: NDArray[np.bool_],
    converged_out: NDArray[np.bool_],
) -> None:
    """Fit jobs ``low`` to ``high``; results in the columns' own places, NaN elsewhere.

    ``weightings`` (B, G) or (B, m), or empty: each job's factor on the panel's own weights.
    ``masks`` (B, p): the columns of each job. ``starts`` (B, p): where each job starts.
    """
    p = masks.shape[1]
    m = panel.columns.shape[1]
    reweighted = weightings.shape[0] > 0
    weights = np.empty(m if reweighted else 0)
    work = work_space(p)
    nothing = np.empty((0, 0, 0))
    scores = np.empty((n_clusters if clustered else 0, p))
    bins = panel.closes.shape[0]
    shrink = reweighted and panel.long_ptr[bins] == panel.long_ptr[0]
    room = np.empty((panel.columns.shape[0], m if shrink else 0))
    place = np.empty(m if shrink else 0, np.int64)
    for b in range(low, high):
        data, labels = panel, codes
        if reweighted:
            for i in range(m):
                weights[i] = weightings[b, codes[i]] if by_cluster else weightings[b, i]
            if panel.weights.shape[0] > 0:
                for i in range(m):
                    weights[i] *= panel.weights[i]
            used = weights
            if shrink:
                data, used, labels = _without_zeros(panel, weights, codes, room, place)
        else:
            used = panel.weights
        mass = 0.0
        for e in range(data.event_rows.shape[0]):
            mass += used[data.event_rows[e]] if used.shape[0] > 0 else 1.0
        chosen = np.flatnonzero(masks[b])
        q = chosen.shape[0]
        beta = starts[b][chosen].copy()
        score, information = np.empty(q), np.empty((q, q))
        flags = np.zeros(q, np.bool_)
        loglik = 0.0
        reduced = False
        while True:  # one place that takes derivatives, since they are compiled into it
            loglik = derivatives(
                data, chosen, used, beta, efron, True, score, information, nothing, work
            )
            if reduced:
                break
            least = np.inf
            for j in range(q):
                least = min(least, information[j, j])
            if not least > 1e-6 * mass and beta.any():  # too far out: start at zero
                beta[:] = 0.0
                continue
            kept = mark_aliased(information, mass, flags)
            if mass <= 0.0 or not loglik > -np.inf:
                kept = 0
                flags[:] = True
            if kept == q:
                break
            for j in range(q):
                aliased_out[b, chosen[j]] = flags[j]
            chosen = chosen[~flags]
            beta = beta[~flags]
            q = kept
            score, information = np.empty(q), np.empty((q, q))
            reduced = True
        loglik_out[b] = loglik
        if q == 0:
            converged_out[b] = mass > 0.0 and masks[b].sum() == 0
            continue
        bread, step = np.full((q, q), np.nan), np.zeros(q)
        loglik, iterations, converged, _ = climb(
            data, chosen, used, beta, efron, max_iterations, tolerance,
            score, information, bread, step, loglik, work,
        )  # fmt: skip
        loglik_out[b] = loglik
        iterations_out[b] = iterations
        converged_out[b] = converged
        for j in range(q):
            beta_out[b, chosen[j]] = beta[j]
            model_out[b, chosen[j]] = bread[j, j]
            step_out[b, chosen[j]] = step[j]
        if clustered and converged:
            variance = np.empty(q)
            cluster_scores(data, chosen, used, beta, efron, labels, scores[:, :q])
            _clustered_variance(scores[:, :q], bread, variance)
            for j in range(q):
                cluster_out[b, chosen[j]] = variance[j]
