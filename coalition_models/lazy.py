"""What is loaded at its first use: a room's public names, and libraries that few calls need."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_module", "lazy_names"]


def lazy_names(
    package: str, where: Mapping[str, tuple[str, str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package whose names load when they are used.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    where : mapping
        Public name -> the module inside the package that holds it, and its name there. A dot in
        front leads out of the package, to a room above.

    Examples
    --------
    >>> load, names = lazy_names("json", {"Reader": ("decoder", "JSONDecoder")})
    >>> names(), load("Reader").__name__
    (['Reader'], 'JSONDecoder')
    """

    def load(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, held = where[name]
        value = getattr(import_module(f".{module}", package), held)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted(where)

    return load, names


class _Later:
    """Stands for a module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


def lazy_module(name: str) -> Any:
    """Stand in for a module that is slow to import and that the first fit does not need.

    Examples
    --------
    >>> lazy_module("json").dumps([1])
    '[1]'
    """
    return _Later(name)
