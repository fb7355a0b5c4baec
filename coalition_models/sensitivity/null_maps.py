"""Maps of scores at the null, made once for all exposures of the same rows and other covariates."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from coalition_models.inference.null_score import NullMap
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.engine import Engine
from coalition_models.models.specification import Specification

__all__ = ["NullMaps"]

Integers = npt.NDArray[np.int64]


@dataclass
class NullMaps:
    """What was made last, by the content that it was made from; never sent to another process.

    Specifications that differ in the exposure alone, such as its window, share the model without
    it. The times, the events, the clusters, the other columns and the options decide over the map,
    and so are its key.
    """

    #: bytes kept; of older maps those that are asked for again are made again
    most: int = 50_000_000
    kept: OrderedDict[bytes, ScoreMap] = field(default_factory=OrderedDict)

    def of(self, spec: Specification) -> NullMap:
        """What makes or recalls the maps of a specification."""
        return partial(self._recall, spec)

    def _recall(
        self, spec: Specification, engine: Engine, tested: Integers, groups: Integers
    ) -> ScoreMap:
        key = _key(spec, engine, tested)
        found = self.kept.get(key)
        if found is None:
            found = engine.null_map(tested, groups)
            self.kept[key] = found
            self._let_go()
        return found

    def _let_go(self) -> None:
        size = sum(map(_bytes, list(self.kept.values())))
        while size > self.most:
            try:
                size -= _bytes(self.kept.popitem(last=False)[1])
            except KeyError:  # another thread has let it go
                return

    def __reduce__(self) -> tuple[type[NullMaps], tuple[()]]:
        return NullMaps, ()


#: options of a specification that a map depends on beside the rows
_DECIDING = tuple(
    one.name
    for one in fields(Specification)
    if one.name not in ("formula", "variance", "small_sample")
)


def _bytes(one: ScoreMap) -> int:
    return one.by_cluster.nbytes + one.own.nbytes + one.lost.nbytes


def _key(spec: Specification, engine: Engine, tested: Integers) -> bytes:
    """A digest of all that the map of other exposures depends on."""
    sample = engine.sample
    plain = [getattr(spec, name) for name in _DECIDING]
    told = blake2b(repr((plain, sample.matrix.shape)).encode(), digest_size=16)
    arrays: list[npt.NDArray[Any] | None] = [
        sample.start, sample.stop, sample.event, sample.weights, sample.offset, sample.strata,
        sample.clock, *sample.clusters, np.delete(sample.matrix, tested, axis=1),
    ]  # fmt: skip
    for one in arrays:
        told.update(b"none" if one is None else np.ascontiguousarray(one).tobytes())
        told.update(b"|")
    return told.digest()
