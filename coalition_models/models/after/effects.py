"""Marginal effects: what a covariate does to the chance of the event, or to survival."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.after.averages import (
    Means,
    alike_note,
    complete_rows,
    one_per_member,
)
from coalition_models.models.after.slopes import Effect, averaged, inside, reaches, refuse_jumps
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.fit_rows import jacobian
from coalition_models.models.fit_table import Reference, check_level
from coalition_models.models.sample.columns import as_numbers
from coalition_models.models.sample.labels import listed, scenario_labels
from coalition_models.render import Table, format_number

__all__ = ["MarginalEffects", "marginal_effects"]

Floats = npt.NDArray[np.float64]

#: of a standard deviation, by which a number is moved for a slope
_STEP = 1e-4


@dataclass(frozen=True, repr=False)
class MarginalEffects:
    """Effects on the scale of ``outcome``, averaged over rows.

    Attributes
    ----------
    table : DataFrame
        ``variable, effect`` (``slope``, or the two values compared), ``at`` where values were
        set, ``estimate, std_error, statistic, p_value, conf_low, conf_high``.
    outcome : str
    notes : tuple of str
    """

    table: pd.DataFrame
    outcome: str
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """The effects, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        title = f"Marginal effects on {self.outcome}"
        return Table(list(self.table.columns), rows, title, self.notes)

    def __repr__(self) -> str:
        return f"<MarginalEffects on {self.outcome}: {counted(len(self.table), 'effect')}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def marginal_effects(
    fit: Fit,
    data: pd.DataFrame,
    variables: str | Sequence[str] | None = None,
    *,
    at: Mapping[str, object] | None = None,
    contrast: Mapping[str, Sequence[object]] | None = None,
    horizon: float | None = None,
    method: str = "delta",
    draws: int = 1000,
    seed: int | None = None,
    level: float = 0.95,
    reference: Reference | None = None,
) -> MarginalEffects:
    """Average what a change of a covariate does to the chance of leaving, or to survival.

    For each row the prediction is made with the covariate moved and all others as they are, with
    powers and interactions following; the differences are averaged. As R's ``avg_slopes`` and
    ``avg_comparisons`` and Stata's ``margins``.

    Parameters
    ----------
    fit : Fit
    data : DataFrame
        Rows to average over, usually those fitted to. Rows with a missing covariate are left
        out, and the notes say so. For survival the first row of each member counts.
    variables : str or sequence of str, optional
        Covariates; default: all. Numbers get a slope, flags the step from 0 to 1, categories the
        step from the first level to each other.
    at : mapping, optional
        Values at which other covariates are set first, such as ``{"near": [0, 1]}``; several
        make a row per combination.
    contrast : mapping, optional
        Two values to compare for a variable, such as ``{"risk": (0, 2)}``, in place of a slope.
    horizon : float, optional
        Effects on survival to this time, with covariates held; needed for Cox models, which know
        no chance by period. Default: on the chance of the event in a period.
    method : {"delta", "simulation"}
        Errors by derivatives, or by draws of the coefficients (and the baseline hazard) from
        their normal distribution, whose quantiles are then the limits.
    draws, seed : int
        Of the simulation; ``seed`` is needed then.
    level : float
    reference : {"normal", "t"}, optional
        As in :meth:`Fit.tidy`.

    Returns
    -------
    MarginalEffects

    Raises
    ------
    DataError
        A variable that is not in the formula, or in ``at`` as well; a slope where the formula
        makes steps of the number; a Cox fit without ``horizon``, a horizon beyond what was
        observed.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 0.5, "size": 0.2}, seed=1)
    >>> fit = cm.logit("event ~ risk * size", panel)
    >>> cm.marginal_effects(fit, panel, "risk").table[["variable", "effect"]]
      variable effect
    0     risk  slope
    """
    check_arguments(marginal_effects, locals())
    _check(fit, horizon, method, draws, seed)
    names = _variables(fit, variables, contrast)
    setting = {name: listed(value, name) for name, value in (at or {}).items()}
    _refuse_unknown(fit, [*setting, *(contrast or {})])
    _refuse_idle(names, [] if variables is None else names, setting, contrast or {})
    rows = complete_rows(fit, data, list(setting))
    lost, who = len(data) - len(rows), counted(len(rows), "row")
    if horizon is not None:
        rows, who = one_per_member(fit, rows)
    combinations = [dict(zip(setting, v, strict=True)) for v in product(*setting.values())]
    effects = [
        effect
        for name in names
        for own in combinations
        if name not in own
        for effect in _effects(fit, name, rows, own, contrast or {})
    ]
    if not effects:
        raise DataError("at sets every one of the variables, so none is left to move")
    means = averaged(fit, rows, effects, horizon)
    widths = np.array([effect.width for effect in effects])
    found = _estimated(fit, means, widths, method, draws, seed, check_level(level), reference)
    refuse_jumps(fit, rows, effects, horizon, found)
    notes = [f"Mean over {who}; {_how(fit, method, draws, level)}"]
    notes += [f"Left out {counted(lost, 'row')} with missing values."] if lost else []
    notes += alike_note(fit)
    columns: dict[str, object] = {
        "variable": [effect.variable for effect in effects],
        "effect": [effect.words for effect in effects],
    }
    if setting:
        labels = scenario_labels(setting)
        columns["at"] = [_worded(effect.at, setting, labels) for effect in effects]
    outcome = "the chance of the event" if horizon is None else f"survival to {horizon:g}"
    return MarginalEffects(pd.DataFrame({**columns, **found}), outcome, tuple(notes))


