"""The dimensions that an analysis names, as choices of a specification curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from coalition_models.analyses.material import Material
from coalition_models.analyses.reading import Analysis
from coalition_models.errors import DataError
from coalition_models.models.sample.sides import sides_of
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip
from coalition_models.sensitivity.finding import Crossing
from coalition_models.sensitivity.standard_choices import TERM, dimensions

__all__ = ["crossing_of"]


def crossing_of(analysis: Analysis, material: Material) -> Crossing:
    """Make the dimensions of an analysis.

    Raises
    ------
    DataError
        With the line of the file: choices that the data do not have.
    """
    asked = analysis.sensitivity
    given = asked.get("dimensions", {})
    base = Setting(facts=material.facts, panel=material.panel, spec=analysis.spec)
    base = base.assign(options=())
    found: list[Dimension] = []
    term = str(asked["term"])
    if given.get("standard"):
        return _standard(analysis, material)
    if "build" in given:
        if material.facts is None:
            raise analysis.document.refusal(
                ("sensitivity", "dimensions", "build"),
                "[sensitivity] dimensions.build needs facts: a set of spells, or a folder",
            )
        found += [
            Dimension(name, [Option(_label(one), partial(_rebuilt, material, name, one))
                             for one in values])
            for name, values in given["build"].items()
        ]  # fmt: skip
    if "controls" in given:
        found.append(_controls(term, given["controls"]))
    model = given.get("model", {})
    # the family first: others ask what it can do
    names = sorted(model, key=lambda name: name != "family")
    found += [_of_model(name, model[name]) for name in names]
    if not found:
        found = [Dimension("model", [Option("as written", _same)])]
    if "joint" in asked:
        raise analysis.document.refusal(
            ("sensitivity", "joint"),
            "[sensitivity] joint exchanges the calendars of elections: it goes with "
            "dimensions.standard",
        )
    return Crossing(tuple(found), base, term, None)


def _standard(analysis: Analysis, material: Material) -> Crossing:
    place = ("sensitivity", "dimensions", "standard")
    others = [name for name in analysis.sensitivity["dimensions"] if name != "standard"]
    if others:
        raise analysis.document.refusal(
            ("sensitivity", "dimensions", others[0]),
            f"[sensitivity] dimensions.standard makes its own panels and models: leave out "
            f"{', '.join(others)}",
        )
    if material.facts is None:
        raise analysis.document.refusal(place, f"[sensitivity] {place[-1]} needs facts")
    with analysis.told_at(*place):
        choices = dimensions(material.facts, variance=analysis.spec.variance or "jackknife")
        wanted = analysis.sensitivity["dimensions"]["standard"]
        if wanted is not True:
            known = [one.name for one in choices]
            choices.without(*[name for name in wanted if name not in known])
            choices = choices.without(*[name for name in known if name not in wanted])
    exchange = None
    if "joint" in analysis.sensitivity:
        exchange = choices.exchange(analysis.sensitivity["joint"])
    return Crossing(tuple(choices), choices.base, TERM, exchange)


def _controls(term: str, controls: Sequence[str]) -> Dimension:
    return Dimension(
        "controls",
        [Option(one or "none", partial(_with_controls, term, one)) for one in controls],
    )


def _with_controls(term: str, controls: str, setting: Setting) -> Setting:
    assert setting.spec is not None
    terms = f"{term} + {controls}" if controls else term
    return setting.respecify(formula=f"{sides_of(setting.spec.formula)[0]}~ {terms}")


def _of_model(name: str, values: Sequence[Any]) -> Dimension:
    if name == "family":
        options = [Option(one, partial(_of_family, one)) for one in values]
    else:
        options = [
            Option(_label(one), partial(_respecified, name, one, first=one == values[0]))
            for one in values
        ]
    return Dimension(name, options)


def _of_family(family: str, setting: Setting) -> Setting:
    """Another estimator, without the options that it does not have."""
    try:
        return setting.respecify(family=family)
    except DataError:
        return setting.respecify(family=family, ties=None, penalty=None, variance=None)


def _respecified(name: str, value: Any, setting: Setting, *, first: bool) -> Setting | Skip:
    try:
        return setting.respecify(**{name: value})
    except DataError as error:
        # a family without the option has one row, under the first label
        return setting if first else Skip(str(error))


def _rebuilt(material: Material, name: str, value: Any, setting: Setting) -> Setting:
    options = (*setting["options"], (name, tuple(value) if isinstance(value, list) else value))
    panel = setting.once(_panel, material, options)
    return setting.replace(panel=panel).assign(options=options)


def _panel(material: Material, options: Sequence[tuple[str, object]]) -> pd.DataFrame:
    named: Mapping[str, object] = dict(options)
    return material.build(named)


def _same(setting: Setting) -> Setting:
    return setting


def _label(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
