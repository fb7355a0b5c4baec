"""How far two coders agree on exits and on announcements."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.render import listing
from coalition_models.sources.load import load

__all__ = ["announcement_note", "coder_agreement"]

_KEY = ["coalition", "state", "spell"]
#: days within which two dates of an exit are near
_NEAR = pd.Timedelta(days=31)


def coder_agreement(*, revision: int = 1) -> pd.DataFrame:
    """How far a second coder agrees with the first, on exits and on announcements.

    Parameters
    ----------
    revision : int
        Whose values are the first coder's: those of revision 1 (the default), which were coded
        before the second coder's were seen. Later values took some of them over, so that their
        agreement is no measurement.

    Returns
    -------
    DataFrame
        ``what`` (``exit month``, ``exit within 31 days``, ``kind``, ``early``: early or not,
        ``announced day``, ``announced month``), ``round`` (1: 30 spells drawn at random; 2: 35
        chosen because their coding matters; all), ``of`` (spells), ``agree``, ``share``,
        ``kappa`` (Cohen's; of kinds), ``error, error_low, error_high`` (share of disagreement
        with its exact 95 % interval). An error is given for round 1 only, since the others are no
        sample of anything. Both coders read the same pool of pages.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.coder_agreement().set_index(["what", "round"])
    >>> found.loc[("kind", "all"), ["of", "agree"]].tolist()
    [65, 61]
    >>> found.loc[("announced day", "all"), ["of", "agree"]].tolist()
    [13, 6]
    """
    check_arguments(coder_agreement, locals())
    both = _both_exits(revision)
    rows = []
    for name, part in (("1", both[both["round"] == 1]), ("2", both[both["round"] == 2]),
                       ("all", both)):  # fmt: skip
        kind, other = part["exit_kind"], part["exit_kind_second"]
        sampled = name == "1"
        rows += [
            _row("exit month", name, part["same_month"], sampled),
            _row("exit within 31 days", name, part["near"], sampled),
            _row("kind", name, kind == other, sampled, _kappa(kind, other)),
            _row("early", name, (kind == "early") == (other == "early"), sampled,
                 _kappa(kind == "early", other == "early")),
        ]  # fmt: skip
    announced = _both_announced()
    rows += [
        _row("announced day", "all", announced["same_day"]),
        _row("announced month", "all", announced["same_month"]),
    ]
    return listing(pd.DataFrame(rows))


@lru_cache(maxsize=1)
def announcement_note() -> str:
    """What to hold against dates of announcement, wherever they date an exit.

    Examples
    --------
    >>> announcement_note()
    'announcements are soft dates: of 13 spells that two coders dated, the day is the same in 6, the
    month in 8'
    """
    both = _both_announced()
    return (
        f"announcements are soft dates: of {len(both)} spells that two coders dated, the day is "
        f"the same in {int(both['same_day'].sum())}, the month in {int(both['same_month'].sum())}"
    )


def _both_exits(revision: int) -> pd.DataFrame:
    first = load("participation", revision=revision)[[*_KEY, "exit", "exit_kind"]]
    both = load("second_coder_sample").merge(
        first, on=_KEY, suffixes=("_second", ""), validate="one_to_one"
    )
    text = both["exit_second"]
    months = text.str.slice(0, 7)
    # a month without a day stands as its 15th
    second = pd.to_datetime(text.where(text.str.len() > 7, months + "-15"), format="%Y-%m-%d")
    return both.assign(
        same_month=both["exit"].dt.strftime("%Y-%m") == months,
        near=(both["exit"] - second).abs() <= _NEAR,
    )


def _both_announced() -> pd.DataFrame:
    """Spells whose announcement both coders dated by themselves."""
    second = load("announcements")
    second = second[(second["status"] == "carried_out") & second["announced"].notna()]
    first = load("participation")[[*_KEY, "announced", "announced_precision"]]
    both = second.merge(first, on=_KEY, suffixes=("_second", ""), validate="one_to_one")
    both = both[both["announced"].notna()]
    taken = load("revisions").query("field == 'announced' and old.isna()")
    from_second = both[[*_KEY]].assign(new=both["announced_second"].dt.strftime("%Y-%m-%d"))
    known = pd.MultiIndex.from_frame(taken[[*_KEY, "new"]])
    both = both[~pd.MultiIndex.from_frame(from_second).isin(known)]
    days = (both["precision"] == "day") & (both["announced_precision"] == "day")
    month = both["announced"].dt.to_period("M") == both["announced_second"].dt.to_period("M")
    return both.assign(
        same_day=days & (both["announced"] == both["announced_second"]), same_month=month
    )


def _row(
    what: str, name: str, same: pd.Series, sampled: bool = False, kappa: float = np.nan
) -> dict[str, object]:
    of, agree = len(same), int(same.sum())
    low, high = _exact(of - agree, of) if sampled else (np.nan, np.nan)
    return {
        "what": what,
        "round": name,
        "of": of,
        "agree": agree,
        "share": agree / of,
        "kappa": kappa,
        "error": 1 - agree / of if sampled else np.nan,
        "error_low": low,
        "error_high": high,
    }


def _exact(hits: int, of: int) -> tuple[float, float]:
    """The exact interval of a share (Clopper and Pearson), 95 per cent."""
    from scipy.special import betaincinv  # slow to import

    low = 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, 0.025))
    high = 1.0 if hits == of else float(betaincinv(hits + 1, of - hits, 0.975))
    return low, high


def _kappa(one: pd.Series, other: pd.Series) -> float:
    """Agreement beyond that expected from how often each coder uses each word."""
    observed = float((one == other).mean())
    shares = one.value_counts(normalize=True), other.value_counts(normalize=True)
    expected = float((shares[0] * shares[1]).sum())
    return (observed - expected) / (1 - expected) if expected < 1 else np.nan
