"""Log-rank test on (start, stop] rows: whether groups leave at the same rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.kernels.cox import prepare
from coalition_models.kernels.logrank import Differences, group_differences
from coalition_models.kernels.residuals import score_residuals
from coalition_models.kernels.variance import cluster_sums
from coalition_models.kernels.wald import joint_test
from coalition_models.models.after.observed import Observed, numbered, read_observed
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.columns import as_numbers
from coalition_models.render import Table, format_number, format_p

__all__ = ["LogRank", "logrank"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class LogRank:
    """Events of each group against those expected under one hazard, and the test.

    Attributes
    ----------
    table : DataFrame
        ``group, rows, observed, expected``: one row per group.
    statistic, df, p_value : float, int, float
        Chi-squared, its degrees of freedom, and the chance of one as large.
    notes : tuple of str
        How it was tested, and what there is to know of the rows.
    """

    table: pd.DataFrame
    statistic: float
    df: int
    p_value: float
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """The test, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        test = (
            f"Chi-squared {format_number(self.statistic)} on {self.df} df, "
            f"p {format_p(self.p_value)}."
        )
        return Table(list(self.table.columns), rows, "Log-rank test", [test, *self.notes])

    def __repr__(self) -> str:
        groups = counted(len(self.table), "group")
        return f"<LogRank of {groups}: p {format_p(self.p_value)} on {self.df} df>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def logrank(
    data: pd.DataFrame,
    groups: str | Sequence[str],
    *,
    strata: str | Sequence[str] | None = None,
    trend: bool = False,
    cluster: str | None = None,
    event: str = "event",
    start: str | None = "start",
    stop: str = "stop",
) -> LogRank:
    """Test whether groups have the same hazard, late entry, gaps and changes of group included.

    The score test of the Cox model with exact ties: without late entry R's ``survdiff``, with
    it ``coxph(ties = "exact")``. With few events it is nearer to its level than Wald's test.

    Parameters
    ----------
    data : DataFrame
        Rows at risk. A member whose group changes counts for each group while it is in it.
    groups : str or sequence of str
        Column of the groups; several make one group per combination.
    strata : str or sequence of str, optional
        Compare within each combination only.
    trend : bool
        Test for a hazard that rises or falls along the groups: with one degree of freedom, by
        the numbers in the column, or the places in the order of a category that has one.
    cluster : str, optional
        Judge the same scores by their sums over clusters, which need not be independent within
        one. The test is then that of Lee, Wei and Amato: the clustered score test.
    event, start, stop : str
        Columns. ``start=None``: every row enters at 0.

    Returns
    -------
    LogRank

    Raises
    ------
    DataError
        One group only; groups that are never at risk together; words as groups of a trend.
    FitError
        No event.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": range(1, 9), "event": [1, 1, 1, 0, 1, 1, 1, 0],
    ...                    "region": list("aababbab")})
    >>> print(cm.logrank(df, "region"))
    Log-rank test
    group  rows  observed  expected
    ...
    """
    check_arguments(logrank, locals())
    names, layers = names_of(groups, "groups"), names_of(strata, "strata")
    also = [] if cluster is None else [cluster]
    seen = read_observed(
        data, [*names, *layers, *also], "logrank", event=event, start=start, stop=stop
    )
    codes, labels = numbered(seen.panel, names)
    if len(labels) < 2:
        raise DataError(f"groups: {', '.join(names)} has one value only, {labels[0]!r}")
    layer = numbered(seen.panel, layers)[0] if layers else None
    found = group_differences(seen.start, seen.stop, seen.event, codes, layer)
    weights = _scores(seen.panel, names, codes, len(labels)) if trend else np.eye(len(labels))
    value = weights @ (found.observed - found.expected)
    by = None if cluster is None else numbered(seen.panel, [cluster])
    covariance = (
        weights @ found.covariance @ weights.T
        if by is None
        else _clustered(seen, codes, layer, by[0], weights)
    )
    kept = slice(None) if trend else slice(0, len(labels) - 1)
    size = np.diag(weights @ np.diag(found.expected + found.observed) @ weights.T)[kept]
    directions = np.inf if by is None else len(by[1]) - 1
    test = joint_test(value[kept], covariance[kept, kept], size=size, at_most=directions)
    _refuse_none(test.df, labels, found)
    notes = [_how(trend, layers, cluster, by, test.df, 1 if trend else len(labels) - 1)]
    notes += [f"{text[0].upper()}{text[1:]}." for text in seen.notes]
    table = pd.DataFrame(
        {
            "group": labels,
            "rows": np.bincount(codes, minlength=len(labels)),
            "observed": found.observed.astype(int),
            "expected": found.expected,
        }
    )
    p_value = float(stats.chi2.sf(test.statistic, test.df))
    return LogRank(table, test.statistic, test.df, p_value, tuple(notes))


def _scores(panel: pd.DataFrame, names: Sequence[str], codes: Integers, count: int) -> Floats:
    """The number of each group along which a trend is looked for (1, K)."""
    if len(names) != 1:
        raise DataError("trend=True takes one column of groups, whose values have an order")
    column = panel[names[0]]
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    values = (
        column.cat.codes.to_numpy(dtype=float)
        if isinstance(column.dtype, pd.CategoricalDtype) and ordered
        else as_numbers(column)
    )
    if values is None:
        raise DataError(
            f"trend=True: column {names[0]!r} holds words, whose order is not known; give numbers "
            "or an ordered category"
        )
    out = np.empty(count)
    out[codes] = values
    return out[None, :]


def _clustered(
    seen: Observed, codes: Integers, layer: Integers | None, clusters: Integers, weights: Floats
) -> Floats:
    """Spread of the scores, summed over clusters."""
    X = (codes[:, None] == np.arange(weights.shape[1])).astype(float) @ weights.T
    rows = prepare(seen.start, seen.stop, seen.event, X, strata=layer, ties="breslow")
    scores = score_residuals(rows, np.zeros(X.shape[1]))
    sums = cluster_sums(scores, clusters, int(clusters.max()) + 1)
    return np.asarray(sums.T @ sums)


def _refuse_none(df: int, labels: Sequence[str], found: Differences) -> None:
    if df == 0:
        raise DataError(
            f"the groups ({first_few(labels)}) are never at risk together at an event time, so "
            "their hazards cannot be compared"
        )


def _how(
    trend: bool,
    layers: Sequence[str],
    cluster: str | None,
    by: tuple[Integers, list[str]] | None,
    df: int,
    full: int,
) -> str:
    parts = ["Score test of the Cox model with exact ties"]
    if trend:
        parts.append("for a trend along the groups")
    if layers:
        parts.append(f"stratified by {', '.join(layers)}")
    if by is not None:
        parts.append(f"scores summed by {cluster} (G = {len(by[1])}), no small-sample factor")
    if df < full:
        parts.append(f"{df} of {full} degrees of freedom: some groups never meet at risk")
    return f"{', '.join(parts)}."
