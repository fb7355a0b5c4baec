"""Panels with a known truth: simulated members whose hazard of leaving is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import FAR, as_day, check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.members.periods import PERIODS, Period, as_period, period_number, period_start
from coalition_models.members.simulate.paths import COVARIATE_KINDS, covariate_path
from coalition_models.members.timing import PANEL_COLUMNS
from coalition_models.record import with_notes

__all__ = ["simulate_panel"]

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Coefficients: TypeAlias = Mapping[str, float | Mapping[str, float]]

_DEFAULT_COEFFICIENTS = {"election_near": 0.7, "new_leader": 0.5, "log_deaths": 0.3}
_DEFAULT_COEFFICIENTS |= {"risk": 0.4, "commitment": -0.5}
_DEFAULT_KINDS = {"election_near": "pulse", "new_leader": "pulse"}
_DEFAULT_KINDS |= {"log_deaths": "shared", "commitment": "fixed"}
#: no country code of ISO 3166 or of the Correlates of War reaches these
_FIRST_COW = 10_001
_CENSORED = "mission_end"
#: rows of one wave that fit into the memory of a small machine
_MOST_ROWS = 20_000_000


@dataclass(frozen=True)
class _Design:
    """Every choice of one simulation, checked."""

    members: int
    coalitions: int
    periods: int
    period: Period
    clock: str
    coefficients: dict[str, dict[str, float]]
    covariates: dict[str, str]
    hazard: dict[str, float]
    shape: float
    late_entry: float
    spells: int
    reentry: float
    gap: float
    frailty: float
    exit_kinds: tuple[str, ...]
    begin: str
    seed: int

    @property
    def months(self) -> int:
        """Months in a period."""
        return 12 // PERIODS[self.period]


def simulate_panel(
    *,
    members: int = 40,
    coalitions: int = 1,
    periods: int = 96,
    period: str = "month",
    clock: str = "entry",
    coefficients: Coefficients | None = None,
    covariates: Mapping[str, str] | None = None,
    hazard: float | Mapping[str, float] = 0.01,
    shape: float = 1.0,
    late_entry: float = 0.3,
    spells: int = 1,
    reentry: float = 0.5,
    gap: float = 6.0,
    frailty: float = 0.0,
    exit_kinds: Sequence[str] = ("early",),
    begin: str = "2003-03-01",
    seed: int,
) -> pd.DataFrame:
    r"""Simulate a (start, stop] panel of coalition members with known coefficients.

    The model is a continuous-time proportional hazard that is recorded by calendar period. In
    the period that covers months :math:`(a, b]` of the clock, a member of state :math:`i` leaves
    for cause :math:`k` at the integrated hazard

    .. math::
        H_{ik} = \lambda_k \, (b^{c} - a^{c}) \, \exp(x_i'\beta_k + u_i),
        \qquad u_i \sim N(0, \sigma^2),

    so that it leaves in that period with probability :math:`1 - \exp(-\sum_k H_{ik})`, for cause
    :math:`k` with probability :math:`H_{ik} / \sum_k H_{ik}` (exact, since covariates are constant
    within a period). Each :math:`\beta_k` is therefore the coefficient of the cause-specific Cox
    model and of the discrete-time model with complementary log-log link. Rounding to periods
    makes ties; with ``period="year"`` many. Cox estimates then rest on an approximation of the
    ties: Efron's stays close to the truth, Breslow's shrinks as the ties grow. With
    ``frailty`` above 0 the coefficients hold given :math:`u_i`; those of a model without it are
    nearer to zero.

    Parameters
    ----------
    members : int
        Number of states; every state joins every coalition.
    coalitions : int
        Number of coalitions, which run side by side.
    periods : int
        Length of a coalition, in periods; whoever is still present then is censored
        (``exit_kind`` ``mission_end``).
    period : {"month", "quarter", "year"}
        Length of a row.
    clock : {"entry", "coalition"}
        Origin of ``start``, ``stop`` and of the baseline hazard: the spell's entry, or the
        coalition's start (late entries are then left-truncated).
    coefficients : mapping, optional
        Covariate to log hazard ratio; or cause of exit to such a mapping for competing exits.
        Five covariates on one cause, ``early``, by default.
    covariates : mapping, optional
        Covariate to kind; ``varying`` for those not named. The kinds are listed in
        :data:`coalition_models.members.simulate.paths.COVARIATE_KINDS`. A covariate without a
        coefficient is drawn too and has no effect.
    hazard : float or mapping
        Baseline hazard per month to the power ``shape``, for every cause or by cause.
    shape : float
        Weibull shape of the baseline: below 1 it falls, above 1 it rises.
    late_entry : float
        Share of members that enter after the start, at a period drawn from the first half.
    spells : int
        Most spells of a state in one coalition.
    reentry : float
        Chance that a state which left comes back, if spells are left to it.
    gap : float
        Mean number of whole periods of absence before it comes back (geometric, at least 1).
    frailty : float
        Standard deviation of the states' log frailty: what makes rows of a state alike.
    exit_kinds : sequence of str
        Causes that count as events; others end a spell with ``event`` 0.
    begin : str
        First day of the coalitions, any day of its first period.
    seed : int
        The same seed and arguments give the same panel.

    Returns
    -------
    DataFrame
        ``coalition state name cow spell entry period start stop event exit_kind`` and the
        covariates, one row per member and period at risk, sorted. Codes of states (``S01`` ...),
        names and ``cow`` (from 10001) belong to no real country. ``record_of(...).notes["truth"]``
        holds every choice, and the states' log frailties if there are any, as plain numbers.

    Raises
    ------
    DataError
        Unknown options or impossible numbers, all listed at once.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models import record_of
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> list(panel.columns[-4:])
    ['stop', 'event', 'exit_kind', 'risk']
    >>> record_of(panel).notes["truth"]["coefficients"]
    {'early': {'risk': 0.5}}
    """
    check_arguments(simulate_panel, locals())
    effects = _by_cause(coefficients)
    design = _Design(
        members=members,
        coalitions=coalitions,
        periods=periods,
        period=as_period(period),
        clock=clock,
        coefficients=effects,
        covariates=_kinds(effects, covariates, default=coefficients is None),
        hazard=_rates(hazard, effects),
        shape=shape,
        late_entry=late_entry,
        spells=spells,
        reentry=reentry,
        gap=gap,
        frailty=frailty,
        exit_kinds=(exit_kinds,) if isinstance(exit_kinds, str) else tuple(exit_kinds),
        begin=begin,
        seed=seed,
    )
    _check(design)
    rng = np.random.default_rng(seed)
    frailties = rng.normal(size=members) * frailty
    size = (members, coalitions, periods, design.months)
    paths = {n: covariate_path(kind, size, rng) for n, kind in design.covariates.items()}
    panel = _assemble(_histories(design, paths, frailties, rng), paths, design)
    more = {"exit_kinds": list(design.exit_kinds), "log_frailty": frailties.tolist()}
    truth = {**asdict(design), **more} if frailty else {**asdict(design), **more, "log_frailty": []}
    return with_notes(panel, truth=truth)


def _by_cause(coefficients: Coefficients | None) -> dict[str, dict[str, float]]:
    """Read coefficients by cause; a flat mapping belongs to the one cause ``early``."""
    given: Coefficients = _DEFAULT_COEFFICIENTS if coefficients is None else coefficients
    nested = {k: v for k, v in given.items() if isinstance(v, Mapping)}
    if nested and len(nested) < len(given):
        flat = [k for k in given if k not in nested]
        raise DataError(
            "coefficients must map covariates to numbers, or every cause of exit to such a "
            f"mapping; found both: {first_few(flat)} beside {first_few(nested)}"
        )
    if nested:
        return {k: {name: float(b) for name, b in v.items()} for k, v in nested.items()}
    return {"early": {k: float(v) for k, v in given.items() if not isinstance(v, Mapping)}}


def _kinds(
    effects: dict[str, dict[str, float]], covariates: Mapping[str, str] | None, *, default: bool
) -> dict[str, str]:
    named = dict(covariates or {})
    fallback = _DEFAULT_KINDS if default else {}
    used = dict.fromkeys(name for mapping in effects.values() for name in mapping)
    kinds = {name: named.get(name, fallback.get(name, "varying")) for name in used}
    return {**kinds, **{name: kind for name, kind in named.items() if name not in kinds}}


def _rates(
    hazard: float | Mapping[str, float], effects: dict[str, dict[str, float]]
) -> dict[str, float]:
    if isinstance(hazard, Mapping):
        if set(hazard) != set(effects):
            raise DataError(
                f"hazard must name the causes of coefficients ({', '.join(effects)}); found "
                f"{', '.join(hazard)}"
            )
        return {cause: float(hazard[cause]) for cause in effects}
    return dict.fromkeys(effects, float(hazard))


def _check(design: _Design) -> None:
    """List every choice that cannot be simulated."""
    clash = [name for name in design.covariates if name in PANEL_COLUMNS]
    odd = [f"{n}={k!r}" for n, k in design.covariates.items() if k not in COVARIATE_KINDS]
    causes = [k for k in design.exit_kinds if k not in design.coefficients]
    sizes = [b for effects in design.coefficients.values() for b in effects.values()]
    given = {name: f"{name}={value}" for name, value in vars(design).items()}
    size = design.members * design.coalitions * design.periods
    counts = ("members", "coalitions", "periods", "spells")
    small = [given[name] for name in counts if getattr(design, name) < 1]
    wrong = [
        (bool(small), f"must be whole numbers of 1 or more: {first_few(small)}"),
        (design.clock not in ("entry", "coalition"), "clock must be 'entry' or 'coalition'"),
        (bool(clash), f"covariates cannot bear the panel's own names: {first_few(clash)}"),
        (bool(odd), f"kinds are {', '.join(COVARIATE_KINDS)}; found {first_few(odd)}"),
        (
            bool(causes) or not design.exit_kinds,
            f"exit_kinds must be among the causes {', '.join(design.coefficients)}; "
            f"found {list(design.exit_kinds)}",
        ),
        (_CENSORED in design.coefficients, f"{_CENSORED!r} names the censored, not a cause"),
        (not np.all(np.abs([*sizes, design.frailty]) <= 20), "coefficients, frailty: 20 at most"),
        (
            not all(0 < h < np.inf for h in design.hazard.values()),
            f"hazard must be positive, found {design.hazard}",
        ),
        (not 0 < design.shape < np.inf, f"shape must be positive, found {design.shape}"),
        (
            not (0 <= design.late_entry <= 1 and 0 <= design.reentry <= 1),
            f"must lie between 0 and 1: {given['late_entry']}, {given['reentry']}",
        ),
        (not design.gap >= 1, f"gap must be at least one period, found {design.gap}"),
        (size > _MOST_ROWS, f"members x coalitions x periods: {_MOST_ROWS} at most, found {size}"),
        (design.spells > FAR, f"spells: {FAR} at most, found {design.spells}"),
        (min(design.frailty, design.seed) < 0, "frailty and seed must be 0 or more"),
    ]
    problems = [text for bad, text in wrong if bad]
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"these choices cannot be simulated:\n{listing}")


def _entries(design: _Design, rng: np.random.Generator) -> Ints:
    """First period of each unit; a unit is one state in one coalition."""
    units = design.members * design.coalitions
    late = rng.random(units) < design.late_entry
    drawn = rng.integers(0, max(design.periods // 2, 1), size=units)
    return np.where(late, drawn, 0).astype(np.int64)


@dataclass(frozen=True)
class _Rows:
    """Rows of one wave of spells: unit, calendar period, entry, number of spell, exit."""

    unit: Ints
    at: Ints
    entry: Ints
    spell: int
    cause: Ints  # of the row's spell: position in design.coefficients, -1 if censored
    last: npt.NDArray[np.bool_]


def _histories(
    design: _Design, paths: dict[str, Floats], frailties: Floats, rng: np.random.Generator
) -> list[_Rows]:
    """Follow every unit from spell to spell, one wave of spells after the other."""
    entries = _entries(design, rng)
    units = np.arange(len(entries), dtype=np.int64)
    waves = []
    for spell in range(1, design.spells + 1):
        length = design.periods - entries
        row_unit = np.repeat(units, length)
        first = np.cumsum(length) - length
        at = np.arange(len(row_unit), dtype=np.int64) - np.repeat(first - entries, length)
        entry = np.repeat(entries, length)
        rates = _cause_hazards(design, paths, frailties, row_unit, at, entry)
        total = rates.sum(axis=0)
        leaves = np.flatnonzero(rng.exponential(size=len(total)) < total)
        left, where = np.unique(row_unit[leaves], return_index=True)
        row_of_exit = leaves[where]
        share = np.cumsum(rates[:, row_of_exit], axis=0) / total[row_of_exit]
        cause = (rng.random(len(left)) > share[:-1]).sum(axis=0)
        position = np.searchsorted(units, left)
        end = np.full(len(units), design.periods - 1, dtype=np.int64)
        end[position] = at[row_of_exit]
        kind = np.full(len(units), -1, dtype=np.int64)
        kind[position] = cause
        keep = at <= np.repeat(end, length)
        last = (at == np.repeat(end, length))[keep]
        of_row = np.repeat(kind, length)[keep]
        waves.append(_Rows(row_unit[keep], at[keep], entry[keep], spell, of_row, last))
        back = end[position] + 1 + rng.geometric(1 / design.gap, size=len(left))
        again = (rng.random(len(left)) < design.reentry) & (back < design.periods)
        units, entries = left[again], back[again]
    return waves


def _cause_hazards(
    design: _Design,
    paths: dict[str, Floats],
    frailties: Floats,
    unit: Ints,
    at: Ints,
    entry: Ints,
) -> Floats:
    """Integrated hazard of every row, causes x rows."""
    state = unit % design.members
    begun = at - entry if design.clock == "entry" else at
    months = np.arange(design.periods + 1, dtype=np.float64) * design.months
    growth = np.diff(months**design.shape)[begun]
    rates = np.empty((len(design.coefficients), len(unit)))
    for k, (cause, effects) in enumerate(design.coefficients.items()):
        eta = frailties[state]
        for name, effect in effects.items():
            eta += effect * _values(name, paths, design, unit, at)
        rates[k] = design.hazard[cause] * growth * np.exp(eta)
    return rates


def _values(name: str, paths: dict[str, Floats], design: _Design, unit: Ints, at: Ints) -> Floats:
    shared = design.covariates[name] == "shared"
    return paths[name][unit // design.members if shared else unit % design.members, at]


def _assemble(waves: list[_Rows], paths: dict[str, Floats], design: _Design) -> pd.DataFrame:
    unit = np.concatenate([w.unit for w in waves])
    at = np.concatenate([w.at for w in waves])
    order = np.lexsort((at, unit))
    unit, at = unit[order], at[order]
    spell = np.concatenate([np.full(len(w.unit), w.spell, dtype=np.int64) for w in waves])[order]
    entry = np.concatenate([w.entry for w in waves])[order]
    cause = np.concatenate([w.cause for w in waves])[order]
    last = np.concatenate([w.last for w in waves])[order]
    start = at - entry if design.clock == "entry" else at
    zero = int(period_number(pd.Series([as_day(design.begin, "begin")]), design.period).iloc[0])
    names = np.array([*design.coefficients, _CENSORED], dtype=object)
    counted = np.array([*(c in design.exit_kinds for c in design.coefficients), False])
    state = unit % design.members
    columns: dict[str, object] = {
        "coalition": _labels("sim", design.coalitions)[unit // design.members],
        "state": _labels("S", design.members)[state],
        "name": _labels("State ", design.members)[state],
        "cow": state + _FIRST_COW,
        "spell": spell,
        "entry": period_start(zero + entry, design.period),
        "period": period_start(zero + at, design.period),
        "start": start,
        "stop": start + 1,
        "event": (last & counted[cause]).astype(np.int64),
        "exit_kind": names[cause],
    }
    for name in design.covariates:
        columns[name] = _values(name, paths, design, unit, at)
    return pd.DataFrame(columns)


def _labels(prefix: str, count: int) -> npt.NDArray[np.object_]:
    width = max(2, len(str(count)))
    return np.array([f"{prefix}{i:0{width}d}" for i in range(1, count + 1)], dtype=object)
