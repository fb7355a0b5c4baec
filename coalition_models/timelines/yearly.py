"""Yearly sources: which year is known when, and its value for a dated state number."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_count
from coalition_models.errors import CoverageError, DataError, first_few, warn
from coalition_models.members.facts import Facts
from coalition_models.sources.fetch import at_hand, warn_left_out, warn_unusable
from coalition_models.tables.own import own_table, require_columns
from coalition_models.timelines.calendar import AsOf, Calendar, Integers, known_table

__all__ = [
    "MOST_YEARS",
    "External",
    "Yearly",
    "check_external",
    "check_lag",
    "external_choice",
    "external_source",
    "not_read",
    "optional_source",
    "own_figures",
    "require_columns",
    "state_figures",
    "year_at",
    "year_known",
    "yearly",
]

Floats = npt.NDArray[np.float64]
External = Literal["if_at_hand", "require", "never"]

_STRIDE = 10_000
#: a source may lag behind by as many years, and a change may have taken as many
MOST_YEARS = 100


def check_lag(lag: int) -> int:
    """Check by how many years a yearly source lags.

    Examples
    --------
    >>> check_lag(1)
    1
    """
    try:
        return check_count(lag, "lag", most=MOST_YEARS, of="years")
    except DataError as error:
        raise DataError(
            f"{error}; 1 takes the last completed year, 0 the current one, which nobody knows yet"
        ) from error


def check_external(external: str) -> External:
    """Check what to do about sources that do not come with the package.

    Examples
    --------
    >>> check_external("require")
    'require'
    """
    if external in ("if_at_hand", "require", "never"):
        return cast(External, external)
    raise DataError(
        "external must be 'if_at_hand' (missing values and a note where a source is not at hand), "
        "'require' (fetch it, or fail) or 'never' (nothing is read that does not come with the "
        f"package), not {external!r}"
    )


def external_choice(
    external: str, old: MutableMapping[str, object], builder: str, *, default: External
) -> External:
    """Check ``external=`` of a builder whose earlier version had ``extended=`` in its place.

    ``extended=True`` is ``external="require"`` and ``extended=False`` the builder's default. It
    is taken out of ``old``.

    Examples
    --------
    >>> external_choice("if_at_hand", {}, "add_elections", default="if_at_hand")
    'if_at_hand'
    """
    choice = check_external(external)
    if "extended" not in old:
        return choice
    extended = old.pop("extended")
    if not isinstance(extended, bool):
        raise DataError(f"extended must be True or False, not {extended!r:.60}")
    meant: External = "require" if extended else default
    if choice not in (default, meant):
        raise DataError(f"give external={external!r} or extended={extended}, not both")
    warn(f"extended= of {builder}() goes in the next version: write external={meant!r}")
    return meant


def not_read(name: str, external: External) -> str:
    """Say why a source was not read.

    Examples
    --------
    >>> not_read("us-trade", "never")
    "us-trade not read (external='never')"
    """
    return f"{name} not read (external='never')" if external == "never" else f"{name} not at hand"


def year_known(calendar: Calendar, as_of: AsOf, lag: int = 1) -> Integers:
    """Year whose value is taken for each row.

    With ``lag=1`` it is the last year completed at the moment of ``as_of``: for any month of 2004
    the year 2003, and for December under ``"end"`` 2004 itself. With ``lag=0`` it is the current
    year, part of which lies ahead.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.array([2004 * 12 + 3, 2004 * 12 + 11])
    >>> year_known(Calendar(months, months, 1), "start").tolist()
    [2003, 2003]
    >>> year_known(Calendar(months, months, 1), "end").tolist()
    [2003, 2004]
    """
    now = calendar.first if as_of == "start" else calendar.last
    year: Integers = np.minimum((calendar.known(as_of) + 1) // 12 - lag, now // 12)
    return year


def year_at(month: Integers, lag: int = 1) -> Integers:
    """Year whose value is taken at the start of a month.

    Examples
    --------
    >>> import numpy as np
    >>> year_at(np.array([2004 * 12])).tolist()
    [2003]
    """
    year: Integers = month // 12 - lag
    return year


@dataclass(frozen=True)
class Yearly:
    """Values by state number and year, in order of the keys."""

    keys: Integers
    frame: pd.DataFrame

    @property
    def years(self) -> tuple[int, int]:
        """First and last year of the table; (0, -1) if it is empty."""
        if not len(self.keys):
            return 0, -1
        year = self.keys % _STRIDE
        return int(year.min()), int(year.max())

    def at(self, column: str, cow: Integers, year: Integers) -> Floats:
        """Value of a column for each state and year; missing where there is no row."""
        values = self.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        if not len(values):
            return np.full(len(cow), np.nan)
        # a year beyond the calendar's would be one of another state
        wanted = cow * _STRIDE + np.clip(year, 0, _STRIDE - 1)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(values) - 1)
        return np.where(self.keys[place] == wanted, values[place], np.nan)


def yearly(table: pd.DataFrame, columns: Sequence[str], *, what: str = "") -> Yearly:
    """Prepare a table by ``cow`` and ``year`` for look-ups.

    Parameters
    ----------
    table : DataFrame
        ``cow, year`` and the columns.
    columns : sequence of str
        Columns that must be there and hold numbers.
    what : str
        Name of a table of the user's own, for messages. Such a table must have one row per state
        and year; in a source, where a state changed within a year, the later row is taken.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> table = yearly(pd.DataFrame({"cow": [2], "year": [2003], "gdp": [1.5]}), ["gdp"])
    >>> table.at("gdp", np.array([2, 2]), np.array([2003, 2004])).tolist()
    [1.5, nan]
    """
    needed = ["cow", "year", *columns]
    if what:
        table = own_table(table, needed, what, numbers=columns)
    else:
        require_columns(table, needed, "table", numbers=columns)
    known = table.dropna(subset=["cow", "year"])
    keys = known["cow"].to_numpy(dtype=np.int64) * _STRIDE + known["year"].to_numpy(dtype=np.int64)
    repeated = pd.Series(keys).duplicated(keep="last").to_numpy()
    if what and repeated.any():
        rows = [f"{key // _STRIDE} {key % _STRIDE}" for key in dict.fromkeys(keys[repeated])]
        raise DataError(f"the {what} must have one row per cow and year; twice: {first_few(rows)}")
    known, keys = known[~repeated], keys[~repeated]
    order = np.argsort(keys, kind="stable")
    return Yearly(keys[order], known.iloc[order][list(columns)])


def external_source(name: str, variables: str, builder: str) -> pd.DataFrame:
    """Load an external source, fetching it if need be.

    Raises
    ------
    CoverageError
        If it cannot be had; the message names source and variables.
    """
    try:
        return known_table(name)
    except CoverageError as error:
        raise CoverageError(
            f"{builder} takes {variables} from the external source {name!r}, which is not at "
            f"hand. Give your own in Facts(states=...), or get the source: {error}"
        ) from error


def optional_source(
    name: str, variables: str, builder: str, external: External
) -> pd.DataFrame | None:
    """Load an external source as :func:`external_source` does, or return None.

    None means ``external="never"``; or that ``external="if_at_hand"`` and that the source is not
    at hand, or that its file is there and cannot be used, of which a warning tells: nothing is
    fetched then, and the caller leaves its columns missing and says so.
    """
    if external == "require":
        return external_source(name, variables, builder)
    if external == "never":
        return None
    if not at_hand(name):
        warn_unusable([name])
        return None
    try:
        return known_table(name)
    except CoverageError as error:
        warn_left_out(str(error))
        return None


def state_figures(facts: Facts, columns: Sequence[str]) -> tuple[Yearly, list[str]]:
    """Yearly figures of states: the facts' own where they hold a column, else the package's.

    Returns
    -------
    Yearly
        With all the columns.
    list of str
        Tables to cite.

    Examples
    --------
    >>> import coalition_models as cm
    >>> state_figures(cm.facts("iraq"), ["population"])[1]
    ['state_years']
    """
    own = facts.table("states")
    mine = [] if own is None else [name for name in columns if name in own.columns]
    rest = [name for name in columns if name not in mine]
    table = own_figures(own, mine) if own is not None and mine else None
    if rest:
        bundled = yearly(known_table("state_years"), rest)
        if table is None:
            return bundled, ["state_years"]
        return _beside(table, bundled), [*facts.sources.get("states", ()), "state_years"]
    return cast(Yearly, table), list(facts.sources.get("states", ()))


def own_figures(table: pd.DataFrame, columns: Sequence[str]) -> Yearly:
    """Columns of a table of states that the user brings, checked."""
    return yearly(table, columns, what="table of states")


def _beside(one: Yearly, other: Yearly) -> Yearly:
    """Columns of two tables in one."""
    keys = np.union1d(one.keys, other.keys)
    parts = [t.frame.set_axis(t.keys).reindex(keys).reset_index(drop=True) for t in (one, other)]
    return Yearly(keys, pd.concat(parts, axis=1))
