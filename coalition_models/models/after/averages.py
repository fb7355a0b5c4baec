"""Predictions averaged over rows, as functions of the coefficients, with the baseline's own noise.

What is averaged over is rows with one covariate set to a value: a scenario each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.kernels.binomial import LINKS
from coalition_models.models.after.paths import slack
from coalition_models.models.engine import Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.fit import Fit
from coalition_models.models.sample.columns import require_columns

__all__ = [
    "MeanChances",
    "MeanSurvival",
    "Means",
    "alike_note",
    "complete_rows",
    "one_per_member",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Means(ABC):
    """Averages (m,) for any coefficients; ``own`` is their covariance with these held fixed."""

    @abstractmethod
    def at(self, coefficients: Floats) -> Floats:
        """The averages."""

    @property
    @abstractmethod
    def own(self) -> Floats:
        """What the baseline hazard adds to their covariance (m, m)."""


@dataclass(frozen=True)
class _Linear:
    """Linear predictors of some rows: ``X @ coefficients + shift``."""

    X: Floats
    shift: Floats

    @classmethod
    def of(cls, fit: Fit, frame: pd.DataFrame) -> _Linear:
        """Read off from predictions at unit coefficients, in which a linear one is linear."""
        own, count = fit.estimates, len(fit.coefficients)

        def linear(coefficients: Floats) -> Floats:
            return fit.engine.predict(replace(own, coefficients=coefficients), frame, "linear")

        shift = linear(np.zeros(count))
        return cls(np.column_stack([linear(unit) - shift for unit in np.eye(count)]), shift)

    def at(self, coefficients: Floats) -> Floats:
        """The predictors."""
        return np.asarray(self.X @ coefficients + self.shift)


class MeanChances(Means):
    """Mean chance of the event in a period, one per scenario."""

    def __init__(self, fit: Fit, scenarios: Sequence[pd.DataFrame]) -> None:
        self._link = LINKS[fit.family.link]
        self._rows = [_Linear.of(fit, frame) for frame in scenarios]

    def at(self, coefficients: Floats) -> Floats:
        """The averages."""
        return np.array([self._link.probability(r.at(coefficients)).mean() for r in self._rows])

    @property
    def own(self) -> Floats:
        """Nothing: chances depend on the coefficients alone."""
        return np.zeros((len(self._rows), len(self._rows)))


class MeanSurvival(Means):
    """Mean survival at some times, covariates held: scenario by scenario, its times in order."""

    def __init__(self, fit: Fit, scenarios: Sequence[pd.DataFrame], times: Floats) -> None:
        _refuse_clock(fit)
        self._fit, self._scenarios, self._times = fit, scenarios, times
        self._codes = [_strata_of(fit, frame) for frame in scenarios]
        self._strata = np.unique(np.concatenate(self._codes))
        # hazards that are proportional are scaled from one row's; others are followed row by row
        self._proportional = "free_baseline" in fit.family.can
        self._rows = [_Linear.of(fit, f) for f in scenarios] if self._proportional else []
        for code in self._strata:
            _check_times(times, _span(fit, int(code)))

    def at(self, coefficients: Floats) -> Floats:
        """The averages."""
        own = replace(self._fit.estimates, coefficients=coefficients)
        hazards = self._scaled(own) if self._proportional else self._followed(own)
        return np.concatenate([np.exp(-hazard).mean(axis=0) for hazard in hazards])

    @property
    def own(self) -> Floats:
        """Noise of the baseline: independent between strata, growing over time, shared by rows."""
        size = len(self._scenarios) * len(self._times)
        total = np.zeros((size, size))
        if not self._proportional:
            return total
        estimates = self._fit.estimates
        hazards, ratios = self._scaled(estimates), self._ratios(estimates.coefficients)
        still = replace(estimates, covariance=np.zeros_like(estimates.covariance))
        for code in self._strata:
            variance = self._reference(int(code), still)[1]
            pull = np.concatenate(
                [
                    -(np.exp(-h) * r[:, None])[codes == code].sum(axis=0) / len(codes)
                    for h, r, codes in zip(hazards, ratios, self._codes, strict=True)
                ]
            )
            shared = np.minimum.outer(variance, variance)
            total += np.outer(pull, pull) * np.tile(shared, (len(self._scenarios),) * 2)
        return total

    def _ratios(self, b: Floats) -> list[Floats]:
        """Hazard of each row against that of the first row of all."""
        origin = self._rows[0].at(b)[0]
        return [np.exp(rows.at(b) - origin) for rows in self._rows]

    def _scaled(self, estimates: Estimates) -> list[Floats]:
        """Cumulative hazard by scenario (n, T): that of one row in each stratum, scaled."""
        base = np.zeros((int(self._strata.max()) + 1, len(self._times)))
        for code in self._strata:
            base[code] = self._reference(int(code), estimates)[0]
        ratios = self._ratios(estimates.coefficients)
        return [base[c] * r[:, None] for c, r in zip(self._codes, ratios, strict=True)]

    def _reference(self, code: int, estimates: Estimates) -> tuple[Floats, Floats]:
        """Cumulative hazard of the first row, in a stratum, at the times; and its variance."""
        span = _span(self._fit, code)
        along = self._fit.engine.follow(
            estimates, self._scenarios[0].iloc[:1], np.array([span.first]),
            np.array([max(span.last, span.first + 1)]), span.code,
        )  # fmt: skip
        at = np.searchsorted(along.times, self._times + slack(self._times), side="right")
        ends = (np.concatenate([[0.0], v]) for v in (along.cumulative_hazard, along.variance))
        hazard, variance = (values[at] for values in ends)
        return hazard, variance

    def _followed(self, estimates: Estimates) -> list[Floats]:
        """Cumulative hazard by scenario where periods are of one length: all rows in one go."""
        span = _span(self._fit, 0)
        start, stop = self._fit.engine.pieces(span.first, float(self._times.max()))
        at = np.searchsorted(stop, self._times + slack(self._times), side="right")
        found = []
        for frame in self._scenarios:
            rows = frame.iloc[np.repeat(np.arange(len(frame)), len(stop))]
            rows = rows.reset_index(drop=True)
            ends = np.tile(start, len(frame)), np.tile(stop, len(frame))
            running = self._fit.engine.follow(estimates, rows, *ends, None).cumulative_hazard
            steps = np.diff(running, prepend=0.0).reshape(len(frame), len(stop))
            sums = np.hstack([np.zeros((len(frame), 1)), np.cumsum(steps, axis=1)])
            found.append(sums[:, at])
        return found


def _span(fit: Fit, code: int) -> Span:
    labels = fit.engine.sample.strata_labels
    return fit.engine.span(labels[code] if labels else None)


def _strata_of(fit: Fit, frame: pd.DataFrame) -> Integers:
    """Number of each row's stratum; 0 where the fit has none."""
    labels = fit.engine.sample.strata_labels
    if not labels:
        return np.zeros(len(frame), dtype=np.int64)
    require_columns(frame, fit.choices.strata, "the rows to average over")
    keys = list(zip(*(frame[name].tolist() for name in fit.choices.strata), strict=True))
    unknown = [key for key in dict.fromkeys(keys) if key not in labels]
    if unknown:
        raise DataError(
            f"the fit has no stratum {first_few(unknown)}; it has {first_few(labels)}: leave "
            "these rows out"
        )
    return np.array([labels.index(key) for key in keys], dtype=np.int64)