def _check(fit: Fit, horizon: float | None, method: str, draws: int, seed: int | None) -> None:
    if not fit.converged:
        raise DataError("marginal_effects() needs a fit with a finite maximum; this has none")
    if horizon is not None or not fit.family.link:
        require(fit, "averaged_survival", "marginal_effects()")
    if horizon is None and not fit.family.link:
        raise DataError(
            f"{fit.family.name} fits know no chance by period: give horizon=, the time to which "
            "survival is meant"
        )
    if method not in ("delta", "simulation"):
        raise DataError(f"method must be 'delta' or 'simulation', not {method!r}")
    if method == "simulation" and seed is None:
        raise DataError("method='simulation' needs seed=, so that it can be repeated")
    if draws < 100:
        raise DataError(f"draws must be 100 or more, not {draws!r}")
    if seed is not None and seed < 0:
        raise DataError(f"seed must be 0 or more, not {seed!r}")


def _variables(
    fit: Fit, given: str | Sequence[str] | None, contrast: Mapping[str, Sequence[object]] | None
) -> list[str]:
    if given is None:
        return list(contrast) if contrast else list(fit.variables)
    names = [given] if isinstance(given, str) else list(given)
    if not names:
        raise DataError("variables is empty: name a covariate of the formula")
    _refuse_unknown(fit, names)
    return names


def _refuse_unknown(fit: Fit, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in fit.variables]
    if unknown:
        raise DataError(
            f"variables: the formula has no {first_few(map(repr, unknown))}; it has "
            f"{first_few(fit.variables)}"
        )


def _refuse_idle(
    names: Sequence[str],
    asked: Sequence[str],
    setting: Mapping[str, object],
    contrast: Mapping[str, object],
) -> None:
    """Nothing that is asked for may be left out in silence."""
    if idle := [name for name in contrast if name not in names]:
        raise DataError(f"contrast has {first_few(idle)}, which variables= does not: name it there")
    if held := [name for name in dict.fromkeys([*asked, *contrast]) if name in setting]:
        raise DataError(f"{first_few(held)} is set by at=, so it cannot be moved as well")


