"""Capability shares and change since entry on a table small enough to do by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.features.capability import add_capability
from coalition_models.record import record_of, sources_of
from coalition_models.timelines.given import facts_beside

SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["USA", "ESP", "ITA"],
        "cow": [2, 230, 325],
        "spell": 1,
        "entry": pd.to_datetime(["2003-01-01", "2003-11-10", "2003-01-10"]),
        "exit": pd.to_datetime(["2005-12-01", "2005-06-20", "2004-03-05"]),
        "exit_kind": ["leader", "early", "early"],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("2003-01-01")],
        "mandate_end": [pd.Timestamp("2005-12-31")],
        "lead_state": ["USA"],
    }
)
STATES = pd.DataFrame(
    {
        "cow": [2, 230, 325, 2, 230, 325, 2, 230],
        "year": [2002, 2002, 2002, 2003, 2003, 2003, 2004, 2004],
        "capability_index": [0.16, 0.02, 0.02, 0.15, 0.018, 0.032, 0.15, 0.0161],
        "gdp_per_capita": [np.nan, 30_000, 31_000, np.nan, 30_500, 0, np.nan, np.nan],
    }
)


@pytest.fixture
def spain():
    panel = cm.build_panel(SPELLS, coalitions=COALITIONS)

    def values(month, *names, **options):
        tables = {"data": STATES, "members": SPELLS, "coalitions": COALITIONS} | options
        out = add_capability(panel, **tables)
        found = out[(out["state"] == "ESP") & (out["period"] == pd.Timestamp(month))]
        return found[list(names)].to_numpy()[0]

    return values


def test_shares(spain):
    names = ("cinc", "cinc_share", "cinc_to_lead", "gdp_per_capita")
    np.testing.assert_allclose(
        spain("2003-12-01", *names), [0.02, 0.02 / 0.20, 0.02 / 0.18, 30_000]
    )
    # Italy is there at the start of February 2004, and gone by April
    np.testing.assert_allclose(spain("2004-02-01", "cinc_share"), [0.018 / 0.20])
    np.testing.assert_allclose(spain("2004-04-01", "cinc_share"), [0.018 / 0.168])
    # in November Spain itself enters: it is at risk, so it counts
    np.testing.assert_allclose(spain("2003-11-01", "cinc_share"), [0.02 / 0.20])
    # Italy is at risk in the month in which it leaves, whatever is known at its end
    for moment in ("start", "end"):
        found = spain("2004-03-01", "cinc_share", as_of=moment)
        np.testing.assert_allclose(found, [0.018 / 0.20])
    assert spain("2004-02-01", "log_gdp_per_capita")[0] == pytest.approx(math.log(30_500))
    assert np.isnan(spain("2005-02-01", "gdp_per_capita", "log_gdp_per_capita")).all()


def test_who_enters_counts_for_all_rows_of_the_period():
    """Nobody is there before the first period: its members share it all the same."""
    for period in ("month", "year"):
        panel = cm.build_panel(SPELLS, coalitions=COALITIONS, period=period)
        out = add_capability(
            panel, facts=facts_beside(panel, states=STATES, members=SPELLS, coalitions=COALITIONS)
        )
        first = out[out["period"] == pd.Timestamp("2003-01-01")].set_index("state")["cinc_share"]
        # within the year Spain comes too
        everybody = 0.18 if period == "month" else 0.20
        assert first["ITA"] == pytest.approx(0.02 / everybody)
    alone = SPELLS[SPELLS["state"] == "ESP"]
    panel = cm.build_panel(alone, coalitions=COALITIONS)
    out = add_capability(
        panel, facts=facts_beside(panel, states=STATES, members=alone, coalitions=COALITIONS)
    )
    assert out["cinc_share"].dropna().eq(1).all()
    # a state that the table of members forgets still counts, for its partners too
    panel = cm.build_panel(SPELLS, coalitions=COALITIONS)
    gap = SPELLS[SPELLS["state"] != "ITA"]
    out = add_capability(
        panel, facts=facts_beside(panel, states=STATES, members=gap, coalitions=COALITIONS)
    )
    both = out[out["period"] == pd.Timestamp("2004-02-01")].set_index("state")["cinc_share"]
    np.testing.assert_allclose(both[["ESP", "ITA"]], [0.018 / 0.20, 0.032 / 0.20])


stay = st.tuples(
    st.sampled_from([200, 220, 230, 325, 390]),
    st.integers(min_value=0, max_value=900),
    st.integers(min_value=20, max_value=500),
)


@settings(max_examples=15, deadline=None)
@given(
    stays=st.lists(stay, min_size=1, max_size=8, unique_by=lambda s: s[0]),
    period=st.sampled_from(["month", "quarter", "year"]),
    moment=st.sampled_from(["start", "end"]),
)
def test_shares_never_add_to_more_than_one(stays, period, moment):
    iso3 = {200: "GBR", 220: "FRA", 230: "ESP", 325: "ITA", 390: "DNK"}
    entry = pd.Timestamp("2003-01-01") + pd.to_timedelta([s[1] for s in stays], unit="D")
    spells = pd.DataFrame(
        {
            "coalition": "one",
            "state": [iso3[cow] for cow, _, _ in stays],
            "cow": [cow for cow, _, _ in stays],
            "spell": 1,
            "entry": entry,
            "exit": entry + pd.to_timedelta([s[2] for s in stays], unit="D"),
            "exit_kind": "early",
        }
    )
    coalitions = COALITIONS.assign(mandate_end=pd.Timestamp("2008-12-31"))
    panel = cm.build_panel(spells, coalitions=coalitions, period=period)
    grid = pd.MultiIndex.from_product([list(iso3), range(2001, 2009)], names=["cow", "year"])
    table = grid.to_frame(index=False).assign(gdp_per_capita=1.0)
    table["capability_index"] = table["cow"] / 10_000
    out = add_capability(
        panel,
        as_of=moment,
        facts=facts_beside(panel, states=table, members=spells, coalitions=coalitions),
    )
    total = out.groupby("period")["cinc_share"].sum(min_count=1)
    # all members are rows here, and whoever has troops there counts
    np.testing.assert_allclose(total, 1)


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.parametrize("name", ["interventions", "wars", "un"])
def test_shares_in_the_sets_never_add_to_more_than_one(name, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    out = add_capability(analysis_set(name, features=False).panel)
    states = out.drop_duplicates(["coalition", "period", "cow"])
    by = states.groupby(["coalition", "period"])["cinc_share"]
    assert by.sum().max() <= 1 + 1e-12
    # a sole supporter is all that there is
    alone = out[out["cinc_share"] == 1].groupby(["coalition", "period"])["cow"].nunique()
    assert alone.max() == 1


def test_change_since_entry(spain):
    names = ("capability_change", "capability_change_10", "capability_change_20")
    np.testing.assert_allclose(spain("2003-12-01", *names), [0, 0, 0])
    # exactly a tenth less counts as ten per cent
    np.testing.assert_allclose(spain("2004-02-01", *names), [-0.1, 1, 0])
    np.testing.assert_allclose(spain("2005-02-01", *names), [-0.195, 1, 0])
    np.testing.assert_allclose(spain("2004-12-01", *names, as_of="end"), [-0.195, 1, 0])


def test_a_partner_without_index_leaves_the_share_missing(spain):
    gap = STATES.assign(capability_index=STATES["capability_index"].where(STATES["cow"] != 325))
    found = spain("2003-12-01", "cinc", "cinc_share", "cinc_to_lead", data=gap)
    np.testing.assert_allclose(found, [0.02, np.nan, 0.02 / 0.18])


def test_missing_and_noted_where_the_source_is_not_at_hand(iraq, tmp_path, monkeypatch):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))
    out = add_capability(iraq)
    assert out["cinc"].isna().all()
    assert record_of(out).features["cinc"]["note"] == "cow-capabilities not at hand"
    assert record_of(out).features["cinc"]["missing_rows"] == len(iraq)
    assert "cow-capabilities" not in sources_of(out)
    assert out["gdp_per_capita"].notna().mean() > 0.95


@pytest.mark.usefixtures("no_sources")
def test_bad_options(iraq):
    income = STATES.drop(columns="capability_index")
    with pytest.raises(cm.CoverageError, match="cow-capabilities"):
        add_capability(iraq, external="require", facts=facts_beside(iraq, states=income))
    with pytest.raises(cm.DataError, match="must hold numbers"):
        add_capability(iraq, facts=facts_beside(iraq, states=STATES.assign(gdp_per_capita="much")))


@pytest.mark.mirror
def test_the_index_of_the_source(iraq, row, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    out = add_capability(iraq, external="require")
    table = cm.load("cow-capabilities").query("year == 2003").set_index("cow")["capability_index"]
    assert row(out, "ESP", "2004-03-01", "cinc") == table[230]
    assert row(out, "ESP", "2004-03-01", "cinc_to_lead") == pytest.approx(
        table[230] / (table[230] + table[2])
    )
    assert 0.5 > row(out, "GBR", "2004-03-01", "cinc_share") > row(out, "DNK", "2004-03-01", "cinc")
