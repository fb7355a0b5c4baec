"""Names of states and units of time as pictures write them."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.codes import from_cow
from coalition_models.sources.load import load

__all__ = ["state_name", "state_names", "time_label"]

_UNITS = {"month": "months", "quarter": "quarters", "year": "years"}
_SINCE = {"entry": "since entry", "coalition": "since the coalition began"}


def state_names(frame: pd.DataFrame) -> pd.Series:
    """Names of the states in a table: its own, the bundled ones, those of the codes; else codes.

    Parameters
    ----------
    frame : DataFrame
        With ``state``, and ``name`` or ``cow`` where there are any.

    Examples
    --------
    >>> import pandas as pd
    >>> state_names(pd.DataFrame({"state": ["ESP", "KEN"], "cow": [230, 501]})).tolist()
    ['Spain', 'Kenya']
    """
    known = frame["state"].map(_bundled_names())
    if "name" in frame.columns:
        known = frame["name"].where(frame["name"].notna(), known)
    if known.isna().any() and "cow" in frame.columns:
        # what are no numbers of states are left: the codes stand for themselves
        with contextlib.suppress(DataError):
            known = known.where(known.notna(), from_cow(frame["cow"], to="name", missing="na"))
    return known.where(known.notna(), frame["state"]).astype(str)


def state_name(code: str) -> str:
    """Name of a state of the bundled facts; any other code stays.

    Examples
    --------
    >>> state_name("ESP"), state_name("XYZ")
    ('Spain', 'XYZ')
    """
    return _bundled_names().get(code, code)


@lru_cache(maxsize=1)
def _bundled_names() -> dict[str, str]:
    table = load("participation")
    return dict(zip(table["state"], table["name"], strict=True))


def time_label(data_choices: Sequence[str]) -> str:
    """What the axis of time is called, by how the panel was made.

    Examples
    --------
    >>> time_label(["Panel: period month; clock entry; exit_date main."]), time_label([])
    ('months since entry', 'time at risk')
    """
    text = next((line for line in data_choices if line.startswith("Panel: ")), "")
    said = dict(re.findall(r"\b(period|clock) (\w+)", text))
    unit, since = _UNITS.get(said.get("period", "")), _SINCE.get(said.get("clock", ""))
    if unit is None:
        return "time at risk"
    return f"{unit} {since}" if since else f"{unit} at risk"
