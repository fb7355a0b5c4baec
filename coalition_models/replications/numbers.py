"""From a fitted model to the single numbers that tables print."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import stats

from coalition_models.models.fit import Fit
from coalition_models.render import Table
from coalition_models.replications.concordances import concordance_error

__all__ = ["MODEL", "Estimated", "Key", "Result", "numbers_of"]

Floats = npt.NDArray[np.float64]
#: term and quantity
Key = tuple[str, str]
#: the term under which numbers of the whole model are printed
MODEL = "model"


@dataclass(frozen=True)
class Estimated:
    """What a study's own estimator gives.

    Attributes
    ----------
    names : tuple of str
    coefficients, std_errors : ndarray, shape (p,)
    model : mapping
        Numbers of the whole model: quantity -> value.
    others : mapping
        Any other: (term, quantity) -> value.

    Examples
    --------
    >>> print(Estimated(("risk",), np.array([0.5]), np.array([0.25]), {"rows": 9}))
    term   quantity     value
    -----  -----------  -----
    risk   coefficient    0.5
           std error     0.25
    model  rows             9
    """

    names: tuple[str, ...] = ()
    coefficients: Floats = field(default_factory=lambda: np.empty(0))
    std_errors: Floats = field(default_factory=lambda: np.empty(0))
    model: Mapping[str, float] = field(default_factory=dict)
    others: Mapping[Key, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """Its numbers as a table: term, quantity, value with seven digits."""
        own = [
            (name, what, value)
            for name, point, error in zip(
                self.names, self.coefficients, self.std_errors, strict=True
            )
            for what, value in (("coefficient", point), ("std_error", error))
        ]
        own += [(MODEL, what, value) for what, value in self.model.items()]
        own += [(*key, value) for key, value in self.others.items()]
        rows = [
            ["" if term == above else term, what.replace("_", " "), f"{value:.7g}"]
            for (term, what, value), above in zip(own, ["", *(one[0] for one in own)], strict=False)
        ]
        return Table(["term", "quantity", "value"], rows, align="llr").text()


Result = Fit | Estimated


def numbers_of(result: Result, wanted: Collection[Key]) -> dict[Key, float]:
    """Take the numbers that were printed from a result.

    Parameters
    ----------
    result : Fit or Estimated
    wanted : collection of (term, quantity)
        Quantities of a term: ``coefficient, std_error, z, chi2, p_value, conf_low, conf_high`` (the
        normal's), ``ratio`` (the exponential), ``ratio_low, ratio_high, ratio_inverse``. Of the
        term ``model``: those of :func:`model_numbers`, and what the estimator adds.

    Returns
    -------
    dict
        Only what the result has; a printed number that it lacks is the caller's concern.

    Examples
    --------
    >>> import numpy as np
    >>> found = Estimated(("risk",), np.array([0.5]), np.array([0.25]), {"rows": 9.0})
    >>> numbers_of(found, [("risk", "z"), ("model", "rows"), ("risk", "exact")])
    {('risk', 'z'): 2.0, ('model', 'rows'): 9.0}
    """
    own = _of_terms(result.names, result.coefficients, result.std_errors)
    if isinstance(result, Estimated):
        own |= {(MODEL, name): value for name, value in result.model.items()} | dict(result.others)
        return {key: float(own[key]) for key in wanted if key in own}
    for term, quantity in wanted:
        if term == MODEL and quantity in _OF_FIT:
            own[term, quantity] = _OF_FIT[quantity](result)
    return {key: float(own[key]) for key in wanted if key in own}


def _of_terms(names: Collection[str], coefficients: Floats, errors: Floats) -> dict[Key, float]:
    half = stats.norm.isf(0.025) * errors
    z = np.divide(
        coefficients, errors, out=np.full(len(errors), np.nan), where=np.asarray(errors) > 0
    )
    with np.errstate(over="ignore"):
        columns: dict[str, Floats] = {
            "coefficient": coefficients,
            "std_error": errors,
            "z": z,
            "chi2": z**2,
            "p_value": 2 * stats.norm.sf(np.abs(z)),
            "conf_low": coefficients - half,
            "conf_high": coefficients + half,
            "ratio": np.exp(coefficients),
            "ratio_low": np.exp(coefficients - half),
            "ratio_high": np.exp(coefficients + half),
            "ratio_inverse": np.exp(-coefficients),
        }
    return {
        (name, quantity): float(value)
        for quantity, values in columns.items()
        for name, value in zip(names, values, strict=True)
    }


def _tests(test: str, column: str) -> Callable[[Fit], float]:
    def read(fit: Fit) -> float:
        return float(fit.test_model().set_index("test")[column][test])

    return read


def _wald_by_slope(fit: Fit) -> float:
    """Wald's statistic of all coefficients but the constant, over their number."""
    at = [place for place, name in enumerate(fit.names) if name != "Intercept"]
    slopes = fit.coefficients[at]
    statistic = slopes @ np.linalg.solve(fit.covariance[np.ix_(at, at)], slopes)
    return float(statistic / len(at))


def _parameters(fit: Fit) -> float:
    return float(len(fit.coefficients))


_OF_FIT: dict[str, Callable[[Fit], float]] = {
    "rows": lambda fit: fit.counts.rows,
    "dropped": lambda fit: sum(fit.counts.dropped.values()),
    "events": lambda fit: fit.counts.events,
    "log_likelihood": lambda fit: fit.log_likelihood,
    "log_likelihood_null": lambda fit: fit.log_likelihood_null,
    "deviance": lambda fit: -2 * fit.log_likelihood,
    "deviance_null": lambda fit: -2 * fit.log_likelihood_null,
    "residual_df": lambda fit: fit.counts.rows - _parameters(fit),
    "residual_df_null": lambda fit: fit.counts.rows - 1,
    "aic": lambda fit: fit.glance()["aic"].item(),
    "aic_null": lambda fit: -2 * fit.log_likelihood_null,
    "bic": lambda fit: fit.glance()["bic"].item(),
    "sbc_events": lambda fit: (
        -2 * fit.log_likelihood + np.log(fit.counts.events) * _parameters(fit)
    ),
    "concordance": lambda fit: fit.concordance,
    "concordance_error": concordance_error,
    # as R's survival did before version 3
    "concordance_error_by_ranks": lambda fit: concordance_error(fit, ranks=True),
    # Cox and Snell's, and the largest value it can take, as R's survival printed them
    "r_squared": lambda fit: (
        1 - np.exp(2 * (fit.log_likelihood_null - fit.log_likelihood) / fit.counts.rows)
    ),
    "r_squared_max": lambda fit: 1 - np.exp(2 * fit.log_likelihood_null / fit.counts.rows),
    # McFadden's, each parameter taken off
    "r_squared_adjusted": lambda fit: (
        1 - (fit.log_likelihood - _parameters(fit)) / fit.log_likelihood_null
    ),
    "f_statistic": lambda fit: _wald_by_slope(fit),
    "rmse": lambda fit: np.sqrt((fit.augment()["residual"] ** 2).mean()),
    **{
        f"{name}{ending}": _tests(test, column)
        for name, test in (
            ("likelihood_ratio", "likelihood ratio"),
            ("wald", "Wald"),
            ("score", "score"),
        )
        for ending, column in (("", "statistic"), ("_df", "df"), ("_p", "p_value"))
    },
}
