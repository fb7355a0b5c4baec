"""The research sets: one file each, found by this folder; ``SET`` is its record.

A set is added by adding its file. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from coalition_models.designs.set_record import SetRecord
from coalition_models.errors import DataError

__all__ = ["place_of", "set_names", "set_record", "set_records"]


def set_names() -> tuple[str, ...]:
    """Names of all research sets; their files are not read.

    Examples
    --------
    >>> "iraq" in set_names()
    True
    """
    found = {item.name for item in iter_modules(__path__) if not item.name.startswith("_")}
    return tuple(sorted(found))


def set_record(name: str, variant: str | None = None) -> SetRecord:
    """Record of one set, or of a variant of it.

    Raises
    ------
    DataError
        There is no such set or variant; a file without a record of its name.

    Examples
    --------
    >>> set_record("un", "geopko").period
    'year'
    """
    if name not in set_names():
        known = ", ".join(one.name for one in set_records())
        raise DataError(f"no analysis set named {name!r}; known: {known}")
    found = getattr(import_module(f"{__name__}.{name}"), "SET", None)
    if not isinstance(found, SetRecord) or found.name != name:
        raise DataError(
            f"the file of the set {name!r} must define SET = SetRecord(name={name!r}, ...), found "
            f"{getattr(found, 'name', found)!r}"
        )
    if variant is None:
        return found
    for one in (found, *found.others):
        if one.variant == variant:
            return one
    raise DataError(
        f"the set {name!r} has the variants {', '.join(found.variants)}, not {variant!r}"
    )


def set_records() -> tuple[SetRecord, ...]:
    """Records of all sets, in order.

    Examples
    --------
    >>> [one.name for one in set_records()][:2]
    ['iraq', 'isaf']
    """
    return tuple(sorted(map(set_record, set_names()), key=lambda one: (one.order, one.name)))


def place_of(name: str) -> str:
    """Where a set was, for headings; its own name where there is no record of it.

    Examples
    --------
    >>> place_of("isaf"), place_of("kfor")
    ('Afghanistan (ISAF)', 'kfor')
    """
    return (set_record(name).place if name in set_names() else "") or name
