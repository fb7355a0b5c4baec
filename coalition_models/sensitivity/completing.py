"""Gaps of covariates filled in draw by draw, so that a hazard model stays what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few, gathered
from coalition_models.kernels.binomial import LINKS
from coalition_models.kernels.covariate_draws import CovariateModel, accepted, draw_model
from coalition_models.models.asked import linear_predictor
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit as fit_one
from coalition_models.models.sample.grammar import read_formula
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification

__all__ = ["Gaps", "bounded", "complete", "gaps_of", "hazard_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Gaps:
    """One column with missing values.

    Attributes
    ----------
    name : str
    rows : array of int
        Places of the rows without a value.
    unit : array of int, shape (n,)
        Of each row: rows of one unit share a value where ``whole``, and have a mean of their own
        otherwise.
    whole : bool
        Whether the column never changes within a unit.
    binary : bool
        Whether it holds 0 and 1.
    """

    name: str
    rows: Integers
    unit: Integers
    whole: bool
    binary: bool

    @property
    def places(self) -> Integers:
        """Unit of each missing row among those with gaps if ``whole``; else the row itself."""
        if not self.whole:
            return np.arange(len(self.rows))
        found: Integers = np.unique(self.unit[self.rows], return_inverse=True)[1].astype(np.int64)
        return found


def gaps_of(
    panel: pd.DataFrame, formula: str, unit: Sequence[str]
) -> tuple[list[Gaps], pd.DataFrame]:
    """Columns of a formula with missing values, fewest first, and the rows with what is certain.

    Where a column never changes within a unit, a gap beside a known value is that value.

    Examples
    --------
    >>> rows = pd.DataFrame({"event": 0, "state": ["A", "A", "B", "C", "C"],
    ...                      "x": [1.0, None, None, 0.0, 0.0]})
    >>> gaps, filled = gaps_of(rows, "event ~ x", ["state"])
    >>> gaps[0].rows.tolist(), gaps[0].whole, filled["x"].tolist()[:2]
    ([2], True, [1.0, 1.0])
    """
    reading = read_formula(formula, trust=True)
    names = [name for name in reading.names if name in panel.columns]
    if panel[reading.response].isna().any():
        raise DataError(f"{reading.response!r} has missing values: an outcome is not imputed")
    absent = [name for name in unit if name not in panel.columns]
    if absent:
        raise DataError(f"the panel has no column {first_few(absent)} to tell units by")
    codes: Integers = np.array(panel.groupby(list(unit), sort=False).ngroup(), dtype=np.int64)
    filled, found = panel.reset_index(drop=True), []
    for name in names:
        if not panel[name].isna().any():
            continue
        if not pd.api.types.is_numeric_dtype(panel[name].dtype):
            raise DataError(
                f"{name!r} is a category with gaps: missing() imputes numbers and columns of 0 and "
                "1; make such columns of it"
            )
        values = filled[name].astype(float)
        groups = values.groupby(codes)
        changes = (groups.max() > groups.min()).any()
        whole = not changes and bool(groups.count().gt(1).any())
        if whole:
            values = values.fillna(groups.transform("first"))
        if values.isna().all():
            raise DataError(f"{name!r} is missing in every row: there is nothing to impute it from")
        filled = filled.assign(**{name: values})
        rows = np.flatnonzero(values.isna().to_numpy())
        if len(rows):
            binary = bool(values.dropna().isin([0.0, 1.0]).all())
            found.append(Gaps(name, rows, codes, whole, binary))
    return sorted(found, key=lambda one: len(one.rows)), filled


def hazard_of(spec: Specification) -> Specification:
    """The discrete-time hazard with which imputations agree: the model's own, cloglog for Cox.

    Examples
    --------
    >>> hazard_of(Specification("cox", "event ~ x", cluster="state")).family
    'cloglog'
    """
    if spec.strata:
        raise DataError("missing() has no strata: put the categories into the formula")
    own = spec.family in LINKS
    return replace(
        spec, family=spec.family if own else "cloglog", ties=None, variance=None, cluster=None,
        small_sample=None, penalty=spec.penalty if own else None,
        time=spec.time if own else "default",
    )  # fmt: skip


def complete(
    hazard: Specification,
    filled: pd.DataFrame,
    gaps: Sequence[Gaps],
    *,
    cycles: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Fill all gaps once, after some cycles over the columns.

    In each step the hazard's coefficients and a column's regression on the others are drawn from
    their posteriors; a candidate of that regression is kept with the likelihood of what followed
    (Bartlett, Seaman, White and Carpenter 2015).

    Raises
    ------
    FitError
        A hazard without a finite maximum; rows for which no candidate is kept.
    """
    rows = filled.copy()
    for one in gaps:  # to begin with any values seen
        seen = rows[one.name].dropna().to_numpy(dtype=float)
        rows.loc[one.rows, one.name] = rng.choice(seen, one.places.max() + 1)[one.places]
    last: dict[str, CovariateModel] = {}
    names = _others(hazard, rows)
    for _ in range(cycles):
        for one in gaps:
            with gathered():
                model = fit_one(hazard, rows)
            drawn = rng.multivariate_normal(
                model.coefficients, model.estimates.covariance, method="cholesky"
            )
            last[one.name] = _covariate(one, rows, names, last.get(one.name), rng)
            values = _values(one, rows, model, drawn, last[one.name], rng)
            rows.loc[one.rows, one.name] = values[one.places]
    return rows


