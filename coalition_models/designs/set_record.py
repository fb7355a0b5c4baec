"""What one file of ``designs/sets`` says of its research set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import pandas as pd

from coalition_models.features.registry import builder_named
from coalition_models.members.facts import Facts

__all__ = ["Builder", "Counts", "Feature", "OwnTable", "SetRecord"]

Builder = Callable[[pd.DataFrame], pd.DataFrame]
#: what was counted while facts or rows were read, for the texts of the record
Counts = Mapping[str, object]

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Feature:
    """One idea of a set and how it is added: in its own way, or as ``add_<idea>`` does."""

    idea: str
    own: Builder | None = None

    def add(self, panel: pd.DataFrame) -> pd.DataFrame:
        """Add the columns of the idea."""
        if self.own is not None:
            return self.own(panel)
        return builder_named(f"add_{self.idea}").function(panel)


@dataclass(frozen=True)
class OwnTable:
    """A table of a set's facts that comes from a source of its own.

    Attributes
    ----------
    idea : str
        Kind of feature that is missing where the source is not at hand.
    table : str
        Table of :class:`Facts`.
    source : str
    read : callable
        Members and coalitions of the set -> the table.
    """

    idea: str
    table: str
    source: str
    read: Callable[[Facts], pd.DataFrame]


@dataclass(frozen=True)
class SetRecord:
    """One research set, or one variant of it: all that the package knows of it.

    Texts may name counts in braces, such as ``{spells}``, which ``facts`` or ``rows`` return.

    Attributes
    ----------
    name : str
        As its file; ``analysis_set(name)`` makes the set.
    title, outcome : str
        What it is, and what its event is, in words.
    facts : callable, optional
        Returns the facts that the panel is built from, alone or with counts.
    rows : callable, optional
        In place of facts: returns the panel itself and counts, for rows that are no member-periods
        of one coalition each.
    own_tables : tuple of OwnTable
        Tables of the facts from other sources; without them the set does, and says so.
    source : str
        External source without which the set cannot be had.
    sources : tuple of str
        Tables to cite; those of the facts by default.
    place : str
        Where it was, for headings.
    order : int
        Place in lists of sets, and in the verdict table; those of one order by name.
    variant : str
    others : tuple of SetRecord
        Its further variants.
    period, clock : str
        As in :func:`build_panel`.
    unit : str
        What a row is.
    features : tuple of str or Feature
        Ideas in order; a name stands for ``add_<name>`` as it is.
    unsupported : mapping
        Idea -> why the set lacks a feature that others have.
    limits, notes : tuple of str
        What the reader must know, and what was observed.
    bundled : bool
        Its facts are this package's: falls in strength are ranked with those of the other
        complete coalitions, and contested claims can be taken apart on it.
    event : str
        Kind of event, as claims name their outcomes.
    about : str
        Unit, event, and what to hold against a test on it.
    clusters : tuple of str
        Columns of clusters; the most cautious counts.
    strata : tuple of str
        Columns that stratify the model: every stratum has a baseline of its own.
    model : {"cox", "logit"}
    given : bool
        Claims take the columns that it brings as they stand, in place of building them anew.
    apart : bool
        Its events are those of other sets in another form, or of another kind, so that estimates
        on it are not combined with others.
    tested : callable, optional
        Panel -> the rows on which claims are tested, and what that means.
    claims : tuple of str
        Claims that it speaks to, beside those whose registered test names it.
    brings : tuple of str
        Columns that no builder makes and claims may read.
    """

    name: str
    title: str
    outcome: str
    facts: Callable[[], Facts | tuple[Facts, Counts]] | None = None
    rows: Callable[[], tuple[pd.DataFrame, Counts]] | None = None
    own_tables: tuple[OwnTable, ...] = ()
    source: str = ""
    sources: tuple[str, ...] = ()
    place: str = ""
    order: int = 100
    variant: str = "main"
    others: tuple[SetRecord, ...] = ()
    period: str = "month"
    clock: str = "entry"
    unit: str = "member-{period}, (start, stop]"
    features: tuple[str | Feature, ...] = ()
    unsupported: Mapping[str, str] = field(default_factory=lambda: _NONE)
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bundled: bool = False
    event: str = "early exit"
    about: str = "member-{period}; {outcome}"
    clusters: tuple[str, ...] = ("state",)
    strata: tuple[str, ...] = ()
    model: Literal["cox", "logit"] = "cox"
    given: bool = True
    apart: bool = False
    tested: Callable[[pd.DataFrame], tuple[pd.DataFrame, str]] | None = None
    claims: tuple[str, ...] = ()
    brings: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of its variants, the default first."""
        return (self.variant, *(one.variant for one in self.others))

    @property
    def ideas(self) -> tuple[Feature, ...]:
        """Its features in order."""
        return tuple(Feature(one) if isinstance(one, str) else one for one in self.features)
