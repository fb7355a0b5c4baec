"""The wild cluster bootstrap: weights of clusters, and how often a statistic is not smaller.

Weights are fixed by the number of clusters, the draws and the seed, before any score is looked at.
Any statistic of a block of weights goes through :func:`not_smaller`, that of scores
(:func:`score_statistics`) and that of a regression alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError
from coalition_models.lazy import lazy_module

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

__all__ = [
    "DRAWS",
    "MOST_ENUMERATED",
    "WildWeights",
    "efficient_information",
    "efficient_scores",
    "not_smaller",
    "score_p",
    "score_statistics",
    "wild_weights",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: with so many clusters or fewer every one of the 2**G patterns of signs is looked at
MOST_ENUMERATED = 16
#: draws with more clusters; with the data themselves these make 100,000
DRAWS = 99_999
#: two statistics nearer than this share of the observed one are a tie
TIE = 1e-9
#: draws that are looked at together
_BLOCK = 4096
#: six points with mean 0 and variance 1 (Webb 2023)
_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True)
class WildWeights:
    """Weights of ``clusters`` clusters in ``draws`` lines.

    Attributes
    ----------
    clusters, draws : int
    seed : int or None
        None where all patterns of signs are enumerated, so that nothing is drawn.
    """

    clusters: int
    draws: int
    seed: int | None

    @property
    def enumerated(self) -> bool:
        """Whether the lines are all patterns of signs."""
        return self.seed is None

    @property
    def kind(self) -> str:
        """What they are, in words."""
        if self.enumerated:
            return f"Rademacher, all {self.draws:,} patterns of signs"
        return f"Webb, {self.draws:,} draws, seed {self.seed}"

    def blocks(self) -> Iterator[Floats]:
        """Give the lines in blocks (b, G), always the same ones in the same order."""
        for first in range(0, self.draws, _BLOCK):
            last = min(first + _BLOCK, self.draws)
            if self.seed is None:
                yield _signs(self.clusters, first, last)
            else:
                yield _WEBB[_webb(self.clusters, self.draws, self.seed)[first:last]]

    def p_value(self, count: int) -> float:
        """P-value of a statistic that ``count`` lines do not stay below.

        Among all patterns the data's own is one; beside draws it is counted.
        """
        if self.enumerated:
            return count / self.draws
        return (count + 1) / (self.draws + 1)


def wild_weights(clusters: int, *, draws: int = DRAWS, seed: int = 1) -> WildWeights:
    """Choose the weights for a number of clusters.

    All 2**G patterns of signs (Rademacher) where there are 65,536 or fewer; otherwise ``draws``
    from Webb's six points. They are made when they are first used, and kept for the next test with
    as many clusters.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.inference.wild_weights(3).kind
    'Rademacher, all 8 patterns of signs'
    >>> cm.inference.wild_weights(39).kind
    'Webb, 99,999 draws, seed 1'
    >>> next(cm.inference.wild_weights(2).blocks()).tolist()
    [[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]
    """
    if clusters < 2:
        raise DataError(f"weights need two clusters or more, found {clusters}")
    if draws < 1 or seed < 0:
        raise DataError(f"draws must be 1 or more and seed 0 or more, found {draws} and {seed}")
    if clusters <= MOST_ENUMERATED:
        return WildWeights(clusters, 2**clusters, None)
    return WildWeights(clusters, draws, seed)


@lru_cache(maxsize=64)
def _signs(clusters: int, first: int, last: int) -> Floats:
    """Patterns of signs by their number; 0.5 MB for a block of 16 clusters."""
    patterns = np.arange(first, last)[:, None]
    made = np.where((patterns >> np.arange(clusters)) & 1, 1.0, -1.0)
    made.flags.writeable = False
    return made


@lru_cache(maxsize=8)
def _webb(clusters: int, draws: int, seed: int) -> npt.NDArray[np.uint8]:
    """Which of the six points each cluster has in each draw; a byte each."""
    drawn = np.random.default_rng(seed).integers(0, 6, size=(draws, clusters), dtype=np.uint8)
    drawn.flags.writeable = False
    return drawn


def not_smaller(
    weights: WildWeights, statistic: Callable[[Floats], Floats], observed: float
) -> int:
    """Count the lines whose statistic is not smaller in size than the observed one.

    A tie counts. Among all patterns of signs the data's own and its mirror image are ties, so that
    p is never below 2 / 2**G.

    Parameters
    ----------
    weights : WildWeights
    statistic : callable
        Takes a block of lines (b, G), gives a value for each (b,).
    observed : float

    Examples
    --------
    >>> import numpy as np
    >>> import coalition_models as cm
    >>> from coalition_models.kernels.wild import score_statistics
    >>> scores = np.array([[3.0], [2.0], [1.0]])
    >>> patterns = cm.inference.wild_weights(3)
    >>> cm.inference.not_smaller(patterns, lambda w: score_statistics(w, scores), 6 / 14**0.5)
    2
    """
    least = abs(observed) * (1 - TIE)
    return sum(int((np.abs(statistic(block)) >= least).sum()) for block in weights.blocks())


def score_statistics(weights: Floats, scores: Floats) -> Floats:
    """Weighted sum of scores over the root of the sum of their squares, for each line.

    With several columns the quadratic form: the sum, times the inverse of the sum of products,
    times the sum. Scores are not centred at their mean: that gives T / sqrt(1 - T**2 / G), which
    grows with T, so that the order and p are the same.

    Parameters
    ----------
    weights : array, shape (b, G)
    scores : array, shape (G, q)

    Returns
    -------
    array, shape (b,)

    Examples
    --------
    >>> score_statistics(np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[3.0], [4.0]]))
    array([ 1.4, -0.2])
    """
    size, columns = scores.shape
    unit = np.sqrt((scores**2).sum(axis=0))
    scaled = scores / np.where(unit > 0, unit, 1.0)
    total = weights @ scaled
    squares = weights * weights
    if columns == 1:
        statistic: Floats = total[:, 0] / np.sqrt(squares @ scaled[:, 0] ** 2)
        return statistic
    products = (scaled[:, :, None] * scaled[:, None, :]).reshape(size, columns**2)
    spread = (squares @ products).reshape(-1, columns, columns)
    form: Floats = (total * np.linalg.solve(spread, total[:, :, None])[:, :, 0]).sum(axis=1)
    return form


def efficient_scores(
    scores: Floats, information: Floats, tested: Integers
) -> tuple[Floats, Floats]:
    """Scores of some coefficients less what the others' scores tell of them.

    Parameters
    ----------
    scores : array, shape (G, p)
    information : array, shape (p, p)
    tested : array of int, shape (q,)

    Returns
    -------
    tuple
        Efficient scores (G, q), and the share of each one's information that is left (q,).

    Examples
    --------
    >>> scores = np.array([[1.0, 2.0], [0.0, -2.0]])
    >>> found, left = efficient_scores(scores, np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([0]))
    >>> found.ravel().tolist(), left.tolist()
    ([0.5, 0.5], [0.875])
    """
    others = np.setdiff1d(np.arange(len(information)), tested)
    own = information[np.ix_(tested, tested)]
    if not others.size:
        return scores[:, tested], np.ones(len(tested))
    # on one scale, whatever the units of the columns
    unit = np.sqrt(np.diag(information)[others])
    between = information[np.ix_(others, tested)] / unit[:, None]
    inner = information[np.ix_(others, others)] / np.outer(unit, unit)
    slopes = np.linalg.solve(inner, between)
    left = 1 - (between * slopes).sum(axis=0) / np.diag(own)
    return scores[:, tested] - (scores[:, others] / unit) @ slopes, left


def efficient_information(information: Floats, tested: Integers) -> Floats:
    """Information of some coefficients less what the others take from it.

    Parameters
    ----------
    information : array, shape (p, p)
    tested : array of int, shape (q,)

    Returns
    -------
    array, shape (q, q)

    Examples
    --------
    >>> efficient_information(np.array([[2.0, 1.0], [1.0, 4.0]]), np.array([0])).tolist()
    [[1.75]]
    """
    others = np.setdiff1d(np.arange(len(information)), tested)
    own = information[np.ix_(tested, tested)]
    if not others.size:
        return own
    between = information[np.ix_(others, tested)]
    unit = np.sqrt(np.diag(information)[others])
    inner = information[np.ix_(others, others)] / np.outer(unit, unit)
    between = between / unit[:, None]
    left: Floats = own - between.T @ np.linalg.solve(inner, between)
    return left


def score_p(scores: Floats, information: Floats) -> float:
    """P-value of Rao's test: the sum of the scores against their information, chi-squared.

    Parameters
    ----------
    scores : array, shape (G, q)
    information : array, shape (q, q)

    Examples
    --------
    >>> round(score_p(np.array([[1.0], [0.96]]), np.array([[1.0]])), 3)
    0.05
    """
    total = scores.sum(axis=0)
    return float(special.chdtrc(len(total), total @ np.linalg.solve(information, total)))
