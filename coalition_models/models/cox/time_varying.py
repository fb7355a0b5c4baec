"""Effects that change over time, written ``tt(x, "log")`` in a formula."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from coalition_models.errors import FormulaError, counted
from coalition_models.models.before.splitting import split_rows
from coalition_models.models.sample.columns import as_numbers, require_columns
from coalition_models.models.sample.sides import event_of, sides_of

__all__ = ["has_time_varying", "with_time"]

_CALL = re.compile(r"(?<![\w.`])tt\s*\(")
#: word -> what of the time at which risk sets are compared
_SHAPES: dict[str, Callable[[str], str]] = {
    "log": lambda time: f"np.log({time})",
    "identity": lambda time: time,
    "sqrt": lambda time: f"np.sqrt({time})",
}


def has_time_varying(formula: object) -> bool:
    """Whether a formula has an effect that changes over time.

    Examples
    --------
    >>> has_time_varying("event ~ x + tt(x, 'log')"), has_time_varying("event ~ x + butt")
    (True, False)
    """
    return isinstance(formula, str) and _CALL.search(formula) is not None


def with_time(
    formula: str, data: pd.DataFrame, *, start: str | None, stop: str
) -> tuple[str, pd.DataFrame, str]:
    """Write each ``tt(x, shape)`` as a product with time, and cut the rows at the event times.

    A row has one value of its covariates, so a product with its own end would be known before the
    end comes; cut at the event times, every row has the value of the risk set that it is in.

    Returns
    -------
    formula, rows, note

    Raises
    ------
    FormulaError
        Another shape, a category, parentheses that do not close.

    Examples
    --------
    >>> df = pd.DataFrame({"start": 0, "stop": [2, 4], "event": 1, "x": [0.0, 1.0]})
    >>> with_time("event ~ x + tt(x, 'log')", df, start="start", stop="stop")[0]
    'event ~ x + x:np.log(stop)'
    """
    response, right = sides_of(formula)
    time = stop if stop.isidentifier() else f"`{stop}`"
    said = []
    while (call := _CALL.search(right)) is not None:
        inside, end = _inside(right, call.end(), formula)
        term, shape = _parts(inside, formula)
        _refuse_several(term, formula)
        _refuse_category(term, data, formula)
        product = f"{term}:{_shaped(shape, time, formula)}"
        said.append(f"tt({inside}) is {product}")
        right = f"{right[: call.start()]}{product}{right[end:]}"
    event = event_of(formula)
    require_columns(data, [event], formula)
    rows = split_rows(data, events=True, event=event, start=start, stop=stop)
    note = (
        f"{'; '.join(said)}, on {counted(len(rows), 'row')} made of {len(data)} by cutting at the "
        "event times"
    )
    return f"{response}~{right}", rows, note


def _inside(text: str, begin: int, formula: str) -> tuple[str, int]:
    """What stands between the parentheses that open at ``begin``, and where they close."""
    depth = 1
    for place in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return text[begin:place].strip(), place + 1
    raise FormulaError(f"the parentheses of tt() do not close in {formula!r}")


def _parts(inside: str, formula: str) -> tuple[str, str]:
    """The term, and the shape of time; the last comma outside of parentheses divides them."""
    depth, comma = 0, -1
    for place, sign in enumerate(inside):
        depth += {"(": 1, ")": -1, "[": 1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            comma = place
    term = inside if comma < 0 else inside[:comma].strip()
    if not term:
        raise FormulaError(f"tt() needs a term, such as tt(x, 'log'), in {formula!r}")
    return term, "log" if comma < 0 else inside[comma + 1 :].strip()


def _shaped(shape: str, time: str, formula: str) -> str:
    word = shape.strip("'\"")
    if word in _SHAPES:
        return _SHAPES[word](time)
    try:
        return f"I({time} > {float(word):g})"
    except ValueError:
        raise FormulaError(
            f"tt(x, shape): shape must be one of {', '.join(map(repr, _SHAPES))}, or the time from "
            f"which the effect is another, such as tt(x, 12); found {shape} in {formula!r}"
        ) from None


def _refuse_several(term: str, formula: str) -> None:
    """A product with time would hold for the last part of a sum only."""
    bare = re.sub(r"`[^`]*`", "x", term)
    while (inner := re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", bare)) != bare:
        bare = inner
    if re.search(r"[^\w.:\s]", bare) or (len(bare.split()) > 1 and ":" not in bare):
        raise FormulaError(
            f"tt() takes one term, not {term!r}, in {formula!r}: write tt(I({term}), ...) for one "
            "effect of the computed number, or a tt() for each term"
        )


def _refuse_category(term: str, data: pd.DataFrame, formula: str) -> None:
    parts = [part.strip(" `") for part in re.split(r":(?![^(]*\))", term)]
    words = any(
        part.startswith("C(") or (part in data.columns and as_numbers(data[part]) is None)
        for part in parts
    )
    if words:
        raise FormulaError(
            f"tt({term}) is a category, of whose levels one would stand for time itself, in "
            f"{formula!r}: make a column of 0 and 1 for each other level, and give those to tt()"
        )
