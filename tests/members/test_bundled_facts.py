"""The bundled facts by revision and operation, and what a panel tells of them."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.bundled_facts import bundled_by_value, revision_of


def test_the_first_revision_holds_what_it_held():
    first, now = cm.facts("iraq", revision=1), cm.facts("iraq")
    assert (revision_of(first), revision_of(now)) == (1, 2)
    assert "lead_deaths" not in first.sources["deaths"]
    dutch = {
        f.members.query("state == 'NLD'")["announced"].iloc[0].strftime("%Y-%m")
        for f in (first, now)
    }
    assert dutch == {"2004-11", "2004-06"}
    assert set(first.deaths.query("state == 'USA'")["date_precision"]) == {"year"}
    assert set(now.deaths.query("state == 'USA'")["date_precision"]) == {"day"}


def test_a_wrong_revision_coalition_or_operation_is_refused_by_name():
    with pytest.raises(cm.DataError, match="participation has the revisions 1 and 2, not 3"):
        cm.facts("iraq", revision=3)
    with pytest.raises(cm.DataError, match="no bundled coalition named 'unosom2' in revision 1"):
        cm.facts("unosom2", revision=1)
    with pytest.raises(cm.DataError, match="operation must be 'isaf' or 'all', not 'oef'"):
        cm.facts("isaf", operation="oef")
    with pytest.raises(cm.DataError, match="revision 1 of the facts does not tell"):
        cm.facts("isaf", revision=1, operation="isaf")


def test_spells_of_enduring_freedom_are_left_out_and_told():
    panel = cm.build_panel(cm.facts("isaf"))
    left_out = [dict(row) for row in cm.record_of(panel).panel["dropped"]]
    oef = [row["spell"] for row in left_out if "Enduring Freedom" in row["reason"]]
    assert oef == ["isaf AUS-1", "isaf KOR-1"]
    everyone = cm.build_panel(cm.facts("isaf", operation="all"))
    (note,) = (n for n in cm.record_of(everyone).panel["notes"] if "Enduring" in n)
    assert note.endswith("kept: isaf AUS-1, isaf KOR-1")
    assert (panel["event"].sum(), everyone["event"].sum()) == (6, 8)


def test_the_first_revision_of_isaf_holds_all_and_says_of_which_revision_it_is():
    panel = cm.build_panel(cm.facts("isaf", revision=1))
    assert panel["event"].sum() == 8
    assert "facts of revision 1" in cm.record_of(panel).panel["notes"]


def test_the_sheet_prints_what_was_left_out():
    sheet = cm.analysis_set("isaf", features=False).sheet.set_index("item")["value"]
    (item,) = (name for name in sheet.index if "Enduring Freedom" in name)
    assert sheet[item] == "2"


def test_rows_of_a_revision_bring_the_facts_of_that_revision():
    for revision in (1, 2):
        rows = cm.load("participation", revision=revision).query("coalition == 'iraq'")
        assert revision_of(bundled_by_value(rows)) == revision
        # these rows are the same in both: the table's own record decides
        same = rows.query("state == 'ESP'")
        panel = cm.build_panel(same, coalitions=["iraq"])
        assert revision_of(cm.facts_of(panel)) == revision


def test_rows_without_a_record_are_known_by_value():
    rows = cm.load("participation", revision=1).query("coalition == 'iraq'")
    rows.attrs = {}
    assert revision_of(bundled_by_value(rows)) == 1
    isaf = cm.load("participation").query("coalition == 'isaf'")
    isaf.attrs = {}
    assert len(bundled_by_value(isaf).members) == 55
    assert len(bundled_by_value(isaf.query("operation != 'oef'")).members) == 53


def test_american_deaths_by_day_stand_in_for_the_yearly_ones():
    deaths = cm.facts("iraq", "isaf").deaths.query("state == 'USA'")
    years = deaths.groupby(["coalition", deaths["date"].dt.year])["deaths"].sum()
    assert (years["iraq", 2004], years["isaf", 2012]) == (849, 313)
    # the count by day ends in September 2014: the rest of the year is known without a month
    rest = deaths[deaths["date_precision"] == "year"]
    assert rest[["coalition", "deaths"]].values.tolist() == [["isaf", 6]]
    assert years["isaf", 2014] == 55
    assert deaths.query("coalition == 'iraq'")["date"].max() < pd.Timestamp("2010-01-01")


def test_deaths_without_coverage_are_no_facts():
    assert "unitaf" in set(cm.load("fatalities")["coalition"])
    assert "unitaf" not in set(cm.facts().deaths["coalition"])
    assert cm.facts("unitaf").deaths is None


def test_casualties_step_at_other_months_than_january():
    panel = cm.build_panel(cm.facts("iraq"))
    built = cm.add_casualties(panel).query("state == 'GBR'").set_index("period")
    last = built["partner_deaths_last"]
    assert last["2004-12-01"] > 100  # November 2004, the second battle of Fallujah
    first = cm.add_casualties(cm.build_panel(cm.facts("iraq", revision=1)))
    yearly = first.query("state == 'GBR'").set_index("period")["partner_deaths_last"]
    assert yearly["2004-12-01"] < 20
    assert yearly["2005-01-01"] > 800


def test_strengths_from_lists_say_what_they_count():
    troops = cm.facts("isaf").troops
    listed = troops["source"].str.startswith("NATO ISAF placemat")
    assert troops.loc[listed, "counting_basis"].notna().all()
    assert troops.loc[~listed, "counting_basis"].isna().all()
    assert "counting_basis" not in cm.facts("isaf", revision=1).troops.columns


def test_documented_cases_are_no_risk_sets():
    for name in ("minusma", "takuba", "oir_air", "unitaf"):
        with pytest.raises(cm.CoverageError, match=f"not a risk set: {name}"):
            cm.build_panel(cm.facts(name), until="2023-06-30")
    assert cm.build_panel(cm.facts("unosom2"))["event"].sum() == 16


def test_unosom2_has_no_lead_state_and_the_united_states_are_at_risk():
    panel = cm.build_panel(cm.facts("unosom2"))
    usa = panel.query("state == 'USA'")
    assert usa["event"].sum() == 1
    assert f"{usa['period'].max():%Y-%m}" == "1994-03"


def test_casualties_tell_how_many_deaths_have_no_month():
    out = cm.add_casualties(cm.build_panel(cm.facts("iraq")))
    told = cm.record_of(out).features["deaths_12m"]["deaths_without_month"]
    assert told == {"iraq": "32 of 4688"}
    first = cm.add_casualties(cm.build_panel(cm.facts("iraq", revision=1)))
    told = cm.record_of(first).features["deaths_12m"]["deaths_without_month"]
    assert told == {"iraq": "4512 of 4688"}
