"""What each table of facts must hold, and how one that a user brings is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from coalition_models.arguments import as_day, read_days
from coalition_models.errors import DataError, first_few
from coalition_models.members.coalition_tables import coalition_problems
from coalition_models.members.own_members import with_spells, with_states
from coalition_models.members.periods import period_number
from coalition_models.members.spell_checks import SPELL_DATES, check_spells, order_problems
from coalition_models.record import with_notes
from coalition_models.sources.as_facts import facts_of_source
from coalition_models.sources.catalog import contract_of
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.load import load
from coalition_models.tables.own import own_table, plain, words_of

__all__ = ["COVERED", "TABLES", "Coverage", "coverage_table", "read_fact_table", "role_words"]

#: coalition to the first and last month in which all its deaths are known
Coverage = Mapping[str, Sequence[str | pd.Timestamp]]

#: the month of what has not ended, later than any date
_NEVER = 1_000_000
#: tables whose coverage can be given
COVERED = ("deaths", "elections", "leaders")


@dataclass(frozen=True)
class _Shape:
    """Columns that must be there, what they hold, and what else must be true."""

    needed: tuple[str, ...]
    days: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    words: tuple[str, tuple[str, ...]] = ("", ())
    yes_no: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    more: Callable[[pd.DataFrame], list[str]] | None = None


def read_fact_table(name: str, given: pd.DataFrame) -> pd.DataFrame:
    """Check one table of facts that a user brings and return it in the package's form.

    Parameters
    ----------
    name : str
        One of :data:`TABLES`.
    given : DataFrame

    Returns
    -------
    DataFrame
        A copy with ``cow`` and dates as dates; rows numbered from 0.

    Raises
    ------
    DataError
        With all that is wrong with it.

    Examples
    --------
    >>> import pandas as pd
    >>> read_fact_table("troops", pd.DataFrame({"coalition": ["mali"], "state": ["Chad"],
    ...     "date": ["2013-02-01"], "troops": [1800]}))[["state", "cow", "date"]].values.tolist()
    [['TCD', 483, Timestamp('2013-02-01 00:00:00')]]
    """
    shape = TABLES[name]
    what = f"table of {name}"
    if not isinstance(given, pd.DataFrame):
        raise DataError(f"the {what} must be a pandas DataFrame, not {type(given).__name__}")
    rows, notes = facts_of_source(name, given) if given.columns.is_unique else (given, {})
    table = plain(rows.reset_index(drop=True))
    table.attrs = {}
    if table.columns.is_unique:
        table = _named(table, shape, what)
        if name == "members":
            table = with_spells(table)
        if name == "coalitions":
            table = _with_lead_codes(table)
    source, columns = shape.words
    table = own_table(
        table,
        shape.needed,
        what,
        numbers=shape.numbers,
        dates=shape.dates,
        filled=shape.filled,
        words={**(words_of(contract_of(source), *columns) if source else {}), **_roles(name)},
        yes_no=shape.yes_no,
        key=shape.key,
    )
    problems = shape.more(table) if shape.more is not None else []
    if problems:
        raise DataError("\n".join(f"the {what}: {text}" for text in problems))
    return with_notes(table, **notes) if notes else table


def _roles(name: str) -> dict[str, tuple[object, ...]]:
    """Words for the task of a contingent: a misspelt one would count as another task."""
    return {"role": role_words()} if name == "members" else {}


@lru_cache(maxsize=1)
def role_words() -> tuple[object, ...]:
    """Words for the main task of a contingent, as in the bundled spells.

    Examples
    --------
    >>> "combat" in role_words()
    True
    """
    return tuple(sorted(set(load("participation")["role"].dropna())))


def _named(table: pd.DataFrame, shape: _Shape, what: str) -> pd.DataFrame:
    """Numbers of states from names or codes, and codes from numbers, at each row's date."""
    if "cow" not in shape.needed:
        return table
    out, unknown = with_states(table, shape.days)
    if unknown:
        listing = "\n".join(f"  - {text}" for text in unknown)
        raise DataError(f"the {what}: unknown states:\n{listing}")
    return out


