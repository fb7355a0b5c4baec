"""What other rooms ask of a model's engine."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.engine import Unfitted
from coalition_models.models.estimates import Estimates
from coalition_models.models.fit import Fit

__all__ = ["compared_by", "linear_predictor", "null_information", "own_tests"]

Floats = npt.NDArray[np.float64]


def null_information(model: Unfitted) -> Floats:
    """Information (p, p) of a model where no term has an effect."""
    return model.engine.null_information()


def linear_predictor(model: Unfitted | Fit, estimates: Estimates, rows: pd.DataFrame) -> Floats:
    """Linear predictor of some rows at given estimates."""
    return model.engine.predict(estimates, rows, "linear")


def own_tests(fit: Fit, level: float) -> tuple[Floats | None, Floats | None]:
    """P-values and limits by the likelihood, of fits that do not go by Wald's; None of others."""
    own = fit.estimates
    return fit.engine.p_values(own), fit.engine.profile(own, level)


def compared_by(fit: Fit) -> str:
    """Equal for fits whose log-likelihoods are of one kind and of the same rows; empty for none."""
    choices, sample = fit.choices, fit.engine.sample
    if choices.penalty:
        return ""
    mark = hashlib.sha256()
    for values in (sample.event, sample.start, sample.stop, sample.weights, sample.offset):
        mark.update(b"-" if values is None else np.ascontiguousarray(values).tobytes())
        mark.update(b"|")
    kinds = getattr(fit.engine, "kinds", ())
    kind = (type(fit.engine).__name__, choices.ties, choices.strata, choices.weights,
            choices.offset, kinds, fit.spec.population_share, fit.spec.group)  # fmt: skip
    return f"{kind}{mark.hexdigest()}"
