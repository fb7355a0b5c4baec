"""Terms of a formula, evaluated by formulaic in double precision, with sums of flags as sums."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from formulaic.materializers.pandas import PandasMaterializer, override
from formulaic.materializers.types import FactorValues
from formulaic.parser import DefaultFormulaParser
from formulaic.parser.parser import DefaultOperatorResolver
from formulaic.parser.types import Operator, OrderedSet
from formulaic.transforms import TRANSFORMS
from formulaic.transforms.contrasts import encode_contrasts
from formulaic.utils.layered_mapping import LayeredMapping
from formulaic.utils.stateful_transforms import stateful_eval

from coalition_models.errors import CoalitionError, DataError, FormulaError, first_few
from coalition_models.models.sample.categories import places_of
from coalition_models.models.sample.columns import plain_value
from coalition_models.models.sample.grammar import alias, clean_message, syntax_tree

__all__ = ["RESERVED", "Evaluation", "evaluate", "parse_terms"]

Flags = npt.NDArray[np.bool_]

#: names that formulas bring themselves, so that no column may have them
RESERVED = frozenset({*TRANSFORMS, "np", "Intercept", "_flag", "_both", "_either", "_neither"})

#: products of terms beyond this many are a slip, and would fill the memory
_MOST_TERMS = 2000
_TROUBLE = (
    FormulaicError, ArithmeticError, AttributeError, LookupError, NameError, RuntimeError,
    SyntaxError, TypeError, ValueError, RecursionError, MemoryError,
)  # fmt: skip
#: whole numbers above it are not exact in double precision
_EXACT = 2.0**53


def parse_terms(right: str, formula: str, intercept: bool) -> tuple[Any, list[str]]:
    """Multiply the right-hand side out into terms; also what must be said of it.

    Raises
    ------
    FormulaError
        For what formulaic cannot read, for formulas without an intercept, or without any term.

    Examples
    --------
    >>> terms, remarks = parse_terms("(a + b + c)**50", "event ~ (a + b + c)**50", False)
    >>> len(terms), remarks
    (8, [])
    """
    resolver = _Operators(formula)
    try:
        rhs = Formula(right, _parser=DefaultFormulaParser(operator_resolver=resolver))
    except _TROUBLE as problem:
        if isinstance(problem, FormulaError):
            raise
        word = isinstance(problem, SyntaxError)
        hint = "; a column named like a word of Python must be renamed" if word else ""
        raise FormulaError(
            f"cannot read the formula {formula!r}: {clean_message(problem)}{hint}"
        ) from problem
    if not hasattr(rhs, "required_variables") or isinstance(rhs, Mapping):
        raise FormulaError(f"a formula has one right-hand side, without '|': {formula!r}")
    terms = [str(term) for term in rhs]
    if "1" not in terms:
        raise FormulaError(f"leave the intercept alone (no '- 1' and no '0 +') in {formula!r}")
    if len(terms) == 1 and not intercept:
        raise FormulaError(f"{formula!r} has no term to estimate")
    for term in rhs:
        _refuse_full_basis(term, formula)
    return rhs, resolver.remarks


def _refuse_full_basis(term: Any, formula: str) -> None:
    """A basis whose columns sum to one is collinear with the intercept or the baseline hazard."""
    text = str(term.factors[0]) if len(term.factors) == 1 else ""
    if text.startswith(("cr(", "cs(", "cc(")) and "constraints" not in text:
        raise FormulaError(
            f"the columns of {text} sum to 1, as the intercept (or the baseline hazard) does; "
            f"write {text[:-1]}, constraints='center'), in {formula!r}"
        )


class _Operators(DefaultOperatorResolver):  # type: ignore[misc]
    """Formulaic's operators, whose products cannot grow without bound."""

    def __init__(self, formula: str) -> None:
        super().__init__()
        self.formula = formula
        self.remarks: list[str] = []

    @property
    def operators(self) -> list[Operator]:
        """The operators, those that multiply with a bound."""
        out = list(super().operators)
        for operator in out:
            if operator.symbol in ("**", "^"):
                operator._to_terms = self._power
            elif operator.symbol in ("*", ":", "/", "in"):
                operator._to_terms = self._bounded(operator._to_terms)
        return out

    def _bounded(self, multiply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def bounded(left: Any, right: Any) -> Any:
            self._check(len(left) * len(right))
            return multiply(left, right)

        return bounded

    def _power(self, base: Any, power: Any) -> Any:
        text = ":".join(str(factor) for term in power for factor in term.factors)
        if not text.isdecimal() or int(text) < 1:
            raise FormulaError(
                f"a power of terms is a whole number of 1 or more, not {text!r}, in "
                f"{self.formula!r}"
            )
        if len(base) == 1 and int(text) > 1:
            alone = str(next(iter(base)))
            self.remarks.append(
                f"{alone}**{text} is the term {alone} itself, since ** between terms makes "
                f"interactions; write I({alone}**{text}) for a power"
            )
        out = base
        for _ in range(int(text) - 1):
            self._check(len(out) * len(base))
            more = OrderedSet(reduce(lambda x, y: x * y, pair) for pair in product(out, base))
            if set(more) == set(out):
                break
            out = more
        return out

    def _check(self, size: int) -> None:
        if size > _MOST_TERMS:
            raise FormulaError(
                f"{self.formula!r} multiplies out to more than {_MOST_TERMS} terms; write out the "
                "interactions that are meant"
            )


@dataclass
class Evaluation:
    """How terms are evaluated: for a fit, or again for other rows.

    ``flags`` are the columns of truth values, which are numbers here and truth values in ``C()``.
    ``outside`` marks, after a fit, rows that the levels of a ``C(levels=)`` leave out.
    """

    formula: str
    flags: frozenset[str]
    fitting: bool
    trust: bool = False
    outside: dict[str, Flags] = field(default_factory=dict)

    def coded(
        self,
        data: Any,
        contrasts: Any = None,
        *,
        levels: Sequence[object] | None = None,
        spans_intercept: bool = True,
    ) -> Any:
        """Stand in for formulaic's ``C()``: a category that a fit did not see is an error."""
        values = _as_categories(data, self.flags)
        if callable(contrasts) and not isinstance(contrasts, type):
            contrasts = contrasts()  # Treatment without a reference
        if levels is not None and self.fitting:
            outside = ~values.isin(list(levels)).to_numpy(dtype=bool)
            if outside.any():
                shown = first_few(sorted({str(plain_value(v)) for v in values[outside]}))
                self.outside[f"not among the levels= of C(): {shown}"] = outside
                # anything that is a level: these rows are left out and the rest is read again
                values = values.astype(object).where(~outside, next(iter(levels)))
        if values.isna().any():
            raise FormulaError(
                f"a category in {self.formula!r} is undefined in "
                f"{first_few(f'row {row}' for row in values.index[values.isna()])}"
            )

        def encoder(
            _: Any, reduced_rank: bool, drop_rows: list[int], encoder_state: Any, model_spec: Any
        ) -> Any:
            known = encoder_state.get("categories")
            given = values if self.fitting or known is None else self._recoded(values, known)
            return encode_contrasts(
                given, contrasts=contrasts, levels=levels, reduced_rank=reduced_rank,
                _state=encoder_state, _spec=model_spec,
            )  # fmt: skip

        return FactorValues(
            values, kind="categorical", spans_intercept=spans_intercept, encoder=encoder
        )

    def _recoded(self, values: pd.Series, known: Sequence[object]) -> pd.Series:
        """Give new values the categories of the fit."""
        codes = places_of(values, known)
        if (codes < 0).any():
            new = values[codes < 0].unique()
            raise FormulaError(
                f"categories that the model has not seen, in {self.formula!r}: "
                f"{first_few(repr(plain_value(v)) for v in new)}; it was fitted with "
                f"{first_few(repr(plain_value(v)) for v in known)}"
            )
        made = pd.Categorical.from_codes(codes, categories=pd.Index(list(known), dtype=object))
        return pd.Series(made, index=values.index)


def evaluate(spec: Any, frame: pd.DataFrame, evaluation: Evaluation) -> Any:
    """Evaluate terms, or a fitted specification, on a frame of numbers and categories.

    Raises
    ------
    FormulaError
        For what cannot be computed, and for categories that the fit did not see.
    """
    try:
        with np.errstate(all="ignore"):
            made = _Materializer(frame, evaluation).get_model_matrix(spec, na_action="ignore")
    except _TROUBLE as problem:
        own = problem.__cause__ if isinstance(problem.__cause__, CoalitionError) else problem
        if isinstance(own, CoalitionError):
            raise own from None
        words = [str(n) for n in frame.columns if not pd.api.types.is_numeric_dtype(frame[n].dtype)]
        of_type = re.search("TypeError|could not convert", str(problem))
        hint = f"; no numbers: column {first_few(words)}" if words and of_type else ""
        raise FormulaError(
            f"cannot evaluate {evaluation.formula!r}: {clean_message(problem)}{hint}"
        ) from problem
    return made


class _Materializer(PandasMaterializer):  # type: ignore[misc]
    """Formulaic's own, with calls read, checked and rewritten before they are evaluated."""

    def __init__(self, frame: pd.DataFrame, evaluation: Evaluation) -> None:
        super().__init__(frame, context={"np": np})
        self.evaluation = evaluation

    @override  # type: ignore[untyped-decorator]
    def _evaluate(self, expr: str, metadata: Any, spec: Any) -> tuple[Any, set[Any]]:
        evaluation = self.evaluation
        tree = syntax_tree(expr, evaluation.formula, trust=evaluation.trust)
        text = ast.unparse(ast.fix_missing_locations(_InNumbers().visit(tree)))
        aliases = {alias(str(name)): self.data[name] for name in self.data.columns}
        own = {"C": evaluation.coded, **_HELPERS, **aliases}
        env = LayeredMapping(own, self.layered_context)
        value = stateful_eval(text, env, {text: metadata}, spec.transform_state, spec)
        return self._same_rows(value, expr), set()

    def _same_rows(self, value: Any, expr: str) -> Any:
        """Constants stand for a column of them; anything else must have one value per row."""
        plain = value.__wrapped__ if isinstance(value, FactorValues) else value
        if isinstance(plain, dict):
            return value
        if np.ndim(plain) == 0:
            raise FormulaError(f"{expr} reads no column, in {self.evaluation.formula!r}")
        if len(plain) != len(self.data):
            raise FormulaError(f"{expr} has {len(plain)} values for {len(self.data)} rows")
        return value


class _InNumbers(ast.NodeTransformer):
    """Make comparisons and logic give the numbers 0 and 1, so that a sum of them is a sum."""

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``0 < x < 1`` holds where both parts do."""
        if isinstance(node.ops[0], (ast.In, ast.NotIn, ast.Is, ast.IsNot)):
            return self.generic_visit(node)
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        parts: list[ast.expr] = [
            _call("_flag", ast.Compare(sides[i], [op], [sides[i + 1]]))
            for i, op in enumerate(node.ops)
        ]
        return reduce(lambda one, other: _call("_both", one, other), parts)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Logic on numbers; powers of constants in floating point, where they cannot explode."""
        if isinstance(node.op, ast.Pow):
            _in_floating_point(node)
        self.generic_visit(node)
        if isinstance(node.op, ast.BitAnd):
            return _call("_both", node.left, node.right)
        if isinstance(node.op, ast.BitOr):
            return _call("_either", node.left, node.right)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """``~x`` is 1 where x is 0."""
        self.generic_visit(node)
        return _call("_neither", node.operand) if isinstance(node.op, ast.Invert) else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """``Q('x')`` is the column x; what a function of NumPy says of rows is a number."""
        named = node.args[0] if node.args else None
        if ast.unparse(node.func) == "Q" and isinstance(named, ast.Constant):
            return ast.Name(alias(str(named.value)), ast.Load())
        self.generic_visit(node)
        return _call("_flag", node) if isinstance(node.func, ast.Attribute) else node


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _in_floating_point(node: ast.AST) -> None:
    """Whole numbers become floating point, but for the arguments of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and type(child.value) is int:
            child.value = _as_float(child.value)
        elif not isinstance(child, ast.Call):
            _in_floating_point(child)


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _flag(value: Any) -> Any:
    """Truth values as 0 and 1; anything else as it is."""
    if isinstance(value, bool):
        return float(value)
    dtype = getattr(value, "dtype", None)
    return value.astype(float) if dtype is not None and pd.api.types.is_bool_dtype(dtype) else value


def _truth(value: Any) -> Any:
    return np.asarray(value, dtype=float) != 0


def _both(one: Any, other: Any) -> Any:
    return (_truth(one) & _truth(other)).astype(float)


def _either(one: Any, other: Any) -> Any:
    return (_truth(one) | _truth(other)).astype(float)


def _neither(value: Any) -> Any:
    return (~_truth(value)).astype(float)


_HELPERS = {"_flag": _flag, "_both": _both, "_either": _either, "_neither": _neither}


def _as_categories(data: Any, flags: frozenset[str]) -> pd.Series:
    """Values to be coded: whole numbers as such, flags as True and False."""
    plain = data.__wrapped__ if isinstance(data, FactorValues) else data
    if np.ndim(plain) != 1:
        raise DataError("C() takes one column")
    values = pd.Series(plain)
    if values.dtype.kind == "f" and not values.isna().any():
        numbers = values.to_numpy()
        if values.name in flags and np.isin(numbers, (0.0, 1.0)).all():
            return values.astype(bool)
        if (numbers == np.rint(numbers)).all() and np.abs(numbers).max(initial=0.0) < _EXACT:
            return values.astype(np.int64)
    return values
