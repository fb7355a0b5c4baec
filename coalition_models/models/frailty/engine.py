"""What a Cox fit with a shared frailty can tell afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import DataError
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.cox import Prepared
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample

__all__ = ["DISTRIBUTIONS", "FAMILIES", "FrailtyEngine"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: family -> whether the frailty is a gamma variate
DISTRIBUTIONS = {"frailty_gamma": True, "frailty_gaussian": False}


def _family(name: str, words: str) -> Family:
    return Family(
        name=f"frailty_{name}",
        title=f"Cox proportional hazards with a shared {words} frailty",
        short=f"Cox, {words} frailty",
        call="frailty()" if name == "gamma" else f"frailty(distribution={name!r})",
        scale="log hazard ratio within a group",
        ratio="hazard ratio",
        bic_counts="events",
        predictions=("linear", "ratio"),
        concordance=(
            "share of comparable pairs of members at risk together of whom the one with the "
            "higher hazard by the terms alone, without the frailties, left first"
        ),
        can=frozenset({"continuous_time", "group", "late_entry", "offset", "strata", "ties"}),
    )


FAMILIES = (_family("gamma", "gamma"), _family("gaussian", "log-normal"))


@dataclass(frozen=True, repr=False)
class FrailtyEngine(NoCurves):
    """Rows, their group, log frailties by group, and the test of their variance.

    ``statistic`` is twice the gain of the marginal log-likelihood over no frailty.
    """

    sample: Sample
    prepared: Prepared
    offset: str | None
    groups: Integers
    effects: Floats
    statistic: float

    def __repr__(self) -> str:
        return f"<FrailtyEngine: {self.sample.size}>"

    @property
    def edge_p_value(self) -> float:
        """Half a chi-squared, since a variance cannot be negative (Self and Liang 1987)."""
        return 0.5 * float(stats.chi2.sf(self.statistic, 1)) if self.statistic > 0 else 1.0

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor of the terms, without the frailty, or its exponential."""
        if kind not in ("linear", "ratio"):
            raise DataError(f"kind must be 'linear' or 'ratio', not {kind!r}")
        own, shift = self.sample, None
        X = own.matrix if data is None else own.design.matrix_for(data)
        if self.offset is not None:
            shift = own.offset if data is None else numbers_of(data, self.offset, "offset=")
        eta = (X - own.matrix.mean(axis=0)) @ estimates.coefficients[:-1]
        eta = eta if shift is None else eta + shift
        return np.asarray(eta if kind == "linear" else np.exp(eta))

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used, with the log frailty of their group."""
        return self.sample.frame(*times).assign(
            linear_predictor=self.predict(estimates, None, "linear"),
            log_frailty=self.effects[self.groups],
        )

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        if term == self.sample.matrix.shape[1]:
            raise DataError("the variance of the frailty has no column")
        return np.asarray(self.sample.matrix[:, term])

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as the terms alone predict."""
        return concordance(self.prepared, self.predict(estimates, None, "linear")).value

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Wald's, and the likelihood-ratio test on the boundary for the variance."""
        errors = np.sqrt(np.diag(estimates.covariance))
        found: Floats = 2 * stats.norm.sf(np.abs(estimates.coefficients / errors))
        found[-1] = self.edge_p_value
        return found if term is None else found[[term]]
