"""What a table remembers of its making: choices, features, sources, facts.

A :class:`Record` travels in a frame's ``attrs`` under one key. It cannot be changed, so pandas'
copying of ``attrs`` costs nothing, and it is compared by content, so that the rows of one panel
can be put together again, also after they crossed into another process. It holds what must be
*told* about a table; what changes a number is a column, an argument, or the facts themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn, Protocol

import numpy as np
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.fingerprints import Marks, row_marks, value_marks, whole_mark

__all__ = [
    "Frozen",
    "Made",
    "Record",
    "keep_record",
    "made_of",
    "record_of",
    "remembers",
    "sources_of",
    "with_features",
    "with_notes",
    "with_record",
    "without_features",
]

_KEY = "made"


class Digested(Protocol):
    """Anything whose content is summed up in a few bytes."""

    @property
    def digest(self) -> bytes:
        """Equal for equal content."""


class Frozen(dict[str, Any]):
    """A dictionary that cannot be changed, its lists and mappings neither.

    Examples
    --------
    >>> choices = Frozen({"window": 6, "kinds": ["leader"]})
    >>> choices["window"], choices["kinds"]
    (6, ('leader',))
    """

    def __init__(self, held: Mapping[str, Any] | None = None) -> None:
        super().__init__({name: _frozen(value) for name, value in (held or {}).items()})

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a record cannot be changed")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(repr(self))

    def __reduce__(self) -> tuple[type[Frozen], tuple[dict[str, Any]]]:
        return Frozen, (dict(self),)

    def __deepcopy__(self, memo: dict[int, object]) -> Frozen:
        return self

    def __copy__(self) -> Frozen:
        return self


class _Items(tuple[Any, ...]):
    """A list that cannot be changed, and equals one of the same items."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, list | tuple) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value if isinstance(value, Frozen) else Frozen(value)
    if isinstance(value, list | tuple):
        return _Items(_frozen(one) for one in value)
    return value


@dataclass(frozen=True, eq=False)
class Made:
    """How one column was made, and what it held then.

    ``choices`` are the builder's arguments and notes; ``missing_rows`` how many rows it left
    missing, ``sources`` the tables behind it. The rest recognises a column that was replaced since.
    """

    choices: Frozen
    missing_rows: int
    sources: tuple[str, ...] = ()
    whole: bytes = b""
    rows: Marks = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    values: Marks = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    @property
    def digest(self) -> bytes:
        """Equal for equal content."""
        return _digest(
            [repr(self.choices), str(self.missing_rows), repr(self.sources), self.whole.hex()]
        )

    def __getitem__(self, name: str) -> Any:
        """One of the choices, or ``missing_rows``."""
        return self.missing_rows if name == "missing_rows" else self.choices[name]

    def get(self, name: str, default: Any = None) -> Any:
        """One of the choices, or another value where there is none of this name."""
        return self.choices.get(name, default)

    def still(self, frame: pd.DataFrame, name: str) -> bool:
        """Whether a frame's column still holds what was made, in any choice or order of rows."""
        if not self.whole:
            return True
        if self.whole == whole_mark(frame[name]):
            return True
        keys = row_marks(frame)
        if keys is None or not len(self.rows):
            return False
        place = np.minimum(np.searchsorted(self.rows, keys), len(self.rows) - 1)
        same = (self.rows[place] == keys) & (self.values[place] == value_marks(frame[name]))
        return bool(same.all())


@dataclass(frozen=True, eq=False)
class Record(dict[str, Any]):
    """Everything that a table remembers.

    ``panel``: the choices of :func:`build_panel`, the spells left out and why; ``features``: how
    each column was made; ``sources``: tables to cite for who took part; ``facts``: the facts that
    the panel was built from; ``notes``: what tables of other kinds say of themselves. (An empty
    dictionary as far as writers of files are concerned, which store ``attrs`` as JSON and need not
    know more.)
    """

    panel: Frozen = field(default_factory=Frozen)
    features: Mapping[str, Made] = field(default_factory=Frozen)
    sources: tuple[str, ...] = ()
    facts: Digested | None = None
    notes: Frozen = field(default_factory=Frozen)

    @cached_property
    def digest(self) -> bytes:
        """Equal for equal content."""
        parts = [repr(self.panel), repr(self.sources), repr(self.notes)]
        parts += [f"{name} {made.digest.hex()}" for name, made in self.features.items()]
        return _digest([*parts, "" if self.facts is None else self.facts.digest.hex()])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(self.digest)

    def __deepcopy__(self, memo: dict[int, object]) -> Record:
        return self

    def __copy__(self) -> Record:
        return self

    def __repr__(self) -> str:
        held = [name for name in ("panel", "features", "sources", "notes") if getattr(self, name)]
        return f"<Record: {', '.join([*held, *(['facts'] if self.facts is not None else [])])}>"


def _digest(parts: Iterable[str]) -> bytes:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).digest()


def record_of(table: pd.DataFrame) -> Record:
    """Return what a table remembers of its making; an empty record where it remembers nothing.

    Parameters
    ----------
    table : DataFrame
        A panel, a profile, a list of defections, or any other table of this package.

    Returns
    -------
    Record
        ``panel`` (choices, spells left out, notes), ``features`` (column to how it was made),
        ``sources`` (what to cite), ``facts``, ``notes`` (by kind of table).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> cm.record_of(panel).panel["clock"]
    'entry'
    """
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"table must be a pandas DataFrame, not {type(table).__name__}")
    found = table.attrs.get(_KEY)
    return found if isinstance(found, Record) else Record()


