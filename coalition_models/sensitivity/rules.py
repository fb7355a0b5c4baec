"""How much the rule of defection matters: events gained and lost, estimates moved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.defection.named_rules import named_rule
from coalition_models.defection.outcome import not_at_risk, panel_events
from coalition_models.defection.rules import KINDS, DefectionRule
from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.own_set import OWN
from coalition_models.errors import DataError, FitError, counted, first_few, gathered, warn
from coalition_models.members.facts import Facts
from coalition_models.models.cox.api import cox
from coalition_models.models.fit import Fit
from coalition_models.models.sample.sides import sides_of
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.summaries import span
from coalition_models.sources.codebook import codebook

__all__ = ["RuleComparison", "compare_rules"]

_EVENT = ["coalition", "state", "spell", "date", "kind"]


@dataclass(frozen=True, repr=False)
class RuleComparison:
    """What each rule counts, and what that does to the estimates.

    ``counts``: one row per rule with the number of defections by kind, the events in the panel,
    the defections outside its time at risk (``not_at_risk``),
    the defections gained and lost against the first rule, and the rule as a sentence.
    ``changes``: one row per defection gained or lost. ``estimates``: one row per rule and term
    (hazard ratio, interval, p-value, ``ratio_to_first``), or the reason why there is none.
    """

    counts: pd.DataFrame
    changes: pd.DataFrame
    estimates: pd.DataFrame
    formula: str

    @property
    def span(self) -> pd.DataFrame:
        """Smallest and largest hazard ratio of each term over the rules that could be fitted."""
        found = span(self.estimates, "hazard_ratio", by="term", null=1.0)
        return found.rename(columns={"combinations": "rules"})

    def to_tables(self) -> list[Table]:
        """What each rule counts and, where a model was fitted, how far its ratios move."""
        counts = self.counts.drop(columns="sentence").reset_index()
        reasons = self.estimates.loc[self.estimates["failed"].fillna("") != "", ["rule", "failed"]]
        notes = [f"Gained and lost: against {self.counts.index[0]}."]
        notes += [f"Not fitted: {rule} ({why})." for rule, why in reasons.itertuples(index=False)]
        found = [frame_table(counts, title="What each rule counts", notes=notes)]
        if not self.span.empty:
            title = f"Hazard ratios over the rules: {self.formula}"
            found.append(frame_table(self.span.reset_index(), title=title))
        return found

    def __repr__(self) -> str:
        more = "In full: .counts (with each rule as a sentence), .changes, .estimates, .span"
        return "\n\n".join([*(table.text() for table in self.to_tables()), more])

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self.to_tables())


def compare_rules(
    rules: Sequence[DefectionRule | str],
    data: AnalysisSet | Facts | str = "iraq",
    *,
    formula: str | None = None,
    how: str = "first",
    cluster: str = "state",
) -> RuleComparison:
    """Code one analysis set under several rules and fit the same model to each.

    Parameters
    ----------
    rules : sequence of DefectionRule or str
        The first is the one the others are compared with. Names must differ.
    data : AnalysisSet, Facts or str
        A set, or the name of one; or facts of your own, of which :func:`analysis_set` makes one
        with the features of the formula.
    formula : str, optional
        A Cox model; ``event`` is the outcome under each rule. Without it only events are
        compared.
    how : {"first", "repeated"}
        As in :func:`panel_events`; repeated events are fitted with one stratum per order.
    cluster : str
        Column by which the variance is clustered.

    Returns
    -------
    RuleComparison

    Raises
    ------
    DataError
        No rules, or two of one name; a rule that needs what the facts lack (strengths, days of
        announcements).

    Warns
    -----
    CoalitionWarning
        Rules that count changes of task, or unplanned cuts, where own facts hold no ``changes``.

    Notes
    -----
    A rule under which the model cannot be fitted (too few events, separation) is kept, with the
    reason in ``estimates``.

    Examples
    --------
    >>> from coalition_models.sensitivity.rules import compare_rules
    >>> found = compare_rules(["tago-2009", "morey-2017"], "iraq")
    >>> found.counts[["events", "gained", "lost"]]
                events  gained  lost
    rule
    tago-2009       21       0     0
    morey-2017      12       0     9
    """
    check_arguments(compare_rules, locals())
    chosen = [named_rule(r) if isinstance(r, str) else r for r in rules]
    names = [rule.name for rule in chosen]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if not chosen or twice:
        raise DataError(
            f"rules to compare need different names; found twice: {first_few(twice)}"
            if twice
            else "no rule to compare: give at least one"
        )
    if how not in ("first", "repeated"):
        raise DataError(f"how must be 'first' or 'repeated' to fit one hazard, not {how!r}")
    _check_formula(formula)
    source = _source(data, formula)
    code, base = source.coder().code, Setting()

    def coded(rule: DefectionRule, setting: Setting) -> Setting:
        found = setting.once(code, rule)
        dated = setting.once(source.dated, rule.exit_date)
        panel = setting.once(panel_events, dated, found, how=how)
        return setting.replace(rule=rule, panel=panel).assign(found=found)

    def counted_by(setting: Setting) -> dict[str, object]:
        moved = _moved(setting["found"], setting.once(code, chosen[0]))
        return {**_count(setting, moved), "moved": moved}

    dimension = Dimension("rule", {rule.name: partial(coded, rule) for rule in chosen})
    counts = run(base, [dimension], counted_by, failures=()).table.set_index("rule")
    _warn_without_changes(source, chosen)
    return RuleComparison(
        counts=counts.drop(columns=["moved", "problem"]),
        changes=_stacked(
            [moved.assign(rule=rule) for rule, moved in counts["moved"].items()],
            ["rule", "change", *_EVENT, "reason"],
        ),
        estimates=_relative(_estimates(base, dimension, formula, how, cluster), names[0]),
        formula=formula or "",
    )


def _estimates(
    base: Setting, dimension: Dimension, formula: str | None, how: str, cluster: str
) -> pd.DataFrame:
    """Estimates under each rule, or why there are none."""
    if formula is None:
        return pd.DataFrame()

    def estimate(setting: Setting) -> pd.DataFrame:
        strata = "order" if how == "repeated" else None
        # how few events and clusters there are stands in the table itself
        with gathered():
            return _tidied(cox(formula, setting.rows, cluster=cluster, strata=strata))

    found = run(base, [dimension], estimate, failures=(FitError,), blank={"term": ""}).table
    # the first line says what failed
    return found.assign(failed=found["problem"].str.partition("\n")[0])


def _source(data: AnalysisSet | Facts | str, formula: str | None) -> AnalysisSet:
    if isinstance(data, AnalysisSet):
        return data
    if isinstance(data, Facts):
        return analysis_set(data, features=_builders(formula))
    return analysis_set(data)


def _builders(formula: str | None) -> list[str]:
    """Builders that make the columns of a formula."""
    words = set(re.findall(r"\w+", formula or ""))
    made = codebook("features")["builder"]
    return list(dict.fromkeys(made[made.index.isin(words)].str.removeprefix("add_")))


def _warn_without_changes(source: AnalysisSet, rules: Sequence[DefectionRule]) -> None:
    """Kinds of defection that a rule counts and own facts cannot show."""
    if source.variant != OWN or source.changes is not None:
        return
    unseen = {rule.name: _by_changes(rule) for rule in rules}
    names = [name for name, kinds in unseen.items() if kinds]
    if names:
        kinds = [kind for kind in KINDS if any(kind in found for found in unseen.values())]
        warn(
            f"the facts hold no changes, so that {len(names)} of {counted(len(rules), 'rule')} "
            f"({first_few(names)}) cannot tell {', '.join(kinds)}, or whether they were planned: "
            "Facts(..., changes=...)"
        )


def _by_changes(rule: DefectionRule) -> list[str]:
    """Kinds of defection that a rule reads from coded changes."""
    cuts = rule.cuts == "coded" or (rule.cuts == "significant" and rule.uncoded == "leave_out")
    return [k for k in rule.kinds if k != "full" and (k != "partial_cut" or cuts)]


def _check_formula(formula: str | None) -> None:
    """The outcome of every rule is the event; another one would be the same under each."""
    left = "event" if formula is None else sides_of(formula)[0].strip()
    if left not in ("event", "`event`"):
        raise DataError(
            f"formula must have event on its left, the outcome that each rule codes, not {left!r}"
        )


def _moved(found: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Defections that one rule has and the other has not.

    A defection that only has another date is the same one: matched are spell, kind and, for
    kinds that can happen again, the year.
    """
    here, there = _keys(found), _keys(first)
    gained = found[~here.isin(there)].assign(change="gained")
    lost = first[~there.isin(here)].assign(change="lost")
    return _stacked([gained, lost], ["change", *_EVENT, "reason"])


