"""Coefficients of penalised logits along the strength of the penalty, with their losses."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError, FitError, warn
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.formula import build_design
from coalition_models.prediction.folds import Folds, make_folds
from coalition_models.prediction.learners import Task, penalised_logit
from coalition_models.prediction.scores import losses
from coalition_models.prediction.validation import complete_panel
from coalition_models.render import Table, format_number

__all__ = ["PenalisedPath", "penalised_path"]

Floats = npt.NDArray[np.float64]

#: standardised coefficients below this are none
_NOTHING = 1e-6
#: beyond the penalty that leaves nothing, so that rounding does not
_BEYOND = 1.01


@dataclass(frozen=True, repr=False)
class PenalisedPath:
    """A path of penalised logits from the strongest penalty to the weakest.

    Attributes
    ----------
    table : DataFrame
        ``penalty, term, coefficient``: of each term on its own scale.
    losses : DataFrame
        ``penalty, log_loss, std_error, terms``: mean log loss of rows not learned from, its
        standard error over groups, and how many terms are not 0.
    best : float
        Penalty of the least loss.
    simplest : float
        The strongest penalty whose loss is within one standard error of the least.
    notes : tuple of str
    """

    table: pd.DataFrame
    losses: pd.DataFrame
    best: float
    simplest: float
    notes: tuple[str, ...]

    def coefficients(self, penalty: float | None = None) -> pd.Series:
        """Of one penalty, by default the best."""
        check_arguments(PenalisedPath.coefficients, locals())
        wanted = self.best if penalty is None else penalty
        own = self.table[np.isclose(self.table["penalty"], wanted)]
        if own.empty:
            raise DataError(f"no penalty {wanted!r} on the path; see losses['penalty']")
        return own.set_index("term")["coefficient"]

    def to_table(self) -> Table:
        """Coefficients at the best penalty and at the simplest."""
        one, two = self.coefficients(), self.coefficients(self.simplest)
        rows = [
            [str(t), format_number(float(one[t])), format_number(float(two[t]))] for t in one.index
        ]
        return Table(["term", "best", "simplest"], rows, "Penalised logit", list(self.notes))

    def __repr__(self) -> str:
        return f"<PenalisedPath: {len(self.losses)} penalties, best {self.best:.3g}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def penalised_path(
    formula: str,
    panel: pd.DataFrame,
    *,
    mix: float = 1.0,
    penalties: int = 20,
    groups: str = "state",
    forward: str | None = None,
    folds: int = 5,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    seed: int = 0,
) -> PenalisedPath:
    """Logits of the event of a period under penalties from so strong that nothing is left to weak.

    Coefficients have no standard errors: they are pulled to 0, and chosen by the data.

    Parameters
    ----------
    formula, panel, groups, forward, folds, start, stop, id, seed
        As in :func:`prediction.cross_validate`. The logarithm of the time at risk is a term too.
    mix : float
        1 is the lasso (terms drop out), 0 ridge, between them the elastic net; of standardised
        columns.
    penalties : int
        How many, on a logarithmic scale of 1,000 to 1; 2 or more.

    Returns
    -------
    PenalisedPath

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.0, "size": 0.0}, seed=1)
    >>> path = cm.prediction.penalised_path("event ~ risk + size", panel, penalties=5)
    >>> path.coefficients().index.tolist()
    ['risk', 'size', 'log(stop)']
    """
    check_arguments(penalised_path, locals())
    if not 0 <= mix <= 1:
        raise DataError(f"mix must lie between 0 (ridge) and 1 (lasso); found {mix!r}")
    penalties = check_count(penalties, "penalties", least=2)
    task = Task(formula, start, stop, names_of(id, "id") or None)
    rows, dropped = complete_panel(task, panel, [groups, *([forward] if forward else [])])
    design = build_design(formula, rows, intercept=False, needed=[], trust=False)
    event = numbers_of(rows, design.response, "the event")
    if not 0 < event.sum() < len(event):
        raise FitError(f"no event: column {design.response!r} is 0 in all rows, or 1")
    time = numbers_of(rows, stop, "stop=")
    if (time <= 0).any():
        raise DataError(f"times of 0 or below in {stop!r} have no logarithm")
    X = np.column_stack([design.matrix, np.log(time)])
    names = [*design.names, f"log({stop})"]
    made = make_folds(
        rows, groups=groups, forward=forward, folds=folds, event=design.response, seed=seed
    )
    strong = _strongest(X, event, max(mix, 0.1))
    grid = strong * np.logspace(0, -3, penalties)
    found = np.full((penalties, len(rows)), np.nan)
    for known, own in made:
        found[:, own] = _along(X[known], event[known], X[own], grid, mix, seed)[1]
    coefficients, _ = _along(X, event, X[:1], grid, mix, seed)
    table, scores = _tables(names, grid, coefficients, event, found, made)
    best = int(scores["log_loss"].argmin())
    near = scores["log_loss"] <= scores["log_loss"][best] + scores["std_error"][best]
    notes = [f"{made.words}; seed {seed}; mix {mix:g}."]
    if dropped:
        notes.append(f"{dropped} rows with missing values left out.")
    return PenalisedPath(
        table,
        scores,
        float(grid[best]),
        float(grid[int(near.argmax())]),
        tuple(notes),
    )


def _tables(
    names: Sequence[str],
    grid: Floats,
    coefficients: Floats,
    event: Floats,
    chances: Floats,
    made: Folds,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coefficients, and losses of rows not learned from, by penalty."""
    judged = made.tested >= 0
    table, records = [], []
    for place, penalty in enumerate(grid):
        loss = losses(event[judged], chances[place, judged])[0]
        off = np.bincount(made.groups[judged], weights=loss - loss.mean())
        error = float(np.sqrt((off**2).sum())) / len(loss)
        some = int((np.abs(coefficients[place]) > _NOTHING).sum())
        records.append(
            {"penalty": penalty, "log_loss": loss.mean(), "std_error": error, "terms": some}
        )
        table += [
            {"penalty": penalty, "term": name, "coefficient": value}
            for name, value in zip(names, coefficients[place], strict=True)
        ]
    return pd.DataFrame(table), pd.DataFrame(records)


def _standard(X: Floats) -> tuple[Floats, Floats]:
    scale = X.std(axis=0)
    return X.mean(axis=0), np.where(scale > 0, scale, 1.0)


def _strongest(X: Floats, event: Floats, mix: float) -> float:
    """The least penalty per row at which the lasso leaves nothing."""
    centre, scale = _standard(X)
    pull = np.abs(((X - centre) / scale).T @ (event - event.mean())) / len(event)
    return _BEYOND * float(pull.max()) / mix


def _along(
    X: Floats, event: Floats, other: Floats, grid: Floats, mix: float, seed: int
) -> tuple[Floats, Floats]:
    """Coefficients (m, p) on the user's scale and chances of other rows (m, n) for each penalty."""
    centre, scale = _standard(X)
    Z, there = (X - centre) / scale, (other - centre) / scale
    coefficients, chances = [], []
    for penalty in grid:
        model = penalised_logit(mix, 1 / (penalty * len(event)), seed)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model.fit(Z, event)
        # a step is judged beside the largest coefficient, and where all are 0 none is small enough
        if said and np.abs(model.coef_).max() > _NOTHING:
            warn(f"penalty {penalty:.3g}: {said[0].message}")
        coefficients.append(model.coef_[0] / scale)
        chances.append(model.predict_proba(there)[:, 1])
    return np.array(coefficients), np.array(chances)
