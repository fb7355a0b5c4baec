"""Likelihood of periods with or without an event, in the form that durations have.

So that periods of which one is known to hold an event can be put together as hazards are:
minus the log of the chance to stay through a period is its hazard.
"""

from __future__ import annotations

import numpy as np

from coalition_models.kernels.binomial import LINKS, row_terms
from coalition_models.kernels.lifetime_rows import Floats, Likelihood, Rows
from coalition_models.kernels.lifetimes import Varied

__all__ = ["periods"]

_SMALLEST = 1e-300


def periods(link: str) -> Likelihood:
    """Likelihood of rows that are periods, under a link.

    Examples
    --------
    >>> rows = Rows(np.zeros(2), np.ones(2), np.array([1.0, 0.0]), np.ones(2), np.zeros(2),
    ...             (np.ones((2, 1)),))
    >>> float(periods("logit")(rows, np.zeros((1, 2))).value.sum().round(4))
    -1.3863
    """

    def likelihood(rows: Rows, at: Floats) -> Varied:
        eta, shape = at[0], LINKS[link]
        pull, _, observed = row_terms(rows.event, eta, link, rows.weights)
        chance = np.where(rows.event == 1, shape.probability(eta), shape.complement(eta))
        value = rows.weights * np.log(np.maximum(chance, _SMALLEST))
        return Varied(value, pull[None], -observed[None, None])

    return likelihood
