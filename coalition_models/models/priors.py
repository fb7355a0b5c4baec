"""Priors in words: what ``prior=`` says, and of which coefficient."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.kernels.priors import Priors

__all__ = [
    "Prior",
    "Wanted",
    "contrasts",
    "prior_words",
    "pulled_by",
    "read_prior",
    "read_priors",
    "resolve_priors",
]

Floats = npt.NDArray[np.float64]

#: one prior for all terms of the formula, or one by coefficient or term
Given = str | Mapping[str, str] | Sequence[tuple[str, str]]
Wanted = str | tuple[tuple[str, str], ...]

_FORM = re.compile(r"\s*(log-?F|normal|t)\s*\(([^()]*)\)\s*(per unit)?\s*", re.IGNORECASE)
_KINDS = "'log-F(1, 1)', 't(7, 2.5)' (degrees of freedom, scale) or 'normal(2.5)' (scale)"


@dataclass(frozen=True)
class Prior:
    """One prior about zero: log-F(m, m), Student's t or normal.

    ``per_unit`` says that it is on the coefficient as it stands; otherwise it is on a contrast:
    from the lower to the higher value of a column with two, else two standard deviations.

    Examples
    --------
    >>> print(read_prior("log-F(1, 1)"), read_prior("T(4,2.5) per unit"), sep="; ")
    log-F(1, 1); t(4, 2.5) per unit
    """

    kind: str
    shape: float
    scale: float
    per_unit: bool

    def __str__(self) -> str:
        inside = {
            "log-F": f"{self.shape:g}, {self.shape:g}",
            "t": f"{self.shape:g}, {self.scale:g}",
            "normal": f"{self.scale:g}",
        }[self.kind]
        return f"{self.kind}({inside}){' per unit' if self.per_unit else ''}"


def read_prior(text: str) -> Prior:
    """Read one prior.

    Raises
    ------
    DataError
        Where it is none, with the forms that are known.

    Examples
    --------
    >>> read_prior("normal(0)")
    Traceback (most recent call last):
    coalition_models.errors.DataError: prior='normal(0)': scale, m and degrees of freedom ...
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise DataError(f"prior must be {_KINDS}, with ' per unit' behind or not; found {text!r}")
    kind = {"n": "normal", "t": "t"}.get(found[1].lower()[0], "log-F")
    try:
        numbers = [float(part) for part in found[2].split(",")]
    except ValueError:
        raise DataError(f"prior={text!r}: give numbers, such as {_KINDS}") from None
    if not all(np.isfinite(number) and number > 0 for number in numbers):
        raise DataError(f"prior={text!r}: scale, m and degrees of freedom are numbers above 0")
    if len(numbers) != {"normal": 1, "t": 2, "log-F": len(numbers)}[kind] or len(numbers) > 2:
        raise DataError(f"prior={text!r} has another count of numbers than {_KINDS}")
    if kind == "log-F" and len(set(numbers)) > 1:
        raise DataError(
            f"prior={text!r}: log-F(m, m) is about zero; one with two numbers that differ is not "
            "offered"
        )
    shape, scale = (0.0, numbers[0]) if kind == "normal" else (numbers[0], numbers[-1])
    return Prior(kind, shape, 1.0 if kind == "log-F" else scale, found[3] is not None)


def read_priors(given: Given) -> Wanted:
    """Read ``prior=`` into a form that can be compared and hashed.

    Examples
    --------
    >>> read_priors({"risk": "normal( 1 )"})
    (('risk', 'normal(1)'),)
    """
    if isinstance(given, str):
        return str(read_prior(given))
    pairs = given.items() if isinstance(given, Mapping) else given
    found = tuple((str(name), str(read_prior(text))) for name, text in pairs)
    if not found:
        raise DataError("prior={} names no term; leave it out, or give one")
    return found


def prior_words(wanted: Wanted) -> str:
    """For the note under a table.

    Examples
    --------
    >>> prior_words((("risk", "normal(1)"),))
    'prior normal(1) on risk'
    """
    if isinstance(wanted, str):
        return f"prior {wanted}"
    return "prior " + ", ".join(f"{prior} on {name}" for name, prior in wanted)


def pulled_by(penalty: str | None, prior: Given | None) -> str:
    """What a fit remembers of a penalty or a prior; empty without either."""
    if penalty is not None:
        return penalty
    return "" if prior is None else prior_words(read_priors(prior))


def contrasts(X: Floats, spread: Floats) -> Floats:
    """What a prior is on, by column: the step between two values, else two of ``spread``.

    Examples
    --------
    >>> contrasts(np.array([[0.0, 1.0], [1.0, 4.0], [0.0, 7.0]]), np.array([9.0, 2.5]))
    array([1., 5.])
    """
    out = 2 * spread
    for j, column in enumerate(X.T):
        low, high = column.min(), column.max()
        if low < high and ((column == low) | (column == high)).all():
            out[j] = high - low
    return np.where(out > 0, out, 1.0)


def resolve_priors(
    wanted: Wanted,
    names: Sequence[str],
    terms: Mapping[str, Sequence[int]],
    own: Sequence[int],
    contrast: Floats,
) -> Priors:
    """Priors (p,) by coefficient: the one given for those at ``own``, or those by name.

    Raises
    ------
    FormulaError
        For a name that is neither a coefficient nor a term.
    """
    by_place: dict[int, Prior] = {}
    if isinstance(wanted, str):
        by_place = dict.fromkeys(own, read_prior(wanted))
    else:
        for name, text in wanted:
            places = [names.index(name)] if name in names else list(terms.get(name, ()))
            if not places:
                raise FormulaError(
                    f"prior= names {name!r}, which is no term here; there are {first_few(names)}"
                )
            by_place |= dict.fromkeys(places, read_prior(text))
    if not by_place:
        raise FormulaError("prior= has no term to stand on: the formula has an intercept alone")
    every = [by_place.get(j) for j in range(len(names))]
    return Priors(
        tuple("" if prior is None else prior.kind for prior in every),
        np.array([0.0 if prior is None else prior.shape for prior in every]),
        np.array([1.0 if prior is None else prior.scale for prior in every]),
        np.array(
            [
                1.0 if prior is None or prior.per_unit else float(size)
                for prior, size in zip(every, contrast, strict=True)
            ]
        ),
    )
