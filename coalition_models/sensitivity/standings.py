"""Which options ask the same question, shown before anything is run, and which are run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

import numpy as np
import pandas as pd

from coalition_models.arguments import listed
from coalition_models.errors import DataError, first_few
from coalition_models.render import listing
from coalition_models.sensitivity.choices import STANDINGS, Dimension

__all__ = ["SAME_QUESTION", "of_standing", "picked", "size_of", "table_of"]

#: standings of options that may stand in one median
SAME_QUESTION = ("equivalent", "uncertain")


def table_of(dimensions: Sequence[Dimension]) -> pd.DataFrame:
    """List all options: ``dimension, option, standing, note``, to be read before a run.

    Examples
    --------
    >>> from coalition_models.sensitivity.choices import Option
    >>> kinds = Dimension("kinds", [Option("early", lambda s: s),
    ...     Option("all ends", lambda s: s, "not equivalent", "another outcome")])
    >>> table_of([kinds])["standing"].tolist()
    ['equivalent', 'not equivalent']
    """
    lines = [
        (one.name, str(option.label), option.standing, option.note or one.note)
        for one in dimensions
        for option in one.options_in_order
    ]
    return listing(pd.DataFrame(lines, columns=["dimension", "option", "standing", "note"]))


def of_standing(
    dimensions: Sequence[Dimension], standings: Collection[str] = SAME_QUESTION
) -> list[Dimension]:
    """Keep the options of some standings.

    Raises
    ------
    DataError
        An unknown standing, or a dimension without any option left.

    Examples
    --------
    >>> len(of_standing([Dimension.of("ties", ["efron"])], ["equivalent"]))
    1
    """
    named = listed(standings)
    wrong = [one for one in named if one not in STANDINGS]
    if wrong or not named:
        raise DataError(
            f"standings must be among {', '.join(STANDINGS)}; found {first_few(wrong) or 'none'}"
        )
    found = []
    for one in dimensions:
        kept = [option for option in one.options_in_order if option.standing in named]
        if not kept:
            raise DataError(
                f"dimension {one.name!r} has no option that is {' or '.join(named)}: leave it out, "
                "or take more standings"
            )
        found.append(replace(one, options=kept))
    return found


def picked(
    dimensions: Sequence[Dimension],
    *,
    where: Callable[[Mapping[str, object]], bool] | None = None,
    sample: int | None = None,
    limit: int | None = None,
    seed: int = 1,
) -> list[int] | None:
    """Places, in the full crossing, of the combinations to run; None for all.

    Parameters
    ----------
    dimensions : sequence of Dimension
    where : callable, optional
        From the label of each dimension to whether the combination is kept.
    sample : int, optional
        So many of them, drawn without replacement; all where there are fewer.
    limit : int, optional
        Most combinations; more are refused, with their number.
    seed : int
        Of the sample.

    Examples
    --------
    >>> two = [Dimension.of("a", [1, 2]), Dimension.of("b", [1, 2])]
    >>> picked(two, where=lambda chosen: chosen["a"] != chosen["b"])
    [1, 2]
    """
    for name, value in (("sample", sample), ("limit", limit)):
        if value is not None and value < 1:
            raise DataError(f"{name} must be 1 or more, not {value!r}")
    total = size_of(dimensions)
    places = list(range(total))
    if where is not None:
        names = [one.name for one in dimensions]
        every = product(*(one.labels for one in dimensions))
        places = [at for at, one in enumerate(every) if where(dict(zip(names, one, strict=True)))]
        if not places:
            raise DataError(f"where= keeps none of the {total} combinations")
    if sample is not None and sample < len(places):
        drawn = np.random.default_rng(seed).choice(len(places), sample, replace=False)
        places = [places[at] for at in sorted(drawn.tolist())]
    if limit is not None and len(places) > limit:
        raise DataError(
            f"{len(places)} combinations are more than limit={limit}: leave out options, give "
            "where=, or sample= for a random part of them"
        )
    return None if len(places) == total else places


def size_of(dimensions: Sequence[Dimension]) -> int:
    """Count the combinations, with those that will be skipped.

    Examples
    --------
    >>> size_of([Dimension.of("ties", ["efron", "breslow"]), Dimension.of("window", [3, 6, 12])])
    6
    """
    return prod(len(dimension.options_in_order) for dimension in dimensions)
