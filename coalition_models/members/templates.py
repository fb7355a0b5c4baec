"""Files to fill in with the facts of a coalition of one's own."""

from __future__ import annotations

from pathlib import Path

from coalition_models.errors import DataError, first_few
from coalition_models.files import write_file

__all__ = ["TEMPLATES", "write_templates"]

#: table -> its first line, and a row that shows how it is filled in
TEMPLATES = {
    "members": (
        "coalition,state,entry,exit,exit_kind,announced,last_personnel,peak_troops,role,sector",
        "mali,TCD,2013-01-16,2013-05-15,early,2013-04-14,,2000,combat,north",
    ),
    "coalitions": (
        "coalition,start,mandate_end,lead_state,framework,host_state",
        "mali,2013-01-11,2014-07-31,FRA,ad_hoc,MLI",
    ),
    "troops": ("coalition,state,date,troops", "mali,TCD,2013-02-01,1800"),
    "changes": ("coalition,state,date,change", "mali,TCD,2013-03-01,reinforcement"),
    "deaths": ("coalition,state,date,deaths", "mali,TCD,2013-02-22,26"),
    "coverage": ("table,coalition,first,last", "deaths,mali,2013-01,2014-07"),
    "states": ("state,year,population", "TCD,2012,12715465"),
    "elections": ("state,date,kind", "TCD,2016-04-10,presidential"),
    "leaders": ("state,leader,start,end", "TCD,Deby,1990-12-04,2021-04-20"),
}


def write_templates(folder: str | Path) -> list[Path]:
    """Write a CSV file per table of :class:`Facts`, with its columns and one row as an example.

    Replace the example, delete the files that are not needed, and read the folder with
    ``Facts.read(folder)``. The example is of the French-led operation in Mali in 2013; its
    numbers show the form and are no data.

    Parameters
    ----------
    folder : str or Path
        Made if need be; a file that is there already is never overwritten.

    Returns
    -------
    list of Path

    Raises
    ------
    DataError
        If one of the files is there already.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     len(write_templates(folder))
    9
    """
    place = Path(folder)
    paths = [place / f"{name}.csv" for name in TEMPLATES]
    there = [path.name for path in paths if path.exists()]
    if there:
        raise DataError(f"{place} holds {first_few(there)} already; give another folder")
    for path, lines in zip(paths, TEMPLATES.values(), strict=True):
        write_file(path, "\n".join(lines) + "\n")
    return paths
