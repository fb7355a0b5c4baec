"""Dates as pandas reads them: text in one order, columns that are empty, days out of range."""

from __future__ import annotations

import datetime
import warnings

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.arguments import read_days

MEMBERS = pd.DataFrame({
    "coalition": "mali", "state": ["DEU", "BEL", "NLD"], "cow": [255, 211, 210], "spell": 1,
    "entry": ["2013-02-01", "2013-03-05", "2013-04-10"],
    "exit": ["2013-11-20", "2014-06-30", None], "exit_kind": ["early", "scheduled", "ongoing"],
})  # fmt: skip
TABLE = pd.DataFrame({"coalition": ["mali"], "start": ["2013-01-11"],
                      "mandate_end": ["2014-12-31"], "lead_state": ["FRA"]})  # fmt: skip
LEVELS = pd.DataFrame({"coalition": "mali", "state": ["DEU", "BEL"], "cow": [255, 211],
                       "date": ["2013-05-01", "2013-06-01"], "troops": [300, 50]})  # fmt: skip
FALLEN = pd.DataFrame({"coalition": "mali", "cow": [255], "date": ["2013-05-14"], "deaths": [2]})
DATES = ("entry", "exit", "start", "mandate_end", "date")


def dated(table):
    names = [n for n in DATES if n in table.columns]
    return table.assign(**{n: pd.to_datetime(table[n]) for n in names})


FORMS = {
    "text": lambda s: s,
    "category": lambda s: s.astype("category"),
    "string": lambda s: s.astype("string"),
    "date": lambda s: s.map(lambda v: v if v is None else datetime.date.fromisoformat(v)),
    "seconds": lambda s: pd.to_datetime(s).astype("datetime64[s]"),
    "big-endian": lambda s: pd.Series(
        pd.to_datetime(s).to_numpy().astype(">M8[ns]"), index=s.index
    ),
    "time of day": lambda s: s.map(lambda v: v if v is None else f"{v} 13:30"),
}


@pytest.fixture(params=FORMS)
def form(request):
    def change(table):
        names = [n for n in DATES if n in table.columns]
        return table.assign(**{n: FORMS[request.param](table[n]) for n in names})

    return change


def test_every_table_takes_dates_in_every_form(form):
    panel = cm.build_panel(form(MEMBERS), coalitions=form(TABLE))
    plain = cm.build_panel(dated(MEMBERS), coalitions=dated(TABLE))
    assert panel["event"].sum() == 1
    pd.testing.assert_frame_equal(
        panel.assign(entry=panel["entry"].dt.normalize()), plain, check_dtype=False
    )
    profile = cm.operational_profile(form(MEMBERS), form(LEVELS), coalitions=form(TABLE))
    right = cm.operational_profile(dated(MEMBERS), dated(LEVELS), coalitions=dated(TABLE))
    assert profile["troops"].fillna(-1).tolist() == right["troops"].fillna(-1).tolist()
    coded = cm.code_defections(form(MEMBERS), rule="tago-2009")
    assert coded["date"].dt.normalize().tolist() == [pd.Timestamp("2013-11-20")]
    assert len(cm.spells_from_levels(form(LEVELS))) == 2
    mine = cm.Facts(
        members=form(MEMBERS), coalitions=form(TABLE), troops=form(LEVELS), deaths=form(FALLEN),
        coverage={"mali": ("2013-01", "2014-12")},
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cm.CoalitionWarning)  # nothing else is known of them
        assert cm.add_casualties(panel, facts=mine)["deaths_cumulative"].max() == 2
        assert cm.add_contagion(panel, facts=mine)["earlier_defectors"].max() == 1
    assert len(cm.plot.participation(form(MEMBERS)).data) == 3
    assert len(cm.validate(form(LEVELS).assign(status="in_theatre"), _shape())) == 2


def _shape():
    from coalition_models.tables.contract import Column, Contract

    return Contract("levels", (Column("coalition"), Column("troops", "number")))


@pytest.mark.parametrize(
    "bad", ["2019-13-01", "01/02/2013", "13.11.2013", "20131120", "Nov 2013", "2013", "soon"]
)
def test_a_value_that_is_no_date_is_named_with_its_row(bad):
    for column in ("entry", "exit"):
        wrong = MEMBERS.copy()
        wrong.loc[1, column] = bad
        with pytest.raises(cm.DataError, match=f"column {column} must hold .*'{bad}' in row 1"):
            cm.build_panel(wrong, coalitions=TABLE)
        with pytest.raises(cm.DataError, match=f"column {column} must hold .*'{bad}'"):
            cm.plot.participation(wrong)
    late = LEVELS.copy()
    late.loc[1, "date"] = bad
    for call in (
        lambda: cm.spells_from_levels(late),
        lambda: cm.operational_profile(MEMBERS, late, coalitions=TABLE),
        lambda: cm.Facts(members=MEMBERS, coalitions=TABLE, troops=late),
    ):
        with pytest.raises(cm.DataError, match=f"column date must hold .*'{bad}' in row 1"):
            call()


def test_everything_that_is_wrong_is_told_at_once():
    wrong = pd.DataFrame({
        "coalition": "mali", "state": ["DEU", "BEL", "NLD", "XXQ"], "cow": [255, 211, 210, 996],
        "spell": 1, "entry": ["2013-02-01", "31/01/2013", "2013-04-10", "2013-04-10"],
        "exit": ["2012-11-20", "2014-06-30", None, "2014-01-01"],
        "exit_kind": ["early", "left", "early", "early"],
    })  # fmt: skip
    with pytest.raises(cm.DataError) as caught:
        cm.build_panel(wrong, coalitions=TABLE.assign(lead_state="UKG", start="2016-01-01"))
    for text in (
        "column entry must hold date values",
        "'31/01/2013' in row 1",
        "exit_kind must be one of",
        "exit before entry: mali DEU-1 (2013-02-01 to 2012-11-20)",
        "no exit date although the spell is not coded ongoing: mali NLD-1",
        "XXQ with cow 996",
        "start after mandate_end: mali",
        "UKG of mali (GBR is meant)",
    ):
        assert text in str(caught.value), text


