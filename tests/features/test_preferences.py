"""Distances of ideal points to the lead state and to the partners."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.preferences import add_preferences

SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["USA", "ESP", "ITA", "POL"],
        "cow": [2, 230, 325, 290],
        "spell": 1,
        "entry": pd.to_datetime(["2003-01-01", "2003-01-10", "2003-01-10", "2003-01-10"]),
        "exit": pd.to_datetime(["2004-12-01", "2004-06-20", "2004-03-05", "2004-12-01"]),
        "exit_kind": ["leader", "early", "early", "mission_end"],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("2003-01-01")],
        "mandate_end": [pd.Timestamp("2004-12-31")],
        "lead_state": ["USA"],
    }
)
POINTS = pd.DataFrame(
    {
        "cow": [2, 230, 325, 2, 230, 325],
        "year": [2002, 2002, 2002, 2003, 2003, 2003],
        "ideal_point": [3.0, 1.0, 2.0, 4.0, 0.5, 1.0],
    }
)
COLUMNS = ["ideal_point", "ideal_distance_lead", "ideal_distance_coalition"]


@pytest.fixture
def panel():
    return cm.build_panel(SPELLS, coalitions=COALITIONS)


def built(panel, **options):
    tables = {"data": POINTS, "members": SPELLS, "coalitions": COALITIONS}
    return add_preferences(panel, **(tables | options))


def spain(out, month):
    found = out[(out["state"] == "ESP") & (out["period"] == pd.Timestamp(month))]
    return found[COLUMNS].to_numpy()[0]


def test_by_hand(panel):
    out = built(panel)
    # 2002: Spain 1, United States 3; partners United States 3 and Italy 2 (Poland unknown)
    np.testing.assert_allclose(spain(out, "2003-12-01"), [1, 2, 1.5])
    # 2003: Spain 0.5, partners 4 and 1
    np.testing.assert_allclose(spain(out, "2004-02-01"), [0.5, 3.5, 2.0])
    # Italy left in March 2004: in April only the United States are left
    np.testing.assert_allclose(spain(out, "2004-04-01"), [0.5, 3.5, 3.5])
    assert out.loc[out["state"] == "POL", COLUMNS].isna().all().all()


def test_the_year_follows_lag_and_moment(panel):
    np.testing.assert_allclose(spain(built(panel, lag=0), "2003-12-01")[:2], [0.5, 3.5])
    # at the end of December 2003 that year is complete
    np.testing.assert_allclose(spain(built(panel, as_of="end"), "2003-12-01")[:2], [0.5, 3.5])
    np.testing.assert_allclose(spain(built(panel, as_of="end"), "2003-11-01")[:2], [1, 2])
    np.testing.assert_array_equal(spain(built(panel, lag=2), "2003-12-01"), [np.nan] * 3)


def test_the_partners_are_the_same_in_a_sample(panel):
    whole = built(panel)
    part = built(panel[panel["state"] == "ESP"])
    pd.testing.assert_frame_equal(part, whole[whole["state"] == "ESP"])


def test_the_bundled_distance_is_the_one_of_the_table(iraq):
    out = add_preferences(iraq)
    table = cm.load("state_years").set_index(["cow", "year"])["ideal_point_distance_us"]
    key = pd.MultiIndex.from_arrays([out["cow"], out["period"].dt.year - 1])
    np.testing.assert_allclose(
        out["ideal_distance_lead"], table.reindex(key).to_numpy(float), atol=1e-5
    )
    assert out["ideal_distance_lead"].notna().mean() > 0.99


def test_bad_options(panel):
    with pytest.raises(cm.DataError, match="source must be one of state_years"):
        built(panel, source="votes")
    with pytest.raises(cm.DataError, match="two rows for one cow and year: 2 2002"):
        built(panel, data=pd.concat([POINTS, POINTS.iloc[:1]]))
    with pytest.raises(cm.DataError, match="table of coalitions lacks the columns lead_state"):
        built(panel, coalitions=COALITIONS.drop(columns="lead_state"))


@pytest.mark.mirror
def test_the_external_source_agrees_with_the_bundled_table(iraq, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    wide, bundled = add_preferences(iraq, source="ideal-points"), add_preferences(iraq)
    for name in COLUMNS:
        np.testing.assert_allclose(wide[name], bundled[name], atol=2e-5)
