"""Complete rows of a model's data, with their weights and offset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.models.sample.checks import check_numbers
from coalition_models.models.sample.formula import Design
from coalition_models.models.sample.rows import Rows

__all__ = ["CompleteRows", "complete_rows"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class CompleteRows:
    """Complete rows with a weight, their weights and offset, and what is wrong with these.

    ``inside`` tells which of the complete rows have a weight; None: all. ``seen`` are numbers that
    the formula read.
    """

    rows: Rows
    inside: Flags | None
    numbers: Mapping[str, Floats]
    seen: Mapping[str, Floats]
    left_out: dict[str, int]
    problems: Sequence[str]


def complete_rows(
    design: Design, data: pd.DataFrame, weights: str | None, offset: str | None
) -> CompleteRows:
    """Take the rows in which nothing is missing and whose weight is not 0.

    Raises
    ------
    DataError
        Every complete row has weight 0. Other faults of weights and offset are ``problems``.
    """
    rows = Rows(data, None if design.keep is None else np.flatnonzero(design.keep))
    numbers, problems = _numbers(rows, weights, offset)
    inside = None if problems else _with_weight(numbers, weights)
    if inside is None:
        return CompleteRows(
            rows, None, numbers, design.numbers_read, dict(design.left_out), problems
        )
    return CompleteRows(
        rows.inside(inside),
        inside,
        {what: values[inside] for what, values in numbers.items()},
        {name: values[inside] for name, values in design.numbers_read.items()},
        {**design.left_out, f"weight 0 in {weights}": int((~inside).sum())},
        problems,
    )


def _numbers(
    rows: Rows, weights: str | None, offset: str | None
) -> tuple[dict[str, Floats], list[str]]:
    """Weights and offset of the complete rows, and what is wrong with them."""
    found, problems = {}, []
    for name, what, negative in ((weights, "weights", False), (offset, "offset", True)):
        if name is not None:
            found[what], wrong = check_numbers(rows, name, what, negative=negative)
            problems += wrong
    return found, problems


def _with_weight(numbers: Mapping[str, Floats], weights: str | None) -> Flags | None:
    """Rows whose weight is not 0; None where that is all of them."""
    if weights is None or numbers["weights"].all():
        return None
    if not numbers["weights"].any():
        raise DataError(f"every complete row has weight 0 in column {weights!r}")
    inside: Flags = numbers["weights"] != 0
    return inside