def _with_lead_codes(table: pd.DataFrame) -> pd.DataFrame:
    """Lead states by ISO3 code, whatever the user called them; a mandate that may be open."""
    if "mandate_end" not in table.columns:
        table = table.assign(mandate_end=pd.Series(pd.NaT, index=table.index))
    if not {"lead_state", "start"} <= set(table.columns):
        return table
    start, wrong = read_days(table["start"])
    led = (table["lead_state"].notna() & start.notna() & ~wrong).to_numpy()
    numbers = to_cow(table.loc[led, "lead_state"], start[led], missing="na")
    codes = from_cow(numbers, dates=start[led], missing="na")
    named = table["lead_state"].astype(object)
    named[led] = codes.where(codes.notna(), table.loc[led, "lead_state"])
    return table.assign(lead_state=named)


def _member_problems(table: pd.DataFrame) -> list[str]:
    """What is wrong with spells, as :func:`build_panel` sees it, for states by name or number."""
    if table.empty:
        return ["no rows; give all spells of each coalition"]
    if "state" in table.columns and table["state"].notna().all():
        return check_spells(table)
    # states without a code are told apart by their number
    return order_problems(table.assign(state=table["cow"].astype(str)))


def _negative(column: str) -> Callable[[pd.DataFrame], list[str]]:
    def check(table: pd.DataFrame) -> list[str]:
        bad = table.index[(table[column] < 0).fillna(False).to_numpy(dtype=bool)]
        return [f"negative {column} in rows {first_few(bad)}"] if len(bad) else []

    return check


def _deaths_problems(table: pd.DataFrame) -> list[str]:
    wrong = table["deaths"].isna() | (table["deaths"] < 0).fillna(False)
    bad = table.index[wrong.to_numpy(dtype=bool)]
    return [f"missing or negative values of deaths in rows {first_few(bad)}"] if len(bad) else []


def _state_problems(table: pd.DataFrame) -> list[str]:
    twice = table.duplicated(["cow", "year"], keep=False)
    rows = table.loc[twice, ["cow", "year"]].drop_duplicates().itertuples(index=False)
    found = [f"{row.cow} {row.year}" for row in rows]
    return [f"two rows for one cow and year: {first_few(found)}"] if found else []


def _leader_problems(table: pd.DataFrame) -> list[str]:
    """Nobody leaves before entering, and one leads at a time."""
    reverse = (table["end"] < table["start"]).to_numpy(dtype=bool)
    problems = []
    if reverse.any():
        problems.append(
            f"leaders who leave before they enter: {first_few(table.loc[reverse, 'leader'])}"
        )
    ordered = table.sort_values(["cow", "start"], kind="stable")
    end = ordered["end"]
    if "known_until" in ordered.columns:
        end = end.fillna(ordered["known_until"])
    # by months, because ends are often known to the month only
    last = period_number(end, "month").fillna(_NEVER).groupby(ordered["cow"]).cummax()
    earlier = last.groupby(ordered["cow"]).shift(fill_value=-_NEVER)
    overlap = (period_number(ordered["start"], "month") < earlier).to_numpy(dtype=bool)
    if overlap.any():
        terms = [
            f"{row.cow} {row.leader} ({row.start:%Y-%m-%d})"
            for row in ordered[overlap].itertuples(index=False)
        ]
        problems.append(
            "terms of one state that overlap (only the last may have no end); these begin before "
            f"an earlier one ends: {first_few(terms)}"
        )
    return problems


