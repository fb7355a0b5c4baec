"""Records of sets of a user's own: facts, or rows that are a panel already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coalition_models.designs.set_features import (
    ELECTIONS_BY_PERIOD,
    LEADERS_BY_PERIOD,
    REGIME_OWN,
)
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.members.facts import Facts
from coalition_models.models.sample.checks import check_event, raise_all
from coalition_models.record import record_of
from coalition_models.tables.contract import is_day

__all__ = [
    "LACKS",
    "OWN",
    "facts_record",
    "panel_record",
    "refuse_choices",
    "tell_of_own",
    "told_of_own",
]

#: variant of sets of a user's own
OWN = "own"
#: table of facts -> what a set without it cannot tell
LACKS = {
    "troops": "rules that look at the size of falls are refused",
    "changes": "no change of task, place or rules is known, and of no cut whether it was planned",
    "deaths": "nobody's losses are known",
}


def facts_record(facts: Facts, *, period: str = "month", clock: str = "entry") -> SetRecord:
    """Record of the set of one's own facts.

    Parameters
    ----------
    facts : Facts
        Of one coalition or of several; these and no others are read.
    period, clock : str
        As in :func:`build_panel`.

    Raises
    ------
    DataError
        If the facts hold no members, or no coalitions.

    Examples
    --------
    >>> import coalition_models as cm
    >>> facts_record(cm.facts("iraq").replace(deaths=None)).limits[0]
    "The facts hold no deaths: nobody's losses are known."
    """
    members = facts.members
    absent = [name for name in ("members", "coalitions") if facts.table(name) is None]
    if members is None or absent:
        raise DataError(
            f"a set needs members and coalitions, and the facts hold no {' and no '.join(absent)}: "
            f"Facts({', '.join(f'{name}=...' for name in absent)}, ...)"
        )
    limits = [
        f"The facts hold no {n}: {why}." for n, why in LACKS.items() if facts.table(n) is None
    ]
    if "exit_kind_alt" in members.columns:
        doubtful = int(members["exit_kind_alt"].notna().sum())
        fair = "could be coded otherwise by a fair reader (exit_kind_alt)"
        limits.append(f"{counted(doubtful, 'exit')} {fair}.")
    if facts.troops is not None:
        limits.append("Falls in strength are ranked among those of these facts alone.")
    present = ", ".join(dict.fromkeys(members["coalition"]))

    def read() -> tuple[Facts, Counts]:
        return facts, {"present": present}

    return SetRecord(
        name=present,
        variant=OWN,
        title="Own facts: {present}",
        facts=read,
        sources=tuple(n for t in ("members", "coalitions") for n in facts.sources.get(t, ())),
        period=period,
        clock=clock,
        outcome="the spell ended early, as coded in the facts",
        features=(
            ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "casualties", "risk", "commitment",
            "contagion", "alliance", REGIME_OWN, "capability", "preferences",
        ),
        limits=tuple(limits),
    )  # fmt: skip


def panel_record(
    panel: pd.DataFrame,
    name: str = "panel",
    *,
    event: str = "early exit",
    cluster: str | Sequence[str] = "state",
) -> SetRecord:
    """Record of a panel of one's own, which stands as it is.

    Parameters
    ----------
    panel : DataFrame
        ``event, start, stop`` and the columns of clusters.
    name : str
    event : str
        Kind of its event, as claims name their outcomes.
    cluster : str or sequence of str
        Columns of clusters.

    Raises
    ------
    DataError
        A panel without rows or without these columns, repeated columns, events other than 0 and
        1, dates that are none.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel_record(cm.build_panel(cm.facts("iraq"))).clusters
    ('state',)
    """
    clusters = (cluster,) if isinstance(cluster, str) else tuple(cluster)
    if not clusters:
        raise DataError("cluster= names no column; give one, such as 'state'")
    _check_columns(panel, name, clusters)
    values, problems, _ = check_event(panel, "event")
    raise_all([f"the panel {name!r}: {problem}" for problem in problems])
    if not pd.api.types.is_numeric_dtype(panel["event"].dtype):
        panel = panel.assign(event=values.astype(int))
    undated = [c for c in ("period", "entry") if c in panel.columns and not is_day(panel[c].dtype)]
    if undated:
        found = ", ".join(f"{c} ({panel[c].dtype})" for c in undated)
        raise DataError(
            f"the panel {name!r} must hold dates in {found}: whatever is looked up by date would "
            f"be missing. Turn them into dates, as pd.to_datetime(panel[{undated[0]!r}]) does for "
            "a panel read from a file, or give columns of your own other names"
        )

    def read() -> tuple[pd.DataFrame, Counts]:
        return panel, {"name": name}

    return SetRecord(
        name=name,
        variant=OWN,
        title="Own panel: {name}",
        rows=read,
        outcome="as given",
        unit="as given",
        event=event,
        about="your own",
        clusters=clusters,
    )


def _check_columns(panel: pd.DataFrame, name: str, clusters: Sequence[str]) -> None:
    if panel.empty:
        raise DataError(f"the panel {name!r} has no rows, so nothing can be tested on it")
    if panel.columns.has_duplicates:
        twice = dict.fromkeys(panel.columns[panel.columns.duplicated()])
        raise DataError(f"the panel {name!r} has repeated columns: {first_few(twice)}")
    needed = ["event", "start", "stop", *clusters]
    absent = [column for column in needed if column not in panel.columns]
    if absent:
        raise DataError(
            f"the panel {name!r} lacks the columns {', '.join(absent)}; build_panel() makes them; "
            "rename your own, and let cluster= name the column of clusters"
        )


def told_of_own(panel: pd.DataFrame, features: list[str], missing: Mapping[str, str]) -> str:
    """Say which features a set of one's own facts lacks, in all rows or in some.

    Examples
    --------
    >>> told_of_own(pd.DataFrame({"x": [1.0, None]}), ["x"], {})
    'of 1 feature 1 is missing in some rows, which no model with it uses: x 50%'
    """
    parts = []
    if missing:
        reasons = "; ".join(f"{idea} ({reason})" for idea, reason in missing.items())
        parts.append(f"{counted(len(missing), 'kind')} of feature left out: {reasons}")
    share = panel[features].isna().mean()
    partly = share[share > 0]
    if len(partly):
        listing = ", ".join(f"{name} {part:.0%}" for name, part in partly.items())
        verb = "is" if len(partly) == 1 else "are"
        parts.append(
            f"of {counted(len(features), 'feature')} {len(partly)} {verb} missing in some rows, "
            f"which no model with it uses: {listing}"
        )
    return "; ".join(parts)


def tell_of_own(label: str, panel: pd.DataFrame, missing: Mapping[str, str]) -> None:
    """Say once what a set of one's own facts lacks; its sheet says it again."""
    made = [name for name in record_of(panel).features if name in panel.columns]
    text = told_of_own(panel, made, missing)
    if text:
        warn(f"the set of {label}: {text}")


def refuse_choices(what: str, **choices: object) -> None:
    """Refuse choices that belong to facts, where a set has its own.

    Examples
    --------
    >>> refuse_choices("a panel", period=None)
    """
    given = [choice for choice, value in choices.items() if value is not None]
    if given:
        raise DataError(
            f"{what} has its own {' and '.join(given)}; give facts in its place, such as "
            f"analysis_set(cm.facts('iraq'), {given[0]}=...)"
        )
