"""Columns of a formula as what they mean: numbers in double precision, or categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FormulaError, first_few
from coalition_models.models.sample.columns import as_numbers, plain_value

__all__ = ["levels_of", "numbers_and_categories", "places_of", "typical_of"]

Floats = npt.NDArray[np.float64]
Levels = tuple[object, ...]


def numbers_and_categories(
    frame: pd.DataFrame, formula: str, fitted: Mapping[str, Levels] | None = None
) -> pd.DataFrame:
    """Give each column the type that it is read as; the frame given stays as it is.

    Numbers and truth values become double precision, as they are in R, so that none wraps round.
    ``fitted`` holds the categories that a model knows: those columns get them, whatever their
    type, and all others must hold numbers.

    Raises
    ------
    FormulaError
        For dates, complex numbers, numbers among words, and words where a number is needed.

    Examples
    --------
    >>> import pandas as pd
    >>> numbers_and_categories(pd.DataFrame({"age": [200, 100]}, dtype="uint8"), "")["age"].dtype
    dtype('float64')
    """
    out: dict[str, Any] = {}
    for name in frame.columns:
        column = frame[name]
        known = None if fitted is None else fitted.get(str(name))
        if known is None:
            _refuse_dates(column, formula)
        if known is not None:
            out[name] = _with_categories(column, known)
        elif fitted is None and isinstance(column.dtype, pd.CategoricalDtype):
            out[name] = _plain_categories(column.cat.remove_unused_categories(), formula).array
        elif (numbers := as_numbers(column)) is not None:
            out[name] = numbers
        elif fitted is None:
            out[name] = _words(column, formula).array
        else:
            raise FormulaError(
                f"column {name!r} must hold numbers, as the model was fitted with; found "
                f"{first_few(repr(plain_value(v)) for v in column.unique())}"
            )
    return pd.DataFrame(out, index=frame.index, columns=frame.columns)


def _refuse_dates(column: pd.Series, formula: str) -> None:
    dtype: Any = column.dtype
    if isinstance(dtype, pd.PeriodDtype) or getattr(dtype, "kind", "O") in "Mm":
        raise FormulaError(
            f"column {column.name!r} in {formula!r} holds dates; make a number of it "
            "(for instance months since a date) or a category"
        )
    if pd.api.types.is_complex_dtype(dtype):
        raise FormulaError(f"column {column.name!r} in {formula!r} holds complex numbers")


def _words(column: pd.Series, formula: str) -> pd.Series:
    """Text as Python's own, which formulaic knows; numbers among it are a slip."""
    out = column.astype(object)
    kinds = {isinstance(value, str) for value in out.unique()}
    if len(kinds) > 1:
        odd = [value for value in out.unique() if isinstance(value, str)]
        raise FormulaError(
            f"column {column.name!r} in {formula!r} holds words among its numbers: "
            f"{first_few(map(repr, odd))}; make numbers of it (pd.to_numeric(..., "
            "errors='coerce') leaves out what is none) or text (.astype(str))"
        )
    return out


def _plain_categories(column: pd.Series, formula: str) -> pd.Series:
    """Categories as Python's own words and numbers, which formulaic knows."""
    known = column.cat.categories.astype(object)
    if len({str(value) for value in known}) < len(known):
        raise FormulaError(
            f"column {column.name!r} in {formula!r} has categories that read alike: "
            f"{first_few(repr(plain_value(v)) for v in known)}; rename them"
        )
    return column.cat.rename_categories(list(known))


def _with_categories(column: pd.Series, known: Levels) -> pd.Categorical:
    """The categories of the fit, found by value: 1, 1.0 and a category 1 are the same."""
    categories = pd.Index(list(known), dtype=object)
    return pd.Categorical.from_codes(places_of(column, known), categories=categories)


def places_of(column: pd.Series, known: Sequence[object]) -> npt.NDArray[np.intp]:
    """Place of each value among the known ones, -1 where it is none of them.

    Examples
    --------
    >>> import pandas as pd
    >>> places_of(pd.Series([2.0, 3.0]), [1, 2])
    array([ 1, -1])
    """
    # as objects on both sides: whole numbers, floats and truth values are compared by value
    values = pd.Index(column.astype(object).to_numpy(), dtype=object)
    return np.asarray(pd.Index(list(known), dtype=object).get_indexer(values))


def levels_of(frame: pd.DataFrame, coded: frozenset[str]) -> dict[str, Levels]:
    """Categories of each categorical variable, as they were when the model was fitted.

    ``coded`` are numbers that stand in ``C()``.
    """
    out: dict[str, Levels] = {}
    for name in frame.columns:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            out[str(name)] = tuple(column.cat.categories)
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            out[str(name)] = tuple(sorted(column.unique(), key=str))
        elif name in coded:
            out[str(name)] = tuple(sorted(_whole(value) for value in column.unique()))
    return out


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() else float(value)


def typical_of(
    frame: pd.DataFrame,
    levels: Mapping[str, Levels],
    within: frozenset[str],
    terms: Mapping[str, tuple[int, ...]],
    matrix: Floats,
) -> dict[str, object]:
    """Mean of numbers; of categories, whatever they are made of, the commonest.

    ``within`` are columns of which ``C()`` computes a category: theirs is a value that occurs in
    the commonest category.
    """
    out: dict[str, object] = {}
    for name in map(str, frame.columns):
        if name in levels:
            common = frame[name].mode()[0]
            out[name] = _whole(common) if isinstance(common, float) else common
        elif name in within:
            out[name] = _in_commonest(frame[name], terms, matrix)
        else:
            out[name] = frame[name].mean()
    return out


def _in_commonest(
    column: pd.Series, terms: Mapping[str, tuple[int, ...]], matrix: Floats
) -> object:
    for term, where in terms.items():
        if term.startswith("C(") and ":" not in term and str(column.name) in term:
            _, first, counts = np.unique(
                matrix[:, list(where)], axis=0, return_inverse=True, return_counts=True
            )
            rows = first.reshape(-1) == counts.argmax()
            return column[rows].mode()[0]
    return column.mode()[0]