def _others(hazard: Specification, rows: pd.DataFrame) -> list[str]:
    names = read_formula(hazard.formula, trust=True).names
    return [name for name in names if name in rows.columns]


def _covariate(
    one: Gaps,
    rows: pd.DataFrame,
    names: Sequence[str],
    last: CovariateModel | None,
    rng: np.random.Generator,
) -> CovariateModel:
    others = rows[[n for n in names if n != one.name]]
    if len(others.columns):  # a column alone in the model has its time and its unit only
        others = pd.get_dummies(others, drop_first=True, dtype=float)
    if not one.whole:
        time = rows["stop"].to_numpy(dtype=float)
        others = others.assign(**{"time ": time, "time squared ": time**2})
    x = rows[one.name].to_numpy(dtype=float)
    if one.whole:
        others = others.groupby(one.unit).mean()
        x = pd.Series(x).groupby(one.unit).first().to_numpy()
    Z = others.to_numpy(dtype=float).reshape(len(x), -1)
    spread = Z.std(axis=0)
    Z = (Z - Z.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    Z = np.column_stack([np.ones(len(x)), Z[:, spread > 0]])
    return draw_model(x, Z, None if one.whole else one.unit, last, rng, binary=one.binary)


def _values(
    one: Gaps,
    rows: pd.DataFrame,
    model: Fit,
    coefficients: Floats,
    covariate: CovariateModel,
    rng: np.random.Generator,
) -> Floats:
    """A value for each unit, or row, with a gap."""
    place = one.places
    count = int(place.max()) + 1
    # units are numbered in order of their code, rows by themselves
    sources = np.unique(one.unit[one.rows]) if one.whole else one.rows
    part = rows.iloc[one.rows].reset_index(drop=True)
    event = part[event_of(model.formula)].to_numpy(dtype=float) == 1
    estimates = replace(model.estimates, coefficients=coefficients)
    link = LINKS[str(model.family.link)]

    def propose(units: Integers, size: int) -> Floats:
        drawn = covariate.draw(np.repeat(sources[units], size), rng)
        return drawn.reshape(len(units), size)

    def likelihood(units: Integers, candidates: Floats) -> Floats:
        where = np.full(count, -1)
        where[units] = np.arange(len(units))
        at = np.flatnonzero(where[place] >= 0)
        size = candidates.shape[1]
        every = part.iloc[np.repeat(at, size)].reset_index(drop=True)
        every[one.name] = candidates[where[place[at]]].ravel()
        eta = linear_predictor(model, estimates, every)
        chance = np.where(np.repeat(event[at], size), link.probability(eta), link.complement(eta))
        logs = np.log(np.maximum(chance, 1e-300)).reshape(len(at), size)
        total = np.zeros((len(units), size))
        np.add.at(total, where[place[at]], logs)
        found: Floats = np.exp(total)
        return found

    values, left = accepted(count, propose, likelihood, rng)
    if len(left):
        raise FitError(
            f"no value of {one.name!r} agrees with what followed in {len(left)} of {count} units "
            "with gaps: the hazard all but rules these events out; see whether a term is separated"
        )
    return values


def bounded(
    filled: pd.DataFrame, gaps: Sequence[Gaps], response: str, ends: Mapping[str, bool]
) -> pd.DataFrame:
    """Rows whose gaps are at the ends of what was seen: high with the event, low without, or so.

    Parameters
    ----------
    ends : mapping
        Column -> whether units with the event have the highest value seen and others the lowest;
        the other way round if not.
    """
    rows = filled.copy()
    happened = rows[response].to_numpy(dtype=float)
    for one in gaps:
        low, high = float(rows[one.name].min()), float(rows[one.name].max())
        ever = pd.Series(happened).groupby(one.unit).transform("max").to_numpy()
        event = (ever if one.whole else happened)[one.rows] == 1
        rows.loc[one.rows, one.name] = np.where(event == ends[one.name], high, low)
    return rows
