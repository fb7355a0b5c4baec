"""One specification of a curve, estimated; and the model without its term."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.errors import FitError
from coalition_models.models.asked import own_tests
from coalition_models.models.engine import Unfitted
from coalition_models.models.fit import Fit
from coalition_models.models.fit_table import wald_columns
from coalition_models.models.running import attempt, unfitted
from coalition_models.models.running import fit as fit_one
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.drawn_rows import DrawnRows

__all__ = ["estimates_of", "fitted_on"]


def fitted_on(
    drawn: DrawnRows, spec: Specification, other: Specification | None, rows: pd.DataFrame
) -> tuple[Fit | None, str, Unfitted]:
    """The fit, or why there is none, and the model that is scored."""
    if other is None:
        tried = attempt(spec, drawn.of(spec, rows))
        return tried.fit, tried.problem.partition("\n")[0], tried.model
    model = unfitted(replace(spec, variance=None, small_sample=None), rows)
    try:
        return fit_one(other, rows), "", model
    except FitError as error:
        return None, str(error).partition("\n")[0], model


def estimates_of(fitted: Fit | None, term: str) -> dict[str, object]:
    """Estimate, error, limits and p of a term; nothing where there is none."""
    if fitted is None or term not in fitted.names:
        return {}
    own, at = fitted.estimates, fitted.place_of(term)
    p_values, limits = own_tests(fitted, 0.95)
    found = wald_columns(
        own, fitted.std_errors, fitted.degrees(), 0.95, p_values=p_values, limits=limits
    )
    names = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return {name: float(found[name][at]) for name in names}
