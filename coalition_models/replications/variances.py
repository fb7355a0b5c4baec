"""Which covariance was printed: every kind laid beside the standard errors of a study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import ReplicationError, gathered
from coalition_models.models.running import fit
from coalition_models.models.specification import Specification
from coalition_models.render import listing
from coalition_models.replications.matching import MATCHES, match_printed
from coalition_models.replications.numbers import numbers_of
from coalition_models.replications.published import read_published
from coalition_models.replications.registry import found_study, tables_of
from coalition_models.replications.study import Model, Study

__all__ = ["printed_se"]

_ERROR = "std_error"
_EACH = ["table", "model", "term", "printed", "variance", "ours", "match"]


def printed_se(
    name: str | Path,
    data: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    *,
    each: bool = False,
) -> pd.DataFrame:
    """Tell which covariance reproduces the standard errors that a study printed.

    Of its models by a :class:`Specification` without a penalty: the model's covariance, the robust
    one by row, without and with the factor n/(n-1), and those clustered by each candidate of the
    record, without and with the factor G/(G-1).

    Parameters
    ----------
    name, data
        As :func:`replicate` takes them.
    each : bool
        Whether every printed standard error has rows of its own.

    Returns
    -------
    DataFrame
        A row per table and kind: ``table, variance, numbers`` (standard errors printed), ``exact``,
        ``off by one in the last digit`` and ``differs``. With ``each`` a row per printed standard
        error and kind: ``table, model, term, printed, variance, ours, match``.

    Raises
    ------
    ReplicationError
        If the study prints no standard error of such a model.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.printed_se("berkemeier-fuhrmann-2018")
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: berkemeier-fuhrmann-2018 prints no standard error ...
    """
    check_arguments(printed_se, locals())
    study, folder = found_study(name)
    printed = read_published(folder)
    printed = printed[printed["quantity"] == _ERROR]
    chosen = list(_parts(study, printed))
    if not chosen:
        raise ReplicationError(f"{study.name} prints no standard error of a model of this package")
    tables = tables_of(study, data)
    rows = [
        row
        for model, spec, part in chosen
        if study.source_of(model) in tables
        for row in _matches(study, model, spec, part, tables[study.source_of(model)])
    ]
    frame = pd.DataFrame(rows, columns=_EACH)
    if each:
        return listing(frame)
    counts = pd.crosstab([frame["table"], frame["variance"]], frame["match"])
    counts = counts.reindex(columns=list(MATCHES), fill_value=0)
    counts = counts.reindex(frame[["table", "variance"]].drop_duplicates().apply(tuple, axis=1))
    counts.insert(0, "numbers", counts.sum(axis=1))
    counts.columns.name = None
    return listing(counts.reset_index())


def _parts(
    study: Study, printed: pd.DataFrame
) -> Iterator[tuple[Model, Specification, pd.DataFrame]]:
    for model in study.models:
        mine = (printed["table"] == model.table) & (printed["model"] == model.name)
        if isinstance(model.fit, Specification) and not model.fit.penalty and mine.any():
            yield model, model.fit, printed[mine]


def _kinds(study: Study, asked: Specification) -> Iterator[tuple[str, Specification, bool]]:
    """Name, request, and whether the variance is to be multiplied by n/(n-1)."""
    plain = replace(asked, cluster=None, small_sample=None)
    robust = replace(plain, variance="robust", id=None)
    yield "model", replace(plain, variance="model"), False
    yield "robust by row, without factor", robust, False
    yield "robust by row, factor n/(n-1)", robust, True
    for column in study.clusters:
        for factor, words in ((False, "without factor"), (True, "factor G/(G-1)")):
            spec = replace(plain, variance="cluster", cluster=column, small_sample=factor)
            yield f"clustered by {column}, {words}", spec, False


def _matches(
    study: Study, model: Model, asked: Specification, part: pd.DataFrame, data: pd.DataFrame
) -> Iterator[tuple[str, str, str, str, str, float, str]]:
    rows = model.rows(data)
    for kind, spec, by_rows in _kinds(study, asked):
        with gathered():
            fitted = fit(spec, rows)
            found = numbers_of(fitted, [(term, _ERROR) for term in part["term"]])
        n = fitted.counts.rows
        scale = (n / (n - 1)) ** 0.5 if by_rows else 1.0
        for term, text in zip(part["term"], part["printed"], strict=True):
            ours = scale * found[term, _ERROR]
            yield model.table, model.name, term, text, kind, ours, match_printed(text, ours)
