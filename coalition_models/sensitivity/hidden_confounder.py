"""An unmeasured cause put into the model: how common and how strong it would have to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import DataError, FitError, counted, gathered
from coalition_models.inference.imputed import rubin
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.sample.sides import event_of, quoted, sides_of
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, format_number
from coalition_models.sensitivity.engine import run_tasks
from coalition_models.sensitivity.scales import scale_of

__all__ = ["Confounding", "bias_of", "confounding"]

Floats = npt.NDArray[np.float64]
_OFFSET = "_unmeasured"


@dataclass(frozen=True, repr=False)
class Confounding(InTables):
    """What an unmeasured two-valued cause would make of a finding.

    Attributes
    ----------
    term : str
    ratio, low, high : float
        As fitted.
    grid : DataFrame
        ``exposed, unexposed`` (share of rows with the cause), ``strength`` (ratio by which it
        raises the hazard or odds), ``expected`` (the ratio without confounding by the formula),
        ``ratio, conf_low, conf_high`` (mean over the draws, limits by Rubin's rules), ``draws``
        that could be fitted, ``problem``.
    benchmarks : DataFrame
        One row per covariate of the model: ``left_out`` (the term's ratio without it), ``change``
        (of its logarithm), ``multiplier`` and ``multiplier_limit``: how many such covariates, each
        moving the logarithm as far as leaving this one out did, bring the estimate, or the
        interval's nearer limit, to 1. Missing where it moved nothing; 0 where the interval holds 1.
    draws, seed : int
    """

    term: str
    ratio: float
    low: float
    high: float
    grid: pd.DataFrame
    benchmarks: pd.DataFrame
    draws: int
    seed: int

    def to_tables(self) -> list[Table]:
        """The grid, and the covariates of the model as benchmarks."""
        found = f"{self.term}: {self.ratio:.3g} [{self.low:.3g}, {self.high:.3g}]"
        grid = self.grid
        rows = [[format_number(v) for v in row] for row in grid.itertuples(index=False)]
        notes = [
            f"As fitted {found}. Cause of two values, drawn anew for each row given exposure and "
            f"event; {counted(self.draws, 'draw')}, seed {self.seed}."
        ]
        tables = [Table(list(grid.columns), rows, "With an unmeasured cause", notes)]
        if len(self.benchmarks):
            rows = [
                [format_number(v) for v in row] for row in self.benchmarks.itertuples(index=False)
            ]
            tables.append(Table(list(self.benchmarks.columns), rows, "Beside covariates left out"))
        return tables


def bias_of(strength: float, exposed: float, unexposed: float) -> float:
    """Factor by which a two-valued cause biases a ratio where the event is rare in each row.

    Parameters
    ----------
    strength : float
        Ratio by which it raises the hazard.
    exposed, unexposed : float
        Share of rows with the cause among those.

    Returns
    -------
    float
        ``(1 + (strength - 1) * exposed) / (1 + (strength - 1) * unexposed)`` (Bross 1966; Lin,
        Psaty and Kronmal 1998).

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(cm.sensitivity.bias_of(3.0, 0.6, 0.2), 3)
    1.571
    """
    check_arguments(bias_of, locals())
    if not strength > 0 or not all(0 <= share <= 1 for share in (exposed, unexposed)):
        raise DataError(
            f"strength must be a positive ratio and the shares between 0 and 1, found "
            f"{strength!r}, {exposed!r}, {unexposed!r}"
        )
    return (1 + (strength - 1) * exposed) / (1 + (strength - 1) * unexposed)


def confounding(
    fit: Fit,
    term: str,
    data: pd.DataFrame,
    *,
    shares: Sequence[tuple[float, float]] = ((0.3, 0.1), (0.5, 0.1), (0.6, 0.3)),
    strengths: Sequence[float] = (2.0, 3.0, 5.0),
    draws: int = 20,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> Confounding:
    """Refit a model with a simulated time-varying cause that nobody measured.

    In each draw the cause is drawn for every row given the row's exposure and event, as Bayes'
    rule says of a cause that raises the hazard by its strength, and enters the model with that
    strength as an offset. Draws are combined by Rubin's rules.

    Parameters
    ----------
    fit : Fit
        Of a family with offsets, on a log scale of hazards or odds.
    term : str
        A column of 0 and 1.
    data : DataFrame
        The data that it was fitted to.
    shares : sequence of pairs
        Share of rows with the cause among exposed and among unexposed ones.
    strengths : sequence of float
        Ratios by which it raises the hazard (below 1: lowers).
    draws : int
        2 or more.
    seed : int
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    Confounding

    Raises
    ------
    DataError
        A term that is no column of 0 and 1, shares or strengths out of range, a family without
        offsets or ratios.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.0}, seed=2)
    >>> panel["high"] = (panel["risk"] > 0).astype(int)
    >>> fit = cm.cox("event ~ high", panel, cluster="state")
    >>> found = cm.sensitivity.confounding(
    ...     fit, "high", panel, shares=[(0.5, 0.5), (0.6, 0.2)], strengths=[3.0])
    >>> bool((found.grid["ratio"].diff().dropna() < 0).all())  # only the second confounds
    True
    """
    check_arguments(
        confounding, {"fit": fit, "term": term, "data": data, "draws": draws, "seed": seed}
    )
    require(fit, "offset", "confounding()")
    if fit.family.ratio not in ("hazard ratio", "odds ratio"):
        raise DataError(
            "confounding() is for hazard and odds ratios, which an unmeasured cause raises; a "
            f"coefficient of {fit.family.title} is a {scale_of(fit.family)}"
        )
    check_draws(draws, least=2)
    exposed, event = _exposure(fit, term, data)
    worlds = [(*pair, strength) for pair, strength in product(shares, strengths)]
    for one, other, strength in worlds:
        bias_of(strength, one, other)  # refuses what is out of range
    tidy = fit.tidy(exponentiate=True)
    own = tidy.loc[tidy["term"] == term, ["estimate", "conf_low", "conf_high"]].to_numpy(float)
    ratio, low, high = map(float, own[0])
    clusters = fit.counts.clusters
    degrees = min(clusters) - 1.0 if clusters else np.inf
    drawn = run_tasks(
        _Grid(fit.spec, term, data, exposed, event, draws, degrees), worlds, about="confounding",
        seed=seed, chunk=1, workers=workers, keep=keep, progress=progress,
    )  # fmt: skip
    grid = pd.DataFrame(drawn.answers)
    expected = [ratio / bias_of(s, one, other) for one, other, s in worlds]
    grid.insert(3, "expected", expected)
    return Confounding(
        term, ratio, low, high, grid, _benchmarks(fit, term, data, (ratio, low, high)), draws, seed
    )


def _exposure(fit: Fit, term: str, data: pd.DataFrame) -> tuple[Floats, Floats]:
    """The term and the event over the rows of the data."""
    if term not in data.columns:
        raise DataError(
            f"the data have no column {term!r}: confounding is of a term that is one, of 0 and 1"
        )
    fit.place_of(term)
    if len(data) != fit.counts.rows_given:
        raise DataError(
            f"the data have {len(data)} rows, the fit was given {fit.counts.rows_given}: give the "
            "same data"
        )
    values = pd.to_numeric(data[term], errors="coerce").to_numpy(dtype=float)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise DataError(f"{term!r} must hold 0 and 1; make it so, (df[{term!r}] > x).astype(int)")
    event = pd.to_numeric(data[event_of(fit.formula)]).to_numpy(dtype=float)
    return values, event


@dataclass(frozen=True, eq=False)
class _Grid:
    """Refits with a cause of some shares and strength."""

    spec: Specification
    term: str
    data: pd.DataFrame
    exposed: Floats
    event: Floats
    draws: int
    degrees: float

    def __call__(
        self, world: tuple[float, float, float], rng: np.random.Generator
    ) -> dict[str, object]:
        """Draw the cause anew so many times, and put the estimates together."""
        one, other, strength = world
        share = np.where(self.exposed == 1, one, other)
        share = np.where(self.event == 1, share * strength / (1 + (strength - 1) * share), share)
        found, problem = [], ""
        for _ in range(self.draws):
            cause = rng.random(len(share)) < share
            try:
                found.append(_estimate(self.spec, self.term, self.data, np.log(strength) * cause))
            except FitError as error:
                problem = str(error).splitlines()[0]
        head = {"exposed": one, "unexposed": other, "strength": strength}
        whole = _combined(found, self.degrees)
        return {**head, **whole, "draws": len(found), "problem": problem}


def _estimate(
    spec: Specification, term: str, data: pd.DataFrame, shift: Floats
) -> tuple[float, float]:
    own = 0.0 if spec.offset is None else data[spec.offset].to_numpy(dtype=float)
    rows = data.assign(**{_OFFSET: shift + own})
    with gathered():
        again = run(replace(spec, offset=_OFFSET), rows)
    at = again.place_of(term)
    return float(again.coefficients[at]), float(again.std_errors[at])


def _combined(found: Sequence[tuple[float, float]], degrees: float) -> dict[str, float]:
    """Ratio and limits over the draws that could be fitted."""
    names = ("ratio", "conf_low", "conf_high")
    if len(found) < 2:
        return dict.fromkeys(names, float("nan"))
    estimates, errors = zip(*found, strict=True)
    whole = rubin(estimates, errors, degrees=degrees)
    values = np.exp([whole.estimate, *whole.limits()])
    return dict(zip(names, map(float, values), strict=True))


def _benchmarks(
    fit: Fit, term: str, data: pd.DataFrame, found: tuple[float, float, float]
) -> pd.DataFrame:
    """What leaving each other term out does to the estimate."""
    own = {term, "Intercept", fit.choices.time, *fit.choices.baseline}
    terms = [name for name in fit.terms if name not in own]
    ratio, low, high = found
    nearer = low if ratio >= 1 else high
    across = nearer <= 1 if ratio >= 1 else nearer >= 1
    rows = []
    for name in terms:
        kept = [other for other in (term, *terms) if other != name]
        written = [quoted(one) if one in data.columns else one for one in kept]
        spec = replace(fit.spec, formula=f"{sides_of(fit.formula)[0]}~ {' + '.join(written)}")
        try:
            with gathered():
                again = run(spec, fit.used_of(data))
        except FitError:
            continue
        without = float(again.coefficients[again.place_of(term)])
        change = np.log(ratio) - without
        rows.append(
            {
                "covariate": name,
                "left_out": float(np.exp(without)),
                "change": change,
                "multiplier": abs(np.log(ratio) / change) if change else np.nan,
                "multiplier_limit": 0.0 if across else abs(np.log(nearer) / change),
            }
        )
    columns = ["covariate", "left_out", "change", "multiplier", "multiplier_limit"]
    return pd.DataFrame(rows, columns=columns)
