"""Numbers of values are those of looking at every row, however the rows stand."""

import numpy as np
import pandas as pd
import pytest

from coalition_models.models.sample.numbering import Numbering
from coalition_models.models.sample.rows import Rows, values_of

COLUMNS = {
    "text": ["ESP", "ESP", "POL", None, "POL", "ITA"],
    "whole": [1, 1, 2, 2, 2, 3],
    "gaps": [0.0, -0.0, np.nan, np.nan, 5.0, 5.0],
    "mixed": [1, 1.0, True, "1", "1", None],
    "nullable": pd.array([1, None, 1, 2, 2, 2], dtype="Int64"),
    "days": pd.to_datetime(["2004-01-01", None, None, "2004-01-01", "2005-01-01", "2005-01-01"]),
    "kinds": pd.Categorical(["a", "b", None, "b", "a", "a"], categories=["b", "a", "unused"]),
}


@pytest.mark.parametrize("times", [1, 20])
@pytest.mark.parametrize("name", COLUMNS)
def test_one_column_is_numbered_by_first_appearance(name: str, times: int) -> None:
    frame = pd.DataFrame(COLUMNS).loc[np.repeat(np.arange(6), times)]
    codes, count = Numbering(Rows(frame)).column(name)
    known, labels = pd.factorize(frame[name])
    assert codes.tolist() == known.tolist()
    assert count == len(labels)


@pytest.mark.parametrize("times", [1, 20])
def test_combinations_are_numbered_by_first_appearance_and_gaps_have_none(times: int) -> None:
    frame = pd.DataFrame(COLUMNS).loc[np.repeat([0, 2, 1, 0, 5, 3, 4], times)]
    seen: dict[tuple[object, ...], int] = {}
    wanted = []
    for text, days in zip(frame["text"], frame["days"], strict=True):
        gap = text is None or days is pd.NaT
        wanted.append(-1 if gap else seen.setdefault((text, days), len(seen)))
    codes, count = Numbering(Rows(frame)).joint(["text", "days"])
    order = {code: place for place, code in enumerate(dict.fromkeys(codes[codes >= 0].tolist()))}
    assert [order.get(code, -1) for code in codes.tolist()] == wanted
    assert count >= len(seen)


def test_objects_that_do_not_compare_are_looked_up_row_by_row() -> None:
    frame = pd.DataFrame({"odd": [pd.NA, pd.NA, "a", "a"] * 10}, dtype=object)
    codes, count = Numbering(Rows(frame)).column("odd")
    assert codes.tolist() == [-1, -1, 0, 0] * 10
    assert count == 1


def test_rows_take_columns_in_this_order_of_bytes_and_copy_what_a_fit_keeps() -> None:
    frame = pd.DataFrame({"cow": np.array([2, 20, 200], dtype=">i4"), "state": list("abc")})
    rows = Rows(frame)
    assert rows.array("cow").dtype.isnative
    assert rows.copied("state") is not rows.array("state")
    fewer = rows.inside(np.array([True, False, True])).inside(np.array([False, True]))
    assert (len(fewer), fewer["state"].tolist(), fewer.index.tolist()) == (1, ["c"], [2])
    assert values_of(frame, "state").tolist() == ["a", "b", "c"]
