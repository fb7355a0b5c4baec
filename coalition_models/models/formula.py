"""From a formula and a frame to a design matrix that remembers how it was made."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.transforms import TRANSFORMS

from coalition_models.errors import DataError, FormulaError, counted, first_few
from coalition_models.models.columns import (
    all_finite,
    refuse_infinite,
    refuse_missing,
    refuse_repeated_columns,
    refuse_unseen,
    require_columns,
)

__all__ = ["Design", "build_design"]

Floats = npt.NDArray[np.float64]

_PLAIN = re.compile(r"^\s*([A-Za-z_]\w*)\s*~\s*([A-Za-z_]\w*(?:\s*\+\s*[A-Za-z_]\w*)*)\s*$")
_COLUMN = re.compile(r"^\s*(?:`([^`]+)`|([A-Za-z_]\w*))\s*$")
_NAME = re.compile(r"(?<![\w.`])([A-Za-z_]\w*)\b(?!\s*(?:\(|\.|=(?!=)|`))")
_QUOTED = re.compile(r"`([^`]+)`")
_CHUNK = 8192
_R_HABITS = {
    "Surv": "write the event column alone on the left and give start= and stop=",
    "strata": "give strata='column' instead",
    "cluster": "give cluster='column' instead",
    "offset": "give offset='column' instead",
    "frailty": "shared frailty is not part of this model",
    "tt": "make the time-varying column in the data",
}


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

    def typical_values(self) -> dict[str, object]:
        """Mean of each numeric variable over the rows kept; the commonest value of the others."""
        if self.typical is not None:
            return dict(self.typical)
        first = int(self.intercept)
        return dict(zip(self.variables, self.matrix[:, first:].mean(axis=0), strict=True))

    def matrix_for(self, data: pd.DataFrame) -> Floats:
        """Make the same columns from new data; unseen categories and gaps are errors."""
        require_columns(data, self.variables, self.formula)
        refuse_missing(data, self.variables)
        if self.spec is None:
            matrix = _plain_matrix(data, self.variables, self.intercept)
        else:
            refuse_unseen(data, self.levels)
            frame = _tidy_types(data[list(self.variables)], self.formula)
            for name, levels in self.levels.items():
                if isinstance(frame[name].dtype, pd.CategoricalDtype):
                    frame[name] = frame[name].cat.set_categories(list(levels))
            matrix = _as_floats(_evaluate(self.spec, frame, self.formula), self.names)
        refuse_infinite(matrix, self.names, data.index)
        return matrix


def build_design(
    formula: str,
    data: pd.DataFrame,
    *,
    intercept: bool,
    needed: Sequence[str] = (),
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
    plain = _PLAIN.match(formula) if isinstance(formula, str) else None
    if plain is not None:
        names = tuple(dict.fromkeys(part.strip() for part in plain[2].split("+")))
        _refuse_reserved(names, formula)
        require_columns(data, (plain[1], *names, *needed), formula)
        if all(_is_numeric(data[name].dtype) for name in names):
            return _plain_design(formula, plain[1], names, data, intercept, needed)
    return _general_design(formula, data, intercept, needed)


def _is_numeric(dtype: Any) -> bool:
    return bool(pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype))


def _plain_matrix(data: pd.DataFrame, names: Sequence[str], intercept: bool) -> Floats:
    columns = [_numbers(data[name]) for name in names]
    matrix = np.empty((len(data), len(names) + intercept))
    if intercept:
        matrix[:, 0] = 1.0
    # Some thousand rows at a time, so that what is written stays in the cache.
    for low in range(0, len(data), _CHUNK):
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
    data: pd.DataFrame,
    intercept: bool,
    needed: Sequence[str],
) -> Design:
    """Columns taken as they are: no parsing, one copy."""
    matrix = _plain_matrix(data, names, intercept)
    suspects = [] if all_finite(matrix) else list(names)
    dropped, keep = _complete_rows(data, [*suspects, *needed])
    if keep is not None:
        matrix = np.ascontiguousarray(matrix[keep])
    labels = ("Intercept", *names) if intercept else names
    if suspects:
        refuse_infinite(matrix, labels, data.index if keep is None else data.index[keep])
    terms = {name: (j,) for j, name in enumerate(labels)}
    return Design(
        formula, response, matrix, labels, terms, names, keep, dropped, {}, None, intercept
    )


def _general_design(
    formula: str, data: pd.DataFrame, intercept: bool, needed: Sequence[str]
) -> Design:
    response, rhs = _parse(formula, intercept)
    variables = _variables(formula, rhs, data)
    _refuse_reserved(variables, formula, {*TRANSFORMS, "np"})
    require_columns(data, (response, *variables, *needed), formula)
    dropped, keep = _complete_rows(data, [*variables, *needed])
    frame = data[list(variables)] if keep is None else data.loc[keep, list(variables)]
    frame = _tidy_types(frame, formula)
    made = _evaluate(rhs, frame, formula)
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
    levels = _levels(frame, formula)
    return Design(
        formula=formula,
        response=response,
        matrix=matrix,
        names=tuple(labels),
        terms={("Intercept" if term == "1" else term): at for term, at in terms.items()},
        variables=variables,
        keep=keep,
        dropped=dropped,
        levels=levels,
        spec=spec,
        intercept=intercept,
        typical=_typical(frame, levels),
    )


def _parse(formula: str, intercept: bool) -> tuple[str, Any]:
    if not isinstance(formula, str) or formula.count("~") != 1:
        raise FormulaError(f"a formula reads 'event ~ a + b', not {formula!r}")
    for habit, cure in _R_HABITS.items():
        if re.search(rf"(?<![\w.]){habit}\s*\(", formula):
            raise FormulaError(f"{habit}() is not a term here: {cure}; formula {formula!r}")
    left = _COLUMN.match(formula.split("~")[0])
    if left is None:
        raise FormulaError(
            f"the left of {formula!r} must be the name of one column that is 1 where the event "
            "happened and 0 elsewhere; make the column first"
        )
    right = formula.split("~")[1]
    if re.search(r"(?<![\w.)])\.(?!\w)", right):
        raise FormulaError(f"name the columns instead of '.', in {formula!r}")
    try:
        rhs = Formula(right)
    except FormulaicError as problem:
        raise FormulaError(f"cannot read the formula {formula!r}: {problem}") from problem
    if not hasattr(rhs, "required_variables") or isinstance(rhs, Mapping) or "|" in right:
        raise FormulaError(f"a formula has one right-hand side, without '|': {formula!r}")
    terms = [str(term) for term in rhs]
    if "1" not in terms:
        raise FormulaError(f"leave the intercept alone (no '- 1' and no '0 +') in {formula!r}")
    if len(terms) == 1 and not intercept:
        raise FormulaError(f"{formula!r} has no term to estimate")
    return left[1] or left[2], rhs


def _variables(formula: str, rhs: Any, data: pd.DataFrame) -> tuple[str, ...]:
    """Columns the right-hand side reads; formulaic leaves out those inside scale(), bs() etc."""
    right = re.sub(r"'[^']*'|\"[^\"]*\"", "", formula.split("~")[1])
    quoted = set(_QUOTED.findall(right))
    bare = set(_NAME.findall(_QUOTED.sub(" ", right)))
    # formulaic reads `a.b` as an attribute of a
    misread = {name.partition(".")[0] for name in quoted if "." in name} - bare
    read = {str(name) for name in rhs.required_variables} - misread
    return tuple(sorted(bare.intersection(data.columns) | quoted | read))


def _refuse_reserved(names: Sequence[str], formula: str, functions: Collection[str] = ()) -> None:
    clash = [name for name in names if name == "Intercept" or name in functions]
    if clash:
        raise FormulaError(
            f"column {first_few(clash)} has the name of something that formulas bring themselves, "
            f"in {formula!r}; rename the column"
        )


def _complete_rows(
    data: pd.DataFrame, columns: Sequence[str]
) -> tuple[dict[str, int], npt.NDArray[np.bool_] | None]:
    """Count missing values per column and mark the rows that have none."""
    counts: dict[str, int] = {}
    absent: npt.NDArray[np.bool_] | None = None
    for name in dict.fromkeys(columns):
        column = data[name]
        if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
            continue
        gaps = column.isna().to_numpy()
        found = int(np.count_nonzero(gaps))
        if found:
            counts[name] = found
            absent = gaps if absent is None else absent | gaps
    if absent is None:
        if len(data) == 0:
            raise DataError("the data have no rows")
        return counts, None
    if absent.all():
        each = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise DataError(
            f"no row is complete: of {counted(len(data), 'row')}, missing values by column: {each}"
        )
    return counts, ~absent


def _tidy_types(frame: pd.DataFrame, formula: str) -> pd.DataFrame:
    """Give formulaic types it reads as meant: numbers as floats, used categories only."""
    out = frame.copy(deep=False)
    for name in out.columns:
        column = out[name]
        dtype = column.dtype
        if isinstance(dtype, pd.PeriodDtype) or getattr(dtype, "kind", "O") in "Mm":
            raise FormulaError(
                f"column {name!r} in {formula!r} holds dates; make a number of it "
                "(for instance months since a date) or a category"
            )
        if isinstance(dtype, pd.CategoricalDtype):
            out[name] = _plain_categories(column.cat.remove_unused_categories())
        elif pd.api.types.is_object_dtype(dtype) and pd.api.types.infer_dtype(
            column, skipna=True
        ) in (
            "integer",
            "floating",
            "mixed-integer-float",
            "boolean",
            "decimal",
        ):
            out[name] = column.astype(float)
        elif _is_numeric(dtype) and not isinstance(dtype, np.dtype):
            out[name] = column.to_numpy(dtype=float, na_value=np.nan)
        elif pd.api.types.is_string_dtype(dtype):  # also of pyarrow
            out[name] = column.astype(object)
    return out


def _plain_categories(column: pd.Series) -> pd.Series:
    """Categories as Python's own words and numbers, which formulaic knows."""
    known = column.cat.categories
    return (
        column
        if known.dtype == object
        else column.cat.rename_categories(cast("Sequence[object]", known.astype(object)))
    )


