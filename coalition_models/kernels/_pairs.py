"""Count concordant pairs with a tree of cumulative weights by rank of the score, in Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = ["count_pairs"]


def count_pairs(
    panel: Panel,
    rank: Integers,
    weights: Floats,
    is_event: NDArray[np.bool_],
    leaving: Integers,
    leaving_ptr: Integers,
    n_ranks: int,
) -> tuple[float, float, float]:
    """Weights of pairs (event, later row) with the event's score higher, lower, equal.

    ``tree`` is a Fenwick tree: prefix sums and updates in log(n_ranks) steps. Bins are walked
    backwards in time; ``alone`` holds each rank's own weight.
    """
    tree = np.zeros(n_ranks + 1)
    alone = np.zeros(n_ranks)
    higher, lower, same, total = 0.0, 0.0, 0.0, 0.0
    for k in range(panel.closes.shape[0] - 1, -1, -1):
        for step in range(4):
            # 0: rows last at risk here enter; 1: events compare; 2: long events enter;
            # 3: rows at risk here only, and long ones first at risk here, leave.
            if step == 1:
                for e in range(panel.event_ptr[k], panel.event_ptr[k + 1]):
                    i = panel.event_rows[e]
                    below = 0.0
                    at = rank[i]
                    while at > 0:
                        below += tree[at]
                        at -= at & -at
                    tie = alone[rank[i]]
                    higher += weights[i] * below
                    same += weights[i] * tie
                    lower += weights[i] * (total - below - tie)
                continue
            for part in range(2):
                if step == 2 and part == 0:
                    continue
                if part == 0:
                    low, high = panel.single_ptr[k], panel.single_ptr[k + 1]
                elif step == 3:
                    low, high = leaving_ptr[k], leaving_ptr[k + 1]
                else:
                    low, high = panel.long_ptr[k], panel.long_ptr[k + 1]
                for position in range(low, high):
                    i = leaving[position] if (part == 1 and step == 3) else position
                    if (step == 0 or (step == 3 and part == 0)) and is_event[i]:
                        continue
                    if step == 2 and not is_event[i]:
                        continue
                    w = -weights[i] if step == 3 else weights[i]
                    total += w
                    alone[rank[i]] += w
                    at = rank[i] + 1
                    while at <= n_ranks:
                        tree[at] += w
                        at += at & -at
    return higher, lower, same