def _check_times(times: Floats, span: Span) -> None:
    late = times > span.last + slack(span.last)
    if late.any():
        raise DataError(
            f"nobody was observed after {span.last:g}, so survival beyond is not known: "
            f"{first_few(f'{time:g}' for time in times[late])}; choose an earlier time"
        )
    if (times <= span.first).any():
        raise DataError(f"times (or horizon) must lie after {span.first:g}, the first time at risk")


def _refuse_clock(fit: Fit) -> None:
    """Rows are held as they are, so time may not be among what they hold."""
    sample = fit.engine.sample
    own = {fit.choices.start, fit.choices.stop, *sample.clocks} & set(sample.design.variables)
    if own:
        raise DataError(
            f"the formula names the time itself ({first_few(sorted(own))}), which cannot be held "
            "at a row's value: use predict_survival(), where it runs along the path"
        )


def alike_note(fit: Fit) -> list[str]:
    """That averages do not go by the case weights of a fit that has some."""
    return ["Rows count alike, without the fit's case weights."] if fit.choices.weights else []


def complete_rows(fit: Fit, data: pd.DataFrame, besides: Sequence[str]) -> pd.DataFrame:
    """Rows that hold every variable of the fit, apart from those that a scenario sets."""
    needed = [*fit.variables, *fit.choices.strata]
    needed += [fit.choices.offset] if fit.choices.offset else []
    names = [name for name in dict.fromkeys(needed) if name not in besides]
    require_columns(data, names, "the rows to average over")
    gaps = data[names].isna().any(axis=1).to_numpy()
    if gaps.all():
        raise DataError(f"no row holds all of {first_few(names)}")
    return data[~gaps]


def one_per_member(fit: Fit, data: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The first row of each member, and how it is worded; all rows where members are not known."""
    member = [name for name in fit.engine.sample.id if name in data.columns]
    if not member or len(member) < len(fit.engine.sample.id):
        return data, f"{counted(len(data), 'row')} as given"
    start = fit.choices.start or fit.choices.stop
    ordered = data.sort_values(start, kind="stable") if start in data.columns else data
    first = ordered.drop_duplicates(member)
    return first, f"the first row of {counted(len(first), 'member')}"
