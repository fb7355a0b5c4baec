"""What a formula may say: its syntax tree is read before anything of it is evaluated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from formulaic.errors import FormulaicError
from formulaic.parser.algos.tokenize import tokenize
from formulaic.parser.types import Token

from coalition_models.errors import FormulaError, first_few

__all__ = [
    "CONTRASTS",
    "FUNCTIONS",
    "Reading",
    "alias",
    "clean_message",
    "column_of",
    "read_formula",
    "syntax_tree",
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

_NUMBERS = ("np.pi", "np.e")
#: bases larger than this are no model, but would fill the memory
_LARGEST_BASIS = 100
_LEFT = re.compile(r"\s*(?:`([^`]+)`|([^\W\d]\w*))\s*")
_TILDE = re.compile(r"((?:[^~`]|`[^`]*`)*)~(.*)", re.DOTALL)
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)""")
_CALLED = re.compile(r"(?<![\w.])([^\W\d][\w.]*)\s*\(")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")
_ALIAS = "_quoted_in_hex_"
_SPLINE = "cr(x, df=4, constraints='center')"
_HABITS = {
    "Surv": "write the event column alone on the left and give start= and stop=",
    "strata": "give strata='column' instead",
    "cluster": "give cluster='column' instead",
    "offset": "give offset='column' instead",
    "frailty": "shared frailty is not part of this model",
    "tt": "make the time-varying column in the data, with rows split at the event times",
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
_INSTEAD = {
    "sqrt": "np.sqrt(x)", "abs": "np.abs(x)", "log1p": "np.log1p(x)", "expm1": "np.expm1(x)",
    "floor": "np.floor(x)", "ceiling": "np.ceil(x)", "round": "np.round(x)", "sign": "np.sign(x)",
    "pmin": "np.minimum(x, y)", "pmax": "np.maximum(x, y)", "pow": "x**2 inside I()",
    "int": "np.floor(x)", "float": "x", "bool": "I(x != 0)", "str": "C(x)",
}  # fmt: skip
_WHOLE_COLUMN = frozenset(
    "mean median max min std var sum prod quantile percentile rank mode average ptp amin amax "
    "nanmean nanmedian nanmax nanmin nanstd nansum count nunique unique value_counts zscore size "
    "all any argmax argmin qcut describe len sorted".split()
)
_ACROSS_ROWS = frozenset(
    "lag lead shift cumsum cumprod cummax cummin cumcount roll sort argsort sort_values sort_index "
    "diff ediff1d groupby rolling expanding ewm transform ffill bfill pad interpolate pct_change "
    "flip flipud fliplr gradient convolve reversed sample shuffle permutation accumulate".split()
)
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
_ALLOWED = (
    ast.Expression, ast.Call, ast.keyword, ast.Name, ast.Load, ast.Constant, ast.BinOp,
    ast.UnaryOp, ast.Compare, ast.List, ast.Tuple, *_OPERATORS,
)  # fmt: skip
_WORDS: dict[type[ast.AST], str] = {
    ast.BitXor: "'^' inside a function: write ** for powers, I(x**2)",
    ast.Attribute: "an attribute ({text})",
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


@dataclass(frozen=True)
class Reading:
    """A formula taken apart: its sides, and the columns that the right one reads.

    ``coded`` are the columns that stand alone in ``C()``, ``within`` those further inside one,
    ``loose`` the names inside trusted Python, which need not be columns.
    """

    response: str
    right: str
    names: tuple[str, ...]
    coded: frozenset[str]
    within: frozenset[str]
    loose: frozenset[str]


def read_formula(formula: object, *, trust: bool = False) -> Reading:
    """Take a formula apart and refuse what does not belong in one, before it is evaluated.

    Without ``trust`` only names of columns, numbers, text as arguments, operators, comparisons
    and calls of ``FUNCTIONS`` pass, so that no formula can run a program.

    Raises
    ------
    FormulaError
        Naming what is refused, and what to write instead.

    Examples
    --------
    >>> read_formula("event ~ np.log(deaths) + C(region)").names
    ('deaths', 'region')
    >>> read_formula("event ~ x + open('f').read()")
    Traceback (most recent call last):
    coalition_models.errors.FormulaError: open() is not a function that formulas know...
    """
    sides = _TILDE.fullmatch(formula) if isinstance(formula, str) else None
    if sides is None or not isinstance(formula, str):
        raise FormulaError(f"a formula reads 'event ~ a + b', not {formula!r}")
    _refuse_habits(formula)
    left = _LEFT.fullmatch(sides[1])
    if left is None:
        raise FormulaError(
            f"the left of {formula!r} must be the name of one column that is 1 where the event "
            "happened and 0 elsewhere; make the column first"
        )
    try:
        tokens = list(tokenize(sides[2]))
    except FormulaicError as problem:
        raise FormulaError(
            f"cannot read the formula {formula!r}: {clean_message(problem)}"
        ) from problem
    names: dict[str, None] = {}
    coded: set[str] = set()
    within: set[str] = set()
    loose: set[str] = set()
    for token in tokens:
        if token.kind is Token.Kind.NAME:
            names[token.token] = None
        elif token.kind is Token.Kind.PYTHON:
            tree = _read_call(token, formula, trust)
            found = list(_columns(tree))
            loose |= set(found) - set(names) if trust else set()
            names |= dict.fromkeys(found)
            for call in _calls(tree, "C"):
                inside = list(_columns(call.args[0])) if call.args else []
                alone = bool(call.args) and not _is_computed(call.args[0])
                (coded if alone else within).update(inside)
        else:
            _refuse_token(token, formula)
    sets = (frozenset(found) for found in (coded, within, loose))
    return Reading(left[1] or left[2], sides[2], tuple(names), *sets)


def syntax_tree(text: str, formula: str, *, trust: bool) -> ast.Expression:
    """Parse one call of a formula; names in backticks become plain ones (see ``column_of``).

    Raises
    ------
    FormulaError
        For what is no Python, and without ``trust`` for what formulas do not know.
    """
    parts = _QUOTED.split(text)
    plain = "".join(f" {alias(part[1:-1])} " if part.startswith("`") else part for part in parts)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.BitXor):
                raise FormulaError(f"{_WORDS[ast.BitXor]}; formula {formula!r}")
        if not trust:
            _check(tree, formula)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        if isinstance(problem, FormulaError):
            raise
        why = getattr(problem, "msg", None) or str(problem) or type(problem).__name__
        raise FormulaError(
            f"cannot read {text!r} in the formula {formula!r}: {why}. A column whose name is a "
            "word of Python (lambda, class) must be renamed to stand inside a function"
        ) from problem
    return tree


def alias(name: str) -> str:
    """Plain name that stands for the name of a column in backticks.

    Examples
    --------
    >>> alias("a b")
    '_quoted_in_hex_612062'
    """
    return f"{_ALIAS}{name.encode().hex()}"


def column_of(name: str) -> str:
    """Name of the column behind a plain name that stands for one in backticks.

    Examples
    --------
    >>> column_of(alias("my column")), column_of("risk")
    ('my column', 'risk')
    """
    if not name.startswith(_ALIAS):
        return name
    try:
        return bytes.fromhex(name.removeprefix(_ALIAS)).decode()
    except ValueError:  # a column of the user's that happens to begin so
        return name


def clean_message(problem: BaseException) -> str:
    """Word an error of formulaic in one line, without colours of the terminal.

    Examples
    --------
    >>> clean_message(ValueError("bad\\n\\n⧛\\x1b[1;31mx\\x1b[0m⧚"))
    'bad: x'
    """
    lines = _COLOURS.sub("", str(problem)).split("\n")
    return ": ".join(line.strip().rstrip(".") for line in lines if line.strip())




def _refuse_habits(formula: str) -> None:
    bare = _QUOTED.sub(" ", formula)
    for name in _CALLED.findall(bare):
        if name in _HABITS:
            raise FormulaError(f"{name}() is not a term here: {_HABITS[name]}; formula {formula!r}")


def _refuse_token(token: Token, formula: str) -> None:
    text = token.token
    if token.kind is Token.Kind.OPERATOR and text != "in":
        if text == "." or "." in text:
            raise FormulaError(f"name the columns instead of '.', in {formula!r}")
        if "|" in text:
            raise FormulaError(f"a formula has one right-hand side, without '|': {formula!r}")
        if "~" in text:
            raise FormulaError(f"a formula reads 'event ~ a + b', not {formula!r}")
        if set(text) - set("+-*/:^"):
            raise FormulaError(
                f"{text!r} does not join terms; to compute with columns write I(), such as "
                f"I(x > 0), in {formula!r}"
            )
    if token.kind is Token.Kind.CONTEXT and text in "[]":
        raise FormulaError(f"'[' does not belong in a formula: {formula!r}")
    if token.kind is Token.Kind.VALUE and text == ".":
        raise FormulaError(f"name the columns instead of '.', in {formula!r}")


def _read_call(token: Token, formula: str, trust: bool) -> ast.Expression:
    if (token.source or "")[token.source_start or 0] == "{" and not trust:
        raise FormulaError(
            f"{{...}} is not part of a formula; write I({token.token}), in {formula!r}"
        )
    return syntax_tree(token.token, formula, trust=trust)


def _check(tree: ast.Expression, formula: str) -> None:
    """Refuse whatever is not on the list."""
    fine: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            fine |= _check_call(node, formula)
        elif isinstance(node, ast.Constant):
            if not isinstance(node.value, (int, float, str, bool, type(None))):
                raise FormulaError(f"{node.value!r} does not belong in a formula: {formula!r}")
        elif isinstance(node, ast.Name):
            if node.id.startswith("__") or node.id.endswith("__"):
                raise FormulaError(_not_known(f"the name {node.id!r}", formula))
        elif isinstance(node, ast.BinOp):
            _check_operands(node, formula)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in _NUMBERS:
            fine.add(id(node))
        if not isinstance(node, _ALLOWED) and id(node) not in fine:
            raise FormulaError(_refusal(node, formula))


def _check_call(call: ast.Call, formula: str) -> set[int]:
    """Refuse functions off the list; the parts of its name, and of codings, that are allowed."""
    name = ast.unparse(call.func)
    fine = {id(call.func)}
    if name in CONTRASTS:
        return fine
    if name not in FUNCTIONS:
        raise FormulaError(_unknown_function(name, formula))
    if len(call.args) > FUNCTIONS[name]:
        raise FormulaError(
            f"{name}() takes {FUNCTIONS[name]} by position in a formula, not {len(call.args)}: "
            f"{formula!r}"
        )
    for keyword in call.keywords:
        own = keyword.arg is not None and not keyword.arg.startswith("_")
        if not own or (name.startswith("np.") and keyword.arg != "decimals"):
            raise FormulaError(f"{name}() takes no {keyword.arg or '**'}= in a formula {formula!r}")
    sizes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg in ("df", "degree"))]
    for size in sizes if name in ("bs", "cr", "cs", "cc", "poly") else []:
        if not isinstance(size, ast.Constant) or not _is_small(size.value):
            raise FormulaError(
                f"{name}() takes a whole number of at most {_LARGEST_BASIS} for df and degree, in "
                f"{formula!r}"
            )
    if name == "Q" and not (len(call.args) == 1 and _text(call.args[0])):
        raise FormulaError(f"Q() takes the name of a column in quotes: {formula!r}")
    if name == "C":
        codings = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "contrasts")]
        fine |= {id(arg) for arg in codings if ast.unparse(arg) in CONTRASTS}
    return fine


