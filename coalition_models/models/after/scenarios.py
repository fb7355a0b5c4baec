"""Survival under covariate paths, with intervals that include the baseline's uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.after.nonparametric import Interval, limits
from coalition_models.models.after.paths import (
    Path,
    check_paths,
    check_times_asked,
    cut_at,
    fixed_paths,
    frame_paths,
    slack,
    with_clock,
)
from coalition_models.models.after.stretches import stretch_notes
from coalition_models.models.engine import Span
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.labels import listed, times_given
from coalition_models.render import Table, format_number

__all__ = ["Routes", "SurvivalPrediction", "predict_survival", "routes_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class SurvivalPrediction:
    """Predicted survival per scenario, with what was held fixed.

    Attributes
    ----------
    table : DataFrame
        ``scenario, time, survival, conf_low, conf_high, cumulative_hazard, std_error`` (of the
        cumulative hazard): one row at the start, one per event time passed and one at the end
        of the path, or one per time asked for.
    held : mapping
        Values of the variables that no scenario sets.
    level : float
    interval : str
    notes : tuple of str
    given : mapping
        Scenario -> the time to which survival is given, for those that start after time 0: the
        share is of those who were still there then.
    times : tuple of float
        The times asked for; empty where none were.
    """

    table: pd.DataFrame
    held: Mapping[str, object]
    level: float
    interval: str
    notes: tuple[str, ...]
    given: Mapping[str, float]
    times: tuple[float, ...]

    def to_table(self) -> Table:
        """The end of each scenario, or the times asked for, for text, Markdown, LaTeX and HTML."""
        shown = self.table if self.times else self.table.groupby("scenario", sort=False).tail(1)
        columns = ["scenario", "time", "survival", "conf_low", "conf_high"]
        rows = [
            [format_number(value) for value in row]
            for row in shown[columns].astype(object).itertuples(index=False, name=None)
        ]
        title = "Predicted survival" + ("" if self.times else " at the end of each path")
        begins = set(self.given.values())
        if len(begins) == 1 and len(self.given) == self.table["scenario"].nunique():
            title += f", given survival to {begins.pop():g}"
        return Table(columns, rows, title, self.notes)

    def label(self, scenario: str) -> str:
        """Name of a scenario, with the time to which its survival is given."""
        if scenario not in self.given:
            return scenario
        return f"{scenario}, given survival to {self.given[scenario]:g}"

    def __repr__(self) -> str:
        scenarios = counted(self.table["scenario"].nunique(), "scenario")
        return f"<SurvivalPrediction: {scenarios}, {counted(len(self.table), 'row')}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


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
        A frame with the fit's start and stop columns (``start`` where the fit has
        ``start=None``), the formula's columns, and a column
        ``path`` that tells paths apart (one path where it is absent). The rows of a path follow
        one another without gap or overlap. A path that starts after 0 gives survival given
        survival to its start, and the result says so. Or fixed values, such as
        ``{"election_near": [0, 1]}``: every combination is a scenario, from the first time at
        risk to the last event, with all other variables and the offset at their mean (numbers)
        or commonest value (categories) over the rows used, as ``held`` and the notes state. The
        fit's own time, where the formula names it, runs along the path, and so do columns that
        rise with it from each time to the next (``t``, ``t2``). Columns that make the strata
        follow ``stratum``. Several values: a list, array, Series, range or set.
    path : str
    begin : float, optional
        Time from which fixed values are followed (survival is then given survival to it).
    times : sequence of float, optional
        Report these times only; they must lie within each path.
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
        Paths with gaps or overlaps, times outside of a path, or before or beyond those at which
        anyone was observed.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> fit = cm.cox("event ~ risk", df, id="state")
    >>> print(cm.predict_survival(fit, {"risk": [0, 2]}, times=[4]))
    Predicted survival
    scenario   time  survival  conf_low  conf_high
    ...
    """
    check_arguments(predict_survival, locals())
    require(fit, "survival_paths", "predict_survival()")
    if not fit.converged:
        raise DataError("predict_survival() needs a fit with a finite maximum; this one has none")
    asked = times_given(times)
    followed = routes_of(fit, paths, path, begin, asked, stratum)
    span, routes, held = followed.span, followed.routes, followed.held
    parts = [_follow(fit, route, span.code, asked, level, interval) for route in routes]
    origin = min(span.first, 0.0)
    given = {route.name: route.begin for route in routes if route.begin > origin}
    return SurvivalPrediction(
        table=pd.concat(parts, ignore_index=True),
        held=held,
        level=level,
        interval=interval,
        notes=(
            _limits_note(fit, level, interval),
            *_given_notes(given),
            *_held_note(held, fit),
            *followed.notes,
            *_flat_note(span, max([route.end for route in routes])),
        ),
        given=given,
        times=() if asked is None else tuple(float(time) for time in asked),
    )


