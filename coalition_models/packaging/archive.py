"""Zip files whose bytes depend on what they hold alone."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from coalition_models.documents import document_date
from coalition_models.errors import DataError, first_few

__all__ = ["unpack", "zipped"]


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Make a zip of files by name, in order of name, all of one date.

    Examples
    --------
    >>> zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})
    True
    """
    moment = time.gmtime(document_date())[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def unpack(archive: Path, folder: Path) -> list[str]:
    """Unpack an archive into a folder; return the names of its files.

    Raises
    ------
    DataError
        It cannot be read, or a name would lie outside of the folder.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = [name for name in opened.namelist() if not name.endswith("/")]
            inside = folder.resolve()
            astray = [n for n in names if not (folder / n).resolve().is_relative_to(inside)]
            if astray:
                raise DataError(f"{archive} has files outside of itself: {first_few(astray)}")
            opened.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"cannot read {archive}: {error}") from error
    return names