def _is_small(value: object) -> bool:
    return value is None or (isinstance(value, int) and 0 <= value <= _LARGEST_BASIS)


def _check_operands(node: ast.BinOp, formula: str) -> None:
    for side in (node.left, node.right):
        if isinstance(side, (ast.List, ast.Tuple)) or _text(side):
            raise FormulaError(f"no sums or products of text and lists in a formula: {formula!r}")


def _text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _refusal(node: ast.AST, formula: str) -> str:
    if isinstance(node, ast.Attribute) and (why := _by_word(node.attr)):
        return f"{ast.unparse(node)} cannot stand in a formula: {why}; formula {formula!r}"
    shown = ast.unparse(node) if isinstance(node, ast.expr) else type(node).__name__
    words = _WORDS.get(type(node), f"{type(node).__name__} ({shown})").format(text=shown)
    return _not_known(words, formula)


def _unknown_function(name: str, formula: str) -> str:
    last = name.rpartition(".")[2]
    if last in _INSTEAD and "." not in name:
        return f"{name}() is not a function that formulas know: write {_INSTEAD[last]}; {formula!r}"
    if why := _by_word(last):
        return f"{name}() cannot stand in a formula: {why}; formula {formula!r}"
    return _not_known(f"{name}()", formula, "is not a function that formulas know")


