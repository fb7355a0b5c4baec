"""New leaders: by hand on an own table, and Spain in April 2004."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def leaders():
    return pd.DataFrame(
        {
            "cow": [230, 230],
            "leader": ["A", "B"],
            "start": pd.to_datetime(["2003-09-10", "2004-02-17"]),
            "end": pd.to_datetime(["2004-02-17", None]),
        }
    )


def test_by_hand(iraq, leaders, row):
    panel = cm.add_leadership(iraq, window=2, data=leaders)
    # A took office within September: known from October on, as a leader of one month
    assert np.isnan(row(panel, "ESP", "2003-09-01", "leader_change"))
    expected = {  # month: change, tenure, joined under another
        "2003-10-01": (1, 1, None),
        "2003-11-01": (1, 2, None),
        "2003-12-01": (0, 3, None),
        "2004-02-01": (0, 5, None),
        "2004-03-01": (1, 1, None),
        "2004-04-01": (1, 2, None),
    }
    for month, (change, tenure, _) in expected.items():
        assert row(panel, "ESP", month, "leader_change") == change, month
        assert row(panel, "ESP", month, "tenure_months") == tenure, month


def test_as_of_end_counts_the_change_in_its_own_month(iraq, leaders, row):
    panel = cm.add_leadership(iraq, window=2, data=leaders, as_of="end")
    assert row(panel, "ESP", "2004-02-01", "leader_change") == 1
    assert row(panel, "ESP", "2004-02-01", "tenure_months") == 0
    assert row(panel, "ESP", "2004-01-01", "leader_change") == 0


def test_the_leader_who_sent_the_troops_is_gone(iraq, row):
    leaders = pd.DataFrame(
        {
            "cow": [230, 230],
            "leader": ["A", "B"],
            "start": pd.to_datetime(["1996-05-05", "2004-02-17"]),
            "end": pd.to_datetime(["2004-02-17", None]),
        }
    )
    panel = cm.add_leadership(iraq, data=leaders)
    assert row(panel, "ESP", "2004-02-01", "joined_under_other_leader") == 0
    assert row(panel, "ESP", "2004-03-01", "joined_under_other_leader") == 1


def test_spain_2004_shows_what_as_of_means(iraq, row):
    """Zapatero took office on 17 April; the contingent left on 27 April."""
    assert row(cm.add_leadership(iraq), "ESP", "2004-04-01", "leader_change") == 0
    assert row(cm.add_leadership(iraq, as_of="end"), "ESP", "2004-04-01", "leader_change") == 1


def test_australia_and_poland_after_their_elections(iraq, row):
    panel = cm.add_leadership(iraq, who="head_of_government", window=6)
    assert row(panel, "AUS", "2008-01-01", "leader_change") == 1  # Rudd, December 2007
    assert row(panel, "AUS", "2007-11-01", "leader_change") == 0
    assert row(panel, "POL", "2007-12-01", "leader_change") == 1  # Tusk, November 2007
    assert row(panel, "GBR", "2007-07-01", "leader_change") == 1  # Brown, June 2007


def test_missing_where_no_leader_is_on_record(iraq, leaders):
    panel = cm.add_leadership(iraq, data=leaders)
    others = panel["state"] != "ESP"
    assert panel.loc[others, ["leader_change", "tenure_months"]].isna().all(axis=None)


def test_nobody_leads_after_the_last_leader_left(iraq, row):
    gone = pd.DataFrame(
        {
            "cow": [230],
            "leader": ["A"],
            "start": pd.to_datetime(["1996-05-05"]),
            "end": pd.to_datetime(["2003-12-20"]),
        }
    )
    panel = cm.add_leadership(iraq, data=gone)
    assert row(panel, "ESP", "2003-12-01", "leader_change") == 0
    assert np.isnan(row(panel, "ESP", "2004-02-01", "leader_change"))


def test_bad_options(iraq, leaders):
    with pytest.raises(cm.DataError, match="who must be one of"):
        cm.add_leadership(iraq, who="king")
    with pytest.raises(cm.DataError, match="lacks the columns end"):
        cm.add_leadership(iraq, data=leaders.drop(columns="end"))
