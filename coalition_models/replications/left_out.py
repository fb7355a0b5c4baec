"""Printed numbers that are known and not recomputed, counted, by table, each with the reason."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd

from coalition_models.errors import ReplicationError, first_few

__all__ = ["list_left_out"]

_COLUMNS = ["study", "table", "numbers", "why"]


def list_left_out() -> pd.DataFrame:
    """List printed numbers that were found and are in no study's ``published.csv``.

    Returns
    -------
    DataFrame
        ``study`` (some have no folder: nothing of them can be recomputed), ``table``, ``numbers``
        (how many), ``why``.

    Raises
    ------
    ReplicationError
        If the list is not as it should be.

    Examples
    --------
    >>> found = list_left_out().set_index("table")["why"]
    >>> found["Table 22"]
    "Heckman's selection model"
    """
    path = files("coalition_models.replications").joinpath("left_out.csv")
    with path.open(encoding="utf-8") as file:
        found = pd.read_csv(file)
    empty = found[(found["numbers"] < 1) | found["why"].isna()]
    if list(found.columns) != _COLUMNS or len(empty):
        raise ReplicationError(
            f"left_out.csv must have {', '.join(_COLUMNS)}, a count and a reason in every row; "
            f"wrong: {first_few(empty['study'])}"
        )
    return found
