"""The words of formulas: functions they know, and what to write instead of others."""

from __future__ import annotations

import ast
from types import MappingProxyType

__all__ = [
    "ALLOWED",
    "CONTRASTS",
    "FUNCTIONS",
    "HABITS",
    "R_OPERATORS",
    "not_known",
    "refusal",
    "unknown_function",
]

#: the functions that formulas know, each with the most arguments it takes by position
FUNCTIONS = MappingProxyType(
    {
        "C": 2,
        "I": 1,
        "Q": 1,
        "bs": 3,
        "cc": 2,
        "center": 1,
        "cr": 2,
        "cs": 2,
        "exp": 1,
        "log": 1,
        "log10": 1,
        "log2": 1,
        "poly": 2,
        "scale": 1,
        "standardize": 1,
        "np.abs": 1,
        "np.arcsinh": 1,
        "np.ceil": 1,
        "np.clip": 3,
        "np.cos": 1,
        "np.exp": 1,
        "np.expm1": 1,
        "np.floor": 1,
        "np.isin": 2,
        "np.log": 1,
        "np.log10": 1,
        "np.log1p": 1,
        "np.log2": 1,
        "np.maximum": 2,
        "np.minimum": 2,
        "np.power": 2,
        "np.round": 2,
        "np.sign": 1,
        "np.sin": 1,
        "np.sqrt": 1,
        "np.square": 1,
        "np.tanh": 1,
        "np.where": 3,
    }
)
#: codings of categories, as the second argument of C(): by name, or called with a reference
CONTRASTS = (
    "Treatment", "Sum", "Helmert", "Diff", "Poly",
    "contr.treatment", "contr.sum", "contr.helmert", "contr.diff", "contr.poly", "contr.SAS",
)  # fmt: skip

