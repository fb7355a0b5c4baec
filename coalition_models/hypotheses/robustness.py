"""A small fixed grid of specifications around a claim's registered test.

The grid crosses ties (Efron, Breslow), clock (time since entry, time of the coalition), measure
(the windows and columns registered as alternatives) and size (all members, those that ever had
:data:`TOKEN` persons). Beside it, the registered test without each cluster in turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coalition_models.errors import AbsentError, CoverageError, FitError
from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.rule import alpha_of
from coalition_models.inference.cautious import TermEstimate, estimate_term
from coalition_models.inference.without_one import WORST, largest_first, leave_one_out
from coalition_models.members.facts import facts_of
from coalition_models.models.family import family_named
from coalition_models.record import record_of
from coalition_models.timelines.clock import on_clock

__all__ = ["TOKEN", "WORST", "Robustness", "check_robustness", "leave_one_out"]

#: members whose peak is below this number of persons are left out in half of the grid
TOKEN = 50


@dataclass(frozen=True)
class Robustness:
    """How a finding fares in the grid.

    Attributes
    ----------
    grid : DataFrame
        ``ties, clock, measure, size, estimate, p_value, same_sign, holds`` (same sign and p below
        one minus the level), ``problem`` (why a specification could not be estimated; such a one
        does not hold).
    without_one : DataFrame
        ``left_out, estimate, p_value, same_sign, holds``.
    """

    grid: pd.DataFrame
    without_one: pd.DataFrame

    @property
    def share(self) -> float:
        """Share of the grid that holds."""
        return _share(self.grid)

    @property
    def share_same_sign(self) -> float:
        """Share of the grid with the same sign, whatever its p-value."""
        return float(self.grid["same_sign"].mean()) if len(self.grid) else float("nan")

    @property
    def worst(self) -> tuple[str, float]:
        """Cluster without which p is largest, or cannot be had; and that p."""
        if self.without_one.empty:
            return "", float("nan")
        p_value = self.without_one["p_value"].to_numpy(dtype=float)
        known = np.where(np.isnan(p_value), np.inf, p_value)
        at = int(largest_first(known, list(self.without_one["left_out"]))[0])
        return str(self.without_one["left_out"].iloc[at]), float(p_value[at])

    @property
    def share_without_one(self) -> float:
        """Share of the fits without one cluster that hold."""
        return _share(self.without_one)


def _share(frame: pd.DataFrame) -> float:
    return float(frame["holds"].mean()) if len(frame) else float("nan")


def check_robustness(
    bench: Bench,
    claim: Claim,
    primary: TermEstimate,
    *,
    cluster: str | Sequence[str],
    model: str,
    level: float,
) -> Robustness:
    """Estimate the claim's term over the grid, and without each cluster.

    Parameters
    ----------
    bench : Bench
    claim : Claim
    primary : TermEstimate
        The registered test on the same panel.
    cluster : str or sequence of str
    model : str
    level : float

    Returns
    -------
    Robustness
    """
    rows = []
    for measure, frame, varied in _measures(bench, claim):
        for clock, timed in _clocks(frame, claim, model):
            for size, part in _sizes(timed):
                for ties in ("efron", "breslow") if "ties" in family_named(model).can else ("",):
                    line = _cell(part, varied, cluster, model, ties or "efron", level)
                    rows.append(
                        {"ties": ties, "clock": clock, "measure": measure, "size": size, **line}
                    )
    grid = pd.DataFrame(rows)
    return Robustness(
        _judge(grid, primary, level),
        _judge(leave_one_out(primary), primary, level),
    )


def _judge(frame: pd.DataFrame, primary: TermEstimate, level: float) -> pd.DataFrame:
    same = frame["estimate"] * primary.estimate > 0
    return frame.assign(same_sign=same, holds=same & (frame["p_value"] < alpha_of(level)))


def _measures(bench: Bench, claim: Claim) -> Iterator[tuple[str, pd.DataFrame, Claim]]:
    """The registered measure and its alternatives, each with its panel."""
    frame, _ = bench.measure(claim, alternatives=True)
    yield "registered", frame, claim
    for name in claim.alternatives:
        known = name in frame.columns and frame[name].notna().any()
        # a shorter window may say the same, as in years
        if known and not frame[name].equals(frame[claim.term]):
            yield name, frame, replace(claim, term=name)
    steps = read_plan().steps
    for step in claim.steps:
        registered = steps[step].args
        for argument, values in steps[step].vary.items():
            for value in values:
                if value == registered.get(argument):
                    continue
                vary = {step: {argument: value}}
                found = _varied(bench, claim, vary)
                if found is not None and not _alike(found, frame, claim):
                    yield f"{argument} {value}", found, claim


def _varied(
    bench: Bench, claim: Claim, vary: Mapping[str, Mapping[str, object]]
) -> pd.DataFrame | None:
    try:
        return bench.measure(claim, vary=vary)[0]
    except CoverageError:
        return None


def _alike(one: pd.DataFrame, other: pd.DataFrame, claim: Claim) -> bool:
    """Whether the test would be the same: a column taken as given, or a window without effect."""
    names = [claim.term, *claim.controls]
    return all(name in one and name in other and one[name].equals(other[name]) for name in names)


def _clocks(frame: pd.DataFrame, claim: Claim, model: str) -> Iterator[tuple[str, pd.DataFrame]]:
    if "free_baseline" not in family_named(model).can:
        yield "", frame
        return
    given = str(record_of(frame).panel.get("clock", "as given"))
    as_it_is = claim.clock in ("", given)
    if as_it_is:
        yield given, frame
    for clock in ("entry", "coalition"):
        if clock == given or claim.clock not in ("", clock):
            continue
        if claim.common and clock == "coalition" and len(set(frame["coalition"])) == 1:
            continue
        timed = _timed(frame, clock)
        if timed is None:
            continue
        same = np.array_equal(timed["start"], frame["start"]) and np.array_equal(
            timed["stop"], frame["stop"]
        )
        if not (as_it_is and same):
            yield clock, timed


def _timed(frame: pd.DataFrame, clock: str) -> pd.DataFrame | None:
    try:
        return on_clock(frame, clock)
    except AbsentError:
        return None


def _sizes(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "all", frame
    peak = _peak(frame)
    if peak is None:
        return
    large = (peak >= TOKEN).to_numpy(dtype=bool, na_value=False)
    if large.any() and not large.all():
        yield f"{TOKEN} or more", frame[large]


def _peak(frame: pd.DataFrame) -> pd.Series | None:
    """Peak strength of each row's spell, where the panel or its facts have it."""
    if "peak_troops" in frame.columns:
        return frame["peak_troops"]
    key = ["coalition", "cow", "spell"]
    facts = facts_of(frame)
    members = None if facts is None else facts.members
    if members is None or "peak_troops" not in members.columns or not set(key) <= set(frame):
        return None
    spells = members.drop_duplicates(key).set_index(key)["peak_troops"]
    found = spells.reindex(pd.MultiIndex.from_frame(frame[key]))
    return found.set_axis(frame.index) if found.notna().any() else None


def _cell(
    frame: pd.DataFrame,
    claim: Claim,
    cluster: str | Sequence[str],
    model: str,
    ties: str,
    level: float,
) -> dict[str, object]:
    try:
        found = estimate_term(
            frame, claim.term, claim.controls, cluster=cluster, model=model, ties=ties,
            keep_controls=claim.interaction, level=level, limits=False,
        )  # fmt: skip
    except FitError as error:
        return {"estimate": np.nan, "p_value": np.nan, "problem": str(error)}
    return {"estimate": found.estimate, "p_value": found.p_value, "problem": ""}
