"""One finding and what it was made from: the model, its rows, the facts that they come from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, cast

import numpy as np
import pandas as pd

from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.set_record import Feature
from coalition_models.designs.sets import set_record
from coalition_models.errors import CoalitionError, DataError, counted, gathered
from coalition_models.features.registry import Builder, registered
from coalition_models.members.facts import Facts, facts_of
from coalition_models.members.panel import build_panel
from coalition_models.models.display import Background
from coalition_models.models.family import family_named
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit as fit_one
from coalition_models.models.specification import Specification
from coalition_models.models.term_labels import label_of
from coalition_models.record import made_of, record_of
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.histories import Exchange
from coalition_models.sensitivity.scales import coefficient_names, is_ratio, scale_of

__all__ = ["Crossing", "Finding", "finding_of", "refuse_unfit"]

Features = Callable[[pd.DataFrame], pd.DataFrame]
Given = str | AnalysisSet | Facts | Fit | Specification

_WORD = re.compile(r"[A-Za-z_]\w*")
_ROWS = "the data are rows, which no facts were given for"
_RULED = "the outcome is coded by a rule and not by exits alone"


@dataclass(frozen=True, eq=False)
class Crossing:
    """What a curve runs over, and what it starts from; ``more`` are options of ``spec_curve``."""

    dimensions: tuple[Dimension, ...]
    base: Setting
    term: str
    exchange: Exchange | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Finding:
    """A term of a model, with all that it can be made anew from.

    Attributes
    ----------
    spec : Specification
    term : str
    panel : DataFrame
    facts : Facts or None
        None where the rows are all there is; ``fixed`` says why.
    features : callable, optional
        From a panel of the facts to one with the columns of the formula.
    options : mapping
        Of :func:`build_panel`.
    fixed : str
    crossing : Crossing or None
        Choices behind it that were given; those of the package otherwise.
    make : callable, optional
        From a panel and a lag in months to the panel with the term as it was then.
    """

    spec: Specification
    term: str
    panel: pd.DataFrame
    facts: Facts | None = None
    features: Features | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    fixed: str = _ROWS
    crossing: Crossing | None = None
    make: Callable[[pd.DataFrame, int], pd.DataFrame] | None = None

    @cached_property
    def fit(self) -> Fit:
        """The model on its rows."""
        with gathered():
            return fit_one(self.spec, self.panel)

    @cached_property
    def called(self) -> str:
        """The term in the words of the codebook; its own name where there are none."""
        return label_of(self.term, Background(self.panel).choices((self.term,)))

    def in_words(self, text: str) -> str:
        """A text that names the term, with the words for it; one with a formula stays."""
        if "~" in text:
            return text
        named = rf"(?<!\w){re.escape(self.term)}(?!\w)"
        return re.sub(named, lambda _: self.called, text)

    @cached_property
    def found(self) -> Mapping[str, Any]:
        """Estimate and score of the term, as a line of ``spec_curve``."""
        with gathered():
            return dict(Estimate(self.term, None)(Setting(panel=self.panel, spec=self.spec)))

    @property
    def two_valued(self) -> bool:
        """Whether the term is a column of 0 and 1."""
        values = self.panel[self.term] if self.term in self.panel.columns else None
        return values is not None and set(pd.unique(values.dropna())) <= {0, 1}

    def built(self, facts: Facts, **options: object) -> pd.DataFrame:
        """The panel of some facts with its features."""
        given = cast("dict[str, Any]", {**self.options, **options})
        panel = build_panel(facts, **given)
        return panel if self.features is None else self.features(panel)


def finding_of(
    given: Given,
    term: str,
    *,
    spec: Specification | None = None,
    panel: pd.DataFrame | None = None,
    facts: Facts | None = None,
    features: Features | None = None,
    options: Mapping[str, object] | None = None,
) -> Finding:
    """Find out what a finding was made from.

    A set is rebuilt with the builders that its model needs; a panel with those that it remembers,
    and their options. Whether that gives the same rows is tried.

    Raises
    ------
    DataError
        A fit without its panel; a term that is none of the model's; facts and features that do not
        give the panel.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = finding_of("iraq", "election_near")
    >>> found.spec.formula, found.facts is not None
    ('event ~ election_near', True)
    """
    if isinstance(given, Fit | Specification):
        made = _of_panel(given, term, panel, facts, features, options)
    else:
        strange = {"panel": panel, "facts": facts, "features": features, "options": options}
        wrong = [name for name, value in strange.items() if value is not None]
        if wrong:
            raise DataError(f"a set brings its own: leave out {', '.join(wrong)}")
        made = _of_set(given, term, spec)
    refuse_unfit(made)
    return made


def refuse_unfit(found: Finding) -> None:
    """Refuse a finding that nothing could be said of, before anything long begins.

    Raises
    ------
    DataError
        A term that is no coefficient of the model; no set of clusters, or two of them.
    FitError
        A term without a score: it does not vary at the events.
    """
    scale = scale_of(found.spec.record)
    if not is_ratio(scale):
        raise DataError(
            f"sensitivity_report() tells of ratios; a coefficient of {found.spec.record.title} "
            f"is a {scale}: take cox, logit or cloglog, or the parts one by one"
        )
    if not found.spec.cluster or len(found.spec.cluster) != 1:
        raise DataError(
            "every part counts by one set of clusters: give the specification cluster='state'"
        )
    with gathered():
        names = coefficient_names(found.spec, found.panel)
    if found.term not in names:
        raise DataError(
            f"{found.term!r} is no coefficient of the model; there are {', '.join(names)}"
        )
    _ = found.found


def _words(spec: Specification, term: str) -> list[str]:
    return list(dict.fromkeys(_WORD.findall(f"{spec.formula.partition('~')[2]} {term}")))


def _makers(words: Sequence[str]) -> list[Builder]:
    return [one for one in registered().values() if any(one.makes(word) for word in words)]


def _of_set(given: str | AnalysisSet | Facts, term: str, spec: Specification | None) -> Finding:
    words = [term] if spec is None else _words(spec, term)
    ideas = [one.name.removeprefix("add_") for one in _makers(words)]
    if isinstance(given, AnalysisSet):
        data = given
    elif isinstance(given, str) and set_record(given).rows is not None:
        data = analysis_set(given)
    else:
        data = analysis_set(given, features=ideas)
    record = data.record
    if spec is None:
        own = "jackknife" if "batch_refits" in family_named(record.model).can else None
        spec = Specification(
            record.model, f"event ~ {term}", cluster=record.clusters[0],
            strata=record.strata or None, variance=own,
        )  # fmt: skip
    if data.facts is None or data.choices.cut:
        why = _ROWS if data.facts is None else _RULED
        return Finding(spec, term, data.panel, fixed=why)
    used = tuple(one for one in record.ideas if one.idea in ideas)
    asked = data.choices
    options = {
        "period": record.period, "clock": record.clock, "exit_date": asked.exit_date,
        "exit_kinds": asked.kinds, "peak_at_least": asked.peak_at_least, "until": asked.until,
    }  # fmt: skip
    made = Finding(
        spec, term, data.panel, data.facts, partial(_with_ideas, used), options, fixed=""
    )
    return _tried(made, words, told=False)


def _with_ideas(ideas: tuple[Feature, ...], panel: pd.DataFrame) -> pd.DataFrame:
    for one in ideas:
        panel = one.add(panel)
    return panel


def _of_panel(
    given: Fit | Specification,
    term: str,
    panel: pd.DataFrame | None,
    facts: Facts | None,
    features: Features | None,
    options: Mapping[str, object] | None,
) -> Finding:
    spec = given.spec if isinstance(given, Fit) else given
    if panel is None:
        raise DataError("give panel=: the rows that the model was fitted to")
    if isinstance(given, Fit) and len(panel) != given.counts.rows_given:
        raise DataError(
            f"the panel has {len(panel)} rows, the fit was given {given.counts.rows_given}: give "
            "the same rows"
        )
    held = facts or facts_of(panel)
    if held is None:
        return Finding(spec, term, panel)
    words = _words(spec, term)
    asked = dict(options) if options is not None else _remembered(panel)
    made = features or partial(_replayed, _made(panel, words))
    found = Finding(spec, term, panel, held, made, asked, fixed="")
    return _tried(found, words, told=features is not None)


def _remembered(panel: pd.DataFrame) -> dict[str, object]:
    """Options of :func:`build_panel` that a panel was made with."""
    known = set(inspect.signature(build_panel).parameters)
    choices = record_of(panel).panel
    return {name: value for name, value in choices.items() if name in known}


def _made(panel: pd.DataFrame, words: Sequence[str]) -> tuple[tuple[str, dict[str, object]], ...]:
    """Builders behind some columns, with the options that the panel remembers."""
    found = []
    for one in _makers(words):
        column = next(word for word in words if one.makes(word))
        if column not in panel.columns:
            continue
        made = made_of(panel, column)
        choices = {} if made is None else dict(made)
        known = {name for name in one.options if name != "facts"}
        found.append((one.name, {k: v for k, v in choices.items() if k in known}))
    return tuple(found)


def _replayed(
    builders: tuple[tuple[str, dict[str, object]], ...], panel: pd.DataFrame
) -> pd.DataFrame:
    for name, options in builders:
        panel = registered()[name].function(panel, **options)
    return panel


def _tried(found: Finding, words: Sequence[str], *, told: bool) -> Finding:
    """The finding if its facts give its rows; else without facts, and with the reason."""
    assert found.facts is not None
    try:
        with gathered():
            again = found.built(found.facts)
        why = _difference(found.panel, again, words)
    except CoalitionError as error:
        why = str(error).partition("\n")[0]
    if not why:
        return found
    if told:
        raise DataError(f"facts, features and options do not give the panel: {why}")
    return Finding(
        found.spec, found.term, found.panel,
        fixed=f"the rows cannot be made anew from their facts ({why}): give features= and options=",
    )  # fmt: skip


def _difference(panel: pd.DataFrame, again: pd.DataFrame, words: Sequence[str]) -> str:
    if len(panel) != len(again):
        return f"{counted(len(again), 'row')} in place of {len(panel)}"
    columns = [c for c in dict.fromkeys(["start", "stop", "event", *words]) if c in panel.columns]
    for name in columns:
        if name not in again.columns:
            return f"no builder makes {name}"
        one, other = panel[name].to_numpy(), again[name].to_numpy()
        if not pd.api.types.is_numeric_dtype(panel[name].dtype):
            same = bool((pd.Series(one).astype(str) == pd.Series(other).astype(str)).all())
        else:
            numbers = [pd.to_numeric(pd.Series(v)).to_numpy(dtype=float, na_value=np.nan)
                       for v in (one, other)]  # fmt: skip
            same = bool(np.allclose(numbers[0], numbers[1], rtol=1e-9, atol=0, equal_nan=True))
        if not same:
            return f"{name} differs"
    return ""
