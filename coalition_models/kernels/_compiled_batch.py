"""Many fits as the compiled loops take them: arrays are checked here, then handed over."""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int64, c_void_p
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._compiled import (
    BOOL,
    FLOAT,
    INT,
    call,
    spot,
    spot_codes,
    spot_weights,
    struct_of,
)
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = ["BatchArrays", "fit_some"]

Flags = NDArray[np.bool_]

_P, _I, _D = c_void_p, c_int64, c_double
_RESULTS = (
    "beta", "model", "cluster", "step", "loglik", "nearest", "iterations", "aliased", "converged",
)  # fmt: skip
#: what a batch maximises, as in c/binary.c
_KINDS = ("breslow", "efron", "logit", "probit", "cloglog")


class _Jobs(ctypes.Structure):
    _fields_ = [
        ("panel", _P), ("own", _P), ("factors", _P), ("width", _I), ("codes", _P),
        ("by_cluster", _I), ("clusters", _I), ("clustered", _I), ("columns", _I), ("masks", _P),
        ("starts", _P), ("shift", _P), ("kind", _I), ("expected", _I), ("max_iterations", _I),
        ("tolerance", _D),
        *[(name, _P) for name in _RESULTS],
    ]  # fmt: skip


class BatchArrays:
    """Many fits, checked once and kept until all are done; what ``fit_some`` works on.

    ``weightings`` (B, G) or (B, m), or empty: each job's factor on the panel's own weights.
    ``masks`` (B, p): the columns of each job. ``starts`` (B, p): where each starts. ``codes`` (m,)
    or empty: cluster of each row. ``shift`` (p,) or empty: what makes column 0 the intercept.
    ``kind`` is a rule for ties or a link. Results are written where a job has them.
    """

    def __init__(
        self,
        panel: Panel,
        weightings: Floats,
        by_cluster: bool,
        masks: Flags,
        starts: Floats,
        codes: Integers,
        n_clusters: int,
        clustered: bool,
        shift: Floats,
        kind: str,
        expected: bool,
        max_iterations: int,
        tolerance: float,
        out: dict[str, NDArray[Any]],
    ) -> None:
        p, m = panel.columns.shape
        jobs = masks.shape[0]
        width = weightings.size and (n_clusters if by_cluster else m)
        weightings, masks = np.ascontiguousarray(weightings), np.ascontiguousarray(masks)
        kinds = {"iterations": INT, "aliased": BOOL, "converged": BOOL}
        sizes = {name: (jobs, p)[: out[name].ndim] for name in _RESULTS}
        places = [spot(out[name], kinds.get(name, FLOAT), *sizes[name]) for name in _RESULTS]
        self.kept = panel, weightings, masks, starts, codes, shift, out
        self.jobs = jobs
        self.struct = _Jobs(
            struct_of(panel)[1], spot_weights(panel.weights, m),
            spot(weightings, FLOAT, jobs, width) if width else None, width,
            spot_codes(codes, m, n_clusters) if codes.size else None, by_cluster, n_clusters,
            clustered, p, spot(masks, BOOL, jobs, p), spot(starts, FLOAT, jobs, p),
            spot_weights(shift, p), _KINDS.index(kind), expected, max_iterations, tolerance,
            *places,
        )  # fmt: skip
        if (clustered or by_cluster) and not codes.size:
            raise TypeError("clusters need codes")
        if (kind in _KINDS[2:]) != bool(panel.response.size):
            raise TypeError(f"{kind} is not of these rows")


def fit_some(batch: BatchArrays, low: int, high: int) -> None:
    """Fit jobs ``low`` to ``high`` of a batch."""
    if not 0 <= low <= high <= batch.jobs:
        raise TypeError(f"jobs {low} to {high} of {batch.jobs}")
    call("fit_some", ctypes.addressof(batch.struct), low, high)
