"""How far the sources of elections and leaders agree, per feature, as a table in Markdown.

Run with the external sources at hand (variable COALITION_MODELS_MIRROR, or a filled cache)::

    python benchmarks/source_agreement.py > docs/sources-agree.md

Every pair of codings is compared on the contributor-months for which both have a value: one row
of the monthly panel of Iraq, ISAF and Resolute Support is one contributor-month.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import combinations

import pandas as pd

import coalition_models as cm

COALITIONS = ["iraq", "isaf", "rsm"]
ELECTION_FEATURES = ["election_month", "election_near", "post_election", "months_to_election"]
LEADER_FEATURES = [
    "leader_change",
    "party_change",
    "tenure_months",
    "joined_under_other_leader",
]
LEADERS = ["effective", "head_of_government", "archigos"]
#: kinds of election and the sources that list them
ELECTIONS = {
    "legislative": ["parlgov", "reign", "nelda", "bjornskov-rode"],
    "presidential": ["reign", "nelda"],
    "leader": ["union", "parlgov", "reign", "nelda", "bjornskov-rode"],
}
TEXT = """# How far sources agree

Made by `python benchmarks/source_agreement.py > docs/sources-agree.md`, with the external sources
at hand. A contributor-month is a row of the monthly panel of {coalitions}: {rows:,} in all. *Both*
is the number for which both codings have a value, *alike* the share of those with the same value
(within half a unit), *both 1* and *only one 1* how often a flag is set in both or in one of them:
flags are rare, so that two codings can be alike in nearly all months and yet share few events.
Features are those of `add_elections` and `add_leadership` with their default windows (six months).
NELDA ends in 2012 and lists ceremonial presidents and upper houses; Bjoernskov and Rode end in
2020 and know the month of legislative elections only; Archigos ends in 2015.

ParlGov and REIGN are read from the bundled table, where the day of an election that both list has
been settled: they differ below only by elections that one of them lacks. Before that, of the
{shared} elections that both list, {same} had the same day, {near} were up to three days apart and
{far} more.
"""


def agreement(one: pd.Series, other: pd.Series) -> dict[str, object]:
    """Count months in which two codings of a feature are alike."""
    both = one.notna() & other.notna()
    left, right = one[both], other[both]
    alike = (left - right).abs() < 0.5
    flags = set(pd.concat([left, right]).unique()) <= {0.0, 1.0}
    return {
        "both": int(both.sum()),
        "alike": f"{100 * alike.mean():.1f} %" if both.any() else "",
        "both 1": int(((left == 1) & (right == 1)).sum()) if flags else "",
        "only one 1": int((left != right).sum()) if flags else "",
    }


def compare(
    codings: dict[str, pd.DataFrame], features: list[str], **labels: str
) -> list[dict[str, object]]:
    """Compare every pair of codings on every feature."""
    # the union is compared with each source; the sources among themselves by kind of election
    pairs = [p for p in combinations(codings, 2) if "union" not in codings or "union" in p]
    rows = [
        {"feature": feature, **labels, "one": a, "other": b}
        | agreement(codings[a][feature], codings[b][feature])
        for feature in features
        for a, b in pairs
    ]
    return [row for row in rows if row["both"]]


def coverage(
    codings: dict[str, pd.DataFrame], feature: str, **labels: str
) -> list[dict[str, object]]:
    """Share of contributor-months for which a coding has a value."""
    return [
        {**labels, "coding": name, "known": f"{100 * table[feature].notna().mean():.1f} %"}
        for name, table in codings.items()
    ]


def markdown(rows: list[dict[str, object]]) -> str:
    """Write records as a table, the numbers to the right."""
    names = list(rows[0])
    text = {"feature", "kinds", "one", "other", "coding"}
    lines = [
        "| " + " | ".join(names) + " |",
        "| " + " | ".join(":---" if name in text else "---:" for name in names) + " |",
    ]
    lines += ["| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows]
    return "\n".join(lines)


def codings(build: Callable[[str], pd.DataFrame], names: list[str]) -> dict[str, pd.DataFrame]:
    """Build the features once under every coding."""
    return {name: build(name) for name in names}


def settled() -> dict[str, int]:
    """Count how far apart ParlGov and REIGN were before the bundled table settled the day."""
    table = cm.load("elections")
    said = table.loc[table["sources"] == "parlgov;reign", "agreement"]
    days = said.str.extract(r"days_apart:(\d+)")[0].fillna("0").astype(int)
    return {
        "shared": len(days),
        "same": int((days == 0).sum()),
        "near": int(days.between(1, 3).sum()),
        "far": int((days > 3).sum()),
    }


def main() -> None:
    """Write the page to standard output."""
    panel = cm.build_panel(cm.load("participation"), coalitions=COALITIONS)
    pairs: list[dict[str, object]] = []
    known: list[dict[str, object]] = []
    for kinds, sources in ELECTIONS.items():

        def build(source: str, kinds: str = kinds) -> pd.DataFrame:
            return cm.add_elections(panel, kinds=kinds, sources=source)

        made = codings(build, sources)
        pairs += compare(made, ELECTION_FEATURES, kinds=kinds)
        known += coverage(made, "election_month", kinds=kinds)
    leaders = codings(lambda who: cm.add_leadership(panel, who=who), LEADERS)
    named = ", ".join(COALITIONS[:-1]) + f" and {COALITIONS[-1]}"
    parts = [
        TEXT.format(coalitions=named, rows=len(panel), **settled()),
        "## What each coding covers",
        markdown(known + coverage(leaders, "leader_change", kinds="leaders")),
        "## Elections",
        markdown(pairs),
        "## Leaders",
        markdown(compare(leaders, LEADER_FEATURES)),
    ]
    sys.stdout.write("\n\n".join(part.strip() for part in parts) + "\n")


if __name__ == "__main__":
    main()