def remembers(table: pd.DataFrame) -> bool:
    """Whether a table has a record.

    Examples
    --------
    >>> remembers(pd.DataFrame())
    False
    """
    return isinstance(table.attrs.get(_KEY), Record)


def with_record(table: pd.DataFrame, record: Record | None) -> pd.DataFrame:
    """Write a record on a table that the caller owns, and return it; None takes it off.

    Examples
    --------
    >>> record_of(with_record(pd.DataFrame(), Record(sources=("troops",)))).sources
    ('troops',)
    """
    table.attrs = {} if record is None else {_KEY: record}
    return table


def with_panel(
    table: pd.DataFrame,
    choices: Mapping[str, Any],
    *,
    facts: Digested | None = None,
    sources: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Note how a panel that the caller owns was built, and from which facts; return it.

    Parameters
    ----------
    choices : mapping
        Such as ``{"period": "month", "clock": "entry"}``.
    facts, sources : optional
        In place of those noted before.

    Examples
    --------
    >>> record_of(with_panel(pd.DataFrame(), {"period": "month"})).panel["period"]
    'month'
    """
    record = replace(record_of(table), panel=Frozen(choices))
    if facts is not None:
        record = replace(record, facts=facts)
    if sources is not None:
        record = replace(record, sources=tuple(sources))
    return with_record(table, record)


def keep_record(table: pd.DataFrame, of: pd.DataFrame) -> pd.DataFrame:
    """Write the record of one table, if it has any, on another that the caller owns; return it.

    Examples
    --------
    >>> remembers(keep_record(pd.DataFrame(), with_record(pd.DataFrame(), Record())))
    True
    """
    table.attrs = dict(of.attrs)
    return table


def with_notes(table: pd.DataFrame, /, **notes: Any) -> pd.DataFrame:
    """Add what a table says of itself, by kind, to one that the caller owns, and return it.

    Examples
    --------
    >>> record_of(with_notes(pd.DataFrame(), profile={"period": "month"})).notes["profile"]
    {'period': 'month'}
    """
    record = record_of(table)
    return with_record(table, replace(record, notes=Frozen({**record.notes, **notes})))


def with_features(
    table: pd.DataFrame,
    made: Mapping[str, Mapping[str, Any]],
    sources: Sequence[str] = (),
) -> pd.DataFrame:
    """Note how columns of a table that the caller owns were made, and return it.

    Parameters
    ----------
    made : mapping
        Column to the choices behind it.
    sources : sequence of str
        Tables to cite.
    """
    record = record_of(table)
    rows = row_marks(table)
    order = None if rows is None else np.argsort(rows, kind="stable")
    marks: dict[str, Made] = {}
    for name, choices in made.items():
        column = table[name]
        values = value_marks(column)
        marks[name] = Made(
            Frozen(choices),
            int(column.isna().sum()),
            tuple(sources),
            whole_mark(column),
            np.zeros(0, np.uint64) if order is None or rows is None else rows[order],
            np.zeros(0, np.uint64) if order is None else values[order],
        )
    features = _Features({**record.features, **marks})
    return with_record(table, replace(record, features=features))


def without_features(table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """Forget how columns were made that a table, which the caller owns, no longer has; return it.

    Examples
    --------
    >>> frame = with_features(pd.DataFrame({"x": [1.0]}), {"x": {"window": 6}})
    >>> dict(record_of(without_features(frame.drop(columns="x"), ["x"])).features)
    {}
    """
    record = record_of(table)
    gone = set(names)
    kept = _Features({name: m for name, m in record.features.items() if name not in gone})
    return with_record(table, replace(record, features=kept))


def sources_of(table: pd.DataFrame, columns: Iterable[str] | None = None) -> tuple[str, ...]:
    """Tables to cite for a table: those of its rows, and of the columns that are still as made.

    Parameters
    ----------
    columns : iterable of str, optional
        Which columns count; all by default.

    Examples
    --------
    >>> sources_of(with_record(pd.DataFrame(), Record(sources=("troops",))))
    ('troops',)
    """
    record = record_of(table)
    names = table.columns if columns is None else columns
    stamp = record.notes.get("table", {})
    found = [*record.sources, *([str(stamp["name"])] if "name" in stamp else [])]
    for name in names:
        made = record.features.get(name)
        if made is not None and name in table.columns and made.still(table, name):
            found += made.sources
    return tuple(dict.fromkeys(found))


def made_of(table: pd.DataFrame, name: str) -> Frozen | None:
    """Choices behind a column; None where it was not made here or was replaced since.

    Examples
    --------
    >>> made_of(pd.DataFrame({"mine": [1]}), "mine") is None
    True
    """
    made = record_of(table).features.get(name)
    if made is None or name not in table.columns or not made.still(table, name):
        return None
    return made.choices


class _Features(Mapping[str, Made]):
    """Columns and how they were made; cannot be changed."""

    __slots__ = ("_held",)

    def __init__(self, held: Mapping[str, Made]) -> None:
        self._held = dict(held)

    def __getitem__(self, name: str) -> Made:
        return self._held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
