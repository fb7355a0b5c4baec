"""A finding without each state, coalition, event and period, and the fewest events it hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, listed
from coalition_models.errors import CoverageError, DataError, FitError, counted, gathered
from coalition_models.inference.null_score import score_at_null
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.models.family import require
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number, listing
from coalition_models.sensitivity.choices import Setting
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.engine import run_tasks

__all__ = ["FewestEvents", "fewest_events", "leave_out"]

_BY = ("state", "coalition", "event", "period")
_KEPT = ("estimate", "p_value", "z_by_cluster", "events", "exposed_events")
_CHUNK = 50

Rows = npt.NDArray[np.int64]


def leave_out(
    spec: Specification,
    panel: pd.DataFrame,
    term: str,
    *,
    by: Sequence[str] = _BY,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Refit without each state, coalition, event and year.

    Parameters
    ----------
    spec : Specification
        Clustered one way.
    panel : DataFrame
        As :func:`build_panel` makes it. Features stay as they are.
    term : str
    by : sequence of {"state", "coalition", "event", "period"}
        ``event``: the member is censored in place of leaving. ``period``: a calendar year.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    DataFrame
        ``by, left_out, estimate, p_value, z_by_cluster`` (the score over the root of its squares by
        cluster; of a family without scores Wald's), ``events, exposed_events, turns`` (whether that
        z crosses 1.96 or zero), ``problem``; first of all the whole panel, ``by`` empty. A panel of
        one coalition has no line for it.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, hazard=0.03, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> found = cm.sensitivity.leave_out(spec, panel, "risk", by=["state"])
    >>> len(found), int(found["turns"].sum())
    (31, 0)
    """
    check_arguments(leave_out, locals())
    _check(spec, panel)
    by = listed(by)
    wrong = [name for name in by if name not in _BY]
    if wrong:
        raise DataError(f"by must be among {', '.join(_BY)}, not {', '.join(wrong)}")
    worlds: list[tuple[str, str, Rows, Rows]] = [("", "", _none(), _none())]
    for name in by:
        if name == "event":
            worlds += [
                (name, label, _none(), np.array([row])) for row, label in _events(spec, panel)
            ]
            continue
        values = panel[name].dt.year if name == "period" else panel[name]
        groups = values.groupby(values, observed=True).indices
        if len(groups) > 1:
            worlds += [
                (name, str(label), np.asarray(rows), _none()) for label, rows in groups.items()
            ]
    found = run_tasks(
        partial(_refit, spec, panel, term), worlds, about="leave_out", workers=workers, keep=keep,
        progress=progress,
    )  # fmt: skip
    table = pd.DataFrame(found.answers)
    base = float(table["z_by_cluster"].iloc[0])
    turns = [np.isfinite(z) and _turned(base, float(z)) for z in table["z_by_cluster"]]
    table.insert(len(table.columns) - 1, "turns", turns)
    return listing(table)


