"""The score of a term where it has no effect, and that of any other exposure in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import DataError
from coalition_models.inference.exposure import exposure_of
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.engine import Unfitted
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.running import unfitted
from coalition_models.models.specification import Specification

__all__ = ["NullTest", "score_at_null"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NullTest:
    """A term's score where it has no effect.

    Attributes
    ----------
    numbers : mapping
        ``z`` (Rao's statistic with its sign), ``p_score``, ``z_by_cluster`` (the same score over
        the root of its squares by cluster), ``events, rows, clusters``; of a term of two values
        ``exposed_events, exposed_clusters``.
    pull : ScoreMap
        Scores of any other exposure of the rows used.
    values : array, shape (n,)
        The term over the rows used.
    keep : array of bool or None
        Of the rows given, those used.
    """

    numbers: Mapping[str, float]
    pull: ScoreMap
    values: Floats
    keep: npt.NDArray[np.bool_] | None


def score_at_null(
    fit: Fit | Specification, term: str, panel: pd.DataFrame | None = None
) -> NullTest:
    """Fit a model without a term, and score the term there.

    Parameters
    ----------
    fit : Fit or Specification
        Of a family with scores at the null, clustered one way. A specification needs no estimate,
        so that a separated term can be scored.
    term : str
        A coefficient.
    panel : DataFrame, optional
        Rows of a specification.

    Raises
    ------
    DataError
        No clusters or two sets of them; no such coefficient.
    FitError
        No event; no finite maximum without the term.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, coefficients={"risk": 0.8}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel, cluster="state")
    >>> found = score_at_null(fit, "risk")
    >>> score = fit.test_model().set_index("test").loc["score", "statistic"]
    >>> bool(abs(found.numbers["z"] ** 2 - score) < 1e-9)
    True
    """
    model = _model(fit, panel)
    sample = model.engine.sample
    if len(sample.clusters) != 1:
        raise DataError("scores are summed by one set of clusters: give cluster=")
    if term not in model.names:
        raise DataError(f"the formula has no column {term!r}; it has {', '.join(model.names)}")
    at = np.array([model.names.index(term)])
    pull = model.engine.null_map(at, sample.clusters[0])
    values = model.engine.values_of(int(at[0]))
    z = float(pull.z(values[:, None])[0])
    numbers: dict[str, float] = {
        "z": z,
        "p_score": float(2 * stats.norm.sf(abs(z))),
        "z_by_cluster": float(pull.z_by_cluster(values[:, None])[0]),
        "events": int(sample.event.sum()),
        "rows": len(sample.event),
        "clusters": sample.cluster_counts[0],
    }
    sides = exposure_of(values, sample.event, sample.clusters[0])
    if sides is not None:
        numbers |= {
            "exposed_events": sides.exposed_events,
            "exposed_clusters": sides.exposed_clusters,
        }
    return NullTest(numbers, pull, values, sample.keep)


def _model(fit: Fit | Specification, panel: pd.DataFrame | None) -> Unfitted:
    if isinstance(fit, Fit):
        require(fit, "null_scores", "score_at_null()")
        return Unfitted(fit.engine, fit.names, fit.terms)
    if panel is None:
        raise DataError("a specification needs its rows: score_at_null(spec, term, panel)")
    require(fit.record, "null_scores", "score_at_null()")
    return unfitted(replace(fit, variance=None, small_sample=None), panel)
