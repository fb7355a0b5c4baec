"""Choices in the test of a claim: rows, measure, clock, controls, estimator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.errors import AbsentError, CoverageError, DataError, gathered
from coalition_models.hypotheses.claims import Claim, read_plan
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.readings import TOKEN, Readings
from coalition_models.inference.caution import EVENTS_PER_TERM
from coalition_models.members.facts import facts_of
from coalition_models.record import record_of
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip
from coalition_models.sensitivity.outcome_choices import CONTROLS, estimators
from coalition_models.timelines.clock import on_clock

__all__ = ["claim_dimensions"]

#: beside those registered; each where the facts tell it
_BESIDE = ("casualties", "earlier exits", "strength")
_NEEDS = {"casualties": "deaths", "strength": "troops"}
_ESTIMATORS = ("cox", "cox, Breslow ties", "logit")


def claim_dimensions(
    bench: Bench, claim: Claim, frame: pd.DataFrame, readings: Readings | None, *, free: bool
) -> list[Dimension]:
    """List the choices that apply to a claim on a data set, those that make rows first.

    Parameters
    ----------
    bench : Bench
    claim : Claim
    frame : DataFrame
        The registered test's rows, with alternatives.
    readings : Readings or None
        None where rows are taken as they are.
    free : bool
        Whether the model leaves the baseline free (Cox), so that clock and estimator are choices.
    """
    rows = [_SIZE] if readings is None else list(readings.dimensions)
    found = [*rows, _measures(bench, claim, frame, readings)]
    if free:
        found.append(_clocks(frame, claim))
    found.append(_controls(claim, frame))
    if free:
        kept = [one for one in estimators(None).options_in_order if one.label in _ESTIMATORS]
        order = sorted(kept, key=lambda one: _ESTIMATORS.index(str(one.label)))
        found.append(Dimension("estimator", order))
    # these two make the rows, whether or not there is anything to choose
    return [one for one in found if len(one.labels) > 1 or one.name in ("measure", "clock")]


def _controls(claim: Claim, frame: pd.DataFrame) -> Dimension:
    """The registered controls, none, and one more."""
    options = [Option("registered", lambda setting: setting)]
    if claim.controls and not claim.interaction:
        options.append(Option("none", lambda setting: setting.assign(controls=())))
    facts = facts_of(frame)
    for name in _BESIDE if facts is not None and not claim.interaction else ():
        if name in _NEEDS and facts is not None and facts.table(_NEEDS[name]) is None:
            continue
        options.append(Option(name, partial(_one_more, name), "uncertain", "one more control"))
    return Dimension("controls", options)


def _one_more(name: str, setting: Setting) -> Setting | Skip:
    column, build = CONTROLS[name]
    given, rows = setting["controls"], setting.rows
    if column == setting["term"] or column in given:
        return Skip("the test has it")
    if int(rows["event"].sum()) < EVENTS_PER_TERM * (2 + len(given)):
        return Skip("too few events for one more control")
    try:
        with gathered():
            values = setting.once(_column, build, setting["panel"], column)
    except (AbsentError, CoverageError, DataError) as error:
        return Skip(str(error).partition("\n")[0])
    held = rows.assign(**{column: values.reindex(rows.index)})
    return setting.replace(panel=held).assign(controls=(*given, column))


def _column(build: object, panel: pd.DataFrame, column: str) -> pd.Series:
    made: pd.DataFrame = build(panel)  # type: ignore[operator]
    return made[column]


def _measures(
    bench: Bench, claim: Claim, registered: pd.DataFrame, readings: Readings | None
) -> Dimension:
    """The registered measure and its alternatives, on the rows of the reading chosen."""
    steps = read_plan().steps
    names = [f"{step} {one}" for step in claim.steps for one in steps[step].vary]
    asked = [name.split(" ", 1)[1] for name in names]
    known = _Measured(bench, claim, registered, readings)
    options = [Option("registered", known.plain)]
    options += [Option(name, partial(known.other_column, name)) for name in claim.alternatives]
    for step in claim.steps:
        for argument, values in steps[step].vary.items():
            for value in values:
                if value == steps[step].args.get(argument):
                    continue
                # two steps may vary an argument of one name
                twice = asked.count(argument) > 1
                label = f"{step} {argument} {value}" if twice else f"{argument} {value}"
                vary = {step: {argument: value}}
                options.append(Option(label, partial(known.varied, vary)))
    return Dimension("measure", options)


@dataclass(frozen=True, eq=False)
class _Measured:
    """A claim's columns on the rows of a reading."""

    bench: Bench
    claim: Claim
    registered: pd.DataFrame
    readings: Readings | None

    def at(self, setting: Setting) -> Bench | Skip:
        return self.bench if self.readings is None else self.readings.at(setting)

    def plain(self, setting: Setting) -> Setting | Skip:
        """The registered measure."""
        bench = self.at(setting)
        if isinstance(bench, Skip):
            return bench
        if self.readings is None:
            return setting.assign(panel=self.bench.panel)
        if bench is self.bench:
            return setting.replace(panel=self.registered).assign(panel=bench.panel)
        try:
            frame = bench.measure(self.claim, alternatives=True)[0]
        except CoverageError as error:
            return Skip(str(error))
        return setting.replace(panel=frame).assign(panel=bench.panel)

    def other_column(self, name: str, setting: Setting) -> Setting | Skip:
        """Another column that measures the same."""
        found = self.plain(setting)
        if isinstance(found, Skip):
            return found
        frame = found.rows
        if name not in frame.columns or not frame[name].notna().any():
            return Skip("not known here")
        # a shorter window may say the same, as in years
        same = frame[name].equals(frame[self.claim.term])
        return Skip("the same as registered") if same else found.assign(term=name)

    def varied(self, vary: Mapping[str, Mapping[str, object]], setting: Setting) -> Setting | Skip:
        """The same column with another argument."""
        plain, bench = self.plain(setting), self.at(setting)
        if isinstance(plain, Skip) or isinstance(bench, Skip):
            return plain if isinstance(plain, Skip) else Skip("no rows")
        try:
            found = bench.measure(self.claim, vary=vary)[0]
        except CoverageError as error:
            return Skip(str(error))
        if self.readings is None and setting.chosen.get(_SIZE.name):
            found = found.loc[plain.rows.index]
        same = _alike(found, plain.rows, self.claim)
        return Skip("the same as registered") if same else plain.replace(panel=found)


