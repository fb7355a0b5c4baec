"""The data sheet of an analysis set: counts, coverage, features, limits, sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap

import pandas as pd

from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.members.panel import describe_panel
from coalition_models.record import record_of, sources_of

__all__ = ["broken_lines", "set_sheet", "told"]

#: characters of the sheet's two columns in print
_ITEM, _VALUE = 36, 62

_CLOCKS = {"entry": "time since entry", "coalition": "time since the coalition's start"}


def told(text: str, record: SetRecord, counts: Counts) -> str:
    """A text of a record with its counts.

    Examples
    --------
    >>> from coalition_models.designs.sets import set_record
    >>> told("{n} of a member-{period}", set_record("un", "geopko"), {"n": 3})
    '3 of a member-year'
    """
    return text.format(**{"period": record.period, "outcome": record.outcome, **counts})


def set_sheet(
    record: SetRecord,
    counts: Counts,
    panel: pd.DataFrame,
    missing: Mapping[str, str],
    peak_at_least: float = 0,
) -> pd.DataFrame:
    """Write the sheet: ``item, value``, one row per item.

    Parameters
    ----------
    record : SetRecord
    counts : mapping
        For the texts of the record.
    panel : DataFrame
    missing : mapping
        Idea -> why the panel has none of its features.
    peak_at_least : float
        Strength from which members were kept, in persons.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.analysis_set("iraq", features=False)
    >>> set_sheet(iraq.record, iraq.counts, iraq.panel, {}).equals(iraq.sheet)
    True
    """
    made = record_of(panel).panel
    dropped = pd.DataFrame(map(dict, made.get("dropped", ())), columns=["spell", "reason"])
    items: list[tuple[str, object]] = [
        ("title", told(record.title, record, counts)),
        ("unit", told(record.unit, record, counts)),
        *_counted(record, panel),
        *[("observed", told(note, record, counts)) for note in record.notes],
        *[
            (f"left out: {reason}", n)
            for reason, n in dropped["reason"].value_counts(sort=False).items()
        ],
        *[("noted", note) for note in made.get("notes", ())],
        *_feature_items(panel),
        *[(f"no {idea}", reason) for idea, reason in missing.items()],
        *[("limit", told(text, record, counts)) for text in record.limits],
        ("sources", ", ".join(sources_of(panel))),
    ]
    if peak_at_least > 0:
        items.append(("peak at least", f"{peak_at_least:g} persons, known only afterwards"))
    return pd.DataFrame([(item, str(value)) for item, value in items], columns=["item", "value"])


def _counted(record: SetRecord, panel: pd.DataFrame) -> list[tuple[str, object]]:
    """Rows, members and events, as far as the rows have such columns."""
    if not {"coalition", "state", "spell", "period", "exit_kind"} <= set(panel.columns):
        named = [("coalitions", "coalition"), ("states", "state")]
        return [
            ("rows", len(panel)),
            *[(item, panel[c].nunique()) for item, c in named if c in panel.columns],
            ("event", record.outcome),
            ("events", int(panel["event"].sum())),
        ]
    counts = describe_panel(panel).loc["total"]
    ends = panel.groupby(["coalition", "state", "spell"])["exit_kind"].first().value_counts()
    return [
        ("clock", _CLOCKS[record.clock]),
        ("rows", counts["rows"]),
        ("coalitions", panel["coalition"].nunique()),
        ("states", counts["states"]),
        ("spells", counts["spells"]),
        ("event", record.outcome),
        ("events", counts["events"]),
        *[(f"spells that ended: {kind}", n) for kind, n in ends.items()],
        ("first period", f"{counts['first']:%Y-%m}"),
        ("last period", f"{counts['last']:%Y-%m}"),
    ]


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


def broken_lines(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of the sheet as lines that keep to the width of print.

    Examples
    --------
    >>> broken_lines([["limit", "few " * 20]])[1]
    ['', 'few few few few few']
    """
    lines = []
    for item, value in rows:
        left = wrap(item, _ITEM, subsequent_indent="  ", break_on_hyphens=False)
        right = wrap(value, _VALUE, break_on_hyphens=False)
        lines += [list(pair) for pair in zip_longest(left, right, fillvalue="")]
    return lines
