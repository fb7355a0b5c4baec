"""Where the file of an external source is: in a mirror, in the cache, or at its pinned address."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from tqdm.std import TqdmWarning, tqdm

from coalition_models.errors import CoverageError, DataError, warn
from coalition_models.files import clear_leftovers, temporary_path
from coalition_models.sources.catalog import Entry, entry, file_sha256

__all__ = [
    "LEFT_OUT",
    "at_hand",
    "cache_dir",
    "fetch",
    "files_of",
    "places",
    "warn_left_out",
    "warn_unusable",
    "why_unusable",
]

MIRROR_VARIABLE = "COALITION_MODELS_MIRROR"
CACHE_VARIABLE = "COALITION_MODELS_CACHE"

#: seconds to wait after each failed attempt but the last
_WAITS = (1.0, 4.0)
_TIMEOUT = 30
#: what a file of this kind is read with, beyond what the package always has
_READ_WITH = {".rda": "rdata", ".rds": "rdata"}
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
        return _expanded(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or _home() / ".cache")
    return base / "coalition_models"


def _home() -> Path:
    """The user's folder; where there is none, as in some containers, that of temporary files."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir())


def _expanded(named: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)


def places() -> tuple[str | None, str | None]:
    """Where sources are looked for, as the environment says now: what is kept depends on it."""
    return os.environ.get(MIRROR_VARIABLE), os.environ.get(CACHE_VARIABLE)


def files_of(name: str) -> tuple[str, ...]:
    """Sources with a file of their own that a source is made of; mostly itself.

    Examples
    --------
    >>> files_of("nelda"), len(files_of("ipi-contributions"))
    (('nelda',), 7)
    """
    return entry(name).parts or (name,)


def at_hand(name: str) -> bool:
    """Tell whether a source can be loaded now: the right bytes in mirror or cache, and a reader.

    Examples
    --------
    >>> at_hand("nelda") in (True, False)
    True
    """
    item = _source(name)
    return _right_file(item) is not None and not _reader_missing(item)


def why_unusable(name: str) -> str:
    """Say why a source whose file is there cannot be used; empty where it can, or has no file.

    Either the file in the mirror is not the pinned one (:func:`fetch` refuses it), or the package
    that reads it is not installed.

    Examples
    --------
    >>> isinstance(why_unusable("nelda"), str)
    True
    """
    item = _source(name)
    folder = _mirror()
    if folder is not None and (folder / item.path).is_file():
        path = folder / item.path
        if not _holds(path, item.sha256):
            return _wrong_mirror_file(path, item)
    package = _reader_missing(item)
    if package and _right_file(item) is not None:
        return (
            f"files of the kind {Path(item.path).suffix} need the package {package}, which is not "
            f"installed: pip install 'coalition-models[fetch]'"
        )
    return ""


#: how the warning begins, so that a run that has given it can silence the others
LEFT_OUT = "a source counts as not at hand: "


def warn_unusable(names: Iterable[str]) -> None:
    """Warn, once per cause, of sources that are left out although their files are there."""
    for reason in dict.fromkeys(why_unusable(part) for name in names for part in files_of(name)):
        if reason:
            warn_left_out(reason)


def warn_left_out(reason: str) -> None:
    """Warn that a source counts as not at hand."""
    warn(f"{LEFT_OUT}{reason}")


def _right_file(item: Entry) -> Path | None:
    """The file that :func:`fetch` would return without a download."""
    folder = _mirror()
    path = cache_dir() / item.path
    if folder is not None and (folder / item.path).is_file():
        path = folder / item.path
    return path if _holds(path, item.sha256) else None


def _reader_missing(item: Entry) -> str:
    """The package that the file is read with, if it is not installed."""
    package = _READ_WITH.get(Path(item.path).suffix.lower(), "")
    return "" if not package or find_spec(package) is not None else package


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
    folder = _expanded(named)
    if not folder.is_dir():
        raise CoverageError(
            f"{MIRROR_VARIABLE} must name a folder with upstream files, found {named!r}, which "
            "is none; mend or unset it"
        )
    return folder


def _holds(path: Path, sha256: str) -> bool:
    try:
        return path.is_file() and _sum_of(path) == sha256
    except OSError:
        return False


def _sum_of(path: Path) -> str:
    """The sha256 of a file, taken again when its size or time has changed."""
    seen = path.stat()
    return _kept_sum(path, seen.st_size, seen.st_mtime_ns, seen.st_ino)


@lru_cache(maxsize=256)
def _kept_sum(path: Path, size: int, time_ns: int, inode: int) -> str:
    return file_sha256(path)


def _checked_mirror_file(path: Path, item: Entry) -> Path:
    # always of the bytes as they are now: this file is about to be read
    if file_sha256(path) != item.sha256:
        raise DataError(_wrong_mirror_file(path, item))
    return path


def _wrong_mirror_file(path: Path, item: Entry) -> str:
    try:
        found = file_sha256(path)
    except OSError as error:
        found = f"none ({error.strerror or error})"
    return (
        f"{path} is not the pinned file of {item.name!r}: expected sha256 {item.sha256}, "
        f"found {found}; replace it by the file at {item.url}, or remove it"
    )


def _retrieve(item: Entry, target: Path) -> None:
    """Download to a file beside the target, check it, and only then give it its name."""
    clear_leftovers(target.parent)
    partial = temporary_path(target.parent)
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
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            import pooch
    except ImportError as error:
        raise CoverageError(
            f"downloading {what} needs the package pooch: "
            f"pip install 'coalition-models[fetch]'; without it, set {MIRROR_VARIABLE} to a "
            f"folder that holds the file of {url}"
        ) from error
    for one in told:
        # on import pooch looks for the bar of notebooks, which needs ipywidgets; ours does not
        if not issubclass(one.category, TqdmWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    with tqdm(total=1, unit="B", unit_scale=True, desc=what, leave=False) as bar:
        downloader = pooch.HTTPDownloader(progressbar=bar, timeout=_TIMEOUT)
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
