"""Cross-validation: predicted chances of rows that were not learned from, and how good they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import CoalitionError, DataError, counted
from coalition_models.models.sample.checks import (
    check_event,
    check_history,
    check_times,
    default_id,
    histories_of,
    names_of,
    raise_all,
)
from coalition_models.models.sample.columns import require_columns, require_times
from coalition_models.models.sample.formula import build_design
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.prediction.folds import Folds, make_folds
from coalition_models.prediction.learners import Task, learner_named
from coalition_models.prediction.scores import (
    auc,
    by_period,
    calibration_line,
    calibration_table,
    losses,
)
from coalition_models.render import Table, format_number

__all__ = ["CrossValidation", "complete_panel", "cross_validate", "out_of_sample"]

Floats = npt.NDArray[np.float64]

_MODELS = ("share", "logit", "boosting")


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """How well rows were predicted that no model had learned from.

    Attributes
    ----------
    table : DataFrame
        One row per model: ``log_loss`` and ``brier`` (means over rows judged), ``skill`` (one less
        the log loss over that of ``"share"``, or of the first model), its ``skill_error`` (by
        groups), ``auc`` (of pairs within periods, over all periods), ``expected`` and ``events``
        (sums), ``in_the_large`` (log of events over expected) and ``slope`` of calibration (both
        0 and 1 where chances are right).
    predictions : DataFrame
        One row per model and row judged: ``model, row, fold, group, time, event, chance``.
    periods : DataFrame
        By model and period: AUC among those at risk, Brier score, events and those expected.
    folds : DataFrame
        ``fold, learned, judged, events``: rows and events of each fold.
    notes : tuple of str
    """

    table: pd.DataFrame
    predictions: pd.DataFrame
    periods: pd.DataFrame
    folds: pd.DataFrame
    notes: tuple[str, ...]

    def calibration(self, model: str, groups: int = 10) -> pd.DataFrame:
        """Mean chance and share of events, in groups of rows from low to high chance."""
        check_arguments(CrossValidation.calibration, locals())
        groups = check_count(groups, "groups", least=1, most=len(self.predictions))
        own = self.predictions[self.predictions["model"] == model]
        if own.empty:
            known = ", ".join(self.table["model"])
            raise DataError(f"model must be one of {known}; found {model!r}")
        return calibration_table(
            own["event"].to_numpy(float), own["chance"].to_numpy(float), min(groups, len(own))
        )

    def to_table(self) -> Table:
        """Scores, ready for text, Markdown, LaTeX and HTML."""
        columns = ["log_loss", "brier", "skill", "skill_error", "auc", "in_the_large", "slope"]
        heads = ["model", "log loss", "Brier", "skill", "its error", "AUC", "in the large", "slope"]
        rows = [
            [str(row["model"]), *(format_number(float(row[name])) for name in columns)]
            for row in self.table.to_dict("records")
        ]
        return Table(heads, rows, "Predictions of rows not learned from", list(self.notes))

    def __repr__(self) -> str:
        judged = counted(int(self.folds["judged"].sum()), "row")
        return f"<CrossValidation: {counted(len(self.table), 'model')}, {judged} judged>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def cross_validate(
    formula: str,
    panel: pd.DataFrame,
    *,
    models: Sequence[str | Specification] = _MODELS,
    groups: str = "state",
    forward: str | None = None,
    folds: int = 5,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    seed: int = 0,
) -> CrossValidation:
    """Predict the event of each period from rows of other states, or of earlier times.

    Parameters
    ----------
    formula : str
        As in :func:`logit`; every model sees its columns and the time at risk.
    panel : DataFrame
        One row per member and period.
    models : sequence
        ``"share"`` (the share of events by period, the same for all: what a model must beat),
        families that predict the chance of a period (``"logit"``, ``"cloglog"``, ``"probit"``),
        a :class:`Specification` of one (with penalty or prior; its formula is replaced; with a
        random intercept the chance is averaged over it, given that the member is still there, also
        for groups learned from), and
        learners of scikit-learn: ``"boosting"`` and ``"forest"`` of trees, ``"lasso"`` and
        ``"ridge"`` (penalised logits with fixed strength; see :func:`prediction.penalised_path`).
    groups, forward, folds, seed
        As in :func:`prediction.make_folds`: whole states by default, or forward in time.
    start, stop, id
        As in :func:`logit`.

    Returns
    -------
    CrossValidation

    Raises
    ------
    FormulaError, DataError, FitError
        As the models; a group that is missing; a level that no row learned from has (named, with
        the fold).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.0}, seed=1)
    >>> found = cm.prediction.cross_validate("event ~ risk", panel, models=["share", "logit"])
    >>> found.table["model"].tolist()
    ['share', 'logit']
    """
    check_arguments(cross_validate, {k: v for k, v in locals().items() if k != "models"})
    task = Task(formula, start, stop, names_of(id, "id") or None)
    named = _named(models)
    rows, dropped = complete_panel(task, panel, [groups, *([forward] if forward else [])])
    response = event_of(formula)
    made = make_folds(rows, groups=groups, forward=forward, folds=folds, event=response, seed=seed)
    found = {name: out_of_sample(model, task, rows, made, seed) for name, model in named.items()}
    notes = [f"{made.words}; seed {seed}."]
    if dropped:
        notes.append(f"{counted(dropped, 'row')} with missing values left out.")
    return _assembled(found, rows, made, response, stop, tuple(notes))


def _named(models: Sequence[str | Specification]) -> dict[str, str | Specification]:
    if isinstance(models, (str, Specification)):
        models = [models]
    elif not isinstance(models, Iterable):
        raise DataError(f"models must be a list of names or Specifications, not {models!r}")
    given = list(models)
    if not given:
        raise DataError("models is empty: name one, such as 'logit'")
    out: dict[str, str | Specification] = {}
    for model in given:
        if not isinstance(model, (str, Specification)):
            raise DataError(f"models holds {model!r}: give names or Specifications")
        name = model if isinstance(model, str) else _title(model)
        while name in out:
            name += " again"
        out[name] = model
    return out


def _title(spec: Specification) -> str:
    pull = spec.penalty or spec.prior
    return f"{spec.family} ({pull if isinstance(pull, str) else 'priors'})" if pull else spec.family


def complete_panel(
    task: Task, panel: pd.DataFrame, needed: Sequence[str]
) -> tuple[pd.DataFrame, int]:
    """Rows without missing values, numbered anew, and how many others there are.

    All models are judged on the same rows.
    """
    require_times(panel, task.start, task.stop, "start= and stop=")
    design = build_design(task.formula, panel, intercept=False, needed=[], trust=False)
    require_columns(panel, needed, "cross_validate")
    rows = panel if design.keep is None else panel[design.keep]
    _, problems, _ = check_event(rows, design.response)
    first, last, wrong = check_times(rows, task.start, task.stop)
    problems += wrong
    member = default_id(rows, task.id)
    if member and not problems:
        problems += check_history(rows, histories_of(rows, member), first, last)
    raise_all(problems)
    return rows.reset_index(drop=True), len(panel) - len(rows)


def out_of_sample(
    model: str | Specification, task: Task, rows: pd.DataFrame, made: Folds, seed: int
) -> Floats:
    """Chance of each row from what was learned without its fold; missing where none judges it."""
    learn = learner_named(model, task, seed)
    chances = np.full(len(rows), np.nan)
    for fold, (known, judged) in enumerate(made):
        try:
            learned = learn(rows[known])
            chances[judged] = learned(rows[judged])
        except CoalitionError as error:
            name = model if isinstance(model, str) else model.family
            raise type(error)(f"{name}, fold {fold + 1} of {made.count}: {error}") from error
    return chances


def _assembled(
    found: Mapping[str, Floats],
    rows: pd.DataFrame,
    made: Folds,
    response: str,
    stop: str,
    notes: tuple[str, ...],
) -> CrossValidation:
    judged = made.tested >= 0
    event = rows[response].to_numpy(dtype=float)[judged]
    time = rows[stop].to_numpy(dtype=float)[judged]
    groups = made.groups[judged]
    base = found.get("share", next(iter(found.values())))[judged]
    table, parts, periods = [], [], []
    for name, every in found.items():
        chance = every[judged]
        table.append({"model": name, **_scores(event, chance, base, time, groups)})
        periods.append(by_period(event, chance, time).assign(model=name))
        parts.append(
            pd.DataFrame(
                {
                    "model": name,
                    "row": np.flatnonzero(judged),
                    "fold": made.tested[judged] + 1,
                    "group": groups,
                    "time": time,
                    "event": event,
                    "chance": chance,
                }
            )
        )
    happened = rows[response].to_numpy(dtype=float)
    folds = [
        {
            "fold": number + 1,
            "learned": int(known.sum()),
            "judged": int(own.sum()),
            "events": int(happened[own].sum()),
        }
        for number, (known, own) in enumerate(made)
    ]
    return CrossValidation(
        pd.DataFrame(table),
        pd.concat(parts, ignore_index=True),
        pd.concat(periods, ignore_index=True),
        pd.DataFrame(folds),
        notes,
    )


def _scores(
    event: Floats, chance: Floats, base: Floats, time: Floats, groups: npt.NDArray[np.int64]
) -> dict[str, float]:
    logs, squares = losses(event, chance)
    own, _ = losses(event, base)
    gain = (own - logs) / own.mean()
    by_group = np.bincount(groups, weights=gain - gain.mean())
    within = by_period(event, chance, time)
    pairs = within["pairs"].to_numpy(float)
    order = float(np.nansum(within["auc"] * pairs) / pairs.sum()) if pairs.sum() else float("nan")
    large, slope = calibration_line(event, chance)
    return {
        "log_loss": float(logs.mean()),
        "brier": float(squares.mean()),
        "skill": float(gain.mean()),
        "skill_error": float(np.sqrt((by_group**2).sum())) / len(gain),
        "auc": order if np.isfinite(order) else auc(event, chance)[0],
        "expected": float(chance.sum()),
        "events": float(event.sum()),
        "in_the_large": large,
        "slope": slope,
    }
