"""How large an effect must be to be found: Schoenfeld's formula, and simulation on a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError
from coalition_models.inference.detectable import smallest_effect
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.columns import require_columns
from coalition_models.render import Table, format_number

__all__ = [
    "Power",
    "detectable_ratio",
    "null_variance",
    "schoenfeld_events",
    "schoenfeld_power",
    "simulate_power",
]

Floats = npt.NDArray[np.float64]


def schoenfeld_events(
    ratio: float,
    *,
    variance: float,
    power: float = 0.8,
    level: float = 0.95,
    r_squared: float = 0.0,
    design_effect: float = 1.0,
) -> float:
    """Events needed to find a hazard ratio.

    Parameters
    ----------
    ratio : float
        Hazard ratio per unit of the term.
    variance : float
        Of the term among those at risk; ``p * (1 - p)`` for a share p.
    power, level : float
    r_squared : float
        Share of that variance that the controls explain (Hsieh and Lavori 2000).
    design_effect : float
        By how much clustering inflates the variance of the estimate.

    Returns
    -------
    float
        ``(z(1 - alpha/2) + z(power))**2 * design_effect / (variance * (1 - r_squared) *
        log(ratio)**2)`` (Schoenfeld 1983).

    Examples
    --------
    >>> round(schoenfeld_events(2.0, variance=0.25), 1)
    65.3
    """
    check_arguments(schoenfeld_events, locals())
    _check_shares(power=power, level=level)
    if not ratio > 0 or ratio == 1:
        raise DataError(f"ratio must be positive and not 1, found {ratio!r}")
    information = variance * (1 - r_squared)
    if not (variance > 0 and r_squared < 1 and design_effect > 0):
        raise DataError(
            "the term must vary beyond what the controls explain: variance and design_effect must "
            f"be positive and r_squared below 1, found {variance!r}, {design_effect!r} and "
            f"{r_squared!r}"
        )
    return float(_multiple(power, level) ** 2 * design_effect / (information * np.log(ratio) ** 2))


def schoenfeld_power(
    ratio: float,
    events: float,
    *,
    variance: float,
    level: float = 0.95,
    r_squared: float = 0.0,
    design_effect: float = 1.0,
) -> float:
    """Chance to find a hazard ratio with a number of events.

    Parameters
    ----------
    ratio, events : float
    variance, level, r_squared, design_effect : float
        As in :func:`schoenfeld_events`.

    Examples
    --------
    >>> round(schoenfeld_power(2.0, 65.3, variance=0.25), 2)
    0.8
    """
    _check_shares(level=level)
    error = np.sqrt(design_effect / (events * variance * (1 - r_squared)))
    return float(stats.norm.cdf(abs(np.log(ratio)) / error - stats.norm.isf((1 - level) / 2)))


def detectable_ratio(
    variance: float,
    *,
    power: float = 0.8,
    level: float = 0.95,
    degrees: float = np.inf,
) -> float:
    """Smallest hazard ratio above one that a test of given precision finds.

    Parameters
    ----------
    variance : float
        Of the coefficient where it is zero; :func:`null_variance` gives it for a fit.
    power, level : float
    degrees : float
        Of Student's t; normal by default.

    Returns
    -------
    float
        ``exp((t(1 - alpha/2) + t(power)) * sqrt(variance))``; its inverse is as detectable.

    Examples
    --------
    >>> round(detectable_ratio(4 / 100), 2)
    1.75
    """
    _check_shares(power=power, level=level)
    smallest = smallest_effect(np.sqrt(variance), power=power, level=level, degrees=degrees)
    with np.errstate(over="ignore"):
        return float(np.exp(smallest))


def null_variance(fit: Fit, term: str) -> float:
    """Variance of a coefficient if no term had an effect, from a fit's own risk sets.

    This is Schoenfeld's formula without its approximations: the information that each event
    carries is the spread of the term among those at risk then, less what the controls explain.
    It does not depend on what was found.

    Parameters
    ----------
    fit : Fit
        Of a family that knows its information at zero; a discrete-time hazard keeps its link,
        duration terms, weights and offset.
    term : str

    Returns
    -------
    float

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> round(null_variance(fit, "risk") * fit.counts.events, 1)
    1.1
    """
    position = fit.place_of(term)
    require(fit, "null_information", "null_variance()")
    return float(np.linalg.inv(fit.engine.null_information())[position, position])


@dataclass(frozen=True, repr=False)
class Power:
    """Outcome of a simulation: how often the effect was found.

    Attributes
    ----------
    ratio : float
        Hazard ratio that was put in.
    power : float
        Share of all draws with p below one minus the level and the right sign.
    false_sign : float
        Share with p below it and the wrong sign; with a ratio of 1 either sign is wrong, so that
        this is the size of the test.
    mean_events : float
    draws, refused : int
        Draws made, and those in which the model could not be estimated (they count as not found).
    """

    ratio: float
    power: float
    false_sign: float
    mean_events: float
    draws: int
    refused: int

    def to_table(self) -> Table:
        """The outcome, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            ["hazard ratio put in", format_number(self.ratio)],
            ["found, with the right sign", f"{self.power:.0%}"],
            ["found, with the wrong sign", f"{self.false_sign:.0%}"],
            ["events per draw, on average", f"{self.mean_events:.1f}"],
            ["draws", f"{self.draws}"],
            ["of these not estimable (not found)", f"{self.refused}"],
        ]
        return Table(["simulated power", ""], rows)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def simulate_power(
    panel: pd.DataFrame,
    term: str,
    ratio: float,
    *,
    controls: Sequence[str] = (),
    cluster: str = "state",
    frailty: float = 0.0,
    draws: int = 200,
    level: float = 0.95,
    seed: int,
) -> Power:
    """Simulate exits on a panel's own exposure and count how often an effect is found.

    Each row leaves with probability ``1 - exp(-h * exp(b * term + u))``, ``u`` normal and common
    to a cluster, ``h`` such that as many exits are expected as were observed; a history ends with
    its first exit. The panel ends where its members really left, so histories are never longer
    than they were. Each draw is tested as a claim is tested.

    Parameters
    ----------
    panel : DataFrame
        With the term and the controls; rows where one is missing are left out.
    term : str
    ratio : float
        Hazard ratio per unit of the term that is put in.
    controls : sequence of str
    cluster : str
    frailty : float
        Standard deviation of ``u``.
    draws : int
    level : float
    seed : int

    Returns
    -------
    Power

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.0}, seed=1)
    >>> simulate_power(panel, "risk", 3.0, draws=20, seed=2).power
    1.0
    """
    check_arguments(simulate_power, locals())
    from coalition_models.inference.cautious import estimate_term

    _check_shares(level=level)
    if not ratio > 0 or draws < 1:
        raise DataError(
            f"the ratio must be positive and draws 1 or more, found {ratio!r} and {draws!r}"
        )
    if not (frailty >= 0 and seed >= 0):
        raise DataError(f"frailty and seed must be 0 or more, found {frailty!r} and {seed!r}")
    columns = [term, *controls]
    # in order of time within a history, whatever the order given
    key = ["coalition", "state", "spell"]
    require_columns(panel, [*columns, cluster, *key, "start", "event"], "simulate_power()")
    rows = panel.dropna(subset=columns).sort_values([*key, "start"], ignore_index=True)
    events = int(rows["event"].sum())
    if events == 0:
        raise DataError("the panel has no event in the rows where the term is known")
    values = rows[term].to_numpy(dtype=float)
    effect = np.log(ratio) * (values - values.mean())
    groups = pd.factorize(rows[cluster])[0]
    spells = rows.groupby(key, sort=False).ngroup()
    history: npt.NDArray[np.int64] = np.asarray(spells, dtype=np.int64)
    found = wrong = refused = happened = 0
    for stream in np.random.SeedSequence(seed).spawn(draws):
        rng = np.random.default_rng(stream)
        eta = effect + frailty * rng.normal(size=groups.max() + 1)[groups]
        drawn = _draw(rows, history, eta, events, rng)
        happened += int(drawn["event"].sum())
        try:
            result = estimate_term(drawn, term, controls, cluster=cluster, level=level)
        except FitError:
            refused += 1
            continue
        significant = result.p_value < 1 - level
        right = result.estimate * np.log(ratio) > 0
        found += int(significant and right)
        wrong += int(significant and not right)
    return Power(ratio, found / draws, wrong / draws, happened / draws, draws, refused)


def _draw(
    rows: pd.DataFrame,
    history: npt.NDArray[np.int64],
    eta: Floats,
    events: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One simulated panel: each history up to its first exit."""
    relative = np.exp(eta)
    low, high = 1e-12, 1.0
    count = int(history.max()) + 1
    for _ in range(60):
        middle = np.sqrt(low * high)
        survival = np.exp(-np.bincount(history, middle * relative, count))
        low, high = (middle, high) if (1 - survival).sum() < events else (low, middle)
    leaves = rng.exponential(size=len(rows)) < np.sqrt(low * high) * relative
    # rows are in order of time within a history; those after its first exit are not at risk
    before = pd.Series(leaves.astype(int)).groupby(history).cumsum() - leaves
    keep = (before == 0).to_numpy()
    out: pd.DataFrame = rows.assign(event=leaves.astype(int))[keep].reset_index(drop=True)
    return out


def _multiple(power: float, level: float) -> float:
    return float(stats.norm.isf((1 - level) / 2) + stats.norm.ppf(power))


def _check_shares(**shares: float) -> None:
    for name, value in shares.items():
        if not 0 < value < 1:
            raise DataError(f"{name} must lie between 0 and 1, for instance 0.8, not {value!r}")
