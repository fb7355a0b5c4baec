"""NATO by the month, ties to the lead state by the year, the framework of the coalition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.alliance import add_alliance
from coalition_models.record import record_of, sources_of
from coalition_models.sources.codes import from_cow
from coalition_models.timelines.given import facts_beside

TIES = pd.DataFrame(
    {
        "cow": [230, 230, 325, 900],
        "year": [2002, 2003, 2003, 2003],
        "lead_defence_pact": [1, 1, 1, 1],
        "us_troops_hosted": [99, 100, 13_000, np.nan],
        "us_aid_per_head": [0.0, 0.0, 0.2, 0.0],
        "us_trade_per_gdp": [0.01, 0.01, 0.06, 0.03],
    }
)


@pytest.fixture
def no_sources(tmp_path, monkeypatch):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))


def test_membership_begins_in_the_month_of_accession(iraq, row):
    start, end = add_alliance(iraq), add_alliance(iraq, as_of="end")
    # Bulgaria, 29 March 2004: known at the end of March, at the start of April
    assert row(start, "BGR", "2004-03-01", "nato_member") == 0
    assert row(end, "BGR", "2004-03-01", "nato_member") == 1
    assert row(start, "BGR", "2004-04-01", "nato_member") == 1
    assert row(start, "GBR", "2003-05-01", "nato_member") == 1
    assert row(start, "UKR", "2004-04-01", "nato_member") == 0


def test_members_are_those_of_the_state_years(isaf):
    out = add_alliance(isaf, as_of="end")
    december = out[out["period"].dt.month == 12]
    table = cm.load("state_years").set_index(["cow", "year"])["nato_member"]
    key = pd.MultiIndex.from_arrays([december["cow"], december["period"].dt.year])
    np.testing.assert_array_equal(december["nato_member"], table.reindex(key).to_numpy(float))


def test_candidates_wait_and_then_are_members(iraq, isaf, row):
    out = add_alliance(isaf)
    assert row(out, "ALB", "2008-06-01", "nato_candidate") == 1
    assert row(out, "ALB", "2009-05-01", "nato_candidate") == 0
    assert row(out, "ALB", "2009-05-01", "nato_member") == 1
    assert row(out, "UKR", "2008-06-01", "nato_candidate") == 0
    assert (out["nato_member"] + out["nato_candidate"]).max() == 1
    # every candidate is a state of its time, and no member was asked after it had joined
    joined = cm.load("nato_accession").set_index("ccode")["accession_date"]
    candidates = cm.load("nato_candidates")
    for cow, asked in zip(candidates["cow"], candidates["since"], strict=True):
        assert from_cow([cow], dates=asked).notna().all()
        assert cow not in joined.index or asked < joined[cow]


def test_ties_by_hand(iraq, row):
    out = add_alliance(iraq, facts=facts_beside(iraq, states=TIES))
    names = ["lead_defence_pact", "us_troops_hosted", "us_aid_per_head", "us_trade_per_gdp"]
    spain = out[(out["state"] == "ESP") & (out["period"] == "2004-02-01")]
    np.testing.assert_array_equal(spain[names].to_numpy()[0], [1, 100, 0, 0.01])
    assert spain["us_dependence"].item() == 0.5
    # 2003 knows 2002: 99 soldiers are below the threshold
    assert row(out, "ESP", "2003-12-01", "us_dependence") == 0.25
    assert row(out, "ITA", "2004-02-01", "us_dependence") == 1
    # one tie unknown: no index
    assert np.isnan(row(out, "AUS", "2004-02-01", "us_dependence"))
    assert row(out, "ESP", "2004-02-01", "log_us_troops_hosted") == pytest.approx(np.log(101))
    strict = add_alliance(
        iraq, hosted_at_least=20_000, trade_at_least=0.1, facts=facts_beside(iraq, states=TIES)
    )
    assert row(strict, "ITA", "2004-02-01", "us_dependence") == 0.5


def test_framework(iraq, isaf):
    assert set(add_alliance(iraq)["framework"]) == {"ad_hoc"}
    assert set(add_alliance(isaf)["nato_framework"]) == {1.0}
    assert set(add_alliance(isaf)["ad_hoc_framework"]) == {0.0}
    other = iraq.assign(coalition="elsewhere")
    out = add_alliance(other)
    assert out[["framework", "nato_framework"]].isna().all().all()


def test_aid_is_zero_where_the_source_lists_no_payment_and_missing_outside_its_years(isaf, row):
    out = add_alliance(isaf)
    june = out[out["period"] == "2010-06-01"].set_index("cow")["us_aid_per_head"]
    paid = cm.load("state_years").query("year == 2009").set_index("cow")
    paid = paid.loc[paid["population"].notna(), "us_military_aid"].drop(2)
    shared = june.index.intersection(paid.index)
    none = paid[shared].isna()
    assert none.any()
    assert (june[shared][none.to_numpy()] == 0).all()
    assert (june[shared][~none.to_numpy()] != 0).all()
    assert out.loc[out["period"] < "2003-01-01", "us_aid_per_head"].isna().all()
    table = cm.load("state_years").query("cow == 290 and year == 2009")
    expected = (table["us_military_aid"] / table["population"]).item()
    assert row(out, "POL", "2010-06-01", "us_aid_per_head") == pytest.approx(expected)


def test_missing_and_noted_without_the_external_sources(iraq, no_sources):
    out = add_alliance(iraq)
    for column, source in {
        "lead_defence_pact": "atop-alliances",
        "us_troops_hosted": "us-troops-abroad",
        "us_trade_per_gdp": "us-trade",
    }.items():
        assert out[column].isna().all()
        assert record_of(out).features[column]["note"] == f"{source} not at hand"
        assert source not in sources_of(out)
    assert out["us_dependence"].isna().all()
    assert out["nato_member"].notna().all()


def test_bad_options(iraq):
    with pytest.raises(cm.DataError, match="above 0; found hosted_at_least=0"):
        add_alliance(iraq, hosted_at_least=0)
    out = add_alliance(iraq, facts=facts_beside(iraq, states=TIES.drop(columns="us_trade_per_gdp")))
    assert out[["us_trade_per_gdp", "us_dependence"]].isna().all(axis=None)
    with pytest.raises(cm.DataError, match="external must be"):
        add_alliance(iraq, external="always")


def test_nothing_external_is_read_where_it_is_not_wanted(iraq, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    with pytest.warns(cm.CoalitionWarning, match=r"us-trade not read \(external='never'\)"):
        out = add_alliance(iraq, external="never")
    assert out[["lead_defence_pact", "us_troops_hosted", "us_trade_per_gdp"]].isna().all(axis=None)
    assert out["us_aid_per_head"].notna().any()
    assert "us-trade" not in sources_of(out)


@pytest.mark.slow
@pytest.mark.mirror
def test_the_external_sources(iraq, row, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    out = add_alliance(iraq, external="require")
    for state, pact in (("GBR", 1), ("JPN", 1), ("KOR", 1), ("UKR", 0), ("GEO", 0), ("SLV", 1)):
        assert row(out, state, "2005-06-01", "lead_defence_pact") == pact
    wide = cm.load("state_years", extended=True).set_index(["cow", "year"])
    key = pd.MultiIndex.from_arrays([out["cow"], out["period"].dt.year - 1])
    expected = wide["us_troops"].reindex(key).to_numpy(dtype=float, na_value=np.nan)
    np.testing.assert_array_equal(out["us_troops_hosted"], expected)
    trade = (wide["us_exports"] + wide["us_imports"]).reindex(key)
    product = (wide["population"] * wide["gdp_per_capita"]).reindex(key)
    np.testing.assert_allclose(
        out["us_trade_per_gdp"], (trade / product).to_numpy(dtype=float, na_value=np.nan)
    )
    assert row(out, "HND", "2004-02-01", "us_trade_per_gdp") > 0.05
    assert {"atop-alliances", "us-troops-abroad", "us-trade"} <= set(sources_of(out))
