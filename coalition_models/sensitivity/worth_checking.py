"""Which facts, if they were checked, would make a finding most certain."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, check_draws
from coalition_models.errors import DataError, counted
from coalition_models.members.bundled_facts import revision_of
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, format_number
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.drawn_codings import (
    MISTAKEN_FOR,
    Codings,
    codings_of,
    measured_error,
)
from coalition_models.sensitivity.drawn_dates import FIELDS, NOT_KNOWN, DateBounds, date_bounds
from coalition_models.sensitivity.rebuilding import Rebuild, cautions
from coalition_models.sources.load import load

__all__ = ["InformationValue", "value_of_information"]

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]
Integers = npt.NDArray[np.int64]

#: days of a date at which the estimate is looked at, evenly spread over its range
_POINTS = 3


@dataclass(frozen=True, repr=False)
class InformationValue(InTables):
    """Where the uncertainty of a finding comes from, and which facts hold most of it.

    Attributes
    ----------
    term : str
    naive : Series
        The estimate with the facts as they stand.
    split : DataFrame
        ``source`` (sampling, dates, coding, specification), ``variance`` of the estimate (log
        scale) and ``share`` of the sum of those known.
    facts : DataFrame
        One row per fact that may be otherwise: ``state, coalition, spell, column, present,
        known`` (how it is: to the month or year, not at all, in two readings, or by one coder),
        ``range, chance`` (of another value), ``lowest, highest`` (the estimate over its range),
        ``reduction`` (of variance, expected, if it were known) and ``share`` (of sampling, dates
        and coding together); the largest first.
    draws : DataFrame
        ``estimate`` of every world by ``source`` of what was drawn: dates, coding, both.
    notes : tuple of str
    """

    term: str
    naive: pd.Series
    split: pd.DataFrame
    facts: pd.DataFrame
    draws: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in two sentences made from its numbers."""
        known = self.split.dropna(subset=["share"]).sort_values("share", ascending=False)
        parts = ", ".join(f"{row.source} {row.share:.0%}" for row in known.itertuples())
        if np.isnan(self.split["share"].iloc[0]):
            parts += ", beside that of sampling, which is not known since there is no estimate"
        moving = self.facts[self.facts["reduction"] > 0]
        if moving.empty:
            return f"The variance of {self.term} is {parts}. No single fact moves the estimate."
        first = moving.iloc[0]
        return (
            f"The variance of {self.term} is {parts}. Of {counted(len(self.facts), 'fact')} that "
            f"may be otherwise {len(moving)} move the estimate; the first to check is "
            f"{first['column']} of {first['state']}, with {first['share']:.1%} of the variance."
        )

    def to_table(self, most: int = 10) -> Table:
        """The facts to check first."""
        shown = self.facts.head(most)
        words = ["state", "coalition", "spell", "column", "present", "range"]
        ends: Floats = np.exp(shown[["lowest", "highest"]].to_numpy(dtype=float))
        rows = [
            [*map(str, line), format_number(low), format_number(high), f"{share:.1%}"]
            for line, (low, high), share in zip(
                shown[words].to_numpy().tolist(), ends.tolist(), shown["share"], strict=True
            )
        ]
        header = ["state", "coalition", "spell", "column", "present", "range", "ratio from",
                  "to", "of variance"]  # fmt: skip
        return Table(header, rows, f"Facts to check first: {self.term}", self.notes, "llllllrrr")

    def to_tables(self) -> list[Table]:
        """Where the variance comes from, and the facts to check first."""
        rows = [
            [str(source), format_number(variance), "" if np.isnan(share) else f"{share:.1%}"]
            for source, variance, share in self.split.to_numpy().tolist()
        ]
        split = Table(["source", "variance", "share"], rows, f"Variance of {self.term}")
        return [split, self.to_table()]