def test_missing_columns_do_not_hide_the_rest():
    with pytest.raises(cm.DataError) as caught:
        cm.build_panel(
            MEMBERS.drop(columns="exit_kind").assign(entry="x"),
            coalitions=TABLE.drop(columns="start"),
        )
    for text in ("missing: exit_kind", "column entry must hold", "lacks the columns start"):
        assert text in str(caught.value), text


@pytest.mark.parametrize("empty", [np.nan, None, pd.NaT, pd.NA, ""])
def test_a_column_without_any_date_is_one_of_missing_dates(empty):
    if isinstance(empty, str):
        with pytest.raises(cm.DataError, match="column mandate_end must hold"):
            cm.build_panel(MEMBERS, coalitions=TABLE.assign(mandate_end=empty), until="2014-01-01")
        return
    open_end = cm.build_panel(
        MEMBERS, coalitions=TABLE.assign(mandate_end=empty), until="2014-01-01"
    )
    assert open_end["event"].sum() == 1
    going_on = MEMBERS.assign(exit=empty, exit_kind="ongoing")
    assert cm.build_panel(going_on, coalitions=TABLE)["event"].sum() == 0
    assert len(cm.operational_profile(going_on, LEVELS, coalitions=TABLE))
    with pytest.raises(cm.DataError, match="no member"):
        cm.build_panel(going_on.assign(exit_kind="leader"), coalitions=TABLE)
    assert len(cm.code_defections(going_on, rule="tago-2009")) == 0
    fallen_back = MEMBERS.assign(announced=empty, last_personnel=empty)
    for date in ("announced", "last"):
        panel = cm.build_panel(fallen_back, coalitions=TABLE, exit_date=date)
        assert set(panel["exit_dated_by"]) == {"main"}
        assert any(
            "date, the main exit date is used" in n for n in cm.record_of(panel).panel["notes"]
        )


@pytest.mark.parametrize("far", ["9999-12-31", "1500-01-01", datetime.date(2300, 1, 1)])
def test_days_out_of_range_are_named(far):
    with pytest.raises(cm.DataError, match="until must be a date from 1678 to 2261"):
        cm.build_panel(MEMBERS, coalitions=TABLE, until=far)
    with pytest.raises(cm.DataError, match="1678 to 2261"):
        cm.build_panel(MEMBERS, coalitions=TABLE.assign(mandate_end=far))
    seconds = pd.Series(np.array([str(far)] * 3, dtype="datetime64[s]"))
    with pytest.raises(cm.DataError, match=r"column exit must hold .*1678 to 2261"):
        cm.build_panel(MEMBERS.assign(exit=seconds), coalitions=TABLE)


def test_big_endian_columns_of_every_kind():
    changed = MEMBERS.assign(
        cow=MEMBERS["cow"].to_numpy().astype(">i4"), spell=np.array([1, 1, 1], dtype=">i2")
    )
    panel = cm.build_panel(changed, coalitions=TABLE)
    assert panel["event"].sum() == 1
    levels = LEVELS.assign(troops=LEVELS["troops"].to_numpy().astype(">f8"))
    assert cm.spells_from_levels(levels)["peak_troops"].tolist() == [50, 300]
    rows = panel.assign(cow=panel["cow"].to_numpy().astype(">i8"))
    mine = cm.Facts(members=changed, coalitions=TABLE, troops=levels)
    with pytest.warns(cm.CoalitionWarning, match="missing in every row: lead_below_peak"):
        assert cm.add_contagion(rows, facts=mine)["earlier_defectors"].max() == 1
    assert cm.to_cow(["DEU"], np.array([2005], dtype=">i4")).tolist() == [255]


def test_shuffled_and_repeated_row_labels_change_nothing():
    right = cm.build_panel(MEMBERS, coalitions=TABLE)
    for labels in ([0, 0, 0], ["state", "cow", "exit"], [2, 1, 0]):
        other = MEMBERS.set_axis(labels)
        pd.testing.assert_frame_equal(cm.build_panel(other, coalitions=TABLE), right)
        pd.testing.assert_frame_equal(
            cm.build_panel(other.sample(frac=1, random_state=1), coalitions=TABLE), right
        )


@pytest.mark.filterwarnings("ignore:Dtype inference:FutureWarning")
def test_pandas_own_text_gives_the_same():
    right = cm.operational_profile(MEMBERS, LEVELS, coalitions=TABLE)
    with pd.option_context("future.infer_string", True):
        tables = [pd.DataFrame(t.to_dict("list")) for t in (MEMBERS, LEVELS, TABLE)]
        members, levels, table = tables
        panel = cm.build_panel(members, coalitions=table)
        profile = cm.operational_profile(members, levels, coalitions=table)
        bundled = cm.operational_profile(cm.load("participation").query("state == 'KOR'"))
    assert panel["event"].sum() == 1
    assert profile["troops"].fillna(-1).tolist() == right["troops"].fillna(-1).tolist()
    assert bundled.query("coalition == 'iraq'")["troops"].max() == 3600


def test_reading_days_tells_what_is_none():
    mixed = pd.Series(
        ["2004-04", datetime.date(2004, 4, 1), None, [1], 5, "2004-02-30"], dtype=object
    )
    days, wrong = read_days(mixed)
    assert wrong.tolist() == [False, False, False, True, True, True]
    assert days.notna().tolist() == [True, True, False, False, False, False]
