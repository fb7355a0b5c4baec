"""What a finding owes to days that are known to the month or the year only."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, check_draws
from coalition_models.errors import DataError, counted
from coalition_models.inference.imputed import Combined
from coalition_models.members.bundled_facts import revision_of
from coalition_models.members.facts import Facts
from coalition_models.members.spell_checks import spell_labels
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, frame_table
from coalition_models.sensitivity.drawn_dates import FIELDS, DateBounds, date_bounds
from coalition_models.sensitivity.rebuilding import (
    Rebuild,
    cautions,
    combine,
    combined_rows,
    verdict,
    verdicts,
)
from coalition_models.sources.load import load

__all__ = ["DateUncertainty", "date_uncertainty"]

Integers = npt.NDArray[np.int64]
Worlds = dict[Hashable, Callable[[], Facts]]

_ATTENUATES = (
    "days are drawn without a look at the outcome: an effect of timing is pulled towards none, "
    "the more so the wider the months and years are that are drawn from"
)
_SOFT = (
    "dates of low confidence are moved as bounds and drawn only within their precision: nobody "
    "knows how likely which day is"
)


@dataclass(frozen=True, repr=False)
class DateUncertainty(InTables):
    """A term over worlds of dates.

    Attributes
    ----------
    term : str
    naive : Series
        The estimate with the dates as they stand in the facts.
    draws : DataFrame
        One row per world: ``estimate, std_error, p_value`` (log scale), ``z`` and
        ``z_by_cluster`` of the score, ``events, exposed_events, exposed_clusters, rows,
        clusters``; ``problem`` where there is no estimate.
    combined : Combined or None
        By Rubin's rules; None where fewer than two worlds could be fitted.
    dates : DataFrame
        Uncertain dates: ``spell, date, first, last`` (with the order that the facts impose on
        single dates), ``together`` (spells that share the draw), and the estimate with only this
        date at its first or last possible day: ``estimate_first, estimate_last, swing``, by which
        they are sorted.
    bounds : DataFrame
        Dates of low confidence moved by ``reach`` days beyond their precision, all at once and one
        by one, and their spells left out: ``world`` and the estimate. Empty without any.
    notes : tuple of str
    """

    term: str
    naive: pd.Series
    draws: pd.DataFrame
    combined: Combined | None
    dates: pd.DataFrame
    bounds: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def verdicts(self) -> pd.Series:
        """Share of the draws per verdict: sign, and p below .05."""
        return verdicts(self.draws)

    def to_tables(self) -> list[Table]:
        """The estimate over the draws, the dates that move it, and the bounds."""
        first = combined_rows(
            self.term,
            self.naive,
            self.draws,
            self.combined,
            title=f"Dates: {self.term}",
            notes=self.notes,
        )
        tables = [first]
        if self.dates["swing"].notna().any():
            columns = ["spell", "date", "first", "last", "estimate_first", "estimate_last"]
            shown = self.dates[columns].head(10)
            shown = shown.assign(
                **{name: shown[name].dt.strftime("%Y-%m-%d") for name in ("first", "last")}
            )
            tables.append(frame_table(shown, title="Whose date matters most"))
        if len(self.bounds):
            shown = self.bounds[["world", "estimate", "p_value", "z_by_cluster", "events"]]
            tables.append(frame_table(shown, title="Dates of low confidence, as bounds"))
        return tables


def date_uncertainty(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    options: Mapping[str, object] | None = None,
    joint: pd.DataFrame | None = None,
    draws: int = 200,
    seed: int = 1,
    reach: int = 92,
    whose: bool = True,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> DateUncertainty:
    """Draw the dates of spells within their precision and estimate a term in every world.

    Entries, announcements and exits known to the month or year may be any of its days. Worlds are
    uniform among those that keep the order of each spell (entry, announcement, exit, last person;
    where the record itself contradicts it, as it stands), that of a state's spells, and the side
    of the mandate's start and end on which a date was coded. Exits that were decided together have
    one place within their months. Panel and features are made anew from the facts of each world.

    Parameters
    ----------
    spec : Specification
        Clustered one way; a family without scores at the null is judged by Wald's z.
    term : str
        A column of the formula.
    facts : Facts
    features : callable, optional
        From a panel to one with the columns of the formula: ``lambda p: cm.add_elections(p)``.
    options : mapping, optional
        Of :func:`build_panel`, such as ``{"exit_date": "announced"}``.
    joint : DataFrame, optional
        Exits decided together (``group, coalition, state, spell``); those of ``joint_exits`` for
        bundled facts by default, none for your own.
    draws, seed : int
    reach : int
        Days by which dates of low confidence (``entry_confidence``, ``exit_confidence``) are moved
        beyond what their precision leaves open. They are bounds, no draws.
    whose : bool
        Whether to move each uncertain date alone to its first and last day: two fits a date.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    DateUncertainty

    Raises
    ------
    DataError
        No clusters or two sets of them; no members; dates that hardly any world keeps in order.

    Notes
    -----
    Rubin's rules with Barnard and Rubin's degrees (1999), clusters less one with complete data.
    Draws that do not look at the outcome attenuate effects of timing.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.date_uncertainty(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=3,
    ...     whose=False)
    >>> len(found.draws), int(found.naive["events"])
    (3, 21)
    """
    check_arguments(date_uncertainty, locals())
    check_draws(draws, least=2)
    check_count(reach, "reach", least=0)
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    if joint is None and revision_of(facts) is not None:
        joint = load("joint_exits")
    bounds = date_bounds(facts, joint)
    seeds = np.random.SeedSequence(seed).spawn(draws)
    worlds: Worlds = {"as coded": _Drawn(bounds, bounds.main)}
    for at in range(draws):
        worlds[at] = _Drawn(bounds, bounds.draw(np.random.default_rng(seeds[at])))
    alone = _alone(bounds) if whose else {}
    low = _low(bounds, reach)
    table, warned = rebuild.fits(
        {**worlds, **alone, **low}, workers, keep=keep, progress=progress, about="date_uncertainty"
    )
    own = table.iloc[1 : draws + 1].reset_index(drop=True)
    extremes = table.iloc[draws + 1 : draws + 1 + len(alone)]
    soft = table.iloc[draws + 1 + len(alone) :].reset_index(drop=True)
    unsure = int(bounds.uncertain.sum())
    notes = [
        f"{counted(unsure, 'date')} of {int(bounds.known.sum())} not known to the day; "
        f"{_joint_words(bounds)}",
        *([_ATTENUATES] if unsure else []),
        *([f"{_SOFT}; reach {reach} days"] if low else []),
        *cautions(table.iloc[0], own),
        *warned,
    ]
    return DateUncertainty(
        term=term,
        naive=table.iloc[0],
        draws=own,
        combined=combine(own),
        dates=_dates(bounds, extremes),
        bounds=soft.assign(
            verdict=[
                verdict(float(one), float(p))
                for one, p in zip(soft["estimate"], soft["p_value"], strict=True)
            ]
        ),
        notes=tuple(notes),
    )


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Facts with some days, made where they are used; some spells left out."""

    bounds: DateBounds
    days: Integers
    without: npt.NDArray[np.bool_] | None = None

    def __call__(self) -> Facts:
        made = self.bounds.facts_at(self.days)
        if self.without is None:
            return made
        assert made.members is not None
        left_out = pd.Series(self.without, index=made.members.index)
        reason = pd.Series(None, index=made.members.index, dtype=object)
        if "left_out" in made.members.columns:
            reason = made.members["left_out"].astype(object)
        return made.replace(
            members=made.members.assign(left_out=reason.mask(left_out, "date of low confidence"))
        )


