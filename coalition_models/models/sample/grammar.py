"""What a formula may say: its syntax tree is read before anything of it is evaluated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from formulaic.errors import FormulaicError
from formulaic.parser.algos.tokenize import tokenize
from formulaic.parser.types import Token

from coalition_models.errors import FormulaError
from coalition_models.models.sample.sides import event_of, sides_of
from coalition_models.models.sample.vocabulary import (
    ALLOWED,
    CONTRASTS,
    FUNCTIONS,
    HABITS,
    R_OPERATORS,
    not_known,
    refusal,
    unknown_function,
)

__all__ = [
    "Reading",
    "alias",
    "clean_message",
    "column_of",
    "read_formula",
    "syntax_tree",
]

_NUMBERS = ("np.pi", "np.e")
#: bases larger than this are no model, but would fill the memory
_LARGEST_BASIS = 100
_QUOTED = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)""")
_CALLED = re.compile(r"(?<![\w.])([^\W\d][\w.]*)\s*\(")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m|[⧛⧚]")
_SIGNS_OF_R = re.compile("|".join(f"{re.escape(sign)}(?!=)" for sign in R_OPERATORS))
_ALIAS = "_quoted_in_hex_"


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
    right = sides_of(formula)[1]
    formula = str(formula)
    _refuse_habits(formula)
    event = event_of(formula)
    try:
        tokens = list(tokenize(right))
    except FormulaicError as problem:
        why = clean_message(problem)
        cure = "; write % inside I(), such as I(x % 2)" if "Expected: %" in why else ""
        raise FormulaError(f"cannot read the formula {formula!r}: {why}{cure}") from problem
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
    return Reading(event, right, tuple(names), *sets)


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
                raise FormulaError(
                    "'^' inside a function is no power in Python: write ** instead, such as "
                    f"I(x**2), in {formula!r}"
                )
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
    r"""Word an error of formulaic in one line, without colours of the terminal.

    Examples
    --------
    >>> clean_message(ValueError("bad\n\n⧛\x1b[1;31mx\x1b[0m⧚"))
    'bad: x'
    """
    lines = _COLOURS.sub("", str(problem)).split("\n")
    return ": ".join(line.strip().rstrip(".") for line in lines if line.strip())


def _refuse_habits(formula: str) -> None:
    bare = _QUOTED.sub(" ", formula)
    for name in _CALLED.findall(bare):
        if name in HABITS:
            raise FormulaError(f"{name}() is not a term here: {HABITS[name]}; formula {formula!r}")
    for sign in _SIGNS_OF_R.findall(bare):
        raise FormulaError(f"{sign!r} is not read here: {R_OPERATORS[sign]}; formula {formula!r}")


def _refuse_token(token: Token, formula: str) -> None:
    text = token.token
    if token.kind is Token.Kind.OPERATOR:
        if (token.source or "")[token.source_start or 0] == "%":
            raise FormulaError(
                f"'%{text}%' does not join terms; make the column in the data first, in {formula!r}"
            )
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
                raise FormulaError(not_known(f"the name {node.id!r}", formula))
        elif isinstance(node, ast.BinOp):
            _check_operands(node, formula)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in _NUMBERS:
            fine.add(id(node))
        if not isinstance(node, ALLOWED) and id(node) not in fine:
            raise FormulaError(refusal(node, formula))


def _check_call(call: ast.Call, formula: str) -> set[int]:
    """Refuse functions off the list; the parts of its name, and of codings, that are allowed."""
    name = ast.unparse(call.func)
    fine = {id(call.func)}
    if name in CONTRASTS:
        return fine
    if name not in FUNCTIONS:
        raise FormulaError(unknown_function(name, formula))
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
            if (
                not own
                and id(node) not in called
                and not (id(node) in codings and node.id in CONTRASTS)
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
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _is_computed(node: ast.expr) -> bool:
    quoted = isinstance(node, ast.Call) and ast.unparse(node.func) in ("Q", "I")
    inner = node.args[0] if quoted and isinstance(node, ast.Call) and node.args else node
    return not isinstance(inner, ast.Name) and not _text(inner)
