"""The studies that can be replicated: those of the package by name, your own by folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, DataError, ReplicationError, first_few
from coalition_models.render import listing
from coalition_models.replications import studies
from coalition_models.replications.comparison import Replication
from coalition_models.replications.left_out import list_left_out
from coalition_models.replications.own import is_file, lacking_file, own_study, record, table_of
from coalition_models.replications.published import folder_of, read_published
from coalition_models.replications.recompute import compare
from coalition_models.replications.study import Study
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand, files_of
from coalition_models.sources.kept import tables_kept

__all__ = [
    "found_study",
    "known_studies",
    "lacking",
    "list_replications",
    "needs",
    "replicate",
    "study_named",
    "tables_of",
]


def known_studies() -> list[str]:
    """Names of the studies, each a folder of ``replications/studies``.

    Examples
    --------
    >>> "box-steffensmeier-zorn-2001" in known_studies()
    True
    """
    found = [item.name for item in iter_modules(studies.__path__) if item.ispkg]
    return sorted(name.replace("_", "-") for name in found)


def study_named(name: str) -> Study:
    """The record of a study of the package.

    Raises
    ------
    ReplicationError
        If there is none, or its folder holds another.

    Examples
    --------
    >>> study_named("box-steffensmeier-zorn-2001").sources
    ('disputes-oneal-russett',)
    """
    known = known_studies()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        meant = f" (nearest: {near[0]})" if near else ""
        raise ReplicationError(
            f"unknown study {name!r}{meant}: expected one of {', '.join(known)}, or the path of a "
            "folder with study.py; list_replications() describes them"
        )
    folder = name.replace("-", "_")
    study = record(import_module(f"{studies.__name__}.{folder}.study"), folder)
    if study.name != name:
        raise ReplicationError(f"the folder {folder} holds the study {study.name!r}: name it so")
    return study


def found_study(name: str | Path) -> tuple[Study, Path]:
    """The record of a study and its folder, by name or by the folder itself."""
    text = str(name)
    if Path(text).name == "study.py" and Path(text).is_file():
        text = str(Path(text).parent)
    if text not in known_studies() and (isinstance(name, Path) or Path(text).is_dir()):
        folder = Path(text).expanduser()
        return own_study(folder), folder
    return study_named(text), folder_of(text)


def lacking(study: Study) -> dict[str, str]:
    """Sources of a study that are not at hand -> how to get them."""
    found = {source: needs(study, [source]) for source in study.sources}
    return {source: text for source, text in found.items() if text}


def needs(study: Study, sources: Iterable[str]) -> str:
    """What of the sources is not at hand, and how to get all of it; empty where nothing is.

    Examples
    --------
    >>> needs(study_named("tago-2009"), ["participation"])
    ''
    """
    lines = [lacking_file(study, source) for source in sources if is_file(source)]
    parts = [part for source in sources if not is_file(source) for part in files_of(source)]
    absent = [
        part
        for part in dict.fromkeys(parts)
        if entry(part).kind == "external" and not at_hand(part)
    ]
    if absent:
        fetch = f"coalition-models data fetch {' '.join(absent)}"
        lines.append(f"needs {', '.join(absent)}, not at hand: {fetch}")
    return "; ".join(line for line in lines if line)


def list_replications() -> pd.DataFrame:
    """List the studies that :func:`replicate` can recompute.

    Returns
    -------
    DataFrame
        Indexed by name: ``title, kind, numbers`` (printed), ``listed`` (of these, known to differ,
        each with its reason), ``left_out`` (printed and not recomputed; :func:`list_left_out` names
        them), ``models, tables, sources, at_hand, doi``. Studies in spirit have a ``kind`` of their
        own and no printed numbers.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.list_replications().loc["box-steffensmeier-zorn-2001", "doi"]
    '10.2307/2669335'
    """
    rows = []
    absent = list_left_out().groupby("study")["numbers"].sum()
    for name in known_studies():
        study, printed = study_named(name), read_published(folder_of(name))
        rows.append(
            {
                "name": study.name,
                "title": study.title,
                "kind": study.kind,
                "numbers": len(printed),
                "listed": int((printed["deviation"] != "").sum()),
                "left_out": int(absent.get(study.name, 0)),
                "models": len(study.models),
                "tables": ", ".join(study.tables),
                "sources": ", ".join(study.sources),
                "at_hand": not lacking(study),
                "doi": study.doi,
            }
        )
    frame = pd.DataFrame(rows).set_index("name")
    return listing(frame, ["title", "kind", "numbers", "listed", "left_out", "at_hand"])


def replicate(
    name: str | Path, data: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None
) -> Replication:
    """Recompute a published study and lay the result beside what was printed.

    Parameters
    ----------
    name : str or Path
        See :func:`list_replications`; or the folder of a study of your own, whose ``study.py`` is
        run (``docs/developer/own-study.md`` has an example).
    data : DataFrame or mapping, optional
        Your own copy of the study's data, or of each source (source -> table); loaded from the
        catalogue if not given. Models of a source that cannot be had are left out, and
        ``missing`` says how to get it.

    Returns
    -------
    Replication
        Shows itself as the article's tables, each number printed / ours; ``.table`` has every
        number, ``.counts()`` how many match, ``.verdict`` says it in a line, ``.code(model)`` is
        what to type for one model.

    Raises
    ------
    ReplicationError
        Unknown study, or a printed number that the recipe does not give.
    CoverageError
        None of the data are at hand or can be fetched; for a study in spirit, not all.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.replicate("no-such-study")
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: unknown study 'no-such-study': expected one of ...
    """
    check_arguments(replicate, locals())
    study, folder = found_study(name)
    with tables_kept():
        tables = tables_of(study, data)
        missing = tuple(text for source, text in lacking(study).items() if source not in tables)
        if study.kind == "in spirit" and missing:
            absent = [source for source in study.sources if source not in tables]
            raise CoverageError(f"{study.name} joins several sources; it {needs(study, absent)}")
        return compare(study, read_published(folder), tables, missing)


def tables_of(
    study: Study, data: pd.DataFrame | Mapping[str, pd.DataFrame] | None
) -> dict[str, pd.DataFrame]:
    """The tables given, by source, or those that can be loaded."""
    return _loaded(study) if data is None else _given(study, data)


def _given(
    study: Study, data: pd.DataFrame | Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    if isinstance(data, pd.DataFrame):
        if len(study.sources) > 1:
            raise DataError(
                f"data must be a mapping for a study of several sources: {', '.join(study.sources)}"
            )
        return {study.sources[0]: data}
    unknown = [source for source in data if source not in study.sources]
    if unknown or not data:
        raise DataError(
            f"data must give the sources {', '.join(study.sources)}; found {first_few(unknown)}"
        )
    return dict(data)


def _loaded(study: Study) -> dict[str, pd.DataFrame]:
    """The tables that can be had; one of several may fail."""
    tables, problems = {}, []
    for source in study.sources:
        try:
            tables[source] = table_of(study, source)
        except CoverageError as error:
            problems.append(error)
    if not tables:
        raise problems[0]
    return tables
