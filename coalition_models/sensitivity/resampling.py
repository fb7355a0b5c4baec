"""What a finding owes to who happens to be in the data: clusters drawn again, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import CoverageError, DataError, FitError, counted, gathered
from coalition_models.inference.groups import cluster_labels
from coalition_models.inference.wild_test import wild_score
from coalition_models.inference.without_one import leave_one_out
from coalition_models.kernels.bootstrap_limits import acceleration, bca_limits
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit
from coalition_models.models.sample.checks import default_id
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.choices import Setting
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.engine import run_tasks
from coalition_models.sensitivity.rebuilding import verdict

__all__ = ["Resampled", "resample"]

Floats = npt.NDArray[np.float64]
How = Literal["bootstrap", "jackknife", "wild", "half"]
Interval = Literal["percentile", "bca", "studentised"]

_HOW = ("bootstrap", "jackknife", "wild", "half")
_INTERVALS = ("percentile", "bca", "studentised")
#: column that tells copies of a cluster apart
_COPY = "copy in the sample"


@dataclass(frozen=True, repr=False)
class Resampled:
    """A term over samples of the clusters.

    Attributes
    ----------
    term : str
    how, interval : str
    estimate, std_error : float
        Of the whole sample (log scale); the error is the spread of the finite draws for the
        bootstrap, and that of the jackknife by clusters.
    conf_low, conf_high : float
        Missing for ``wild`` and ``half``; infinite where draws are in that direction.
    p_value : float
        Of ``jackknife`` (t with clusters less one) and ``wild``.
    draws : DataFrame
        One row per sample: ``estimate, std_error, p_value, z, events, exposed_events, problem``.
        An estimate without a finite maximum is infinite with the sign of its score.
    skew : float
        Acceleration for BCa limits, from the estimates without each cluster.
    shares : Series
        Of the draws, per verdict (``half``, ``bootstrap``).
    notes : tuple of str
    """

    term: str
    how: str
    interval: str
    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    draws: pd.DataFrame
    skew: float
    shares: pd.Series
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """All numbers, ready for text, Markdown, LaTeX and HTML."""
        limits = ""
        if not (np.isnan(self.conf_low) and np.isnan(self.conf_high)):
            limits = f"{format_number(self.conf_low)}, {format_number(self.conf_high)}"
        numbers = {
            "estimate (log)": format_number(self.estimate),
            "std. error": format_number(self.std_error),
            "limits": limits,
            "p": format_p(self.p_value),
        }
        # no way gives all of them
        rows = [[name, value] for name, value in numbers.items() if value]
        rows += [[f"samples {name}", f"{share:.0%}"] for name, share in self.shares.items()]
        kind = f"{self.how}, {self.interval}" if self.how == "bootstrap" else self.how
        return Table([f"{self.term}, {kind}", ""], rows, notes=self.notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def resample(
    spec: Specification,
    panel: pd.DataFrame,
    term: str,
    *,
    how: How = "bootstrap",
    interval: Interval = "percentile",
    level: float = 0.95,
    draws: int = 999,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> Resampled:
    """Draw clusters again, leave each out, weight them at random, or take half of them.

    Parameters
    ----------
    spec : Specification
        Clustered one way. ``wild`` needs a family with scores where a term has no effect;
        ``jackknife`` and BCa limits one with fits without each cluster.
    panel : DataFrame
        Features are those of the panel; they are not made anew.
    term : str
        A coefficient.
    how : {"bootstrap", "jackknife", "wild", "half"}
        ``bootstrap``: as many clusters as there are, drawn with replacement; each copy is a
        cluster of its own. ``jackknife``: without each cluster. ``wild``: weights of
        :func:`~coalition_models.inference.wild_test.wild_score`, which gives p only. ``half``:
        half of the clusters without replacement, for the share of verdicts.
    interval : {"percentile", "bca", "studentised"}
        Of the bootstrap.
    level : float
    draws, seed : int
        Not of the jackknife.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    Resampled

    Raises
    ------
    DataError
        No clusters or two sets of them; an unknown way or interval.
    FitError
        The whole sample cannot be estimated.

    Notes
    -----
    Samples in which the estimate is infinite are not dropped: for percentile and BCa limits they
    count as larger or smaller than all others, by the sign of their score. Studentised limits have
    no place for them and are refused where more than one in twenty is so.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, hazard=0.03, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> found = cm.sensitivity.resample(spec, panel, "risk", draws=40)
    >>> bool(found.conf_low < found.estimate < found.conf_high)
    True
    """
    check_arguments(resample, locals())
    check_draws(draws, least=2)
    for name, value, choices in (("how", how, _HOW), ("interval", interval, _INTERVALS)):
        if value not in choices:
            raise DataError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    _check(spec, level, how, interval)
    if how == "wild":
        return _wild(spec, panel, term, draws, seed)
    with gathered() as told:
        whole = fit(spec, panel)
    found = _Whole(whole, term)
    if how == "jackknife":
        return _jackknife(found, level, told)
    drawn = run_tasks(
        _samples(spec, panel, term, found.clusters, how), range(draws), about=f"resample, {how}",
        seed=seed, workers=workers, keep=keep, progress=progress,
    )  # fmt: skip
    table = _with_infinite(pd.DataFrame(drawn.answers))
    notes = [f"in samples: {note}" for note in drawn.notes[:1]]
    known = table["estimate"].dropna().to_numpy(dtype=float)
    finite = known[np.isfinite(known)]
    low = high = skew = float("nan")
    if how == "bootstrap":
        can_skew = "leave_one_out" in spec.record.can
        skew = found.skew if can_skew else float("nan")
        low, high = _limits(found, table, interval, level)
    names = [
        verdict(float(one), float(p))
        for one, p in zip(table["estimate"], table["p_value"], strict=True)
    ]
    return Resampled(
        term=term, how=how, interval=interval if how == "bootstrap" else "",
        estimate=found.estimate,
        std_error=float(finite.std(ddof=1)) if len(finite) > 1 else float("nan"),
        conf_low=low, conf_high=high, p_value=float("nan"), draws=table, skew=skew,
        shares=pd.Series(names, dtype=object).value_counts(normalize=True).rename("share"),
        notes=tuple(dict.fromkeys([*_counts(table), *told, *notes])),
    )  # fmt: skip


def _check(spec: Specification, level: float, how: str, interval: str) -> None:
    if how == "jackknife" or (how == "bootstrap" and interval == "bca"):
        require(spec.record, "leave_one_out", f"resample() without each cluster ({how})")
    if not spec.cluster or len(spec.cluster) != 1:
        raise DataError("resample() draws one set of clusters: give the specification cluster=")
    if not 0 < level < 1:
        raise DataError(f"level is a share between 0 and 1, not {level!r}")


@dataclass(frozen=True, eq=False)
class _Whole:
    """The fit to all rows, and what its clusters say of one coefficient."""

    fit: Fit
    term: str

    @property
    def estimate(self) -> float:
        """On the log scale."""
        return float(self.fit.estimates.coefficients[self.fit.place_of(self.term)])

    @property
    def std_error(self) -> float:
        """The model's own."""
        return float(self.fit.std_errors[self.fit.place_of(self.term)])

    @property
    def clusters(self) -> Sequence[object]:
        """Labels of the clusters used."""
        return cluster_labels(self.fit)

    @property
    def without(self) -> Floats:
        """Estimates without each cluster; missing where there is none."""
        found = leave_one_out(self.fit, term=self.term)["estimate"]
        return found.to_numpy(dtype=float)

    @property
    def skew(self) -> float:
        """Acceleration."""
        without = self.without
        known = without[np.isfinite(without)]
        # a cluster without which the estimate is infinite has no finite influence
        return acceleration(known.mean() - known) if len(known) == len(without) else float("nan")


