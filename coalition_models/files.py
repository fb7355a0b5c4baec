"""Writing files so that nothing half-written is ever left behind."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from coalition_models.errors import DataError

__all__ = ["output_folder", "staging_folder", "write_file"]


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file as a whole or not at all: to a temporary file beside it, then rename.

    Raises
    ------
    DataError
        If it cannot be written (full disk, no permission, the path is a folder). What stood
        there before is untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder, "note.txt")
    ...     write_file(target, "six coalitions")
    ...     print(target.read_text())
    six coalitions
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    # named before it is made, so that an interruption at any point finds what to remove
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():
            path.write_bytes(data)  # a device such as /dev/stdout: nothing to rename onto
            return
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _refusal(path: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write {path}: {error.strerror or error}. Nothing was changed there; free some "
        "space or choose another place and run it again."
    )


def output_folder(path: Path) -> Path:
    """Make a folder for results, or say why it cannot be one."""
    if path.exists() and not path.is_dir():
        raise DataError(
            f"the output path {path} is a file; results need a folder. Give another path, or move "
            "the file away."
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(path, error) from error
    return path


@contextlib.contextmanager
def staging_folder(out: Path) -> Iterator[Path]:
    """Collect results aside; they move into ``out`` together when the block ends well.

    If anything stops the work (an error, Ctrl-C) the folder aside is removed and ``out`` stays
    as it was.
    """
    created = not out.exists()
    # named before it is made, so that an interruption at any point finds what to remove
    staging = out / f".partial-{secrets.token_hex(4)}"
    try:
        output_folder(out)
        staging.mkdir()
        yield staging
        _move_into(staging, out)
    except OSError as error:
        raise _refusal(out, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if created and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _move_into(staging: Path, out: Path) -> None:
    for source in sorted(p for p in staging.rglob("*") if p.is_file()):
        target = out / source.relative_to(staging)
        output_folder(target.parent)
        source.replace(target)
