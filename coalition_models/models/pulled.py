"""Tests and limits of estimates that a penalty or a prior pulls: by profile, not by Wald."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, first_few
from coalition_models.kernels.priors import Priors
from coalition_models.kernels.profile import Objective, Profile
from coalition_models.lazy import lazy_module
from coalition_models.models.variance import Plan

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = lazy_module("scipy.stats")

__all__ = ["SEVERAL", "Pulled", "endless_posterior", "pull_note", "refuse_pulled_variance"]

Floats = npt.NDArray[np.float64]

SEVERAL = (
    "the posterior has two tops, of which the higher is reported: data and prior disagree, so "
    "look at the estimate without the prior, or take a normal one"
)


@dataclass(frozen=True, eq=False)
class Pulled:
    """A penalised maximum, from which profiles are taken.

    ``top`` holds the standardised coefficients, which ``back`` leads to those given, ``kept`` the
    places that the test of all terms leaves free. The first ``count`` are reported. ``intercept``
    is an estimate with its standard error where the first is another one than at the top.
    """

    objective: Objective
    back: Floats
    top: Floats
    names: tuple[str, ...]
    kept: tuple[int, ...]
    count: int
    intercept: tuple[float, float] | None = None

    @property
    def profile(self) -> Profile:
        """The log-likelihood with one coefficient held."""
        return Profile(self.objective, self.back, self.top, self.names)

    def limits(self, level: float) -> Floats:
        """Limits (p, 2) where the profile has fallen by half the chi-squared quantile."""
        found = self.profile.limits(level)[: self.count]
        if self.intercept is not None:
            estimate, error = self.intercept
            reach = float(stats.norm.ppf(0.5 + level / 2)) * error
            found[0] = estimate - reach, estimate + reach
        return found

    def p_values(self) -> Floats:
        """P-values (p,) of the likelihood-ratio tests that each coefficient is zero."""
        found = self.profile.p_values()[: self.count]
        if self.intercept is not None:
            estimate, error = self.intercept
            found[0] = 2 * stats.norm.sf(abs(estimate / error))
        return found

    def joint_test(self) -> tuple[float, int]:
        """Likelihood ratio of all terms, and its degrees of freedom."""
        return self.profile.joint_test(self.kept)


def pull_note(
    names: Sequence[str], priors: Priors, found: Floats, without: Floats, errors: Floats
) -> str:
    """What a prior is on and how far it pulled, by coefficient.

    Examples
    --------
    >>> one = Priors(("normal",), np.zeros(1), np.ones(1), np.array([2.0]))
    >>> pull_note(["risk"], one, np.array([0.5]), np.array([0.75]), np.array([0.5]))
    'the prior is on 2 of risk (estimate without it 0.75, moved by -0.5 standard errors)'
    """
    parts = []
    for j in map(int, np.flatnonzero(~priors.flat)):
        if np.isfinite(errors[j]) and errors[j] > 0:
            moved = (found[j] - without[j]) / errors[j]
            said = f"estimate without it {without[j]:.4g}, moved by {moved:.2g} standard errors"
        else:
            said = "no finite estimate without it"
        parts.append(f"{priors.contrast[j]:.4g} of {names[j]} ({said})")
    return f"the prior is on {'; '.join(parts)}"


def refuse_pulled_variance(prior: object, penalty: str | None, plan: Plan) -> None:
    """A posterior reports profile limits, which have no clustered form, and takes no penalty."""
    if prior is None:
        return
    if penalty is not None:
        raise DataError(f"prior= and penalty={penalty!r} both pull the estimates: give one of them")
    if plan.variance != "model":
        raise DataError(
            "prior= reports limits by the profile of the posterior, which have no clustered form: "
            "leave out cluster= and variance="
        )


def endless_posterior(names: Sequence[str]) -> str:
    """Word a posterior without a maximum: terms on which no prior stands run off."""
    return (
        f"no finite maximum: {first_few(names)}, on which there is no prior, can grow without end; "
        "give prior= for them too, or leave them out"
    )
