"""War powers and opinion: only from the user's own table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.user_tables import add_opinion, add_war_powers
from coalition_models.record import record_of

RULES = pd.DataFrame(
    {
        "cow": [325, 325, 230],
        "start": pd.to_datetime(["2000-01-01", "2005-03-10", "2003-09-15"]),
        "end": pd.to_datetime(["2005-03-09", None, "2004-02-28"]),
        "war_powers": [0, 2, 1],
    }
)
POLLS = pd.DataFrame(
    {
        "cow": [230, 230, 230, 325],
        "date": pd.to_datetime(["2003-09-05", "2003-09-25", "2004-02-10", "2003-09-01"]),
        "support": [20.0, 30.0, 10.0, 40.0],
    }
)


def test_the_rule_in_force_on_the_day(iraq, row):
    start, end = add_war_powers(iraq, RULES), add_war_powers(iraq, RULES, as_of="end")
    assert row(start, "ITA", "2005-03-01", "war_powers") == 0
    assert row(end, "ITA", "2005-03-01", "war_powers") == 2
    assert row(start, "ITA", "2005-04-01", "war_powers") == 2
    # in force from 15 September 2003 to 28 February 2004; the 29th has no rule
    assert np.isnan(row(start, "ESP", "2003-09-01", "war_powers"))
    assert row(start, "ESP", "2003-10-01", "war_powers") == 1
    assert row(start, "ESP", "2004-02-01", "war_powers") == 1
    assert np.isnan(row(start, "ESP", "2004-03-01", "war_powers"))
    assert start.loc[start["state"] == "POL", "war_powers"].isna().all()
    missing = record_of(start).features["war_powers"]["missing_rows"]
    assert missing == int(start["war_powers"].isna().sum())


def test_the_table_is_never_optional(iraq):
    for builder in (add_war_powers, add_opinion):
        with pytest.raises(cm.DataError, match="needs a table of"):
            builder(iraq)


def test_war_powers_that_contradict_each_other(iraq):
    with pytest.raises(cm.DataError, match=r"overlap an earlier one: .*325"):
        add_war_powers(iraq, RULES.assign(end=pd.NaT).astype({"end": "datetime64[ns]"}))
    with pytest.raises(cm.DataError, match=r"an end before it: .*230"):
        add_war_powers(iraq, RULES.assign(end=pd.Timestamp("2003-01-01")).iloc[2:])
    with pytest.raises(cm.DataError, match=r"lacks the columns end.*war_powers must hold numbers"):
        add_war_powers(iraq, RULES.drop(columns="end").assign(war_powers="strong"))


def test_the_last_poll_is_carried_forward(iraq, row):
    out = add_opinion(iraq, POLLS)
    names = ["war_support", "war_support_age_months", "war_support_change"]
    assert np.isnan([row(out, "ESP", "2003-09-01", n) for n in names]).all()
    # two polls of September: their mean
    assert [row(out, "ESP", "2003-10-01", n) for n in names[:2]] == [25, 1]
    assert np.isnan(row(out, "ESP", "2003-10-01", "war_support_change"))
    assert [row(out, "ESP", "2004-02-01", n) for n in names[:2]] == [25, 5]
    assert [row(out, "ESP", "2004-03-01", n) for n in names] == [10, 1, -15]
    end = add_opinion(iraq, POLLS, as_of="end")
    assert [row(end, "ESP", "2004-02-01", n) for n in names] == [10, 0, -15]


def test_an_old_poll_no_longer_counts(iraq, row):
    out = add_opinion(iraq, POLLS)
    assert row(out, "ITA", "2004-09-01", "war_support") == 40
    assert np.isnan(row(out, "ITA", "2004-10-01", "war_support"))
    assert row(out, "ITA", "2004-10-01", "war_support_age_months") == 13
    forever = add_opinion(iraq, POLLS, max_age=None)
    assert row(forever, "ITA", "2006-10-01", "war_support") == 40


def test_polls_about_one_coalition_stay_there(iraq, isaf, row):
    polls = POLLS.assign(coalition="iraq")
    np.testing.assert_array_equal(
        add_opinion(iraq, polls)["war_support"], add_opinion(iraq, POLLS)["war_support"]
    )
    assert add_opinion(isaf, polls)["war_support"].isna().all()
    assert add_opinion(isaf, POLLS)["war_support"].notna().any()


def test_bad_polls(iraq):
    with pytest.raises(cm.DataError, match=r"support from 0 to 100 per cent.*rows 1"):
        add_opinion(iraq, POLLS.assign(support=[20, 120, 10, 40]))
    with pytest.raises(cm.DataError, match="max_age must be a whole number"):
        add_opinion(iraq, POLLS, max_age=-2)
