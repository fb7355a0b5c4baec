"""The parameters of a distribution in natural units, and effects on its other scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.estimates import Estimates
from coalition_models.render import format_number

__all__ = ["Scales", "scales_of"]

Floats = npt.NDArray[np.float64]

_LEVEL = 0.95
_COLUMNS = ("estimate", "std_error", "conf_low", "conf_high")


@dataclass(frozen=True, eq=False)
class Scales:
    """What a parametric fit keeps as ``fit.native``.

    Attributes
    ----------
    parameters : DataFrame
        ``parameter, estimate, std_error, conf_low, conf_high`` in natural units (the shape, not
        its logarithm), with 95 % limits made on the scale of the fit.
    time_ratios : DataFrame
        ``term, estimate, std_error, ratio, conf_low, conf_high`` of the accelerated failure time
        form, where the fit is in proportional hazards form and has the other one too; else empty.
        ``estimate`` is the log of the ``ratio``.
    """

    parameters: pd.DataFrame
    time_ratios: pd.DataFrame

    def notes(self) -> tuple[str, ...]:
        """What stands below the table of a fit."""
        out = []
        if len(self.parameters):
            out.append(f"parameters (95% limits): {'; '.join(_shown(self.parameters, 'estimate'))}")
        if len(self.time_ratios):
            out.append(
                "accelerated failure time form, time ratios (95% limits): "
                f"{'; '.join(_shown(self.time_ratios, 'ratio'))}"
            )
        return tuple(out)


def _shown(table: pd.DataFrame, column: str) -> Iterator[str]:
    for row in table.to_dict("records"):
        low, high = format_number(row["conf_low"]), format_number(row["conf_high"])
        name = row.get("parameter", row.get("term"))
        yield f"{name} {format_number(row[column])} ({low} to {high})"


def scales_of(
    estimates: Estimates,
    ancillary: Sequence[int],
    covariates: Sequence[int],
    shapes: Sequence[int] | None,
    degrees: float,
) -> Scales:
    """Natural units of the ``ancillary`` parameters, and time ratios of the ``covariates``.

    ``shapes`` are the places of the log shapes by which log hazard ratios are divided (Weibull),
    empty where the shape is 1 (exponential), None where there is no other form. With several
    shapes, one per stratum, each has its own time ratios.
    """
    from scipy import stats  # slow to import, and no fit needs it

    half = float(stats.t.isf((1 - _LEVEL) / 2, degrees))
    parameters = [_natural(estimates, j, half) for j in ancillary]
    ratios: list[dict[str, object]] = []
    own: list[int | None] = [] if shapes is None else list(shapes) or [None]
    for shape in own:
        for j in covariates:
            ratios.append(_time_ratio(estimates, j, shape, half))
    columns = ["term", "estimate", "std_error", "ratio", "conf_low", "conf_high"]
    names = ["parameter", "estimate", "std_error", "conf_low", "conf_high"]
    return Scales(pd.DataFrame(parameters, columns=names), pd.DataFrame(ratios, columns=columns))


def _natural(estimates: Estimates, j: int, half: float) -> dict[str, object]:
    name, value = estimates.names[j], float(estimates.coefficients[j])
    error = _error(float(estimates.covariance[j, j]))
    low, high = value - half * error, value + half * error
    if not name.startswith("log"):
        return _row("parameter", name, [value, error, low, high])
    plain = name.replace("log(", "", 1).replace(")", "", 1)
    if name.startswith("log hazard"):
        plain = name.removeprefix("log ")
    est = float(np.exp(value))
    return _row("parameter", plain, [est, est * error, float(np.exp(low)), float(np.exp(high))])


def _time_ratio(estimates: Estimates, j: int, shape: int | None, half: float) -> dict[str, object]:
    """Minus the log hazard ratio over the shape, with the delta method."""
    beta, V = float(estimates.coefficients[j]), estimates.covariance
    name = estimates.names[j]
    if shape is None:
        log_ratio, variance = -beta, float(V[j, j])
    else:
        p = float(np.exp(estimates.coefficients[shape]))
        log_ratio = -beta / p
        pull = np.array([-1 / p, beta / p])
        at = [j, shape]
        variance = float(pull @ V[np.ix_(at, at)] @ pull)
        name += estimates.names[shape].removeprefix("log(shape)")
    error = _error(variance)
    with np.errstate(over="ignore"):
        low, high = np.exp([log_ratio - half * error, log_ratio + half * error])
        ratio = float(np.exp(log_ratio))
    row = _row("term", name, [log_ratio, error, float(low), float(high)])
    return {**row, "ratio": ratio}


def _row(what: str, name: str, values: Sequence[float]) -> dict[str, object]:
    return {what: name, **dict(zip(_COLUMNS, values, strict=True))}


def _error(variance: float) -> float:
    return float(np.sqrt(variance)) if variance > 0 else float("nan")
