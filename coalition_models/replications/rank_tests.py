"""Log-rank, Wilcoxon and exponential tests between groups, and incidence of one exit of several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.replications.numbers import MODEL, Estimated, Key

__all__ = ["fine_gray_null", "group_tests", "incidence", "interval_names"]

Floats = npt.NDArray[np.float64]


def interval_names(values: pd.Series, cuts: Sequence[float]) -> pd.Series:
    """Name the interval [a, b) of each value by its middle, and the outer ones by their end.

    Examples
    --------
    >>> interval_names(pd.Series([38, 39, 59]), [39, 59]).tolist()
    ['<39', '49', '>=59']
    """
    names = [f"<{cuts[0]:g}", *(f"{(low + high) / 2:g}" for low, high in pairwise(cuts))]
    names.append(f">={cuts[-1]:g}")
    places = np.searchsorted(np.asarray(cuts, float), values.to_numpy(float), side="right")
    return pd.Series([names[place] for place in places], index=values.index)


def group_tests(rows: pd.DataFrame, *, by: str, cuts: Sequence[float] = ()) -> Estimated:
    """Observed less expected exits by group, their covariances and tests.

    Wilcoxon's weight is the number at risk; covariances are hypergeometric.

    Parameters
    ----------
    rows : DataFrame
        With ``years`` and ``left``.
    by : str
        Column of groups, or of numbers if there are ``cuts``.
    cuts : sequence of float
        Bounds of intervals [a, b).
    """
    groups = interval_names(rows[by], cuts) if cuts else rows[by].astype(str)
    names = sorted(groups.unique())
    member = np.array([groups == name for name in names], dtype=float)
    years, left = rows["years"].to_numpy(float), rows["left"].to_numpy(float)
    others = _counts(dict(zip(names, member, strict=True)), left)
    for test in ("logrank", "wilcoxon"):
        difference, covariance = _rank_statistics(member, years, left, test == "wilcoxon")
        for i, name in enumerate(names):
            others[name, f"{test}_statistic"] = float(difference[i])
            for j, other in enumerate(names):
                others[f"{name} x {other}", f"{test}_covariance"] = float(covariance[i, j])
        chi2 = float(difference @ np.linalg.pinv(covariance, rcond=1e-8) @ difference)
        others |= _test(test, chi2, len(names) - 1)
    exits, time = member @ left, member @ years
    rates = (exits * np.log(exits / time)).sum() - left.sum() * np.log(left.sum() / years.sum())
    return Estimated(others=others | _test("exponential", float(2 * rates), len(names) - 1))


def _counts(groups: dict[str, Floats], left: Floats) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for name, inside in (groups | {"Total": np.ones(len(left))}).items():
        rows, events = float(inside.sum()), float(inside @ left)
        found |= {(name, "rows"): rows, (name, "events"): events}
        found |= {(name, "censored"): rows - events}
        found |= {(name, "percent_censored"): 100 * (1 - events / rows)}
    return found


def _test(name: str, chi2: float, df: int) -> dict[Key, float]:
    values = {"chi2": chi2, "df": float(df), "p": float(stats.chi2.sf(chi2, df))}
    return {(MODEL, f"{name}_{what}"): value for what, value in values.items()}


def _rank_statistics(
    member: Floats, years: Floats, left: Floats, by_risk: bool
) -> tuple[Floats, Floats]:
    difference = np.zeros(len(member))
    covariance = np.zeros((len(member), len(member)))
    for time in np.unique(years[left == 1]):
        at_risk = member @ (years >= time)
        events = member @ ((years == time) * left)
        n, d = at_risk.sum(), events.sum()
        weight = n if by_risk else 1.0
        share = at_risk / n
        difference += weight * (events - d * share)
        if n > 1:
            spread = np.diag(share) - np.outer(share, share)
            covariance += weight**2 * d * (n - d) / (n - 1) * spread
    return difference, covariance


def incidence(rows: pd.DataFrame, *, kind: int, years: Sequence[int]) -> Estimated:
    """Aalen-Johansen incidence of one kind of exit, limits on the logarithm of what is left."""
    time, exit_kind = rows["years"].to_numpy(float), rows["exit"].to_numpy(int)
    at = np.unique(time)
    n = np.array([(time >= t).sum() for t in at], float)
    d = np.array([((time == t) & (exit_kind > 0)).sum() for t in at], float)
    own = np.array([((time == t) & (exit_kind == kind)).sum() for t in at], float)
    before = np.concatenate([[1.0], np.cumprod(1 - d / n)[:-1]])
    reached = np.cumsum(before * own / n)
    others: dict[Key, float] = {}
    for year in years:
        upto = at <= year
        total = reached[upto][-1]
        rest = np.zeros(upto.sum())
        stays = n[upto] > d[upto]
        later = total - reached[upto]
        rest[stays] = later[stays] / (1 - d[upto] / n[upto])[stays]
        S, e, a, m = before[upto], own[upto], d[upto], n[upto]
        variance = (S**2 * e * (m - e) + rest**2 * a * (m - a) - 2 * S * rest * e * (m - a)) / m**3
        error = np.sqrt(variance.sum())
        half = stats.norm.isf(0.025) * error / (1 - total)
        name = f"year {year}"
        others |= {
            (name, "events"): float(own[at == year].sum()),
            (name, "censored"): float(((time == year) & (exit_kind == 0)).sum()),
            (name, "incidence"): float(total),
            (name, "std_error"): float(error),
            (name, "conf_low"): float(1 - (1 - total) * np.exp(half)),
            (name, "conf_high"): float(1 - (1 - total) * np.exp(-half)),
        }
    return Estimated(others=others)


def fine_gray_null(rows: pd.DataFrame, *, kind: int) -> Estimated:
    """Likelihood of Fine and Gray's model without covariates, weighted as SAS does.

    Those who left otherwise stay at risk with the chance of not being censored since then; the
    chance is counted with all still at risk in a year, and holds from the year itself.
    """
    time, exit_kind = rows["years"].to_numpy(float), rows["exit"].to_numpy(int)
    at = np.unique(time)
    n = np.array([(time >= t).sum() for t in at], float)
    censored = np.array([((time == t) & (exit_kind == 0)).sum() for t in at], float)
    uncensored = np.cumprod(1 - censored / n)
    chance = uncensored[np.searchsorted(at, time)]
    otherwise = (exit_kind != kind) & (exit_kind > 0)
    total = 0.0
    for place, t in enumerate(at):
        events = ((time == t) & (exit_kind == kind)).sum()
        if events:
            gone = otherwise & (time < t)
            total += events * np.log((time >= t).sum() + (uncensored[place] / chance[gone]).sum())
    model = {
        "deviance": float(2 * total),
        "rows": len(rows),
        "events": int((exit_kind == kind).sum()),
        "competing_events": int(otherwise.sum()),
        "censored": int((exit_kind == 0).sum()),
    }
    return Estimated(model=model)