def _joint_words(bounds: DateBounds) -> str:
    shared = int((np.bincount(bounds.group, minlength=1) > 1).sum())
    return f"{counted(shared, 'group')} of exits decided together"


def _units(bounds: DateBounds) -> list[tuple[int, list[int]]]:
    """What is moved as one: a field, and the spells whose date it is."""
    found: list[tuple[int, list[int]]] = []
    for at in range(len(FIELDS)):
        rows = np.flatnonzero(bounds.uncertain[:, at])
        groups = rows if at == 0 else bounds.group[rows]
        found += [(at, rows[groups == one].tolist()) for one in dict.fromkeys(groups.tolist())]
    return found


def _alone(bounds: DateBounds) -> Worlds:
    worlds: Worlds = {}
    for number, (at, rows) in enumerate(_units(bounds)):
        where = np.zeros(bounds.known.shape, dtype=bool)
        where[rows, at] = True
        for word, days in (("first", bounds.first), ("last", bounds.last)):
            worlds[(number, word)] = _Drawn(bounds, bounds.moved(where, days))
    return worlds


def _dates(bounds: DateBounds, extremes: pd.DataFrame) -> pd.DataFrame:
    labels = spell_labels(bounds.members)
    found = dict(zip(extremes["world"], extremes["estimate"], strict=True))
    lines = []
    for number, (at, rows) in enumerate(_units(bounds)):
        low, high = (found.get((number, word), np.nan) for word in ("first", "last"))
        lines.append(
            {
                "spell": labels[rows[0]],
                "date": FIELDS[at],
                "first": pd.Timestamp(np.datetime64(int(bounds.first[rows[0], at]), "D")),
                "last": pd.Timestamp(np.datetime64(int(bounds.last[rows[0], at]), "D")),
                "together": ", ".join(labels[row] for row in rows[1:]),
                "estimate_first": low,
                "estimate_last": high,
                "swing": abs(high - low),
            }
        )
    columns = ["spell", "date", "first", "last", "together", "estimate_first", "estimate_last"]
    table = pd.DataFrame(lines, columns=[*columns, "swing"])
    return table.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def _low(bounds: DateBounds, reach: int) -> Worlds:
    """Dates of low confidence at both ends, all at once and alone, and without their spells."""
    low = np.zeros(bounds.known.shape, dtype=bool)
    for at, name in enumerate(FIELDS):
        column = f"{name}_confidence"
        if column in bounds.members.columns:
            low[:, at] = (bounds.members[column] == "low").fillna(False).to_numpy(dtype=bool)
    low &= bounds.known
    if not low.any():
        return {}
    ends = {"earliest": bounds.first - reach, "latest": bounds.last + reach}
    worlds: Worlds = {
        f"all {word}": _Drawn(bounds, bounds.moved(low, days)) for word, days in ends.items()
    }
    labels = spell_labels(bounds.members)
    if low.sum() > 1:
        for row, at in np.argwhere(low):
            one = np.zeros_like(low)
            one[row, at] = True
            for word, days in ends.items():
                name = f"{labels[row]} {FIELDS[at]} {word}"
                worlds[name] = _Drawn(bounds, bounds.moved(one, days))
    theirs: npt.NDArray[np.bool_] = np.asarray(low.any(axis=1))
    if theirs.all():
        raise DataError("every spell has a date of low confidence: none would be left")
    worlds["their spells left out"] = _Drawn(bounds, bounds.main, theirs)
    return worlds
