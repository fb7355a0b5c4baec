"""Where the file of an external source is: in a mirror, in the cache, or at its pinned address."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
import time
from pathlib import Path

from coalition_models.errors import CoverageError, DataError, warn
from coalition_models.sources.catalog import Entry, entry, file_sha256

__all__ = ["at_hand", "cache_dir", "fetch"]

MIRROR_VARIABLE = "COALITION_MODELS_MIRROR"
CACHE_VARIABLE = "COALITION_MODELS_CACHE"

#: seconds to wait after each failed attempt but the last
_WAITS = (1.0, 4.0)
_TIMEOUT = 30
_DISK_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR}
    | {errno.EEXIST, errno.EISDIR, errno.EFBIG, errno.EIO}
)


def cache_dir() -> Path:
    """Return the folder where downloads are kept; it need not exist yet.

    The variable COALITION_MODELS_CACHE names it; without it, the usual place of the system.

    Examples
    --------
    >>> cache_dir().name
    'coalition_models'
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "coalition_models"


def at_hand(name: str) -> bool:
    """Tell whether the right bytes of a source are in the mirror or in the cache.

    Examples
    --------
    >>> at_hand("nelda") in (True, False)
    True
    """
    item = _source(name)
    places = [folder for folder in (_mirror(), cache_dir()) if folder is not None]
    return any(_holds(folder / item.path, item.sha256) for folder in places)


def fetch(name: str) -> Path:
    """Return the path of a source's file, downloading it if it is not at hand.

    Looked for in this order: the folder that COALITION_MODELS_MIRROR names; the cache; the
    pinned address. Bytes are always checked by sha256. A download appears in the cache whole or
    not at all.

    Parameters
    ----------
    name : str
        An external source of ``datasets()`` with a file of its own.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If the mirror's file, or the file at the address, is not the pinned one.
    CoverageError
        If the file is not at hand and cannot be downloaded or stored.

    Examples
    --------
    >>> fetch("nelda").name                                             # doctest: +SKIP
    'nelda.rda'
    """
    item = _source(name)
    folder = _mirror()
    if folder is not None and (folder / item.path).is_file():
        return _checked_mirror_file(folder / item.path, item)
    target = cache_dir() / item.path
    if _holds(target, item.sha256):
        return target
    if target.is_file():
        warn(
            f"the cached file {target} is damaged (its sha256 is not the pinned one); "
            "it is removed and fetched again"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        _retrieve(item, target)
    except OSError as error:
        raise CoverageError(_unstorable(item, target, error)) from error
    return target


def _source(name: str) -> Entry:
    item = entry(name)
    if item.parts:
        raise DataError(f"{name!r} has no file of its own; fetch {', '.join(item.parts)}")
    if not item.url or not item.sha256:
        raise DataError(f"{name!r} comes with the package; load it, there is nothing to fetch")
    return item


def _mirror() -> Path | None:
    named = os.environ.get(MIRROR_VARIABLE)
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise CoverageError(
            f"{MIRROR_VARIABLE} must name a folder with upstream files, found {named!r}, which "
            "is none; mend or unset it"
        )
    return folder


def _holds(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def _checked_mirror_file(path: Path, item: Entry) -> Path:
    found = file_sha256(path)
    if found != item.sha256:
        raise DataError(
            f"{path} is not the pinned file of {item.name!r}: expected sha256 {item.sha256}, "
            f"found {found}; replace it by the file at {item.url}, or remove it"
        )
    return path


def _retrieve(item: Entry, target: Path) -> None:
    """Download to a file beside the target, check it, and only then give it its name."""
    # named before it is made, so that an interruption at any point finds what to remove
    partial = target.parent / f".{target.name}.{secrets.token_hex(4)}.part"
    try:
        partial.touch(exist_ok=False)
        for wait in (*_WAITS, None):
            problem = _attempt(item, partial)
            if problem is None:
                break
            if wait is None:
                raise problem
            time.sleep(wait)
        partial.replace(target)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _attempt(item: Entry, partial: Path) -> CoverageError | DataError | None:
    """Download once; return what went wrong on the way, if another attempt could mend it."""
    try:
        _download(item.url, partial, f"{item.name} ({item.path})")
    except OSError as error:
        if error.errno in _DISK_ERRORS:
            raise
        return CoverageError(_unreachable(item, error))
    found = file_sha256(partial)
    if found == item.sha256:
        return None
    return DataError(
        f"the file at {item.url} is not the pinned one of {item.name!r}: expected sha256 "
        f"{item.sha256}, found {found}; nothing was stored. Try again, or set "
        f"{MIRROR_VARIABLE} to a folder that holds {item.path}"
    )


def _download(url: str, partial: Path, what: str) -> None:
    try:
        import pooch
    except ImportError as error:
        raise CoverageError(
            f"downloading {what} needs the package pooch: "
            f"pip install 'coalition-models[fetch]'; without it, set {MIRROR_VARIABLE} to a "
            f"folder that holds the file of {url}"
        ) from error
    downloader = pooch.HTTPDownloader(progressbar=True, timeout=_TIMEOUT)
    downloader(url, str(partial), None)


def _cause(error: BaseException) -> str:
    """What failed at the bottom of an error of the network, without the address."""
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        inner = getattr(inner, "reason", None) or next(iter(inner.args), None)
    said = str(error)
    return f"{type(error).__name__}: {said.partition('): ')[2] or said}"


def _unreachable(item: Entry, error: OSError) -> str:
    return (
        f"{item.name!r} is not at hand and could not be downloaded "
        f"({len(_WAITS) + 1} attempts; {_cause(error)}).\n"
        f"  address:  {item.url}\n"
        f"  variable: set {MIRROR_VARIABLE} to a folder that holds {item.path}\n"
        f"  or put the file (sha256 {item.sha256}) at {cache_dir() / item.path}"
    )


def _unstorable(item: Entry, target: Path, error: OSError) -> str:
    return (
        f"cannot store {item.name!r} at {target}: {error}; free some space or set "
        f"{CACHE_VARIABLE} to a folder that can be written, or {MIRROR_VARIABLE} to one that "
        f"holds {item.path}"
    )
