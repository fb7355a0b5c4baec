"""What columns hold: of a table, of a panel, or of one name wherever it occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import cast

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.record import record_of, sources_of
from coalition_models.render import listing
from coalition_models.sources.catalog import Entry, descriptor, tables
from coalition_models.tables.contract import Column

__all__ = ["codebook", "feature_builders", "feature_labels"]

#: columns that build_panel() and panel_events() make, and the row's place in time
_PANEL = {
    "coalition": ("string", "", "name of the coalition"),
    "state": ("string", "", "member state, three letters (ISO)"),
    "cow": ("integer", "", "number of the state (Correlates of War)"),
    "spell": ("integer", "", "number of the state's time in the coalition"),
    "period": ("date", "", "first day of the month, quarter or year that the row covers"),
    "entry": ("date", "", "day of the spell's entry"),
    "start": ("number", "periods", "time at risk before the row's period"),
    "stop": ("number", "periods", "time at risk at the end of the row's period"),
    "event": ("integer", "0/1", "1 in the period of a counted exit or defection"),
    "cause": ("string", "", "kind of the row's defection; empty without one"),
    "order": ("integer", "", "how many defections of the spell came before, plus one"),
}
_COLUMNS = ["type", "unit", "values", "required", "description", "source"]


def codebook(name: str | pd.DataFrame) -> pd.DataFrame:
    """Describe columns: every one of a table or a panel, or one wherever it occurs.

    Parameters
    ----------
    name : str or DataFrame
        A table of :func:`datasets`; ``"features"`` for the columns that the ``add_*`` functions
        build; a column such as ``"election_near"``; or a frame, such as a panel, of whose columns
        those that are not known keep an empty description.

    Returns
    -------
    DataFrame
        One row per column: ``type``, ``unit``, ``values`` (allowed values or range),
        ``required``, ``description`` and ``source``; for features also ``label`` (how tables and
        pictures call them, options of the builder in braces), ``builder``, ``article``
        and ``missing`` (when it is). For one column a row per table that has it, with ``table``.

    Raises
    ------
    DataError
        Neither a table nor a column is called so; the message lists the nearest names.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.codebook("troops").loc["troops", "unit"]
    'persons'
    >>> cm.codebook("election_near")["builder"].tolist()
    ['add_elections']
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> cm.codebook(panel).loc["stop", "unit"]
    'periods'
    """
    check_arguments(codebook, locals())
    if isinstance(name, pd.DataFrame):
        return _of_frame(name)
    known = tables()
    if name == "features":
        return listing(_frame(list(_features().values())), ["type", "unit", "description"])
    if name in known:
        rows = [_row(column, known[name]) for column in known[name].columns]
        return listing(_frame(rows), ["type", "unit", "values", "description"])
    rows = _everywhere(name)
    if rows:
        return listing(_frame(rows), ["table", "type", "unit", "values", "description"])
    near = get_close_matches(name, [*known, *_names()], n=5, cutoff=0.4)
    hint = f"nearest names: {', '.join(near)}" if near else "see datasets()"
    raise DataError(f"no table or column named {name!r}; {hint}")


def _of_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per column of a frame, from where it most likely comes."""
    stamp = record_of(frame).notes.get("table", {})
    own = tables().get(str(stamp.get("name", ""))) if isinstance(stamp, Mapping) else None
    mine = {} if own is None else {column.name: _row(column, own) for column in own.columns}
    panel = {name: _panel_row(name) for name in _PANEL}
    order = (mine, _features(), panel)
    rows = []
    for name in frame.columns:
        found = next((place[str(name)] for place in order if str(name) in place), None)
        if found is None:
            found = _likely(_everywhere(str(name)), sources_of(frame))
        rows.append({**found, "column": str(name)})
    columns = ["type", "unit", "values", "description"]
    return listing(_frame(rows).drop(columns="table", errors="ignore"), columns)


def _likely(rows: list[dict[str, object]], sources: object) -> dict[str, object]:
    """The row of a table that the frame was made from, or one that says what all say."""
    made_from = list(sources) if isinstance(sources, (list, tuple)) else []
    used = [row for row in rows if row["table"] in made_from]
    same = len({str(row["description"]) for row in rows}) == 1
    return (used or (rows if same else [{}]))[0]


def _everywhere(name: str) -> list[dict[str, object]]:
    """A column of this name as a feature, of a panel, and in each table that has it."""
    rows: list[dict[str, object]] = []
    if name in _features():
        rows.append({**_features()[name], "table": "features"})
    if name in _PANEL:
        rows.append({**_panel_row(name), "table": "panel"})
    for item in tables().values():
        rows += [
            {**_row(column, item), "table": item.name}
            for column in item.columns
            if column.name == name
        ]
    return rows


def _names() -> list[str]:
    every = [column.name for item in tables().values() for column in item.columns]
    return list(dict.fromkeys([*_features(), *_PANEL, *every]))


@lru_cache(maxsize=1)
def _features() -> dict[str, dict[str, object]]:
    records = cast(Sequence[dict[str, object]], descriptor("features.json")["columns"])
    return {str(record["column"]): record for record in records}


def feature_labels() -> dict[str, str]:
    """How tables and pictures call each feature; options of its builder stand in braces.

    Examples
    --------
    >>> feature_labels()["election_near"]
    'Election within {window}'
    """
    return {column: str(record["label"]) for column, record in _features().items()}


def feature_builders() -> dict[str, list[str]]:
    """Builders of the codebook of features in its order, each with its columns.

    Examples
    --------
    >>> feature_builders()["add_war_powers"]
    ['war_powers']
    """
    by = {column: str(record["builder"]).split(", ") for column, record in _features().items()}
    # a column that two builders make stands among those of the first
    order = [names[0] for names in by.values()] + [n for names in by.values() for n in names[1:]]
    return {
        name: [column for column, names in by.items() if name in names]
        for name in dict.fromkeys(order)
    }


def _panel_row(name: str) -> dict[str, object]:
    kind, unit, description = _PANEL[name]
    return {
        "column": name,
        "type": kind,
        "unit": unit,
        "description": description,
        "source": "build_panel",
    }


def _row(column: Column, item: Entry) -> dict[str, object]:
    return {
        "column": column.name,
        "type": column.kind,
        "unit": column.unit,
        "values": _allowed(column),
        "required": column.required,
        "description": column.description,
        "source": item.citation_text or item.title,
    }


def _allowed(column: Column) -> str:
    if column.values:
        return ", ".join(str(value) for value in column.values)
    low, high = column.minimum, column.maximum
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"


def _frame(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Rows as a frame with the columns that all codebooks have, then those of some."""
    table = pd.DataFrame(list(rows))
    extra = [name for name in table.columns if name not in ("column", *_COLUMNS)]
    table = table.reindex(columns=["column", *_COLUMNS, *extra]).astype(object)
    return table.where(table.notna(), "").set_index("column")