_SPLINE = "cr(x, df=4, constraints='center')"
HABITS = {
    "Surv": "write the event column alone on the left and give start= and stop=",
    "strata": "give strata='column' instead",
    "cluster": "give cluster='column' instead",
    "offset": "give offset='column' instead",
    "frailty": "shared frailty is not part of this model",
    "tt": "tt() is for cox(); in discrete time write x:np.log(stop), on rows of one period",
    "as.factor": "write C(x)",
    "factor": "write C(x)",
    "ordered": "write C(x)",
    "relevel": "write C(x, Treatment('reference'))",
    "as.numeric": "make the column a number in the data",
    "as.integer": "make the column a number in the data",
    "ifelse": "write np.where(condition, x, y)",
    "c": "write a list [1, 2]",
    "ns": f"write {_SPLINE} for a natural spline",
    "rcs": f"write {_SPLINE} for a natural spline",
    "s": f"write {_SPLINE} for a natural spline",
    "pspline": f"penalised splines are not part of this model; write {_SPLINE} or bs(x, df=4)",
    "ridge": "a ridge penalty is not part of this model; penalty='firth' is",
    "cut": "make the classes in the data with pd.cut(df['x'], edges)",
    "interaction": "write a:b or a*b",
}
#: operators of R that Python has not, or that formulaic reads in another sense
R_OPERATORS = {
    "%in%": "write a:b between terms, and np.isin(x, [1, 2]) for values in a list",
    "%*%": "make the column in the data first; a product of two columns is I(x * z)",
    "%/%": "write // inside I()",
    "%%": "write % inside I()",
    "&&": "write & inside I(), each side in parentheses",
    "||": "write | inside I(), each side in parentheses",
    "!": "write ~ before parentheses, or !=",
    "$": "name the column alone, without its table",
}
_INSTEAD = {
    "sqrt": "np.sqrt(x)", "abs": "np.abs(x)", "log1p": "np.log1p(x)", "expm1": "np.expm1(x)",
    "floor": "np.floor(x)", "ceiling": "np.ceil(x)", "round": "np.round(x)", "sign": "np.sign(x)",
    "pmin": "np.minimum(x, y)", "pmax": "np.maximum(x, y)", "pow": "x**2 inside I()",
    "int": "np.floor(x)", "float": "x", "bool": "I(x != 0)", "str": "C(x)",
}  # fmt: skip
_WHOLE_COLUMN = frozenset([
    "mean", "median", "max", "min", "std", "var", "sum", "prod", "quantile", "percentile",
    "rank", "mode", "average", "ptp", "amin", "amax", "nanmean", "nanmedian", "nanmax",
    "nanmin", "nanstd", "nansum", "count", "nunique", "unique", "value_counts", "zscore",
    "size", "all", "any", "argmax", "argmin", "qcut", "describe", "len", "sorted",
])  # fmt: skip
_ACROSS_ROWS = frozenset([
    "lag", "lead", "shift", "cumsum", "cumprod", "cummax", "cummin", "cumcount", "roll", "sort",
    "argsort", "sort_values", "sort_index", "diff", "ediff1d", "groupby", "rolling",
    "expanding", "ewm", "transform", "ffill", "bfill", "pad", "interpolate", "pct_change",
    "flip", "flipud", "fliplr", "gradient", "convolve", "reversed", "sample", "shuffle",
    "permutation", "accumulate",
])  # fmt: skip
_REMEMBER = (
    "it looks at the whole column, so a prediction for other rows would use other numbers; "
    "center(x), scale(x), poly(x, degree=2) and bs(x, df=4) remember those of the fit, or make the "
    "column in the data first"
)
_BY_MEMBER = (
    "it reaches from row to row, across members and in whatever order the rows stand; make the "
    "column in the data first, by member: df.groupby(['coalition', 'state'])['x'].shift(), or "
    "with a builder (cm.add_...) and its lag= or window="
)
_OPERATORS = (
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr,
    ast.UAdd, ast.USub, ast.Invert, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip
ALLOWED = (
    ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.BinOp,
    ast.UnaryOp, ast.Compare, ast.List, ast.Tuple, *_OPERATORS,
)  # fmt: skip
_WORDS: dict[type[ast.AST], str] = {
    ast.Attribute: "an attribute ({text}): a column of that name stands in backticks",
    ast.Subscript: "a subscript ({text})",
    ast.Lambda: "lambda",
    ast.NamedExpr: "an assignment (:=)",
    ast.JoinedStr: "an f-string",
    ast.IfExp: "'if ... else': write np.where(condition, x, y)",
    ast.BoolOp: "'and' and 'or': write & and |, each side in parentheses",
    ast.Not: "'not': write ~ before parentheses",
    ast.In: "'in': write np.isin(x, [1, 2])",
    ast.NotIn: "'not in': write ~np.isin(x, [1, 2])",
    ast.Dict: "a dict",
    ast.Set: "a set",
    ast.Starred: "'*' before an argument",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.MatMult: "'@'",
    ast.Slice: "a slice",
}


def refusal(node: ast.AST, formula: str) -> str:
    """Say what of a formula is refused, and what to write instead."""
    if isinstance(node, ast.Attribute) and (why := _by_word(node.attr)):
        return f"{ast.unparse(node)} cannot stand in a formula: {why}; formula {formula!r}"
    shown = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
    what, _, cure = _WORDS.get(type(node), type(node).__name__).partition(": ")
    return not_known(what.format(text=shown), formula, cure=cure)


def unknown_function(name: str, formula: str) -> str:
    """Say that a function is not known, and what to write instead.

    Examples
    --------
    >>> unknown_function("sqrt", "event ~ sqrt(x)")
    "sqrt() is not a function that formulas know: write np.sqrt(x); 'event ~ sqrt(x)'"
    """
    last = name.rpartition(".")[2]
    if last in _INSTEAD and "." not in name:
        return f"{name}() is not a function that formulas know: write {_INSTEAD[last]}; {formula!r}"
    if why := _by_word(last):
        return f"{name}() cannot stand in a formula: {why}; formula {formula!r}"
    known = f"make the column in the data first. Functions: {', '.join(FUNCTIONS)}"
    return not_known(f"{name}()", formula, "is not a function that formulas know", known)


def _by_word(word: str) -> str:
    if word in _WHOLE_COLUMN:
        return _REMEMBER
    return _BY_MEMBER if word in _ACROSS_ROWS else ""


def not_known(
    what: str, formula: str, verb: str = "is not part of a formula", cure: str = ""
) -> str:
    """Word a refusal that trust=True would lift."""
    return (
        f"{what} {verb}: {cure or 'make the column in the data first'}. trust=True runs any "
        f"Python, for formulas that you wrote yourself. Formula {formula!r}"
    )
