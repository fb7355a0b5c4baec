"""Compiled pass over the sorted panel: log-likelihood, score, information, sums per event time.

Sums run over the risk sets backwards in time. Rows at risk at one event time only are summed afresh
for that time; the others enter a running sum when they are last at risk and leave it before they
first are, as in R's ``agfit4``. Where most of a running sum has left it, it is summed anew, so that
no digits are lost.
"""

from __future__ import annotations

import numpy as np

from coalition_models.kernels._backend import inlined, strict
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = ["CHUNK", "derivatives", "row_exp", "work_space"]

CHUNK = 128
WORK = 4  # lines of work space beside the covariates' own
_MAGIC = 6755399441055744.0  # adding it rounds a double to a whole number held in its low bits
_LOG2E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10


@inlined
def work_space(p: int) -> Floats:
    """Room for CHUNK rows of ``p`` covariates, rounded up to fours, and their by-products."""
    return np.zeros(((p + 3) // 4 * 4 + WORK, CHUNK))


@strict
def row_exp(n: int, x: Floats, out: Floats, bits: Floats) -> None:
    """Exponential of the first ``n`` values, to the last place, in a form compilers vectorise.

    x = k log 2 + r; exp(r) by its series, 2^k by writing k into the exponent. Values are held to
    [-708, 709], the range of normal doubles.
    """
    for i in range(n):
        v = min(max(x[i], -708.0), 709.0)
        k = v * _LOG2E + _MAGIC
        bits[i] = k
        k -= _MAGIC
        r = (v - k * _LN2_HIGH) - k * _LN2_LOW
        p = 1.6059043836821613e-10
        p = p * r + 2.08767569878681e-09
        p = p * r + 2.505210838544172e-08
        p = p * r + 2.755731922398589e-07
        p = p * r + 2.7557319223985893e-06
        p = p * r + 2.48015873015873e-05
        p = p * r + 1.984126984126984e-04
        p = p * r + 1.388888888888889e-03
        p = p * r + 8.333333333333333e-03
        p = p * r + 4.1666666666666664e-02
        p = p * r + 0.16666666666666666
        p = p * r + 0.5
        p = p * r + 1.0
        out[i] = p * r + 1.0
    raw = bits.view(np.int64)
    for i in range(n):
        raw[i] = (raw[i] + 1023) << 52
    for i in range(n):
        out[i] *= bits[i]


@inlined
def _add(
    m: int,
    p: int,
    weighted: bool,
    beta: Floats,
    sign: float,
    full: bool,
    work: Floats,
    total: Floats,
) -> None:
    """Add the ``m`` rows loaded in ``work`` to ``total``: risks, risk x, then risk x x' (lower).

    Lines of ``work`` (p rounded up to fours, plus WORK lines): covariates, zeros up to a multiple
    of four, linear predictor (holding the offset), case weight, risk, spare. Four sums run at
    once, which halves the loads.
    """
    lines = (p + 3) // 4 * 4
    eta, risk, spare = work[lines, :m], work[lines + 2, :m], work[lines + 3, :m]
    for j in range(0, lines, 4):
        b0 = beta[j]
        b1 = beta[j + 1] if j + 1 < p else 0.0
        b2 = beta[j + 2] if j + 2 < p else 0.0
        b3 = beta[j + 3] if j + 3 < p else 0.0
        for i in range(m):
            eta[i] += (
                b0 * work[j, i] + b1 * work[j + 1, i] + b2 * work[j + 2, i] + b3 * work[j + 3, i]
            )
    row_exp(m, eta, risk, spare)
    if weighted:
        for i in range(m):
            risk[i] *= work[lines + 1, i]
    s = 0.0
    for i in range(m):
        s += risk[i]
    total[0] += sign * s
    at = 1 + p
    for j in range(p):
        s = 0.0
        for i in range(m):
            spare[i] = risk[i] * work[j, i]
            s += spare[i]
        total[1 + j] += sign * s
        if full:
            for h in range(0, j + 1, 4):
                s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
                for i in range(m):
                    s0 += spare[i] * work[h, i]
                    s1 += spare[i] * work[h + 1, i]
                    s2 += spare[i] * work[h + 2, i]
                    s3 += spare[i] * work[h + 3, i]
                total[at + h] += sign * s0
                if h + 1 <= j:
                    total[at + h + 1] += sign * s1
                if h + 2 <= j:
                    total[at + h + 2] += sign * s2
                if h + 3 <= j:
                    total[at + h + 3] += sign * s3
            at += j + 1


@inlined
def _add_range(
    columns: Floats,
    offset: Floats,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    low: int,
    high: int,
    full: bool,
    work: Floats,
    total: Floats,
) -> None:
    """Add rows ``low`` to ``high``, CHUNK at a time."""
    p = beta.shape[0]
    lines = (p + 3) // 4 * 4
    weighted = weights.shape[0] > 0
    for begin in range(low, high, CHUNK):
        m = min(CHUNK, high - begin)
        for j in range(p):
            line = columns[cols[j], begin : begin + m]
            for i in range(m):
                work[j, i] = line[i]
        if offset.shape[0] > 0:
            shift = offset[begin : begin + m]
            for i in range(m):
                work[lines, i] = shift[i]
        else:
            for i in range(m):
                work[lines, i] = 0.0
        if weighted:
            case = weights[begin : begin + m]
            for i in range(m):
                work[lines + 1, i] = case[i]
        _add(m, p, weighted, beta, 1.0, full, work, total)


@inlined
def _add_rows(
    columns: Floats,
    offset: Floats,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    rows: Integers,
    sign: float,
    full: bool,
    work: Floats,
    total: Floats,
) -> None:
    """Add scattered rows, CHUNK at a time."""
    p = beta.shape[0]
    lines = (p + 3) // 4 * 4
    weighted = weights.shape[0] > 0
    for begin in range(0, rows.shape[0], CHUNK):
        m = min(CHUNK, rows.shape[0] - begin)
        for j in range(p):
            c = cols[j]
            for i in range(m):
                work[j, i] = columns[c, rows[begin + i]]
        for i in range(m):
            work[lines, i] = offset[rows[begin + i]] if offset.shape[0] > 0 else 0.0
        if weighted:
            for i in range(m):
                work[lines + 1, i] = weights[rows[begin + i]]
        _add(m, p, weighted, beta, sign, full, work, total)


@inlined
def _sum_anew(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    k: int,
    high: int,
    full: bool,
    work: Floats,
    total: Floats,
) -> None:
    """Sum the long rows at risk at bin ``k``, all of which lie before ``high``, from nothing."""
    total[:] = 0.0
    n_single = panel.single_ptr[-1]
    low = panel.long_ptr[k]
    rows = np.empty(high - low, np.int64)
    count = 0
    for i in range(low, high):
        if panel.first[i - n_single] <= k:
            rows[count] = i
            count += 1
    _add_rows(
        panel.columns, panel.offset, cols, weights, beta, rows[:count], 1.0, full, work, total
    )


@inlined
def _events(
    columns: Floats,
    offset: Floats,
    rows: Integers,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    low: int,
    high: int,
    tied: Floats,
) -> tuple[int, float, float]:
    """Sum events ``low`` to ``high`` into ``tied``; their number, weight, weighted predictor."""
    p = beta.shape[0]
    tied[:] = 0.0
    count, mass, predictor = 0, 0.0, 0.0
    for e in range(low, high):
        i = rows[e]
        w = weights[i] if weights.shape[0] > 0 else 1.0
        if w <= 0.0:
            continue
        eta = offset[i] if offset.shape[0] > 0 else 0.0
        for j in range(p):
            eta += beta[j] * columns[cols[j], i]
        count += 1
        mass += w
        predictor += w * eta
        r = w * np.exp(min(max(eta, -708.0), 709.0))
        tied[0] += r
        at = 1 + p
        for j in range(p):
            x = columns[cols[j], i]
            tied[1 + j] += r * x
            # Past the risk sums: the plain weighted sum of the events' covariates.
            tied[at + (p * (p + 1)) // 2 + j] += w * x
        for j in range(p):
            rx = r * columns[cols[j], i]
            for h in range(j + 1):
                tied[at + h] += rx * columns[cols[h], i]
            at += j + 1
    return count, mass, predictor


@inlined
def derivatives(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    full: bool,
    score: Floats,
    information: Floats,
    sums: Floats,
    work: Floats,
) -> float:
    """Log partial likelihood at ``beta``; writes its score and (if ``full``) information.

    ``sums`` of shape (K, 2, size), if not empty, receives for every bin the totals over the risk
    set and over its tied events; size is 1 + p, or with ``full`` 1 + p + p (p + 1) / 2. ``work``
    comes from ``work_space``.
    """
    p = beta.shape[0]
    q = (p * (p + 1)) // 2
    size = 1 + p + q
    columns, offset = panel.columns, panel.offset
    bins = panel.closes.shape[0]
    running, total = np.zeros(size), np.zeros(size)
    tied = np.zeros(size + p)
    with_long = panel.long_ptr[bins] > panel.long_ptr[0]
    keep = sums.shape[0] > 0
    highest, stratum_end = 0.0, 0
    loglik = 0.0
    work[p : (p + 3) // 4 * 4] = 0.0
    score[:] = 0.0
    information[:, :] = 0.0
    for k in range(bins - 1, -1, -1):
        if panel.closes[k]:
            running[:] = 0.0
            highest = 0.0
            stratum_end = panel.long_ptr[k + 1]
        d, mass, predictor = _events(
            columns,
            offset,
            panel.event_rows,
            cols,
            weights,
            beta,
            panel.event_ptr[k],
            panel.event_ptr[k + 1],
            tied,
        )
        # one call for long and for single rows, since the loop is compiled into each place
        for part in range(2):
            if part == 0 and with_long:
                low, high, into = panel.long_ptr[k], panel.long_ptr[k + 1], running
            elif part == 1 and d > 0:
                total[:] = running
                low, high, into = panel.single_ptr[k], panel.single_ptr[k + 1], total
            else:
                continue
            _add_range(columns, offset, cols, weights, beta, low, high, full, work, into)
            if part == 0:
                if running[0] > highest:
                    highest = running[0]
                elif running[0] < 1e-4 * highest:
                    _sum_anew(panel, cols, weights, beta, k, stratum_end, full, work, running)
                    highest = running[0]
        if d > 0:
            loglik += predictor
            c1, c2, e1, e2, e3 = 0.0, 0.0, 0.0, 0.0, 0.0
            if efron:
                mean = mass / d
                for h in range(d):
                    f = h / d
                    den = total[0] - f * tied[0]
                    loglik -= mean * np.log(den)
                    g = 1.0 / den
                    c1 += mean * g
                    c2 += mean * f * g
                    e1 += mean * g * g
                    e2 += mean * f * g * g
                    e3 += mean * f * f * g * g
            else:
                loglik -= mass * np.log(total[0])
                c1 = mass / total[0]
                e1 = c1 / total[0]
            at = 1 + p
            for j in range(p):
                a, t = total[1 + j], tied[1 + j]
                score[j] += tied[size + j] - (a * c1 - t * c2)
                if full:
                    left = a * e1 - t * e2
                    right = t * e3 - a * e2
                    for h in range(j + 1):
                        information[j, h] += (
                            total[at + h] * c1
                            - tied[at + h] * c2
                            - left * total[1 + h]
                            - right * tied[1 + h]
                        )
                    at += j + 1
            if keep:
                n = sums.shape[2]
                for j in range(n):
                    sums[k, 0, j] = total[j]
                    sums[k, 1, j] = tied[j]
        if with_long and panel.leave_ptr[k + 1] > panel.leave_ptr[k]:
            rows = panel.leave_rows[panel.leave_ptr[k] : panel.leave_ptr[k + 1]]
            _add_rows(columns, offset, cols, weights, beta, rows, -1.0, full, work, running)
    for j in range(p):
        for h in range(j):
            information[h, j] = information[j, h]
    return loglik
