"""The choices behind any finding, where none were given: of its facts, its clock, its model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import cast

import pandas as pd

from coalition_models.errors import DataError, gathered, warn
from coalition_models.features.registry import registered
from coalition_models.members.facts import Facts
from coalition_models.models.sample.sides import quoted, sides_of, terms_of
from coalition_models.sensitivity.choices import Dimension, Option, Setting
from coalition_models.sensitivity.fact_choices import clocks, fact_choices
from coalition_models.sensitivity.finding import Crossing, Finding
from coalition_models.sensitivity.histories import (
    Exchange,
)
from coalition_models.sensitivity.outcome_choices import estimators
from coalition_models.sensitivity.standard_choices import TERM, StandardChoices, dimensions

__all__ = ["WITHIN", "crossing_for", "of_elections"]

#: choices in which a combination may differ from the first options, so that a curve is short
_CHANGES = 2
#: of these combinations, drawn at random where there are more
_SAMPLE = 120
#: the same in words
WITHIN = (
    f"combinations that differ from the first options in {_CHANGES} choices at most, "
    f"{_SAMPLE} of them drawn at random where there are more"
)
#: columns whose finding is that an election is near
_NEAR = ("election_near", "post_election", TERM)


def of_elections(finding: Finding) -> bool:
    """Whether the term is made from the calendars of elections.

    Examples
    --------
    >>> from coalition_models.sensitivity.finding import finding_of
    >>> of_elections(finding_of("iraq", "election_near"))
    True
    """
    return finding.term == TERM or registered()["add_elections"].makes(finding.term)


def crossing_for(finding: Finding) -> Crossing:
    """Make the choices of a finding: those that were given, or the package's own.

    Near elections have dimensions of their own (:func:`dimensions`), with an exchange of calendars
    for the joint test. Any other term keeps its formula over the choices of facts and clock, its
    controls, and the estimators.

    Examples
    --------
    >>> from coalition_models.sensitivity.finding import finding_of
    >>> crossing_for(finding_of("iraq", "election_near")).term
    'election'
    """
    if finding.crossing is not None:
        return finding.crossing
    one = finding.facts is not None and len(cast("pd.DataFrame", finding.facts.coalitions)) == 1
    if one and finding.term in _NEAR:
        return _standard(finding)
    found: list[Dimension] = []
    base = Setting(panel=finding.panel, spec=finding.spec)
    if one:
        assert finding.facts is not None
        base = Setting(facts=finding.facts, spec=finding.spec).assign(options=())
        found += [*_beginning(finding, [*fact_choices(finding.facts), clocks()])]
    found += [_controls(finding, rebuilt=one), estimators(finding.spec.variance)]
    return _short(found, base, finding.term)


def _standard(finding: Finding) -> Crossing:
    assert finding.facts is not None
    choices = dimensions(finding.facts, variance=finding.spec.variance or "jackknife")
    exchange = None
    if finding.features is not None:
        with gathered():
            exchange, why = _exchange(choices)
        if why:
            warn(f"no joint test of all specifications: {why}")
    return _short(list(choices), choices.base, TERM, exchange)


def _exchange(choices: StandardChoices) -> tuple[Exchange | None, str]:
    try:
        return choices.exchange(), ""
    except DataError as error:
        return None, str(error)


def _short(
    found: list[Dimension], base: Setting, term: str, exchange: Exchange | None = None
) -> Crossing:
    first = {one.name: one.labels[0] for one in found}
    more = {"where": partial(_near, first), "sample": _SAMPLE}
    return Crossing(tuple(found), base, term, exchange, more)


def _near(first: Mapping[str, object], chosen: Mapping[str, object]) -> bool:
    return sum(chosen[name] != label for name, label in first.items()) <= _CHANGES


def _beginning(finding: Finding, found: list[Dimension]) -> list[Dimension]:
    """The dimensions with the finding's own option first; without those it has no option of."""
    kept = []
    for one in found:
        name = "exit_kinds" if one.name == "kinds" else one.name
        own = finding.options.get(name, one.labels[0])
        own = ", ".join(own) if isinstance(own, tuple | list) else own
        options = one.options_in_order
        mine = [option for option in options if option.label == own]
        if name in ("exit_kinds", "exit_date", "wind_up", "peak_at_least", "clock"):
            others = [option for option in options if option.label != own]
            kept += [Dimension(one.name, [*mine, *others], one.note)] if mine else []
        else:
            kept.append(one)
    return kept


def _controls(finding: Finding, *, rebuilt: bool) -> Dimension:
    """The formula as written, the term alone, and without each control; on rows made anew."""
    left, right = sides_of(finding.spec.formula)
    term = quoted(finding.term) if finding.term in finding.panel.columns else finding.term
    others = [one for one in terms_of(right) if one not in (term, finding.term)]
    formulas = {"as written": finding.spec.formula}
    if others:
        formulas["none"] = f"{left.strip()} ~ {term}"
    if len(others) > 1:
        for one in others:
            kept = [term, *(other for other in others if other != one)]
            formulas[f"without {one}"] = f"{left.strip()} ~ {' + '.join(kept)}"
    rows = finding if rebuilt else None
    return Dimension(
        "controls", [Option(name, partial(_formula, rows, one)) for name, one in formulas.items()]
    )


def _formula(finding: Finding | None, formula: str, setting: Setting) -> Setting:
    if finding is not None:
        assert setting.facts is not None
        panel = setting.once(_panel, finding, setting.facts, setting["options"])
        setting = setting.replace(panel=panel)
    return setting.respecify(formula=formula)


def _panel(finding: Finding, facts: Facts, options: tuple[tuple[str, object], ...]) -> pd.DataFrame:
    return finding.built(facts, **dict(options))
