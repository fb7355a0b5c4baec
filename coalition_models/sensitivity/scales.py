"""On which scale a family's estimates lie, and what its terms are judged by."""

from __future__ import annotations

import pandas as pd

from coalition_models.models.family import Family
from coalition_models.models.running import fit as fit_one
from coalition_models.models.running import unfitted
from coalition_models.models.specification import Specification

__all__ = [
    "SCORE",
    "coefficient_names",
    "is_ratio",
    "scale_of",
    "scored",
    "statistic_of",
    "z_of",
]

#: the statistic of families that can be scored where a term has no effect
SCORE = "score"


def scored(family: Family) -> bool:
    """Whether a family has a score where a term has no effect, which needs no estimate.

    Examples
    --------
    >>> from coalition_models.models.family import family_named
    >>> scored(family_named("cox")), scored(family_named("weibull"))
    (True, False)
    """
    return "null_scores" in family.can


def scale_of(family: Family) -> str:
    """What the exponential of an estimate is, or what the estimate is where that is nothing.

    Examples
    --------
    >>> from coalition_models.models.family import family_named
    >>> scale_of(family_named("lognormal")), scale_of(family_named("probit"))
    ('time ratio', 'probit')
    """
    return family.ratio or family.scale


def is_ratio(scale: str) -> bool:
    """Whether a scale is that of an exponential.

    Examples
    --------
    >>> is_ratio("odds ratio"), is_ratio("probit")
    (True, False)
    """
    return "ratio" in scale and not scale.startswith("log ")


def statistic_of(family: Family) -> str:
    """What z is: the score, alike for all families that have it, or Wald's on the family's scale.

    Examples
    --------
    >>> from coalition_models.models.family import family_named
    >>> statistic_of(family_named("logit")), statistic_of(family_named("lognormal"))
    ('score', 'Wald, time ratio')
    """
    return SCORE if scored(family) else f"Wald, {scale_of(family)}"


def z_of(family: Family) -> str:
    """What z is called in a sentence.

    Examples
    --------
    >>> from coalition_models.models.family import family_named
    >>> z_of(family_named("cox")), z_of(family_named("weibull"))
    ('score z', "Wald's z")
    """
    return "score z" if scored(family) else "Wald's z"


def coefficient_names(spec: Specification, panel: pd.DataFrame) -> tuple[str, ...]:
    """Names of a model's coefficients; of a family with a score without maximising anything.

    Raises
    ------
    FitError
        A family without a score that has no maximum on these rows.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> coefficient_names(cm.Specification("weibull", "event ~ risk"), panel)
    ('Intercept', 'risk', 'log(shape)')
    """
    return (unfitted if scored(spec.record) else fit_one)(spec, panel).names
