"""What a model says of rows it has not seen: the names of ``cm.prediction``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coalition_models.lazy import lazy_names

#: public name -> the module that holds it, and its name there
_WHERE = {
    "LEARNERS": ("learners", "LEARNERS"),
    "CrossValidation": ("validation", "CrossValidation"),
    "cross_validate": ("validation", "cross_validate"),
    "Folds": ("folds", "Folds"),
    "make_folds": ("folds", "make_folds"),
    "importance": ("permutation", "importance"),
    "penalised_path": ("penalised", "penalised_path"),
    "predicts": ("terms", "predicts"),
}

if TYPE_CHECKING:
    from coalition_models.prediction.folds import Folds as Folds
    from coalition_models.prediction.folds import make_folds as make_folds
    from coalition_models.prediction.learners import LEARNERS as LEARNERS
    from coalition_models.prediction.penalised import penalised_path as penalised_path
    from coalition_models.prediction.permutation import importance as importance
    from coalition_models.prediction.terms import predicts as predicts
    from coalition_models.prediction.validation import CrossValidation as CrossValidation
    from coalition_models.prediction.validation import cross_validate as cross_validate

__all__ = [*_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
