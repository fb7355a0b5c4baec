"""CR3 and the wild score test of one estimate, by each way to cluster: what verdicts rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import FitError
from coalition_models.inference.exposure import Exposure, exposure_of
from coalition_models.inference.few_cluster_tests import jackknifed
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.inference.wild_test import wild_score

__all__ = ["BothTests", "both_tests", "clusters_of"]


@dataclass(frozen=True)
class BothTests:
    """Two tests of one term; of several ways to cluster the larger p counts.

    ``exposure`` counts by the first way, for a term of two values; ``clusters_with_score`` and
    ``largest_share`` are those of the wild test that counts. ``problem`` says why a test is
    missing; its p is NaN.
    """

    p_jackknife: float
    p_wild: float
    exposure: Exposure | None
    clusters_with_score: int
    largest: str
    largest_share: float
    problem: str


def both_tests(found: TermEstimate, panel: pd.DataFrame, clusters: Sequence[str]) -> BothTests:
    """Test a term's estimate by CR3 and by the wild bootstrap of its score.

    Parameters
    ----------
    found : TermEstimate
        Of ``panel``, whatever its own variance or penalty.
    panel : DataFrame
        With the columns of clusters.
    clusters : sequence of str

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.8}, seed=3)
    >>> found = cm.inference.estimate_term(panel, "risk")
    >>> tests = both_tests(found, panel, ["state"])
    >>> tests.p_jackknife < 0.01, tests.p_wild < 0.01, tests.clusters_with_score
    (True, True, 60)
    """
    fit, place = found.fit, found.fit.place_of(found.term)
    groups = clusters_of(found, panel, clusters)
    refits, wild, problems = [], [], []
    for name, values in groups.items():
        again, problem = jackknifed(fit, name, values)
        if again is None:
            refits.append(np.nan)
            problems.append(problem)
        else:
            t = again.coefficients[place] / again.std_errors[place]
            refits.append(2 * float(stats.t.sf(abs(t), values.nunique() - 1)))
        try:
            wild.append(wild_score(fit, found.term, cluster=values))
        except FitError as error:
            problems.append(f"no wild test: {error}")
    counts = max(wild, key=lambda one: one.p_value) if len(wild) == len(groups) else None
    sample = fit.engine.sample
    first = pd.factorize(groups[clusters[0]].to_numpy())[0].astype(np.int64)
    return BothTests(
        p_jackknife=float(np.max(refits)),
        p_wild=np.nan if counts is None else counts.p_value,
        exposure=exposure_of(fit.values_of(found.term), sample.event, first),
        clusters_with_score=0 if counts is None else counts.clusters_with_score,
        largest="" if counts is None else counts.largest,
        largest_share=np.nan if counts is None else counts.largest_share,
        problem="; ".join(dict.fromkeys(problems)),
    )


def clusters_of(
    found: TermEstimate, panel: pd.DataFrame, clusters: Sequence[str]
) -> dict[str, pd.Series]:
    """Cluster of each row that an estimate used, by column."""
    rows = panel.dropna(subset=list(found.fit.variables)).reset_index(drop=True)
    index = found.fit.engine.sample.index
    used: npt.NDArray[np.int64] = np.asarray(index, dtype=np.int64)
    return {
        name: pd.Series(rows[name].to_numpy()[used], index=index, name=name) for name in clusters
    }
