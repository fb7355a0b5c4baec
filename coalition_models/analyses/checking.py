"""What a file says against the schema of analyses, with every failure at once."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from coalition_models.analyses.toml_lines import Document, Place

__all__ = ["check_document", "schema"]

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_WORDS = {
    "string": "text in quotes",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
}
#: rule -> whether a number breaks it, and the words
_EDGES: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "minimum": (operator.lt, "at least"),
    "maximum": (operator.gt, "at most"),
    "exclusiveMinimum": (operator.le, "more than"),
    "exclusiveMaximum": (operator.ge, "less than"),
}


@cache
def schema() -> dict[str, Any]:
    """Read the JSON Schema of an analysis, which the package brings."""
    path = Path(__file__).with_name("analysis.schema.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def check_document(document: Document) -> None:
    """Refuse a file that the schema does not allow.

    Raises
    ------
    DataError
        Every unknown key (with those that there are), wrong type and wrong value, with its line.
    """
    found = list(_problems(schema(), document.values, ()))
    if found:
        raise document.refusals(found)


def _problems(rule: dict[str, Any], value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    kinds = rule.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, date) and rule.get("format") == "date":
        return
    if kinds and not any(_is(value, kind) for kind in kinds):
        words = " or ".join(_WORDS[kind] for kind in kinds)
        yield place, f"{_named(place)} must be {words}, not {_shown(value)}"
    elif isinstance(value, dict):
        yield from _of_table(rule, value, place)
    elif isinstance(value, list):
        yield from _of_list(rule, value, place)
    else:
        yield from _of_value(rule, value, place)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _of_table(
    rule: dict[str, Any], value: dict[str, Any], place: Place
) -> Iterator[tuple[Place, str]]:
    known = rule["properties"]
    for name, held in value.items():
        if name in known:
            yield from _problems(known[name], held, (*place, name))
            continue
        near = get_close_matches(name, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else "."
        yield (
            (*place, name),
            f"{_named(place)} has no key {name!r}{meant} It has {', '.join(known)}",
        )
    for name in rule.get("required", []):
        if name not in value:
            about = known[name]["description"].rstrip(".")
            what = f"a table [{name}]" if known[name]["type"] == "object" else f"{name} = ..."
            yield place, f"{_named(place)} needs {what} ({about})"
    if len(value) < rule.get("minProperties", 0):
        yield place, f"{_named(place)} is empty; it can have {', '.join(known)}"


def _of_list(rule: dict[str, Any], value: list[Any], place: Place) -> Iterator[tuple[Place, str]]:
    if len(value) < rule.get("minItems", 0):
        yield place, f"{_named(place)} is empty: give one value or more, or leave it out"
    for at, held in enumerate(value):
        yield from _problems(rule.get("items", {}), held, (*place, at))
        if rule.get("uniqueItems") and held in value[:at]:
            yield (*place, at), f"{_named(place)} has {_shown(held)} twice"


def _of_value(rule: dict[str, Any], value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    allowed = rule.get("enum")
    if allowed is not None and value not in allowed:
        near = get_close_matches(str(value), allowed, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else "."
        has = ", ".join(map(repr, allowed))
        yield place, f"{_named(place)} is {_shown(value)}{meant} It must be one of {has}"
    if isinstance(value, str) and len(value) < rule.get("minLength", 0):
        yield place, f"{_named(place)} is an empty text: fill it in, or leave it out"
    for name, (wrong, words) in _EDGES.items():
        if name in rule and wrong(value, rule[name]):
            yield place, f"{_named(place)} must be {words} {rule[name]}, not {value!r}"


def _named(place: Place) -> str:
    """A key as the file writes it."""
    names = [one for one in place if isinstance(one, str)]
    if not names:
        return "the file"
    item = f", item {place[-1] + 1}" if isinstance(place[-1], int) else ""
    return f"[{names[0]}]{'' if len(names) == 1 else ' ' + '.'.join(names[1:])}{item}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = "a table" if isinstance(value, dict) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
