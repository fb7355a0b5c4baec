"""What a coalition is made of, by hand; and when three of them were hollow or collapsed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.hollow_levels import compositions
from coalition_models.designs.hollow_rule import (
    HollowRule,
    collapsed_months,
    first_month,
    hollow_months,
    rule_grid,
)
from coalition_models.errors import DataError

STATES = ["USA", "GBR", "FRA", "POL"]
MEMBERS = pd.DataFrame({
    "coalition": "x", "state": STATES, "entry": "2010-01-01", "exit": "2013-12-31",
    "exit_kind": ["leader", "mission_end", "mission_end", "mission_end"],
    "role": ["combat", "combat", "training", None],
})  # fmt: skip
COALITIONS = pd.DataFrame({
    "coalition": ["x"], "start": ["2010-01-01"], "mandate_end": ["2013-12-31"],
    "lead_state": ["USA"],
})  # fmt: skip
TROOPS = pd.DataFrame({
    "coalition": "x", "state": STATES * 2, "date": ["2010-01-15"] * 4 + ["2011-01-15"] * 4,
    "troops": [100, 60, 30, 10, 100, 10, 20, 10],
})  # fmt: skip
DEATHS = pd.DataFrame({
    "coalition": "x", "state": ["USA", "GBR", "FRA"], "deaths": [2, 1, 12],
    "date": ["2010-03-03", "2010-03-04", "2010-07-01"], "date_precision": ["day", "day", "year"],
})  # fmt: skip
MINE = cm.Facts(
    members=MEMBERS, coalitions=COALITIONS, troops=TROOPS, deaths=DEATHS,
    coverage={"x": ("2010-01", "2013-12")},
)  # fmt: skip


def test_composition_by_hand():
    found = cm.hollowing(MINE)
    june = found.at("x", "2010-06")
    assert june[["flags", "troops", "without_largest", "without_lead"]].tolist() == [
        4, 200.0, 100.0, 100.0,
    ]  # fmt: skip
    assert june["effective"] == pytest.approx(200**2 / (100**2 + 60**2 + 30**2 + 10**2))
    assert june["effective_without_lead"] == pytest.approx(100**2 / (60**2 + 30**2 + 10**2))
    # of those whose task is known
    assert june["combat_share"] == pytest.approx(160 / 190)
    assert june["combat_share_without_lead"] == pytest.approx(60 / 90)
    # the next list has 40 partners; halfway between lies on the line
    assert june[["without_lead_low", "without_lead_high"]].tolist() == [40.0, 100.0]
    # three dated deaths, and six of France's twelve by the end of June
    assert june["deaths"] == 9
    assert june["deaths_lead"] == pytest.approx(2 / 9)
    assert june["deaths_lead_high"] == pytest.approx(2 / 3)
    assert june["deaths_without_month"] == pytest.approx(6 / 9)
    assert june["without_lead_old"] == 0
    late = found.at("x", "2013-01")
    assert late[["troops_old", "without_lead_old", "old_or_unknown"]].tolist() == [1.0, 1.0, 1.0]


def test_the_month_moves_with_the_way_between_two_lists():
    found = cm.hollowing(MINE)
    rows = found.verdicts.query("rule == 'as given'").set_index("strengths")["hollow"]
    # 40 of 100: seen in January 2011; half is passed on a line after 304 days of 365
    assert {name: f"{month:%Y-%m}" for name, month in rows.items()} == {
        "last": "2011-01", "line": "2010-11", "next": "2010-02",
    }  # fmt: skip
    assert found.verdicts["collapsed"].isna().all()
    hollow = found.months.loc[found.months["hollow"], "month"]
    assert (hollow.min(), hollow.max()) == (pd.Timestamp("2011-01-01"), pd.Timestamp("2012-12-01"))
    assert found.under(HollowRule(strength_left=0.3))["hollow"].isna().all()


def test_without_a_lead_state_strength_is_that_of_all():
    plain = MINE.replace(
        coalitions=COALITIONS.assign(lead_state=None),
        members=MEMBERS.assign(exit_kind="mission_end"),
    )
    june = cm.hollowing(plain).at("x", "2010-06")
    assert june["without_lead"] == june["troops"] == 200
    assert np.isnan(june["deaths_lead"])
    assert cm.hollowing(plain, lead="USA").at("x", "2010-06")["without_lead"] == 100


def test_unknown_strengths_are_told_and_make_no_verdict():
    some = MINE.replace(troops=TROOPS[TROOPS["state"].isin(["GBR"])])
    found = cm.hollowing(some)
    assert found.at("x", "2010-06")["unknown"] == 0.75
    assert found.verdicts.query("rule == 'as given'")["hollow"].isna().all()
    loose = found.under(HollowRule(known=0.25))
    assert f"{loose['hollow'].iloc[0]:%Y-%m}" == "2011-01"


def test_the_rule_by_hand():
    flags = np.array([6.0, 6, 6, 4, 4, 4, 3])
    free = np.ones(7, dtype=bool)
    rule = HollowRule(lasting=3, collapse_left=2 / 3)
    assert collapsed_months(flags, free, rule).tolist() == [False] * 3 + [True] * 4
    # a dip of two months is none
    assert not collapsed_months(np.array([6.0, 4, 4, 6]), free[:4], rule).any()
    # the wind-up is not judged, and counts among the months in a row
    closed = np.array([True] * 4 + [False] * 3)
    assert collapsed_months(flags, closed, rule).tolist() == [False] * 3 + [True] + [False] * 3
    strength = np.array([10.0, 10, 5, 5, 5, np.nan, 5])
    hollow = hollow_months(strength, np.full(7, 6.0), np.ones(7), free, rule)
    assert hollow.tolist() == [False, False, True, True, True, False, False]
    assert first_month(list("abcdefg"), hollow) == "c"
    assert first_month(["a"], np.zeros(1, dtype=bool)) is None
    assert len({str(one) for _, one in rule_grid(HollowRule())}) >= 12


def test_iraq_in_both_revisions():
    first = cm.hollowing(cm.facts("iraq", revision=1))
    shown = ["flags", "without_lead"]
    assert first.at("iraq", "2004-07")[shown].tolist() == [31, 24936.0]
    assert first.at("iraq", "2008-07")[shown].tolist() == [21, 10892.0]
    second = cm.hollowing(cm.facts("iraq"))
    assert second.at("iraq", "2004-07")[shown].tolist() == [31, 24936.0]
    assert second.at("iraq", "2008-07")[shown].tolist() == [20, 10892.0]


def test_iraq_is_hollow_unosom_collapses_and_isaf_is_neither():
    found = cm.hollowing(cm.facts("iraq", "isaf", "unosom2"), lead="USA")
    main = found.verdicts.query("rule == 'as given' and strengths == 'last'")
    main = main.set_index("coalition")[["hollow", "collapsed"]]
    said = main.map(lambda month: None if month is None else f"{month:%Y-%m}")
    assert said.loc["iraq"].tolist() == ["2007-07", None]
    assert said.loc["isaf"].tolist() == [None, None]
    assert said.loc["unosom2"].tolist() == [None, "1994-03"]
    assert "never in" in str(found)


def test_what_cannot_be_followed_is_refused():
    for facts in (MINE.replace(troops=None), MINE.replace(coalitions=None), cm.Facts()):
        with pytest.raises(DataError, match="members"):
            cm.hollowing(facts)
    with pytest.raises(DataError, match="lead"):
        cm.hollowing(MINE, lead="Atlantis")
    with pytest.raises(DataError, match="no month 1999-01 of 'x'"):
        cm.hollowing(MINE).at("x", "1999-01")
    with pytest.raises(DataError, match=r"strength_left must lie between 0 and 1.*lasting"):
        HollowRule(strength_left=2, lasting=0)
    with pytest.raises(DataError, match="troops"):
        compositions(cm.Facts(), {}, ["combat"])
