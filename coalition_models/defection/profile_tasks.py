"""What a contingent did: its role, and every change of task, place or rules, by period."""

from __future__ import annotations

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.members.periods import Period, period_number
from coalition_models.sources.catalog import contract_of
from coalition_models.tables.contract import Contract
from coalition_models.tables.plain import plain_table

__all__ = ["check_changes", "with_tasks"]

_KEY = ["coalition", "state"]
#: changes that leave another task, place or set of rules behind
_TASK = ("re_role", "relocation", "caveat_tightened")


def check_changes(changes: pd.DataFrame) -> list[str]:
    """List what is wrong with a table of changes; its words are those of ``profile_changes``.

    Examples
    --------
    >>> from coalition_models.sources.load import load
    >>> check_changes(load("profile_changes"))
    []
    """
    used = ("coalition", "state", "date", "change", "planned", "troops_before", "troops_after")
    columns = contract_of("profile_changes").columns
    given = (c for c in columns if c.name in used and c.name in changes.columns)
    return Contract("changes", tuple(given)).problems(changes)


def with_tasks(
    profile: pd.DataFrame, spells: pd.DataFrame, changes: pd.DataFrame | None, unit: Period
) -> pd.DataFrame:
    """Add ``role``, ``changes`` and ``task_change`` to the rows of a profile.

    Parameters
    ----------
    profile : DataFrame
        ``coalition, state, spell, period, day``; ``day`` (the last of the period) is removed.
    spells : DataFrame
        ``coalition, state, spell`` and, if known, ``role``.
    changes : DataFrame, optional
        ``coalition, state, date, change, reason``.
    unit : {"month", "quarter", "year"}

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"coalition": "iraq", "state": "POL", "spell": 1,
    ...     "period": pd.to_datetime(["2006-02-01", "2006-03-01"]),
    ...     "day": pd.to_datetime(["2006-02-28", "2006-03-31"])})
    >>> spells = rows[["coalition", "state", "spell"]].drop_duplicates().assign(role="security")
    >>> change = pd.DataFrame({"coalition": "iraq", "state": "POL", "change": "re_role",
    ...     "date": pd.to_datetime(["2006-03-15"]), "reason": "training"})
    >>> with_tasks(rows, spells, change, "month")[["role", "changes", "task_change"]]
           role  changes        task_change
    0  security
    1  security  re_role  re_role: training
    """
    out = profile.drop(columns="day")
    roles = spells["role"] if "role" in spells.columns else pd.Series("", spells.index)
    known = spells[[*_KEY, "spell"]].assign(role=roles.fillna(""))
    out = out.merge(known, on=[*_KEY, "spell"], how="left")
    out["changes"] = ""
    out["task_change"] = ""
    if changes is None or changes.empty:
        return out
    absent = [c for c in (*_KEY, "date", "change") if c not in changes.columns]
    if absent:
        raise DataError(f"changes lacks the columns {first_few(absent)}")
    table = plain_table(changes, "changes", dates=["date"])
    problems = check_changes(table)
    if problems:
        raise DataError(f"changes cannot be used; mend them: {'; '.join(problems)}")
    table = table.assign(date=table["date"].dt.normalize())
    out = _attach(out, profile["day"], table, unit)
    if "entry" in spells.columns:
        begun = out[[*_KEY, "spell"]].merge(spells[[*_KEY, "spell", "entry"]], how="left")
        old = (out["changed_on"] < begun["entry"]).to_numpy(dtype=bool)
        out.loc[old, "task_change"] = ""
    return out.drop(columns="changed_on")


def _attach(out: pd.DataFrame, day: pd.Series, changes: pd.DataFrame, unit: Period) -> pd.DataFrame:
    table = changes.sort_values([*_KEY, "date"], kind="stable")
    table = table.assign(number=period_number(table["date"], unit))
    kinds = table.groupby([*_KEY, "number"])["change"].agg(
        lambda values: "; ".join(dict.fromkeys(values))
    )
    keys = pd.MultiIndex.from_arrays(
        [out["coalition"], out["state"], period_number(out["period"], unit)]
    )
    out["changes"] = kinds.reindex(keys).fillna("").to_numpy()
    task = table[table["change"].isin(_TASK)]
    reason = task["reason"].fillna("") if "reason" in task.columns else ""
    task = task.assign(task_change=task["change"] + ": " + reason)
    left = out[_KEY].assign(day=day.to_numpy(), place=range(len(out)))
    found = pd.merge_asof(
        left.sort_values("day", kind="stable"),
        task[[*_KEY, "date", "task_change"]].sort_values("date", kind="stable"),
        left_on="day",
        right_on="date",
        by=_KEY,
    ).sort_values("place")
    out["task_change"] = found["task_change"].fillna("").to_numpy()
    out["changed_on"] = found["date"].to_numpy()
    return out
