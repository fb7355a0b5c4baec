"""Permutation importance: how much worse predictions get when a variable's values are shuffled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.formula import build_design
from coalition_models.models.specification import Specification
from coalition_models.prediction.folds import make_folds
from coalition_models.prediction.learners import Task, learner_named
from coalition_models.prediction.scores import losses
from coalition_models.prediction.validation import complete_panel

__all__ = ["importance"]


def importance(
    formula: str,
    panel: pd.DataFrame,
    *,
    model: str | Specification = "boosting",
    groups: str = "state",
    forward: str | None = None,
    folds: int = 5,
    repeats: int = 10,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Rise of the log loss of rows not learned from when one variable is shuffled among them.

    It says what a fitted model leans on, not what causes the event; of two variables that say the
    same, neither may seem to matter. Models are not fitted anew: see :func:`prediction.predicts`.

    Parameters
    ----------
    formula, panel, groups, forward, folds, start, stop, id, seed
        As in :func:`prediction.cross_validate`.
    model : str or Specification
    repeats : int
        Shuffles per variable and fold.

    Returns
    -------
    DataFrame
        ``variable, rise, spread``: mean rise in per cent of the loss, and its standard deviation
        over shuffles, largest first. The time at risk is a variable too.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.5, "size": 0.0}, seed=1)
    >>> found = cm.prediction.importance("event ~ risk + size", panel, model="logit")
    >>> found["variable"].tolist()[0]
    'risk'
    """
    check_arguments(importance, {k: v for k, v in locals().items() if k != "model"})
    repeats = check_count(repeats, "repeats", least=1)
    task = Task(formula, start, stop, names_of(id, "id") or None)
    rows, _ = complete_panel(task, panel, [groups, *([forward] if forward else [])])
    design = build_design(formula, rows, intercept=False, needed=[], trust=False)
    made = make_folds(
        rows, groups=groups, forward=forward, folds=folds, event=design.response, seed=seed
    )
    learn = learner_named(model, task, seed)
    names = [*dict.fromkeys([*design.variables, stop])]
    rng = np.random.default_rng(seed)
    plain = np.zeros(0)
    shuffled: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for known, judged in made:
        learned, there = learn(rows[known]), rows[judged]
        event = there[design.response].to_numpy(float)
        plain = np.concatenate([plain, losses(event, learned(there))[0]])
        for name in names:
            shuffled[name].append(
                np.array([
                    losses(event, learned(_shuffled(there, name, rng)))[0].sum()
                    for _ in range(repeats)
                ])
            )  # fmt: skip
    found = pd.DataFrame(
        {
            "variable": name,
            "rise": 100 * (np.sum(parts, axis=0).mean() / plain.sum() - 1),
            "spread": 100 * np.sum(parts, axis=0).std() / plain.sum(),
        }
        for name, parts in shuffled.items()
    )
    return found.sort_values("rise", ascending=False, ignore_index=True)


def _shuffled(rows: pd.DataFrame, name: str, rng: np.random.Generator) -> pd.DataFrame:
    values = rows[name].array[rng.permutation(len(rows))]
    return rows.assign(**{name: values})