def coverage_table(
    given: pd.DataFrame | Mapping[str, Sequence[str | pd.Timestamp]],
) -> pd.DataFrame:
    """Read where a missing row says that nothing happened.

    Parameters
    ----------
    given : DataFrame or mapping
        ``coalition, first, last`` and optionally ``table`` (deaths, elections or leaders; deaths
        if absent); or coalition to first and last month of its deaths.

    Returns
    -------
    DataFrame
        ``table, coalition, first, last``: first day of the first and of the last month covered.

    Examples
    --------
    >>> coverage_table({"mali": ("2013-01", "2020-12")}).values.tolist()
    [['deaths', 'mali', Timestamp('2013-01-01 00:00:00'), Timestamp('2020-12-01 00:00:00')]]
    """
    problems: list[str] = []
    found: list[list[object]] = []
    for table, name, first, last in _windows(given, problems):
        if table not in COVERED:
            problems.append(f"table must be one of {', '.join(COVERED)}, not {table!r}")
        try:
            low, high = as_day(first, f"coverage of {name}"), as_day(last, f"coverage of {name}")
        except DataError as error:
            problems.append(str(error))
            continue
        if low is None or high is None or high < low:
            problems.append(f"{name} ends before it begins: {(first, last)!r}")
        else:
            found.append([table, name, low.replace(day=1), high.replace(day=1)])
    if problems:
        raise DataError(
            "coverage must map each coalition to its first and last month, such as "
            f"{{'mali': ('2013-01', '2020-12')}}; {'; '.join(problems)}"
        )
    return pd.DataFrame(found, columns=["table", "coalition", "first", "last"]).astype(
        {"first": "datetime64[ns]", "last": "datetime64[ns]"}
    )


def _windows(given: Any, problems: list[str]) -> list[tuple[Any, Any, Any, Any]]:
    """Table, coalition, first and last month of each row; what cannot be read is a problem."""
    if isinstance(given, pd.DataFrame):
        absent = [n for n in ("coalition", "first", "last") if n not in given.columns]
        if absent:
            raise DataError(f"the table of coverage lacks the columns {', '.join(absent)}")
        of = given["table"] if "table" in given.columns else ["deaths"] * len(given)
        return list(zip(of, given["coalition"], given["first"], given["last"], strict=True))
    if not isinstance(given, Mapping):
        problems.append(f"found {type(given).__name__}")
        return []
    rows = []
    for name, window in given.items():
        if isinstance(window, str) or len(window) != 2:
            problems.append(f"{name} has {window!r}")
        else:
            rows.append(("deaths", name, *window))
    return rows


_PRECISIONS = ("entry_precision", "exit_precision", "announced_precision")
#: table -> what it must hold
TABLES: Mapping[str, _Shape] = {
    "members": _Shape(
        ("coalition", "cow", "spell", "entry", "exit", "exit_kind"),
        days=("entry", "exit"),
        numbers=("peak_troops",),
        dates=SPELL_DATES,
        filled=("entry", "exit_kind"),
        words=("participation", ("exit_kind", *_PRECISIONS)),
        key=("coalition", "cow", "spell"),
        more=_member_problems,
    ),
    "coalitions": _Shape(
        ("coalition", "start", "lead_state"),
        dates=("start", "mandate_end"),
        filled=("coalition", "start"),
        key=("coalition",),
        more=lambda table: coalition_problems(table, ("coalition", "start", "lead_state")),
    ),
    "troops": _Shape(
        ("coalition", "cow", "date", "troops"),
        days=("date",),
        numbers=("troops",),
        dates=("date",),
        filled=("date",),
        words=("troops", ("status", "confidence", "date_precision")),
        more=_negative("troops"),
    ),
    "changes": _Shape(
        ("coalition", "cow", "date", "change"),
        days=("date",),
        dates=("date", "announced"),
        filled=("date", "change"),
        words=("profile_changes", ("change", "date_precision")),
    ),
    "deaths": _Shape(
        ("coalition", "cow", "date", "deaths"),
        days=("date",),
        numbers=("deaths",),
        dates=("date",),
        filled=("date",),
        words=("troops", ("date_precision",)),
        more=_deaths_problems,
    ),
    "coverage": _Shape(("coalition", "first", "last")),
    "states": _Shape(("cow", "year"), days=("year",), more=_state_problems),
    "elections": _Shape(
        ("cow", "date", "kind"),
        days=("date",),
        dates=("date", "called", "known_from", "known_until"),
        filled=("date", "kind"),
        words=("elections", ("kind", "round")),
        yes_no=("scheduled",),
        key=("cow", "date", "kind"),
    ),
    "leaders": _Shape(
        ("cow", "leader", "start", "end"),
        days=("start",),
        numbers=("left_right",),
        dates=("start", "end", "known_until"),
        filled=("leader", "start"),
        words=("leaders", ("entry",)),
        yes_no=("source_change",),
        more=_leader_problems,
    ),
}
