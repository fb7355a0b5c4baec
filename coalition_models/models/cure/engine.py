"""What a split-population fit can tell afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from coalition_models.errors import DataError
from coalition_models.kernels import lifetime_rows as kernel
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.parametric.engine import CONCORDANCE, ParametricEngine, pair_share
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "CureEngine", "CureSample", "duration_columns", "risk_columns"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

KINDS = ("linear", "at_risk", "still_at_risk", "hazard", "survival")


def _family(name: str, title: str) -> Family:
    return Family(
        name=f"cure_{name}",
        title=f"Split-population {title}",
        short=f"Split {title}",
        call="cure()" if name == "weibull" else f"cure(distribution={name!r})",
        scale="log time ratio; at risk: log odds",
        ratio="time ratio or odds ratio",
        bic_counts="events",
        predictions=KINDS,
        concordance=CONCORDANCE,
        can=frozenset(
            {
                "clusters",
                "continuous_time",
                "cured",
                "jackknife",
                "late_entry",
                "leave_one_out",
                "offset",
                "starts",
                "survival_paths",
                "two_way",
                "weights",
            }
        ),
    )


FAMILIES = (_family("weibull", "Weibull"), _family("loglogistic", "log-logistic"))


@dataclass(frozen=True)
class CureSample(Sample):
    """Rows whose matrix holds the columns of both equations, with the places of each."""

    duration: tuple[int, ...] = ()
    risk: tuple[int, ...] = ()


def duration_columns(sample: Sample) -> list[int]:
    """Places of the duration's covariates; all where there is no other equation."""
    own = sample.duration if isinstance(sample, CureSample) else range(sample.matrix.shape[1])
    return list(own)


def risk_columns(sample: Sample) -> list[int]:
    """Places of the covariates of being at risk."""
    return list(sample.risk) if isinstance(sample, CureSample) else []


@dataclass(frozen=True, repr=False, eq=False)
class CureEngine(ParametricEngine):
    """What a split-population fit keeps."""

    def __repr__(self) -> str:
        return f"<CureEngine: {self.sample.size}>"

    def _plain(
        self, X: Floats, start: Floats, stop: Floats, shift: Floats, codes: Integers | None
    ) -> tuple[kernel.Rows, Integers]:
        own, origin = super()._plain(X[:, duration_columns(self.sample)], start, stop, shift, codes)
        risk = np.hstack([np.ones((len(X), 1)), X[:, risk_columns(self.sample)]])
        return replace(own, designs=(*own.designs, risk)), origin

    def _added(
        self,
        estimates: Estimates,
        X: Floats,
        start: Floats,
        stop: Floats,
        shift: Floats,
        codes: Integers | None,
    ) -> tuple[Floats, Floats]:
        rows, _ = self._plain(X, start, stop, shift, codes)
        return kernel.hazard_along(self.problem.life, rows, estimates.coefficients, True)

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Log time; chance to be at risk, at all or still at the row's start; hazard; survival."""
        if kind not in KINDS:
            raise DataError(f"kind must be one of {', '.join(KINDS)}; found {kind!r}")
        X, shift, codes = self._inputs(data)
        timed = kind in ("hazard", "survival", "still_at_risk")
        start, stop = self._ends(data, len(X), timed)
        if kind == "survival":
            return np.exp(-self._added(estimates, X, start, stop, shift, codes)[0])
        rows, _ = self._plain(X, start, stop, shift, codes)
        at = rows.predictors(estimates.coefficients)
        if kind == "linear":
            return np.asarray(at[0])
        if kind == "at_risk":
            return np.asarray(special.expit(at[-1]))
        if kind == "still_at_risk":
            return self._still(at, start)
        log_hazard = self.problem.life.log_hazard(at[:-1], np.log(stop)).value
        return np.exp(log_hazard) * self._still(at, stop)

    def _still(self, at: Floats, when: Floats) -> Floats:
        """Chance to be at risk, given survival to a time."""
        odds = at[-1].copy()
        late = when > 0
        odds[late] -= self.problem.life.cumulative(at[:-1, late], np.log(when[late])).value
        return np.asarray(special.expit(odds))

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered by the predicted hazard of the rows' stops."""
        return pair_share(self.sample, self.predict(estimates, None, "hazard"))

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        own = [duration_columns(self.sample), risk_columns(self.sample)]
        rows = len(self.sample.event)
        place = term - 1
        if 0 <= place < len(own[0]):
            return self.sample.matrix[:, own[0][place]]
        place = term - 3 - len(own[0])
        return np.ones(rows) if place < 0 else self.sample.matrix[:, own[1][place]]
