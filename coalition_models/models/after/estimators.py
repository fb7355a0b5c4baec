"""One formula by every estimator, side by side: does a finding hang on one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoalitionError, DataError, counted, first_few, gathered
from coalition_models.models import family as known
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.columns import require_columns
from coalition_models.models.specification import Specification
from coalition_models.progress import in_steps
from coalition_models.render import Table, format_number, format_p

__all__ = ["EstimatorComparison", "compare_estimators"]


@dataclass(frozen=True, repr=False)
class EstimatorComparison:
    """What each estimator says of each term.

    Attributes
    ----------
    table : DataFrame
        ``estimator, term, estimate, std_error, p_value, ratio, conf_low, conf_high, scale,
        events, rows, problem``: a row per estimator and term. Limits are those of ``ratio``
        where there is one, otherwise of ``estimate``. An estimator that cannot be used is one
        row with its ``problem``.
    fits : mapping
        Estimator -> its fit; ``cm.table(found.fits)`` and ``cm.plot.estimators(found)`` show
        them.
    notes : tuple of str
        What could not be as asked for, and warnings of the fits.
    """

    table: pd.DataFrame
    fits: Mapping[str, Fit]
    notes: tuple[str, ...]

    def to_table(self) -> Table:
        """Terms down, estimators across: the ratio (or the estimate) and its p-value."""
        found = self.table[self.table["problem"] == ""]
        names = list(self.fits)
        rows = []
        for term in dict.fromkeys(found["term"]):
            cells = [str(term)]
            for name in names:
                own = found[(found["estimator"] == name) & (found["term"] == term)]
                cells.append(_cell(own.iloc[0]) if len(own) else "")
            rows.append(cells)
        notes = ["Ratios with p-values; where a scale has none, the estimate."]
        if any("time ratio" in fit.family.ratio for fit in self.fits.values()):
            notes.append("A time ratio above 1 is a longer stay, a hazard or odds ratio a shorter.")
        failed = self.table[self.table["problem"] != ""]
        notes += [f"{name}: {why}" for name, why in failed[["estimator", "problem"]].to_numpy()]
        return Table(["term", *names], rows, "Estimators compared", [*notes, *self.notes])

    def __repr__(self) -> str:
        terms = counted(self.table.loc[self.table["problem"] == "", "term"].nunique(), "term")
        return f"<EstimatorComparison: {counted(len(self.fits), 'estimator')}, {terms}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _cell(row: pd.Series) -> str:
    value = row["estimate"] if np.isnan(row["ratio"]) else row["ratio"]
    return f"{format_number(float(value))} ({format_p(float(row['p_value']))})"


def compare_estimators(
    formula: str,
    panel: pd.DataFrame,
    *,
    families: Sequence[str] | None = None,
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    start: str = "start",
    stop: str = "stop",
    convention: str = "R",
    prior: str | None = "log-F(1, 1)",
) -> EstimatorComparison:
    """Fit one formula by every estimator there is, and set the answers side by side.

    Every family of models is tried, and Firth's penalty and a prior where a family has them.
    Duration terms are each family's default. Estimates stand on their own scales, and are not to
    be compared across them: odds ratios near hazard ratios where events are rare, a probit's
    estimate in sign and p, time ratios (``"lognormal"`` and others) in p alone, since they are
    below 1 where hazards rise.

    Parameters
    ----------
    formula : str
    panel : DataFrame
        Rows at risk, one per member and period for the discrete-time families.
    families : sequence of str, optional
        Default: all. ``docs/families.md`` lists them.
    id, cluster, start, stop, convention
        As in :func:`cox`. Firth's penalty and priors have no clustered variance, so they go
        without, and the notes say so.
    prior : str, optional
        As in :func:`logit`, of all terms; None for no such fits.

    Returns
    -------
    EstimatorComparison
        An estimator that cannot be used is a row with its problem.

    Raises
    ------
    DataError
        A family that is none; no estimator that can be used, with what each said.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_estimators("event ~ risk", panel, families=["cox", "weibull"])
    >>> list(found.fits)
    ['cox', 'cox (Firth)', 'cox (log-F(1, 1))', 'weibull']
    """
    check_arguments(compare_estimators, locals())
    wanted = _wanted(families)
    require_columns(panel, names_of(cluster, "cluster"), f"cluster={cluster!r}")
    fits: dict[str, Fit] = {}
    parts: list[pd.DataFrame] = []
    notes: dict[str, list[str]] = {}
    problems: list[str] = []
    for family in in_steps(wanted, "fit every estimator", unit="family"):
        asked = {"start": start, "stop": stop, "id": id, "convention": convention}
        for name, pull in _variants(family, prior):
            try:
                spec = Specification(family.name, formula, **asked)  # type: ignore[arg-type]
                spec = replace(spec, **pull, cluster=None if pull else cluster)
                with gathered() as told:
                    fits[name] = run(spec, panel)
            except CoalitionError as error:
                problems.append(f"{name}: {error}")
                parts.append(pd.DataFrame({"estimator": [name], "problem": [str(error)]}))
                continue
            if pull and cluster is not None:
                told = [*told, "not clustered, since its limits have no clustered form"]
            for text in told:
                notes.setdefault(text, []).append(name)
            parts.append(_rows(name, fits[name]))
    if not fits:
        raise DataError(f"no estimator can be used: {'; '.join(problems)}")
    worded = [f"{first_few(names)}: {text}." for text, names in notes.items()]
    return EstimatorComparison(_gathered(parts), fits, tuple(worded))


def _variants(family: known.Family, prior: str | None) -> list[tuple[str, dict[str, Any]]]:
    """A family as it is, under Firth's penalty and under the prior, where it has them."""
    out: list[tuple[str, dict[str, Any]]] = [(family.name, {})]
    if "firth" in family.can:
        out.append((f"{family.name} (Firth)", {"penalty": "firth"}))
    if prior is not None and "prior" in family.can:
        out.append((f"{family.name} ({prior})", {"prior": prior}))
    return out


_COLUMNS = (
    "estimator", "term", "estimate", "std_error", "p_value", "ratio", "conf_low", "conf_high",
    "scale", "events", "rows", "problem",
)  # fmt: skip


def _gathered(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    records = [record for part in parts for record in part.to_dict("records")]
    table = pd.DataFrame(records, columns=list(_COLUMNS))
    return table.assign(problem=table["problem"].fillna(""))


def _wanted(names: Sequence[str] | None) -> list[known.Family]:
    if names is None:
        return list(known.families().values())
    chosen = [names] if isinstance(names, str) else list(names)
    if not chosen:
        raise DataError("families is empty: name one, or leave it out for all")
    return [known.family_named(name) for name in dict.fromkeys(chosen)]


def _rows(name: str, fit: Fit) -> pd.DataFrame:
    """A row per term, without those that shape the baseline."""
    table = fit.tidy()
    table = table[~table["term"].isin(fit.baseline_terms)]
    ratio = np.exp(table["estimate"]) if fit.family.ratio else float("nan")
    ends = [table[c] if not fit.family.ratio else np.exp(table[c]) for c in _COLUMNS[6:8]]
    return pd.DataFrame(
        {
            "estimator": name,
            "term": table["term"],
            "estimate": table["estimate"],
            "std_error": table["std_error"],
            "p_value": table["p_value"],
            "ratio": ratio,
            "conf_low": ends[0],
            "conf_high": ends[1],
            "scale": fit.family.scale,
            "events": fit.counts.events,
            "rows": fit.counts.rows,
            "problem": "",
        }
    )
