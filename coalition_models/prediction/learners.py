"""Who predicts: models of this package, or learners of scikit-learn on discrete-time rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few, gathered
from coalition_models.models.running import run
from coalition_models.models.sample.checks import default_id
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.formula import build_design
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.prediction.intercepts import chances_of_unseen

__all__ = ["LEARNERS", "Learned", "Task", "learner_named", "penalised_logit"]

Floats = npt.NDArray[np.float64]

#: from rows to the chance of the event in each
Learned = Callable[[pd.DataFrame], Floats]


@dataclass(frozen=True)
class Task:
    """What is predicted: a formula on rows of periods that end at ``stop``."""

    formula: str
    start: str = "start"
    stop: str = "stop"
    id: tuple[str, ...] | None = None


def _boosting(seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to import

    return HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=100, max_leaf_nodes=8, min_samples_leaf=20,
        l2_regularization=1.0, random_state=seed,
    )  # fmt: skip


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier  # slow to import

    return RandomForestClassifier(
        n_estimators=200, min_samples_leaf=10, max_features="sqrt", random_state=seed, n_jobs=1
    )


class _Shrunk:
    """Logit with a penalty, on columns standardised where it learns."""

    def __init__(self, mix: float, strength: float, seed: int) -> None:
        self._model: Any = penalised_logit(mix, strength, seed)

    def fit(self, X: Floats, y: Floats) -> _Shrunk:
        self._centre, self._scale = X.mean(axis=0), X.std(axis=0)
        self._scale[self._scale == 0] = 1.0
        self._model.fit((X - self._centre) / self._scale, y)
        return self

    def predict_proba(self, X: Floats) -> Floats:
        return np.asarray(self._model.predict_proba((X - self._centre) / self._scale))


def penalised_logit(mix: float, strength: float, seed: int) -> Any:
    """Logit of scikit-learn: ``mix`` 1 is the lasso, 0 ridge; a larger ``strength`` pulls less."""
    from sklearn.linear_model import LogisticRegression  # slow to import

    return LogisticRegression(
        C=strength, l1_ratio=mix, solver="saga", max_iter=5000, tol=1e-6, random_state=seed
    )


#: learners of scikit-learn by name; each gives chances by ``predict_proba``
LEARNERS: Mapping[str, Callable[[int], Any]] = {
    "boosting": _boosting,
    "forest": _forest,
    "lasso": lambda seed: _Shrunk(1.0, 0.1, seed),
    "ridge": lambda seed: _Shrunk(0.0, 0.1, seed),
}


def learner_named(
    model: str | Specification, task: Task, seed: int
) -> Callable[[pd.DataFrame], Learned]:
    """From rows to learn from to a function that predicts.

    ``model`` is ``"share"`` (the share of rows with the event in each period, whoever is at risk),
    a name of :data:`LEARNERS`, a family that predicts probabilities of a period, or a
    specification of one, whose formula is then the task's.
    """
    if isinstance(model, str) and model == "share":
        return lambda rows: _share(rows, task)
    if isinstance(model, str) and model in LEARNERS:
        return lambda rows: _learn(LEARNERS[model](seed), rows, task)
    spec = _specification(model, task)
    return lambda rows: _fitted(spec, rows, task)


def _specification(model: str | Specification, task: Task) -> Specification:
    if isinstance(model, Specification):
        spec = replace(model, formula=task.formula)
    else:
        try:
            spec = Specification(model, task.formula, start=task.start, stop=task.stop, id=task.id)
        except DataError as error:
            raise DataError(
                f"models must be 'share', {', '.join(map(repr, LEARNERS))}, a family or a "
                f"Specification; found {model!r} ({error})"
            ) from None
    if "probability" not in spec.record.predictions:
        raise DataError(
            f"{spec.family} predicts {', '.join(spec.record.predictions)}, not the chance of a "
            "period: use 'logit', 'probit' or 'cloglog'"
        )
    return spec


def _fitted(spec: Specification, rows: pd.DataFrame, task: Task) -> Learned:
    with gathered():
        fit = run(spec, rows)
    if "marginal" in spec.record.predictions:
        member = default_id(rows, spec.id or task.id)
        return lambda other: chances_of_unseen(fit, rows, other, member, task.stop)
    return lambda other: np.asarray(fit.predict(other, kind="probability"))


def _share(rows: pd.DataFrame, task: Task) -> Learned:
    """Share of events by period, drawn to the mean where few were at risk."""
    response = event_of(task.formula)
    event = numbers_of(rows, response, "the event")
    mean = float(event.mean())
    counts = pd.Series(event).groupby(numbers_of(rows, task.stop, "stop=")).agg(["sum", "count"])
    shares = (counts["sum"] + 20 * mean) / (counts["count"] + 20)

    def chances(other: pd.DataFrame) -> Floats:
        found = pd.Series(numbers_of(other, task.stop, "stop=")).map(shares)
        return found.fillna(mean).to_numpy(dtype=float)

    return chances


def _learn(model: Any, rows: pd.DataFrame, task: Task) -> Learned:
    """Learn from the columns of the formula and the time at risk."""
    design = build_design(task.formula, rows, intercept=False, needed=[], trust=False)
    used = rows if design.keep is None else rows[design.keep]
    y = numbers_of(used, design.response, "the event")
    if not 0 < y.sum() < len(y):
        raise FitError("the rows to learn from have no event, or nothing else: ask for fewer folds")
    clash = [name for name in design.variables if name == task.stop]
    if clash:
        raise DataError(
            f"{first_few(clash)} is the time, which a learner has already: leave it out"
        )
    X = np.column_stack([design.matrix, numbers_of(used, task.stop, "stop=")])
    with _one_thread():  # the same numbers everywhere, and no waiting for busy cores
        learned = model.fit(X, y)

    def chances(other: pd.DataFrame) -> Floats:
        rows = [design.matrix_for(other), numbers_of(other, task.stop, "stop=")]
        with _one_thread():
            return np.asarray(learned.predict_proba(np.column_stack(rows))[:, 1])

    return chances


@contextmanager
def _one_thread() -> Iterator[None]:
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    with threadpool_limits(limits=1):
        yield