def value_of_information(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    options: Mapping[str, object] | None = None,
    curve: SpecCurve | None = None,
    joint: pd.DataFrame | None = None,
    lead: int | None = None,
    contested: float = 0.5,
    error: tuple[int, int] | None = None,
    draws: int = 100,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> InformationValue:
    """Rank the facts by how much less uncertain a finding would be if they were known.

    Dates known to the month or year and codings of exits are drawn as in
    :func:`~coalition_models.sensitivity.uncertain_dates.date_uncertainty` and
    :func:`~coalition_models.sensitivity.uncertain_codings.coding_uncertainty`, apart and together.
    The expected reduction of a fact is the variance of the estimate over its own possible values,
    all others as they stand: the first, middle and last day of a date's range, the two codings of
    an exit with their chances.

    Parameters
    ----------
    spec : Specification
        Clustered one way; a family without scores at the null is judged by Wald's z.
    term : str
        A column of the formula.
    facts : Facts
    features : callable, optional
        From a panel to one with the columns of the formula.
    options : mapping, optional
        Of :func:`build_panel`.
    curve : SpecCurve, optional
        Of the same term, for the variance over specifications.
    joint : DataFrame, optional
        Exits decided together, as in ``date_uncertainty``; they are one fact.
    lead : int, optional
        Days. An early exit's decision that is not known may lie so many days before the departure
        and is a fact to check; by default it is left as the panel dates it.
    contested, error
        As in ``coding_uncertainty``.
    draws, seed : int
        Worlds of dates, of codings, and of both.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    InformationValue

    Raises
    ------
    DataError
        No clusters or two sets of them; no error of coding for facts of your own; a curve of
        another term.

    Notes
    -----
    Reductions add up to the variance of dates and codings where facts do not depend on each other
    in what they do to the estimate; the notes say how near they come.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ recent_exits_12m", cluster="state")
    >>> found = cm.sensitivity.value_of_information(
    ...     spec, "recent_exits_12m", cm.facts("unosom2"), features=cm.add_contagion, draws=2,
    ...     error=(0, 0))
    >>> found.split["source"].tolist()
    ['sampling', 'dates', 'coding', 'specification']
    """
    check_arguments(value_of_information, locals())
    check_draws(draws, least=2)
    if curve is not None and curve.term != term:
        raise DataError(f"curve is of {curve.term!r}, not of {term!r}")
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    if joint is None and revision_of(facts) is not None:
        joint = load("joint_exits")
    if lead is not None:
        check_count(lead, "lead")
    bounds, coded = date_bounds(facts, joint, lead=lead), codings_of(facts, contested, None)
    wrong, of = measured_error(facts, error)
    alone = [*_dates(bounds), *_codings(coded, wrong, of)]
    worlds: dict[Hashable, Callable[[], Facts]] = {"as coded": _World(bounds, bounds.main, None)}
    for number, fact in enumerate(alone):
        worlds |= {(number, at): world for at, world in enumerate(fact.worlds)}
    worlds |= _drawn(bounds, coded, wrong, of, draws, seed)
    table, warned = rebuild.fits(
        worlds, workers, keep=keep, progress=progress, about="value_of_information"
    )
    found = dict(zip(table["world"], table["estimate"], strict=True))
    naive: pd.Series = table.iloc[0]
    listed = _listed(alone, found, float(naive["estimate"]), bounds.members)
    drawn = _estimates(table)
    split = _split(naive, drawn, curve)
    known = split.loc[split["source"] != "specification", "variance"].sum()
    listed["share"] = listed["reduction"] / known
    own = table[[isinstance(one, tuple) and one[0] == "both" for one in table["world"]]]
    notes = [_additive(listed, drawn), *cautions(naive, own), *warned]
    return InformationValue(term, naive, split, listed, drawn, tuple(notes))


@dataclass(frozen=True, eq=False)
class _World:
    """Facts with some days and some kinds, made where they are used."""

    bounds: DateBounds
    days: Integers
    kinds: Objects | None

    def __call__(self) -> Facts:
        made = self.bounds.facts_at(self.days)
        if self.kinds is None:
            return made
        assert made.members is not None
        tables = {name: made.table(name) for name in TABLES}
        tables["members"] = made.members.assign(exit_kind=self.kinds)
        return trusted_facts(tables, made.sources)


@dataclass(frozen=True, eq=False)
class _Fact:
    """One fact: its rows, what it says and may say, and worlds with their chances.

    ``present`` is the chance of the world as it stands, beside ``worlds``.
    """

    rows: list[int]
    column: str
    said: str
    known: str
    range: str
    worlds: list[Callable[[], Facts]]
    chances: Floats
    present: float


def _dates(bounds: DateBounds) -> list[_Fact]:
    found = []
    for at, name in enumerate(FIELDS):
        rows = np.flatnonzero(bounds.uncertain[:, at])
        groups = rows if at == 0 else bounds.group[rows]
        for one in dict.fromkeys(groups.tolist()):
            own = rows[groups == one]
            where = np.zeros(bounds.known.shape, dtype=bool)
            where[own, at] = True
            worlds: list[Callable[[], Facts]] = []
            for share in np.linspace(0, 1, _POINTS):
                reach = bounds.last - bounds.first
                days = bounds.first + np.round(share * reach).astype(np.int64)
                worlds.append(_World(bounds, bounds.moved(where, days), None))
            first, last, main = (
                np.datetime_as_string(days[own[0], at].astype("datetime64[D]"))
                for days in (bounds.first, bounds.last, bounds.main)
            )
            even = np.full(_POINTS, 1 / _POINTS)
            span = f"{first} to {last}"
            known = bounds.how_known(own, at)
            said = "" if known == NOT_KNOWN else str(main)
            found.append(_Fact(own.tolist(), name, said, known, span, worlds, even, 0.0))
    return found


def _codings(coded: Codings, wrong: int, of: int) -> list[_Fact]:
    """Exits that may be of another kind: contested ones, and all others by the measured error."""
    bounds = date_bounds(coded.facts)
    rate = (wrong + 0.5) / (of + 1) if of else 0.0
    found = []
    for row, kind in enumerate(coded.kinds.tolist()):
        if row in coded.two:
            kinds, chances = coded.two[row]
            pairs = [(str(k), float(c)) for k, c in zip(kinds, chances, strict=True) if k != kind]
        else:
            pairs = [(MISTAKEN_FOR[kind], rate)] if kind in MISTAKEN_FOR and rate else []
        pairs = [(other, chance) for other, chance in pairs if chance > 0]
        if pairs:
            worlds: list[Callable[[], Facts]] = [
                _World(bounds, bounds.main, coded.recoded({row: other})) for other, _ in pairs
            ]
            chance = np.array([one for _, one in pairs])
            words = " or ".join([kind, *(other for other, _ in pairs)])
            known = "in two readings" if row in coded.two else "by one coder"
            found.append(_Fact([row], "exit_kind", kind, known, words, worlds, chance,
                               1 - float(chance.sum())))  # fmt: skip
    return found


def _drawn(
    bounds: DateBounds, coded: Codings, wrong: int, of: int, draws: int, seed: int
) -> dict[Hashable, Callable[[], Facts]]:
    """Worlds of dates, of codings and of both; those of both hold the days and kinds of the two."""
    worlds: dict[Hashable, Callable[[], Facts]] = {}
    for at, stream in enumerate(np.random.SeedSequence(seed).spawn(draws)):
        one, other = stream.spawn(2)
        days = bounds.draw(np.random.default_rng(one))
        kinds = coded.draw(np.random.default_rng(other), wrong, of)
        worlds["dates", at] = _World(bounds, days, None)
        worlds["coding", at] = _World(bounds, bounds.main, kinds)
        worlds["both", at] = _World(bounds, days, kinds)
    return worlds


def _estimates(table: pd.DataFrame) -> pd.DataFrame:
    drawn = [(one[0], float(value)) for one, value in
             zip(table["world"], table["estimate"], strict=True)
             if isinstance(one, tuple) and isinstance(one[0], str)]  # fmt: skip
    return pd.DataFrame(drawn, columns=["source", "estimate"])


def _split(naive: pd.Series, drawn: pd.DataFrame, curve: SpecCurve | None) -> pd.DataFrame:
    between = drawn.groupby("source")["estimate"].apply(_variance)
    over = np.nan if curve is None else _variance(curve.alike["estimate"])
    lines = [
        ("sampling", float(naive["std_error"]) ** 2),
        ("dates", float(between["dates"])),
        ("coding", float(between["coding"])),
        ("specification", over),
    ]
    found = pd.DataFrame(lines, columns=["source", "variance"])
    return found.assign(share=found["variance"] / found["variance"].sum())


def _variance(values: pd.Series) -> float:
    known = values.dropna()
    # equal draws differ by nothing, not by the rounding of their mean
    return float(known.var()) if len(known) > 1 and known.max() > known.min() else 0.0


def _listed(
    alone: list[_Fact], found: Mapping[Hashable, float], naive: float, members: pd.DataFrame
) -> pd.DataFrame:
    lines = []
    for number, fact in enumerate(alone):
        values = np.array([found[number, at] for at in range(len(fact.worlds))] + [naive])
        chances = np.append(fact.chances, fact.present)
        known = np.isfinite(values)
        weights = np.where(known, chances, 0.0)
        line: dict[str, object] = {
            "state": ", ".join(members["state"].iloc[fact.rows]),
            "coalition": members["coalition"].iloc[fact.rows[0]],
            "spell": ", ".join(members["spell"].iloc[fact.rows].astype(str)),
            "column": fact.column, "present": fact.said, "known": fact.known, "range": fact.range,
            "chance": float(fact.chances.sum()) if fact.present else np.nan,
            "lowest": np.nan, "highest": np.nan, "reduction": np.nan,
        }  # fmt: skip
        if weights.sum() > 0:
            seen = values[known]
            share = weights[known] / weights.sum()
            middle = float((share * seen).sum())
            spread = float((share * (seen - middle) ** 2).sum())
            line |= {"lowest": seen.min(), "highest": seen.max(),
                     "reduction": spread if np.ptp(seen) > 0 else 0.0}  # fmt: skip
        lines.append(line)
    columns = ["state", "coalition", "spell", "column", "present", "known", "range", "chance",
               "lowest", "highest", "reduction"]  # fmt: skip
    table = pd.DataFrame(lines, columns=columns)
    return table.sort_values("reduction", ascending=False, kind="stable", ignore_index=True)


def _additive(listed: pd.DataFrame, drawn: pd.DataFrame) -> str:
    both = _variance(drawn.loc[drawn["source"] == "both", "estimate"])
    total = float(listed["reduction"].sum())
    lost = int(listed["reduction"].isna().sum())
    words = (
        f"the reductions of all {len(listed)} facts sum to {total:.3g}; the variance over worlds "
        f"of both dates and codings is {both:.3g}"
    )
    return words + (f"; {counted(lost, 'fact')} without an estimate" if lost else "")
