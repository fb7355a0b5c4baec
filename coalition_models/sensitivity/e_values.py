"""How strong an unmeasured cause of both would have to be: E-values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, inf, isfinite, sqrt
from typing import Literal

from scipy import optimize

from coalition_models.arguments import check_arguments, listed
from coalition_models.errors import DataError, counted, first_few
from coalition_models.inference.exposure import members_with_event
from coalition_models.models.fit import Fit
from coalition_models.render import Table, format_number

__all__ = [
    "COMMON",
    "EValue",
    "bounding_factor",
    "e_value",
    "e_value_of",
    "multiple_bias",
]

#: share of members with the event from which an outcome counts as common (VanderWeele and Ding)
COMMON = 0.15

#: kind of bias -> the largest factor by which it can move a risk ratio, all its parameters at g
_BIASES: dict[str, Callable[[float], float]] = {
    "confounding": lambda g: g * g / (2 * g - 1),
    "selection": lambda g: g * g / (2 * g - 1),
    "misclassification": lambda g: g * g,
}


@dataclass(frozen=True, repr=False)
class EValue:
    """How strong confounding would have to be to explain an estimate away.

    Attributes
    ----------
    ratio, low, high : float
        As given; the limits are missing where none were.
    scale : str
        ``risk``, ``odds`` or ``hazard``.
    common : bool
        Whether odds and hazard ratios were first turned into risk ratios.
    null : float
        The true ratio that the estimate is held against.
    risk_ratio : float
        What the estimate counts as.
    point, limit : float
        Ratio that an unmeasured cause would need, both with the exposure and with the outcome, to
        move the estimate, or the interval's nearer limit, to ``null``.
    note : str
        How it was decided whether the outcome is common.
    """

    ratio: float
    low: float
    high: float
    scale: str
    common: bool
    null: float
    risk_ratio: float
    point: float
    limit: float
    note: str = ""

    def to_table(self) -> Table:
        """One row: the estimate, and what would explain it away."""
        kind = "common" if self.common else "rare"
        rows = [
            [
                f"{self.scale} ratio",
                *(format_number(x) for x in (self.ratio, self.low, self.high)),
                format_number(self.point),
                format_number(self.limit),
            ]
        ]
        head = ["measure", "ratio", "95% low", "95% high", "E-value", "E-value of limit"]
        notes = [f"Outcome taken as {kind}{f': {self.note}' if self.note else ''}."]
        return Table(head, rows, "E-value", notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def e_value(
    ratio: float,
    low: float | None = None,
    high: float | None = None,
    *,
    scale: Literal["risk", "odds", "hazard"] = "risk",
    common: bool = False,
    null: float = 1.0,
) -> EValue:
    """E-value of a ratio and of its interval (VanderWeele and Ding 2017).

    Parameters
    ----------
    ratio : float
    low, high : float, optional
        Limits of its interval. Only the one nearer to ``null`` has an E-value; where the interval
        holds ``null``, it is 1.
    scale : {"risk", "odds", "hazard"}
    common : bool
        Whether more than some 15 % have the event over the whole follow-up, never by row: an
        odds ratio then counts as its square root, a hazard ratio r as ``(1 - 0.5 ** sqrt(r)) /
        (1 - 0.5 ** sqrt(1 / r))``. Where the event is rare, both count as risk ratios.
    null : float
        True ratio that the estimate is held against.

    Returns
    -------
    EValue
        ``(r + sqrt(r * (r - null))) / null`` for ``r`` above ``null``; below it both are turned
        over first.

    Raises
    ------
    DataError
        Ratios that are not positive, limits without each other's order, an estimate outside them.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.sensitivity.e_value(10.73, 8.02, 14.36)
    >>> round(found.point, 2), round(found.limit, 2)
    (20.95, 15.52)
    """
    check_arguments(e_value, locals())
    _check_ratio(ratio, low, high, null)
    given = [ratio, *(x for x in (low, high) if x is not None)]
    converted = {x: _risk_ratio(x, scale, common) for x in given}
    limit = float("nan")
    if low is not None or high is not None:
        limit = _limit(ratio, low, high, null, converted)
    return EValue(
        ratio=ratio,
        low=float("nan") if low is None else low,
        high=float("nan") if high is None else high,
        scale=scale,
        common=common and scale != "risk",
        null=null,
        risk_ratio=converted[ratio],
        point=_explains(converted[ratio], null),
        limit=limit,
    )


def _check_ratio(ratio: float, low: float | None, high: float | None, null: float) -> None:
    for name, value in (("ratio", ratio), ("low", low), ("high", high), ("null", null)):
        if value is not None and not (value > 0 and isfinite(value)):
            raise DataError(
                f"{name} must be a positive, finite ratio, found {value!r}; of a logarithm, give "
                "its exponential"
            )
    if (low is not None and ratio < low) or (high is not None and ratio > high):
        raise DataError(
            f"the estimate {ratio:g} lies outside its limits ({low}, {high}); give ratio, low and "
            "high in this order, all as ratios"
        )


def _risk_ratio(value: float, scale: str, common: bool) -> float:
    if scale not in ("risk", "odds", "hazard"):
        raise DataError(f"scale must be 'risk', 'odds' or 'hazard', not {scale!r}")
    if scale == "risk" or not common:
        return value
    if scale == "odds":
        return sqrt(value)
    return float((1 - 0.5 ** sqrt(value)) / (1 - 0.5 ** sqrt(1 / value)))


def _limit(
    ratio: float,
    low: float | None,
    high: float | None,
    null: float,
    converted: dict[float, float],
) -> float:
    nearer = low if ratio >= null else high
    if nearer is None:
        return float("nan")
    across = nearer <= null if ratio >= null else nearer >= null
    return 1.0 if across else _explains(converted[nearer], null)


def _explains(r: float, null: float) -> float:
    if r < null:
        r, null = 1 / r, 1 / null
    return (r + sqrt(r * (r - null))) / null


def e_value_of(fit: Fit, term: str, *, step: float = 1.0, level: float = 0.95) -> EValue:
    """E-value of a term of a fit, with the limits of the fit's own variance.

    Whether the event is common is decided by the share of members who have it over the whole
    follow-up, never by the share of rows.

    Parameters
    ----------
    fit : Fit
        Of a family whose coefficients are logarithms of ratios, fitted with members (``id``).
    term : str
    step : float
        Units of the term that the ratio is for.
    level : float

    Returns
    -------
    EValue

    Raises
    ------
    DataError
        A family without ratios; a fit that knows no members.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 1.0}, seed=1)
    >>> found = cm.sensitivity.e_value_of(cm.cox("event ~ risk", panel), "risk")
    >>> found.common, found.point > found.limit
    (True, True)
    """
    check_arguments(e_value_of, {"fit": fit, "term": term, "step": step, "level": level})
    scales: dict[str, Literal["odds", "hazard"]] = {
        "odds ratio": "odds",
        "hazard ratio": "hazard",
    }
    if fit.family.ratio not in scales:
        raise DataError(
            f"E-values are for ratios; a coefficient of {fit.family.title} is a "
            f"{fit.family.scale}: fit cox(), logit() or cloglog"
        )
    fit.place_of(term)
    members = fit.counts.members
    if not members:
        raise DataError(
            "whether the event is common is a share of members, which the fit does not know: "
            "fit with id="
        )
    with_event = members_with_event(fit)
    share = with_event / members
    tidy = fit.tidy(level=level)
    own = tidy.loc[tidy["term"] == term, ["estimate", "conf_low", "conf_high"]].to_numpy(float)
    bounds = [_power(value * step) for value in own[0]]
    ratio, low, high = bounds[0], min(bounds[1:]), max(bounds[1:])
    found = e_value(
        ratio,
        low if low > 0 and isfinite(low) else None,
        high if high > 0 and isfinite(high) else None,
        scale=scales[fit.family.ratio],
        common=share > COMMON,
    )
    note = f"{with_event} of {counted(members, 'member')} have the event ({share:.0%})"
    return EValue(**{**vars(found), "note": note})


def _power(value: float) -> float:
    return exp(value) if value < 700 else inf


def bounding_factor(with_exposure: float, with_outcome: float) -> float:
    """Largest factor by which a confounder of two strengths can move a risk ratio.

    Parameters
    ----------
    with_exposure, with_outcome : float
        Ratios of at least 1 by which it goes with the exposure, and raises the outcome.

    Returns
    -------
    float
        ``a * b / (a + b - 1)`` (Ding and VanderWeele 2016).

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(cm.sensitivity.bounding_factor(2.3, 2.5) * cm.sensitivity.bounding_factor(3, 2), 6)
    2.269737
    """
    check_arguments(bounding_factor, locals())
    if not (with_exposure >= 1 and with_outcome >= 1):
        raise DataError(
            f"both ratios must be at least 1, found {with_exposure!r} and {with_outcome!r}; turn "
            "those below over"
        )
    return with_exposure * with_outcome / (with_exposure + with_outcome - 1)


def multiple_bias(
    ratio: float,
    low: float | None = None,
    high: float | None = None,
    *,
    biases: Sequence[str] = ("confounding", "selection"),
    scale: Literal["risk", "odds", "hazard"] = "risk",
    common: bool = False,
) -> tuple[float, float]:
    """The one strength at which several biases together explain a ratio away.

    Parameters
    ----------
    ratio, low, high, scale, common
        As in :func:`e_value`.
    biases : sequence of {"confounding", "selection", "misclassification"}
        All parameters of all of them are taken as equally strong (Smith, Mathur and VanderWeele
        2021). ``misclassification`` is that of the exposure, where a ratio of odds counts twice.

    Returns
    -------
    point, limit : float
        For the estimate and for the nearer limit of its interval (missing without one).

    Examples
    --------
    >>> import coalition_models as cm
    >>> kinds = ("confounding", "selection", "misclassification")
    >>> [round(x, 5) for x in cm.sensitivity.multiple_bias(4, 2.5, 6, biases=kinds)]
    [1.67513, 1.43558]
    """
    check_arguments(multiple_bias, locals())
    biases = listed(biases)
    unknown = [name for name in biases if name not in _BIASES]
    if unknown or not biases:
        raise DataError(f"biases must be of {', '.join(_BIASES)}; found {first_few(unknown)}")
    _check_ratio(ratio, low, high, 1.0)
    nearer = low if ratio >= 1 else high
    point = _together(_risk_ratio(ratio, scale, common), biases)
    if nearer is None:
        return point, float("nan")
    across = nearer <= 1 if ratio >= 1 else nearer >= 1
    return point, 1.0 if across else _together(_risk_ratio(nearer, scale, common), biases)


def _together(ratio: float, biases: Sequence[str]) -> float:
    target = max(ratio, 1 / ratio)
    if target == 1:
        return 1.0

    def excess(g: float) -> float:
        product = 1.0
        for name in biases:
            product *= _BIASES[name](g)
        return product - target

    # each factor is at least g / 2, so that this is enough
    return float(optimize.brentq(excess, 1.0, 2 * target + 1, xtol=1e-14))
