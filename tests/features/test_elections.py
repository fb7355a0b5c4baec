"""Distance to elections, by hand on own calendars and for real ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def votes():
    return pd.DataFrame(
        {
            "cow": [230, 230, 325],
            "date": pd.to_datetime(["2004-03-14", "2008-03-09", "2006-04-09"]),
            "kind": ["legislative"] * 3,
        }
    )


def test_months_to_and_since_by_hand(iraq, votes, row):
    panel = cm.add_elections(iraq, window=2, data=votes)
    expected = {  # month: to next, since last, near, this month, after
        "2003-12-01": (3, None, 0, 0, 0),
        "2004-01-01": (2, None, 1, 0, 0),
        "2004-03-01": (0, None, 1, 1, 0),
        "2004-04-01": (47, 1, 0, 0, 1),
    }
    names = ["months_to_election", "months_since_election"]
    flags = ["election_near", "election_month", "post_election"]
    for month, values in expected.items():
        found = [row(panel, "ESP", month, name) for name in (*names, *flags)]
        assert [None if np.isnan(v) else v for v in found] == list(values), month


def test_as_of_end_counts_an_election_within_the_month_as_past(iraq, votes, row):
    at_end = cm.add_elections(iraq, data=votes, as_of="end")
    assert row(at_end, "ESP", "2004-03-01", "months_since_election") == 0
    assert row(at_end, "ESP", "2004-04-01", "months_since_election") == 1


def test_a_quarter_knows_an_election_anywhere_within_it(votes, row):
    quarters = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="quarter")
    panel = cm.add_elections(quarters, data=votes)
    assert row(panel, "ESP", "2004-01-01", "months_to_election") == 0
    assert row(panel, "ESP", "2004-01-01", "election_month") == 1
    assert row(panel, "ESP", "2003-10-01", "months_to_election") == 5


def test_states_without_an_election_in_the_own_table_are_not_near_one(iraq, votes, row):
    panel = cm.add_elections(iraq, data=votes)
    assert np.isnan(row(panel, "DNK", "2004-03-01", "months_to_election"))
    assert row(panel, "DNK", "2004-03-01", "election_near") == 0


def test_real_elections_of_members(iraq, row):
    panel = cm.add_elections(iraq)
    assert row(panel, "ESP", "2004-03-01", "election_month") == 1
    assert row(panel, "AUS", "2007-11-01", "election_month") == 1  # 24 November 2007
    assert row(panel, "POL", "2007-10-01", "election_month") == 1  # 21 October 2007
    assert row(panel, "ITA", "2006-04-01", "election_month") == 1  # 9-10 April 2006
    assert row(panel, "JPN", "2005-09-01", "election_month") == 1  # 11 September 2005
    assert row(panel, "GBR", "2005-05-01", "election_month") == 1  # 5 May 2005
    assert row(panel, "GBR", "2004-11-01", "months_to_election") == 6
    assert row(panel, "GBR", "2004-11-01", "election_near") == 1


def test_missing_outside_the_coverage_never_zero(iraq):
    panel = cm.add_elections(iraq, kinds=["presidential"])
    missing = panel["election_near"].isna()
    assert missing.any()
    assert panel.loc[missing, "election_month"].isna().all()
    assert panel.attrs["features"]["election_near"]["missing_rows"] == int(missing.sum())


def test_bad_options(iraq, votes):
    with pytest.raises(cm.DataError, match="window must be a whole number"):
        cm.add_elections(iraq, window=1.5)
    with pytest.raises(cm.DataError, match="kinds must be"):
        cm.add_elections(iraq, kinds=["regional"])
    with pytest.raises(cm.DataError, match="lacks the columns kind"):
        cm.add_elections(iraq, data=votes.drop(columns="kind"))
    with pytest.raises(cm.DataError, match="panel lacks the columns cow"):
        cm.add_elections(iraq.drop(columns="cow"))


def test_rows_and_order_stay(iraq):
    shuffled = iraq.sample(frac=1, random_state=3)
    panel = cm.add_elections(shuffled)
    pd.testing.assert_index_equal(panel.index, shuffled.index)
    pd.testing.assert_frame_equal(
        panel.sort_index()[["election_near"]], cm.add_elections(iraq)[["election_near"]]
    )
