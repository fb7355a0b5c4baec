"""A room's table of contents: its public names, each loaded at its first use."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, where: Mapping[str, tuple[str, str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make the ``__getattr__`` and ``__dir__`` of a package whose names load when they are used.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    where : mapping
        Public name -> the module inside the package that holds it, and its name there.

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
        value = getattr(import_module(f"{package}.{module}"), held)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted(where)

    return load, names
