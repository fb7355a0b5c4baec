"""The choices that any finding on elections and exits rests on, with what speaks for each."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import DataError, counted, first_few
from coalition_models.features.elections import add_elections
from coalition_models.members.bundled_facts import facts as bundled
from coalition_models.members.facts import Facts
from coalition_models.models.specification import Specification
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import Dimension, Option, Setting, Skip
from coalition_models.sensitivity.histories import by_state, throughout
from coalition_models.sensitivity.outcome_choices import (
    controls,
    elections,
    estimators,
    ruled,
    rules,
    with_column,
)
from coalition_models.sensitivity.standings import SAME_QUESTION, of_standing, size_of, table_of

__all__ = ["TERM", "StandardChoices", "clocks", "dimensions", "fact_choices"]

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


def fact_choices(facts: Facts, *, peak: float = 100, wind_up: int = 3) -> list[Dimension]:
    """List the choices that are of facts and panel alone, whatever the term.

    Examples
    --------
    >>> import coalition_models as cm
    >>> [one.name for one in fact_choices(cm.facts("iraq"))]
    ['dates', 'contested', 'kinds', 'exit_date', 'wind_up', 'peak_at_least']
    """
    assert facts.members is not None
    rows = {column: column in facts.members.columns for column in _NEEDED}
    return [
        *([_confidence()] if rows["exit_confidence"] else []),
        *([_contested()] if rows["exit_kind_alt"] else []),
        _kinds(),
        *([_exit_dates(rows["last_personnel"])] if rows["announced"] else []),
        _panel_option("wind_up", (0, "equivalent", ""),
                      (wind_up, "uncertain", "exits in the agreed wind-up are not counted")),
        *([_panel_option("peak_at_least", (0, "equivalent", ""),
                         (peak, "uncertain", "a sample chosen by what is known afterwards"))]
          if rows["peak_troops"] else []),
    ]  # fmt: skip


def clocks() -> Dimension:
    """Time since a member's entry, or since the coalition began.

    Examples
    --------
    >>> clocks().labels
    ('entry', 'coalition')
    """
    return _panel_option(
        "clock",
        ("entry", "equivalent", ""),
        ("coalition", "equivalent", "members are compared within a month"),
    )


_NEEDED = ("exit_confidence", "exit_kind_alt", "announced", "last_personnel", "peak_troops")
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


def _confident(facts: Facts) -> Facts:
    """Facts in which spells with a date of low or medium confidence are not followed."""
    members = cast("pd.DataFrame", facts.members)
    columns = [c for c in ("entry_confidence", "exit_confidence") if c in members.columns]
    doubtful = members[columns].isin(["low", "medium"]).any(axis=1)
    doubtful &= members["exit_kind"] != "leader"
    reason = pd.Series(None, index=members.index, dtype=object).mask(doubtful, "date not certain")
    return facts.replace(members=members.assign(left_out=reason))


def _read(facts: Facts, reading: str) -> Facts:
    """Facts in which contested exits are early in neither reading, or in either."""
    members = cast("pd.DataFrame", facts.members)
    kind, other = members["exit_kind"], members["exit_kind_alt"]
    alone = kind.eq("early") & other.notna() & other.ne("early").fillna(False)
    if reading == "strict":
        return facts.replace(members=members.assign(exit_kind=kind.mask(alone, other)))
    recoded = kind.mask(other.eq("early").fillna(False).astype(bool), "early")
    return facts.replace(members=members.assign(exit_kind=recoded))


def _confidence() -> Dimension:
    def high(setting: Setting) -> Setting:
        return setting.replace(facts=setting.once(_confident, cast("Facts", setting.facts)))

    return Dimension(
        "dates",
        [
            Option("all", _same),
            Option("high confidence", high, "uncertain", "spells whose dates are certain"),
        ],
    )


def _contested() -> Dimension:
    def reading(setting: Setting, which: str) -> Setting:
        return setting.replace(facts=setting.once(_read, cast("Facts", setting.facts), which))

    return Dimension(
        "contested",
        [
            Option("main", _same),
            Option("strict", partial(reading, which="strict"), "uncertain",
                   "early only where no fair reader says otherwise"),
            Option("lenient", partial(reading, which="lenient"), "uncertain",
                   "early where any fair reader says so"),
        ],
    )  # fmt: skip


def _same(setting: Setting) -> Setting:
    return setting


def _with(setting: Setting, name: str, value: object) -> Setting:
    return setting.assign(options=(*setting["options"], (name, value)))


def _kinds() -> Dimension:
    return Dimension(
        "kinds",
        [
            Option("early", partial(_with, name="exit_kinds", value=("early",))),
            Option(
                "early or scheduled",
                partial(_with, name="exit_kinds", value=("early", "scheduled")),
                "not equivalent",
                "a term that is not renewed is an end, not a defection",
            ),
        ],
    )


def _exit_dates(last: bool) -> Dimension:
    options = [
        Option("main", partial(_with, name="exit_date", value="main"), "equivalent",
               "the main contingent is out"),
        Option("announced", partial(_with, name="exit_date", value="announced"), "equivalent",
               "the decision; where it is not known, the main date"),
    ]  # fmt: skip
    if last:
        options.append(
            Option("last", partial(_with, name="exit_date", value="last"), "uncertain",
                   "the last person: months after the decision")
        )  # fmt: skip
    return Dimension("exit_date", options)


def _panel_option(name: str, *options: tuple[object, str, str]) -> Dimension:
    return Dimension(
        name,
        [
            Option(cast("Any", value), partial(_with, name=name, value=value), standing, note)
            for value, standing, note in options
        ],
    )


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
