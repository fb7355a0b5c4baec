"""Survival under covariate paths, with intervals that include the baseline's uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.models.columns import missing_columns, require_columns
from coalition_models.models.fit import Fit
from coalition_models.models.nonparametric import Interval, limits
from coalition_models.render import Table, format_number

__all__ = ["SurvivalPrediction", "predict_survival"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SurvivalPrediction:
    """Predicted survival per scenario, with what was held fixed.

    Attributes
    ----------
    table : DataFrame
        ``scenario, time, survival, conf_low, conf_high, cumulative_hazard, std_error`` (of the
        cumulative hazard): one row at the start and one per event time passed, or one per time
        asked for.
    held : mapping
        Values of the variables that no scenario sets.
    notes : tuple of str
    """

    table: pd.DataFrame
    held: Mapping[str, object]
    level: float
    interval: str
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """The last row of each scenario, ready for text, Markdown, LaTeX and HTML."""
        last = self.table.groupby("scenario", sort=False).tail(1)
        columns = ["scenario", "time", "survival", "conf_low", "conf_high"]
        rows = [
            [format_number(value) for value in row]
            for row in last[columns].astype(object).itertuples(index=False, name=None)
        ]
        return Table(columns, rows, "Predicted survival at the end of each path", self.notes)

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


@dataclass(frozen=True)
class _Path:
    name: str
    frame: pd.DataFrame
    start: Floats
    stop: Floats


def predict_survival(
    fit: Fit,
    paths: pd.DataFrame | Mapping[str, object],
    *,
    path: str = "path",
    begin: float | None = None,
    times: Sequence[float] | None = None,
    stratum: object | None = None,
    level: float = 0.95,
    interval: Interval = "log",
) -> SurvivalPrediction:
    """Predict who is still there, for fixed values or for covariates that change over time.

    Parameters
    ----------
    fit : Fit
        From :func:`cox`, or from :func:`logit` on data with start and stop.
    paths : DataFrame or mapping
        A frame with the fit's start and stop columns, the formula's columns, and a column
        ``path`` that tells paths apart (one path where it is absent); or fixed values, such as
        ``{"election_near": [0, 1]}``: every combination is a scenario, from the first time at
        risk to the last event, with all other variables at their mean (numbers) or commonest
        value (categories) over the rows used, as ``held`` and the notes state.
    path : str
    begin : float, optional
        Time from which fixed values are followed (survival is then given survival to it).
    times : sequence of float, optional
        Report these times only.
    stratum : label or tuple, optional
        Whose baseline, where the fit has strata.
    level : float
    interval : {"log", "log-log", "plain"}
        Scale of the limits; ``"log"`` is the default of R's ``survfit``.

    Returns
    -------
    SurvivalPrediction
        The limits hold the uncertainty of the coefficients (by the fit's own covariance) and of
        the baseline hazard, as R's ``survfit.coxph``. For a discrete-time fit survival is the
        product of the periods' chances to stay, each row of a path is one period, and
        ``cumulative_hazard`` is minus the logarithm of survival.

    Raises
    ------
    FormulaError
        A variable or category that the model does not have.
    DataError
        Times beyond the last at which anyone was observed, overlapping pieces of a path.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> fit = cm.cox("event ~ risk", df, id="state")
    >>> print(predict_survival(fit, {"risk": [0, 2]}, times=[4]))
    Predicted survival at the end of each path
    scenario   time  survival  conf_low  conf_high
    ...
    """
    check_arguments(predict_survival, locals())
    engine = fit.engine
    if not fit.converged:
        raise DataError("predict_survival() needs a fit with a finite maximum; this one has none")
    code, last_event, last_seen = engine.span(stratum)
    held: dict[str, object] = {}
    if isinstance(paths, pd.DataFrame):
        routes = _frame_paths(paths, path, fit)
    else:
        routes, held = _fixed_paths(paths, fit, begin, last_event)
    _refuse_beyond(routes, times, last_seen)
    parts = [_follow(fit, route, code, times, level, interval) for route in routes]
    own = " and the baseline's own" if fit.estimator == "cox" else ""
    notes = [
        f"{100 * level:g}% limits on the {interval} scale, from the {fit.choices.variance} "
        f"covariance of the coefficients{own}."
    ]
    if held:
        listing = ", ".join(f"{name} {format_number(value)}" for name, value in held.items())
        notes.append(f"Held at means or commonest values: {listing}.")
    ends = [float(route.stop.max()) for route in routes] + list(times or [])
    if max(ends) > last_event:
        notes.append(
            f"The last event is at {last_event:g}; survival is drawn flat from there to "
            f"{max(ends):g}, where members were observed but none left."
        )
    return SurvivalPrediction(
        pd.concat(parts, ignore_index=True), held, level, interval, tuple(notes)
    )


def _frame_paths(frame: pd.DataFrame, path: str, fit: Fit) -> list[_Path]:
    start, stop = fit.choices.start, fit.choices.stop
    require_columns(frame, [start, stop], "a covariate path")
    if path != "path":
        require_columns(frame, [path], "path=")
    if path in frame.columns and frame[path].isna().any():
        lost = first_few(frame.index[frame[path].isna()])
        raise DataError(f"column {path!r} is missing in rows {lost}: which path are they of?")
    groups = (
        [("path", frame)] if path not in frame.columns else list(frame.groupby(path, sort=False))
    )
    routes = []
    for name, rows in groups:
        ordered = rows.sort_values(start, kind="stable")
        routes.append(
            _Path(
                str(name),
                ordered,
                ordered[start].to_numpy(dtype=float),
                ordered[stop].to_numpy(dtype=float),
            )
        )
    if not routes:
        raise DataError("the frame of paths has no rows")
    return routes


def _fixed_paths(
    values: Mapping[str, object], fit: Fit, begin: float | None, last_event: float
) -> tuple[list[_Path], dict[str, object]]:
    design = fit.engine.sample.design
    unknown = [name for name in values if name not in design.variables]
    if unknown:
        near = missing_columns(pd.DataFrame(columns=list(design.variables)), unknown)
        raise FormulaError(
            f"the model has no variable {'; '.join(near)}; it has {first_few(design.variables)}"
        )
    held = {k: v for k, v in design.typical_values().items() if k not in values}
    choices = [
        list(value) if isinstance(value, (list, tuple, np.ndarray, pd.Series)) else [value]
        for value in values.values()
    ]
    starts, stops = fit.engine.pieces(begin, last_event)
    if not len(starts):
        raise DataError(f"begin must lie before the last event at {last_event:g}, not at {begin}")
    routes = []
    for combination in product(*choices):
        setting = dict(zip(values, combination, strict=True))
        name = ", ".join(f"{k} = {format_number(v)}" for k, v in setting.items())
        frame = pd.DataFrame([{**held, **setting}] * len(starts))
        routes.append(_Path(name, frame, starts, stops))
    return routes, held


def _refuse_beyond(
    routes: Sequence[_Path], times: Sequence[float] | None, last_seen: float
) -> None:
    # times equal up to rounding are the same time, as they are for ties
    end = last_seen + 1e-9 * max(abs(last_seen), 1.0)
    late = [f"{route.name} to {route.stop.max():g}" for route in routes if route.stop.max() > end]
    if any(time != time for time in times or []):
        raise DataError("times holds a missing value (NaN)")
    late += [f"time {time:g}" for time in times or [] if time > end]
    if late:
        raise DataError(
            f"nobody was observed after {last_seen:g}, so survival beyond is not known: "
            f"{first_few(late)}; end the path there"
        )


def _follow(
    fit: Fit,
    route: _Path,
    code: int | None,
    times: Sequence[float] | None,
    level: float,
    interval: Interval,
) -> pd.DataFrame:
    found = fit.engine.follow(fit, route.frame, route.start, route.stop, code)
    when = np.concatenate([[route.start.min()], found.times])
    hazard = np.concatenate([[0.0], found.cumulative_hazard])
    error = np.sqrt(np.concatenate([[0.0], found.variance]))
    if times is not None:
        asked = np.asarray(times, dtype=float)
        if (asked < when[0]).any():
            raise DataError(f"path {route.name!r} begins at {when[0]:g}; times before it: {times}")
        at = np.searchsorted(when, asked, side="right") - 1
        when, hazard, error = asked, hazard[at], error[at]
    survival = np.exp(-hazard)
    low, high = limits(survival, error, level, interval)
    return pd.DataFrame(
        {
            "scenario": route.name,
            "time": when,
            "survival": survival,
            "conf_low": low,
            "conf_high": high,
            "cumulative_hazard": hazard,
            "std_error": error,
        }
    )
