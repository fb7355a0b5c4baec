"""What a run is made from: which external sources are at hand, which version, which commit."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coalition_models.errors import CoverageError, DataError, counted, first_few
from coalition_models.sources.fetch import (
    CACHE_VARIABLE,
    LEFT_OUT,
    MIRROR_VARIABLE,
    warn_unusable,
)
from coalition_models.sources.load import datasets

__all__ = ["CHOICES", "Provenance", "chosen_sources", "provenance", "unusable_said_once"]

#: which sources a run may use: what is at hand, none, or all of them
CHOICES = ("at-hand", "bundled", "all")
#: seconds that git may take to answer
_PATIENCE = 20


@dataclass(frozen=True)
class Provenance:
    """External sources at hand and absent, version of the package, commit of the checkout.

    ``commit`` is empty outside a git checkout; it ends in ``+`` where tracked files are changed.
    """

    at_hand: tuple[str, ...]
    absent: tuple[str, ...]
    version: str
    commit: str

    @property
    def used(self) -> str:
        """``bundled`` (no external source at hand), ``all``, or ``some``."""
        if not self.at_hand:
            return "bundled"
        return "some" if self.absent else "all"

    def __str__(self) -> str:
        many = len(self.at_hand) + len(self.absent)
        data = {
            "bundled": f"bundled tables only (none of {many} external sources at hand)",
            "all": f"bundled tables and all {many} external sources",
            "some": f"bundled tables and {len(self.at_hand)} of {many} external sources "
            f"(not at hand: {first_few(self.absent, 5)})",
        }[self.used]
        changes = " with changes" if self.commit.endswith("+") else ""
        commit = f", commit {self.commit.rstrip('+')[:12]}{changes}" if self.commit else ""
        return f"Data: {data}; coalition_models {self.version}{commit}."


def provenance() -> Provenance:
    """Look up what a run made now would be made from.

    Examples
    --------
    >>> provenance().used in ("bundled", "some", "all")
    True
    """
    from coalition_models.about import __version__

    known = datasets().query("kind == 'external'")["at_hand"]
    return Provenance(
        at_hand=tuple(str(name) for name in known.index[known]),
        absent=tuple(str(name) for name in known.index[~known]),
        version=__version__,
        commit=_commit(Path(__file__).resolve().parents[2]),
    )


def _commit(root: Path) -> str:
    """The commit of the repository that the package lies in, if it is the package's own."""
    top = _git(root, "rev-parse", "--show-toplevel")
    if not top or Path(top).resolve() != root:
        return ""
    head = _git(root, "rev-parse", "HEAD")
    changed = head and _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{head}+" if changed else head


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@contextlib.contextmanager
def chosen_sources(choice: str) -> Iterator[Provenance]:
    """Let the work inside see the sources chosen, and tell what they are.

    Parameters
    ----------
    choice : {"at-hand", "bundled", "all"}
        ``bundled`` hides mirror and cache while it lasts; ``all`` refuses where one is absent.

    Raises
    ------
    DataError
        An unknown choice.
    CoverageError
        ``all`` where a source is not at hand.

    Examples
    --------
    >>> with chosen_sources("bundled") as made:
    ...     made.used
    'bundled'
    """
    if choice not in CHOICES:
        raise DataError(f"sources must be one of {', '.join(CHOICES)}, not {choice!r}")
    if choice != "bundled":
        made = provenance()
        if choice == "all" and made.absent:
            raise CoverageError(
                f"{counted(len(made.absent), 'external source', 'is', 'are')} not at hand: "
                f"{first_few(made.absent, 60)}. Get them with: coalition-models data fetch "
                "--missing"
            )
        yield made
        return
    before = {name: os.environ.get(name) for name in (MIRROR_VARIABLE, CACHE_VARIABLE)}
    with tempfile.TemporaryDirectory(prefix="coalition-models-") as empty:
        os.environ.pop(MIRROR_VARIABLE, None)
        os.environ[CACHE_VARIABLE] = empty
        _new_workers()
        try:
            yield provenance()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            _new_workers()


@contextlib.contextmanager
def unusable_said_once(made: Provenance) -> Iterator[None]:
    """Warn of sources that cannot be used, and hold back what builders would say of them again.

    Worker processes that start meanwhile hold it back too.
    """
    warn_unusable([*made.at_hand, *made.absent])
    before = os.environ.get("PYTHONWARNINGS")
    text = LEFT_OUT.rstrip(": ")  # a colon would end the message of the filter
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [before, f"ignore:{text}"]))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=text)
            yield
    finally:
        os.environ.pop("PYTHONWARNINGS")
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before


def _new_workers() -> None:
    """Let joblib start new processes: those that wait for work have the old environment."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor(reuse=True).shutdown(wait=True)
