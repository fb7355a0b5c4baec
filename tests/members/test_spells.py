"""Spells from troop levels: gaps, renamed missions, ends of missions."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.spells import check_spells


def levels(*rows, coalition="UNIFIL"):
    frame = pd.DataFrame(rows, columns=["state", "cow", "date", "troops"])
    return frame.assign(coalition=coalition, date=pd.to_datetime(frame["date"]))


def seen(state, cow, *dates, troops=100.0):
    return [(state, cow, date, troops) for date in dates]


def months(first, last):
    return [f"{d:%Y-%m-%d}" for d in pd.date_range(first, last, freq="ME")]


def test_a_gap_of_as_many_missing_months_as_allowed_is_one_spell():
    # February to April are missing: three months
    frame = levels(*seen("POL", 290, "2010-01-31", "2010-05-31"))
    assert len(cm.spells_from_levels(frame, gap=3)) == 1
    assert len(cm.spells_from_levels(frame, gap=2)) == 2


def test_rotation_dip_below_the_minimum_does_not_end_a_spell():
    rows = [
        ("POL", 290, "2010-01-31", 500.0),
        ("POL", 290, "2010-02-28", 3.0),
        ("POL", 290, "2010-03-31", 480.0),
    ]
    spells = cm.spells_from_levels(levels(*rows), minimum=50, gap=1)
    assert spells[["entry", "exit"]].astype(str).to_numpy().tolist() == [
        ["2010-01-31", "2010-03-31"]
    ]
    assert spells["peak_troops"].tolist() == [500.0]
    assert spells["periods_observed"].tolist() == [2]


def test_entry_is_the_first_date_seen_and_exit_the_last():
    frame = levels(*seen("POL", 290, "2008-01-05", "2008-01-29", "2008-09-30"))
    for period, first, last in (
        ("month", "2008-01-05", "2008-01-29"),
        ("year", "2008-01-05", "2008-09-30"),
    ):
        spell = cm.spells_from_levels(frame, period=period).iloc[0]
        assert (spell["entry"], spell["exit"]) == (pd.Timestamp(first), pd.Timestamp(last))


def test_a_renamed_mission_is_not_an_exit():
    frame = pd.concat(
        [
            levels(*seen("IND", 750, *months("2010-01", "2010-06-30")), coalition="MONUC"),
            levels(*seen("IND", 750, *months("2010-07", "2010-12-31")), coalition="MONUSCO"),
        ]
    )
    apart = cm.spells_from_levels(frame)
    assert len(apart) == 2
    joined = cm.spells_from_levels(frame, renamed={"MONUC": "MONUSCO"})
    assert joined[["coalition", "spell", "exit_kind"]].to_numpy().tolist() == [
        ["MONUSCO", 1, "ongoing"]
    ]


def test_exit_kinds_follow_the_last_month_of_the_mission():
    frame = levels(
        *seen("POL", 290, *months("2010-01", "2010-06-30")),  # six months before the others
        *seen("IND", 750, *months("2010-03", "2010-10-31")),  # two months before the end
        *seen("GHA", 452, *months("2010-01", "2010-12-31")),
    )
    other = levels(*seen("GHA", 452, *months("2010-01", "2011-06-30")), coalition="UNMIL")
    spells = cm.spells_from_levels(pd.concat([frame, other])).set_index(["coalition", "state"])
    assert spells["exit_kind"].to_dict() == {
        ("UNIFIL", "GHA"): "mission_end",
        ("UNIFIL", "IND"): "mission_end",
        ("UNIFIL", "POL"): "early",
        ("UNMIL", "GHA"): "ongoing",
    }
    # running in the first month of the data: the true entry is not known
    assert spells["entry_known"].to_dict() == {
        ("UNIFIL", "GHA"): False,
        ("UNIFIL", "IND"): True,
        ("UNIFIL", "POL"): False,
        ("UNMIL", "GHA"): False,
    }


def test_spells_feed_a_panel():
    frame = levels(
        *seen("POL", 290, *months("2010-02", "2010-05-31")),
        *seen("GHA", 452, *months("2010-01", "2010-12-31")),
    )
    spells = cm.spells_from_levels(frame)
    unifil = pd.DataFrame(
        {
            "coalition": ["UNIFIL"],
            "start": pd.to_datetime(["1978-03-19"]),
            "mandate_end": pd.to_datetime([None]),
            "lead_state": [None],
        }
    )
    panel = cm.build_panel(spells, coalitions=unifil, clock="coalition", until="2010-12-31")
    assert len(panel) == 4 + 12
    assert panel.query("state == 'POL'")["event"].tolist() == [0, 0, 0, 1]


def test_several_rows_in_a_period_count_once():
    frame = levels(
        ("POL", 290, "2010-01-10", 100.0),
        ("POL", 290, "2010-01-20", 120.0),
        ("POL", 290, "2010-02-20", 90.0),
    )
    spells = cm.spells_from_levels(frame)
    assert spells[["peak_troops", "periods_observed"]].to_numpy().tolist() == [[120.0, 2.0]]


def test_bad_levels_are_named():
    with pytest.raises(cm.DataError, match="no row reaches the minimum"):
        cm.spells_from_levels(levels(("POL", 290, "2010-01-10", 0.0)))
    frame = levels(("POL", 290, "2010-01-10", 5.0), ("POL", 290, "2010-02-10", None))
    with pytest.raises(cm.DataError, match=r"troops is missing in 1 row.*UNIFIL POL 2010-02-10"):
        cm.spells_from_levels(frame)
    with pytest.raises(cm.DataError, match=r"gap must be a whole number.*-1"):
        cm.spells_from_levels(levels(*seen("POL", 290, "2010-01-10")), gap=-1)
    with pytest.raises(cm.DataError, match="missing column: state; missing column: cow"):
        cm.spells_from_levels(
            levels(*seen("POL", 290, "2010-01-10")).drop(columns=["cow", "state"])
        )
    with pytest.raises(cm.DataError, match="troops must be at least 0"):
        cm.spells_from_levels(levels(("POL", 290, "2010-01-10", -5.0)))


def test_bundled_spells_are_right():
    assert check_spells(cm.load("participation")) == []


@pytest.mark.mirror
def test_un_contingents_of_2009_to_2014_give_the_known_counts(mirror, monkeypatch):
    """Counts made independently for the source: joined and unjoined missions."""
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    un = cm.load("ipi-contributions")
    frame = un.rename(columns={"iso3": "state", "mission": "coalition"})
    assert (frame["troops"] > 0).sum() == 13505
    named = cm.spells_from_levels(frame, gap=2)
    early = named[named["exit_kind"] == "early"]
    assert (len(named), len(early), int((early["peak_troops"] >= 50).sum())) == (483, 104, 13)
    renamed = {"MONUC": "MONUSCO", "UNMIS": "UNMISS", "BINUB": "BNUB"}
    joined = cm.spells_from_levels(frame, gap=3, renamed=renamed)
    early = joined[joined["exit_kind"] == "early"]
    assert (len(joined), len(early), int((early["peak_troops"] >= 50).sum())) == (433, 108, 18)


def test_a_strength_without_end_is_refused():
    with pytest.raises(cm.DataError, match="column troops must be finite, found inf"):
        cm.spells_from_levels(levels(*seen("POL", 290, "2010-01-31", troops=float("inf"))))


def test_one_state_has_one_code_unless_it_goes_on_under_another():
    wrong = levels(*seen("POL", 290, "2010-01-31"), *seen("POL", 230, "2010-02-28"))
    with pytest.raises(cm.DataError, match=r"more than one cow code .*UNIFIL POL \(290, 230\)"):
        cm.spells_from_levels(wrong)
    # Germany is 260 until 2 October 1990, and 255 from the next day
    germany = levels(*seen("DEU", 260, "1990-09-30"), *seen("DEU", 255, "1990-10-31"))
    assert len(cm.spells_from_levels(germany)) == 1
