"""Survival if all members had one value of a covariate: standardised curves and differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted
from coalition_models.models.after.averages import (
    MeanSurvival,
    alike_note,
    complete_rows,
    one_per_member,
)
from coalition_models.models.after.nonparametric import Interval, limits
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.fit_rows import jacobian
from coalition_models.models.fit_table import check_level
from coalition_models.models.sample.labels import listed, scenario_labels, times_given
from coalition_models.render import Table, format_number

__all__ = ["AdjustedSurvival", "adjusted_survival"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class AdjustedSurvival:
    """Mean survival with a covariate set to each of some values, all others as they are.

    Attributes
    ----------
    table : DataFrame
        ``value, time, survival, std_error, conf_low, conf_high``.
    differences : DataFrame
        ``value, against, time, risk_difference, std_error, p_value, conf_low, conf_high``: the
        share that has left by then under a value, less that under the first.
    notes : tuple of str
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """The curves, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        return Table(list(self.table.columns), rows, "Adjusted survival", self.notes)

    def __repr__(self) -> str:
        values = counted(self.table["value"].nunique(), "value")
        return f"<AdjustedSurvival: {values}, {counted(self.table['time'].nunique(), 'time')}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def adjusted_survival(
    fit: Fit,
    data: pd.DataFrame,
    variable: str,
    values: Sequence[object] = (0, 1),
    *,
    times: Sequence[float],
    level: float = 0.95,
    interval: Interval = "log",
) -> AdjustedSurvival:
    """Average predicted survival over members, with one covariate set to each of some values.

    The curve of a mean member is not the mean curve: this is the latter, by g-computation, and
    its differences are risk differences adjusted for the other covariates.

    Parameters
    ----------
    fit : Fit
    data : DataFrame
        Rows to average over, usually those fitted to: the first row of each member counts, with
        its covariates held. Rows with a missing covariate are left out, and the notes say so.
    variable : str
        A covariate of the formula.
    values : sequence
        The first is what the others are compared with.
    times : sequence of float
    level : float
    interval : {"log", "log-log", "plain"}
        Scale of the limits of survival; those of differences are plain.

    Returns
    -------
    AdjustedSurvival
        Errors hold the coefficients' uncertainty, by the fit's own covariance, and the baseline
        hazard's; the members averaged over count as given.

    Raises
    ------
    DataError
        A variable that is none of the formula's, times beyond those observed, formulas that name
        the time itself.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5, "size": 0.0}, seed=1)
    >>> fit = cm.cox("event ~ risk + size", panel)
    >>> found = cm.adjusted_survival(fit, panel, "risk", [0, 1], times=[6, 12])
    >>> found.differences[["value", "against", "time"]]
       value  against  time
    0      1        0   6.0
    1      1        0  12.0
    """
    check_arguments(adjusted_survival, locals())
    require(fit, "averaged_survival", "adjusted_survival()")
    if not fit.converged:
        raise DataError("adjusted_survival() needs a fit with a finite maximum; this has none")
    when = times_given(times)
    if when is None:
        raise DataError("times: say at which times")
    if variable not in fit.variables:
        raise DataError(f"variable must be one of {', '.join(fit.variables)}, not {variable!r}")
    chosen = listed(values, "values")
    check_level(level)
    rows = complete_rows(fit, data, [variable])
    members, who = one_per_member(fit, rows)
    scenarios = [_with(members, variable, value) for value in chosen]
    means = MeanSurvival(fit, scenarios, when)
    own = fit.estimates
    pull = jacobian(means.at, own)
    covariance = pull @ own.covariance @ pull.T + means.own
    survival = means.at(own.coefficients)
    labels = scenario_labels({variable: chosen})[variable]
    notes = [
        f"Mean over {who}, {variable} set to each value and all other covariates as they are. "
        f"{100 * level:g}% limits from the {fit.choices.variance} covariance of the coefficients."
    ]
    if len(rows) < len(data):
        notes.append(f"Left out {counted(len(data) - len(rows), 'row')} with missing values.")
    notes += alike_note(fit)
    table = _curves(chosen, when, survival, covariance, level, interval)
    differences = _differences(chosen, when, survival, covariance, level)
    return AdjustedSurvival(table, differences, (*notes, f"Values: {', '.join(labels)}."))


def _with(rows: pd.DataFrame, variable: str, value: object) -> pd.DataFrame:
    return rows.assign(**{variable: pd.Series([value] * len(rows), index=rows.index)})


def _curves(
    values: Sequence[object],
    times: Floats,
    survival: Floats,
    covariance: Floats,
    level: float,
    interval: Interval,
) -> pd.DataFrame:
    errors = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = limits(survival, errors / survival, level, interval)
    return pd.DataFrame(
        {
            "value": [value for value in values for _ in times],
            "time": np.tile(times, len(values)),
            "survival": survival,
            "std_error": errors,
            "conf_low": low,
            "conf_high": high,
        }
    )


def _differences(
    values: Sequence[object], times: Floats, survival: Floats, covariance: Floats, level: float
) -> pd.DataFrame:
    """Shares that have left, less those under the first value, with plain limits."""
    count = len(times)
    each = np.eye(len(survival))
    contrast = np.array(
        [each[t] - each[v * count + t] for v in range(1, len(values)) for t in range(count)]
    ).reshape(-1, len(survival))
    found = contrast @ survival
    errors = np.sqrt(np.maximum(np.diag(contrast @ covariance @ contrast.T), 0.0))
    half = float(stats.norm.isf((1 - level) / 2)) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stats.norm.sf(np.abs(found / errors))
    return pd.DataFrame(
        {
            "value": [value for value in values[1:] for _ in times],
            "against": [values[0]] * len(found),
            "time": np.tile(times, len(values) - 1),
            "risk_difference": found,
            "std_error": errors,
            "p_value": p_values,
            "conf_low": found - half,
            "conf_high": found + half,
        }
    )
