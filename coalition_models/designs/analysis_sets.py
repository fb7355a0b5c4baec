"""Analysis sets, ready ones and those of own facts or rows: a panel with outcome and features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NoReturn

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.defection.coding import Coder, code_defections
from coalition_models.defection.named_rules import named_rule
from coalition_models.defection.outcome import not_at_risk, panel_events
from coalition_models.defection.rules import DefectionRule
from coalition_models.designs.bundled_set import of_revision, strengths_and_changes
from coalition_models.designs.outcomes import (
    REGISTERED,
    Choices,
    any_rule,
    check_outcome,
    refuse_mixed_clocks,
    told_of_outcome,
    with_any_defection,
)
from coalition_models.designs.own_set import (
    OWN,
    facts_record,
    panel_record,
    refuse_choices,
    tell_of_own,
)
from coalition_models.designs.set_features import add_set_features, set_facts
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.designs.set_sheet import broken_lines, set_sheet, told
from coalition_models.designs.sets import set_record
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel, dated_by
from coalition_models.record import record_of, with_panel
from coalition_models.render import Table

__all__ = ["AnalysisSet", "absent_set", "analysis_set", "set_of"]


@dataclass(frozen=True, repr=False, eq=False)
class AnalysisSet:
    """A ready panel with everything that its outcome can be recoded from.

    Attributes
    ----------
    record : SetRecord
        What is known of the set: title, clock, clusters, model, limits, ...
    panel : DataFrame
        With the outcome and the features.
    facts : Facts or None
        What the panel was built from; None where the set is made of rows.
    counts : mapping
        Numbers for the texts of the record.
    missing : mapping
        Idea -> why the panel has none of its features.
    absent : mapping
        The part of it whose facts are not at hand.
    profile, changes : DataFrame or None
        Strengths over time and coded changes, where there are any.
    note : str
        What to hold against a test on these rows.
    reason : str
        Why the set cannot be had; empty where it can.
    """

    record: SetRecord
    panel: pd.DataFrame
    facts: Facts | None = None
    counts: Counts = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    profile: pd.DataFrame | None = None
    changes: pd.DataFrame | None = None
    note: str = ""
    reason: str = ""
    choices: Choices = REGISTERED

    @property
    def name(self) -> str:
        """As :func:`analysis_set` knows it; of own facts, their coalitions."""
        return self.record.name

    @property
    def variant(self) -> str:
        """One of its record's; ``own`` for facts and panels of a user's own."""
        return self.record.variant

    @property
    def own(self) -> bool:
        """Whether it is a user's: every claim on its outcome is tried."""
        return self.variant == OWN

    @property
    def title(self) -> str:
        """What it is, in words."""
        return told(self.record.title, self.record, self.counts)

    @property
    def about(self) -> str:
        """Unit, event, and what to hold against a test on it."""
        return told(self.record.about, self.record, self.counts) + self.note

    @property
    def members(self) -> pd.DataFrame:
        """All spells, the lead state's included where there is one."""
        if self.facts is None or self.facts.members is None:
            self._no_spells()
        return self.facts.members

    @cached_property
    def sheet(self) -> pd.DataFrame:
        """The data sheet: ``item, value``, one row per item."""
        return set_sheet(
            self.record,
            self.counts,
            self.panel,
            self.missing,
            self.choices.peak_at_least,
        )

    def defections(self, rule: DefectionRule | str) -> pd.DataFrame:
        """Code the set's defections under a rule, as :func:`code_defections` does."""
        return code_defections(self.members, self.profile, self.changes, rule)

    def coder(self) -> Coder:
        """A coder of this set's defections, for many rules."""
        return Coder(self.members, self.profile, self.changes)

    def recode(
        self,
        rule: DefectionRule | str,
        *,
        how: str = "first",
        kinds: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Make the defections under a rule the outcome of the panel, as :func:`panel_events`.

        A rule that dates exits in another way gets a panel of its own, built anew from the facts
        with that date: a member is at risk until the day that counts.
        """
        chosen = named_rule(rule) if isinstance(rule, str) else rule
        found = self.defections(chosen)
        panel = self.dated(chosen.exit_date)
        coded = (
            panel_events(panel, found, how=how)
            if kinds is None
            else panel_events(panel, found, how=how, kinds=kinds)
        )
        refuse_mixed_clocks(self.name, coded)
        lost = not_at_risk(coded)
        if lost:
            warn(
                f"{counted(len(lost), 'defection', 'is', 'are')} no event, since the member is not "
                f"at risk then (the mandate over, or the spell left out): {first_few(lost)}"
            )
        return coded

    def dated(self, exit_date: str) -> pd.DataFrame:
        """Return the panel in which spells end on this date (main, announced, last)."""
        if exit_date == dated_by(self.panel) and not self.choices.cut:
            return self.panel
        if self.facts is None:
            self._no_spells()
        return _rows(self.record, self.facts, self.absent, self.choices, exit_date)[0]

    def to_table(self) -> Table:
        """Return the data sheet as a table for print."""
        rows = [[str(item), str(value)] for item, value in self.sheet.itertuples(index=False)]
        return Table(["item", "value"], rows, f"Data sheet: {self.name}", align="ll")

    def _no_spells(self) -> NoReturn:
        raise DataError(
            f"the set {self.name!r} is made of rows, not of spells, so that no defections can be "
            "coded in it; take a set of member-periods, such as 'iraq', or give facts"
        )

    def __repr__(self) -> str:
        events = int(self.panel["event"].sum())
        return (
            f"<AnalysisSet {self.name} ({self.variant}): {counted(len(self.panel), 'row')}, "
            f"{counted(events, 'event')}>"
        )

    def __str__(self) -> str:
        table = self.to_table()
        return replace(table, rows=broken_lines(table.rows)).text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def analysis_set(
    name: str | Facts | pd.DataFrame,
    *,
    variant: str = "main",
    outcome: str = "early",
    exit_date: str = "main",
    features: bool | Sequence[str] = True,
    peak_at_least: float = 0,
    period: str | None = None,
    clock: str | None = None,
    until: str | pd.Timestamp | None = None,
    revision: int | None = None,
) -> AnalysisSet:
    """Build a ready panel with outcome, features and data sheet.

    Parameters
    ----------
    name : str, Facts or DataFrame
        Bundled, by month: ``iraq``, ``isaf``, ``rsm``, ``unosom2``, ``minusma`` (until June
        2023), ``contemporary`` (the first four, each with a baseline of its own). ``un``: troop
        contingents in UN missions by month, 2009 to 2014 (IPI). ``interventions``: states that
        sent troops to another state's conflict, by year, 1946 to 2024 (UCDP). ``wars``: partners
        in interstate wars, 1848 to 2003. ``forms``: Iraq and ISAF with every row once for leaving
        and once for defecting in part. ``leaders``: leaders of participants in Iraq, one row
        each. ``alliances``: commitments in war. The sets un, interventions, wars and alliances
        need external sources.
        Facts of your own, of one coalition or of several: the set reads these alone, so that what
        they lack (deaths, strengths) is left out, with a warning, or refused where a rule needs
        it. Falls in strength are ranked among theirs.
        A panel of your own (``start, stop, event, state``) stands as it is.
    variant : str
        ``isaf``, ``contemporary``: ``"with_oef"`` (with two spells of Enduring Freedom).
        ``unosom2``: ``"us_leads"``. Sets on the first revision: ``"revision1"``.
        ``un``: ``"main"`` (renamed missions joined, gaps of up to 3 months, contingents of ten
        persons or more), ``"tokens"`` (the others), ``"as_listed"`` (all, and the wind-down of
        missions as exits), ``"as_named"`` (the same, missions as named, gaps of up to 2),
        ``"geopko"`` (by year, 1994 to 2024). ``interventions``: ``"main"``, ``"everyone"`` (with
        members of other sets), ``"as_listed"`` (by conflict side, ends of missions as exits).
        ``wars``: ``"main"`` (strict voluntary exits), ``"wide"``.
    outcome : {"early", "early or scheduled", "any defection"}
        Early exits; with the ends of fixed terms that were not renewed; or the first defection of
        any form under the rule ``mcinnis-coded``. A set whose facts cannot tell it is refused.
    exit_date : {"main", "announced", "last"}
        As in :func:`build_panel`. By announcement the sheet says of how many exits it is known;
        where more than a third would be dated by the day of exit all the same it is refused.
    features : bool or sequence of str
        Whether to add the features that the set's sources, or the facts, support; or of which
        builders, such as ``["elections", "casualties"]``. What is asked for by name and cannot be
        added is refused.
    peak_at_least : float
        Keep contingents whose peak reaches this number of persons; not for sets without
        strengths. The peak is known only afterwards, so this chooses a sample.
    period, clock, until : optional
        As in :func:`build_panel`, month and entry by default; of facts only, since the ready sets
        have their own.
    revision : int, optional
        Of the facts behind ``iraq`` and its like: 1 for the first; the newest by default.

    Returns
    -------
    AnalysisSet
        The event is that of ``outcome``; :meth:`AnalysisSet.recode` applies another rule. The
        sheet holds counts, coverage, events by kind, features with what is missing, and limits.

    Raises
    ------
    DataError
        If there is no such set or variant; facts without members or coalitions; a panel without
        the columns of one.
    CoverageError
        If an external source of the set is not at hand and cannot be fetched.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.designs.analysis_sets import analysis_set
    >>> iraq = analysis_set("iraq", features=False)
    >>> iraq.sheet.set_index("item").loc[["states", "spells", "events"], "value"].tolist()
    ['39', '51', '21']
    """
    check_arguments(analysis_set, locals())
    if isinstance(name, str):
        record = of_revision(set_record(name, variant), revision)
        refuse_choices(f"the set {name!r}", period=period, clock=clock, until=until)
    elif revision is not None:
        raise DataError("revision= belongs to bundled sets; facts have theirs: cm.facts(revision=)")
    elif variant != "main":
        what = "facts" if isinstance(name, Facts) else "a panel"
        have = "have" if isinstance(name, Facts) else "has"
        raise DataError(f"variant= belongs to ready sets; {what} {have} none, found {variant!r}")
    elif isinstance(name, Facts):
        record = facts_record(name, period=period or "month", clock=clock or "entry")
    else:
        record = panel_record(name)
        refuse_choices("a panel", period=period, clock=clock, until=until)
    wanted = features if isinstance(features, bool) else tuple(features)
    return set_of(record, Choices(wanted, peak_at_least, until, outcome, exit_date))


def set_of(record: SetRecord, choices: Choices = REGISTERED) -> AnalysisSet:
    """Make the set of a record.

    Examples
    --------
    >>> len(set_of(set_record("leaders")).panel)
    81
    """
    if record.rows is not None:
        _refuse_of_rows(record, choices)
        rows, counts = record.rows()
        return AnalysisSet(record=record, panel=rows, counts=counts, choices=choices)
    facts, counts, absent = set_facts(record)
    if choices.peak_at_least > 0 and (
        facts.members is None or "peak_troops" not in facts.members.columns
    ):
        _refuse_peak(record)
    check_outcome(record, facts, choices)
    panel, missing = _rows(record, facts, absent, choices, choices.exit_date)
    if record.variant == OWN and choices.features:
        tell_of_own(record.name, panel, missing)
    profile, changes = strengths_and_changes(record, facts)
    found = AnalysisSet(
        record=record,
        panel=panel,
        facts=facts,
        counts=counts,
        missing=missing,
        absent=absent,
        profile=profile,
        changes=changes,
        choices=choices,
    )
    return found if choices.plain else _with_outcome(found)


def _with_outcome(found: AnalysisSet) -> AnalysisSet:
    """The set with the outcome that was asked for, and what is told of it."""
    choices, record, panel = found.choices, found.record, found.panel
    if choices.cut:
        coded = found.defections(any_rule(choices.exit_date))
        panel, lost = with_any_defection(panel, coded)
        if lost:
            text = f"No event, since the member was not at risk then: {first_few(lost, len(lost))}."
            record = replace(record, limits=(*record.limits, text))
    record = told_of_outcome(record, choices, refuse_mixed_clocks(found.name, panel))
    return replace(found, record=record, panel=panel)


def absent_set(record: SetRecord, reason: str) -> AnalysisSet:
    """A set that cannot be had: no rows, and the reason.

    Examples
    --------
    >>> absent_set(set_record("un"), "not at hand").panel.empty
    True
    """
    none = pd.DataFrame({column: [] for column in ("event", *record.clusters)})
    return AnalysisSet(record=record, panel=none, reason=reason)


def _refuse_of_rows(record: SetRecord, choices: Choices) -> None:
    if choices.peak_at_least > 0:
        _refuse_peak(record)
    if not choices.plain:
        raise DataError(
            f"the set {record.name!r} is made of rows whose event is theirs: drop outcome= and "
            "exit_date="
        )
    if not isinstance(choices.features, bool):
        raise DataError(
            f"the set {record.name!r} is made of rows with columns of their own: drop features="
        )


def _rows(
    record: SetRecord, facts: Facts, absent: Mapping[str, str], choices: Choices, exit_date: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Panel with its features, and which of them are missing for what reason."""
    panel = build_panel(
        facts,
        period=record.period,
        clock=record.clock,
        exit_date=exit_date,
        exit_kinds=choices.kinds,
        peak_at_least=choices.peak_at_least,
        until=choices.until,
    )
    if record.sources:
        with_panel(panel, record_of(panel).panel, sources=record.sources)
    if not choices.features:
        return panel, {}
    only = choices.features if isinstance(choices.features, tuple) else None
    return add_set_features(panel, record, absent, only)


def _refuse_peak(record: SetRecord) -> NoReturn:
    raise DataError(
        f"the strengths of members of {record.name!r} are not known: drop peak_at_least"
    )
