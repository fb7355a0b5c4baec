"""Which rows belong together: clusters of a fit, or any other groups of its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample

__all__ = ["cluster_labels", "groups_by"]


def groups_by(
    sample: Sample, clusters: Sequence[str], by: str | pd.Series | None, argument: str
) -> tuple[npt.NDArray[np.int64], Sequence[object]]:
    """Number of each row's group, by first appearance, and what the numbers stand for.

    Parameters
    ----------
    sample : Sample
    clusters : sequence of str
        The model's own; the first is taken without ``by``.
    by : str or Series, optional
        A column that the sample carries, or a Series with the index of the data.
    argument : str
        What ``by`` is called where it was given.

    Raises
    ------
    DataError
        No groups, or fewer than two; a column that is not known; missing values.
    """
    known = list(sample.carried)
    if by is None:
        if not clusters:
            raise DataError(
                f"the fit has no clusters: give {argument}=, a column that it knows "
                f"({first_few(known) or 'none'}) or a Series with the index of its data"
            )
        by = clusters[0]
    if isinstance(by, str):
        if by not in sample.carried:
            raise DataError(
                f"the fit does not know the column {by!r}; it knows {first_few(known) or 'none'}: "
                f"give the column itself, {argument}=data[{by!r}]"
            )
        values = pd.Series(sample.carried[by])
    else:
        if not by.index.is_unique or not sample.index.isin(by.index).all():
            raise DataError(
                f"{argument} must have one value for every row of the data, with the data's own "
                "index, and the index must name each row once: data.reset_index(drop=True) before "
                "the fit"
            )
        values = by.loc[sample.index]
    if values.isna().any():
        missing = counted(int(values.isna().sum()), "row")
        raise DataError(f"{argument} is missing in {missing} of the fit")
    codes, labels = pd.factorize(values.to_numpy())
    if len(labels) < 2:
        raise DataError(f"{argument} must tell two groups or more apart; found {first_few(labels)}")
    return codes.astype(np.int64, copy=False), list(labels)


def cluster_labels(fit: Fit) -> tuple[object, ...]:
    """What stands behind the numbers of a fit's first set of clusters.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=45, coefficients={"risk": 0.5}, seed=1)
    >>> len(cluster_labels(cm.cox("event ~ risk", panel, cluster="state")))
    45
    """
    if not fit.choices.cluster:
        raise DataError("the fit has no clusters: give cluster=")
    return fit.engine.sample.cluster_labels(fit.choices.cluster[0])