@dataclass(frozen=True, repr=False)
class FewestEvents:
    """The fewest events without which the score of a term crosses 1.96.

    Attributes
    ----------
    term : str
    z : float
        Of the whole panel: the score over the root of its squares by cluster.
    count : int or None
        How many events; None where not even the most looked at suffice.
    events : tuple of str
        Which, the set that moves the score farthest.
    z_without : float
    sets : int
        How many sets of that size suffice.
    exact : bool
        Whether all sets of that size and of all smaller sizes were looked at; else it is a number
        that suffices.
    path : DataFrame
        Per size ``events, z, sets_looked_at``: the set that moves the score farthest.
    """

    term: str
    z: float
    count: int | None
    events: tuple[str, ...]
    z_without: float
    sets: int
    exact: bool
    path: pd.DataFrame

    def to_table(self) -> Table:
        """The sets by size."""
        rows = [
            [str(i), names, format_number(z), str(n)]
            for i, names, z, n in self.path.itertuples(index=False)
        ]
        if self.count is None:
            note = "No set looked at turns the significance."
        else:
            way = "all sets were looked at" if self.exact else "one after the other"
            note = f"{self.count} suffice ({counted(self.sets, 'such set')}); {way}."
        return Table(
            ["events censored", "which", "score z", "sets looked at"], rows,
            f"Fewest events: {self.term}, z {format_number(self.z)} as it is", [note],
        )  # fmt: skip

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def fewest_events(
    spec: Specification,
    panel: pd.DataFrame,
    term: str,
    *,
    exact: int = 3,
    most: int = 10,
    fits: int = 20_000,
    workers: int | None = 1,
    progress: bool = False,
) -> FewestEvents:
    """Find the fewest events whose removal changes whether a term is significant.

    A removed event is one whose member is censored in place of leaving. The statistic is the score
    where the term has no effect, over the root of its squares by cluster, against 1.96: it exists
    in every set, also where an estimate does not.

    Parameters
    ----------
    spec : Specification
        Of a family with scores at the null, clustered one way.
    panel : DataFrame
        Features stay as they are; for exits coded otherwise, with all features made anew, see
        :func:`~coalition_models.sensitivity.uncertain_codings.coding_uncertainty`.
    term : str
    exact : int
        Up to this size all sets are looked at; larger ones add one event to the best set.
    most : int
        Largest size.
    fits : int
        Most sets of one size that are looked at; with more of them sets grow one by one.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    progress : bool
        Show how far it is, for each size.

    Returns
    -------
    FewestEvents

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=20, hazard=0.02, coefficients={"risk": 1.0}, seed=2)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> found = cm.sensitivity.fewest_events(spec, panel, "risk", exact=1, most=3)
    >>> len(found.path) <= 3
    True
    """
    check_arguments(fewest_events, locals())
    require(spec.record, "null_scores", "fewest_events()")
    check_count(exact, "exact", least=1)
    check_count(most, "most", least=1)
    _check(spec, panel)
    labels = dict(_events(spec, panel))
    rows = list(labels)
    with gathered():
        base = _score(spec, panel, term, ())
    if not np.isfinite(base):
        raise FitError(f"{term} has no score on the whole panel: it does not vary at the events")
    inward = abs(base) > EDGE
    best: tuple[int, ...] = ()
    path, all_looked_at = [], True
    for size in range(1, min(most, len(rows) - 1) + 1):
        whole = all_looked_at and size <= exact and comb(len(rows), size) <= fits
        all_looked_at = whole
        sets = (
            list(combinations(rows, size))
            if whole
            else [(*best, row) for row in rows if row not in best]
        )
        found = run_tasks(
            partial(_score, spec, panel, term), sets, about=f"without {counted(size, 'event')}",
            chunk=_CHUNK, workers=workers, progress=progress,
        )  # fmt: skip
        z = np.array(found.answers)
        turned = [np.isfinite(one) and _turned(base, float(one), sign=False) for one in z]
        # towards none from beyond the edge, else away from it
        far = np.where(np.isfinite(z), -np.sign(base) * z if inward else np.abs(z), -np.inf)
        at = int(far.argmax())
        best = sets[at]
        names = tuple(labels[row] for row in best)
        path.append((size, ", ".join(names), float(z[at]), len(sets)))
        if any(turned):
            return FewestEvents(
                term, base, size, names, float(z[at]), sum(turned), whole, _path(path)
            )
    return FewestEvents(term, base, None, (), float("nan"), 0, False, _path(path))


def _path(lines: list[tuple[int, str, float, int]]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["size", "events", "z", "sets_looked_at"])


def _none() -> Rows:
    return np.array([], dtype=np.int64)


def _check(spec: Specification, panel: pd.DataFrame) -> None:
    if not spec.cluster or len(spec.cluster) != 1:
        raise DataError(
            "what is left out is judged by one set of clusters: give the specification cluster="
        )
    event = event_of(spec.formula)
    lacking = [c for c in ("coalition", "state", "spell", "period", event) if c not in panel]
    if lacking:
        raise DataError(f"the panel lacks {', '.join(lacking)}: build it with build_panel()")
    if not panel[event].eq(1).any():
        raise DataError("the panel holds no event that could be left out")


def _events(spec: Specification, panel: pd.DataFrame) -> list[tuple[int, str]]:
    """Place and name of each event."""
    found = np.flatnonzero(panel[event_of(spec.formula)].eq(1).to_numpy())
    part = panel.iloc[found]
    names = [
        f"{coalition} {state}-{spell} {period:%Y-%m}"
        for coalition, state, spell, period in part[
            ["coalition", "state", "spell", "period"]
        ].itertuples(index=False)
    ]
    return list(zip(found.tolist(), names, strict=True))


def _turned(base: float, z: float, *, sign: bool = True) -> bool:
    """Whether a score lies on the other side of 1.96, or of zero."""
    return (abs(base) > EDGE) != (abs(z) > EDGE) or (sign and base * z < 0)


def _censored(spec: Specification, panel: pd.DataFrame, rows: Sequence[int] | Rows) -> pd.DataFrame:
    name = event_of(spec.formula)
    event = panel[name].to_numpy().copy()
    event[list(rows)] = 0
    return panel.assign(**{name: event})


def _refit(
    spec: Specification, panel: pd.DataFrame, term: str, world: tuple[str, str, Rows, Rows]
) -> dict[str, object]:
    """Fit without some rows, and with some events censored."""
    by, label, without, censored = world
    rows = _censored(spec, panel, censored)
    if len(without):
        keep = np.ones(len(rows), dtype=bool)
        keep[without] = False
        rows = rows[keep]
    line: dict[str, object] = {"by": by, "left_out": label}
    try:
        found = dict(Estimate(term, None)(Setting(panel=rows, spec=spec)))
    except (FitError, CoverageError) as error:
        return line | {**dict.fromkeys(_KEPT, np.nan), "problem": str(error)}
    return line | {**{name: found[name] for name in _KEPT}, "problem": found["note"] or ""}


def _score(spec: Specification, panel: pd.DataFrame, term: str, events: tuple[int, ...]) -> float:
    """Score z of a term without a set of events; missing where there is none."""
    try:
        return score_at_null(spec, term, _censored(spec, panel, events)).numbers["z_by_cluster"]
    except FitError:
        return float("nan")
