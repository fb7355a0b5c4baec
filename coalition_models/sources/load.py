"""Tables as validated frames: those of the catalogue, and a user's own file in their shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.about import __version__
from coalition_models.arguments import check_arguments, read_days
from coalition_models.errors import CoverageError, DataError
from coalition_models.record import record_of, with_notes
from coalition_models.render import listing
from coalition_models.sources import build, wars
from coalition_models.sources._paths import data_dir
from coalition_models.sources.bundled import read_bundled
from coalition_models.sources.catalog import NEWEST, Entry, contract_of, entry, file_sha256, tables
from coalition_models.sources.fetch import at_hand, fetch
from coalition_models.sources.kept import read_once
from coalition_models.sources.readers import READERS
from coalition_models.tables.contract import Contract, hold
from coalition_models.tables.csv_tables import read_loosely

__all__ = ["datasets", "load", "read_table", "validate"]


def datasets() -> pd.DataFrame:
    """List every table: what a row is, what it covers, its licence, whether it is at hand.

    Returns
    -------
    DataFrame
        One row per table, indexed by ``name``: ``kind`` (bundled or external), ``title``,
        ``rows``, ``unit`` (what a row is), ``start``, ``end``, ``licence``, ``at_hand``.
        Bundled tables come with the package; an external one is downloaded on first ``load``,
        or read from the folder that COALITION_MODELS_MIRROR names.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.datasets().loc[["participation"], ["kind", "rows", "at_hand"]]
                      kind  rows  at_hand
    name
    participation  bundled   306     True
    """
    rows = [
        {
            "name": item.name,
            "kind": item.kind,
            "title": item.title,
            "rows": item.rows,
            "unit": item.unit,
            "start": item.start,
            "end": item.end,
            "licence": item.licence,
            "at_hand": item.kind == "bundled"
            or all(at_hand(part) for part in item.parts or (item.name,)),
        }
        for item in tables().values()
    ]
    frame = pd.DataFrame(rows).set_index("name")
    return listing(frame, ["kind", "title", "rows", "start", "end", "at_hand"])


def load(name: str, *, extended: bool = False, revision: int | None = None) -> pd.DataFrame:
    """Load a table as a validated tidy frame.

    Parameters
    ----------
    name : str
        A table of :func:`datasets`. A bundled table comes with the package. An external one is
        read from the folder that the variable COALITION_MODELS_MIRROR names, from the cache, or
        is downloaded once (its address and checksum are pinned).
    extended : bool
        Only for ``elections``, ``leaders`` and ``state_years``: add what the external sources
        know, flagged by source. ``war_participation`` gains the dates, deaths and outcomes of
        the Correlates of War project this way.
    revision : int, optional
        Of the facts coded by hand: 1 for the first revision, as published before; the newest (2)
        by default. ``load("revisions")`` lists what changed, and why.

    Returns
    -------
    DataFrame
        Dates are ``datetime64``; ``record_of(...).notes["table"]`` holds the name, package version
        and checksum of the file, and the revision of a table that has several.

    Raises
    ------
    DataError
        If the table is unknown, has no such revision, or its file fails its contract.
    CoverageError
        If an external file is not at hand and cannot be downloaded.

    Examples
    --------
    >>> import coalition_models as cm
    >>> members = cm.load("participation").query("coalition == 'iraq'")
    >>> members["state"].nunique()
    40
    >>> len(cm.load("participation")), len(cm.load("participation", revision=1))
    (306, 176)
    """
    check_arguments(load, locals())
    known = entry(name)
    item = known.at(revision)
    frame = _load_external(item) if item.kind == "external" else _load_bundled(item)
    if known.earlier:
        with_notes(frame, table={**record_of(frame).notes["table"], "revision": revision or NEWEST})
    if extended:
        frame = _extend(name, frame)
    return frame


def _stamp(frame: pd.DataFrame, item: Entry, sha256: str) -> pd.DataFrame:
    with_notes(
        frame,
        table={
            "name": item.name,
            "version": __version__,
            "sha256": sha256,
        },
    )
    return frame


def _load_bundled(item: Entry) -> pd.DataFrame:
    sha256 = file_sha256(data_dir() / item.path)
    content = (Contract(item.name, item.columns, item.key), sha256)
    return read_once(content, lambda: _stamp(read_bundled(item), item, sha256))


def read_table(path: str | Path, like: str) -> pd.DataFrame:
    """Read your own CSV file with the columns of a bundled table, and check it.

    Parameters
    ----------
    path : str or Path
        A CSV file; dates are text in the order year-month-day.
    like : str
        The bundled table whose columns it shares (``"participation"``, ``"troops"``, ...), see
        :func:`codebook`. Columns that it requires must be there; the others may be, and extra
        ones are kept as text.

    Returns
    -------
    DataFrame
        One row per line, each column of its type (dates as ``datetime64``).

    Raises
    ------
    DataError
        With every failure at once; also for a file without rows, in which nothing was checked.

    Examples
    --------
    >>> from pathlib import Path
    >>> import coalition_models as cm
    >>> import tempfile, coalition_models as cm
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.csv"
    ...     cm.load("participation").query("state == 'ESP'").to_csv(path, index=False)
    ...     sorted(cm.read_table(path, like="participation")["entry"].dt.year)[:2]
    [1999, 2002]
    """
    check_arguments(read_table, locals())
    where = Path(path)
    contract = contract_of(like)
    frame = validate(read_loosely(where, contract.columns), like)
    if frame.empty:
        raise DataError(f"{where.name} has no rows: it holds the names of the columns only")
    return frame


def _load_external(item: Entry) -> pd.DataFrame:
    if item.parts:
        frames = [load(part) for part in item.parts]
        frame = pd.concat(frames, ignore_index=True)
        with_notes(
            frame,
            dropped=dict(
                sum((Counter(record_of(f).notes.get("dropped", {})) for f in frames), Counter())
            ),
        )
        return _stamp(frame, item, "+".join(entry(part).sha256[:12] for part in item.parts))
    path = fetch(item.name)
    reader = READERS[item.name]
    contract = Contract(item.name, item.columns, item.key)

    def read() -> pd.DataFrame:
        frame = reader(path)
        if item.columns:
            hold(frame, contract)
        return _stamp(frame, item, item.sha256)

    return read_once((contract, item.sha256, reader), read)


def _extend(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    extenders: dict[str, Callable[[pd.DataFrame, Callable[[str], pd.DataFrame]], pd.DataFrame]] = {
        "elections": build.extended_elections,
        "leaders": build.extended_leaders,
        "state_years": build.extended_state_years,
        "war_participation": wars.with_cow_dates,
    }
    if name not in extenders:
        raise CoverageError(
            f"{name!r} has no extended form; those that have: {', '.join(sorted(extenders))}"
        )
    stamp = record_of(frame).notes.get("table", None)
    wide = extenders[name](frame, load)
    with_notes(wide, table=stamp)
    return wide


def _with_days(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Read the dates of a table of one's own, which may be text."""
    if frame.columns.has_duplicates:
        return frame
    names = [c.name for c in contract.columns if c.kind == "date" and c.name in frame.columns]
    read = {name: read_days(frame[name]) for name in names}
    return frame.assign(**{name: days for name, (days, wrong) in read.items() if not wrong.any()})


def validate(frame: pd.DataFrame, contract: Contract | str) -> pd.DataFrame:
    """Check a table against a column contract and return it unchanged.

    Parameters
    ----------
    frame : DataFrame
    contract : Contract or str
        A contract, or the name of a bundled table whose columns your own table shares
        (``"participation"``, ``"troops"``, ...); dates may then be text in the order
        year-month-day.

    Returns
    -------
    DataFrame
        The same frame, so that the call can stand in a pipe.

    Raises
    ------
    DataError
        With every failure at once: missing columns, wrong types, empty cells, values outside the
        allowed ones, repeated keys.

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(cm.validate(cm.load("coalitions"), "coalitions"))
    13
    """
    check_arguments(validate, locals())
    if isinstance(contract, str):
        contract = contract_of(contract)
        problems = contract.problems(_with_days(frame, contract))
        hold(frame, contract, problems + ([] if len(frame) else ["the table has no rows"]))
    else:
        hold(frame, contract)
    return frame
