"""The choices that any finding on elections and exits rests on, with what speaks for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import DataError, counted, first_few
from coalition_models.features.elections import add_elections
from coalition_models.members.bundled_facts import facts as bundled
from coalition_models.members.facts import Facts
from coalition_models.models.specification import Specification
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip, cross
from coalition_models.sensitivity.fact_choices import clocks, fact_choices
from coalition_models.sensitivity.histories import (
    Exchange,
    by_state,
    complete_histories,
    throughout,
)
from coalition_models.sensitivity.outcome_choices import (
    controls,
    elections,
    estimators,
    ruled,
    rules,
    with_column,
)
from coalition_models.sensitivity.standings import SAME_QUESTION, of_standing, size_of, table_of

__all__ = ["TERM", "StandardChoices", "dimensions"]

#: the column that every option makes: 1 where an election is near
TERM = "election"
_Given = tuple[tuple[str, object], ...]


@dataclass(frozen=True, repr=False)
class StandardChoices(Sequence[Dimension]):
    """Dimensions with the setting that they start from; a sequence of dimensions by itself.

    Attributes
    ----------
    dimensions : tuple of Dimension
        Those that make panels first.
    base : Setting
        The facts and the model: ``spec_curve(choices.spec, TERM, choices, base=choices.base)``.
    """

    dimensions: tuple[Dimension, ...]
    base: Setting

    @property
    def spec(self) -> Specification:
        """The model that options start from."""
        assert self.base.spec is not None
        return self.base.spec

    @property
    def table(self) -> pd.DataFrame:
        """``dimension, option, standing, note``."""
        return table_of(self.dimensions)

    def without(self, *names: str) -> StandardChoices:
        """Leave out dimensions; each is then at its first option."""
        known = [one.name for one in self.dimensions]
        wrong = [name for name in names if name not in known]
        if wrong:
            raise DataError(f"no dimension {first_few(wrong)}; there are {', '.join(known)}")
        kept = [
            Dimension(one.name, one.options_in_order[:1], one.note) if one.name in names else one
            for one in self.dimensions
        ]
        return StandardChoices(tuple(kept), self.base)

    def keeping(self, **labels: Sequence[Hashable]) -> StandardChoices:
        """The same with some options alone, by the names of their dimensions.

        Examples
        --------
        >>> import coalition_models as cm
        >>> choices = cm.sensitivity.dimensions("iraq").keeping(estimator=["cox", "logit"])
        >>> choices[-1].labels
        ('cox', 'logit')
        """
        known = {one.name: one for one in self.dimensions}
        for name, kept in labels.items():
            if name not in known:
                raise DataError(f"no dimension {name}; there are {', '.join(known)}")
            wrong = [label for label in kept if label not in known[name].labels]
            if wrong or not kept:
                raise DataError(
                    f"{name} has no option {first_few(wrong) or 'without a label'}; it has "
                    f"{', '.join(map(str, known[name].labels))}"
                )
            known[name] = replace(
                known[name],
                options=[one for one in known[name].options_in_order if one.label in kept],
            )
        return StandardChoices(tuple(known.values()), self.base)

    def within(self, changes: int) -> Callable[[Mapping[str, object]], bool]:
        """Keep combinations that differ from the first options in so many dimensions at most.

        For ``where=`` of ``spec_curve``.
        """
        check_count(changes, "changes")
        first = {one.name: one.labels[0] for one in self.dimensions}
        return lambda chosen: sum(chosen[name] != label for name, label in first.items()) <= changes

    def with_calendars(self) -> StandardChoices:
        """The same, with the histories of all windows made once, so that workers share them."""
        asked = [
            cast("partial[Setting]", option.choose).keywords
            for one in self.dimensions
            if one.name == "window"
            for option in one.options_in_order
        ]
        everyone = throughout(self.base["all_facts"])
        made = {
            (one["window"], one["side"]): _histories(
                _elections(everyone, one["window"], ()), one["side"]
            )
            for one in asked
        }
        return StandardChoices(self.dimensions, self.base.assign(calendars=made))

    def exchange(
        self,
        kind: Literal["permute", "shift"] = "permute",
        standings: Collection[str] = SAME_QUESTION,
    ) -> Exchange:
        """How calendars are exchanged for the joint test, the same for every combination.

        States whose history has a gap in some list, window or side among the options of these
        standings keep their own throughout; the others exchange theirs.

        Raises
        ------
        DataError
            Fewer than two states have whole calendars: there is nothing to exchange.

        Examples
        --------
        >>> import coalition_models as cm
        >>> choices = cm.sensitivity.dimensions("iraq", windows=[3])
        >>> len(choices.exchange().groups)
        38
        """
        made = {"elections", "window"}
        alone = self.without(*(one.name for one in self.dimensions if one.name not in made))
        tables: dict[str, list[pd.DataFrame]] = {}
        for one in cross(of_standing(alone.dimensions, standings), self.base):
            if one.setting is not None:
                said = f"elections {one.choices['elections']}"
                tables.setdefault(said, []).append(one.setting["histories"])
        groups = complete_histories([table for some in tables.values() for table in some])
        if len(groups) < 2:
            empty = [said for said, some in tables.items() if len(complete_histories(some)) < 2]
            raise DataError(
                f"calendars cannot be exchanged: {counted(len(groups), 'state')} without a gap in "
                f"every list; there is none or one for {first_few(empty) or 'all lists together'}: "
                "leave options out with .keeping(elections=[...])"
            )
        return Exchange(kind, groups)

    def to_table(self) -> Table:
        """All options with their standing, and how many combinations they make."""
        asked = size_of(of_standing(self.dimensions, SAME_QUESTION))
        note = f"{asked} combinations of equivalent and uncertain options."
        return frame_table(self.table, title="Choices", notes=[note])

    def __getitem__(self, at: Any) -> Any:
        return self.dimensions[at]

    def __len__(self) -> int:
        return len(self.dimensions)

    def __iter__(self) -> Iterator[Dimension]:
        return iter(self.dimensions)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def dimensions(
    data: str | AnalysisSet | Facts,
    *,
    windows: Sequence[int] = (2, 3, 6),
    peak: float = 100,
    wind_up: int = 3,
    variance: str | None = "jackknife",
) -> StandardChoices:
    """List the defensible choices behind an estimate of elections on exits, before any is run.

    Confidence of dates, contested kinds, kinds that count, date of exit, wind-up, strength, rule of
    defection, clock, list of elections and what is known of them when, window and side, controls
    with their lags and sources, estimator and prior. Every panel is built from the facts and shared
    by the combinations that need it. Each option has a standing: ``equivalent``, ``uncertain`` or
    ``not equivalent`` (another question); ``spec_curve`` leaves the last out. There are more
    combinations than anyone runs: take ``sample=``, or ``where=choices.within(2)``.

    Parameters
    ----------
    data : str, AnalysisSet or Facts
        Of one coalition: its bundled name, a set made of facts, or facts.
    windows : sequence of int
        Months.
    peak : float
        Persons at the peak, for the sample of large contingents.
    wind_up : int
        Months before the mandate's end at which all are censored.
    variance : str, optional
        Of the Cox model; others have their own default.

    Returns
    -------
    StandardChoices
        A sequence of :class:`Dimension`; print it to see the table. Every setting holds
        ``histories``, so that exposure can be exchanged over states.

    Raises
    ------
    DataError
        Facts of several coalitions, or a set that was not made of facts.

    Examples
    --------
    >>> import coalition_models as cm
    >>> choices = cm.sensitivity.dimensions("iraq")
    >>> [one.name for one in choices][:3]
    ['dates', 'contested', 'kinds']
    >>> choices.table["standing"].value_counts().to_dict()
    {'equivalent': 20, 'uncertain': 18, 'not equivalent': 9}
    """
    check_arguments(dimensions, locals())
    facts = _facts(data)
    found = [
        *fact_choices(facts, peak=peak, wind_up=wind_up),
        rules(facts),
        clocks(),
        elections(facts),
        _windows(windows),
        controls(facts, TERM),
        estimators(variance),
    ]  # fmt: skip
    spec = Specification("cox", f"event ~ {TERM}", cluster="state", variance=variance)
    base = Setting(facts=facts, spec=spec).assign(
        term=TERM, all_facts=facts, options=_START, rule="", elections=_START
    )
    return StandardChoices(tuple(found), base)


_START: _Given = ()


def _facts(data: str | AnalysisSet | Facts) -> Facts:
    found = data
    if isinstance(data, str):
        found = bundled(data)
    elif isinstance(data, AnalysisSet):
        if data.facts is None:
            raise DataError(
                f"the set {data.name!r} is made of rows, not of facts: its panels cannot be rebuilt"
            )
        found = data.facts
    held = cast("Facts", found)
    if held.members is None or held.coalitions is None or len(held.coalitions) != 1:
        raise DataError("dimensions() needs the facts of one coalition, with its members")
    return held


def _elections(panel: pd.DataFrame, window: int, given: _Given) -> pd.DataFrame:
    return add_elections(panel, window=window, **cast("dict[str, Any]", dict(given)))


def _near(made: pd.DataFrame, side: str) -> pd.Series:
    """Whether an election is ahead, or ahead or just past, of rows with their elections."""
    near = made["election_near"].astype(float)
    if side == "around":
        near = near.where(near.isna() | (near == 1), made["post_election"].astype(float))
    return near.rename(TERM)


def _histories(made: pd.DataFrame, side: str) -> pd.DataFrame:
    return by_state(made.assign(**{TERM: _near(made, side)}), TERM)


def _with_election(
    panel: pd.DataFrame, histories: pd.DataFrame, window: int, side: str, given: _Given
) -> pd.DataFrame:
    """A panel with the column ``election``, of the state's history where that reaches.

    Elections are those of a state and a month, whatever became of its spell.
    """
    row = histories.index.get_indexer(pd.Index(panel["state"]))
    at = histories.columns.get_indexer(pd.Index(panel["period"]))
    if (row < 0).any() or (at < 0).any():
        return with_column(panel, TERM, _near(_elections(panel, window, given), side))
    return with_column(panel, TERM, histories.to_numpy(dtype=float)[row, at])


def _windows(windows: Sequence[int]) -> Dimension:
    def choose(setting: Setting, window: int, side: str) -> Setting | Skip:
        given = setting["elections"]
        if side == "ahead" and ("as_of", "end") in given:
            return Skip("what is known at a month's end bears on elections behind alone")
        made = cast("dict[tuple[int, str], pd.DataFrame]", setting.values.get("calendars", {}))
        histories = None if given else made.get((window, side))
        if histories is None:
            everyone = setting.once(throughout, setting["all_facts"])
            dated = setting.once(_elections, everyone, window, given)
            histories = setting.once(_histories, dated, side)
        bare = ruled(setting, setting["options"])
        panel = _with_election(bare, histories, window, side, given)
        return setting.replace(panel=panel).assign(histories=histories, bare=bare)

    options = [
        Option(
            f"{counted(window, 'month')} {side}",
            partial(choose, window=window, side=side),
            "equivalent" if window <= 3 else "uncertain",
            "" if window <= 3 else "half a year holds most of some states' time",
        )
        for side in ("ahead", "around")
        for window in windows
    ]
    return Dimension("window", options, "an election within so many months")
