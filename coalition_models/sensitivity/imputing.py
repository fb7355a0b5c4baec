"""What a finding owes to rows with missing covariates: completed, left out, and bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, check_draws, listed
from coalition_models.errors import CoverageError, DataError, FitError, counted, gathered
from coalition_models.inference.imputed import Combined
from coalition_models.models.family import require
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.render import (
    InTables,
    Table,
    format_count,
    format_number,
    format_p,
    frame_table,
)
from coalition_models.sensitivity.choices import Setting
from coalition_models.sensitivity.completing import Gaps, bounded, complete, gaps_of, hazard_of
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.engine import run_tasks
from coalition_models.sensitivity.rebuilding import cautions, combine, combined_rows, verdicts

__all__ = ["MissingValues", "missing"]

_NUMBERS = (
    "estimate", "std_error", "p_value", "z", "z_by_cluster", "events", "exposed_events",
    "exposed_clusters", "rows", "clusters",
)  # fmt: skip
#: columns with gaps of which all ways to set them to their ends are tried
_MOST = 5


@dataclass(frozen=True, repr=False)
class MissingValues(InTables):
    """A term over completed panels, beside complete cases and bounds.

    Attributes
    ----------
    term : str
    complete : Series
        The estimate from rows without gaps.
    draws : DataFrame
        One row per completed panel, as in
        :class:`~coalition_models.sensitivity.uncertain_dates.DateUncertainty`.
    combined : Combined or None
        By Rubin's rules; None where fewer than two panels could be fitted.
    gaps : DataFrame
        ``column, rows`` (missing), ``events`` (among them), ``units, model``.
    bounds : DataFrame
        Every way to set the gaps to the lowest and highest value seen, by event: ``case`` and the
        estimate; the lowest first.
    notes : tuple of str
    """

    term: str
    complete: pd.Series
    draws: pd.DataFrame
    combined: Combined | None
    gaps: pd.DataFrame
    bounds: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def verdicts(self) -> pd.Series:
        """Share of the draws per verdict: sign, and p below .05."""
        return verdicts(self.draws)

    @property
    def summary(self) -> str:
        """The result in a sentence made from its numbers."""
        whole = "" if self.combined is None else (
            f"; over {self.combined.draws} completed panels it is "
            f"{np.exp(self.combined.estimate):.3g} (p {format_p(self.combined.p_value)}), gaps "
            f"being {self.combined.missing_information:.0%} of its variance"
        )  # fmt: skip
        ends = self.bounds["estimate"].dropna()
        reach = "" if ends.empty else (
            f"; with all gaps at their ends it lies between {np.exp(ends.min()):.3g} and "
            f"{np.exp(ends.max()):.3g}"
        )  # fmt: skip
        seen = self.complete[["estimate", "events"]].astype(float).to_dict()
        return (
            f"From rows without gaps the ratio of {self.term} is {np.exp(seen['estimate']):.3g} "
            f"({seen['events']:.0f} events){whole}{reach}."
        )

    def to_tables(self) -> list[Table]:
        """The estimates, what is missing, and the bounds."""
        first = combined_rows(
            self.term, self.complete, self.draws, self.combined,
            title=f"Missing values: {self.term}", notes=self.notes,
        )  # fmt: skip
        rows = [["rows without gaps", *line[1:]] if line[0] == "as coded" else line
                for line in first.rows]  # fmt: skip
        first = Table(first.header, rows, first.title, first.notes)
        ends = [
            [str(one["case"]), format_number(one["estimate"]), format_p(one["p_value"]),
             format_count(one["exposed_events"])]
            for one in self.bounds.to_dict("records")
        ]  # fmt: skip
        return [
            first,
            frame_table(self.gaps, title="What is missing"),
            Table(["case", "estimate (log)", "p", "exposed events"], ends, "Bounds"),
        ]

    def to_table(self) -> Table:
        """The estimates."""
        return self.to_tables()[0]


def missing(
    spec: Specification,
    panel: pd.DataFrame,
    term: str,
    *,
    unit: str | Sequence[str] = ("coalition", "state", "spell"),
    draws: int = 20,
    cycles: int = 5,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> MissingValues:
    """Impute missing covariates so that they agree with the hazard model, and estimate a term.

    A value is drawn from the column's regression on the others (normal, or probit for 0 and 1) and
    kept with the likelihood of what followed under the hazard, so that imputations know the
    outcome and the model's own form (interactions, curves). A column that never changes within a
    unit has one value per unit; any other has a mean per unit.

    Parameters
    ----------
    spec : Specification
        Clustered one way, of a family with scores at the null. Imputations agree with its
        discrete-time hazard; for other families, Cox among them, with that of the complementary
        log-log and its default duration terms.
    panel : DataFrame
        With gaps in columns of the formula.
    term : str
        A coefficient.
    unit : str or sequence of str
        Columns that tell units apart: spells.
    draws : int
        Completed panels, 2 or more.
    cycles : int
        Rounds over the columns before a panel is taken.
    seed : int
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    MissingValues

    Raises
    ------
    DataError
        No gap; a category with gaps; a column without any value; missing outcomes.
    FitError
        The hazard has no finite maximum, so that nothing can be drawn.

    Notes
    -----
    Bartlett, Seaman, White and Carpenter (2015). Values are taken as missing at random given the
    other covariates and the outcome; the bounds are not. Rubin's rules with clusters less one as
    degrees with complete data.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, hazard=0.03, coefficients={"risk": 0.8, "size": 0.3},
    ...                           seed=1)
    >>> panel["size"] = panel["size"].where(panel["stop"] % 5 != 0)
    >>> spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    >>> found = cm.sensitivity.missing(spec, panel, "risk", draws=2, cycles=1)
    >>> bool(found.complete["rows"] < found.draws["rows"].min()), len(found.bounds)
    (True, 2)
    """
    check_arguments(missing, locals())
    check_draws(draws, least=2)
    check_count(cycles, "cycles", least=1)
    require(spec.record, "null_scores", "missing()")
    if not spec.cluster or len(spec.cluster) != 1:
        raise DataError(
            "missing() combines with clusters less one: give the specification cluster="
        )
    units = listed(unit)
    gaps, filled = gaps_of(panel, spec.formula, units)
    if not gaps:
        raise DataError(f"no column of {spec.formula!r} has a missing value that is not certain")
    hazard = hazard_of(spec)
    lines = run_tasks(
        _Completed(spec, hazard, filled, tuple(gaps), term, cycles), range(draws), about="missing",
        seed=seed, chunk=1, workers=workers, keep=keep, progress=progress,
    ).answers  # fmt: skip
    with gathered() as told:
        cases = _line(spec, panel, term)
        bounds = _bounds(spec, filled, gaps, term)
    table = pd.DataFrame(lines).astype(dict.fromkeys(_NUMBERS, float))
    naive = pd.Series(cases)
    return MissingValues(
        term, naive, table, combine(table), _described(gaps, filled, hazard), bounds,
        (*_notes(panel, naive, gaps, filled, hazard), *cautions(naive, table), *told),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Completed:
    """The estimate from a panel whose gaps are filled."""

    spec: Specification
    hazard: Specification
    filled: pd.DataFrame
    gaps: tuple[Gaps, ...]
    term: str
    cycles: int

    def __call__(self, at: int, rng: np.random.Generator) -> dict[str, object]:
        """Fill and fit once; ``at`` tells the draws apart."""
        with gathered():
            rows = complete(self.hazard, self.filled, self.gaps, cycles=self.cycles, rng=rng)
            return _line(self.spec, rows, self.term)


def _line(spec: Specification, rows: pd.DataFrame, term: str) -> dict[str, object]:
    try:
        found = dict(Estimate(term, None)(Setting(panel=rows, spec=spec)))
    except (FitError, CoverageError) as error:
        return {**dict.fromkeys(_NUMBERS, np.nan), "problem": str(error).partition("\n")[0]}
    return {**{name: found[name] for name in _NUMBERS}, "problem": found["note"] or ""}


def _bounds(
    spec: Specification, filled: pd.DataFrame, gaps: Sequence[Gaps], term: str
) -> pd.DataFrame:
    """All ways to set gaps to their ends, for the columns with most of them."""
    moved = list(gaps[-_MOST:])
    response = event_of(spec.formula)
    lines = []
    for ends in product((True, False), repeat=len(moved)):
        chosen = dict(zip([one.name for one in moved], ends, strict=True))
        chosen = {**{one.name: True for one in gaps}, **chosen}
        rows = bounded(filled, gaps, response, chosen)
        words = [f"{name} {'high' if high else 'low'} with the event" for name, high in
                 chosen.items()]  # fmt: skip
        lines.append({"case": ", ".join(words), **_line(spec, rows, term)})
    table = pd.DataFrame(lines).astype(dict.fromkeys(_NUMBERS, float))
    return table.sort_values("estimate", kind="stable", ignore_index=True)


def _described(gaps: Sequence[Gaps], filled: pd.DataFrame, hazard: Specification) -> pd.DataFrame:
    happened = filled[event_of(hazard.formula)].to_numpy(dtype=float)
    lines = [
        {
            "column": one.name,
            "rows": len(one.rows),
            "events": int(happened[one.rows].sum()),
            "units": len(np.unique(one.unit[one.rows])),
            "model": f"{'probit' if one.binary else 'normal'}, "
            f"{'one value' if one.whole else 'a mean'} per unit",
        }
        for one in gaps
    ]
    return pd.DataFrame(lines)


def _notes(
    panel: pd.DataFrame,
    naive: pd.Series,
    gaps: Sequence[Gaps],
    filled: pd.DataFrame,
    hazard: Specification,
) -> list[str]:
    names = [one.name for one in gaps]
    certain = int(panel[names].isna().to_numpy().sum() - sum(len(one.rows) for one in gaps))
    found = [
        f"{len(panel) - int(naive['rows'])} of {counted(len(panel), 'row')} without a value of "
        f"{', '.join(names)} are left out of complete cases",
        f"values missing at random given the other columns and the {hazard.family} hazard; bounds "
        "set them to the ends of what was seen",
    ]
    if certain:
        found.append(f"{counted(certain, 'gap')} filled with the one value of the unit")
    return found
