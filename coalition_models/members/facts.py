"""All that is known of some coalitions, in one object that travels with a panel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.members.fact_tables import TABLES, coverage_table, read_fact_table
from coalition_models.record import record_of

__all__ = ["Facts", "facts_of", "trusted_facts"]


@dataclass(frozen=True, eq=False, repr=False)
class Facts:
    """What is known of one coalition or of several: every table that panels and features need.

    A panel keeps the facts that it was built from, and every ``add_*`` function reads *these*.
    Tables are copied and checked when the object is made; nothing changes them afterwards.

    Parameters
    ----------
    members : DataFrame, optional
        All spells of all members, the lead state included: ``coalition, state`` (ISO3 code or
        name) or ``cow, entry, exit, exit_kind``; optionally ``spell`` (numbered by entry if
        absent), ``announced, last_personnel, peak_troops, role, sector`` and
        ``entry_precision`` and its like (day, month, year). Dates as dates or as text in the
        order year-month-day.
    coalitions : DataFrame, optional
        ``coalition, start, lead_state`` (may be empty) and ``mandate_end`` (empty: open);
        optionally ``framework, host_state``.
    troops : DataFrame, optional
        Observed strengths: ``coalition, state`` or ``cow, date, troops``.
    changes : DataFrame, optional
        Coded changes of what a member does: ``coalition, state`` or ``cow, date, change``.
    deaths : DataFrame, optional
        Dated losses: ``coalition, state`` or ``cow, date, deaths``. Rows with
        ``date_precision`` year are known on the next 1 January.
    coverage : DataFrame or dict, optional
        Where a missing row of ``deaths`` means that nobody died: ``coalition, first, last``
        (months), or ``{"mali": ("2013-01", "2020-12")}``.
    states : DataFrame, optional
        Yearly figures: ``state`` or ``cow, year`` and any of ``population`` (persons),
        ``soldiers`` (thousands), ``gdp_per_capita, capability_index, ideal_point, polity2,
        democracy_bmr, polyarchy``, and the four ties ``lead_defence_pact, us_troops_hosted,
        us_aid_per_head, us_trade_per_gdp``. What is not given comes from the sources.
    elections : DataFrame, optional
        ``state`` or ``cow, date, kind`` (legislative, presidential): all elections of the states
        listed. If absent, the package's elections and leaders are used.
    leaders : DataFrame, optional
        ``state`` or ``cow, leader, start, end`` (empty: still in office), in order.
    sources : mapping, optional
        Name of a table above to the tables to cite for it.

    Raises
    ------
    DataError
        With all problems of all tables in one message.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> mine = cm.Facts(
    ...     members=pd.DataFrame({
    ...         "coalition": "mali", "state": ["France", "TCD"], "entry": ["2013-01-11"] * 2,
    ...         "exit": ["2014-07-31", "2013-05-15"], "exit_kind": ["leader", "early"]}),
    ...     coalitions=pd.DataFrame({
    ...         "coalition": ["mali"], "start": ["2013-01-11"], "mandate_end": ["2014-07-31"],
    ...         "lead_state": ["FRA"]}))
    >>> int(cm.build_panel(mine)["event"].sum())
    1
    """

    members: pd.DataFrame | None = None
    coalitions: pd.DataFrame | None = None
    troops: pd.DataFrame | None = None
    changes: pd.DataFrame | None = None
    deaths: pd.DataFrame | None = None
    coverage: pd.DataFrame | Mapping[str, Sequence[str | pd.Timestamp]] | None = None
    states: pd.DataFrame | None = None
    elections: pd.DataFrame | None = None
    leaders: pd.DataFrame | None = None
    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems: list[str] = []
        if self.coverage is not None:
            self._read("coverage", coverage_table, self.coverage, problems)
        for name in TABLES:
            table = getattr(self, name)
            if table is not None and name != "coverage":
                self._read(name, partial(read_fact_table, name), table, problems)
        wrong = [name for name in self.sources if name not in TABLES]
        if wrong:
            problems.append(f"sources names no table of facts: {', '.join(wrong)}")
        object.__setattr__(self, "sources", {n: tuple(v) for n, v in self.sources.items()})
        if problems:
            listing = "\n".join(f"  - {text}" for text in problems)
            raise DataError(f"these facts cannot be used; mend them:\n{listing}")

    def _read(
        self, name: str, reader: Callable[[Any], pd.DataFrame], given: Any, problems: list[str]
    ) -> None:
        try:
            object.__setattr__(self, name, reader(given))
        except DataError as error:
            problems += str(error).splitlines()

    def table(self, name: str) -> pd.DataFrame | None:
        """One of the tables, or None; not a copy, so never change it."""
        found: pd.DataFrame | None = getattr(self, name)
        return found

    def replace(self, **tables: Any) -> Facts:
        """Return the same facts with some tables replaced; None takes a table out.

        Examples
        --------
        >>> import coalition_models as cm
        >>> iraq = cm.facts("iraq")
        >>> iraq.replace(troops=iraq.troops.query("confidence == 'high'")).sources["members"]
        ('participation',)
        """
        unknown = [name for name in tables if name not in TABLES]
        if unknown:
            raise DataError(f"facts have the tables {', '.join(TABLES)}, not {first_few(unknown)}")
        checked = Facts(**tables)
        held = {name: getattr(self, name) for name in TABLES}
        held |= {name: getattr(checked, name) for name in tables}
        kept = {n: names for n, names in self.sources.items() if n not in tables}
        return trusted_facts(held, kept)

    @classmethod
    def read(cls, folder: str | Path) -> Facts:
        """Read facts from a folder of CSV files named after the tables.

        ``coalition-models data template --out folder`` writes files to fill in.

        Examples
        --------
        >>> import coalition_models as cm
        >>> cm.Facts.read("no such folder")
        Traceback (most recent call last):
        coalition_models.errors.DataError: no folder no such folder
        """
        place = Path(folder)
        if not place.is_dir():
            raise DataError(f"no folder {place}")
        found = {n: place / f"{n}.csv" for n in TABLES if (place / f"{n}.csv").is_file()}
        if not found:
            names = ", ".join(f"{name}.csv" for name in TABLES)
            raise DataError(f"{place} holds none of {names}")
        tables: dict[str, Any] = {}
        for name, path in found.items():
            try:
                table = pd.read_csv(path, keep_default_na=False, na_values=[""])
            except (OSError, ValueError) as error:
                raise DataError(f"cannot read {path}: {error}") from error
            if not isinstance(table.index, pd.RangeIndex):
                raise DataError(f"{path} has rows with more cells than its first line has names")
            tables[name] = table if len(table) else None
        return cls(**tables)

    @cached_property
    def digest(self) -> bytes:
        """Equal for equal content."""
        summed = hashlib.blake2b(repr(sorted(self.sources.items())).encode(), digest_size=16)
        for name in TABLES:
            table = self.table(name)
            if table is not None:
                summed.update(f"{name} {list(table.columns)}".encode())
                for _, cells in table.astype(object).items():
                    # text as it is, which is quicker, and other cells as they are written
                    text = pd.api.types.infer_dtype(cells, skipna=False) == "string"
                    keys = (cells if text else cells.map(repr)).to_numpy()
                    summed.update(b"text" if text else b"cells")
                    summed.update(pd.util.hash_array(keys).tobytes())
        return summed.digest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Facts):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __deepcopy__(self, memo: dict[int, object]) -> Facts:
        return self

    def __repr__(self) -> str:
        held = [f"{n} {len(t)}" for n in TABLES if (t := self.table(n)) is not None]
        return f"<Facts: {', '.join(held) or 'none'}>"


def trusted_facts(tables: Mapping[str, Any], sources: Mapping[str, Sequence[str]]) -> Facts:
    """Facts of tables that were checked before."""
    made = object.__new__(Facts)
    for one in fields(Facts):
        object.__setattr__(made, one.name, tables.get(one.name))
    object.__setattr__(made, "sources", {n: tuple(v) for n, v in sources.items()})
    return made


def facts_of(panel: pd.DataFrame) -> Facts | None:
    """Facts that a panel was built from; None where it does not know.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"))
    >>> cm.facts_of(panel) == cm.facts("iraq")
    True
    """
    check_arguments(facts_of, locals())
    held = record_of(panel).facts
    return held if isinstance(held, Facts) else None
