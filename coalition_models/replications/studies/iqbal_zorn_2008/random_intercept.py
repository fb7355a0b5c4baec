"""A linear model with a normal intercept by state, by maximum likelihood, as Stata prints it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.replications.linear import complete, least_squares
from coalition_models.replications.maximise import Maximum, maximise
from coalition_models.replications.numbers import Estimated, Key

__all__ = ["random_intercept"]

Floats = npt.NDArray[np.float64]
_HALF = float(stats.norm.isf(0.025))


def random_intercept(
    rows: pd.DataFrame, *, outcome: str, terms: Sequence[str], group: str = "cow"
) -> Estimated:
    """Fit the model to the complete rows.

    Standard errors are of the observed information of all parameters together. Limits of the
    standard deviations are on the log scale, those of ``rho``, the groups' share of the variance,
    on the probit scale.

    Parameters
    ----------
    rows : DataFrame
    outcome, terms, group : str, sequence of str, str
    """
    y, X, index = complete(rows, outcome, terms)
    member = pd.factorize(rows.loc[index, group])[0]
    plain = least_squares(rows, outcome=outcome, terms=terms)
    found = _maximum(y, X, member, plain.coefficients)
    constant = _maximum(y, X[:, :1], member, np.array([y.mean()])).value
    sizes = np.bincount(member)
    ratio, between = 2 * (found.value - constant), 2 * (found.value - plain.model["log_likelihood"])
    model = {
        "rows": len(y),
        "dropped": len(rows) - len(y),
        "groups": len(sizes),
        "rows_per_group_least": sizes.min(),
        "rows_per_group": sizes.mean(),
        "rows_per_group_most": sizes.max(),
        "log_likelihood": found.value,
        "log_likelihood_constant": constant,
        "likelihood_ratio": ratio,
        "likelihood_ratio_df": len(terms),
        "likelihood_ratio_p": stats.chi2.sf(ratio, len(terms)),
        "groups_likelihood_ratio": between,
        "groups_likelihood_ratio_p": stats.chi2.sf(between, 1) / 2,
    }
    others = _spreads(found) | _of_assassination(found, list(terms))
    names = ("Intercept", *terms, "sigma_u", "sigma_e")
    return Estimated(names, found.point, found.std_errors, model, others)


def _maximum(y: Floats, X: Floats, member: npt.NDArray[np.intp], start: Floats) -> Maximum:
    sizes = np.bincount(member).astype(float)

    def parts(at: Floats) -> tuple[Floats, Floats, Floats]:
        between, within = at[-2], at[-1]
        r = y - X @ at[:-2]
        sums = np.zeros(len(sizes), dtype=r.dtype)
        np.add.at(sums, member, r)
        return r, sums, within**2 + sizes * between**2

    def log_likelihood(at: Floats) -> float:
        (r, sums, total), between, within = parts(at), at[-2], at[-1]
        squares = (r**2).sum() - (between**2 / total * sums**2).sum()
        value: float = (
            -len(y) / 2 * np.log(2 * np.pi)
            - ((sizes - 1) * np.log(within**2) + np.log(total)).sum() / 2
            - squares / (2 * within**2)
        )
        return value

    def score(at: Floats) -> Floats:
        (r, sums, total), between, within = parts(at), at[-2], at[-1]
        share = between**2 / total
        slopes = X.T @ (r - (share * sums)[member]) / within**2
        of_between = (sums**2 * between / total**2 - sizes * between / total).sum()
        squares = (r**2).sum() - (share * sums**2).sum()
        of_within = (
            squares / within**3
            - ((sizes - 1) / within + within / total).sum()
            - (between**2 * sums**2 / (within * total**2)).sum()
        )
        return np.concatenate([slopes, [of_between, of_within]])

    spread = float((y - X @ start).std())
    return maximise(log_likelihood, np.array([*start, spread / 2, spread]), score)


def _spreads(found: Maximum) -> dict[Key, float]:
    """Limits of both standard deviations, and the groups' share of the variance."""
    others: dict[Key, float] = {}
    errors = found.std_errors[-2:]
    for name, value, error in zip(("sigma_u", "sigma_e"), found.point[-2:], errors, strict=True):
        half = _HALF * error / value
        others |= {(name, "conf_low"): value * np.exp(-half)}
        others |= {(name, "conf_high"): value * np.exp(half)}
    between, within = found.point[-2:]
    total = between**2 + within**2
    rho = between**2 / total
    slope = 2 * between * within / total**2 * np.array([within, -between])
    error = float(np.sqrt(slope @ found.covariance[-2:, -2:] @ slope))
    middle = stats.norm.ppf(rho)
    half = _HALF * error / stats.norm.pdf(middle)
    limits = stats.norm.cdf([middle - half, middle + half])
    quantities = ("coefficient", "std_error", "conf_low", "conf_high")
    values = (rho, error, *limits)
    return others | {
        ("rho", what): float(value) for what, value in zip(quantities, values, strict=True)
    }


def _of_assassination(found: Maximum, terms: list[str]) -> dict[Key, float]:
    """Tests of the text: all that assassinations bring, and their effect by regulation."""
    names = ("regulated", "assassination", "assassination_regulated")
    if not set(names) <= set(terms):
        return {}
    at = [1 + terms.index(name) for name in names]
    own, covariance = found.point[at], found.covariance[np.ix_(at, at)]
    chi2 = float(own @ np.linalg.solve(covariance, own))
    total, error = own[1:].sum(), float(np.sqrt(covariance[1:, 1:].sum()))
    together, regulated = "succession and assassination", "assassination where regulated"
    return {
        (names[1], "p_greater"): float(stats.norm.sf(own[1] / np.sqrt(covariance[1, 1]))),
        (together, "chi2"): chi2,
        (together, "p_value"): float(stats.chi2.sf(chi2, len(at))),
        (regulated, "coefficient"): float(total),
        (regulated, "std_error"): error,
        (regulated, "p_value"): float(2 * stats.norm.sf(abs(total / error))),
    }
