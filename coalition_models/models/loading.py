"""Saved fits read back: estimated anew, and compared with the numbers in the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from coalition_models.about import __version__
from coalition_models.arguments import check_arguments
from coalition_models.errors import CoalitionError, DataError, FormulaError, gathered
from coalition_models.models.display import Background
from coalition_models.models.fit import Fit
from coalition_models.models.fit_file import read_file
from coalition_models.models.sharing import room_for
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Note

__all__ = ["load_fit"]

#: share of a standard error within which estimates are the same
_SAME = 1e-6


def load_fit(path: str | Path, *, trust: bool = False) -> Fit:
    """Read a fit that :meth:`Fit.save` wrote.

    Nothing in the file is run. The model is estimated anew from the rows in it, and the fit is
    refused where its numbers are not those in the file.

    Parameters
    ----------
    path : str or path
    trust : bool
        Needed for a fit whose formula was made with ``trust=True``: such a formula is a program,
        which reading the fit would run. Only for files that you wrote yourself.

    Returns
    -------
    Fit
        With the numbers of the file to the last digit, its notes and its sources. ``native`` is
        made anew.

    Raises
    ------
    DataError
        No such file, no saved fit, another format, a damaged file, numbers that this version does
        not find.
    FormulaError
        A trusted formula without ``trust=True``.

    Examples
    --------
    >>> import tempfile, coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit.save(f"{folder}/risk.fit", panel)
    ...     again = cm.load_fit(f"{folder}/risk.fit")
    >>> bool((again.coefficients == fit.coefficients).all()), again.formula
    (True, 'event ~ risk')
    """
    check_arguments(load_fit, locals())
    about, data, numbers = read_file(Path(path))
    spec = _specification(about)
    if spec.trust and not trust:
        raise FormulaError(
            f"the formula {spec.formula!r} was trusted, so reading this fit runs it as a program: "
            "give trust=True if you wrote the file yourself"
        )
    room = room_for(spec)
    try:
        with gathered():
            room.check(spec)
            found = room.estimate(spec, room.draw(spec, data), Background(data))
    except CoalitionError as error:
        raise DataError(f"the fit cannot be made again from its file: {error}") from error
    _refuse_other_numbers(found, about, numbers)
    return replace(
        found,
        coefficients=numbers["coefficients"],
        covariance=numbers["covariance"],
        model_covariance=numbers["model_covariance"],
        log_likelihood=about["log_likelihood"],
        data_choices=tuple(about["data_choices"]),
        sources=tuple(about["sources"]),
        remarks=tuple(Note(text) if note else text for text, note in about["remarks"]),
    )


def _specification(about: dict[str, Any]) -> Specification:
    try:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in about["spec"].items()
        }
        return Specification(**given)
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"the file asks for what this version ({__version__}) does not know: {error}; it was "
            f"written by {about.get('package')}"
        ) from None


def _refuse_other_numbers(found: Fit, about: dict[str, Any], numbers: dict[str, Any]) -> None:
    names = tuple(about["names"])
    if found.names != names:
        raise DataError(f"the file has the terms {names}, and this version finds {found.names}")
    unit = np.sqrt(np.abs(np.diag(numbers["covariance"])))
    unit = np.where(np.isfinite(unit) & (unit > 0), unit, 1.0)
    apart = np.abs(found.coefficients - numbers["coefficients"]) / unit
    spread = np.abs(found.covariance - numbers["covariance"]) / np.outer(unit, unit)
    if not (apart <= _SAME).all() or np.nanmax(spread, initial=0.0) > 1e2 * _SAME:
        at = int(np.nanargmax(apart))
        raise DataError(
            f"the file says {names[at]} {numbers['coefficients'][at]:.8g} (std. error "
            f"{unit[at]:.4g}), and version {__version__} estimates {found.coefficients[at]:.8g} "
            f"({found.std_errors[at]:.4g}) from the rows in it: it was written by "
            f"{about['package']}, or changed since; fit anew from the data"
        )
