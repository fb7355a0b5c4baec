"""One specification of a curve, estimated; and the model without its term."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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

__all__ = ["Estimated", "estimates_of", "fitted_on"]


@dataclass(frozen=True)
class Estimated:
    """A fit, or one whose estimates count but not their errors, or neither; and why."""

    fit: Fit | None
    point: Mapping[str, float] = field(default_factory=dict)
    note: str = ""

    def of(self, term: str) -> dict[str, object]:
        """Estimate, error, limits and p of a term, as far as there are any."""
        if self.fit is None:
            return {"estimate": self.point[term]} if term in self.point else {}
        return estimates_of(self.fit, term)


def fitted_on(
    drawn: DrawnRows, spec: Specification, other: Specification | None, rows: pd.DataFrame
) -> tuple[Estimated, Unfitted]:
    """What could be estimated, and the model that is scored."""
    if other is None:
        tried = attempt(spec, drawn.of(spec, rows))
        note = tried.problem.partition("\n")[0]
        if tried.point is None:
            return Estimated(tried.fit, note=note), tried.model
        known = dict(zip(tried.model.names, tried.point.tolist(), strict=True))
        return Estimated(None, known, note), tried.model
    model = unfitted(replace(spec, variance=None, small_sample=None), rows)
    try:
        return Estimated(fit_one(other, rows)), model
    except FitError as error:
        return Estimated(None, note=str(error).partition("\n")[0]), model


def estimates_of(fitted: Fit, term: str) -> dict[str, object]:
    """Estimate, error, limits and p of a term; nothing where it is not in the model."""
    if term not in fitted.names:
        return {}
    own, at = fitted.estimates, fitted.place_of(term)
    p_values, limits = own_tests(fitted, 0.95)
    found = wald_columns(
        own, fitted.std_errors, fitted.degrees(), 0.95, p_values=p_values, limits=limits
    )
    names = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
    return {name: float(found[name][at]) for name in names}