def _jackknife(whole: _Whole, level: float, told: Sequence[str]) -> Resampled:
    without = whole.without
    count = len(without)
    lost = int((~np.isfinite(without)).sum())
    error = low = high = p_value = float("nan")
    notes = [*told]
    if lost:
        notes.append(f"no estimate without {counted(lost, 'cluster')}: no error, no limits")
    else:
        error = float(np.sqrt((count - 1) / count * ((without - whole.estimate) ** 2).sum()))
        reach = float(stats.t.ppf((1 + level) / 2, count - 1)) * error
        low, high = whole.estimate - reach, whole.estimate + reach
        p_value = float(2 * stats.t.sf(abs(whole.estimate) / error, count - 1))
    table = pd.DataFrame({"left_out": list(whole.clusters), "estimate": without})
    return Resampled(
        whole.term, "jackknife", "", whole.estimate, error, low, high, p_value, table,
        float("nan") if lost else whole.skew, pd.Series(dtype=float), tuple(notes),
    )  # fmt: skip


def _wild(spec: Specification, panel: pd.DataFrame, term: str, draws: int, seed: int) -> Resampled:
    found = wild_score(spec, term, panel, draws=draws, seed=seed)
    missing = float("nan")
    notes = [f"{found.weights}; score statistic {format_number(found.statistic)}"]
    notes += [found.caution] if found.caution else []
    return Resampled(
        term, "wild", "", missing, missing, missing, missing, found.p_value, pd.DataFrame(),
        missing, pd.Series(dtype=float), tuple(notes),
    )  # fmt: skip


