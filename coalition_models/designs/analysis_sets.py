"""Analysis sets, five ready ones and those of own facts: a panel with outcome and features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from textwrap import wrap

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.defection.coding import Coder, code_defections
from coalition_models.defection.outcome import not_at_risk, panel_events
from coalition_models.defection.rules import DefectionRule, named_rule
from coalition_models.designs.own_set import OWN, own_data, told_of_own
from coalition_models.designs.set_data import SetData, set_data
from coalition_models.designs.set_features import add_set_features, set_facts
from coalition_models.designs.set_panel import set_panel
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.members.facts import Facts
from coalition_models.members.panel import dated_by, describe_panel
from coalition_models.record import record_of, sources_of, with_panel
from coalition_models.render import Table

__all__ = ["SETS", "AnalysisSet", "analysis_set"]

#: set -> its variants, the default first
SETS = {
    "iraq": ("main",),
    "isaf": ("main",),
    "un": ("main", "as_named", "geopko"),
    "interventions": ("main",),
    "wars": ("main", "wide"),
}


#: characters of the sheet's two columns in print
_ITEM, _VALUE = 36, 62


@dataclass(frozen=True)
class _Maker:
    """Builds the panel of a set from its facts, for any date of exit."""

    data: SetData
    family: str
    features: bool | tuple[str, ...]
    peak_at_least: float
    until: str | pd.Timestamp | None = None

    def build(self, exit_date: str) -> tuple[pd.DataFrame, dict[str, str]]:
        """Panel with its features, and which of them are missing for what reason."""
        facts, absent = set_facts(self.data, self.family)
        rows = set_panel(
            self.data,
            facts,
            historical=self.family == "wars",
            peak_at_least=self.peak_at_least,
            exit_date=exit_date,
            until=self.until,
        )
        with_panel(rows, record_of(rows).panel, sources=self.data.sources)
        if not self.features:
            return rows, {}
        only = self.features if isinstance(self.features, tuple) else None
        return add_set_features(rows, self.family, absent, only)


@dataclass(frozen=True, repr=False)
class AnalysisSet:
    """A ready panel with everything that its outcome can be recoded from.

    ``panel`` has the outcome and the features; ``members`` all spells; ``profile`` strengths over
    time and ``changes`` coded changes, where there are any; ``sheet`` is the data sheet, one row
    per item. :meth:`recode` gives the panel under another rule of defection.
    """

    name: str
    variant: str
    panel: pd.DataFrame
    members: pd.DataFrame
    profile: pd.DataFrame | None
    changes: pd.DataFrame | None
    sheet: pd.DataFrame
    maker: _Maker | None = field(default=None, compare=False)

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
        lost = not_at_risk(coded)
        if lost:
            warn(
                f"{counted(len(lost), 'defection', 'is', 'are')} no event, since the member is not "
                f"at risk then (the mandate over, or the spell left out): {first_few(lost)}"
            )
        return coded

    def dated(self, exit_date: str) -> pd.DataFrame:
        """Return the panel in which spells end on this date (main, announced, last)."""
        if exit_date == dated_by(self.panel):
            return self.panel
        if self.maker is None:
            raise DataError(
                f"the rule dates exits by {exit_date!r}, and this set cannot build its panel anew; "
                "give one built with that exit_date"
            )
        return self.maker.build(exit_date)[0]

    def to_table(self) -> Table:
        """Return the data sheet as a table for print."""
        rows = [[str(item), str(value)] for item, value in self.sheet.itertuples(index=False)]
        return Table(["item", "value"], rows, f"Data sheet: {self.name}", align="ll")

    def __repr__(self) -> str:
        events = int(self.panel["event"].sum())
        return (
            f"<AnalysisSet {self.name} ({self.variant}): {counted(len(self.panel), 'row')}, "
            f"{counted(events, 'event')}>"
        )

    def __str__(self) -> str:
        table = self.to_table()
        rows = [line for item, value in table.rows for line in _broken(item, value)]
        return replace(table, rows=rows).text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def analysis_set(
    name: str | Facts,
    *,
    variant: str = "main",
    features: bool | Sequence[str] = True,
    peak_at_least: float = 0,
    period: str | None = None,
    clock: str | None = None,
    until: str | pd.Timestamp | None = None,
) -> AnalysisSet:
    """Build a ready panel with outcome, features and data sheet.

    Parameters
    ----------
    name : Facts or {"iraq", "isaf", "un", "interventions", "wars"}
        Facts of your own, of one coalition or of several: the set reads these alone, so that what
        they lack (deaths, strengths) is left out, with a warning, or refused where a rule needs
        it. Falls in strength are ranked among theirs.
        ``iraq`` and ``isaf`` are bundled, by month. ``un``: troop contingents in UN missions by
        month, 2009 to 2014 (IPI). ``interventions``: states that sent troops to another state's
        conflict, by year, 1946 to 2024 (UCDP). ``wars``: partners in interstate wars, 1848 to
        2003. The last three need external sources.
    variant : str
        ``un``: ``"main"`` (renamed missions joined, gaps of up to 3 months), ``"as_named"``
        (missions as named, gaps of up to 2), ``"geopko"`` (by year, 1994 to 2024). ``wars``:
        ``"main"`` (strict voluntary exits), ``"wide"``.
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

    Returns
    -------
    AnalysisSet
        The event is the coded early exit; :meth:`AnalysisSet.recode` applies another rule. The
        sheet holds counts, coverage, events by kind, features with what is missing, and limits.

    Raises
    ------
    DataError
        If there is no such set or variant; facts without members or coalitions.
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
    if isinstance(name, Facts):
        if variant != "main":
            raise DataError(f"variant= belongs to ready sets; facts have none, found {variant!r}")
        data = own_data(name, period=period or "month", clock=clock or "entry")
        label, variant, family = ", ".join(dict.fromkeys(data.members["coalition"])), OWN, OWN
    else:
        _check_name(name, variant)
        _refuse_choices(name, period=period, clock=clock, until=until)
        data, label = set_data(name, variant), name
        family = name if data.facts is None else "bundled"
    if peak_at_least > 0 and "peak_troops" not in data.members.columns:
        raise DataError(f"the strengths of members of {label!r} are not known: drop peak_at_least")
    wanted = features if isinstance(features, bool) else tuple(features)
    maker = _Maker(data, family, features=wanted, peak_at_least=peak_at_least, until=until)
    panel, missing = maker.build("main")
    if family == OWN and wanted:
        _tell(label, panel, missing)
    return AnalysisSet(
        name=label,
        variant=variant,
        panel=panel,
        members=data.members,
        profile=data.profile,
        changes=data.changes,
        sheet=_sheet(data, panel, missing, peak_at_least),
        maker=maker,
    )


