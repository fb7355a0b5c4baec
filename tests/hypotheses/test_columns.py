"""Columns of a claim: built as registered, taken as given, or missing for a reason."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.outcome import panel_events
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.leader_cases import leader_cases
from coalition_models.designs.sets import set_records
from coalition_models.errors import CoverageError, DataError
from coalition_models.hypotheses.claims import read_plan, select
from coalition_models.hypotheses.columns import Bench
from coalition_models.hypotheses.data_sets import gather, speaks_to


@pytest.fixture
def at_bench(iraq, alone):
    patch = alone()
    yield lambda **choices: Bench("iraq", choices.pop("panel", iraq), **choices)
    patch.undo()


def claim(name):
    return select(name)[0]


def test_columns_are_those_of_the_builder_with_the_registered_arguments(at_bench, iraq):
    frame, notes = at_bench().measure(claim("H01"))
    expected = cm.add_elections(iraq, window=6)["election_near"]
    assert frame["election_near"].equals(expected)
    assert not expected.equals(cm.add_elections(iraq, window=3)["election_near"])
    assert notes == ()
    narrow, _ = at_bench().measure(claim("H01"), vary={"elections": {"window": 3}})
    assert narrow["election_near"].equals(cm.add_elections(iraq, window=3)["election_near"])


def test_a_users_columns_stand_and_a_data_sets_are_built(at_bench, iraq):
    own = iraq.assign(election_near=1.0)
    taken, notes = at_bench(panel=own, prefer_given=True).measure(claim("H01"))
    assert taken["election_near"].eq(1).all()
    assert notes == ("taken from the panel as given: election_near",)
    assert taken["log_deaths_12m"].equals(cm.add_casualties(iraq, half_life=6)["log_deaths_12m"])
    built, notes = at_bench(panel=own).measure(claim("H01"))
    assert built["election_near"].sum() < len(iraq)
    assert notes == ()


def test_a_derived_column_is_missing_where_a_part_is(at_bench, iraq):
    """An unknown party is not a party of the right."""
    own = iraq.assign(
        leader_change=1.0,
        election_near=0.0,
        left_right=np.where(iraq["cow"] == 230, 3.0, np.where(iraq["cow"] == 325, 7.0, np.nan)),
    )
    frame, _ = at_bench(panel=own, prefer_given=True).measure(claim("H04"))
    value = frame.groupby("cow")["left_turn"].first()
    assert value[230] == 1
    assert value[325] == 0
    assert frame.loc[~frame["cow"].isin([230, 325]), "left_turn"].isna().all()
    elected, _ = at_bench().measure(claim("H03"))
    both = cm.add_leadership(cm.add_elections(iraq, window=6), window=6)
    before = both["months_since_election"] >= both["months_since_leader_change"]
    parts = ["months_since_election", "months_since_leader_change"]
    product = both["leader_change"] * both["post_election"] * before
    product = product.where(both[parts].notna().all(axis=1))
    assert product.sum() < (both["leader_change"] * both["post_election"]).sum()
    assert np.array_equal(elected["elected_leader_change"], product, equal_nan=True)
    assert product.sum() > 0


def test_a_part_of_a_term_can_be_a_users_own(at_bench, iraq):
    """Approval comes from the table; the party from the leaders."""
    own = pd.DataFrame({"cow": [900], "start": ["2003-01-01"], "end": [None], "approval_fall": [4]})
    frame, _ = at_bench(tables={"approval": own}).measure(claim("H65"))
    left = cm.add_leadership(iraq, window=6)["left_right"] < 5
    # Labor governed from December 2007 on
    australia = frame["cow"] == 900
    assert set(frame.loc[australia, "approval_fall_left"]) == {0.0, 4.0}
    assert frame.loc[australia, "approval_fall_left"].eq(4 * left[australia]).all()
    assert frame.loc[~australia, "approval_fall_left"].isna().all()
    with pytest.raises(CoverageError, match="bring the table 'approval' with cow, start, end"):
        at_bench().measure(claim("H65"))


def test_elections_on_either_side_whatever_the_window_of_given_columns(at_bench, iraq):
    given = cm.add_elections(iraq, window=12)
    frame, _ = at_bench(panel=given, prefer_given=True).measure(claim("H67"))
    spain = frame[frame["state"] == "ESP"].set_index("period")["election_around"]
    # the vote was on 14 March 2004
    assert spain["2003-12":"2004-04"].tolist() == [0, 1, 1, 1, 1]


def test_what_is_missing_is_named(at_bench, iraq):
    with pytest.raises(CoverageError, match="needs polity5, not at hand"):
        at_bench().measure(claim("H17"))
    with pytest.raises(CoverageError, match=r"bring the table 'front_overlap' with coalition, cow"):
        at_bench().measure(claim("H08"))
    with pytest.raises(CoverageError, match="nothing here measures log_deaths_12m"):
        at_bench().measure(claim("H40"))
    cases = iraq.assign(relative_commitment=np.nan)
    with pytest.raises(CoverageError, match=r"every row.*needs cow-capabilities, not at hand"):
        at_bench(panel=cases, prefer_given=True).measure(claim("H28"))
    blank = iraq.assign(leader_change=np.nan)
    with pytest.raises(CoverageError, match="leader_change is missing in every row"):
        at_bench(panel=blank.drop(columns="cow"), prefer_given=True).measure(claim("H02"))


@pytest.mark.slow
def test_sets_that_are_not_at_hand_come_with_the_reason(alone):
    patch = alone()
    try:
        sets = {data.name: data for data in gather(None, outcome="", cluster="")}
    finally:
        patch.undo()
    # of sets that no claim speaks to none is built, but those that a claim waited for are
    claims = read_plan().claims
    own = [record.name for record in set_records() if any(speaks_to(record, one) for one in claims)]
    assert sorted(sets) == sorted([*own, "rsm: announced exit", "unosom2: announced exit"])
    assert [name for name in sets if name in own] == own
    for name, data in sets.items():
        assert data.panel.empty == (name in ("un", "interventions", "wars", "alliances"))
        assert ("not at hand: load(" in data.reason) == data.panel.empty
    spain = sets["iraq"].panel.query("state == 'ESP'")["peak_troops"]
    members = cm.load("participation").query("coalition == 'iraq' and state == 'ESP'")
    assert set(spain) == set(members["peak_troops"])


def test_your_panels_keep_their_names_and_clusters(pulses):
    panel = pulses(20)
    (data,) = gather({"mine": panel}, outcome="violation", cluster="coalition")
    assert (data.name, data.record.event, data.record.clusters, data.own, data.record.given) == (
        "mine", "violation", ("coalition",), True, True,
    )  # fmt: skip
    with pytest.raises(DataError, match="'panel' lacks the columns region"):
        gather(panel, outcome="early exit", cluster="region")


@pytest.mark.mirror
def test_commitments_in_war(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    (data,) = gather("alliances", outcome="", cluster="")
    table = cm.load("alliance-performance")
    record = data.record
    assert (record.model, record.event, record.clusters) == ("logit", "violation", ("coalition",))
    assert data.panel["event"].sum() == (table["honored"] == 0).sum()
    assert len(data.panel) == len(table) == 137
    assert data.panel["capability_change_10"].tolist() == table["capability_change"].tolist()


def test_forms_of_defection_are_stacked():
    """Every member-month twice, at risk of each kind; together the events of the rule."""
    (data,) = gather("forms", outcome="", cluster="")
    panel = data.panel
    copies = [part.reset_index(drop=True) for _, part in panel.groupby("partial")]
    same = ["coalition", "state", "period", "start", "stop", "in_isaf"]
    assert copies[0][same].equals(copies[1][same])
    assert not (copies[0]["event"] & copies[1]["event"]).any()
    happened = 0
    for coalition in ("iraq", "isaf"):
        found = analysis_set(coalition, features=False)
        coded = panel_events(found.panel, found.defections("mcinnis"), how="competing")
        happened += coded["cause"].ne("").sum()
        full = panel.query("coalition == @coalition and partial == 0")["event"].sum()
        assert full == coded["cause"].eq("full").sum() > 0
    assert panel["event"].sum() == happened
    assert not panel.duplicated(["coalition", "state", "spell", "period"]).any()
    record = data.record
    assert (record.event, record.clusters) == ("form of defection", ("state",))
    assert record.model == "cox"


def test_the_set_of_leaders_is_their_cases():
    (data,) = gather("leaders", outcome="", cluster="")
    cases = leader_cases("iraq")
    assert data.panel["event"].tolist() == cases["early_exit"].tolist()
    assert data.panel["case"].tolist() == cases["case"].tolist()
    assert (data.record.model, data.record.clusters, data.own) == ("logit", ("state",), False)


def test_the_event_of_an_own_panel_may_be_of_any_type_but_no_text(iraq):
    for kind in (object, "category", bool):
        (given,) = gather(
            iraq.assign(event=iraq["event"].astype(kind)), outcome="early exit", cluster="state"
        )
        assert given.panel["event"].sum() == iraq["event"].sum()
    for wrong in (iraq["event"].astype(str), 2 * iraq["event"]):
        with pytest.raises(DataError, match="event column 'event' must hold 0 and 1"):
            gather(iraq.assign(event=wrong), outcome="early exit", cluster="state")
