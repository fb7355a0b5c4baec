"""Strength, shares and recommitment on a table small enough to do by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.commitment import add_commitment
from coalition_models.record import record_of, sources_of
from coalition_models.timelines.given import facts_beside

SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["ESP", "ITA", "USA"],
        "cow": [230, 325, 2],
        "spell": 1,
        "entry": pd.to_datetime(["2003-02-10", "2003-02-01", "2003-01-01"]),
        "exit": pd.to_datetime(["2003-08-20", "2003-06-05", "2003-12-01"]),
        "exit_kind": ["early", "early", "leader"],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("2003-01-01")],
        "mandate_end": [pd.Timestamp("2003-12-31")],
        "lead_state": ["USA"],
    }
)
TROOPS = pd.DataFrame(
    {
        "coalition": "one",
        "cow": [2, 230, 325, 230],
        "date": pd.to_datetime(["2003-02-01", "2003-03-10", "2003-04-01", "2003-06-15"]),
        "troops": [600, 300, 100, 200],
    }
)
CHANGES = pd.DataFrame(
    {
        "coalition": "one",
        "cow": [230, 230, 325],
        "date": pd.to_datetime(["2003-05-03", "2003-06-15", "2003-05-01"]),
        "change": ["extension", "drawdown", "caveat_tightened"],
    }
)
STATES = pd.DataFrame(
    {
        "cow": [230, 325],
        "year": 2002,
        "population": [40_000_000, 50_000_000],
        "soldiers": [150.0, np.nan],
    }
)


@pytest.fixture
def panel():
    return cm.build_panel(SPELLS, coalitions=COALITIONS)


def built(panel, **options):
    tables = {"data": TROOPS, "members": SPELLS, "changes": CHANGES, "states": STATES}
    return add_commitment(panel, **(tables | options))


def column(panel, state, name):
    return panel.loc[panel["state"] == state, name].tolist()


def test_by_hand(panel):
    out = built(panel)
    # Spain, February to August: 300 seen in March, 200 in June
    nan = math.nan
    np.testing.assert_equal(column(out, "ESP", "troops"), [nan, nan, 300, 300, 300, 200, 200])
    np.testing.assert_equal(column(out, "ESP", "troops_age_months"), [nan, nan, 1, 2, 3, 1, 2])
    # April: Italy is not yet known, 2 of 3 members < 0.75; from May on 300 of 600 + 300 + 100;
    # Italy leaves in June, so in July Spain has 200 of 800
    np.testing.assert_equal(
        column(out, "ESP", "troop_share"), [nan, nan, nan, 0.3, 0.3, 0.25, 0.25]
    )
    np.testing.assert_equal(column(out, "ESP", "strength_known"), [0, 1 / 3, 2 / 3, 1, 1, 1, 1])
    np.testing.assert_equal(column(out, "ESP", "troops_per_million")[2:4], [7.5, 7.5])
    np.testing.assert_equal(column(out, "ESP", "relative_commitment")[2:4], [0.2, 0.2])
    assert np.isnan(column(out, "ITA", "relative_commitment")).all()
    np.testing.assert_allclose(column(out, "ESP", "share_below_peak")[4:], [0, 1 / 3, 1 / 3])
    np.testing.assert_equal(column(out, "ESP", "recommitted"), [0, 0, 0, 0, 1, 1, 1])
    # since the entry in February, then since the extension in May
    np.testing.assert_equal(column(out, "ESP", "months_since_recommitment"), [0, 1, 2, 3, 1, 2, 3])
    assert column(out, "ESP", "log_troops")[2] == pytest.approx(math.log(301))


def test_strength_of_the_period_itself_is_never_read(panel):
    start, end = built(panel), built(panel, as_of="end")
    strength = [c for c in start.columns if "troop" in c or c == "share_below_peak"]
    for state in ("ESP", "ITA"):
        for name in strength:
            np.testing.assert_equal(column(end, state, name), column(start, state, name))
        # changes of the period count
        np.testing.assert_equal(
            column(end, state, "recommitted")[:-1], column(start, state, "recommitted")[1:]
        )


def test_what_is_observed_in_the_period_of_exit_changes_nothing(panel):
    left = panel.query("event == 1")[["coalition", "cow", "period"]]
    last = left.rename(columns={"period": "date"}).assign(troops=1.0)
    more = pd.concat([TROOPS, last])
    for choice in ({}, {"as_of": "end"}):
        out, without = built(panel, data=more, **choice), built(panel, **choice)
        for name in ("troops", "log_troops", "share_below_peak"):
            np.testing.assert_equal(
                out.loc[out["event"] == 1, name].tolist(),
                without.loc[without["event"] == 1, name].tolist(),
            )


def test_strengths_can_lag(panel):
    now, then = built(panel), built(panel, strength_lag=2)
    nan = math.nan
    np.testing.assert_equal(column(then, "ESP", "troops"), [nan] * 4 + [300, 300, 300])
    np.testing.assert_equal(
        column(then, "ESP", "troops"), [nan] * 2 + column(now, "ESP", "troops")[:-2]
    )
    np.testing.assert_equal(column(then, "ESP", "troops_age_months")[4:], [3, 4, 5])
    assert cm.record_of(then).features["log_troops"]["strength_lag"] == 2
    with pytest.raises(cm.DataError, match="strength_lag"):
        built(panel, strength_lag=-1)


def test_min_known_decides_when_a_share_is_given(panel):
    out = built(panel, min_known=0.5)
    assert column(out, "ESP", "troop_share")[2] == pytest.approx(300 / 900)
    # without the lead state no share, whatever is known of the others
    no_lead = built(panel, data=TROOPS[TROOPS["cow"] != 2], min_known=0)
    assert no_lead["troop_share"].isna().all()


def test_missing_for_a_coalition_that_the_tables_do_not_cover(panel):
    other = TROOPS.assign(coalition="another")
    out = add_commitment(panel, facts=facts_beside(panel, states=STATES, troops=other))
    new = list(out.columns.difference([*panel.columns, "strength_known"]))
    assert out[new].isna().all().all()
    assert record_of(out).features["troops"]["missing_rows"] == len(panel)
    with pytest.raises(cm.DataError, match="add_commitment needs troops"):
        add_commitment(panel, facts=facts_beside(panel, troops=None))


def test_later_rows_of_the_tables_change_nothing_earlier(panel):
    later = TROOPS.assign(date=TROOPS["date"] + pd.DateOffset(months=3), troops=9_999)
    more = CHANGES.assign(date=pd.Timestamp("2003-07-15"), change="reinforcement")
    plain = built(panel)
    fed = built(panel, data=pd.concat([TROOPS, later]), changes=pd.concat([CHANGES, more]))
    early = panel["period"] <= "2003-05-01"
    pd.testing.assert_frame_equal(plain[early], fed[early])
    assert not plain.equals(fed)


def test_iraq_and_isaf(iraq, isaf, row):
    out = add_commitment(iraq, external="if_at_hand")
    assert (
        row(out, "GBR", "2005-06-01", "troop_share") > row(out, "POL", "2005-06-01", "troops") / 2e5
    )
    assert out["troop_share"].max() < 0.2
    # the sparse lists before those of NATO do not make a coalition's total
    first = add_commitment(cm.build_panel(cm.facts("isaf", revision=1)))
    for early, month, after in ((first, "2009-10-01", "2010-01-01"), (
        add_commitment(isaf), "2007-02-01", "2007-03-01"
    )):  # fmt: skip
        assert early.loc[early["period"] < month, "troop_share"].isna().all()
        assert early.loc[early["period"] == after, "troop_share"].notna().mean() > 0.9


def test_bad_options(panel):
    with pytest.raises(cm.DataError, match="min_known must be a share"):
        built(panel, min_known=2)
    with pytest.raises(cm.DataError, match="lag must be a whole number"):
        built(panel, lag=-1)
    with pytest.raises(cm.DataError, match="external must be"):
        built(panel, external="maybe")
    with pytest.raises(cm.DataError, match="table of changes lacks the columns change"):
        built(panel, changes=CHANGES.drop(columns="change"))
    with pytest.raises(cm.DataError, match="two rows for one cow and year: 230 2002"):
        built(panel, states=pd.concat([STATES, STATES.iloc[:1]]))


@pytest.mark.mirror
def test_relative_commitment_takes_soldiers_of_the_year_before(iraq, row, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    out = add_commitment(iraq, external="require")
    soldiers = cm.load("cow-capabilities").query("cow == 230 and year == 2003")["soldiers"].item()
    assert row(out, "ESP", "2004-04-01", "relative_commitment") == pytest.approx(
        100 * 1300 / (soldiers * 1000)
    )
    assert "cow-capabilities" in sources_of(out)
