"""What a fit with events of uncertain period can tell afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.kernels import binomial
from coalition_models.models.discrete.engine import Along, DiscreteEngine
from coalition_models.models.engine import Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "LINKS", "IntervalEngine"]

Floats = npt.NDArray[np.float64]

#: family -> link
LINKS = {f"interval_{link}": link for link in binomial.LINKS}


def _family(link: str, words: str, scale: str, ratio: str) -> Family:
    more = "" if link == "cloglog" else f"link={link!r}"
    return Family(
        name=f"interval_{link}",
        title=f"Discrete-time {words}, periods of some events uncertain",
        short=f"Interval-censored {words}",
        call=f"interval_censored({more})",
        scale=scale,
        ratio=ratio,
        bic_counts="rows",
        predictions=("probability", "linear"),
        concordance=(
            "area under the ROC curve, an uncertain event counted in its last period: share of "
            "pairs of a row with and a row without the event in which the former has the higher "
            "predicted probability"
        ),
        can=frozenset(
            {
                "clusters",
                "duration",
                "interval",
                "jackknife",
                "late_entry",
                "offset",
                "survival_paths",
                "two_way",
                "weights",
            }
        ),
        duration="cubic",
    )


FAMILIES = (
    _family("logit", "logit", "log odds", "odds ratio"),
    _family("probit", "probit", "probit", ""),
    _family("cloglog", "complementary log-log", "log hazard ratio", "hazard ratio"),
)


@dataclass(frozen=True, repr=False)
class IntervalEngine(NoCurves):
    """A discrete-time engine for predictions, which do not depend on how dates are known."""

    periods: DiscreteEngine

    def __repr__(self) -> str:
        return f"<IntervalEngine: {self.sample.size}>"

    @property
    def sample(self) -> Sample:
        """The rows fitted to."""
        return self.periods.sample

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Probability of the event in the period, or the linear predictor."""
        return self.periods.predict(estimates, data, kind)

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with predictions; residuals would need the period of every event."""
        return self.sample.frame(*times).assign(
            linear_predictor=self.predict(estimates, None, "linear"),
            probability=self.predict(estimates, None, "probability"),
        )

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return self.periods.values_of(term)

    def concordance(self, estimates: Estimates) -> float:
        """Area under the ROC curve."""
        return self.periods.concordance(estimates)

    def span(self, stratum: object | None) -> Span:
        """Where members were observed."""
        return self.periods.span(stratum)

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """Periods of a path."""
        return self.periods.pieces(begin, end)

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Along:
        """Survival along a path."""
        return self.periods.follow(estimates, frame, start, stop, code)