def _effects(
    fit: Fit,
    name: str,
    rows: pd.DataFrame,
    at: Mapping[str, object],
    contrast: Mapping[str, Sequence[object]],
) -> list[Effect]:
    """The changes of one variable that are looked at."""
    if name in contrast:
        ends = listed(contrast[name], f"contrast of {name}")
        if len(ends) != 2:
            raise DataError(f"contrast of {name}: give two values to compare, not {len(ends)}")
        low, high = scenario_labels({name: ends})[name]
        return [Effect(name, f"{high} - {low}", (ends[0], ends[1]), 1.0, at)]
    known = fit.engine.sample.design.levels.get(name)
    numbers = None if known else as_numbers(rows[name])
    if known:
        words = scenario_labels({name: known})[name]
        return [
            Effect(name, f"{word} - {words[0]}", (known[0], level), 1.0, at)
            for word, level in zip(words[1:], known[1:], strict=True)
        ]
    if numbers is None:
        raise DataError(f"column {name!r} must hold numbers, as the model was fitted with")
    if np.isin(numbers, (0.0, 1.0)).all():
        return [Effect(name, "1 - 0", (0, 1), 1.0, at)]
    step = _STEP * (float(numbers.std()) or 1.0)
    middle = numbers if reaches(fit, name, rows, numbers, step, at) else inside(numbers, step)
    return [Effect(name, "slope", (middle - step, middle + step), 2 * step, at)]


def _estimated(
    fit: Fit,
    means: Means,
    widths: Floats,
    method: str,
    draws: int,
    seed: int | None,
    level: float,
    reference: Reference | None,
) -> dict[str, Floats]:
    """Differences of neighbouring averages, with errors and limits."""

    def effect(averages: Floats) -> Floats:
        return np.asarray((averages[1::2] - averages[::2]) / widths)

    own = fit.estimates
    value = effect(means.at(own.coefficients))
    degrees = fit.degrees(reference)
    if method == "delta":
        pull = jacobian(lambda b: effect(means.at(b)), own)
        each = np.eye(2 * len(widths))
        contrast = (each[1::2] - each[::2]) / widths[:, None]
        covariance = pull @ own.covariance @ pull.T + contrast @ means.own @ contrast.T
        error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
        half = float(stats.t.isf((1 - level) / 2, degrees)) * error
        low, high = value - half, value + half
    else:
        sample = _drawn(fit, means, effect, draws, seed)
        error = sample.std(axis=0, ddof=1)
        low, high = np.quantile(sample, [(1 - level) / 2, (1 + level) / 2], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = value / error
    return {
        "estimate": value,
        "std_error": error,
        "statistic": statistic,
        "p_value": 2 * stats.t.sf(np.abs(statistic), degrees),
        "conf_low": low,
        "conf_high": high,
    }


def _drawn(
    fit: Fit, means: Means, effect: Callable[[Floats], Floats], draws: int, seed: int | None
) -> Floats:
    """Effects (draws, m) at coefficients drawn around the estimates, and the baseline's noise."""
    rng = np.random.default_rng(seed)
    own = fit.estimates
    coefficients = rng.multivariate_normal(own.coefficients, own.covariance, draws, method="eigh")
    noise = rng.multivariate_normal(np.zeros(len(means.own)), means.own, draws, method="eigh")
    return np.array(
        [effect(means.at(b) + more) for b, more in zip(coefficients, noise, strict=True)]
    )


def _how(fit: Fit, method: str, draws: int, level: float) -> str:
    by = f"the {fit.choices.variance} covariance of the coefficients"
    if method == "delta":
        return f"delta method by {by}, {100 * level:g}% limits."
    return f"{draws} draws by {by}, {100 * level:g}% limits by their quantiles."


def _worded(
    at: Mapping[str, object],
    setting: Mapping[str, Sequence[object]],
    labels: Mapping[str, Sequence[str]],
) -> str:
    return ", ".join(
        f"{name} = {labels[name][list(setting[name]).index(value)]}" for name, value in at.items()
    )