@dataclass(frozen=True)
class Routes:
    """Paths to follow, ready for an engine, with what was held fixed and must be said."""

    span: Span
    routes: list[Path]
    held: dict[str, object]
    notes: tuple[str, ...]


def routes_of(
    fit: Fit,
    paths: pd.DataFrame | Mapping[str, object],
    path: str,
    begin: float | None,
    asked: Floats | None,
    stratum: object | None,
) -> Routes:
    """Read paths as :func:`predict_survival` takes them, and refuse what cannot be followed."""
    span = fit.engine.span(stratum)
    check_times_asked(asked, span.last)
    held: dict[str, object] = {}
    seen: list[str] = []
    if isinstance(paths, pd.DataFrame):
        if begin is not None:
            raise DataError("begin is for fixed values; the paths of a frame begin with their rows")
        routes = frame_paths(paths, path, fit, span.code)
        check_paths(routes, asked, span)
    else:
        end = span.last_event if asked is None else max(span.last_event, float(asked.max()))
        first = span.first if begin is None else float(begin)
        if first < span.first - slack(span.first):
            raise DataError(
                f"nobody was observed before {span.first:g}, so begin={first:g} is too early"
            )
        chosen = {name: listed(value, name) for name, value in paths.items()}
        routes, held = fixed_paths(chosen, fit, first, end, span.code)
        seen = stretch_notes(fit, chosen, routes[0].end - routes[0].begin)
    running = [n for n in fit.engine.sample.clocks if n not in routes[0].frame.columns]
    routes = [with_clock(route, fit) for route in routes]
    if _is_smooth(fit):
        routes = [cut_at(route, asked) for route in routes]
    return Routes(span, routes, held, (*_running_note(running), *seen))


def _is_smooth(fit: Fit) -> bool:
    """Whether survival falls at every moment, not at event times or ends of periods only."""
    return "continuous_time" in fit.family.can and "free_baseline" not in fit.family.can


def _limits_note(fit: Fit, level: float, interval: str) -> str:
    own = " and the baseline's own" if "free_baseline" in fit.family.can else ""
    return (
        f"{100 * level:g}% limits on the {interval} scale, from the {fit.choices.variance} "
        f"covariance of the coefficients{own}."
    )


def _given_notes(given: Mapping[str, float]) -> list[str]:
    """Which scenarios are about those only who were there at a later time than 0."""
    return [
        f"Given survival to {begin:g} (a share of those still there then): "
        f"{'; '.join(name for name, own in given.items() if own == begin)}."
        for begin in sorted(set(given.values()))
    ]


def _held_note(held: Mapping[str, object], fit: Fit) -> list[str]:
    layers = fit.choices.strata
    own = {name: value for name, value in held.items() if name in layers}
    others = {name: value for name, value in held.items() if name not in layers}
    return [
        f"{words}: {', '.join(f'{name} {format_number(value)}' for name, value in part.items())}."
        for words, part in (("Held at means or commonest values", others), ("Stratum", own))
        if part
    ]


def _running_note(names: Sequence[str]) -> list[str]:
    return (
        [f"Running along with time, whose functions they are: {', '.join(names)}."] if names else []
    )


def _flat_note(span: Span, end: float) -> list[str]:
    if not span.flat or end <= span.last_event:
        return []
    return [
        f"The last event is at {span.last_event:g}; survival is drawn flat from there to {end:g}, "
        "where members were observed but none left."
    ]


def _follow(
    fit: Fit,
    route: Path,
    code: int | None,
    asked: Floats | None,
    level: float,
    interval: Interval,
) -> pd.DataFrame:
    with np.errstate(over="ignore", invalid="ignore"):  # told of just below
        found = fit.engine.follow(fit.estimates, route.frame, route.start, route.stop, code)
    if np.isinf(found.cumulative_hazard).any() or np.isinf(found.variance).any():
        raise DataError(
            f"the values of {route.name!r} lie so far from the data that the hazard overflows"
        )
    when = np.concatenate([[route.begin], found.times])
    hazard = np.concatenate([[0.0], found.cumulative_hazard])
    error = np.sqrt(np.concatenate([[0.0], found.variance]))
    if when[-1] < route.end:
        when, hazard, error = (
            np.append(when, route.end), np.append(hazard, hazard[-1]), np.append(error, error[-1])
        )  # fmt: skip
    if asked is not None:
        if (asked < when[0] - slack(when[0])).any():
            raise DataError(
                f"path {route.name!r} begins at {when[0]:g}; times before it: "
                f"{first_few(f'{time:g}' for time in asked if time < when[0])}"
            )
        # a time that differs from an event time by rounding only is that time
        at = np.searchsorted(when, asked + slack(asked), side="right") - 1
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
