"""Values from a user's table hold from day to day, and bad tables are refused."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.features.former_communist import add_former_communist
from coalition_models.features.from_table import add_from_table

SHAPE = "coalition, cow, start, end, threat (per year)"


@pytest.fixture
def panel():
    months = pd.date_range("2004-01-01", periods=4, freq="MS")
    return pd.DataFrame(
        {
            "coalition": ["iraq"] * 4 + ["isaf"] * 4,
            "cow": 230,
            "period": [*months, *months],
        },
        index=range(10, 18),
    )


def table(*rows):
    columns = ["coalition", "cow", "start", "end", "threat"]
    frame = pd.DataFrame(list(rows), columns=columns)
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))


def test_the_value_on_the_eve_counts_and_nothing_is_zero(panel):
    own = table(("iraq", 230, "2003-06-01", "2003-12-31", 1.0),
                ("iraq", 230, "2004-01-31", "2004-02-28", 2.0),
                ("isaf", 230, "2004-03-01", None, 3.0),
                ("isaf", 290, "2003-01-01", None, 9.0))  # fmt: skip
    found = add_from_table(panel, own, "threat", SHAPE)
    assert found.index.equals(panel.index)
    # 2004-02-29, the eve of March, lies in no span
    assert found.fillna(-1).tolist() == [1, 2, -1, -1, -1, -1, -1, 3]


def test_keys_are_those_of_the_shape(panel):
    own = table(("iraq", 230, "2003-01-01", None, 5.0))
    everywhere = add_from_table(panel, own, "threat", "cow, start, end, threat")
    assert everywhere.tolist() == [5.0] * 8
    here = add_from_table(panel, own, "threat", SHAPE)
    assert here.notna().tolist() == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"drop": ["cow", "threat"]}, "lacks the columns cow, threat"),
        ({"start": "2004"}, "column start must hold"),
        ({"threat": "high"}, "column threat must hold numbers"),
        ({"end": pd.Timestamp("2000-01-01")}, "an end before it: row 0"),
        ({"start": pd.NaT}, "no start, or an end before it: row 0"),
        ({}, "overlap an earlier one: row 1"),
    ],
)
def test_bad_tables_are_refused(panel, change, said):
    own = table(("iraq", 230, "2003-01-01", None, 1.0), ("iraq", 230, "2004-02-01", None, 2.0))
    changed = own.drop(columns=change.pop("drop", [])).assign(**change)
    if "start" in change and change["start"] is pd.NaT:
        changed["start"] = pd.to_datetime(changed["start"])
    with pytest.raises(DataError, match=said):
        add_from_table(panel, changed, "threat", SHAPE)


def test_former_communist_states():
    states = {290: 1, 365: 1, 712: 1, 345: 1, 230: 0, 255: 0, 710: 0}
    panel = pd.DataFrame({"cow": list(states), "period": pd.Timestamp("2004-01-01")})
    assert add_former_communist(panel)["former_communist"].tolist() == list(states.values())
    before = panel.assign(period=pd.Timestamp("1991-12-01"))
    assert add_former_communist(before)["former_communist"].isna().all()
    with pytest.raises(DataError, match="lacks the columns period"):
        add_former_communist(panel.drop(columns="period"))


def test_dates_in_a_time_zone_are_refused(panel):
    start = pd.to_datetime(["2004-01-01"]).tz_localize("UTC")
    table = pd.DataFrame({"cow": [230], "start": start, "end": [pd.NaT], "threat": [1.0]})
    with pytest.raises(DataError, match=r"column start must hold .*time zone"):
        add_from_table(panel, table, "threat", "cow, start, end, threat")
