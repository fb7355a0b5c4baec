"""The first analysis: who left the coalition in Iraq early, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from coalition_models.errors import DataError, gathered
from coalition_models.features.alliance import add_alliance
from coalition_models.features.capability import add_capability
from coalition_models.features.casualties import add_casualties
from coalition_models.features.commitment import add_commitment
from coalition_models.features.contagion import add_contagion
from coalition_models.features.elections import add_elections
from coalition_models.features.leadership import add_leadership
from coalition_models.features.preferences import add_preferences
from coalition_models.features.regime import REGIME_SOURCES, add_regime
from coalition_models.features.risk import add_risk
from coalition_models.features.summary import feature_summary
from coalition_models.inference.detection import detectable_effects
from coalition_models.members.panel import build_panel
from coalition_models.models.after.diagnostics import PHTest, check_ph
from coalition_models.models.after.nonparametric import SurvivalCurve, survival_curve
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.fit import Fit
from coalition_models.sources.fetch import at_hand
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import no_less_than_a_period

__all__ = [
    "FORMULA",
    "IraqAnalysis",
    "analyse_iraq",
    "exposure",
    "iraq_panel",
    "with_every_feature",
]

#: one term per mechanism (elections, leaders, losses, risk), the same since the first version
FORMULA = "event ~ election_near + leader_change + log_deaths_12m + combat_role"


@dataclass(frozen=True)
class IraqAnalysis:
    """Everything the report shows, as frames and fits.

    ``fits`` holds, by name: the Cox model, the same with features as of the period's end, and
    the discrete-time logit. ``few_clusters`` is the Cox model with the jackknife variance.
    """

    members: pd.DataFrame
    panel: pd.DataFrame
    coverage: pd.DataFrame
    exposure: pd.DataFrame
    survival: SurvivalCurve
    fits: dict[str, Fit]
    few_clusters: Fit
    proportional: PHTest
    detectable: pd.DataFrame


def iraq_panel(*, as_of: str = "start", period: str = "month") -> pd.DataFrame:
    """Build the panel of the coalition in Iraq with the features of the first analysis.

    Parameters
    ----------
    as_of : {"start", "end"}
        Whether features know what happened within the period.
    period : {"month", "quarter", "year"}

    Returns
    -------
    DataFrame
        A panel as :func:`build_panel` gives it, with the columns of the four builders.

    Examples
    --------
    >>> int(iraq_panel()["event"].sum())
    21
    """
    panel = build_panel(load("participation"), coalitions=["iraq"], period=period)
    window = no_less_than_a_period(panel, 6)
    panel = add_elections(panel, window=window, as_of=as_of)
    panel = add_leadership(panel, window=window, as_of=as_of)
    panel = add_casualties(panel, half_life=6, as_of=as_of)
    return add_risk(panel, as_of=as_of)


def with_every_feature(panel: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of the other builders, from the sources that are at hand.

    What needs an external source that is not at hand is missing, and ``record_of(...).features``
    says so; nothing is downloaded.

    Examples
    --------
    >>> "troop_share" in with_every_feature(iraq_panel())
    True
    """
    with gathered():
        panel = add_commitment(panel)
        panel = add_contagion(panel)
        panel = add_alliance(panel)
        panel = add_capability(panel)
        panel = add_preferences(panel)
        if all(at_hand(name) for name in REGIME_SOURCES):
            panel = add_regime(panel)
    return panel


def exposure(panel: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Count rows and exits where each feature is zero, above zero or missing.

    Parameters
    ----------
    panel : DataFrame
    columns : sequence of str
        Features that are zero or positive.

    Returns
    -------
    DataFrame
        ``feature, value`` (``0``, ``above 0``, ``missing``), ``rows, states, exits,
        exits_per_100_rows``.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = pd.DataFrame({"state": ["ESP", "POL"], "event": [1, 0], "loss": [2.0, 0.0]})
    >>> exposure(panel, ["loss"])[["value", "rows", "exits", "exits_per_100_rows"]]
         value  rows  exits  exits_per_100_rows
    0        0     1      0                 0.0
    1  above 0     1      1               100.0
    """
    absent = [name for name in columns if name not in panel.columns]
    if absent:
        raise DataError(f"the panel lacks the columns {', '.join(absent)}")
    parts = []
    for name in columns:
        column = panel[name]
        groups = {"0": column == 0, "above 0": column > 0, "missing": column.isna()}
        for label, rows in groups.items():
            part = panel[rows.to_numpy(dtype=bool)]
            if len(part):
                parts.append(
                    {
                        "feature": name,
                        "value": label,
                        "rows": len(part),
                        "states": part["state"].nunique(),
                        "exits": int(part["event"].sum()),
                        "exits_per_100_rows": 100 * part["event"].mean(),
                    }
                )
    return pd.DataFrame(parts)


def analyse_iraq() -> IraqAnalysis:
    """Run the first analysis on the bundled data.

    Returns
    -------
    IraqAnalysis
        Warnings about few clusters stand as notes under the fits.

    Examples
    --------
    >>> result = analyse_iraq()
    >>> result.fits["Cox"].counts.events
    21
    """
    members = load("participation").query("coalition == 'iraq'").reset_index(drop=True)
    panel = with_every_feature(iraq_panel())
    terms = [term.strip() for term in FORMULA.split("~")[1].split("+")]
    with gathered():
        main = cox(FORMULA, panel, cluster="state")
        fits = {
            "Cox": main,
            "Cox, as of period end": cox(FORMULA, iraq_panel(as_of="end"), cluster="state"),
            "Logit": logit(FORMULA, panel, cluster="state"),
        }
        few = cox(FORMULA, panel, cluster="state", variance="jackknife")
    return IraqAnalysis(
        members=members,
        panel=panel,
        coverage=feature_summary(panel).reset_index(names="feature"),
        exposure=exposure(panel, terms),
        survival=survival_curve(panel),
        fits=fits,
        few_clusters=few,
        proportional=check_ph(main),
        detectable=detectable_effects(few),
    )
