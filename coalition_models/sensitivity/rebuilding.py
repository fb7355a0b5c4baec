"""Panels built again from other facts, and one model refitted on each of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from coalition_models.errors import (
    CoalitionError,
    CoverageError,
    DataError,
    FitError,
    counted,
)
from coalition_models.inference.exposure import FEWEST_EXPOSED
from coalition_models.inference.imputed import Combined, rubin
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.panel import build_panel
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_count, format_number, format_p
from coalition_models.sensitivity.choices import Setting
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.engine import run_tasks

__all__ = ["LEVEL", "Rebuild", "cautions", "combine", "combined_rows", "verdict", "verdicts"]

#: worlds whose panels are built together, and the fewest for which that is worth while
_TOGETHER, _WORTH = 25, 4
_MARK = " / world "

#: p below which a term is called significant
LEVEL = 0.05

_NUMBERS = (
    "estimate", "std_error", "p_value", "z", "z_by_cluster", "events", "exposed_events",
    "exposed_clusters", "rows", "clusters",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Rebuild:
    """How a model is fitted to facts: panel, features, estimate, always from the beginning.

    Attributes
    ----------
    spec : Specification
    term : str
    features : callable, optional
        From a panel to one with all columns of the formula.
    options : mapping
        Of :func:`build_panel`.
    """

    spec: Specification
    term: str
    features: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    options: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.spec.cluster or len(self.spec.cluster) != 1:
            raise DataError(
                "rebuilt worlds are combined with clusters less one as degrees of freedom: give "
                "the specification one cluster="
            )

    def panel(self, facts: Facts) -> pd.DataFrame:
        """The panel of some facts, with its features."""
        panel = build_panel(facts, **cast("dict[str, Any]", dict(self.options)))
        return panel if self.features is None else self.features(panel)

    def fits(
        self,
        worlds: Mapping[Hashable, Callable[[], Facts]],
        workers: int | None,
        *,
        keep: str | Path | None = None,
        progress: bool = False,
        about: str = "worlds",
    ) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """One row per world: its label as ``world``, the estimate, or the ``problem``.

        What the worlds warn of comes beside it, each warning once.

        Parameters
        ----------
        worlds : mapping
            Label -> what makes the facts of this world.
        workers : int or None
            Processes (or threads, as joblib is told); the result does not depend on it.
        keep, progress, about
            Of :func:`~coalition_models.sensitivity.engine.run_tasks`.
        """
        found = run_tasks(
            partial(_some, self), list(worlds.values()), about=about, together=True,
            chunk=_TOGETHER, workers=workers, keep=keep, progress=progress,
        )  # fmt: skip
        table = pd.DataFrame(found.answers, columns=[*_NUMBERS, "problem"])
        table.insert(0, "world", pd.Series(list(worlds), dtype=object))
        return table.astype(dict.fromkeys(_NUMBERS, float)), found.notes


def _some(rebuild: Rebuild, makes: Sequence[Callable[[], Facts]]) -> list[dict[str, object]]:
    """Fit some worlds, whose panels are made together where that gives the same."""
    rows: list[dict[str, object]] = []
    every = [make() for make in makes]
    panels = _together(rebuild, every)
    for at, facts in enumerate(every):
        try:
            panel = rebuild.panel(facts) if panels is None else panels[at]
            rows.append(_estimate(rebuild, panel))
        except (FitError, CoverageError) as error:
            rows.append({**dict.fromkeys(_NUMBERS, np.nan), "problem": str(error)})
    return rows


def _estimate(rebuild: Rebuild, panel: pd.DataFrame) -> dict[str, object]:
    setting = Setting(panel=panel, spec=rebuild.spec)
    found = dict(Estimate(rebuild.term, None)(setting))
    if np.isnan(cast("float", found["std_error"])):
        found["estimate"] = np.nan  # Rubin's rules need both
    return {**{name: found[name] for name in _NUMBERS}, "problem": found["note"] or ""}


def _together(rebuild: Rebuild, every: Sequence[Facts]) -> list[pd.DataFrame] | None:
    """Panels of several worlds, built as coalitions beside each other; None where that fails.

    The first world's is built alone too, and all must be equal: features that look at a
    coalition's name or at rows of other coalitions do not pass.
    """
    if len(every) < _WORTH:
        return None
    options = dict(rebuild.options)
    if isinstance(options.get("coalitions"), pd.DataFrame):
        return None
    if "coalitions" in options:
        asked = cast("Sequence[str]", options["coalitions"])
        names = [asked] if isinstance(asked, str) else list(asked)
        options["coalitions"] = [_name(n, at) for at in range(len(every)) for n in names]
    try:
        alone = rebuild.panel(every[0])
        stacked = replace(rebuild, options=options).panel(_beside(every))
    except CoalitionError:
        return None
    parts = stacked["coalition"].str.rsplit(_MARK, n=1, expand=True)
    if parts.shape[1] != 2:
        return None
    stacked = stacked.assign(coalition=parts[0].to_numpy())
    places = parts[1].to_numpy(dtype=np.int64)
    panels = [stacked[places == at].reset_index(drop=True) for at in range(len(every))]
    same = list(panels[0].columns) == list(alone.columns) and panels[0].equals(
        alone.reset_index(drop=True).astype(panels[0].dtypes.to_dict())
    )
    return panels if same else None


def _beside(every: Sequence[Facts]) -> Facts:
    """Worlds as coalitions of other names in one set of facts."""
    tables: dict[str, object] = {}
    for name in TABLES:
        held = [facts.table(name) for facts in every]
        first = held[0]
        if first is None or "coalition" not in first.columns:
            tables[name] = first
            continue
        copies = [
            table.assign(coalition=[_name(one, at) for one in table["coalition"]])
            for at, table in enumerate(held)
            if table is not None
        ]
        tables[name] = pd.concat(copies, ignore_index=True)
    return trusted_facts(tables, every[0].sources)


def _name(coalition: str, world: int) -> str:
    return f"{coalition}{_MARK}{world}"


def combine(table: pd.DataFrame) -> Combined | None:
    """Rubin's rules over the draws that could be fitted; None with fewer than two of them.

    Degrees with complete data are the fewest clusters of a draw, less one.

    Examples
    --------
    >>> draws = pd.DataFrame({"estimate": [0.5, 0.7], "std_error": 0.2, "clusters": 11.0})
    >>> combine(draws).degrees < 10
    True
    """
    fitted = table[table["estimate"].notna()]
    if len(fitted) < 2:
        return None
    return rubin(
        fitted["estimate"], fitted["std_error"], degrees=float(fitted["clusters"].min() - 1)
    )


def verdict(estimate: float, p_value: float, level: float = LEVEL) -> str:
    """Name what an estimate says.

    Examples
    --------
    >>> verdict(0.4, 0.03), verdict(-0.4, 0.3), verdict(float("nan"), 0.3)
    ('above one, significant', 'below one', 'not estimated')
    """
    if not (np.isfinite(estimate) and np.isfinite(p_value)):
        return "not estimated"
    return f"{'above' if estimate > 0 else 'below'} one{', significant' * (p_value < level)}"


def verdicts(table: pd.DataFrame, level: float = LEVEL) -> pd.Series:
    """Share of the draws per verdict, those not estimated among them; commonest first.

    Examples
    --------
    >>> draws = pd.DataFrame({"estimate": [0.5, 0.7, -0.1, 0.2], "p_value": [0.01, 0.02, 0.6, 0.6]})
    >>> float(verdicts(draws)["above one, significant"])
    0.5
    """
    pairs = zip(table["estimate"], table["p_value"], strict=True)
    named = pd.Series([verdict(float(one), float(p), level) for one, p in pairs], dtype=object)
    return named.value_counts(normalize=True, sort=True).rename("share")


def cautions(naive: pd.Series, draws: pd.DataFrame) -> list[str]:
    """What to hold against draws: few exposed events, and draws without an estimate.

    Examples
    --------
    >>> naive = pd.Series({"exposed_events": 2.0, "exposed_clusters": 2.0})
    >>> cautions(naive, pd.DataFrame({"estimate": [0.5]}))
    ['2 exposed events in 2 clusters as coded: fewer than 5, so no test by clusters is to be
    trusted']
    """
    found = []
    events, clusters = naive["exposed_events"], naive["exposed_clusters"]
    if min(events, clusters) < FEWEST_EXPOSED:
        found.append(
            f"{events:.0f} exposed events in {clusters:.0f} clusters as coded: fewer than "
            f"{FEWEST_EXPOSED}, so no test by clusters is to be trusted"
        )
    lost = int(draws["estimate"].isna().sum())
    if lost:
        found.append(
            f"{counted(lost, 'draw')} without an estimate, left out of Rubin's rules: as a rule "
            "those with the fewest exposed events, so that the others are no sample of all draws; "
            "the score z exists in every draw"
        )
    return found


def _degrees(value: float) -> str:
    return format_count(value) if float(value).is_integer() else format_number(value)


def combined_rows(
    term: str,
    naive: pd.Series,
    draws: pd.DataFrame,
    combined: Combined | None,
    *,
    title: str,
    notes: Sequence[str],
) -> Table:
    """The estimate as coded beside that over all draws."""
    rows = [_row("as coded", naive["estimate"], naive["std_error"], naive["p_value"])]
    if combined is None:
        rows.append(["over the draws", "fewer than two could be fitted", "", ""])
    else:
        rows.append(_row("over the draws", combined.estimate, combined.std_error, combined.p_value))
        rows.append(["share of variance from the draws",
                     format_number(combined.missing_information), "", ""])  # fmt: skip
        rows.append(["degrees of freedom", _degrees(combined.degrees), "", ""])
    z = draws["z_by_cluster"].median()
    both = f"{format_number(naive['z_by_cluster'])}, {format_number(z)}"
    rows.append(["z by cluster, as coded and median", both, "", ""])
    rows.append(["exposed events, as coded", format_count(naive["exposed_events"]), "", ""])
    beyond = f"{(draws['z_by_cluster'] > EDGE).mean():.0%}, "
    beyond += f"{(draws['z_by_cluster'] < -EDGE).mean():.0%}"
    rows.append(["draws with that z above 1.96, below -1.96", beyond, "", ""])
    lost = int(draws["estimate"].isna().sum())
    rows.append(["draws, without an estimate", f"{len(draws)}, {lost}", "", ""])
    for name, share in verdicts(draws).items():
        rows.append([f"draws {name}", f"{share:.0%}", "", ""])
    return Table([term, "estimate (log)", "std. error", "p"], rows, title, tuple(notes))


def _row(name: str, estimate: float, error: float, p_value: float) -> list[str]:
    return [name, format_number(estimate), format_number(error), format_p(float(p_value))]
