"""Clusters that are made of whole groups of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, first_few
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Plan

__all__ = ["clusters_of_groups"]

Integers = npt.NDArray[np.int64]


def clusters_of_groups(groups: Integers, sample: Sample, plan: Plan) -> Integers:
    """Cluster of each group (G,), which must lie within one.

    Raises
    ------
    DataError
        Naming groups that lie in several.
    """
    clusters = sample.clusters[0]
    first = np.full(int(groups.max()) + 1, -1, dtype=np.int64)
    first[groups] = clusters
    torn = np.flatnonzero(first[groups] != clusters)
    if len(torn) and sample.strata is not None:
        labels = [sample.strata_labels[int(code)] for code in np.unique(sample.strata[torn])]
        shown = first_few(label if len(label) > 1 else label[0] for label in labels)
        raise DataError(
            f"groups {shown} lie in several clusters of {plan.cluster[0]}: the likelihood is one "
            "of whole groups, so clusters are made of whole groups"
        )
    return first
