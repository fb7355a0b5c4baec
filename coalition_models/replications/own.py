"""Studies outside the package: their record, and the tables that stand beside it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

import pandas as pd

from coalition_models.errors import CoalitionError, CoverageError, DataError, ReplicationError
from coalition_models.replications.study import Study
from coalition_models.sources.catalog import entry
from coalition_models.sources.load import load

__all__ = ["is_file", "lacking_file", "own_study", "reader_of", "record", "table_of"]

#: ending of a file -> what reads it
_READERS: Mapping[str, str] = {".csv": "read_csv", ".dta": "read_stata"}


def record(module: ModuleType, folder: str) -> Study:
    """The record that a ``study.py`` defines."""
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise ReplicationError(f"study.py of {folder} must define STUDY = Study(...)")
    return study


def own_study(folder: Path) -> Study:
    """The record in a folder of the user's; its code is run.

    Raises
    ------
    ReplicationError
        If there is no ``study.py``, it cannot be run, defines no ``STUDY``, or names a source that
        is not known.
    DataError
        If it names an article that is not known.
    """
    file = folder / "study.py"
    if not file.is_file():
        raise ReplicationError(f"no study.py in {folder}: a study is a folder with one")
    found = spec_from_file_location(f"own_study_{folder.name}", file)
    if found is None or found.loader is None:
        raise ReplicationError(f"cannot read {file} as Python")
    module = module_from_spec(found)
    sys.modules[found.name] = module
    try:
        found.loader.exec_module(module)
    except CoalitionError:
        raise
    except Exception as error:
        raise ReplicationError(
            f"{file} cannot be run: {type(error).__name__}: {error}{_line_of(error, file)}; mend it"
        ) from error
    study = replace(record(module, str(folder)), folder=folder)
    _ = study.work  # an article that is not known is refused here
    for source in study.sources:
        if not is_file(source):
            _in_catalogue(study, source)
    return study


def _line_of(error: Exception, file: Path) -> str:
    """Where in the file it happened, if the error does not say so itself."""
    steps = [step.lineno for step in extract_tb(error.__traceback__) if step.filename == str(file)]
    return f" (line {steps[-1]})" if steps and not isinstance(error, SyntaxError) else ""


def _in_catalogue(study: Study, source: str) -> None:
    try:
        entry(source)
    except DataError as error:
        raise ReplicationError(
            f"{study.name} has the source {source!r}: {error}; a file beside study.py is named "
            f"with its ending, as in '{source}.csv'"
        ) from error


def is_file(source: str) -> bool:
    """Whether a source is a file beside ``study.py`` and not a table of the catalogue.

    Examples
    --------
    >>> is_file("cases.csv"), is_file("participation")
    (True, False)
    """
    return Path(source).suffix in _READERS


def reader_of(source: str) -> str:
    """The function that reads a source, as a reader types it.

    Examples
    --------
    >>> reader_of("cases.csv"), reader_of("participation")
    ('pd.read_csv', 'cm.load')
    """
    return f"pd.{_READERS[Path(source).suffix]}" if is_file(source) else "cm.load"


def lacking_file(study: Study, source: str) -> str:
    """What to do where a file of a study is absent; empty where it is there."""
    folder = study.folder or Path()
    if (folder / source).is_file():
        return ""
    return f"needs the file {source}, which is not in {folder}: put it there, or give it as data="


def table_of(study: Study, source: str) -> pd.DataFrame:
    """A table of the catalogue, or a file of a study of the user's.

    Raises
    ------
    CoverageError
        If it is not at hand.
    """
    if not is_file(source):
        return load(source)
    if absent := lacking_file(study, source):
        raise CoverageError(f"{study.name} {absent}")
    path = (study.folder or Path()) / source
    frame: pd.DataFrame = getattr(pd, _READERS[path.suffix])(path)
    return frame
