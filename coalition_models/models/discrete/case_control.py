"""Samples chosen by the event, brought back to their population (King and Zeng 2001)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from coalition_models.errors import DataError
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.family import Family
from coalition_models.models.variance import Note, Plan

__all__ = ["CORRECTIONS", "brought_back", "check_share"]

CORRECTIONS = ("prior", "weights")


def check_share(
    share: float | None, correction: str | None, family: Family, pulled: bool, plan: Plan
) -> None:
    """Refuse a share that is none, and corrections that would give a wrong number.

    Raises
    ------
    DataError
    """
    if share is None:
        if correction is not None:
            raise DataError(f"correction={correction!r} needs population_share=, the share of rows "
                            "with the event in the population")  # fmt: skip
        return
    if not 0 < share < 1:
        raise DataError(f"population_share must lie between 0 and 1, found {share:g}")
    if correction not in (None, *CORRECTIONS):
        raise DataError(f"correction must be 'prior' or 'weights'; found {correction!r}")
    if correction != "weights":
        if "intercept_shift" not in family.can:
            raise DataError(
                f"correction='prior' shifts a logit's intercept and is wrong for {family.name}, in "
                "which the choice of rows changes every coefficient: correction='weights' is right"
            )
        return
    if pulled:
        raise DataError(
            "correction='weights' changes how much a row counts beside a penalty or a prior: "
            "take correction='prior'"
        )
    if plan.variance == "model":
        raise DataError(
            "under correction='weights' the inverse information is no variance: give cluster= or "
            "variance='robust'"
        )


def brought_back(
    problem: Problem, share: float | None, correction: str | None
) -> tuple[Problem, float, str]:
    """The problem whose coefficients are the population's, the intercept's shift, and a note.

    By ``"prior"`` (the default) the log of the odds by which events are more frequent in the
    sample enters as an offset; by ``"weights"`` rows with and without the event count as often as
    in the population.
    """
    if share is None:
        return problem, 0.0, ""
    mean = float(np.average(problem.y, weights=problem.weights))
    said = f"events are {mean:.3g} of the rows and {share:.3g} of the population's"
    if correction == "weights":
        own = np.where(problem.y == 1, share / mean, (1 - share) / (1 - mean))
        weights = own if problem.weights is None else own * problem.weights
        return replace(problem, weights=weights), 0.0, Note(f"{said}: rows weighted by it")
    shift = float(np.log(mean / (1 - mean)) - np.log(share / (1 - share)))
    offset = np.zeros(len(problem.y)) if problem.offset is None else problem.offset
    moved = replace(problem, offset=offset + shift)
    text = (
        f"{said}: the intercept is lower than the sample's by {shift:.4g}; predictions are so too"
    )
    return moved, shift, Note(text)
