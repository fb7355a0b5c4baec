"""The sorted panel that every Cox kernel works on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Integers", "Panel", "Prepared", "Ties"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, eq=False)
class Panel:
    """Rows sorted by the event time at which they were last at risk; a bin is one event time.

    Rows at risk at exactly one event time come first (``[0, long_ptr[0])``), then the others. Bins
    are numbered by stratum, then time. An empty ``weights`` or ``offset`` stands for ones or zeros.
    """

    columns: Floats  # (p, m) centred and scaled covariates, one contiguous line per covariate
    weights: Floats  # (m,) or (0,)
    offset: Floats  # (m,) or (0,)
    single_ptr: Integers  # (K + 1,) rows of bin k that are at risk at k only
    long_ptr: Integers  # (K + 1,) rows last at risk at bin k, first at risk before it
    first: Integers  # (m - m_single,) first bin of every long row
    leave_ptr: Integers  # (K + 1,) into leave_rows
    leave_rows: Integers  # long rows not at risk before bin k, unless k opens its stratum
    event_ptr: Integers  # (K + 1,) into event_rows
    event_rows: Integers  # rows that end in an event, by bin
    closes: NDArray[np.bool_]  # (K,) bin is the last of its stratum
    response: Floats = field(default_factory=lambda: np.empty(0))  # (m,) of a binary model
    # what the compiled loops are handed, once it is made; of this process only
    handed_over: list[tuple[object, int]] = field(default_factory=list, init=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "handed_over": []}


@dataclass(frozen=True)
class Prepared:
    """A (start, stop] data set, sorted once for any number of fits.

    Attributes
    ----------
    panel : Panel
        The sorted rows.
    kept : array of int, shape (m,)
        Row of the caller's table behind each sorted row.
    n_rows : int
        Rows handed in, with those of weight zero.
    n_zero_weight : int
        Rows dropped because their weight is zero.
    n_at_risk_rows : int
        Rows at risk at one event time of their stratum or more; only these enter the likelihood.
    n_events : int
        Events, unweighted, without those of weight zero.
    event_times, event_strata : arrays, shape (K,)
        Time and stratum code of each bin.
    stratum_values : array
        The value behind each stratum code.
    start, stop : arrays, shape (n_rows,)
        The caller's times, equal where they differ by rounding only.
    centre : array, shape (p,)
        Mean of each covariate over the rows at risk.
    stratum_centres, scale : arrays, shapes (S, p) and (p,)
        Subtracted from each stratum's covariates and divided out of them inside; results are on
        the user's scale. No comparison depends on them, since none crosses strata.
    """

    panel: Panel
    kept: Integers
    n_rows: int
    n_zero_weight: int
    n_at_risk_rows: int
    n_events: int
    event_times: Floats
    event_strata: Integers
    stratum_values: NDArray[np.generic]
    stratum_codes: Integers  # (n_rows,) or (0,) without strata
    start: Floats
    stop: Floats
    event: NDArray[np.bool_]
    weights: Floats  # (n_rows,) or (0,)
    offset: Floats  # (n_rows,) or (0,)
    offset_centre: float
    centre: Floats
    stratum_centres: Floats  # one line without strata: the centre
    scale: Floats
    ties: Ties

    @property
    def n_columns(self) -> int:
        """Number of covariates."""
        return int(self.panel.columns.shape[0])

    @property
    def n_bins(self) -> int:
        """Number of distinct (stratum, event time) pairs."""
        return int(self.event_times.shape[0])

    @property
    def last(self) -> Integers:
        """Last bin at which each sorted row is at risk."""
        bins = np.arange(self.n_bins)
        return np.concatenate(
            [
                np.repeat(bins, np.diff(self.panel.single_ptr)),
                np.repeat(bins, np.diff(self.panel.long_ptr)),
            ]
        )

    @property
    def first(self) -> Integers:
        """First bin at which each sorted row is at risk."""
        n_single = int(self.panel.single_ptr[-1])
        single = np.repeat(np.arange(self.n_bins), np.diff(self.panel.single_ptr))
        return np.concatenate([single[:n_single], self.panel.first])

    @property
    def row_weights(self) -> Floats:
        """Case weight of each sorted row (ones where none were given)."""
        if self.panel.weights.size:
            return self.panel.weights
        return np.ones(self.panel.columns.shape[1])
