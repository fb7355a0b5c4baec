# ruff: noqa: PT028
"""Each claim on each data set that can speak to it: estimate, power, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import joblib
import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests
from tqdm.std import tqdm

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
from coalition_models.hypotheses.claims import Claim, read_plan, select
from coalition_models.hypotheses.columns import Bench, needed_columns
from coalition_models.hypotheses.data_sets import (
    Sets,
    asked,
    combinable,
    resolve,
    sets_of,
    speaks_to,
)
from coalition_models.hypotheses.identified import not_measured
from coalition_models.hypotheses.result import ELSEWHERE, Verdicts
from coalition_models.hypotheses.robustness import Robustness, check_robustness
from coalition_models.hypotheses.rule import judge, undecided, verdict_rule
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.meta import combine
from coalition_models.inference.term_estimate import TermEstimate
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
    tables: Mapping[str, pd.DataFrame] | None = None,
    outcome: str = "early exit",
    cluster: str | Sequence[str] = "state",
    workers: int = 1,
    progress: bool = False,
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
        Of the smallest detectable ratio.
    robust : bool
        Whether to run the grid of specifications.
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
    progress : bool
        Show a progress bar over the data sets.

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
    >>> found = test_hypotheses(panel, "H02", robust=False)
    >>> found.table[["claim", "data_set", "verdict"]].values.tolist()
    [['H02', 'panel', 'supported']]

    Facts, here those of a package's set, which then are tested as your own would be:

    >>> found = test_hypotheses(cm.facts("iraq"), "H02", robust=False)
    >>> found.table[["data_set", "events"]].values.tolist()
    [['iraq', 21]]
    """
    check_arguments(test_hypotheses, locals())
    claims = select(ids)
    own = dict(tables or {})
    _check_options(claims, own, q=q, level=level, power=power)
    sets = asked(panel_or_sets, outcome=outcome, cluster=cluster)
    # each process builds its own data sets, which is quicker than to send them
    run = joblib.Parallel(n_jobs=check_workers(workers), return_as="generator")
    found = run(joblib.delayed(_test_all)(item, claims, own, level, power, robust) for item in sets)
    bar = tqdm(found, "test the claims", len(sets), disable=not progress, unit="data set")
    done = list(bar)
    cells = {(cell.claim, cell.data_set): cell for part in done for cell in part.cells}
    ordered = [
        cells[claim.id, part.name] for claim in claims for part in done
        if (claim.id, part.name) in cells
    ]  # fmt: skip
    nowhere = [claim for claim in claims if not any(cell.claim == claim.id for cell in ordered)]
    rows = [cell.row for cell in ordered]
    rows += [_row(claim, "none", {"verdict": "untestable", "reason": _nowhere(claim)})
             for claim in nowhere]  # fmt: skip
    order = {claim.id: position for position, claim in enumerate(claims)}
    rows.sort(key=lambda row: order[str(row["claim"])])
    table, family = _with_q(pd.DataFrame(rows), q)
    return Verdicts(
        table=table,
        meta=combine(table[_combinable(table)], level=level),
        rule=verdict_rule(level),
        family=family,
        q=q,
        level=level,
        power=power,
        data_sets=pd.DataFrame([part.about for part in done]),
        sources=tuple(dict.fromkeys(chain.from_iterable(part.sources for part in done))),
        estimates={key: c.estimate for key, c in cells.items() if c.estimate is not None},
        robustness={key: c.robustness for key, c in cells.items() if c.robustness is not None},
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
class _Cell:
    claim: str
    data_set: str
    row: dict[str, object]
    estimate: TermEstimate | None = None
    robustness: Robustness | None = None


@dataclass(frozen=True)
class _Done:
    """One data set: its cells, what it is, and the tables that were used."""

    name: str
    cells: Sequence[_Cell]
    about: dict[str, object]
    sources: Sequence[str]


def _test_all(
    item: str | AnalysisSet,
    claims: Sequence[Claim],
    tables: Mapping[str, pd.DataFrame],
    level: float,
    power: float,
    robust: bool,
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
    for claim in claims:
        if not (data.own or speaks_to(data.record, claim)):
            continue
        try:
            cells.append(_test(bench, data, claim, level, power, robust))
        except (CoverageError, FitError) as error:
            row = _row(claim, data.name, {"verdict": "untestable", "reason": str(error)})
            cells.append(_Cell(claim.id, data.name, row))
        except (DataError, FormulaError) as error:
            raise type(error)(f"{claim.id} on {data.name}: {error}") from error
    return _Done(data.name, cells, _about(data), sources)


def _test(
    bench: Bench | None, data: AnalysisSet, claim: Claim, level: float, power: float, robust: bool
) -> _Cell:
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
    why = not_measured(frame, claim.term, needed_columns(claim), data.record.strata)
    if why:
        raise CoverageError(why)
    found = estimate_term(
        frame, claim.term, claim.controls, cluster=data.record.clusters, model=data.record.model,
        strata=data.record.strata, keep_controls=claim.interaction, level=level, power=power,
    )  # fmt: skip
    grid = None
    if robust:
        grid = check_robustness(
            bench, claim, found, cluster=data.record.clusters, model=data.record.model, level=level
        )
    # of this package's own sets it is registered that they bring their columns
    said = notes if data.own else ()
    row = _row(claim, data.name, _result(claim, found, grid, said, level))
    return _Cell(claim.id, data.name, row, found, grid)


def _result(
    claim: Claim,
    found: TermEstimate,
    grid: Robustness | None,
    notes: Sequence[str],
    level: float,
) -> dict[str, object]:
    step = 1.0 if found.two_valued else found.term_sd
    with np.errstate(over="ignore"):
        logs = np.array([found.estimate, found.conf_low, found.conf_high]) * step
        ratio, low, high = np.exp(logs).tolist()
        smallest = float(np.exp(np.log(found.smallest_ratio) * step))
    without, worst = ("", np.nan) if grid is None else grid.worst
    return {
        "verdict": judge(
            claim.sign,
            found.estimate,
            found.p_value,
            events=found.events,
            exposed=found.clusters_exposed,
            level=level,
        ),
        "reason": undecided(found.events, found.clusters_exposed),
        "estimate": found.estimate,
        "std_error": found.std_error,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "p_value": found.p_value,
        "events": found.events,
        "rows": found.rows,
        "members": found.members,
        "clusters": found.clusters,
        "step": step,
        "smallest_ratio": 1 / smallest if claim.sign == "-" else smallest,
        "design_effect": found.design_effect,
        "robust_share": np.nan if grid is None else grid.share,
        "robust_same_sign": np.nan if grid is None else grid.share_same_sign,
        "robust_specifications": 0 if grid is None else len(grid.grid),
        "without_one_share": np.nan if grid is None else grid.share_without_one,
        "worst_without": without,
        "worst_p": worst,
        "formula": found.fit.formula,
        "method": found.method,
        "deviations": "; ".join([*notes, *found.deviations]),
    }


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


_TEXT = ("verdict", "reason", "worst_without", "formula", "method", "deviations")
_COUNTS = ("events", "rows", "members", "clusters", "robust_specifications")
_NUMBERS = (
    "estimate", "std_error", "ratio", "ratio_low", "ratio_high", "p_value", "step",
    "smallest_ratio", "design_effect", "robust_share", "robust_same_sign", "without_one_share",
    "worst_p",
)  # fmt: skip
_ORDER = (
    "claim", "name", "data_set", "verdict", "reason", "term", "sign", "estimate", "std_error",
    "step", "ratio", "ratio_low", "ratio_high", "p_value", "q_value", "discovery", "events", "rows",
    "members", "clusters", "smallest_ratio", "design_effect", "robust_share",
    "robust_same_sign", "robust_specifications", "without_one_share", "worst_without", "worst_p",
    "proxy", "formula", "method", "deviations",
)  # fmt: skip


def _row(claim: Claim, data_set: str, values: Mapping[str, object]) -> dict[str, object]:
    """One row of the table; what was not estimated is missing, or a count of zero."""
    return {
        "claim": claim.id,
        "name": claim.name,
        "data_set": data_set,
        "term": claim.term,
        "sign": claim.sign,
        "proxy": claim.proxy_for(data_set),
        **dict.fromkeys(_TEXT, ""),
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_NUMBERS, np.nan),
        **values,
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


def _with_q(table: pd.DataFrame, q: float) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add q over the distinct tests of each data set: two claims on one coefficient are one."""
    values = pd.Series(np.nan, index=table.index)
    family = {}
    tested = table[table["verdict"] != "untestable"]
    for data_set, part in tested.groupby("data_set", sort=False):
        distinct = part.drop_duplicates(["formula", "term", "estimate"])
        adjusted = multipletests(distinct["p_value"], method="fdr_bh")[1]
        by_p = dict(zip(distinct["p_value"], adjusted, strict=True))
        values[part.index] = part["p_value"].map(by_p).to_numpy(dtype=float)
        family[str(data_set)] = len(distinct)
    decided = table["verdict"].isin(("supported", "contradicted"))
    out = table.assign(q_value=values, discovery=decided & (values <= q))
    return out[list(_ORDER)].reset_index(drop=True), family
