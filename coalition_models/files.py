"""Writing files so that nothing half-written is ever left behind."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import socket
import stat
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coalition_models.errors import DataError, first_few

__all__ = ["clear_leftovers", "output_folder", "staging_folder", "temporary_path", "write_file"]

#: what a temporary file or folder is called: machine, process, a random part
_OURS = re.compile(
    r"\.(?:partial-(?:(?P<folder>[0-9a-f]{8}-\d+)-)?[0-9a-f]{8}"
    r"|coalition-models-(?P<file>[0-9a-f]{8}-\d+)-[0-9a-f]{8}\.part"
    r"|.+\.[0-9a-f]{8}\.part)"  # as they were called once
)
#: seconds after which what a run left is no longer in use, whichever machine it ran on
_A_DAY = 86_400.0


def temporary_path(folder: Path, *, directory: bool = False) -> Path:
    """Name a temporary file (or folder) beside the target, short and recognisable as ours.

    It is named before it is made, so that an interruption at any point finds what to remove; the
    name says which process of which machine uses it, so that a later run can tell what is left
    over.

    Examples
    --------
    >>> temporary_path(Path("build")).name.endswith(".part")
    True
    """
    tail = f"{_machine()}-{os.getpid()}-{secrets.token_hex(4)}"
    return folder / (f".partial-{tail}" if directory else f".coalition-models-{tail}.part")


def _machine() -> str:
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def clear_leftovers(folder: Path) -> list[Path]:
    """Remove temporary files of runs that were killed: of dead processes, or older than a day.

    Returns
    -------
    list of Path
        What was removed. What cannot be removed stays, without an error.
    """
    gone = []
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for item in found:
            match = _OURS.fullmatch(item.name) if item.name.startswith(".") else None
            if match is None or not _left_over(item, match["folder"] or match["file"]):
                continue
            with contextlib.suppress(OSError):
                if item.is_dir(follow_symlinks=False):
                    shutil.rmtree(item.path)
                else:
                    Path(item.path).unlink()
                gone.append(Path(item.path))
    return gone


def _left_over(item: os.DirEntry[str], owner: str | None) -> bool:
    if item.is_symlink():
        return False
    if owner is not None and owner.startswith(f"{_machine()}-"):
        process = int(owner.rpartition("-")[2])
        if process == os.getpid():
            return False
        if not _alive(process):
            return True
    return time.time() - item.stat(follow_symlinks=False).st_mtime > _A_DAY


def _alive(process: int) -> bool:
    if os.name == "nt":
        return True  # there a signal of 0 would end the process; leftovers go after a day
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file as a whole or not at all: to a temporary file beside it, then rename.

    A symbolic link is written through: the file that it points to is replaced, the link stays.

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
    temporary = None
    try:
        target = _behind_links(path)
        if target.exists() and not stat.S_ISREG(target.stat().st_mode) and not target.is_dir():
            path.write_bytes(data)  # a device such as /dev/stdout: nothing to rename onto
            return
        clear_leftovers(target.parent)
        temporary = temporary_path(target.parent)
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _behind_links(path: Path) -> Path:
    """The file that a path means, through symbolic links; it need not exist."""
    if not path.is_symlink():
        return path
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def _refusal(path: Path, error: OSError) -> DataError:
    return DataError(
        f"cannot write {path}: {error.strerror or error}. Nothing was changed there; free some "
        "space or choose another place and run it again."
    )


def output_folder(path: Path) -> Path:
    """Make a folder for results, or say why it cannot be one."""
    try:
        if path.exists() and not path.is_dir():
            raise DataError(
                f"the output path {path} is a file; results need a folder. Give another path, or "
                "move the file away."
            )
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refusal(path, error) from error
    return path


@contextlib.contextmanager
def staging_folder(out: Path, parts: Sequence[str] = ()) -> Iterator[Path]:
    """Collect results aside; they move into ``out`` together when the block ends well.

    If anything stops the work or the move (an error, Ctrl-C, a folder that cannot be written) the
    folder aside is removed and ``out`` stays as it was.

    Parameters
    ----------
    out : Path
    parts : sequence of str
        Folders inside ``out`` that will be written: whether they can be is known before the work.
    """
    created = False
    staging = temporary_path(out, directory=True)
    try:
        created = not out.exists()
        output_folder(out)
        clear_leftovers(out)
        for part in parts:
            _check_folder(out / part, out)
        staging.mkdir()
        yield staging
        _move_into(staging, out)
    except OSError as error:
        raise _refusal(out, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if created and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _check_folder(folder: Path, out: Path) -> None:
    """Refuse a folder for results that is a file or cannot be written."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            break
        if place.exists() or place.is_symlink():
            kind = "a file" if place.exists() else "a link to nothing"
            raise DataError(
                f"cannot write {out}: {place} is {kind}, and results need a folder there. Nothing "
                "was changed; move it away or give another path."
            )
        if place == out:
            break
    if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
        raise DataError(
            f"cannot write {out}: no permission to write into {place}. Nothing was changed; make "
            "it writable or give another path."
        )


@dataclass(frozen=True)
class _Move:
    """A new file waiting beside its target, and where the old one is kept meanwhile."""

    target: Path
    beside: Path
    backup: Path
    had_old: bool

    def make(self) -> None:
        if self.had_old:
            try:
                self.backup.hardlink_to(self.target)
            except OSError:
                shutil.copy2(self.target, self.backup)
        self.beside.replace(self.target)

    def undo(self) -> None:
        """Put back what was there; right whether or not the move was made."""
        if self.beside.exists():
            return
        if not self.had_old:
            self.target.unlink(missing_ok=True)
        elif self.backup.exists():
            self.backup.replace(self.target)

    def clear(self) -> None:
        for path in (self.beside, self.backup):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _move_into(staging: Path, out: Path) -> None:
    """Move all files or none: first beside their targets, then into place, with a way back."""
    made: list[Path] = []
    moves: list[_Move] = []
    done = False
    try:
        for source in sorted(p for p in staging.rglob("*") if p.is_file()):
            moves.append(_planned(source, out / source.relative_to(staging), out, made))
            # a folder may be a link to another file system, onto which nothing can be renamed
            shutil.move(source, moves[-1].beside)
        for move in moves:
            move.make()
        done = True
    finally:
        if not done:
            _undo(moves, made, out)
        for move in moves:
            move.clear()


def _planned(source: Path, target: Path, out: Path, made: list[Path]) -> _Move:
    target = _behind_links(target)
    _check_folder(target.parent, out)
    if target.is_dir():
        raise DataError(
            f"cannot write {out}: {target} is a folder, and the results have a file {source.name} "
            "there. Nothing was changed; move it away or give another path."
        )
    for folder in reversed([target.parent, *target.parent.parents]):
        if not folder.exists():
            made.append(folder)
            folder.mkdir()
    beside, backup = temporary_path(target.parent), temporary_path(target.parent)
    return _Move(target, beside, backup, target.exists())


def _undo(moves: Sequence[_Move], made: Sequence[Path], out: Path) -> None:
    stuck = []
    for move in reversed(moves):
        try:
            move.undo()
        except OSError:
            stuck.append(move.target)
        move.clear()
    for folder in reversed(made):
        with contextlib.suppress(OSError):
            folder.rmdir()
    if stuck:
        raise DataError(
            f"{out} could not be written, and some old files could not be put back: "
            f"{first_few(stuck)}; run it again, or delete the folder"
        )
