"""The two sides of a formula: the event's column on the left, terms on the right."""

from __future__ import annotations

import keyword
import re

from coalition_models.errors import FormulaError

__all__ = ["event_of", "quoted", "sides_of", "terms_of"]

_NAME = re.compile(r"\s*(?:`([^`]+)`|([^\W\d]\w*))\s*")
_TILDE = re.compile(r"((?:[^~`]|`[^`]*`)*)~(.*)", re.DOTALL)


def sides_of(formula: object) -> tuple[str, str]:
    """What stands left and right of the tilde, as written; one inside backticks divides nothing.

    Raises
    ------
    FormulaError
        Without a tilde, and for what is no text.

    Examples
    --------
    >>> sides_of("`a ~ b` ~ x + z")
    ('`a ~ b` ', ' x + z')
    """
    sides = _TILDE.fullmatch(formula) if isinstance(formula, str) else None
    if sides is None:
        raise FormulaError(f"a formula reads 'event ~ a + b', not {formula!r}")
    return sides[1], sides[2]


def event_of(formula: object) -> str:
    """Name of the column on the left of a formula, without the backticks around an odd name.

    Raises
    ------
    FormulaError
        Where the left is not the name of one column.

    Examples
    --------
    >>> event_of("event ~ risk"), event_of("`left the war` ~ risk")
    ('event', 'left the war')
    """
    left = _NAME.fullmatch(sides_of(formula)[0])
    if left is None:
        raise FormulaError(
            f"the left of {formula!r} must be the name of one column that is 1 where the event "
            "happened and 0 elsewhere; make the column first"
        )
    return str(left[1] or left[2])


def quoted(name: str) -> str:
    """Name of a column as a formula writes it: in backticks where it is no plain word.

    Examples
    --------
    >>> quoted("risk"), quoted("left the war")
    ('risk', '`left the war`')
    """
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def terms_of(right: str) -> list[str]:
    """Terms between plus signs that stand outside brackets and quotes.

    Examples
    --------
    >>> terms_of("a + I(b + c) + `d + e`")
    ['a', 'I(b + c)', '`d + e`']
    """
    parts, depth, quote = [""], 0, ""
    for sign in right:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"`":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        if sign == "+" and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]
