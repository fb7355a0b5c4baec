"""Choices beyond panel and window: rules of defection, lists of elections, controls, priors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.defection.coding import Coder, coder_of
from coalition_models.defection.named_rules import named_rule
from coalition_models.defection.outcome import panel_events
from coalition_models.errors import DataError
from coalition_models.features.casualties import add_casualties
from coalition_models.features.commitment import add_commitment
from coalition_models.features.contagion import add_contagion
from coalition_models.features.leadership import add_leadership
from coalition_models.members.facts import Facts
from coalition_models.models.family import family_named
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip

__all__ = ["CONTROLS", "controls", "elections", "estimators", "ruled", "rules", "with_column"]

#: rules of articles whose defections are full exits, and those that count more
_EXITS = ("tago-2009", "morey-2017", "weisiger-2016", "mello-2020")
_MORE = ("mcinnis",)
#: of the dimension that comes after the rules
_FIRST_CLOCK = ("clock", "entry")
_Given = tuple[tuple[str, object], ...]


def _same(setting: Setting) -> Setting:
    return setting


def rules(facts: Facts) -> Dimension:
    """Rules of defection: the kinds of exit as coded, or how an article reads them.

    Examples
    --------
    >>> import coalition_models as cm
    >>> rules(cm.facts("iraq")).labels[:2]
    ('exits as coded', 'tago-2009')
    """

    def choose(setting: Setting, name: str) -> Setting | Skip:
        for other in ("kinds", "exit_date"):
            first = {"kinds": "early", "exit_date": "main"}[other]
            if setting.chosen.get(other, first) != first:
                return Skip(f"a rule says itself which exits count, and when: {other} is its own")
        try:
            ruled(setting.assign(rule=name), (*setting["options"], _FIRST_CLOCK))
        except DataError as error:
            return Skip(str(error).partition("\n")[0])
        return setting.assign(rule=name)

    options = [Option("exits as coded", _same)]
    options += [
        Option(name, partial(choose, name=name), "not equivalent",
               f"the article's own reading of which exits count, dated by "
               f"{named_rule(name).exit_date}")
        for name in _EXITS
    ]  # fmt: skip
    if facts.troops is not None and facts.changes is not None:
        options += [
            Option(name, partial(choose, name=name), "not equivalent",
                   "cuts, moves and caveats are defections too")
            for name in _MORE
        ]  # fmt: skip
    return Dimension("rule", options)


def ruled(setting: Setting, options: _Given) -> pd.DataFrame:
    """The panel of a setting's facts and options, with the defections of its rule as its events.

    Facts are looked through once for all rules, a rule is coded once for all their panels, and a
    panel built once for all rules.
    """
    facts, name = cast("Facts", setting.facts), setting["rule"]
    if not name:
        return setting.once(_built, facts, options)
    given = {**dict(options), "exit_date": named_rule(name).exit_date}
    panel = setting.once(_built, facts, tuple(given.items()))
    coded = setting.once(_coded, setting.once(coder_of, facts), name)
    return setting.once(panel_events, panel, coded)


def _coded(coder: Coder, rule: str) -> pd.DataFrame:
    return coder.code(rule)


def _built(facts: Facts, options: _Given) -> pd.DataFrame:
    from coalition_models.members.panel import build_panel

    return build_panel(facts, **cast("dict[str, Any]", dict(options)))


def elections(facts: Facts) -> Dimension:
    """Which elections are read, and what is known of them when.

    Examples
    --------
    >>> import coalition_models as cm
    >>> elections(cm.facts("iraq")).labels[:2]
    ('all lists', 'leading office')
    """

    def choose(setting: Setting, **given: object) -> Setting:
        return setting.assign(elections=tuple(given.items()))

    options = [Option("all lists", _same)]
    if facts.elections is None:
        options += [
            Option("leading office", partial(choose, kinds="regime"), "uncertain",
                   "only those of the office that leads"),
            Option("ParlGov", partial(choose, sources="parlgov"), "not equivalent",
                   "lists some forty democracies: another sample"),
            Option("REIGN", partial(choose, sources="reign"), "not equivalent",
                   "ends in 2021 and lists one kind at a time: another sample"),
        ]  # fmt: skip
    options += [
        Option("once called", partial(choose, strict=True), "uncertain",
               "an election counts from its call, or two months before"),
        Option("as of the end", partial(choose, as_of="end"), "uncertain",
               "an election within the month counts as past, though an exit may precede it"),
    ]  # fmt: skip
    return Dimension("elections", options)


_Builder = Callable[[pd.DataFrame], pd.DataFrame]
#: what may be held constant -> its column and the builder that makes it
CONTROLS: Mapping[str, tuple[str, _Builder]] = {
    "casualties": ("log_deaths_weighted", add_casualties),
    "earlier exits": ("recent_exits_12m", add_contagion),
    "strength": ("log_troops", partial(add_commitment, external="never")),
    "strength a year before": (
        "log_troops", partial(add_commitment, strength_lag=12, external="never")),
    "new leader": ("leader_change", partial(add_leadership, external="never")),
    "new head of government": (
        "leader_change", partial(add_leadership, who="head_of_government", external="never")),
}  # fmt: skip


def _column(build: _Builder, panel: pd.DataFrame, column: str) -> pd.Series:
    return build(panel)[column]


def with_column(
    panel: pd.DataFrame, name: str, values: pd.Series | npt.NDArray[np.float64]
) -> pd.DataFrame:
    """A panel with one column more (or another one), which shares the others with the first.

    Panels of settings are never changed in place, so that their columns need no copies.
    """
    made = panel.copy(deep=False)
    made[name] = values
    return made


def _beside(panel: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    return with_column(panel, str(values.name), values)


def controls(facts: Facts, term: str) -> Dimension:
    """What is held constant, with the lag and the source that it is measured by.

    Examples
    --------
    >>> import coalition_models as cm
    >>> controls(cm.facts("iraq"), "election").labels[:3]
    ('none', 'casualties', 'earlier exits')
    """

    def choose(setting: Setting, name: str) -> Setting:
        column, build = CONTROLS[name]
        values = setting.once(_column, build, setting["bare"], column)
        panel = _beside(setting.rows, values)
        return setting.replace(panel=panel).respecify(formula=f"event ~ {term} + {column}")

    def option(name: str, standing: str = "equivalent", note: str = "") -> Option:
        return Option(name, partial(choose, name=name), standing, note)

    options = [Option("none", _same)]
    if facts.deaths is not None:
        options.append(option("casualties"))
    options.append(
        option("earlier exits", "uncertain", "others' exits may follow from the same elections")
    )
    if facts.troops is not None:
        options += [
            option("strength", "uncertain", "a contingent that goes home is small before"),
            option("strength a year before", "uncertain", "members of the first year are left out"),
        ]
    options.append(
        option("new leader", "uncertain", "elections bring leaders: what they do is held constant")
    )
    if facts.leaders is None:
        options.append(
            option("new head of government", "not equivalent",
                   "ParlGov's states alone: another sample")
        )  # fmt: skip
    return Dimension("controls", options)


def estimators(variance: str | None) -> Dimension:
    """Families, ties, and priors that keep an estimate finite.

    Examples
    --------
    >>> estimators("jackknife").labels
    ('cox', 'cloglog', 'logit', 'cox, Breslow ties', 'cox, Firth', 'logit, log-F(1, 1)')
    """

    def choose(setting: Setting, name: str) -> Setting:
        # the jackknife of families that refit one by one would take the time of all the others
        given = variance if "batch_refits" in family_named(name).can else None
        return setting.respecify(family=name, variance=given)

    def tied(setting: Setting) -> Setting:
        return choose(setting, "cox").respecify(ties="breslow")

    def pulled(setting: Setting, name: str, **given: object) -> Setting:
        made = choose(setting, name)
        assert made.spec is not None
        alone = replace(made.spec, cluster=None, variance=None, **given)  # type: ignore[arg-type]
        return made.assign(fit_as=alone)

    independent = "limits take rows as independent; the score is clustered"
    return Dimension(
        "estimator",
        [
            *(Option(name, partial(choose, name=name)) for name in ("cox", "cloglog", "logit")),
            Option("cox, Breslow ties", tied, "uncertain", "off where many leave in one month"),
            Option("cox, Firth", partial(pulled, name="cox", penalty="firth"), "uncertain",
                   independent),
            Option("logit, log-F(1, 1)", partial(pulled, name="logit", prior="log-F(1, 1)"),
                   "uncertain", f"a weak prior; {independent}"),
        ],
    )  # fmt: skip
