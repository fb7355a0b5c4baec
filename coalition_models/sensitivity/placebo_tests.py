"""Tests that should find nothing: other times, other exits, other states' elections."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import CoverageError, DataError, FitError, counted, gathered
from coalition_models.inference.detection import check_shares, detectable_ratio, schoenfeld_power
from coalition_models.inference.exposure import FEWEST_EXPOSED
from coalition_models.inference.null_score import score_at_null
from coalition_models.inference.simulated_power import simulate_power
from coalition_models.members.facts import Facts
from coalition_models.models.asked import null_information
from coalition_models.models.family import require
from coalition_models.models.running import fit as fit_one
from coalition_models.models.running import unfitted
from coalition_models.models.sample.grammar import read_formula
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.calendars import Calendars, calendars_of
from coalition_models.sensitivity.rebuilding import LEVEL, Rebuild

__all__ = ["Placebos", "placebos"]

Floats = npt.NDArray[np.float64]
#: outcomes that elections should not move, with enough exits in some coalitions
_OUTCOMES: Mapping[str, Sequence[str]] = {
    "mission ends": ("mission_end",),
    "outside causes": ("exogenous",),
}
#: largest difference of two numbers of one region
_FAR = 100
_NUMBERS = (
    "estimate", "std_error", "p_value", "z", "z_by_cluster", "events", "exposed_events",
    "exposed_clusters", "shared", "detectable_ratio", "power", "simulated_power",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Placebos:
    """A finding beside tests in which there should be none.

    Attributes
    ----------
    term : str
    table : DataFrame
        One row per test, the finding first: ``kind`` (finding, window, outcome, neighbour),
        ``test``, ``estimate, std_error, p_value`` (log scale), ``z`` and ``z_by_cluster`` of the
        score where the term has no effect, ``events, exposed_events, exposed_clusters``;
        ``shared`` (share of exposed rows that are exposed in the finding too), ``detectable_ratio``
        (smallest ratio above one found with ``power_wanted``), ``power`` (chance to find a ratio as
        large as the finding's), ``simulated_power`` (the same by simulation, if asked for) and
        ``problem``.
    power_wanted : float
    neighbours : DataFrame
        ``state, neighbour``: whose elections stood in for its own.
    notes : tuple of str
    """

    term: str
    table: pd.DataFrame
    power_wanted: float
    neighbours: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in a sentence made from its numbers."""
        tests = self.table[self.table["kind"] != "finding"]
        known = tests[tests["z_by_cluster"].notna()]
        hits = known[known["p_value"] < LEVEL]
        able = known[known["power"] >= self.power_wanted]
        few = known[known["exposed_events"] < FEWEST_EXPOSED]
        named = "" if hits.empty else f" ({', '.join(hits['test'])})"
        return (
            f"{len(hits)} of {counted(len(known), 'placebo test')} of {self.term} found "
            f"something{named}; {len(able)} could have found a ratio as large as the finding's "
            f"with a chance of {self.power_wanted:.0%} or more, and {len(few)} rest on fewer than "
            f"{FEWEST_EXPOSED} exposed events."
        )

    def to_table(self) -> Table:
        """All tests, ready for text, Markdown, LaTeX and HTML."""
        columns = ["test", "ratio", "p", "z", "exposed events", "events", "detectable", "power"]
        rows = [
            [
                str(one["test"]),
                format_number(float(np.exp(one["estimate"]))),
                format_p(float(one["p_value"])),
                format_number(one["z"]),
                format_number(one["exposed_events"]),
                format_number(one["events"]),
                format_number(one["detectable_ratio"]),
                "" if np.isnan(one["power"]) else f"{one['power']:.0%}",
            ]
            for _, one in self.table.iterrows()
        ]
        lost = self.table.loc[self.table["problem"] != "", "test"]
        notes = [*self.notes]
        if len(lost):
            notes.append(f"No finite estimate of {', '.join(lost)}: the column problem says why.")
        return Table(columns, rows, f"Placebo tests: {self.term}", notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def placebos(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame],
    options: Mapping[str, object] | None = None,
    windows: Sequence[int] = (-24, -12, 12, 24),
    outcomes: Mapping[str, Sequence[str]] | None = None,
    neighbours: Mapping[str, str] | Literal["nearest", "none"] = "nearest",
    power: float = 0.8,
    simulate: int = 0,
    seed: int = 1,
) -> Placebos:
    """Repeat a finding on elections where there should be nothing to find.

    Every calendar is moved by the same months (``windows``), the exits are of kinds that no
    election should bring (``outcomes``), or a state has its neighbour's elections. A test that
    finds something says that the finding may be of something else; one that finds nothing says as
    much only as it had power.

    Parameters
    ----------
    spec : Specification
        Of a family with scores and information at the null, clustered one way.
    term : str
        A column of the formula that ``features`` makes.
    facts : Facts
    features : callable
        From a panel to one with the columns of the formula; it must read the panel's facts.
    options : mapping, optional
        Of :func:`build_panel`.
    windows : sequence of int
        Months by which all calendars are moved, later if positive. ``shared`` tells how much of
        the exposure is still the finding's own.
    outcomes : mapping, optional
        Name -> kinds of exit. By default ends of the mission and outside causes, as far as the
        facts hold any.
    neighbours : mapping, "nearest" or "none"
        State -> state whose elections it gets. ``nearest``: the member whose Correlates of War
        number, which runs by region, is nearest, by 100 at most, and whose elections are covered in
        the panel's time.
    power : float
        Wanted chance of finding the detectable ratio.
    simulate : int
        Draws of a simulation of the power to find the finding's ratio, by the standard Cox policy;
        0 for none.
    seed : int

    Returns
    -------
    Placebos

    Raises
    ------
    DataError
        No clusters; no election of any member; a neighbour without elections.

    Notes
    -----
    The detectable ratio rests on the information of the risk sets where the term has no effect
    (:func:`~coalition_models.inference.detection.null_variance`) and Student's t with clusters
    less one; dependence within clusters makes it larger.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.placebos(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, windows=[12])
    >>> found.table["kind"].tolist()
    ['finding', 'window', 'outcome', 'outcome', 'neighbour']
    """
    check_arguments(placebos, locals())
    check_shares(power=power)
    check_draws(simulate, least=0, name="simulate")
    require(spec.record, "null_scores", "placebos()")
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    require(spec.record, "null_information", "placebos()")
    calendars = calendars_of(facts)
    with gathered() as told:
        own = rebuild.panel(facts)
        found = _test(rebuild, "finding", "as found", own, own, power)
        tests = [
            _test(rebuild, "window", _window(by), _moved(rebuild, calendars, by), own, power)
            for by in windows
        ]
        for name, kinds in _outcomes(outcomes, facts).items():
            other = replace(rebuild, options={**rebuild.options, "exit_kinds": tuple(kinds)})
            tests.append(_test(other, "outcome", name, other.panel(facts), own, power))
        whose = _neighbours(neighbours, calendars, own)
        if whose:
            panel = rebuild.panel(calendars.swapped(whose))
            tests.append(_test(rebuild, "neighbour", "neighbours' elections", panel, own, power))
    lines = [found, *tests]
    ratio = float(np.exp(cast("float", found.line["estimate"])))
    table = pd.DataFrame([_powered(one, rebuild, ratio, simulate, seed) for one in lines])
    return Placebos(
        term, table.astype(dict.fromkeys(_NUMBERS, float)), power, _named(whose, facts, own),
        (*_notes(power, neighbours, whose), *told),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Tested:
    line: dict[str, object]
    panel: pd.DataFrame
    variance: float
    degrees: float


def _test(
    rebuild: Rebuild, kind: str, name: str, panel: pd.DataFrame, own: pd.DataFrame, power: float
) -> _Tested:
    line: dict[str, object] = {"kind": kind, "test": name, **dict.fromkeys(_NUMBERS, np.nan)}
    line |= {"problem": "", "shared": _shared(rebuild.term, panel, own)}
    variance = degrees = float("nan")
    try:
        seen = score_at_null(rebuild.spec, rebuild.term, panel)
        line |= {name: value for name, value in seen.numbers.items() if name in _NUMBERS}
        degrees = seen.numbers["clusters"] - 1.0
        variance = _variance(rebuild.spec, rebuild.term, panel)
        line["detectable_ratio"] = detectable_ratio(variance, power=power, degrees=degrees)
        fitted = fit_one(rebuild.spec, panel)
        tidy = fitted.tidy().set_index("term").loc[rebuild.term]
        line |= {
            name: float(cast("float", tidy[name])) for name in ("estimate", "std_error", "p_value")
        }
    except (FitError, CoverageError) as error:
        line["problem"] = str(error).partition("\n")[0]
    return _Tested(line, panel, variance, degrees)


def _variance(spec: Specification, term: str, panel: pd.DataFrame) -> float:
    """Of the coefficient where no term has an effect."""
    model = unfitted(replace(spec, variance=None, small_sample=None), panel)
    at = model.names.index(term)
    information = null_information(model)
    try:
        return float(np.linalg.inv(information)[at, at])
    except np.linalg.LinAlgError as error:
        raise FitError(f"{term!r} does not vary beyond the other terms") from error


def _shared(term: str, panel: pd.DataFrame, own: pd.DataFrame) -> float:
    """Share of the exposed rows that are exposed in the finding's panel too."""
    key = ["coalition", "state", "spell", "period"]
    if panel[term].nunique() != 2 or own[term].nunique() != 2:
        return float("nan")
    here = panel.loc[panel[term] == panel[term].max(), key]
    there = own.loc[own[term] == own[term].max(), key]
    return float(len(here.merge(there, on=key)) / len(here)) if len(here) else float("nan")


def _powered(
    one: _Tested, rebuild: Rebuild, ratio: float, simulate: int, seed: int
) -> dict[str, object]:
    """The line with its chance to find the finding's ratio."""
    line = dict(one.line)
    if np.isfinite(one.variance) and np.isfinite(ratio) and ratio != 1:
        # one event of unit information stands for all of them
        line["power"] = schoenfeld_power(ratio, 1.0, variance=1.0 / one.variance)
        if simulate:
            controls = read_formula(rebuild.spec.formula, trust=True).names
            known = [c for c in controls if c in one.panel.columns and c != rebuild.term]
            assert rebuild.spec.cluster
            line["simulated_power"] = simulate_power(
                one.panel, rebuild.term, ratio, controls=known, cluster=rebuild.spec.cluster[0],
                draws=simulate, seed=seed,
            ).power  # fmt: skip
    return line


def _window(months: int) -> str:
    return f"{counted(abs(months), 'month')} {'later' if months > 0 else 'earlier'}"


def _moved(rebuild: Rebuild, calendars: Calendars, months: int) -> pd.DataFrame:
    by = dict.fromkeys(calendars.states.tolist(), months)
    return rebuild.panel(calendars.shifted(by))


def _outcomes(
    outcomes: Mapping[str, Sequence[str]] | None, facts: Facts
) -> dict[str, Sequence[str]]:
    if outcomes is not None:
        return dict(outcomes)
    assert facts.members is not None
    held = set(facts.members["exit_kind"])
    return {name: kinds for name, kinds in _OUTCOMES.items() if held & set(kinds)}


def _neighbours(
    given: Mapping[str, str] | str, calendars: Calendars, panel: pd.DataFrame
) -> dict[int, int]:
    """State's number -> number of the state whose calendar it gets."""
    if isinstance(given, str) and given not in ("nearest", "none"):
        raise DataError(f"neighbours must be a mapping, 'nearest' or 'none', not {given!r}")
    if given == "none":
        return {}
    assert calendars.facts.members is not None
    members = calendars.facts.members.drop_duplicates("cow")
    numbers = dict(zip(members["state"], members["cow"].astype(int), strict=True))
    have = set(calendars.states.tolist())
    if not isinstance(given, str):
        wrong = [n for pair in given.items() for n in pair if n not in numbers]
        wrong += [n for n in given.values() if n in numbers and numbers[n] not in have]
        if wrong:
            raise DataError(f"neighbours names states that are no members with elections: {wrong}")
        return {numbers[one]: numbers[other] for one, other in given.items()}
    able = _covered(calendars, panel)
    found = {}
    for cow in sorted(set(panel["cow"].astype(int)) & have):
        near = sorted((abs(one - cow), one) for one in able if 0 < abs(one - cow) <= _FAR)
        if near:
            found[cow] = near[0][1]
    return found


def _covered(calendars: Calendars, panel: pd.DataFrame) -> set[int]:
    """States whose elections are known all through the panel."""
    votes = calendars.votes
    if not {"known_from", "known_until"} <= set(votes.columns):
        return set(calendars.states.tolist())
    inside = votes["known_from"].le(panel["period"].min())
    inside &= votes["known_until"].ge(panel["period"].max())
    return set(votes.loc[inside, "cow"].astype(int))


def _named(whose: Mapping[int, int], facts: Facts, panel: pd.DataFrame) -> pd.DataFrame:
    assert facts.members is not None
    names = dict(zip(facts.members["cow"].astype(int), facts.members["state"], strict=True))
    here = set(panel["cow"].astype(int))
    rows = [(names[one], names[other]) for one, other in whose.items() if one in here]
    return pd.DataFrame(rows, columns=["state", "neighbour"])


def _notes(
    power: float, neighbours: Mapping[str, str] | str, whose: Mapping[int, int]
) -> list[str]:
    found = [
        f"detectable: the smallest ratio above one found with a chance of {power:.0%} if nothing "
        "is common within clusters; power: the chance to find a ratio as large as the finding's"
    ]
    if neighbours == "nearest" and whose:
        found.append(
            "neighbours: the member with the nearest Correlates of War number, which runs by "
            f"region; {counted(len(whose), 'state')} have one"
        )
    return found
