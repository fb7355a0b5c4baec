"""Rebuild the derived tables from the upstream files, and compare them with the bundled ones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.files import output_folder, staging_folder
from coalition_models.sources._paths import data_dir
from coalition_models.sources.build_elections import build_coverage, build_elections, votes
from coalition_models.sources.build_leaders import build_leaders
from coalition_models.sources.build_state_years import build_state_years
from coalition_models.sources.catalog import entry, file_sha256
from coalition_models.sources.extend_elections import extended_elections
from coalition_models.sources.extend_leaders import extended_leaders
from coalition_models.sources.extend_state_years import extended_state_years
from coalition_models.sources.fetch import cache_dir

__all__ = [
    "DERIVED_TABLES",
    "build_tables",
    "extended_elections",
    "extended_leaders",
    "extended_state_years",
    "upstream_files",
]

#: The tables that this module makes, and the columns that identify a row.
DERIVED_TABLES: dict[str, tuple[str, ...]] = {
    "elections": ("state", "date", "kind"),
    "election_coverage": ("state", "kind", "source", "start"),
    "leaders": ("state", "office", "start"),
    "state_years": ("state", "year"),
}


def build_tables(mirror: Path | None, out: Path | None = None, *, check: bool = False) -> list[str]:
    """Rebuild ``elections``, ``election_coverage``, ``leaders`` and ``state_years``.

    The states are those of ``participation``, the years 1988-2021. Known errors of the sources
    are corrected by the hand-made table ``election_corrections``. The same files give the same
    bytes.

    Parameters
    ----------
    mirror : Path or None
        Folder with the upstream files; each must be the pinned one. None: where ``fetch`` keeps
        downloads.
    out : Path, optional
        Where to write the tables, all of them or none. Needed unless ``check``.
    check : bool
        Write nothing; compare with the bundled tables.

    Returns
    -------
    list of str
        With ``check``, one line for every row that differs; otherwise empty.

    Raises
    ------
    CoverageError
        If an upstream file is missing.
    DataError
        If one is not the pinned file, if a correction does not fit, or if ``out`` cannot be
        written.

    Examples
    --------
    >>> build_tables(Path("no such folder"), check=True)
    Traceback (most recent call last):
    coalition_models.errors.CoverageError: the folder no such folder lacks upstream files: ...
    """
    if check:
        derived = _derive(mirror)
        return [line for name, frame in derived.items() for line in _differences(name, frame)]
    if out is None:
        raise DataError("give a folder for the rebuilt tables, or check=True to compare only")
    output_folder(out)
    derived = _derive(mirror)
    with staging_folder(out) as staging:
        for name, frame in derived.items():
            (staging / f"{name}.csv").write_text(_csv(frame), encoding="utf-8", newline="")
    return []


def _derive(mirror: Path | None) -> dict[str, pd.DataFrame]:
    from coalition_models.sources.readers.elections import REIGN_LAST_DAY

    frames = _read_sources(mirror)
    members = _bundled("participation")[["state", "cow"]].drop_duplicates()
    members = members.astype({"cow": int}).sort_values("state", ignore_index=True)
    corrections = _bundled("election_corrections").astype({"cow": int})
    for column in ("date", "new_date"):
        corrections[column] = pd.to_datetime(corrections[column], format="%Y-%m-%d")
    table = votes(members, frames["parlgov-elections"], frames["reign-elections"], corrections)
    reign = frames["reign-leaders"]
    nato = _bundled("nato_accession")
    nato = nato.astype({"ccode": int}).assign(
        accession_date=pd.to_datetime(nato["accession_date"], format="%Y-%m-%d")
    )
    coverage = build_coverage(members, table, reign, REIGN_LAST_DAY)
    return {
        "elections": _of_the_state(build_elections(table), coverage),
        "election_coverage": coverage,
        "leaders": build_leaders(members, reign, frames["parlgov-cabinets"], REIGN_LAST_DAY),
        "state_years": build_state_years(
            members,
            reign.groupby("cow")["start"].min().dt.year,
            frames["penn-world-table"],
            frames["ideal-points"],
            nato,
            frames["us-military-aid"],
        ),
    }


def _of_the_state(elections: pd.DataFrame, coverage: pd.DataFrame) -> pd.DataFrame:
    """Leave out votes held before the state became one, as in republics of the Soviet Union."""
    begins = elections["state"].map(coverage.groupby("state")["start"].min())
    return elections[elections["date"] >= begins].reset_index(drop=True)


_SOURCES = (
    "parlgov-cabinets",
    "parlgov-elections",
    "reign-elections",
    "reign-leaders",
    "penn-world-table",
    "ideal-points",
    "us-military-aid",
)


def upstream_files(mirror: Path | None) -> tuple[dict[str, Path], dict[str, str]]:
    """Find the upstream files in a folder, or where they were fetched to.

    Returns
    -------
    found : dict
        Source -> path.
    absent : dict
        Source -> name of the file.

    Examples
    --------
    >>> len(upstream_files(Path("no such folder"))[1])
    7
    """
    folder = cache_dir() if mirror is None else mirror
    paths = {name: folder / entry(name).path for name in _SOURCES}
    absent = {name: path.name for name, path in paths.items() if not path.is_file()}
    return {name: path for name, path in paths.items() if name not in absent}, absent


def _read_sources(mirror: Path | None) -> dict[str, pd.DataFrame]:
    """Read the upstream files, after a check that each is the pinned one."""
    from coalition_models.sources.readers import READERS

    paths, absent = upstream_files(mirror)
    if absent:
        raise CoverageError(
            f"the folder {mirror or cache_dir()} lacks upstream files: "
            f"{first_few(absent.values())}; fetch them with: coalition-models data fetch "
            f"{' '.join(absent)}; or set COALITION_MODELS_MIRROR to a folder that holds them"
        )
    wrong = [p.name for name, p in paths.items() if file_sha256(p) != entry(name).sha256]
    if wrong:
        raise DataError(
            f"files in {mirror or cache_dir()} are not the pinned ones (their sha256 differs): "
            f"{first_few(wrong)}; fetch them again"
        )
    return {name: READERS[name](path) for name, path in paths.items()}


def _bundled(name: str) -> pd.DataFrame:
    """Read a hand-made table as text, without the catalogue of the tables built here."""
    path = data_dir() / f"{name}.csv"
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")


def _differences(name: str, frame: pd.DataFrame) -> list[str]:
    """Name every row that differs between the bundled table and the one just derived."""
    text = _csv(frame)
    path = data_dir() / f"{name}.csv"
    bundled = path.read_bytes().decode("utf-8") if path.is_file() else ""
    if bundled == text:
        return []
    old, new = bundled.splitlines(), text.splitlines()
    lines = [f"{name}: only in the bundled table: {line}" for line in old if line not in set(new)]
    lines += [f"{name}: only in the rebuilt table: {line}" for line in new if line not in set(old)]
    return lines or [f"{name}: the same rows in another order or with other line ends"]
