"""Every builder of features, found by folder: what it makes, what it needs, what it can read.

A builder is one file of this folder with a function ``add_<idea>(panel, ...)`` under
:func:`builder`, and the rows of its columns in the codebook. Nothing else lists builders: tests,
sets, claims and :func:`builders` read this registry.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.members.fact_tables import TABLES
from coalition_models.render import listing
from coalition_models.sources.codebook import feature_builders

__all__ = ["Builder", "builder", "builder_named", "builders", "registered"]

_Add = TypeVar("_Add", bound=Callable[..., pd.DataFrame])

#: part of a column's name that an argument decides, such as ``<m>`` in ``recent_exits_<m>m``
_OPEN = re.compile(r"<\w+>")


@dataclass(frozen=True)
class Builder:
    """A function that adds columns to a panel, and what is declared of it.

    ``columns`` are those that it can make; ``recent_exits_<m>m`` stands for one per number.
    ``needs`` are columns of the panel and tables of its facts, ``sources`` external tables that it
    can read; a question mark follows what it does without. ``table`` is the argument that takes a
    table which only the user can bring.
    """

    name: str
    function: Callable[..., pd.DataFrame]
    columns: tuple[str, ...]
    needs: tuple[str, ...]
    sources: tuple[str, ...]
    table: str

    @property
    def options(self) -> tuple[str, ...]:
        """Names of its arguments, without the panel."""
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        found = inspect.signature(self.function).parameters.values()
        return tuple(item.name for item in found if item.kind not in kinds)[1:]

    @property
    def reads_facts(self) -> bool:
        """Whether it reads the facts that a panel was built from."""
        return "facts" in self.options

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of facts without which it refuses."""
        return tuple(name for name in self.needs if name in TABLES)

    @property
    def panel_columns(self) -> tuple[str, ...]:
        """Columns of the panel without which it refuses."""
        return tuple(n for n in self.needs if n not in TABLES and not n.endswith("?"))

    @property
    def can_read(self) -> tuple[str, ...]:
        """Every external table that it can read."""
        return tuple(name.rstrip("?") for name in self.sources)

    @property
    def must_read(self) -> tuple[str, ...]:
        """External tables without which it says nothing, unless the facts hold the like."""
        return tuple(name for name in self.sources if not name.endswith("?"))

    def makes(self, column: str) -> bool:
        """Whether a column is one of its own.

        Examples
        --------
        >>> builder_named("add_contagion").makes("recent_exits_9m")
        True
        """
        return any(re.fullmatch(_pattern(name), column) for name in self.columns)


def _pattern(column: str) -> str:
    return r"\d+".join(re.escape(part) for part in _OPEN.split(column))


#: filled when the modules of this folder are imported
_KNOWN: dict[str, Builder] = {}


def builder(
    *,
    columns: tuple[str, ...],
    needs: tuple[str, ...] = ("cow", "period"),
    sources: tuple[str, ...] = (),
    table: str = "",
) -> Callable[[_Add], _Add]:
    """Register a function ``add_<idea>(panel, ...)``; see :class:`Builder` for what is declared.

    Raises
    ------
    DataError
        If a function of another module bears the name.
    """

    def register(function: _Add) -> _Add:
        made = Builder(function.__name__, function, columns, needs, sources, table)
        other = _KNOWN.get(made.name)
        if other is not None and other.function.__module__ != function.__module__:
            raise DataError(
                f"{function.__module__} and {other.function.__module__} both hold a builder "
                f"{made.name}: give one of them another name"
            )
        _KNOWN[made.name] = made
        return function

    return register


def registered() -> dict[str, Builder]:
    """Every builder of this folder by name, in the order of the codebook.

    Examples
    --------
    >>> list(registered())[:3]
    ['add_elections', 'add_leadership', 'add_casualties']
    """
    room = __name__.rpartition(".")[0]
    found = {f"{room}.{item.name}" for item in iter_modules(import_module(room).__path__)}
    for name in sorted(found):
        import_module(name)
    here = {name: b for name, b in _KNOWN.items() if b.function.__module__ in found}
    described = [name for name in feature_builders() if name in here]
    return {name: here[name] for name in [*described, *sorted(set(here) - set(described))]}


def builder_named(name: str) -> Builder:
    """Look up a builder.

    Raises
    ------
    DataError
        If there is none; names those that there are.

    Examples
    --------
    >>> builder_named("add_regime").sources
    ('polity5', 'democracy-bmr', 'state-democracy')
    """
    known = registered()
    if name not in known:
        raise DataError(f"no builder named {name!r}; there are {', '.join(known)}")
    return known[name]


def builders() -> pd.DataFrame:
    """List every builder of features: what it makes, what it needs, what it can read.

    Returns
    -------
    DataFrame
        One row per builder, indexed by ``name``: ``idea`` (in a sentence), ``makes`` (columns;
        ``recent_exits_<m>m`` stands for one per number of months), ``needs`` (columns of the
        panel and tables of its :class:`Facts`), ``sources`` (external tables that it can read, see
        :func:`datasets`; it does without those that a question mark follows, and without tables
        of facts marked so), ``you_bring`` (the argument that takes a table which no open source
        has), ``external`` (what it does about external sources unless told otherwise).

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.builders().loc["add_support_change", ["makes", "sources"]].tolist()
    ['support_change', 'chisols']
    """
    rows = [
        {
            "name": item.name,
            "idea": _idea(item),
            "makes": ", ".join(item.columns),
            "needs": ", ".join(item.needs),
            "sources": ", ".join(item.sources),
            "you_bring": item.table,
            "external": _default(item, "external"),
        }
        for item in registered().values()
    ]
    return listing(pd.DataFrame(rows).set_index("name"), ["makes", "needs", "sources"])


def _idea(item: Builder) -> str:
    """First line of the docstring, without its verb and full stop."""
    first = inspect.getdoc(item.function) or ""
    return first.partition("\n")[0].removeprefix("Add ").rstrip(".")


def _default(item: Builder, option: str) -> str:
    found = inspect.signature(item.function).parameters.get(option)
    return "" if found is None else str(found.default)
