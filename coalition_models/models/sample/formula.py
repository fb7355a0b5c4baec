"""From a formula and a frame to a design matrix that remembers how it was made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, NoRowsError, counted, first_few
from coalition_models.models.sample.categories import (
    levels_of,
    numbers_and_categories,
    typical_of,
)
from coalition_models.models.sample.columns import (
    all_finite,
    refuse_infinite,
    refuse_missing,
    refuse_repeated_columns,
    refuse_unseen,
    require_columns,
)
from coalition_models.tables.plain import in_native_order

if TYPE_CHECKING:
    from coalition_models.models.sample.terms import Evaluation

__all__ = ["Design", "build_design", "is_numeric", "plain_formula"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_PLAIN = re.compile(r"^\s*([^\W\d]\w*)\s*~\s*([^\W\d]\w*(?:\s*\+\s*[^\W\d]\w*)*)\s*$")
_CHUNK = 8192


@dataclass(frozen=True)
class Design:
    """A design matrix with its labels, the rows it kept and the recipe to make it again."""

    formula: str
    response: str
    matrix: Floats
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]
    variables: tuple[str, ...]
    keep: npt.NDArray[np.bool_] | None
    dropped: Mapping[str, int]
    levels: Mapping[str, tuple[object, ...]]
    spec: Any = None
    intercept: bool = False
    typical: Mapping[str, object] | None = None
    numbers: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    trust: bool = False
    left_out: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def typical_values(self) -> dict[str, object]:
        """Mean of each numeric variable over the rows kept; the commonest value of the others."""
        if self.typical is not None:
            return dict(self.typical)
        first = int(self.intercept)
        return dict(zip(self.variables, self.matrix[:, first:].mean(axis=0), strict=True))

    @property
    def numbers_read(self) -> dict[str, Floats]:
        """Variables that are columns of the matrix as they stand."""
        if self.spec is not None:
            return {}
        columns = self.matrix.T[int(self.intercept) :]
        return dict(zip(self.variables, columns, strict=True))

    @property
    def categories(self) -> dict[str, tuple[object, ...]]:
        """Levels of the variables that are categories without ``C()``."""
        return {name: found for name, found in self.levels.items() if name not in self.numbers}

    def matrix_for(self, data: pd.DataFrame) -> Floats:
        """Make the same columns from new data; unseen categories and gaps are errors."""
        refuse_repeated_columns(data)
        require_columns(data, self.variables, self.formula)
        data = in_native_order(data)[list(self.variables)]
        refuse_missing(data, self.variables)
        refuse_unseen(data, self.levels)
        frame = numbers_and_categories(data, self.formula, self.categories)
        if self.spec is None:
            given = [frame[name] for name in self.variables]
            matrix = _plain_matrix(given, len(frame), self.intercept)
        else:
            from coalition_models.models.sample.terms import Evaluation, evaluate

            again = Evaluation(self.formula, self.flags, fitting=False, trust=self.trust)
            matrix = _as_floats(evaluate(self.spec, frame, again), self.names)
        refuse_infinite(matrix, self.names, data.index)
        return matrix


def plain_formula(formula: object) -> tuple[str, tuple[str, ...]] | None:
    """Response and columns of a formula that is a sum of columns; None for any other.

    Examples
    --------
    >>> plain_formula("event ~ a + b"), plain_formula("event ~ a:b")
    (('event', ('a', 'b')), None)
    """
    plain = _PLAIN.match(formula) if isinstance(formula, str) else None
    if plain is None:
        return None
    return plain[1], tuple(dict.fromkeys(part.strip() for part in plain[2].split("+")))


def build_design(
    formula: str,
    data: pd.DataFrame,
    *,
    intercept: bool,
    needed: Sequence[str] = (),
    trust: bool = False,
) -> Design:
    """Evaluate the right-hand side of a formula.

    Rows with a missing value in any variable of the right-hand side, or in a ``needed`` column,
    are left out and counted per column. The response is checked by the caller.

    Parameters
    ----------
    formula : str
        Two-sided: ``"event ~ a + b + C(region)"``.
    data : DataFrame
    intercept : bool
        Whether the model has one. Without (Cox), categories are coded as if it were there.
    needed : sequence of str
        Further columns that a row must have (cluster, strata, weights, offset).
    trust : bool
        Evaluate any Python in the formula, not only ``grammar.FUNCTIONS``: it can then do
        whatever a program can do.

    Returns
    -------
    Design

    Raises
    ------
    FormulaError
        For a column that is not there (with the nearest names), a term with one category,
        R's special terms, dates as covariates.
    DataError
        For infinite values (column and rows named), or when no complete row is left.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"event": [0, 1], "risk": [1.0, 2.0], "region": ["a", "b"]})
    >>> build_design("event ~ risk + region", frame, intercept=False).names
    ('risk', 'region[T.b]')
    """
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a pandas DataFrame, found {type(data).__name__}")
    refuse_repeated_columns(data)
    plain = plain_formula(formula)
    if plain is not None:
        response, names = plain
        if "Intercept" in names:
            _refuse_reserved(["Intercept"], formula)
        columns = require_columns(data, (response, *names, *needed), formula)
        if all(is_numeric(columns[name].dtype) for name in names):
            return _plain_design(formula, response, names, columns, data.index, intercept, needed)
    return _general_design(formula, data, intercept, needed, trust)


def is_numeric(dtype: Any) -> bool:
    """Whether a column of this type is taken as it is."""
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype))


def _plain_matrix(given: Sequence[pd.Series], size: int, intercept: bool) -> Floats:
    columns = [_numbers(column) for column in given]
    matrix = np.empty((size, len(columns) + intercept))
    if intercept:
        matrix[:, 0] = 1.0
    # Some thousand rows at a time, so that what is written stays in the cache.
    for low in range(0, size, _CHUNK):
        rows = slice(low, low + _CHUNK)
        for j, column in enumerate(columns):
            matrix[rows, j + intercept] = column[rows]
    return matrix


def _numbers(column: pd.Series) -> npt.NDArray[Any]:
    if isinstance(column.dtype, np.dtype):
        return column.to_numpy()
    return column.to_numpy(dtype=float, na_value=np.nan)


def _plain_design(
    formula: str,
    response: str,
    names: tuple[str, ...],
    columns: Mapping[str, pd.Series],
    index: pd.Index,
    intercept: bool,
    needed: Sequence[str],
) -> Design:
    """Columns taken as they are: no parsing, one copy."""
    matrix = _plain_matrix([columns[name] for name in names], len(index), intercept)
    suspects = [] if all_finite(matrix) else list(names)
    asked = {name: columns[name] for name in (*suspects, *needed)}
    dropped, keep = _complete_rows(asked, len(index))
    if keep is not None:
        matrix = np.ascontiguousarray(matrix[keep])
    labels = ("Intercept", *names) if intercept else names
    if suspects:
        refuse_infinite(matrix, labels, index if keep is None else index[keep])
    terms = {name: (j,) for j, name in enumerate(labels)}
    return Design(
        formula, response, matrix, labels, terms, names, keep, dropped, {}, None, intercept
    )


def _general_design(
    formula: str, data: pd.DataFrame, intercept: bool, needed: Sequence[str], trust: bool
) -> Design:
    # slow to import, and plain formulas do without
    from coalition_models.models.sample.grammar import read_formula
    from coalition_models.models.sample.terms import Evaluation, parse_terms

    data = in_native_order(data)
    reading = read_formula(formula, trust=trust)
    rhs, remarks = parse_terms(reading.right, formula, intercept)
    variables = tuple(
        sorted(n for n in reading.names if n not in reading.loose or n in data.columns)
    )
    _refuse_reserved(variables, formula)
    columns = require_columns(data, (reading.response, *variables, *needed), formula)
    asked = {name: columns[name] for name in (*variables, *needed)}
    dropped, keep = _complete_rows(asked, len(data))
    frame = data[list(variables)] if keep is None else data.loc[keep, list(variables)]
    flags = frozenset(n for n in variables if _is_flag(frame[n]))
    frame = numbers_and_categories(frame, formula)
    made, left_out, inside = _evaluate_rows(rhs, frame, Evaluation(formula, flags, True, trust))
    if inside is not None:
        frame = frame[inside]
        keep = np.ones(len(data), dtype=bool) if keep is None else keep
        keep[np.flatnonzero(keep)[~inside]] = False
    spec = made.model_spec
    labels = [str(name) for name in made.columns]
    terms = {str(term): tuple(where) for term, where in spec.term_indices.items()}
    empty = [term for term, where in terms.items() if not where]
    if empty:
        raise FormulaError(
            f"term {first_few(empty)} has one category only in the {len(frame)} complete rows, so "
            "it has no effect to estimate; leave it out"
        )
    matrix = _as_floats(made, labels)
    if not intercept:
        matrix, labels, terms = _without_intercept(matrix, labels, terms)
    refuse_infinite(matrix, labels, frame.index)
    levels = levels_of(frame, reading.coded)
    return Design(
        formula=formula,
        response=reading.response,
        matrix=matrix,
        names=tuple(labels),
        terms={("Intercept" if term == "1" else term): at for term, at in terms.items()},
        variables=variables,
        keep=keep,
        dropped=dropped,
        levels=levels,
        spec=spec,
        intercept=intercept,
        typical=typical_of(frame, levels, reading.within, terms, matrix),
        numbers=frozenset(n for n in variables if is_numeric(frame[n].dtype)),
        flags=flags,
        trust=trust,
        left_out=left_out,
        remarks=tuple(remarks),
    )


def _evaluate_rows(
    rhs: Any, frame: pd.DataFrame, evaluation: Evaluation
) -> tuple[Any, dict[str, int], Flags | None]:
    """Evaluate, leaving out (and counting) rows that the levels of a ``C(levels=)`` leave out."""
    from coalition_models.models.sample.terms import evaluate

    made = evaluate(rhs, frame, evaluation)
    if not evaluation.outside:
        return made, {}, None
    inside = np.ones(len(frame), dtype=bool)
    counts: dict[str, int] = {}
    for reason, outside in evaluation.outside.items():
        counts[reason] = int((inside & outside).sum())
        inside &= ~outside
    if not inside.any():
        raise DataError(f"no row has a category among levels=, in {evaluation.formula!r}")
    evaluation.outside.clear()
    return evaluate(rhs, frame[inside], evaluation), counts, inside


def _is_flag(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(
        pd.api.types.is_bool_dtype(column.dtype)
        or (column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) == "boolean")
    )


def _refuse_reserved(names: Sequence[str], formula: str) -> None:
    from coalition_models.models.sample.terms import RESERVED

    clash = [name for name in names if name in RESERVED]
    if clash:
        raise FormulaError(
            f"column {first_few(clash)} has the name of something that formulas bring themselves, "
            f"in {formula!r}; rename the column"
        )


def _complete_rows(
    columns: Mapping[str, pd.Series], size: int
) -> tuple[dict[str, int], npt.NDArray[np.bool_] | None]:
    """Count missing values per column and mark the rows that have none."""
    counts: dict[str, int] = {}
    absent: npt.NDArray[np.bool_] | None = None
    for name, column in columns.items():
        gaps = _gaps(column)
        if gaps is None:
            continue
        found = int(np.count_nonzero(gaps))
        if found:
            counts[name] = found
            absent = gaps if absent is None else absent | gaps
    if absent is None:
        if size == 0:
            raise DataError("the data have no rows")
        return counts, None
    if absent.all():
        each = ", ".join(f"{name} {count}" for name, count in counts.items())
        empty = [name for name, count in counts.items() if count == size]
        cure = (
            f"nothing is known of {first_few(empty)}: leave {'it' if len(empty) == 1 else 'them'} "
            "out, or see what the warning of its builder asked for"
            if empty
            else "no row has all of them, so leave one out"
        )
        raise NoRowsError(
            f"no row is complete: of {counted(size, 'row')}, missing values by column: "
            f"{each}; {cure}"
        )
    return counts, ~absent


def _gaps(column: pd.Series) -> Flags | None:
    """Which values are missing; None where the kind of the column says that none is."""
    if isinstance(column.dtype, np.dtype):
        values = column.to_numpy()
        if values.dtype.kind == "f":
            return cast("Flags", np.isnan(values))
        # looking at the types of objects is faster than at each for being missing
        full = values.dtype == object and pd.api.types.infer_dtype(values, skipna=False) == "string"
        if full or values.dtype.kind in "iub":
            return None
    return column.isna().to_numpy()


def _as_floats(made: pd.DataFrame, names: Sequence[str]) -> Floats:
    matrix = np.ascontiguousarray(made.to_numpy(dtype=float))
    if made.shape[1] != len(names) and made.shape[1] == len(names) + 1:
        matrix = np.ascontiguousarray(matrix[:, 1:])
    return matrix


def _without_intercept(
    matrix: Floats, names: list[str], terms: dict[str, tuple[int, ...]]
) -> tuple[Floats, list[str], dict[str, tuple[int, ...]]]:
    at = names.index("Intercept")
    kept = [j for j in range(len(names)) if j != at]
    place = {old: new for new, old in enumerate(kept)}
    moved = {t: tuple(place[j] for j in js) for t, js in terms.items() if t != "1"}
    return np.ascontiguousarray(matrix[:, kept]), [names[j] for j in kept], moved
