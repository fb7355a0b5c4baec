"""A small fixed grid of specifications around a claim's registered test.

The grid crosses ties (Efron, Breslow), clock (time since entry, time of the coalition), measure
(the windows and columns registered as alternatives) and size (all members, those that ever had
:data:`TOKEN` persons). Beside it, the registered test without each cluster in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.errors import AbsentError, CoverageError, FitError
from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.rule import alpha_of
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.inference.without_one import largest_first, leave_one_out
from coalition_models.members.facts import facts_of
from coalition_models.models.family import family_named
from coalition_models.models.sample.checks import names_of
from coalition_models.record import record_of
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.summaries import share
from coalition_models.timelines.clock import on_clock

__all__ = ["TOKEN", "Robustness", "check_robustness"]

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
        return share(self.grid, "holds")

    @property
    def share_same_sign(self) -> float:
        """Share of the grid with the same sign, whatever its p-value."""
        return share(self.grid, "same_sign")

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
        return share(self.without_one, "holds")


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
    frame, _ = bench.measure(claim, alternatives=True)
    base = Setting(panel=frame, values={"term": claim.term})
    printed, measure = _measures(bench, claim, frame)
    can = family_named(model).can
    ties = Dimension.of("ties", ("efron", "breslow") if "ties" in can else ("",))
    clock = _clocks(frame, claim) if "free_baseline" in can else Dimension.of("clock", ("",))

    def estimate(setting: Setting) -> dict[str, object]:
        found = estimate_term(
            setting.rows, setting["term"], claim.controls, cluster=cluster, model=model,
            ties=setting["ties"] or "efron", strata=names_of(primary.fit.spec.strata, "strata"),
            keep_controls=claim.interaction, level=level, limits=False,
        )  # fmt: skip
        return {"estimate": found.estimate, "p_value": found.p_value}

    found = run(
        base, [measure, clock, _SIZE, ties], estimate, failures=(FitError,),
        blank={"estimate": np.nan, "p_value": np.nan},
    )  # fmt: skip
    grid = found.table[[*_CHOICES, "estimate", "p_value", "problem"]]
    return Robustness(
        _judge(grid.assign(measure=grid["measure"].map(printed)), primary, level),
        _judge(leave_one_out(primary), primary, level),
    )


def _judge(frame: pd.DataFrame, primary: TermEstimate, level: float) -> pd.DataFrame:
    same = frame["estimate"] * primary.estimate > 0
    return frame.assign(same_sign=same, holds=same & (frame["p_value"] < alpha_of(level)))


def _measures(
    bench: Bench, claim: Claim, registered: pd.DataFrame
) -> tuple[dict[str, str], Dimension]:
    """The registered measure and its alternatives; what each is called in print."""
    steps = read_plan().steps
    printed = {"registered": "registered", **{name: name for name in claim.alternatives}}
    options = [Option("registered", lambda setting: setting)]
    options += [Option(name, partial(_other_column, claim, name)) for name in claim.alternatives]
    for step in claim.steps:
        for argument, values in steps[step].vary.items():
            for value in values:
                if value == steps[step].args.get(argument):
                    continue
                # two steps may vary an argument of one name
                label = f"{step} {argument} {value}"
                printed[label] = f"{argument} {value}"
                vary = {step: {argument: value}}
                options.append(Option(label, partial(_varied, bench, claim, registered, vary)))
    return printed, Dimension("measure", options)


def _other_column(claim: Claim, name: str, setting: Setting) -> Setting | Skip:
    frame = setting.rows
    if name not in frame.columns or not frame[name].notna().any():
        return Skip("not known here")
    # a shorter window may say the same, as in years
    same = frame[name].equals(frame[claim.term])
    return Skip("the same as registered") if same else setting.assign(term=name)


def _varied(
    bench: Bench,
    claim: Claim,
    registered: pd.DataFrame,
    vary: Mapping[str, Mapping[str, object]],
    setting: Setting,
) -> Setting | Skip:
    try:
        found = bench.measure(claim, vary=vary)[0]
    except CoverageError as error:
        return Skip(str(error))
    same = _alike(found, registered, claim)
    return Skip("the same as registered") if same else setting.replace(panel=found)


def _alike(one: pd.DataFrame, other: pd.DataFrame, claim: Claim) -> bool:
    """Whether the test would be the same: a column taken as given, or a window without effect."""
    names = [claim.term, *claim.controls]
    return all(name in one and name in other and one[name].equals(other[name]) for name in names)


def _clocks(frame: pd.DataFrame, claim: Claim) -> Dimension:
    """The panel's own clock and the others, as far as the claim can be told from them."""
    given = str(record_of(frame).panel.get("clock", "as given"))
    return Dimension(
        "clock",
        {
            clock: partial(_timed, claim, clock, given)
            for clock in dict.fromkeys((given, "entry", "coalition"))
        },
    )


def _timed(claim: Claim, clock: str, given: str, setting: Setting) -> Setting | Skip:
    as_it_is = claim.clock in ("", given)
    if clock == given:
        return setting if as_it_is else Skip(f"the claim needs the {claim.clock}'s clock")
    if claim.clock not in ("", clock):
        return Skip(f"the claim needs the {claim.clock}'s clock")
    frame = setting.rows
    if claim.common and clock == "coalition" and len(set(frame["coalition"])) == 1:
        return Skip("the term is common to all members at one time")
    try:
        timed = on_clock(frame, clock)
    except AbsentError as error:
        return Skip(str(error))
    same = np.array_equal(timed["start"], frame["start"]) and np.array_equal(
        timed["stop"], frame["stop"]
    )
    return Skip(f"the same as {given}") if as_it_is and same else setting.replace(panel=timed)


def _large(setting: Setting) -> Setting | Skip:
    frame = setting.rows
    peak = _peak(frame)
    if peak is None:
        return Skip("no peak strength is known")
    large = (peak >= TOKEN).to_numpy(dtype=bool, na_value=False)
    if large.all() or not large.any():
        return Skip(f"{'all' if large.all() else 'none'} had {TOKEN} persons")
    return setting.replace(panel=frame[large])


_CHOICES = ["ties", "clock", "measure", "size"]
_SIZE = Dimension("size", {"all": lambda setting: setting, f"{TOKEN} or more": _large})


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