def _stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [part[columns] for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)


def _keys(table: pd.DataFrame) -> pd.Index:
    year = pd.to_datetime(table["date"]).dt.year.where(table["kind"] != "full", 0)
    return pd.MultiIndex.from_arrays([*(table[c] for c in _EVENT if c != "date"), year])


def _count(setting: Setting, moved: pd.DataFrame) -> dict[str, object]:
    kinds, panel = setting["found"]["kind"].value_counts(), setting.rows
    return {
        "defections": len(setting["found"]),
        **{kind: int(kinds.get(kind, 0)) for kind in KINDS},
        "events": int(panel["event"].sum()),
        "rows": len(panel),
        "gained": int((moved["change"] == "gained").sum()),
        "lost": int((moved["change"] == "lost").sum()),
        "sentence": str(setting.rule),
        "not_at_risk": len(not_at_risk(panel)),
    }


def _tidied(fit: Fit) -> pd.DataFrame:
    tidy = fit.tidy(exponentiate=True).rename(columns={"estimate": "hazard_ratio"})
    columns = ["term", "hazard_ratio", "conf_low", "conf_high", "p_value"]
    return tidy[columns].assign(events=fit.counts.events, clusters=min(fit.counts.clusters))


def _relative(table: pd.DataFrame, first: str) -> pd.DataFrame:
    columns = ["rule", "term", "hazard_ratio", "conf_low", "conf_high", "p_value", "events"]
    out = table.reindex(columns=[*columns, "clusters", "failed"])
    base = out[out["rule"] == first].set_index("term")["hazard_ratio"]
    out["ratio_to_first"] = (
        out["hazard_ratio"].astype("float64") / out["term"].map(base).astype("float64")
        if len(out)
        else np.nan
    )
    return out
