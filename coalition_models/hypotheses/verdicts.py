# ruff: noqa: PT028
"""Each claim on each data set that can speak to it: estimate, power, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from coalition_models.arguments import check_arguments, check_workers
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import (
    AbsentError,
    CoverageError,
    DataError,
    FitError,
    FormulaError,
    first_few,
)
from coalition_models.hypotheses.cells import Cell, empty_row, result_row, step_of
from coalition_models.hypotheses.claims import Claim, read_plan, select
from coalition_models.hypotheses.columns import Bench, columns_of_term
from coalition_models.hypotheses.counting import Reach, counted_once, reach_of
from coalition_models.hypotheses.data_sets import (
    Sets,
    asked,
    combinable,
    resolve,
    sets_of,
    speaks_to,
)
from coalition_models.hypotheses.identified import not_measured
from coalition_models.hypotheses.readings import Readings, readings_of
from coalition_models.hypotheses.result import ELSEWHERE, Verdicts
from coalition_models.hypotheses.robustness import check_robustness
from coalition_models.hypotheses.rule import verdict_rule
from coalition_models.inference.both_tests import both_tests, clusters_of
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.meta import combine
from coalition_models.inference.power_curve import power_curve
from coalition_models.processes import in_processes
from coalition_models.progress import in_steps
from coalition_models.record import record_of, sources_of
from coalition_models.timelines.clock import on_clock

__all__ = ["Verdicts", "test_hypotheses"]


def test_hypotheses(
    panel_or_sets: Sets = None,
    ids: Sequence[str] | str | None = None,
    *,
    q: float = 0.05,
    level: float = 0.95,
    power: float = 0.8,
    robust: bool = True,
    draws: int | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    outcome: str = "early exit",
    cluster: str | Sequence[str] = "state",
    workers: int = 1,
    progress: bool | None = None,
) -> Verdicts:
    """Test the literature's claims on every data set that can speak to them.

    Measures, signs, controls and estimators are registered in the package; :func:`list_claims`
    shows them, and :func:`list_amendments` what was changed in the plan, mostly after results had
    been seen. What a data set cannot follow stands in ``deviations``.

    Parameters
    ----------
    panel_or_sets : DataFrame, Facts, AnalysisSet, str, sequence, or mapping of names to panels
        Your own panel, or several by name: rows with ``start, stop, event`` and the column of
        clusters, and with ``coalition, state, cow, spell, period`` (as :func:`build_panel` makes
        them) where columns are to be built. Columns that a claim's test reads and the panel has
        are taken as they stand, the others are built, with windows no shorter than the panel's
        periods; ``list_claims()["columns"]`` says which they are. Or facts, alone or by name:
        the panel is built by month and every column as registered, from these facts; what they
        lack leaves claims untestable. Or a set that :func:`analysis_set` made, with its own rows,
        outcome and clusters (of your own, the columns it has are taken as they stand). Or names
        among iraq, isaf, forms, leaders, un, interventions, wars, alliances, which a list may mix
        with sets. All by default; those whose source is not at hand are untestable.
    ids : str or sequence of str, optional
        Which claims.
    q : float
        False discovery rate at which a claim counts as a discovery.
    level : float
        One minus the size of the tests.
    power : float
        Of the detectable ratio.
    robust : bool
        Whether to run the grid of specifications.
    draws : int, optional
        Of the power curve, per ratio. By default 50 with the grid of specifications, whose power
        has a standard error of .07 at most, and none without it.
    tables : mapping, optional
        Your own tables by the name that ``list_claims()["table"]`` gives, with the columns that
        stand there: ``cow`` and ``coalition`` as in the panel, ``start`` and ``end`` as dates (no
        end: still in force; spans of one state must not overlap), and the value. Claims that
        need them become testable.
    outcome : str
        Of your own panels: what their event is, one of those in ``list_claims()["outcome"]``
        (early exit, violation, form of defection, ...). Claims on other outcomes are untestable.
        The event of facts is the early exit.
    cluster : str or sequence of str
        Of your own panels and facts: the column of clusters; of several, the one with the larger
        p-value counts, test by test.
    workers : int
        Processes, one data set each; the result does not depend on it.
    progress : bool, optional
        Show a progress bar over the data sets; by default after two seconds, where somebody looks.

    Returns
    -------
    Verdicts

    Raises
    ------
    DataError
        Unknown claims, data sets or tables; a panel without the columns named; facts without
        members or coalitions; a set with ``outcome`` or ``cluster``, or that lacks the columns it
        should bring.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, hazard=0.02,
    ...                           coefficients={"leader_change": 1.2},
    ...                           covariates={"leader_change": "pulse"}, seed=1)
    >>> found = cm.test_hypotheses(panel, "H02", robust=False)
    >>> found.table[["claim", "data_set", "verdict"]].values.tolist()
    [['H02', 'panel', 'supported']]

    Facts, here those of a package's set, which then are tested as your own would be:

    >>> found = cm.test_hypotheses(cm.facts("iraq"), "H02", robust=False)
    >>> found.table[["data_set", "events"]].values.tolist()
    [['iraq', 21]]
    """
    check_arguments(test_hypotheses, locals())
    claims = select(ids)
    own = dict(tables or {})
    _check_options(claims, own, q=q, level=level, power=power)
    if draws is not None and draws < 0:
        raise DataError(f"draws must be 0 or more, not {draws}")
    sets = asked(panel_or_sets, outcome=outcome, cluster=cluster)
    drawn = (50 if robust else 0) if draws is None else draws
    options = _Options(level, power, robust, drawn, progress if len(sets) == 1 else False)
    done = _all_done(sets, claims, own, options, workers, progress)
    cells = {(cell.claim, cell.data_set): cell for part in done for cell in part.cells}
    ordered = [
        cells[claim.id, part.name] for claim in claims for part in done
        if (claim.id, part.name) in cells
    ]  # fmt: skip
    nowhere = [claim for claim in claims if not any(cell.claim == claim.id for cell in ordered)]
    rows = [cell.row for cell in ordered]
    rows += [empty_row(claim, "none", {"verdict": "untestable", "reason": _nowhere(claim)})
             for claim in nowhere]  # fmt: skip
    order = {claim.id: position for position, claim in enumerate(claims)}
    rows.sort(key=lambda row: order[str(row["claim"])])
    reach = {part.name: part.reach for part in done}
    table, family = counted_once(pd.DataFrame(rows), q, reach)
    return Verdicts(
        table=table,
        meta=combine(
            table[_combinable(table)],
            level=level,
            states={name: one.states for name, one in reach.items()},
        ),
        rule=verdict_rule(level),
        family=family,
        q=q,
        level=level,
        power=power,
        data_sets=pd.DataFrame([part.about for part in done]),
        sources=tuple(dict.fromkeys(chain.from_iterable(part.sources for part in done))),
        estimates={key: c.estimate for key, c in cells.items() if c.estimate is not None},
        robustness={key: c.robustness for key, c in cells.items() if c.robustness is not None},
        curves={key: c.curve for key, c in cells.items() if c.curve is not None},
    )


test_hypotheses.__test__ = False  # type: ignore[attr-defined]


def _check_options(
    claims: Sequence[Claim], tables: Mapping[str, pd.DataFrame], **shares: float
) -> None:
    for name, value in shares.items():
        if not 0 < value < 1:
            raise DataError(f"{name} must lie between 0 and 1, for instance 0.05, not {value!r}")
    known = {claim.table for claim in read_plan().claims if claim.table}
    unknown = [name for name in tables if name not in known]
    if unknown:
        raise DataError(
            f"no claim asks for a table named {first_few(unknown)}; known: "
            f"{', '.join(sorted(known))}"
        )


@dataclass(frozen=True)
class _Options:
    """How each cell is tested."""

    level: float
    power: float
    robust: bool
    draws: int
    #: of the claims of one set; of several sets the sets are counted
    progress: bool | None


@dataclass(frozen=True)
class _Done:
    """One data set: its cells, what it is, and the tables that were used."""

    name: str
    cells: Sequence[Cell]
    about: dict[str, object]
    sources: Sequence[str]
    reach: Reach


def _all_done(
    sets: Sequence[str | AnalysisSet],
    claims: Sequence[Claim],
    tables: Mapping[str, pd.DataFrame],
    options: _Options,
    workers: int,
    progress: bool | None,
) -> list[_Done]:
    """Every data set; each process builds its own, which is quicker than to send them."""
    calls = ((item, claims, tables, options) for item in sets)
    found = in_processes(_test_all, calls, check_workers(workers))
    shown = False if len(sets) == 1 else progress
    return list(in_steps(found, "test the claims", len(sets), unit="data set", progress=shown))


def _test_all(
    item: str | AnalysisSet,
    claims: Sequence[Claim],
    tables: Mapping[str, pd.DataFrame],
    options: _Options,
) -> _Done:
    """Test the claims that a data set can speak to."""
    data = resolve(item)
    cells = []
    bench = None
    sources: list[str] = []
    if not data.reason:
        sources = list(sources_of(data.panel))
        bench = Bench(
            data.name, data.panel, tables, prefer_given=data.record.given, sources=sources,
            own_facts=not data.own or data.facts is not None,
        )  # fmt: skip
    readings, kept = (None, "") if bench is None else readings_of(data, bench)
    about = f"test the claims on {data.name}"
    for claim in in_steps(claims, about, unit="claim", progress=options.progress):
        if not (data.own or speaks_to(data.record, claim)):
            continue
        try:
            cells.append(_test(bench, data, claim, options, readings, kept))
        except (CoverageError, FitError) as error:
            row = empty_row(claim, data.name, {"verdict": "untestable", "reason": str(error)})
            cells.append(Cell(claim.id, data.name, row))
        except (DataError, FormulaError) as error:
            raise type(error)(f"{claim.id} on {data.name}: {error}") from error
    return _Done(data.name, cells, _about(data), sources, reach_of(data.panel))


def _test(
    bench: Bench | None,
    data: AnalysisSet,
    claim: Claim,
    options: _Options,
    readings: Readings | None,
    kept: str,
) -> Cell:
    if bench is None:
        own = f", and then your own table {claim.table!r}" if claim.table else ""
        raise CoverageError(f"{data.reason}{own}")
    if not claim.term:
        raise CoverageError(_nowhere(claim))
    if data.own and data.record.event not in claim.outcome:
        raise CoverageError(
            f"is on {' or '.join(claim.outcome)}, and this panel's event is {data.record.event}; "
            f"give outcome={claim.outcome[0]!r} if it is that"
        )
    frame, notes = bench.measure(claim)
    clock = record_of(frame).panel.get("clock")
    if claim.clock and clock != claim.clock:
        try:
            frame = on_clock(frame, claim.clock)
        except AbsentError as error:
            raise CoverageError(f"needs the {claim.clock}'s clock: {error}") from error
    why = not_measured(frame, claim.term, columns_of_term(claim), data.record.strata)
    if why:
        raise CoverageError(why)
    found = estimate_term(
        frame, claim.term, claim.controls, cluster=data.record.clusters, model=data.record.model,
        strata=data.record.strata, keep_controls=claim.interaction,
        level=options.level, power=options.power,
    )  # fmt: skip
    grid = None
    if options.robust:
        grid = check_robustness(
            bench,
            claim,
            found,
            cluster=data.record.clusters,
            model=data.record.model,
            level=options.level,
            readings=readings,
            rows_kept=kept,
        )
    # of this package's own sets it is registered that they bring their columns
    said = notes if data.own else ()
    tests = both_tests(found, frame, data.record.clusters)
    curve = None
    if options.draws:
        groups = clusters_of(found, frame, data.record.clusters)
        curve = power_curve(
            found, groups, step=step_of(found), draws=options.draws, level=options.level
        )
    values = result_row(
        claim, found, tests, curve, grid, said, level=options.level, power=options.power
    )
    row = empty_row(claim, data.name, {**values, "own_cases": data.record.own_cases})
    return Cell(claim.id, data.name, row, found, grid, tests, curve)


def _about(data: AnalysisSet) -> dict[str, object]:
    """What a data set is, as far as it could be had."""
    record = data.record
    return {
        "data_set": data.name,
        "rows": len(data.panel),
        "events": int(data.panel["event"].sum()),
        "clusters": int(data.panel[record.clusters[0]].nunique()),
        "outcome": record.event,
        "clustered_by": ", ".join(record.clusters),
        "about": data.reason or data.about,
    }


def _nowhere(claim: Claim) -> str:
    """Why a claim was tested on none of the data sets chosen."""
    named = sets_of(claim)
    if named:
        return f"{ELSEWHERE} {', '.join(named)} only, which were not asked for"
    return f"needs {claim.table_shape}"


def _combinable(table: pd.DataFrame) -> pd.Series:
    """Tests that may be combined: they could decide, on exits that are not another set's."""
    known = (table["verdict"] != "untestable") & (table["reason"] == "")
    return known & table["data_set"].map(combinable).astype(bool)
