"""A data set's panel under other readings of its facts, with the claims' columns built anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.designs.set_tables import with_peak
from coalition_models.errors import DataError, gathered
from coalition_models.hypotheses.columns import Bench
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel
from coalition_models.sensitivity.choices import Dimension, Setting, Skip
from coalition_models.sensitivity.fact_choices import fact_choices
from coalition_models.sensitivity.standings import of_standing

__all__ = ["TOKEN", "WIND_UP", "Readings", "readings_of"]

#: members whose peak is below this number of persons are left out in some specifications
TOKEN = 50
#: months of the wind-up in which exits are not counted in some specifications
WIND_UP = 3
_Given = tuple[tuple[str, object], ...]
_TAKEN = ["coalition", "state", "spell", "period", "start", "stop", "event"]


@dataclass(eq=False)
class Readings:
    """Panels of one set of facts, each made once for all claims.

    Attributes
    ----------
    bench : Bench
        The panel as claims are tested on it.
    facts : Facts
    data : AnalysisSet
    dimensions : tuple of Dimension
        Which facts and exits count; their first options give the bench's own panel.
    """

    bench: Bench
    facts: Facts
    data: AnalysisSet
    dimensions: tuple[Dimension, ...]
    _held: dict[tuple[object, ...], Bench | Skip] = field(default_factory=dict, repr=False)

    @property
    def base(self) -> Setting:
        """Where nothing is chosen yet."""
        return Setting(facts=self.facts, made=self.bench.made).assign(options=())

    def at(self, setting: Setting) -> Bench | Skip:
        """The panel of the options chosen; a skip where it cannot be had, or is one had before."""
        key = tuple(setting.chosen.get(one.name) for one in self.dimensions)
        if key not in self._held:
            self._held[key] = self._made(setting, key)
        return self._held[key]

    def _made(self, setting: Setting, key: tuple[object, ...]) -> Bench | Skip:
        first = tuple(one.labels[0] for one in self.dimensions)
        if key == first:
            return self.bench
        options: _Given = setting["options"]
        facts = cast("Facts", setting.facts)
        try:
            panel = self._panel(facts, options)
        except DataError as error:
            return Skip(str(error).partition("\n")[0])
        if not panel["event"].any():
            return Skip("no exit is left that counts")
        for other in [self.bench, *self._held.values()]:
            if isinstance(other, Bench) and _same_rows(panel, other.panel):
                return Skip("the same rows and exits as another reading")
        return Bench(
            self.bench.data_set, panel, self.bench.tables, prefer_given=self.bench.prefer_given,
            sources=self.bench.sources, own_facts=self.bench.own_facts,
            lender=self._lender(options, key, first),
        )  # fmt: skip

    def _lender(
        self, options: _Given, key: tuple[object, ...], first: tuple[object, ...]
    ) -> Bench | None:
        """The reading that has the same dates of exit and is otherwise as registered."""
        names = [one.name for one in self.dimensions]
        plain = tuple(
            mine if name == "exit_date" else main
            for name, mine, main in zip(names, key, first, strict=True)
        )
        if plain == first:
            return self.bench
        if plain == key:
            return None
        dated = tuple(one for one in options if one[0] == "exit_date")
        setting = Setting(
            facts=self.facts, chosen=dict(zip(names, plain, strict=True))
        ).assign(options=dated)  # fmt: skip
        found = self.at(setting)
        return found if isinstance(found, Bench) else None

    def _panel(self, facts: Facts, options: _Given) -> pd.DataFrame:
        record, choices = self.data.record, self.data.choices
        given: dict[str, object] = {
            "period": record.period, "clock": record.clock, "exit_date": choices.exit_date,
            "exit_kinds": choices.kinds, "peak_at_least": choices.peak_at_least,
            "until": choices.until,
        }  # fmt: skip
        with gathered():
            panel = build_panel(facts, **cast("dict[str, Any]", {**given, **dict(options)}))
        assert facts.members is not None
        panel = with_peak(panel, facts.members)
        return panel if record.tested is None else record.tested(panel)[0]


def readings_of(data: AnalysisSet, bench: Bench) -> tuple[Readings | None, str]:
    """The readings of a set's facts, or why its rows are taken as they are.

    Examples
    --------
    >>> import coalition_models as cm
    >>> data = cm.analysis_set("iraq")
    >>> found, _ = readings_of(data, Bench("iraq", data.panel))
    >>> [one.name for one in found.dimensions]
    ['dates', 'contested', 'exit_date', 'wind_up', 'peak_at_least']
    """
    why = _as_they_are(data)
    if why or data.facts is None:
        return None, why
    own = {"exit_date": "main", "peak_at_least": 0}
    chosen = {name for name, main in own.items() if getattr(data.choices, name) != main}
    found = of_standing(fact_choices(data.facts, peak=TOKEN, wind_up=WIND_UP))
    several = [one for one in found if len(one.labels) > 1 and one.name not in chosen]
    return Readings(bench, data.facts, data, tuple(several)), ""


def _as_they_are(data: AnalysisSet) -> str:
    checks: Sequence[tuple[bool, str]] = (
        (data.facts is None, "the set is made of rows, not of facts"),
        (data.record.event != "early exit", f"the event is {data.record.event}"),
        (data.record.given, "the set brings its columns, which are not built anew"),
        (data.choices.outcome != "early", "the event is not the early exit as coded"),
    )
    return next((why for no, why in checks if no), "")


def _same_rows(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if len(one) != len(other):
        return False
    return all(
        one[name].to_numpy().tolist() == other[name].to_numpy().tolist()
        for name in _TAKEN if name in one and name in other
    )  # fmt: skip
