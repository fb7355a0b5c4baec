"""Specifications in, fits out: one at a time, or many on one panel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoalitionError, DataError, FitError, counted, first_few, warn
from coalition_models.models.display import Background
from coalition_models.models.engine import Unfitted
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sharing import Bare, room_for, shared
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Note, VarianceError

__all__ = ["Attempt", "attempt", "drawn", "fit", "fit_many", "run", "unfitted"]

Floats = npt.NDArray[np.float64]


def run(spec: Specification, data: pd.DataFrame) -> Fit:
    """Fit, and give the warnings that the fit recorded."""
    room = room_for(spec)
    room.check(spec)
    found = room.estimate(spec, room.draw(spec, data), Background(data))
    for remark in _warnings(found):
        warn(remark)
    return found


@dataclass(frozen=True)
class Attempt:
    """A fit, or why there is none; and the model on its rows, which is there either way.

    ``point`` has the coefficients where only the variance asked for could not be had, such as a
    jackknife of which one refit has no finite maximum.
    """

    fit: Fit | None
    problem: str
    model: Unfitted
    point: Floats | None = None


def drawn(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the options and the data of a model, and take its rows."""
    room = room_for(spec)
    room.check(spec)
    return room.draw(spec, data)


def attempt(spec: Specification, sample: Sample) -> Attempt:
    """Fit to rows that were drawn, and keep the rows where nothing can be estimated from them.

    What a frame remembers of its making is not known: the fit is not to be printed.

    Raises
    ------
    FitError
        Where the rows have no model either, as without an event.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> spec = Specification("cox", "event ~ risk")
    >>> tried = attempt(spec, drawn(spec, panel))
    >>> tried.fit.names == tried.model.names, tried.problem
    (True, '')
    """
    room = room_for(spec)
    room.check(spec)
    try:
        found = room.estimate(spec, sample, Background(pd.DataFrame()))
    except FitError as error:
        bare = replace(spec, variance=None, small_sample=None)
        point = error.coefficients if isinstance(error, VarianceError) else None
        return Attempt(None, str(error), cast("Bare", room).unfitted(bare, sample), point)
    for remark in _warnings(found):
        warn(remark)
    return Attempt(found, "", Unfitted(found.engine, found.names, found.terms))


def unfitted(spec: Specification, data: pd.DataFrame) -> Unfitted:
    """Check and draw the rows of a model without maximising anything.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> unfitted(Specification("cox", "event ~ risk"), panel).names
    ('risk',)
    """
    require(spec.record, "null_scores", "a model without its maximum")
    room = room_for(spec)
    room.check(spec)
    return cast("Bare", room).unfitted(spec, room.draw(spec, data))


def _warnings(found: Fit) -> Iterator[str]:
    return (remark for remark in found.remarks if not isinstance(remark, Note))


def fit(spec: Specification, panel: pd.DataFrame) -> Fit:
    """Fit one specification to a panel.

    Parameters
    ----------
    spec : Specification
    panel : DataFrame
        Rows as :func:`cox` and :func:`logit` take them.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`cox` and :func:`logit`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.5}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk")
    >>> cm.fit(spec, panel).spec == spec
    True
    """
    check_arguments(fit, locals())
    return run(spec, panel)


def fit_many(
    specs: Sequence[Specification],
    panel: pd.DataFrame,
    *,
    errors: Literal["raise", "return"] = "raise",
) -> list[Fit | FitError]:
    """Fit many specifications to one panel, faster than one by one and with the same numbers.

    Specifications that differ in covariates, ties, variance or positive case weights share the
    checks of the data, the rows and their sorting.

    Parameters
    ----------
    specs : sequence of Specification
    panel : DataFrame
    errors : {"raise", "return"}
        What becomes of a model that cannot be estimated (:class:`FitError`): raised with the
        position of its specification, or put in its place in the list. Other errors, such as an
        unknown column, are always raised.

    Returns
    -------
    list
        In the order of ``specs``. Warnings of the fits are gathered in one.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5, "size": 0.0}, seed=1)
    >>> specs = [cm.Specification("cox", f"event ~ {x}") for x in ("risk", "size", "risk + size")]
    >>> [fit.names for fit in cm.fit_many(specs, panel)]
    [('risk',), ('size',), ('risk', 'size')]
    """
    check_arguments(fit_many, {"panel": panel, "errors": errors})
    wanted = _listed(specs)
    if errors not in ("raise", "return"):
        raise DataError(f"errors must be 'raise' or 'return', not {errors!r}")
    out: dict[int, Fit | FitError] = {}
    background = Background(panel)
    for place, spec in enumerate(wanted):
        with _named(place, spec):
            room_for(spec).check(spec)
    for job in shared(wanted, panel):
        spec = wanted[job.place]
        try:
            with _named(job.place, spec):
                out[job.place] = job.fit(spec, panel, background)
        except FitError as error:
            if errors == "raise":
                raise
            out[job.place] = error
    found = [out[place] for place in range(len(wanted))]
    _warn_once(found)
    return found


def _listed(specs: object) -> list[Specification]:
    wanted = list(specs) if isinstance(specs, Iterable) and not isinstance(specs, str) else [specs]
    strange = [type(spec).__name__ for spec in wanted if not isinstance(spec, Specification)]
    if strange:
        raise DataError(f"specs must be a list of Specification, found {first_few(strange)}")
    return cast("list[Specification]", wanted)


@contextmanager
def _named(place: int, spec: Specification) -> Iterator[None]:
    """Name the specification in an error."""
    try:
        yield
    except CoalitionError as error:
        raise type(error)(f"specification {place} ({spec.formula}): {error}") from error


def _warn_once(found: Sequence[Fit | FitError]) -> None:
    told: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(found):
        if isinstance(one, Fit):
            for remark in _warnings(one):
                told[remark].append(place)
    if told:
        parts = [
            f"{text} ({counted(len(places), 'specification')}: {first_few(places)})"
            for text, places in told.items()
        ]
        warn("; ".join(parts))
