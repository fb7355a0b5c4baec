"""Cox regression with a frailty shared by the spells of a state (or another group)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.assembly import assemble
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.frailty.engine import DISTRIBUTIONS, FAMILIES, FrailtyEngine
from coalition_models.models.frailty.estimate import estimate_frailty
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan

__all__ = ["FAMILIES", "check", "draw", "estimate", "frailty"]

_TIES = {"R": "efron", "stata": "breslow"}


def frailty(
    formula: str,
    data: pd.DataFrame,
    *,
    group: str = "state",
    distribution: str = "gamma",
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    offset: str | None = None,
    ties: str | None = None,
    convention: str = "R",
    trust: bool = False,
) -> Fit:
    """Cox model in which the hazards of a group share a random factor of mean (or median) 1.

    Coefficients compare within a group. Under ``"gamma"`` the variance of the factor is the most
    likely one; under ``"gaussian"`` (of its logarithm) it is that of restricted likelihood.

    Parameters
    ----------
    formula, data, start, stop, id, strata, offset, ties, convention, trust
        As in :func:`cox`. Case weights and clusters are refused.
    group : str
        Column of the groups, 1,000 at most.
    distribution : {"gamma", "gaussian"}
        As ``frailty(state, distribution, sparse=FALSE)`` of R's ``survival``.

    Returns
    -------
    Fit
        The last coefficient is the variance, with a likelihood-ratio test on its boundary and no
        limits; the others' covariance is that given the variance.

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`cox`; also one group, and a variance that runs off.

    Examples
    --------
    >>> import numpy as np, pandas as pd, coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"state": np.repeat(np.arange(30), 4), "risk": rng.normal(size=120)})
    >>> factor = rng.gamma(2, 0.5, size=30)[df["state"]]
    >>> df["stop"] = rng.exponential(size=120) / (factor * np.exp(df["risk"]))
    >>> df["event"] = 1
    >>> cm.frailty("event ~ risk", df, start=None).names
    ('risk', 'variance(state)')
    """
    check_arguments(frailty, locals())
    family = f"frailty_{distribution}"
    if family not in DISTRIBUTIONS:
        raise DataError(f"distribution must be 'gamma' or 'gaussian'; found {distribution!r}")
    spec = Specification(
        family, formula, group=group, start=start, stop=stop, id=id, strata=strata,
        offset=offset, ties=ties, convention=convention, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.group is None:
        raise DataError("frailty() needs group=, the column of the groups")
    if spec.ties not in (None, "efron", "breslow"):
        raise DataError(f"ties must be 'efron' or 'breslow', not {spec.ties!r}")
    if spec.convention not in _TIES:
        raise DataError(f"convention must be one of 'R', 'stata'; found {spec.convention!r}")
    if spec.variance not in (None, "model"):
        raise DataError(
            f"variance={spec.variance!r} is not known with a frailty: take cox(cluster="
            f"{spec.group!r}), or leave it out"
        )


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows; groups are numbered as clusters are."""
    return draw_sample(
        spec.formula, data, intercept=False, start=spec.start, stop=spec.stop, id=spec.id,
        cluster=spec.group, strata=spec.strata, offset=spec.offset, trust=spec.trust,
    )  # fmt: skip


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    group, ties = str(spec.group), spec.ties or _TIES[spec.convention]
    names = (*sample.design.names, f"variance({group})")
    few = check_enough_events(sample.event, len(names) - 1, sample.design.response)
    groups = np.unique(sample.clusters[0], return_inverse=True)[1].astype(np.int64)
    plan = Plan("model", spec.convention, False, ())
    found = estimate_frailty(sample, groups, ties, DISTRIBUTIONS[spec.family], plan, group)
    choices = Choices(
        convention=spec.convention, variance="model", small_sample=False, ties=ties,
        start=spec.start or "", stop=spec.stop, id=sample.id, baseline=(names[-1],),
        strata=names_of(spec.strata, "strata"), offset=spec.offset or "",
    )  # fmt: skip
    engine = FrailtyEngine(
        sample, found.prepared, spec.offset, groups, found.effects, found.statistic
    )
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms={**sample.design.terms, names[-1]: (len(names) - 1,)},
        estimate=found.estimate,
        choices=choices,
        engine=engine,
        remarks=tuple(text for text in (few, *found.estimate.remarks) if text),
        never_at_risk=len(sample.event) - found.prepared.n_at_risk_rows,
    )