def _alike(one: pd.DataFrame, other: pd.DataFrame, claim: Claim) -> bool:
    """Whether the test would be the same: a column taken as given, or a window without effect."""
    names = [claim.term, *claim.controls]
    return all(name in one and name in other and one[name].equals(other[name]) for name in names)


def _clocks(frame: pd.DataFrame, claim: Claim) -> Dimension:
    """The panel's own clock and the others, or the one that the claim needs."""
    given = str(record_of(frame).panel.get("clock", "as given"))
    clocks = [claim.clock] if claim.clock else dict.fromkeys((given, "entry", "coalition"))
    return Dimension(
        "clock", {clock: partial(_timed, claim, clock, given) for clock in clocks}
    )  # fmt: skip


def _timed(claim: Claim, clock: str, given: str, setting: Setting) -> Setting | Skip:
    if clock == given:
        return setting
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
    same_said = same and not claim.clock
    return Skip(f"the same as {given}") if same_said else setting.replace(panel=timed)


def _large(setting: Setting) -> Setting | Skip:
    frame = setting.rows
    peak = _peak(frame)
    if peak is None:
        return Skip("no peak strength is known")
    large = (peak >= TOKEN).to_numpy(dtype=bool, na_value=False)
    if large.all() or not large.any():
        return Skip(f"{'all' if large.all() else 'none'} had {TOKEN} persons")
    return setting.replace(panel=frame[large])


_SIZE = Dimension(
    "peak_at_least",
    [
        Option(0, lambda setting: setting),
        Option(TOKEN, _large, "uncertain", "a sample chosen by what is known afterwards"),
    ],
)


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
