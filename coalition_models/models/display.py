"""What stands under every table: how a fit was made, from which rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from coalition_models.errors import counted
from coalition_models.record import Made, Record, record_of, remembers, sources_of

__all__ = ["Background", "Choices", "Counts", "choices_told", "footnotes", "lost_record"]

#: columns by which a panel is known; a table of one's own seldom has them all
_PANEL = frozenset(
    ("coalition", "state", "cow", "spell", "entry", "period", "start", "stop", "exit_kind")
)

_VARIANCE = {
    "model": "inverse information",
    "robust": "robust, scores summed by",
    "cluster": "clustered by",
    "jackknife": "jackknife (CR3) by",
}
#: what is said of a penalty; a prior's words stand for themselves
_PENALTY = {
    "firth": "Penalty: Firth; limits and p-values by penalised profile likelihood.",
    "flic": (
        "Penalty: Firth, with the intercept at which chances are right on average (FLIC); limits "
        "and p-values by penalised profile likelihood, the intercept's by Wald."
    ),
    "flac": (
        "Penalty: Firth by pseudo-rows told from the others (FLAC), with chances right on "
        "average; limits and p-values by their profile likelihood."
    ),
    "relogit": "First-order bias taken off (King and Zeng 2001).",
}
_TIES = {"efron": "Efron", "breslow": "Breslow", "exact": "exact"}


@dataclass(frozen=True)
class Choices:
    """Every setting of a fit. Empty where the estimator does not have it.

    ``baseline`` are terms, apart from the intercept and ``time``, that shape the hazard of a
    reference.
    """

    convention: str
    variance: str
    small_sample: bool
    ties: str = ""
    penalty: str = ""
    link: str = ""
    time: str = ""
    distribution: str = ""
    baseline: tuple[str, ...] = ()
    start: str = ""
    stop: str = ""
    id: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    weights: str = ""
    offset: str = ""


@dataclass(frozen=True)
class Counts:
    """Rows, events, members and clusters of a fit.

    ``dropped`` counts rows with a missing value by column (one row can miss several);
    ``left_out`` counts rows by any other reason. ``members`` is None where no ``id`` is known.
    """

    rows_given: int
    rows: int
    events: int
    time_at_risk: float
    members: int | None = None
    clusters: tuple[int, ...] = ()
    never_at_risk: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


def footnotes(
    choices: Choices,
    counts: Counts,
    data: tuple[str, ...],
    remarks: tuple[str, ...],
    degrees: float = float("inf"),
) -> tuple[str, ...]:
    """Write the notes under a table, one sentence each.

    ``degrees`` are those of Student's t; infinite where tests and limits are normal.

    Examples
    --------
    >>> for note in footnotes(Choices("R", "model", False, ties="efron"),
    ...                       Counts(9, 8, 3, 8.0, dropped={"risk": 1}), (), ()):
    ...     print(note)
    Events 3; rows 8; time at risk 8; members not identified (no id).
    Rows given 9; dropped 1 with missing values (risk 1).
    Ties: Efron. Variance: inverse information. Convention: R.
    """
    notes = [_who(counts), _rows(counts), _how(choices, counts)]
    if degrees < float("inf"):
        notes.append(f"Tests and limits: Student's t with {degrees:g} degrees of freedom.")
    notes += [text for text in (_extras(choices), *data) if text]
    notes += [f"Note: {remark}" for remark in remarks]
    return tuple(note for note in notes if note)


def _who(counts: Counts) -> str:
    members = (
        f"members {counts.members}"
        if counts.members is not None
        else "members not identified (no id)"
    )
    risk = f"{counts.time_at_risk:.6g}"
    return f"Events {counts.events}; rows {counts.rows}; time at risk {risk}; {members}."


def _rows(counts: Counts) -> str:
    parts = []
    missing = counts.rows_given - counts.rows - sum(counts.left_out.values())
    if missing:
        by = ", ".join(f"{name} {count}" for name, count in counts.dropped.items())
        parts.append(f"dropped {missing} with missing values ({by})")
    parts += [f"left out {count} ({reason})" for reason, count in counts.left_out.items()]
    if counts.never_at_risk:
        parts.append(
            f"{counts.never_at_risk} of the rows used are at risk at no event time and carry no "
            "information"
        )
    if not parts:
        return ""
    return f"Rows given {counts.rows_given}; {'; '.join(parts)}."


def _how(choices: Choices, counts: Counts) -> str:
    parts = []
    if choices.ties:
        parts.append(f"Ties: {_TIES[choices.ties]}.")
    if choices.link:
        parts.append(f"Link: {choices.link}.")
    if choices.distribution:
        parts.append(f"Distribution: {choices.distribution}.")
    if choices.time:
        parts.append(f"Duration: {choices.time}.")
    if choices.penalty:
        prior = f"{choices.penalty.capitalize()}: the mode, limits and p-values by its profile."
        parts.append(_PENALTY.get(choices.penalty, prior))
    kind = _VARIANCE[choices.variance]
    if choices.variance == "robust":
        kind += f" {', '.join(choices.id)}" if choices.id else " row"
    elif choices.variance in ("cluster", "jackknife"):
        names = [f"{c} (G = {g})" for c, g in zip(choices.cluster, counts.clusters, strict=True)]
        kind += f" {' and '.join(names)}"
    if choices.variance in ("robust", "cluster"):
        kind += ", times G/(G-1)" if choices.small_sample else ", no small-sample factor"
    parts.append(f"Variance: {kind}.")
    parts.append(f"Convention: {choices.convention}.")
    return " ".join(parts)


def _extras(choices: Choices) -> str:
    parts = []
    if choices.strata:
        parts.append(f"Strata: {', '.join(choices.strata)}.")
    if choices.weights:
        parts.append(f"Case weights: {choices.weights}.")
    if choices.offset:
        parts.append(f"Offset: {choices.offset}.")
    return " ".join(parts)


class Background:
    """What a frame remembers of its making, for the fits on it; each column is looked at once."""

    def __init__(self, data: pd.DataFrame) -> None:
        self._data = data
        self._looked: dict[str, Made | None] = {}

    def _made(self, name: str) -> Made | None:
        """How a column was made; None where it is another one by now."""
        if name not in self._looked:
            made = self._record.features[name]
            there = name in self._data.columns and made.still(self._data, name)
            self._looked[name] = made if there else None
        return self._looked[name]

    @cached_property
    def _record(self) -> Record:
        return record_of(self._data)

    @cached_property
    def _panel(self) -> tuple[str, ...]:
        """How the panel was built."""
        panel = self._record.panel
        if not isinstance(panel, Mapping) or not panel:
            return ()
        shown = {k: v for k, v in panel.items() if k not in ("dropped", "notes") and _said(v)}
        text = "; ".join(f"{name} {_plain(value)}" for name, value in shown.items())
        gone = panel.get("dropped", [])
        tail = f"; {counted(len(gone), 'spell')} left out" if gone else ""
        return (f"Panel: {text}{tail}.",)

    @cached_property
    def lost(self) -> tuple[str, ...]:
        """That a panel no longer remembers how it was made."""
        return lost_record(self._data)

    @cached_property
    def _tables(self) -> tuple[str, ...]:
        """Tables behind the rows."""
        return sources_of(self._data, ())

    def choices(self, used: tuple[str, ...]) -> tuple[str, ...]:
        """How the panel and the columns used were made, one note each."""
        parts = []
        for name in used:
            if name not in self._record.features:
                continue
            made = self._made(name)
            if made is None:
                parts.append(f"{name} (given: replaced after it was made)")
                continue
            said = {key: value for key, value in made.choices.items() if _said(value)}
            choices = ", ".join(f"{key} {_plain(value)}" for key, value in said.items())
            parts.append(f"{name} ({choices})" if choices else name)
        return (*self._panel, *([f"Features: {'; '.join(parts)}."] if parts else []))

    def sources(self, used: tuple[str, ...]) -> tuple[str, ...]:
        """Tables to cite for the rows and the columns used."""
        found = list(self._tables)
        for name in used:
            made = self._made(name) if name in self._record.features else None
            found += made.sources if made is not None else ()
        return tuple(dict.fromkeys(found))


def lost_record(data: pd.DataFrame) -> tuple[str, ...]:
    """Say so where a panel no longer remembers how it was made; nothing of other tables.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"))
    >>> lost_record(panel), len(lost_record(panel.merge(panel[["state"]].drop_duplicates())))
    ((), 1)
    """
    if remembers(data) or not set(data.columns) >= _PANEL:
        return ()
    return (
        "the panel's record was lost (pandas' merge and files drop it): how the panel and its "
        "features were made, and from which facts, can be neither checked nor cited here. Add "
        "columns with cm.merge(panel, table, on=...), which keeps it",
    )


def choices_told(data_choices: tuple[str, ...], column: str) -> dict[str, str] | None:
    """How a column was made, read back from what a fit tells; None where that is not known.

    Only choices of one word are read.

    Examples
    --------
    >>> told = ("Features: election_near (window 6, kinds leader); combat_role.",)
    >>> choices_told(told, "election_near"), choices_told(told, "combat_role")
    ({'window': '6', 'kinds': 'leader'}, {})
    >>> choices_told(told, "risk") is None
    True
    """
    features = next((text for text in data_choices if text.startswith("Features: ")), "")
    found = re.search(rf"(?:^Features: |; ){re.escape(column)}(?: \((.*?)\))?(?:; |\.$)", features)
    if found is None or (found.group(1) or "").startswith("given: "):
        return None
    return dict(re.findall(r"(?:^|, )(\w+) ([^\s,]+)(?=,|$)", found.group(1) or ""))


def _said(value: object) -> bool:
    return value is not None and value not in ([], (), {}, "")


def _plain(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "/".join(str(item) for item in value)
    if isinstance(value, Mapping):
        return "/".join(f"{name} {item}" for name, item in value.items())
    return str(value)
