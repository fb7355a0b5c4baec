"""How often an effect would be found, by simulation on a panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.detection import check_shares
from coalition_models.inference.exit_draws import expected_hazard, first_exits
from coalition_models.models.sample.columns import require_columns
from coalition_models.progress import in_steps
from coalition_models.render import Table, format_number

__all__ = ["Power", "simulate_power"]


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
    >>> cm.simulate_power(panel, "risk", 3.0, draws=20, seed=2).power
    1.0
    """
    check_arguments(simulate_power, locals())
    check_shares(level=level)
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
    for stream in in_steps(
        np.random.SeedSequence(seed).spawn(draws), "simulate power", unit="draw"
    ):
        rng = np.random.default_rng(stream)
        eta = effect + frailty * rng.normal(size=groups.max() + 1)[groups]
        hazard = expected_hazard(history, np.exp(eta), events)
        leaves, kept = first_exits(history, hazard, rng)
        drawn = rows.assign(event=leaves.astype(int))[kept].reset_index(drop=True)
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
