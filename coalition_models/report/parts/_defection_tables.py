"""Tables of the part on defection: rules, readings, and every case with its sources."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from coalition_models.defection.named_rules import NAMED_RULES, list_rules
from coalition_models.designs.first_look import FORMULA
from coalition_models.designs.sets import place_of
from coalition_models.members.timing import DATE_COLUMN
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.defection_counts import FORMULA_UN, DefectionAnalysis
from coalition_models.sensitivity.rules import RuleComparison

__all__ = ["defection_frames", "defection_tables"]

_COUNTED = (
    "defections: coded under the rule; events: first defections of a spell that is at risk; "
    "gained and lost: against the first rule; fitted: whether the model could be estimated."
)


def defection_frames(analysis: DefectionAnalysis) -> dict[str, pd.DataFrame]:
    """Every number of the part, by the name of the file that holds it."""
    frames = {
        "defection_rules": list_rules().reset_index(),
        "defection_small_falls": analysis.falls,
        "defection_named": _counts(analysis.named),
        "defection_named_estimates": analysis.named.estimates,
        "defection_named_changes": analysis.named.changes,
        "defection_traced": _dated(analysis),
        "defection_set_aside": analysis.set_aside,
    }
    for name, found in analysis.readings.items():
        frames[f"defection_readings_{name}"] = _counts(found)
        frames[f"defection_readings_{name}_span"] = found.span.reset_index()
        frames[f"defection_readings_{name}_estimates"] = found.estimates
        frames[f"defection_readings_{name}_changes"] = found.changes
    for name, one in analysis.sets.items():
        frames[f"defection_sheet_{name}"] = one.sheet
    return frames


def _counts(found: RuleComparison) -> pd.DataFrame:
    table = found.counts.drop(columns="sentence").reset_index()
    failed = found.estimates[found.estimates["failed"].fillna("") != ""]
    table["fitted"] = ["no" if rule in set(failed["rule"]) else "yes" for rule in table["rule"]]
    return table


def defection_tables(
    analysis: DefectionAnalysis, frames: Mapping[str, pd.DataFrame]
) -> dict[str, Table]:
    """Print-ready tables of what :func:`defection_frames` made."""
    tables = _rule_tables(analysis, frames) | _traced_tables(analysis, frames)
    for name, found in analysis.readings.items():
        tables |= _reading_tables(name, found, frames)
    for name, one in analysis.sets.items():
        tables[f"defection_sheet_{name}"] = one.to_table()
    return tables


def _rule_tables(
    analysis: DefectionAnalysis, frames: Mapping[str, pd.DataFrame]
) -> dict[str, Table]:
    """What rules there are, and what each finds in Iraq."""
    return {
        "defection_rules": frame_table(frames["defection_rules"], title="Rules of defection"),
        "defection_small_falls": frame_table(
            frames["defection_small_falls"].rename(columns=lambda name: name.replace("_", " ")),
            title="Yearly falls in strength, and how many are below 200 persons",
            notes=(
                "level: how a year's strength is taken. full: falls at the end of a spell. "
                "below: falls below 200 persons, and their share; median, upper quartile: persons; "
                "pairs unknown: of successive years, for one of which no strength is known.",
            ),
            digits=2,
        ),
        "defection_named": frame_table(
            frames["defection_named"],
            title="Iraq under rules modelled on the literature",
            notes=(*_modelled_on(), _COUNTED),
        ),
        "defection_named_estimates": frame_table(
            _estimates(analysis.named),
            title="Hazard ratios in Iraq under each rule",
            notes=(
                f"Cox, {FORMULA}; in brackets the 95% interval, clustered by state.",
                *_few_clusters(analysis.named),
            ),
        ),
    }


def _traced_tables(
    analysis: DefectionAnalysis, frames: Mapping[str, pd.DataFrame]
) -> dict[str, Table]:
    """Every defection with its sources, and what is set aside."""
    return {
        "defection_traced": frame_table(
            _trace(frames["defection_traced"]),
            title="Every defection coded in Iraq and ISAF, with the rows and sources behind it",
            notes=(
                "dated by: an exit that rules date differently has a row per date, one that all "
                "date alike has one; main: the main force was out; announced: the decision was "
                "made public; last: the last person was out; fall: the period in which strength "
                "fell; change: the day of the coded change.",
                "rules: the named rules that count it, by that date; persons: size of the fall, "
                "if known.",
            ),
            digits=0,
        ),
        "defection_set_aside": frame_table(
            _reasons(analysis.set_aside),
            title="Candidates that the default rule does not count (Iraq, ISAF)",
        ),
    }


def _reading_tables(
    name: str, found: RuleComparison, frames: Mapping[str, pd.DataFrame]
) -> dict[str, Table]:
    """What every reading of the quartile method finds in one set."""
    formula = FORMULA_UN if name == "un" else FORMULA
    return {
        f"defection_readings_{name}": frame_table(
            frames[f"defection_readings_{name}"],
            title=f"{len(found.counts)} readings of the quartile method: {place_of(name)}",
            notes=(
                "A reading, by its name: a fall is significant by persons, per cent, either or "
                "both; from which quantile on (q); ranked over all coalitions or within each; last "
                "years of a coalition left out (d).",
                _COUNTED,
            ),
        ),
        f"defection_readings_{name}_span": frame_table(
            frames[f"defection_readings_{name}_span"],
            title=f"Hazard ratios over the readings: {place_of(name)}",
            notes=(
                f"Cox, {formula}; below_0.05: readings with p < 0.05, clustered by state.",
                *_few_clusters(found),
            ),
        ),
    }


def _modelled_on() -> list[str]:
    """A line per article: which rules are modelled on it, and what of it was seen."""
    groups = list_rules().reset_index().groupby(["article", "seen"], sort=False)["name"]
    return [
        "The rules are our codings after these texts, none the authors' own:",
        *(f"{', '.join(names)}: {article} (seen: {seen})" for (article, seen), names in groups),
    ]


def _estimates(found: RuleComparison) -> pd.DataFrame:
    rows = found.estimates[found.estimates["term"].fillna("") != ""]
    text = [
        f"{ratio:.2f} [{low:.2f}, {high:.2f}]"
        for ratio, low, high in zip(
            rows["hazard_ratio"], rows["conf_low"], rows["conf_high"], strict=True
        )
    ]
    wide = rows.assign(text=text).pivot_table(
        index="rule", columns="term", values="text", aggfunc="first"
    )
    order = list(dict.fromkeys(rows["rule"]))
    terms = list(dict.fromkeys(rows["term"]))
    events = rows.drop_duplicates("rule").set_index("rule")["events"].astype("int64")
    out = wide.loc[order, terms].reset_index()
    out.columns.name = None
    out.insert(1, "events", events.loc[order].to_numpy())
    return out


def _few_clusters(found: RuleComparison, enough: int = 40) -> tuple[str, ...]:
    """Say so where the clustered intervals are too narrow on average."""
    fewest = found.estimates["clusters"].min()
    if not fewest < enough:
        return ()
    return (
        f"With {fewest:.0f} states clustered standard errors are too small on average, and with so "
        "few events the more so: read p-values as lower bounds.",
    )


def _dated(analysis: DefectionAnalysis) -> pd.DataFrame:
    """What was traced, with ``dated_by``: which of the dates of the facts each row's date is."""
    traced = analysis.traced
    key = ["coalition", "state", "spell"]
    members = pd.concat([one.members for one in analysis.sets.values()], ignore_index=True)
    facts = members.drop_duplicates(key).set_index(key)[list(DATE_COLUMN.values())]
    rows = facts.reindex(pd.MultiIndex.from_frame(traced[key]))
    same = {
        name: (rows[column].to_numpy() == traced["date"].to_numpy())
        for name, column in DATE_COLUMN.items()
    }
    words = [
        " and ".join(name for name, equal in same.items() if equal[i])
        if kind == "full"
        else ("fall" if rests_on.startswith("troops:") else "change")
        for i, (kind, rests_on) in enumerate(zip(traced["kind"], traced["rests_on"], strict=True))
    ]
    out = traced.copy()
    out.insert(list(out.columns).index("date") + 1, "dated_by", words)
    return out


def _trace(dated: pd.DataFrame) -> pd.DataFrame:
    columns = ["coalition", "state", "spell", "date", "dated_by", "kind", "persons", "planned"]
    columns += ["reason", "confidence", "rests_on", "source", "rules"]
    table = dated[columns].copy()
    table["rules"] = [_shorter(text) for text in table["rules"]]
    return table


def _shorter(rules: str) -> str:
    """Name all rules by one word where all count a defection."""
    return "all" if len(rules.split(", ")) == len(NAMED_RULES) else rules


def _reasons(set_aside: pd.DataFrame) -> pd.DataFrame:
    groups = set_aside.groupby("reason", sort=False)["candidate"]
    table = pd.DataFrame({"candidates": groups.size(), "which": groups.agg("; ".join)})
    return table.sort_values("candidates", ascending=False, kind="stable").reset_index()
