"""Rows of the last panels, drawn once for specifications that differ in ties or variance alone."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field

import pandas as pd

from coalition_models.models.running import drawn
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sharing import rows_key
from coalition_models.models.specification import Specification

__all__ = ["DrawnRows"]

_MOST = 6


@dataclass
class DrawnRows:
    """Samples by the panel object and what decides over the rows; never sent to another process.

    The panel must not be changed in place.
    """

    kept: OrderedDict[object, tuple[pd.DataFrame, Sample]] = field(default_factory=OrderedDict)

    def of(self, spec: Specification, panel: pd.DataFrame) -> Sample:
        """The rows of a specification, as its family draws them."""
        key = (id(panel), rows_key(spec))
        held = self.kept.get(key)
        if held is None:
            # the panel is kept, so that no other object takes its place in memory
            held = self.kept[key] = (panel, drawn(spec, panel))
            while len(self.kept) > _MOST:
                with suppress(KeyError):  # another thread may just have let it go
                    self.kept.popitem(last=False)
        return held[1]

    def __reduce__(self) -> tuple[type[DrawnRows], tuple[()]]:
        return DrawnRows, ()