def _evaluate(spec: Any, frame: pd.DataFrame, formula: str) -> Any:
    try:
        with np.errstate(all="ignore"):
            return spec.get_model_matrix(frame, context={"np": np}, na_action="ignore")
    except (FormulaicError, NameError, TypeError, ValueError, SyntaxError) as problem:
        raise FormulaError(f"cannot evaluate {formula!r}: {problem}") from problem


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


def _levels(frame: pd.DataFrame, formula: str) -> dict[str, tuple[object, ...]]:
    """Categories of each categorical variable, as they were when the model was fitted."""
    out: dict[str, tuple[object, ...]] = {}
    for name in frame.columns:
        column = frame[name]
        wrapped = re.search(rf"C\(\s*`?{re.escape(str(name))}`?\s*[,)]", formula)
        if isinstance(column.dtype, pd.CategoricalDtype):
            out[str(name)] = tuple(column.cat.categories)
        elif wrapped or not _is_numeric(column.dtype):
            out[str(name)] = tuple(sorted(column.unique(), key=str))
    return out


def _typical(frame: pd.DataFrame, levels: Mapping[str, tuple[object, ...]]) -> dict[str, object]:
    """Mean of numbers; of categories, whatever they are made of, the commonest."""
    return {
        str(name): frame[name].mode()[0] if name in levels else frame[name].mean()
        for name in frame.columns
    }
