"""The score of a term where it has no effect, and that of any other exposure in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from coalition_models.errors import DataError
from coalition_models.inference.exposure import exposure_of
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.engine import Engine, Unfitted
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


#: from an engine, the place of the term, and clusters to the map of its scores
NullMap = Callable[[Engine, npt.NDArray[np.int64], npt.NDArray[np.int64]], ScoreMap]


def score_at_null(
    fit: Fit | Specification | Unfitted,
    term: str,
    panel: pd.DataFrame | None = None,
    *,
    null_map: NullMap | None = None,
) -> NullTest:
    """Fit a model without a term, and score the term there.

    Parameters
    ----------
    fit : Fit, Specification or Unfitted
        Of a family with scores at the null, clustered one way. A specification needs no estimate,
        so that a separated term can be scored; nor do rows that were drawn before.
    term : str
        A coefficient.
    panel : DataFrame, optional
        Rows of a specification.
    null_map : callable, optional
        In place of the engine's own ``null_map``, to recall what was made before.

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
    pull = (null_map or _made)(model.engine, at, sample.clusters[0])
    values = model.engine.values_of(int(at[0]))
    z = float(pull.z(values[:, None])[0])
    numbers: dict[str, float] = {
        "z": z,
        "p_score": float(2 * ndtr(-abs(z))),
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


def _made(engine: Engine, tested: npt.NDArray[np.int64], groups: npt.NDArray[np.int64]) -> ScoreMap:
    return engine.null_map(tested, groups)


def _model(fit: Fit | Specification | Unfitted, panel: pd.DataFrame | None) -> Unfitted:
    if isinstance(fit, Fit):
        require(fit, "null_scores", "score_at_null()")
        return Unfitted(fit.engine, fit.names, fit.terms)
    if isinstance(fit, Unfitted):
        return fit
    if panel is None:
        raise DataError("a specification needs its rows: score_at_null(spec, term, panel)")
    require(fit.record, "null_scores", "score_at_null()")
    return unfitted(replace(fit, variance=None, small_sample=None), panel)
