"""Falls in strength from one period to the next, ranked: the quartile method."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.defection.valleys import without_dips
from coalition_models.errors import DataError, first_few
from coalition_models.members.periods import PERIODS, Period, as_period, period_number, period_start
from coalition_models.record import record_of, with_notes
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = ["MEASURES", "share_below", "significant_withdrawals", "withdrawals"]

MEASURES = ("either", "both", "persons", "percent")
LEVELS = ("end", "mean", "peak")
_KEY = ["coalition", "state"]
_NEEDED = [*_KEY, "cow", "spell", "period", "present", "ended", "troops"]
_NEEDED += ["observed_on", "source", "doubtful", "coalition_end"]
_PROFILE = (
    *(Column(name, required=True) for name in _KEY),
    *(Column(name, "integer", required=True) for name in ("cow", "spell")),
    *(Column(name, "boolean", required=True) for name in ("present", "ended")),
    Column("period", "date", required=True),
    *(Column(name, "date") for name in ("observed_on", "coalition_end")),
    Column("troops", "number"),
)
_FALLS = (
    Column("coalition", required=True),
    Column("period", "date", required=True),
    *(Column(name, "number", required=True) for name in ("persons", "percent")),
    Column("coalition_end", "date"),
)


def withdrawals(
    profile: pd.DataFrame, *, every: str = "year", level: str = "end", dip: int = 1
) -> pd.DataFrame:
    """List every fall in strength from one period to the next.

    Parameters
    ----------
    profile : DataFrame
        Made by :func:`operational_profile`, with periods as long as ``every`` or shorter.
    every : {"year", "quarter", "month"}
        Length of the periods that are compared.
    level : {"end", "mean", "peak"}
        The strength of a period: on its last day, its mean, or its largest. On the last day a
        spell that begins and ends between two of these days leaves no trace.
    dip : int
        A fall that is made good after this many periods of the profile, or fewer, is a rotation
        and not a fall: the level is filled up to the lower of its neighbours.

    Returns
    -------
    DataFrame
        One row per fall: ``coalition, state, cow, spell, period`` (the later of the two),
        ``date`` (first day of the profile's period with the steepest fall), ``before, after``
        (persons), ``persons`` (the fall), ``percent`` (of ``before``), ``full`` (the spell was
        over on the period's last day), ``complete`` (the data reach the period's end),
        ``observed_before, observed_after`` (days of the observations), ``source_before,
        source_after``, ``doubtful``, ``counting_change`` (the lists behind the two strengths count
        differently, so that the fall may be one of counting), ``coalition_end``.
        ``record_of(...).notes["withdrawals"]`` counts the pairs of periods compared, those without
        a known strength, and the falls across a change of count.

    Raises
    ------
    DataError
        Missing columns, unknown options, or a profile coarser than ``every``.

    Notes
    -----
    Year-on-year falls are what McInnis (2020, notes 138-144) ranks.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.profile import operational_profile
    >>> korea = cm.load("participation").query("coalition == 'iraq' and state == 'KOR'")
    >>> falls = cm.withdrawals(operational_profile(korea))
    >>> falls[["period", "before", "after", "persons", "full"]].tail(2)
          period  before   after  persons   full
    2 2007-01-01  2300.0  1200.0   1100.0  False
    3 2008-01-01  1200.0     0.0   1200.0   True
    """
    check_arguments(withdrawals, locals())
    unit = as_period(every)
    if level not in LEVELS:
        raise DataError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
    dip = check_count(dip, "dip", of="periods")
    profile = _checked_profile(profile)
    fine = _profile_period(profile)
    per = PERIODS[fine] // PERIODS[unit]
    if per < 1:
        raise DataError(f"a profile by {fine} cannot show falls by {unit}: make a finer profile")
    rows = without_dips(_extended(profile, fine, per), dip)
    rows["drop"] = rows.groupby(_KEY)["troops"].shift() - rows["troops"]
    rows["drop_from"] = rows.groupby(_KEY)["spell"].shift()
    blocks = _blocks(rows, level, per)
    falls, pairs, unknown = _falls(blocks, level)
    falls["period"] = period_start(falls["block"].to_numpy(dtype=np.int64), unit)
    falls["date"] = period_start(falls["drop_number"].to_numpy(dtype=np.int64), fine)
    columns = [*_KEY, "cow", "spell", "period", "date", "before", "after", "persons", "percent"]
    columns += ["full", "complete", "observed_before", "observed_after"]
    columns += ["source_before", "source_after", "doubtful", "counting_change"]
    columns += ["coalition_end"]
    out = falls[columns].reset_index(drop=True)
    with_notes(
        out,
        withdrawals={
            "every": unit,
            "level": level,
            "dip": dip,
            "compared": pairs,
            "strength_unknown": unknown,
            "counting_changes": int(out["counting_change"].sum()),
        },
    )
    return out


def _checked_profile(profile: pd.DataFrame) -> pd.DataFrame:
    rows = plain_table(profile, "the profile")
    absent = [c for c in _NEEDED if c not in rows.columns]
    if absent:
        raise DataError(
            f"the profile lacks the columns {first_few(absent)}; operational_profile() makes them"
        )
    problems = Contract("profile", _PROFILE).problems(rows)
    if problems:
        raise DataError(f"no falls can be read off this profile: {'; '.join(problems)}")
    rows["troops"] = rows["troops"].to_numpy(dtype=np.float64, na_value=np.nan)
    return rows


def _profile_period(profile: pd.DataFrame) -> Period:
    named = record_of(profile).notes.get("profile", {}).get("period")
    if named is not None:
        return as_period(str(named))
    months = period_number(profile["period"], "month")
    step = months.groupby([profile[c] for c in _KEY]).diff().dropna().min()
    names: dict[int, Period] = {1: "month", 3: "quarter", 12: "year"}
    if pd.isna(step) or int(step) not in names:
        raise DataError(
            "cannot tell the length of the profile's periods, which a merge or a file drops: take "
            "the profile as operational_profile() gives it"
        )
    return names[int(step)]


def _extended(profile: pd.DataFrame, fine: Period, per: int) -> pd.DataFrame:
    """Carry the last row of a member that left to the end of the next coarse period."""
    rows = profile[_NEEDED].assign(
        counting_basis=profile["counting_basis"] if "counting_basis" in profile.columns else None
    )
    # pandas copies attributes at every step
    rows.attrs = {}
    rows["number"] = period_number(rows["period"], fine).astype("int64")
    rows = rows.sort_values([*_KEY, "number"], ignore_index=True)
    if rows.duplicated([*_KEY, "number"]).any():
        twice = rows[rows.duplicated([*_KEY, "number"])]
        raise DataError(f"two rows for one member and period: {first_few(twice['state'])}")
    final = rows.groupby(_KEY).tail(1)
    final = final[~final["present"].astype(bool)]
    if final.empty:
        return rows
    stop = (final["number"] // per + 2) * per - 1
    length = (stop - final["number"]).to_numpy(dtype=np.int64)
    more = final.loc[final.index.repeat(length)].copy()
    more["number"] += more.groupby(_KEY).cumcount() + 1
    return pd.concat([rows, more]).sort_values([*_KEY, "number"], ignore_index=True)


def _blocks(rows: pd.DataFrame, level: str, per: int) -> pd.DataFrame:
    """Summarise each member's coarse periods."""
    rows["block"] = rows["number"] // per
    groups = rows.groupby([*_KEY, "block"], sort=True)
    last = rows.loc[groups["number"].idxmax()].set_index([*_KEY, "block"])
    steep = rows.assign(drop=rows["drop"].fillna(-np.inf))
    place = steep.loc[steep.groupby([*_KEY, "block"], sort=True)["drop"].idxmax()]
    blocks = last[
        ["cow", "spell", "ended", "observed_on", "source", "doubtful", "counting_basis"]
    ].copy()
    blocks["coalition_end"] = last["coalition_end"]
    blocks["complete"] = ((last["number"] + 1) % per == 0).to_numpy(dtype=bool)
    how = {"end": "last", "mean": "mean", "peak": "max"}[level]
    # a mean over months of which some are unknown would not be the year's mean
    whole = groups["troops"].count() == groups["troops"].size()
    value = last["troops"] if level == "end" else groups["troops"].agg(how)
    blocks["level"] = value.where(whole) if level == "mean" else value
    blocks["drop"] = place["drop"].to_numpy()
    blocks["drop_number"] = place["number"].to_numpy()
    blocks["drop_from"] = place["drop_from"].fillna(place["spell"]).to_numpy()
    return blocks.reset_index()


def _falls(blocks: pd.DataFrame, level: str) -> tuple[pd.DataFrame, int, int]:
    earlier = blocks.groupby(_KEY)[
        ["block", "level", "spell", "observed_on", "source", "doubtful", "counting_basis", *_DROP]
    ].shift()
    earlier[_DROP] = earlier[_DROP].astype("float64")
    pair = earlier["block"].notna()
    frame = blocks.assign(
        before=earlier["level"],
        after=blocks["level"],
        end_spell=blocks["spell"],
        observed_before=earlier["observed_on"],
        observed_after=blocks["observed_on"],
        source_before=earlier["source"],
        source_after=blocks["source"],
        doubtful=blocks["doubtful"].eq(True) | earlier["doubtful"].eq(True),
        counting_change=earlier["counting_basis"].notna()
        & blocks["counting_basis"].notna()
        & (earlier["counting_basis"] != blocks["counting_basis"]),
        basis_before=earlier["counting_basis"],
        basis_after=blocks["counting_basis"],
    )
    if level != "end":
        # the fall of a mean or a peak may have happened in either of the two periods
        sooner = pair & (earlier["drop"] > blocks["drop"])
        for name in _DROP:
            frame[name] = frame[name].astype("float64").where(~sooner, earlier[name])
    unknown = pair & (frame["before"].isna() | frame["after"].isna())
    frame["persons"] = frame["before"] - frame["after"]
    falls = frame[pair & (frame["persons"] > 0)].copy()
    falls["percent"] = 100 * falls["persons"] / falls["before"]
    falls["spell"] = falls["drop_from"].astype("int64")
    falls["full"] = falls["ended"].astype(bool) | (falls["spell"] != falls["end_spell"])
    return falls, int(pair.sum()), int(unknown.sum())


_DROP = ["drop", "drop_number", "drop_from"]


def significant_withdrawals(
    falls: pd.DataFrame,
    *,
    measure: str = "either",
    quantile: float = 0.75,
    pooled: bool | Literal["coalition"] = True,
    minimum: float = 0,
    drawdown_years: int = 0,
) -> pd.DataFrame:
    """Mark the falls at or above an upper quantile: the quartile method.

    Parameters
    ----------
    falls : DataFrame
        Made by :func:`withdrawals`.
    measure : {"either", "both", "persons", "percent"}
        Whether a fall must be in the upper part by persons, by per cent of the strength before,
        by one of them, or by both.
    quantile : float
        Where the upper part begins: 0.75 for the upper quartile.
    pooled : True or "coalition"
        Rank the falls of all coalitions together, or those of each by themselves.
    minimum : float
        Falls of fewer persons are neither ranked nor significant.
    drawdown_years : int
        Falls in this many last calendar years of a coalition are neither ranked nor
        significant, since everyone goes home then. Falls after its end never are.

    Returns
    -------
    DataFrame
        The falls that were ranked, with ``cut_persons, cut_percent`` (where the upper part
        begins), ``upper_persons, upper_percent`` and ``significant``. Its record
        (:func:`record_of`) counts the falls set aside, by reason.

    Notes
    -----
    McInnis (2020, n. 142) ranks year-on-year falls into quartiles, both by persons and by per
    cent. Whether a case must be high on both, whether operations are ranked together, and how
    years of drawdown count is not in print; these are the arguments.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd
    >>> falls = pd.DataFrame({"coalition": "iraq", "persons": [10.0, 20, 30, 400],
    ...     "percent": [100.0, 5, 10, 20], "period": pd.Timestamp("2005-01-01"),
    ...     "coalition_end": pd.Timestamp("2008-12-31")})
    >>> cm.significant_withdrawals(falls)["significant"].tolist()
    [True, False, False, True]
    >>> cm.significant_withdrawals(falls, measure="both")["significant"].tolist()
    [False, False, False, False]
    """
    check_arguments(significant_withdrawals, locals())
    falls = plain_table(falls, "the table of falls")
    _check_ranking(falls, measure, quantile, pooled, minimum, drawdown_years)
    years_left = falls["coalition_end"].dt.year - falls["period"].dt.year
    after = (years_left < 0).to_numpy(dtype=bool)
    late = ~after & (years_left < drawdown_years).to_numpy(dtype=bool)
    small = ~after & ~late & (falls["persons"] < minimum).to_numpy(dtype=bool)
    ranked: pd.DataFrame = falls[~after & ~late & ~small].copy()
    ranked.attrs = {}
    for name in ("persons", "percent"):
        values = ranked[name]
        if pooled == "coalition":
            cut = ranked.groupby("coalition")[name].transform("quantile", quantile)
        else:
            cut = pd.Series(values.quantile(quantile), index=ranked.index, dtype="float64")
        ranked[f"cut_{name}"] = cut
        # equal numbers must not fall apart by rounding in the interpolated quantile
        ranked[f"upper_{name}"] = (values >= cut - 1e-9 * cut.abs()).to_numpy(dtype=bool)
    upper = ranked[["upper_persons", "upper_percent"]]
    ranked["significant"] = _significant(upper, measure)
    with_notes(ranked, ranking={
        "measure": measure,
        "quantile": quantile,
        "pooled": pooled,
        "minimum": minimum,
        "drawdown_years": drawdown_years,
        "set_aside": {"after the coalition's end": int(after.sum()),
            "in the coalition's last years": int(late.sum()),
                      "below the minimum": int(small.sum())},
    })  # fmt: skip
    return ranked


def _significant(upper: pd.DataFrame, measure: str) -> pd.Series:
    if measure == "either":
        return upper.any(axis=1)
    if measure == "both":
        return upper.all(axis=1)
    return upper[f"upper_{measure}"]


def _check_ranking(
    falls: pd.DataFrame,
    measure: str,
    quantile: float,
    pooled: bool | str,
    minimum: float,
    drawdown_years: int,
) -> None:
    absent = [c.name for c in _FALLS if c.name not in falls.columns]
    wrong = {
        f"the table lacks the columns {first_few(absent)}; withdrawals() makes them": bool(absent),
        f"measure must be one of {', '.join(MEASURES)}, not {measure!r}": measure not in MEASURES,
        f"quantile must lie between 0 and 1, not {quantile!r}": not 0 <= quantile < 1,
        f"pooled must be True or 'coalition', not {pooled!r}": pooled not in (True, "coalition"),
        f"minimum must be 0 persons or more, not {minimum!r}": not minimum >= 0,
    }
    problems = [text for text, bad in wrong.items() if bad]
    try:
        check_count(drawdown_years, "drawdown_years", of="years")
    except DataError as error:
        problems.append(str(error))
    problems += [] if absent else Contract("falls", _FALLS).problems(falls)
    if problems:
        raise DataError("; ".join(problems))


def share_below(falls: pd.DataFrame, persons: float = 200) -> pd.DataFrame:
    """Count the falls of fewer than so many persons, by coalition and in all.

    Parameters
    ----------
    falls : DataFrame
        Made by :func:`withdrawals`.
    persons : float

    Returns
    -------
    DataFrame
        Indexed by coalition with a last row ``total``: ``falls, below, share, median,
        upper_quartile`` (of the falls, in persons).

    Examples
    --------
    >>> import pandas as pd
    >>> falls = pd.DataFrame({"coalition": ["a", "a", "b"], "persons": [199.0, 200, 10]})
    >>> share_below(falls).loc[["total"], ["falls", "below"]]
               falls  below
    coalition
    total          3      2
    """
    if falls.empty:
        raise DataError("no fall to count: the table of withdrawals is empty")
    falls = plain_table(falls, "the table of falls")
    labelled = pd.concat([falls, falls.assign(coalition="total")], ignore_index=True)
    groups = labelled.groupby("coalition", sort=False)["persons"]
    table = pd.DataFrame(
        {
            "falls": groups.size(),
            "below": groups.apply(lambda values: int((values < persons).sum())),
            "median": groups.median(),
            "upper_quartile": groups.quantile(0.75),
        }
    )
    table.insert(2, "share", table["below"] / table["falls"])
    return table