_KEPT = ("estimate", "std_error", "p_value", "z", "events", "exposed_events")


@dataclass(frozen=True, eq=False)
class _Sample:
    """Estimates of one sample of the clusters."""

    spec: Specification
    panel: pd.DataFrame
    term: str
    rows: Sequence[npt.NDArray[np.int64]]
    how: str

    def __call__(self, _: int, rng: np.random.Generator) -> dict[str, object]:
        """Draw clusters, each copy a cluster of its own, and fit."""
        count = len(self.rows)
        if self.how == "bootstrap":
            taken = rng.integers(0, count, count)
        else:
            taken = rng.permutation(count)[: count // 2]
        at = np.concatenate([self.rows[g] for g in taken])
        drawn = self.panel.iloc[at].reset_index(drop=True)
        drawn[_COPY] = np.repeat(np.arange(len(taken)), [len(self.rows[g]) for g in taken])
        try:
            found = dict(Estimate(self.term, None)(Setting(panel=drawn, spec=self.spec)))
        except (FitError, CoverageError) as error:
            return {**dict.fromkeys(_KEPT, np.nan), "problem": str(error)}
        return {**{name: found[name] for name in _KEPT}, "problem": found["note"] or ""}


def _samples(
    spec: Specification, panel: pd.DataFrame, term: str, clusters: Sequence[object], how: str
) -> _Sample:
    assert spec.cluster is not None
    places = panel.groupby(spec.cluster[0], sort=False, observed=True).indices
    member = default_id(panel, spec.id)
    copied = replace(spec, cluster=_COPY, id=(*member, _COPY) if member else spec.id)
    return _Sample(copied, panel, term, [np.asarray(places[label]) for label in clusters], how)


def _with_infinite(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates that have no finite maximum, at the end to which their score points."""
    endless = table["estimate"].isna() & table["z"].notna()
    ends = np.where(table["z"] > 0, np.inf, -np.inf)
    return table.assign(estimate=table["estimate"].mask(endless, pd.Series(ends)))


def _counts(table: pd.DataFrame) -> list[str]:
    endless = int(np.isinf(table["estimate"]).sum())
    lost = int(table["estimate"].isna().sum())
    found = []
    if endless:
        found.append(f"{counted(endless, 'sample')} of {len(table)} with an infinite estimate")
    if lost:
        found.append(f"{counted(lost, 'sample')} of {len(table)} where nothing can be computed")
    return found


def _limits(
    whole: _Whole, table: pd.DataFrame, interval: Interval, level: float
) -> tuple[float, float]:
    known = table["estimate"].dropna().to_numpy(dtype=float)
    tails = [(1 - level) / 2, (1 + level) / 2]
    if interval == "percentile":
        low, high = np.quantile(known, tails, method="inverted_cdf")
        return float(low), float(high)
    if interval == "bca":
        without = whole.without
        if not np.isfinite(without).all():
            raise FitError(
                "BCa limits need the estimate without each cluster, and without one of them it is "
                "infinite: take interval='percentile'"
            )
        return bca_limits(whole.estimate, known, without.mean() - without, level=level)
    pivots = (table["estimate"] - whole.estimate) / table["std_error"]
    pivots = pivots[np.isfinite(table["estimate"]) & pivots.notna()]
    if len(pivots) < 0.95 * len(table):
        raise FitError(
            f"{len(table) - len(pivots)} of {len(table)} samples have no finite estimate: "
            "studentised limits have no place for them; take interval='percentile'"
        )
    least, most = np.quantile(pivots, tails)
    return (
        cast("float", whole.estimate - most * whole.std_error),
        cast("float", whole.estimate - least * whole.std_error),
    )
