"""Predicted share that leaves in each way, for fixed values of covariates, with limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.kernels.incidence import Predicted
from coalition_models.models.after.paths import check_times_asked, fixed_paths
from coalition_models.models.after.steps import Scale, share_limits, steps_at
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.labels import listed, times_given
from coalition_models.render import Table, format_number

__all__ = ["IncidencePrediction", "predict_incidence"]


class _Foretells(Protocol):
    """An engine of a family that can predict incidence."""

    def incidence(
        self, estimates: Estimates, frame: pd.DataFrame, code: int | None
    ) -> dict[str, Predicted]:
        """Incidence of each kind for the covariates of a frame of one row."""


@dataclass(frozen=True, repr=False)
class IncidencePrediction:
    """Predicted incidence per scenario and kind of exit, with what was held fixed.

    Attributes
    ----------
    table : DataFrame
        ``scenario, kind, time, incidence, std_error, conf_low, conf_high``: one row per event time,
        or per time asked for.
    held : mapping
        Values of the variables that no scenario sets.
    level : float
    interval : str
    notes : tuple of str
    times : tuple of float
        The times asked for; empty where none were.
    """

    table: pd.DataFrame
    held: Mapping[str, object]
    level: float
    interval: str
    notes: tuple[str, ...]
    times: tuple[float, ...]

    def to_table(self) -> Table:
        """The last time of each curve, or those asked for, for text, Markdown, LaTeX and HTML."""
        ends = self.table.groupby(["scenario", "kind"], sort=False).tail(1)
        shown = self.table if self.times else ends
        columns = ["scenario", "kind", "time", "incidence", "conf_low", "conf_high"]
        rows = [
            [format_number(value) for value in row]
            for row in shown[columns].astype(object).itertuples(index=False, name=None)
        ]
        title = "Predicted incidence" + ("" if self.times else " at the last event")
        return Table(columns, rows, title, self.notes)

    def __repr__(self) -> str:
        scenarios = counted(self.table["scenario"].nunique(), "scenario")
        return f"<IncidencePrediction: {scenarios}, {counted(len(self.table), 'row')}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def predict_incidence(
    fit: Fit,
    values: Mapping[str, object],
    *,
    times: Sequence[float] | None = None,
    stratum: object | None = None,
    level: float = 0.95,
    interval: Scale = "log-log",
) -> IncidencePrediction:
    """Predict what share will have left in each way, for fixed values of covariates.

    Parameters
    ----------
    fit : Fit
        Of :func:`cause_specific` (all kinds) or :func:`fine_gray` (the kind in question).
    values : mapping
        Such as ``{"election_near": [0, 1]}``: every combination is a scenario, all other variables
        and the offset at their mean (numbers) or commonest value (categories).
    times : sequence of float, optional
        Report these times only.
    stratum : label or tuple, optional
        Whose baseline, where the fit has strata.
    level : float
    interval : {"log-log", "log", "plain", "complement"}
        As in :func:`cumulative_incidence`.

    Returns
    -------
    IncidencePrediction
        The limits hold the uncertainty of the coefficients (by the fit's own covariance) and of the
        baseline hazards of all kinds.

    Raises
    ------
    FormulaError
        A variable or category that the model does not have.
    DataError
        A fit without a finite maximum, of some of the kinds only, or with time in its formula.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"stop": [1, 2, 3, 4, 5, 6, 7, 8], "exit": [1, 2, 1, 2, 0, 1, 2, 1],
    ...                    "risk": [2, 1, 2, 0, 1, 1, 2, 0]})
    >>> fit = cm.cause_specific("exit ~ risk", df, start=None)
    >>> cm.predict_incidence(fit, {"risk": [1]}, times=[4]).table.round(3).iloc[:, :4]
       scenario kind  time  incidence
    0  risk = 1    1   4.0      0.153
    1  risk = 1    2   4.0      0.256
    """
    check_arguments(predict_incidence, locals())
    require(fit, "incidence", "predict_incidence()")
    if not fit.converged:
        raise DataError("predict_incidence() needs a fit with a finite maximum; this one has none")
    clocks = list(fit.engine.sample.clocks)
    if clocks:
        raise DataError(
            f"the formula holds the time itself ({first_few(clocks)}), which fixed values cannot "
            "follow"
        )
    span = fit.engine.span(stratum)
    asked = times_given(times)
    check_times_asked(asked, span.last)
    chosen = {name: listed(value, name) for name, value in values.items()}
    routes, held = fixed_paths(chosen, fit, span.first, span.last_event, span.code)
    engine = cast("_Foretells", fit.engine)
    parts = []
    for route in routes:
        found = engine.incidence(fit.estimates, route.frame.iloc[:1], span.code)
        for kind, curve in found.items():
            low, high = share_limits(curve.incidence, curve.std_error, level, interval)
            own = pd.DataFrame(
                {
                    "scenario": route.name,
                    "kind": kind,
                    "time": curve.times,
                    "incidence": curve.incidence,
                    "std_error": curve.std_error,
                    "conf_low": low,
                    "conf_high": high,
                }
            )
            if asked is not None:
                keys = {"scenario": route.name, "kind": kind}
                own = steps_at(own, asked, keys, {"incidence": 0.0, "std_error": 0.0})
            parts.append(own)
    return IncidencePrediction(
        table=pd.concat(parts, ignore_index=True),
        held=held,
        level=level,
        interval=interval,
        notes=_notes(fit, held, level, interval),
        times=() if asked is None else tuple(np.asarray(asked, dtype=float).tolist()),
    )


def _notes(fit: Fit, held: Mapping[str, object], level: float, interval: str) -> tuple[str, ...]:
    scale = "log of 1 - incidence" if interval == "complement" else interval
    said = [
        f"{100 * level:g}% limits on the {scale} scale, from the {fit.choices.variance} covariance "
        "of the coefficients and the baselines' own."
    ]
    if held:
        values = ", ".join(f"{name} {format_number(value)}" for name, value in held.items())
        said.append(f"Held at means or commonest values: {values}.")
    return tuple(said)