def _refuse_choices(name: str, **choices: object) -> None:
    given = [choice for choice, value in choices.items() if value is not None]
    if given:
        raise DataError(
            f"the set {name!r} has its own {' and '.join(given)}; give facts in its place, such as "
            f"analysis_set(cm.facts('iraq'), {given[0]}=...)"
        )


def _tell(label: str, panel: pd.DataFrame, missing: dict[str, str]) -> None:
    """Say once what a set of one's own facts lacks; its sheet says it again."""
    made = [name for name in record_of(panel).features if name in panel.columns]
    text = told_of_own(panel, made, missing)
    if text:
        warn(f"the set of {label}: {text}")


def _broken(item: str, value: str) -> list[list[str]]:
    """A row of the sheet as lines that keep to the width of print."""
    left = wrap(item, _ITEM, subsequent_indent="  ", break_on_hyphens=False)
    right = wrap(value, _VALUE, break_on_hyphens=False)
    return [list(pair) for pair in zip_longest(left, right, fillvalue="")]


def _check_name(name: str, variant: str) -> None:
    if name not in SETS:
        raise DataError(f"no analysis set named {name!r}; known: {', '.join(SETS)}")
    if variant not in SETS[name]:
        raise DataError(
            f"the set {name!r} has the variants {', '.join(SETS[name])}, not {variant!r}"
        )


def _sheet(
    data: SetData, panel: pd.DataFrame, missing: dict[str, str], peak_at_least: float
) -> pd.DataFrame:
    counts = describe_panel(panel).loc["total"]
    dropped = pd.DataFrame(
        map(dict, record_of(panel).panel["dropped"]), columns=["spell", "reason"]
    )
    ends = panel.groupby(["coalition", "state", "spell"])["exit_kind"].first().value_counts()
    items: list[tuple[str, object]] = [
        ("title", data.title),
        ("unit", f"member-{data.period}, (start, stop]"),
        ("clock", {"entry": "time since entry", "coalition": "time since the coalition's start"}[
            data.clock
        ]),
        ("rows", counts["rows"]),
        ("coalitions", panel["coalition"].nunique()),
        ("states", counts["states"]),
        ("spells", counts["spells"]),
        ("event", data.outcome),
        ("events", counts["events"]),
        *[(f"spells that ended: {kind}", n) for kind, n in ends.items()],
        ("first period", f"{counts['first']:%Y-%m}"),
        ("last period", f"{counts['last']:%Y-%m}"),
        *[("observed", note) for note in data.notes],
        *[
            (f"left out: {reason}", n)
            for reason, n in dropped["reason"].value_counts(sort=False).items()
        ],
        *[("noted", note) for note in record_of(panel).panel["notes"]],
        *_feature_items(panel),
        *[(f"no {idea}", reason) for idea, reason in missing.items()],
        *[("limit", text) for text in data.limits],
        ("sources", ", ".join(sources_of(panel))),
    ]  # fmt: skip
    if peak_at_least > 0:
        items.append(("peak at least", f"{peak_at_least:g} persons, known only afterwards"))
    return pd.DataFrame([(item, str(value)) for item, value in items], columns=["item", "value"])


def _feature_items(panel: pd.DataFrame) -> list[tuple[str, object]]:
    known = record_of(panel).features
    if not known:
        return []
    share = {name: panel[name].isna().mean() for name in known if name in panel.columns}
    partly = [f"{name} {100 * part:.1f}%" for name, part in share.items() if part > 0]
    return [
        ("features", len(share)),
        ("features with missing rows", ", ".join(partly) or "none"),
    ]
