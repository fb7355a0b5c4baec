"""The specifications between an article's and this package's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, ReplicationError
from coalition_models.replications.registry import found_study, needs, tables_of
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.kept import tables_kept

__all__ = ["spirit_curve"]


def spirit_curve(
    name: str | Path, data: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None
) -> SpecCurve:
    """Estimate a study's main term in every specification between its authors' and ours.

    Parameters
    ----------
    name : str or Path
        A study in spirit; see :func:`list_replications`.
    data : DataFrame or mapping, optional
        As for :func:`replicate`.

    Returns
    -------
    SpecCurve
        ``table`` has a row per specification, ``summary`` how many agree; ``cm.plot.spec_curve``
        draws it.

    Raises
    ------
    ReplicationError
        Unknown study, or one without such a curve: its numbers were printed, or it has no
        coefficients.
    CoverageError
        Its data are not at hand.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.spirit_curve("martin-1992")
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: martin-1992 has no specification curve: ...
    """
    check_arguments(spirit_curve, locals())
    study, _ = found_study(name)
    if study.curve is None:
        raise ReplicationError(
            f"{study.name} has no specification curve: only a study in spirit with coefficients "
            "has one"
        )
    if data is None and (missing := needs(study, study.sources)):
        raise CoverageError(f"{study.name} joins several sources; it {missing}")
    with tables_kept():
        tables = tables_of(study, data)
        return study.curve(tables[study.sources[0]])
