"""One part of a sensitivity analysis: what it needs, how it runs, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from coalition_models.errors import CoalitionError, DataError, gathered
from coalition_models.sensitivity.finding import Finding

__all__ = ["How", "Looked", "PartOf", "look"]


@dataclass(frozen=True)
class How:
    """How the parts run.

    Attributes
    ----------
    draws, seed : int
    workers : int or None
    keep : Path or None
        Folder: what is long grows in ``<part>.jsonl`` and is gone on with.
    progress : bool
    more : mapping
        Part -> further arguments of its function, such as ``{"dates": {"draws": 20}}``.
    """

    draws: int = 200
    seed: int = 1
    workers: int | None = 1
    keep: Path | None = None
    progress: bool = False
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def engine(self, part: str) -> dict[str, Any]:
        """Options of the engine, and those that were given for this part."""
        keep = None if self.keep is None else self.keep / f"{part}.jsonl"
        given = {"workers": self.workers, "keep": keep, "progress": self.progress}
        return {**given, **self.more.get(part, {})}

    def drawn(self, part: str) -> dict[str, Any]:
        """The same with draws and seed."""
        return {"draws": self.draws, "seed": self.seed, **self.engine(part)}

    def plain(self, part: str) -> dict[str, Any]:
        """What was given for this part."""
        return dict(self.more.get(part, {}))


@dataclass(frozen=True)
class PartOf:
    """One part: its name, what it changes in words, why it may not apply, how it runs.

    ``after`` names a part whose result it takes.
    """

    name: str
    title: str
    lacks: Callable[[Finding], str]
    run: Callable[..., Any]
    frames: Callable[[Any], Mapping[str, pd.DataFrame]]
    after: str = ""


@dataclass(frozen=True)
class Looked:
    """What became of a part: its result, or why there is none; and what it warned of."""

    part: PartOf
    result: Any = None
    why: str = ""
    notes: tuple[str, ...] = ()


def look(
    part: PartOf,
    finding: Finding,
    how: How,
    *,
    done: Mapping[str, Looked] | None = None,
    strict: bool = False,
) -> Looked:
    """Run one part; where it does not apply, or cannot be estimated, say why.

    Parameters
    ----------
    done : mapping, optional
        Parts that were looked at before, by name.
    strict : bool
        Whether a part that does not apply is refused.

    Raises
    ------
    DataError
        Results on disk that are of something else; with ``strict`` any reason.
    """
    why = part.lacks(finding)
    if why and strict:
        raise DataError(f"{part.name} {why}")
    if why:
        return Looked(part, why=why)
    with gathered() as told:
        try:
            before = (done or {}).get(part.after)
            more = () if before is None or before.result is None else (before.result,)
            result = part.run(finding, how, *more)
        except CoalitionError as error:
            said = str(error)
            if strict or (how.keep is not None and str(how.keep) in said):
                raise
            return Looked(part, why=said.partition("\n")[0], notes=tuple(told))
    return Looked(part, result, notes=tuple(told))
