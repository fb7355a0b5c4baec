"""What the command line prints, refuses and reads in the same way for every verb."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from coalition_models.errors import CoalitionWarning, DataError

__all__ = [
    "Parser",
    "PathOption",
    "escape_what_the_terminal_lacks",
    "failed",
    "lost_output",
    "print_csv",
    "short_warnings",
]


def failed(text: str, line: str = "") -> int:
    """Print an error (or another last line) to stderr and return the exit code of a refusal."""
    print(line or f"error: {text}", file=sys.stderr)  # noqa: T201
    return 1


def lost_output(error: OSError) -> int:
    """Report that standard output could not be written, without a second failure at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):
        return failed(f"cannot write the output: {error.strerror or error}")
    return 1


def escape_what_the_terminal_lacks() -> None:
    r"""Print a letter that the terminal cannot show as an escape (``\\xe9``), not as a failure."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not _shows_everything():
        sys.stdout.reconfigure(errors="backslashreplace")


def _shows_everything() -> bool:
    return (sys.stdout.encoding or "ascii").lower().replace("-", "").startswith("utf")


@contextlib.contextmanager
def short_warnings() -> Iterator[None]:
    """Show the package's warnings in one line each, without the code that gave them."""
    usual = warnings.formatwarning

    def short(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        if issubclass(category, CoalitionWarning):
            return f"warning: {message}\n"
        return usual(message, category, filename, lineno, line)

    warnings.formatwarning = short
    try:
        yield
    finally:
        warnings.formatwarning = usual


def print_csv(text: str) -> None:
    """Print a table; a terminal that cannot show its letters would change them."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError as error:
        raise DataError(
            f"the output is {sys.stdout.encoding}, which has no {text[error.start]!a}: set "
            "PYTHONIOENCODING=utf-8, or write to a file (data show --out)"
        ) from error
    sys.stdout.write(text)


class Parser(argparse.ArgumentParser):
    """A parser that says what a misspelt word may have been.

    Examples
    --------
    >>> Parser().suggestion("invalid choice: 'reproduse' (choose from 'data', 'reproduce')")
    "; did you mean 'reproduce'?"
    """

    @staticmethod
    def suggestion(message: str) -> str:
        """What is nearest among the choices that a refusal lists; empty where nothing is."""
        found, _, choices = message.partition("(choose from")
        said = re.findall(r"invalid choice: '([^']*)'", found)
        near = get_close_matches(said[0], re.findall(r"[\w-]+", choices), 1) if said else []
        return f"; did you mean '{near[0]}'?" if near else ""

    def error(self, message: str) -> NoReturn:
        """Refuse, with what may have been meant."""
        super().error(f"{message}{self.suggestion(message)}")


class PathOption(argparse.Action):
    """Read a path; an empty one, as an unset variable of a shell gives, is refused."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        """Check the path and keep it."""
        if not isinstance(values, str) or not values.strip():
            raise DataError(f"{option_string} is empty; give a path, or leave {option_string} out")
        setattr(namespace, self.dest, Path(values))
