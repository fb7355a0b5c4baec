"""Parts of the report, one per file: a module here with a ``PART`` is part of every run."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

from coalition_models.errors import DataError
from coalition_models.report.part import Part

__all__ = ["find_parts"]


def find_parts() -> tuple[Part[Any], ...]:
    """Find the parts by the files of this folder, in their order.

    Examples
    --------
    >>> [part.name for part in find_parts()]
    ['first_look', 'questions', 'defections', 'claims', 'contested', 'sensitivity', 'explorer',
     'replications', 'paper']
    """
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [import_module(f"{__name__}.{name}") for name in names]
    parts = [module.PART for module in modules if hasattr(module, "PART")]
    parts.sort(key=lambda part: (part.order, part.name))
    twice = {part.name for part in parts if sum(other.name == part.name for other in parts) > 1}
    if twice:
        raise DataError(f"two parts of the report have one name: {', '.join(sorted(twice))}")
    return tuple(parts)
