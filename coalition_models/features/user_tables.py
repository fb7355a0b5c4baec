"""War powers and public opinion: no open source covers them, so you bring the table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few, warn
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.tables.own import own_table, plain_panel
from coalition_models.timelines.calendar import (
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    find_until,
    month_number,
)
from coalition_models.timelines.in_force import in_force
from coalition_models.timelines.keys import shared_codes

__all__ = ["add_opinion", "add_war_powers"]

Floats = npt.NDArray[np.float64]


@builder(
    columns=("war_powers",),
    table="rules",
)
def add_war_powers(
    panel: pd.DataFrame,
    rules: pd.DataFrame | None = None,
    *,
    as_of: str = "start",
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add parliament's say in sending troops, from your own table.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period``.
    rules : DataFrame
        One row per state and rule: ``cow``, ``start`` and ``end`` (first and last day in force;
        no end: still in force), ``war_powers`` (a number on your scale, such as 0 none, 1 must
        be asked afterwards, 2 must consent before). Rules of one state must not overlap.
    as_of : {"start", "end"}
        The rule in force on the day before the period began, or on its last day.
    data
        Name of an earlier version for ``rules``.

    Returns
    -------
    DataFrame
        A copy with ``war_powers``. Missing where your table has no rule in force, never zero.

    Raises
    ------
    DataError
        Missing columns, wrong types, an end before its start, overlapping rules.

    Notes
    -----
    Tago (2009) and Massie (2016) use parliamentary war powers.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd, coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq")).query("state == 'ESP'")
    >>> rules = pd.DataFrame({"cow": [230], "start": [pd.Timestamp("1978-12-29")],
    ...                       "end": [pd.NaT], "war_powers": [1.0]})
    >>> cm.add_war_powers(panel, rules)["war_powers"].unique().tolist()
    [1.0]
    """
    check_arguments(add_war_powers, locals())
    moment = check_as_of(as_of)
    table = _given("add_war_powers", "rules", rules, data)
    rows = plain_panel(panel)
    calendar = calendar_of(rows)
    day = _days(calendar.first) - 1 if moment == "start" else _days(calendar.last + 1) - 1
    out = in_force(rows, table, "war_powers", ["cow"], day, what="table of war powers")
    return attach(
        panel,
        {"war_powers": out},
        sources=[],
        choices={"as_of": moment},
        builder="add_war_powers",
        cure="The table must have a rule in force for every state",
    )


def _given(
    builder: str, name: str, table: pd.DataFrame | None, old: pd.DataFrame | None
) -> pd.DataFrame:
    """The table under its name, or under that of an earlier version."""
    if (table is None) == (old is None):
        raise DataError(f"{builder} needs a table of {name}: {builder}(panel, {name})")
    if old is not None:
        warn(f"data= of {builder}() goes in the next version: write {name}=")
    found = table if table is not None else old
    if not isinstance(found, pd.DataFrame):
        raise DataError(f"{name} must be a pandas DataFrame, not {type(found).__name__}")
    return found


def _days(month: Integers) -> Integers:
    """Day number of the first day of a month, counted so that no date is negative."""
    since = (month - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return since.astype(np.int64) + 400_000


@builder(
    columns=("war_support", "war_support_age_months", "war_support_change"),
    needs=("cow", "period", "coalition?"),
    table="polls",
)
def add_opinion(
    panel: pd.DataFrame,
    polls: pd.DataFrame | None = None,
    *,
    max_age: int | None = 12,
    as_of: str = "start",
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add support for the mission in the last poll, from your own table.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period`` (and ``coalition``, if your
        table has it).
    polls : DataFrame
        One row per poll: ``cow``, ``date`` (the day from which it was public), ``support`` (per
        cent, 0 to 100); ``coalition`` if the polls are about one. Polls of one month are
        averaged.
    max_age : int or None
        Months after which a poll no longer counts; None carries it forward without end.
    as_of : {"start", "end"}
        Whether polls within the period count (``"end"``).
    data
        Name of an earlier version for ``polls``.

    Returns
    -------
    DataFrame
        A copy with ``war_support`` (per cent, last poll so far), ``war_support_age_months`` and
        ``war_support_change`` (points, against the month polled before). Missing before the first
        poll, never zero.

    Raises
    ------
    DataError
        Missing columns, wrong types, support outside 0 to 100.

    Notes
    -----
    Kreps (2010) and Davidson (2014) study opinion against the war.

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd, coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq")).query("state == 'ESP'")
    >>> polls = pd.DataFrame({"cow": [230, 230], "support": [30.0, 12.0],
    ...                       "date": pd.to_datetime(["2003-02-10", "2004-02-10"])})
    >>> cm.add_opinion(panel, polls)["war_support"].tail(3).tolist()
    [30.0, 12.0, 12.0]
    """
    check_arguments(add_opinion, locals())
    moment = check_as_of(as_of)
    oldest = None if max_age is None else check_window(max_age, "max_age")
    table = _given("add_opinion", "polls", polls, data)
    by_coalition = "coalition" in table.columns
    rows = plain_panel(panel)
    calendar = calendar_of(
        rows, ("coalition", "cow", "period") if by_coalition else ("cow", "period")
    )
    monthly = _monthly(table, by_coalition)
    by = ["coalition", "cow"] if by_coalition else ["cow"]
    group, wanted = shared_codes([monthly[c] for c in by], [rows[c] for c in by])
    month = monthly["month"].to_numpy(dtype=np.int64)
    found = find_until(group, month, wanted, calendar.known(moment))
    inside = found >= 0
    now = calendar.first if moment == "start" else calendar.last
    age = np.full(len(panel), np.nan)
    age[inside] = now[inside] - month[found[inside]]
    fresh = inside if oldest is None else inside & (np.nan_to_num(age, nan=np.inf) <= oldest)
    columns: dict[str, Floats] = {"war_support_age_months": age}
    for name in ("support", "change"):
        values = np.full(len(panel), np.nan)
        values[fresh] = monthly[name].to_numpy(dtype=np.float64)[found[fresh]]
        columns["war_support" if name == "support" else "war_support_change"] = values
    return attach(
        panel,
        columns,
        sources=[],
        choices={"max_age": oldest, "as_of": moment},
        builder="add_opinion",
        cure="The table must have polls of every state",
    )


def _monthly(data: pd.DataFrame, by_coalition: bool) -> pd.DataFrame:
    """Average the polls of one month, and compare with the month polled before."""
    by = ["coalition", "cow"] if by_coalition else ["cow"]
    data = own_table(
        data,
        [*by, "date", "support"],
        "table of polls",
        numbers=["support"],
        dates=["date"],
    )
    odd = ~data["support"].between(0, 100) | data["date"].isna()
    if odd.any():
        raise DataError(
            "the table of polls must have a date and support from 0 to 100 per cent in every "
            f"row; not so in rows {first_few(data.index[odd])}"
        )
    dated = data.assign(month=month_number(data["date"]))
    polls = dated.groupby([*by, "month"])["support"].mean().reset_index()
    return polls.assign(change=polls.groupby(by)["support"].diff())