def _by_word(word: str) -> str:
    if word in _WHOLE_COLUMN:
        return _REMEMBER
    return _BY_MEMBER if word in _ACROSS_ROWS else ""


def _not_known(what: str, formula: str, verb: str = "is not part of a formula") -> str:
    return (
        f"{what} {verb}; make the column in the data first. Functions: {', '.join(FUNCTIONS)}. "
        f"trust=True runs any Python, for formulas that you wrote yourself. Formula {formula!r}"
    )


def _columns(tree: ast.AST) -> Iterator[str]:
    """Names that stand for columns, in the order of reading."""
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    roots = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    codings = {
        id(arg)
        for call in _calls(tree, "C")
        for arg in [*call.args[1:], *(k.value for k in call.keywords)]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            own = node.id in ("np", "contr") and id(node) in roots
            if not own and id(node) not in called and not (
                id(node) in codings and node.id in CONTRASTS
            ):
                yield column_of(node.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Q":
            yield from _quoted_column(node.args)


def _quoted_column(args: Sequence[ast.expr]) -> list[str]:
    return [str(a.value) for a in args[:1] if isinstance(a, ast.Constant)]


def _calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
    ]


def _is_computed(node: ast.expr) -> bool:
    quoted = isinstance(node, ast.Call) and ast.unparse(node.func) in ("Q", "I")
    inner = node.args[0] if quoted and isinstance(node, ast.Call) and node.args else node
    return not isinstance(inner, ast.Name) and not _text(inner)
