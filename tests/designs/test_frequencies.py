"""How often states defect: counted by hand under every reading."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.frequency_rates import joined_cells
from coalition_models.designs.frequency_readings import (
    EVERY,
    cells_of,
    source_of,
    stretched,
)
from coalition_models.errors import CoalitionWarning, DataError

# months at risk: Chad 6, Belgium 12, Denmark 24, Sweden 18 by the main day; the alternative
# codings take Chad's exit away and make Denmark's one
MEMBERS = pd.DataFrame({
    "coalition": "mali", "state": ["FRA", "TCD", "BEL", "DNK", "SWE"],
    "entry": ["2013-01-01"] * 4 + ["2013-07-01"],
    "entry_precision": ["day"] * 4 + ["year"],
    "exit": ["2014-12-31", "2013-06-15", "2013-12-15", "2014-12-31", "2014-12-31"],
    "exit_kind": ["leader", "early", "early", "mission_end", "mission_end"],
    "exit_kind_alt": [None, "mission_end", None, "early", None],
})  # fmt: skip
COALITIONS = pd.DataFrame({
    "coalition": ["mali"], "start": ["2013-01-01"], "mandate_end": ["2014-12-31"],
    "lead_state": ["FRA"], "framework": ["ad_hoc"],
})  # fmt: skip
CHANGES = pd.DataFrame({
    "coalition": "mali", "state": ["DNK", "BEL"], "date": ["2014-03-10", "2013-05-01"],
    "change": ["drawdown", "re_role"], "planned": ["no", "unclear"],
})  # fmt: skip
MINE = cm.Facts(members=MEMBERS, coalitions=COALITIONS)


def quiet(call, *given, **choices):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return call(*given, **choices)


def test_each_source_of_doubt_by_hand():
    found = quiet(cm.frequencies, MINE, outcomes=["early"], draws=200)
    row = found.table.iloc[0]
    assert (row["events"], row["years"], row["rate"]) == (2, 5.0, 40.0)
    # one exit by both codings, three by either
    assert (row["coding_low"], row["coding_high"]) == (pytest.approx(20), pytest.approx(60))
    # Sweden may have come on 1 January or on 31 December 2013: 66 or 55 months in all
    assert row["dating_low"] == pytest.approx(200 / 5.5)
    assert row["dating_high"] == pytest.approx(200 / (55 / 12))
    assert row["exact_high"] == pytest.approx(100 * 7.224688 / 5)
    assert row["sampling_low"] <= row["exact_low"]
    assert row["conf_high"] >= 100 * 8.767273 / (55 / 12) - 1e-3
    assert row["conf_low"] <= row["sampling_low"]


def test_forms_count_every_defection_and_the_first_ends_the_risk():
    facts = MINE.replace(changes=CHANGES)
    found = quiet(cm.frequencies, facts, draws=200, outcomes=["any defection", EVERY])
    rows = found.table.set_index("outcome")
    assert rows.loc[EVERY, ["events", "years"]].tolist() == [3, 5.0]
    # Denmark's cut in March 2014 ends its risk after 15 months
    assert rows.loc["any defection", ["events", "years"]].tolist() == [3, 51 / 12]
    # read as unplanned, Belgium's other task in May 2013 counts too
    most = found.readings.query("coding == 'most' and dates == 'main'").set_index("outcome")
    assert most.loc[EVERY, "events"] == 5
    forms = found.regroup("form").table.set_index("form")
    assert forms["events"].to_dict() == {
        "full": 2, "partial_cut": 1, "re_role": 0, "relocation": 0, "caveat": 0,
    }  # fmt: skip
    assert set(forms["years"]) == {5.0}


def test_groups_add_up():
    every = cm.frequencies(["iraq", "rsm"], outcomes=["early"], draws=200)
    for by in ("set", "framework", ["framework", "coalition"]):
        other = every.regroup(by)
        assert other.table["events"].sum() == every.table["events"].sum() == 26
        assert other.table["years"].sum() == pytest.approx(every.table["years"].sum())
    assert every.regroup("framework").ratios("nato")["operations"].tolist() == [1, 1]


def test_iraq_and_resolute_support_as_they_are():
    found = cm.frequencies(["iraq", "rsm"], draws=200, outcomes=["early", "early or scheduled"])
    rows = found.table.set_index(["outcome", "coalition"])
    assert rows.loc[("early", "iraq"), "rate"] == pytest.approx(15.3, abs=0.05)
    assert ("early or scheduled", "rsm") not in rows.index
    told = found.definitions.set_index(["outcome", "set"])
    assert not told.loc[("early or scheduled", "rsm"), "told"]
    assert (
        "no exit of 'rsm' is coded as scheduled"
        in told.loc[("early or scheduled", "rsm"), "definition"]
    )
    assert told.loc[("early", "rsm"), "same"]
    assert "cannot be told in rsm" in str(found)
    ratio = found.ratios("rsm").set_index("coalition").loc["iraq"]
    assert ratio["lowest"] < ratio["ratio"] < ratio["highest"]


def test_a_panel_of_rows_has_one_reading():
    panel = cm.build_panel(MINE)
    one = cm.analysis_set(panel, features=False)
    found = cm.frequencies(one, by="set", outcomes=["early"], draws=200)
    assert found.table[["events", "years"]].iloc[0].tolist() == [2, 5.0]
    assert len(found.readings) == 1


def test_days_of_the_year_stay_in_order():
    members = MEMBERS.assign(exit_precision=["day", "year", "day", "day", "day"])
    facts = cm.Facts(members=members, coalitions=COALITIONS)
    far, near = stretched(facts, longest=True), stretched(facts, longest=False)
    by = ["entry", "exit"]
    chad = facts.members["state"] == "TCD"
    assert far.loc[chad, by].to_numpy().tolist() == [
        [pd.Timestamp("2013-01-01").value, pd.Timestamp("2013-12-31").value]
    ]
    assert near.loc[chad, "exit"].iloc[0] == pd.Timestamp("2013-01-01")
    assert (far["entry"] <= far["exit"]).all()
    assert (near["entry"] <= near["exit"]).all()


def test_a_set_without_a_reading_is_taken_as_it_is_in_sums():
    cells = {name: cells_of(source_of(name), ["early"]) for name in ("iraq", "rsm")}
    joined = joined_cells(cells, "early")
    announced = joined[(joined["dates"] == "announced") & (joined["coding"] == "main")]
    assert announced.groupby("set")["full"].sum().to_dict() == {"iraq": 21, "rsm": 5}


def test_what_cannot_be_counted_is_refused():
    not_refused = []
    for given, choices in (
        (["iraq", "contemporary"], {}), (["iraq", "iraq"], {}), ([], {}), ("nowhere", {}),
        ("iraq", {"by": "continent"}), ("iraq", {"outcomes": ["late"]}), ("iraq", {"level": 0}),
        ("iraq", {"draws": 1}), ("rsm", {"outcomes": ["early or scheduled"]}), ("leaders", {}),
        ("iraq", {"by": []}),
    ):  # fmt: skip
        try:
            cm.frequencies(given, **choices)
        except DataError:
            continue
        not_refused.append((given, choices))
    assert not_refused == []
    found = cm.frequencies("rsm", outcomes=["early"], draws=200)
    with pytest.raises(DataError, match="forms need the outcome"):
        found.regroup("form")
    with pytest.raises(DataError, match="reference must be one of"):
        found.ratios("iraq")
