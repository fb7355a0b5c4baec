"""Rosenbaum bounds on risk sets: how unequal chances of exposure would have to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError, counted
from coalition_models.kernels._times import snap_times
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.sample.sides import quoted
from coalition_models.render import Table, format_number, format_p

__all__ = ["RosenbaumBounds", "rosenbaum_bounds"]

Floats = npt.NDArray[np.float64]
#: beyond this no bias is worth a number
_LARGEST = 1e4


@dataclass(frozen=True)
class _Set:
    """Those at risk at one time: all, exposed, with the event, and exposed with the event."""

    at_risk: int
    exposed: int
    events: int
    exposed_events: int


@dataclass(frozen=True, repr=False)
class RosenbaumBounds:
    """What a bias in who is exposed could have done to a test without covariates.

    Attributes
    ----------
    exposure : str
    direction : str
        ``more`` events among the exposed, or ``fewer``.
    table : DataFrame
        ``gamma, p_value``: the largest one-sided p-value if, among those at risk together, the
        odds of exposure differ by up to ``gamma`` between those with and without the event.
    gamma : float
        At which the p-value reaches ``level``; 1 where it does without any bias, infinite where
        none is enough.
    level : float
    events, exposed_events : int
    sets : int
        Risk sets that hold both exposed and unexposed members; the others say nothing.
    members, largest : int, float
        Members with an exposed event, and the share of these events in the member with most.
    """

    exposure: str
    direction: str
    table: pd.DataFrame
    gamma: float
    level: float
    events: int
    exposed_events: int
    sets: int
    members: int
    largest: float

    def to_table(self) -> Table:
        """The p-values, with what they rest on."""
        rows = [
            [format_number(float(g)), format_p(float(p))]
            for g, p in self.table[["gamma", "p_value"]].itertuples(index=False)
        ]
        edge = f"{self.gamma:.3g}" if np.isfinite(self.gamma) else "no gamma"
        notes = [
            f"{self.exposed_events} of {counted(self.events, 'event')} are exposed, in "
            f"{counted(self.sets, 'risk set')} with both kinds; p reaches {self.level:g} at "
            f"{edge}.",
            f"One-sided, for {self.direction} events among the exposed; tied events are drawn "
            "together from their risk set.",
            f"Exposed events are of {counted(self.members, 'member')} "
            f"({self.largest:.0%} of them of one): a member's exposure recurs, so that risk sets "
            "are not independent trials.",
        ]
        return Table(["gamma", "largest p"], rows, f"Rosenbaum bounds: {self.exposure}", notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def rosenbaum_bounds(
    data: pd.DataFrame,
    exposure: str,
    *,
    event: str = "event",
    gammas: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0),
    direction: Literal["more", "fewer"] | None = None,
    level: float = 0.05,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
) -> RosenbaumBounds:
    """Bound the p-value of a two-valued exposure under hidden bias, without covariates.

    Every event time is a matched set of those at risk then (Rosenbaum 2002; Li, Propert and
    Rosenbaum 2001). If the odds of exposure of any two members of a set differ by at most gamma,
    the number of exposed among its d events is at most as large as a draw from Fisher's noncentral
    hypergeometric distribution with odds gamma. At gamma 1 this is the exact test within risk
    sets; sets are convolved exactly.

    Parameters
    ----------
    data : DataFrame
        Rows as :func:`cox` takes them.
    exposure : str
        A column of 0 and 1.
    event, start, stop, id, strata
        As in :func:`cox`.
    gammas : sequence of float
        1 or more.
    direction : {"more", "fewer"}, optional
        Side of the test; by default the one to which the data point.
    level : float
        Of the p-value whose gamma is looked for.

    Returns
    -------
    RosenbaumBounds

    Raises
    ------
    DataError
        An exposure that is not 0 and 1, a gamma below 1, and all that :func:`cox` refuses.
    FitError
        No event, or no risk set with exposed and unexposed members.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.5}, seed=1)
    >>> panel["high"] = (panel["risk"] > 0).astype(int)
    >>> found = cm.sensitivity.rosenbaum_bounds(panel, "high")
    >>> found.table["p_value"].is_monotonic_increasing, found.gamma > 1
    (True, True)
    """
    check_arguments(rosenbaum_bounds, locals())
    chosen = sorted(dict.fromkeys(float(g) for g in gammas))
    if not chosen or not (chosen[0] >= 1 and np.isfinite(chosen).all()):
        raise DataError(f"gammas must be 1 or more, and finite; found {list(gammas)!r}")
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, not {level!r}")
    sample = draw_sample(
        f"{quoted(event)} ~ {quoted(exposure) if exposure in data.columns else exposure}",
        data,
        intercept=False,
        start=start,
        stop=stop,
        id=id,
        cluster=None,
        strata=strata,
    )
    exposed = sample.matrix[:, 0]
    if sample.matrix.shape[1] != 1 or not np.isin(exposed, (0.0, 1.0)).all():
        raise DataError(f"{exposure!r} must hold 0 and 1; make it so, (df[...] > x).astype(int)")
    sets = _risk_sets(sample, exposed)
    told = [one for one in sets if 0 < one.exposed < one.at_risk]
    if not told:
        raise FitError(
            f"no risk set holds members with and without {exposure}: there is nothing to compare"
        )
    way = direction or _way(told)

    def largest(gamma: float) -> float:
        return _tail(told, gamma, way)

    members, share = _whose(sample, exposed)
    return RosenbaumBounds(
        exposure=exposure,
        direction=way,
        table=pd.DataFrame({"gamma": chosen, "p_value": [largest(g) for g in chosen]}),
        gamma=_border(largest, level),
        level=level,
        events=sum(one.events for one in sets),
        exposed_events=sum(one.exposed_events for one in sets),
        sets=len(told),
        members=members,
        largest=share,
    )


def _risk_sets(sample: Sample, exposed: Floats) -> list[_Set]:
    """Count at every event time of every stratum."""
    if sample.start is None or sample.stop is None:
        raise DataError("risk sets need times: name them with start= and stop=")
    if not sample.event.any():
        raise FitError("no event: there are no risk sets")
    start, stop = snap_times(sample.start, sample.stop)
    layers = np.zeros(len(stop), dtype=np.int64) if sample.strata is None else sample.strata
    found = []
    happened = sample.event == 1
    for layer in np.unique(layers[happened]):
        for time in np.unique(stop[happened & (layers == layer)]):
            here = (layers == layer) & (start < time) & (stop >= time)
            ends = here & happened & (stop == time)
            found.append(
                _Set(
                    int(here.sum()),
                    int(exposed[here].sum()),
                    int(ends.sum()),
                    int(exposed[ends].sum()),
                )
            )
    return found


def _way(sets: Sequence[_Set]) -> Literal["more", "fewer"]:
    expected = sum(one.events * one.exposed / one.at_risk for one in sets)
    return "more" if sum(one.exposed_events for one in sets) >= expected else "fewer"


def _tail(sets: Sequence[_Set], gamma: float, way: str) -> float:
    """Chance of at least (or at most) as many exposed events as were seen."""
    odds = gamma if way == "more" else 1 / gamma
    total = np.ones(1)
    for one in sets:
        total = np.convolve(total, _chances(one, odds))
    seen = sum(one.exposed_events for one in sets)
    return float(min(1.0, total[seen:].sum() if way == "more" else total[: seen + 1].sum()))


def _chances(one: _Set, odds: float) -> Floats:
    """Fisher's noncentral hypergeometric chances of 0, 1, ... exposed among the events."""
    k = np.arange(one.events + 1, dtype=float)
    others = one.at_risk - one.exposed
    possible = (k <= one.exposed) & (one.events - k <= others)
    logs = np.full(len(k), -np.inf)
    inside = k[possible]
    logs[possible] = (
        _log_choose(one.exposed, inside)
        + _log_choose(others, one.events - inside)
        + inside * np.log(odds)
    )
    chances = np.exp(logs - logs.max())
    return np.asarray(chances / chances.sum())


def _log_choose(n: int, k: Floats) -> Floats:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))


def _border(largest: object, level: float) -> float:
    assert callable(largest)
    if largest(1.0) >= level:
        return 1.0
    if largest(_LARGEST) < level:
        return float("inf")
    return float(np.exp(optimize.brentq(lambda x: largest(np.exp(x)) - level, 0, np.log(_LARGEST))))


def _whose(sample: Sample, exposed: Floats) -> tuple[int, float]:
    """Members with an exposed event, and the largest share of these events."""
    hit = (sample.event == 1) & (exposed == 1)
    if not hit.any():
        return 0, 0.0
    own = np.arange(len(hit)) if sample.members is None else sample.members
    _, counts = np.unique(own[hit], return_counts=True)
    return len(counts), float(counts.max() / counts.sum())
