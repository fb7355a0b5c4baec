"""What a thing is, in a few letters: the same for the same content, in another process too."""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.fingerprints import whole_mark

__all__ = ["digest", "digests"]

#: letters shown
_LENGTH = 16
_PLAIN = (str, bytes, bool, int, float, complex, type(None), type(...), np.generic, pd.Timestamp)


def digest(value: object) -> str:
    """Sum up a value: numbers, text, tables, facts, specifications, functions, and lists of these.

    A function counts by its name, its code, its defaults and what it closes over, so that a
    lambda with another number in it is another one. Attributes that a data class leaves out of its
    text or its comparison are no part of it.

    Raises
    ------
    DataError
        Something that cannot be recognised in another process.

    Examples
    --------
    >>> digest({"a": [1, 2.0]}) == digest({"a": [1, 2.0]}), digest([1]) == digest([2])
    (True, False)
    >>> digest(lambda p: p + 2) == digest(lambda p: p + 3)
    False
    """
    return _Reader().of(value)


def digests(value: object) -> dict[str, str]:
    """Sum up a data class attribute by attribute, a partial argument by argument.

    Anything else as a whole, as ``work``.

    Examples
    --------
    >>> digests(3) == {"work": digest(3)}
    True
    """
    reader = _Reader()
    if isinstance(value, partial):
        try:
            given = inspect.signature(value.func).bind_partial(*value.args, **value.keywords)
        except (TypeError, ValueError):
            return {"work": reader.of(value)}
        named = {name: reader.of(held) for name, held in given.arguments.items()}
        return {"work": reader.of(value.func), **named}
    if not is_dataclass(value) or isinstance(value, type):
        return {"work": reader.of(value)}
    found = {"work": reader.of(type(value))}
    return found | {name: reader.of(held) for name, held in _attributes(value).items()}


def _attributes(value: object) -> dict[str, object]:
    return {
        one.name: getattr(value, one.name)
        for one in fields(value)  # type: ignore[arg-type]
        if one.repr and one.compare
    }


class _Reader:
    """Digests, each object's made once; what refers to itself counts as its place."""

    def __init__(self) -> None:
        self._known: dict[int, str] = {}
        self._held: list[object] = []

    def of(self, value: object) -> str:
        """Digest of one value."""
        if isinstance(value, _PLAIN):
            return _summed(type(value).__name__, repr(value))
        if id(value) in self._known:
            return self._known[id(value)]
        self._known[id(value)] = f"seen {len(self._held)}"
        # an object that is held keeps its place in memory
        self._held.append(value)
        found = self._read(value)
        self._known[id(value)] = found
        return found

    def _read(self, value: object) -> str:
        for kinds, read in _READERS:
            if isinstance(value, kinds):
                return read(self, value)
        if is_dataclass(value):
            return _summed(self.of(type(value)), self.of(_attributes(value)))
        return self._reduced(value)

    def _reduced(self, value: object) -> str:
        try:
            parts = value.__reduce_ex__(2)
        except TypeError as error:
            raise DataError(
                f"a {type(value).__name__} cannot be recognised when the results are read again: "
                "leave keep= out, or give a function, table or data class in its place"
            ) from error
        if isinstance(parts, str):
            return _summed("name", type(value).__module__, parts)
        return _summed("made", *(self.of(list(p) if _runs(p) else p) for p in parts))


def _runs(value: object) -> bool:
    return hasattr(value, "__next__")


def _summed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_LENGTH]


def _table(reader: _Reader, value: pd.DataFrame) -> str:
    marks = [
        f"{value.columns[j]}:{whole_mark(value.iloc[:, j]).hex()}" for j in range(value.shape[1])
    ]
    types_ = ",".join(map(str, value.dtypes))
    return _summed("table", *marks, types_, reader.of(value.index), reader.of(dict(value.attrs)))


def _column(reader: _Reader, value: pd.Series) -> str:
    mark = whole_mark(value).hex()
    return _summed("column", str(value.name), str(value.dtype), mark, reader.of(value.index))


def _index(_: _Reader, value: pd.Index) -> str:
    names = ",".join(map(str, value.names))
    if isinstance(value, pd.MultiIndex):
        value = value.to_flat_index()
    return _summed("index", names, whole_mark(pd.Series(value)).hex())


def _array(reader: _Reader, value: np.ndarray) -> str:
    if value.dtype == object:
        return _summed("objects", str(value.shape), reader.of(value.ravel().tolist()))
    data = np.ascontiguousarray(value)
    whole = hashlib.sha256(data.tobytes()).hexdigest()
    return _summed("array", str(value.dtype), str(value.shape), whole)


def _mapping(reader: _Reader, value: Mapping[object, object]) -> str:
    return _summed("mapping", *(reader.of(k) + reader.of(v) for k, v in value.items()))


def _sequence(reader: _Reader, value: Sequence[object]) -> str:
    return _summed(type(value).__name__, *(reader.of(one) for one in value))


def _set(reader: _Reader, value: AbstractSet[object]) -> str:
    return _summed("set", *sorted(reader.of(one) for one in value))


def _partial(reader: _Reader, value: partial[object]) -> str:
    return _summed("partial", *(reader.of(p) for p in (value.func, value.args, value.keywords)))


def _function(reader: _Reader, value: types.FunctionType) -> str:
    closed = [_cell(one) for one in value.__closure__ or ()]
    held = [value.__code__, value.__defaults__, value.__kwdefaults__, closed]
    return _summed("function", value.__module__, *(reader.of(one) for one in held))


def _cell(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return "empty"


def _code(reader: _Reader, value: types.CodeType) -> str:
    held = [value.co_name, value.co_code, value.co_names, value.co_varnames, value.co_consts]
    return _summed("code", *(reader.of(one) for one in held))


def _method(reader: _Reader, value: types.MethodType) -> str:
    return _summed("method", reader.of(value.__self__), reader.of(value.__func__))


def _named(_: _Reader, value: type) -> str:
    return _summed("named", str(value.__module__), value.__qualname__)


def _bare(_: _Reader, value: types.ModuleType) -> str:
    return _summed("module", value.__name__)


_READERS: tuple[tuple[type | tuple[type, ...], Callable[..., str]], ...] = (
    (pd.DataFrame, _table),
    (pd.Series, _column),
    (pd.Index, _index),
    (np.ndarray, _array),
    (partial, _partial),
    (types.FunctionType, _function),
    (types.CodeType, _code),
    (types.MethodType, _method),
    ((type, types.BuiltinFunctionType), _named),
    (types.ModuleType, _bare),
    (Mapping, _mapping),
    (AbstractSet, _set),
    ((list, tuple, range), _sequence),
)
