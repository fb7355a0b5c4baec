"""The studies that can be replicated, by name."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import ReplicationError
from coalition_models.render import listing
from coalition_models.replications import studies
from coalition_models.replications.comparison import Replication, compare
from coalition_models.replications.study import Study, read_published
from coalition_models.sources.load import load

__all__ = ["known_studies", "list_replications", "replicate"]


def known_studies() -> list[str]:
    """Names of the studies, each a folder of ``replications/studies``.

    Examples
    --------
    >>> known_studies()
    ['box-steffensmeier-zorn-2001']
    """
    found = [item.name for item in iter_modules(studies.__path__) if item.ispkg]
    return sorted(name.replace("_", "-") for name in found)


def _study(name: str) -> Study:
    known = known_studies()
    if name not in known:
        raise ReplicationError(
            f"unknown study {name!r}: expected one of {', '.join(known)}; "
            "list_replications() describes them"
        )
    module = import_module(f"{studies.__name__}.{name.replace('-', '_')}.study")
    study: Study = module.STUDY
    if study.name != name:
        raise ReplicationError(
            f"the folder {name.replace('-', '_')} holds the study {study.name!r}: name it so"
        )
    return study


def list_replications() -> pd.DataFrame:
    """List the studies that :func:`replicate` can recompute.

    Returns
    -------
    DataFrame
        Indexed by name: ``title, numbers, tables, source, doi``.

    Examples
    --------
    >>> list_replications().loc["box-steffensmeier-zorn-2001", "doi"]
    '10.2307/2669335'
    """
    found = [_study(name) for name in known_studies()]
    rows = [
        {
            "name": study.name,
            "title": study.title,
            "numbers": len(read_published(study.name)),
            "tables": ", ".join(study.tables),
            "source": study.source,
            "doi": study.doi,
        }
        for study in found
    ]
    return listing(pd.DataFrame(rows).set_index("name"))


def replicate(name: str, data: pd.DataFrame | None = None) -> Replication:
    """Recompute a published study and lay the result beside what was printed.

    Parameters
    ----------
    name : str
        See :func:`list_replications`.
    data : DataFrame, optional
        Your own copy of the study's data; loaded from the catalogue if not given.

    Returns
    -------
    Replication
        Shows itself as the article's tables, each number printed / ours; ``.table`` has every
        number, ``.counts()`` how many match.

    Raises
    ------
    ReplicationError
        Unknown study, or a printed number that the recipe does not give.
    CoverageError
        The data are neither at hand nor can they be fetched.

    Examples
    --------
    >>> replicate("no-such-study")
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: unknown study 'no-such-study': expected one of ...
    """
    check_arguments(replicate, locals())
    study = _study(name)
    return compare(study, load(study.source) if data is None else data)
