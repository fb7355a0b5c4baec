"""Analysis sets: the counts that others can check, sources, what a sheet says."""

from __future__ import annotations

from itertools import pairwise

import pytest

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.sets import set_names
from coalition_models.designs.sets.un import renamed_missions
from coalition_models.errors import CoverageError, DataError
from coalition_models.record import record_of
from coalition_models.sources import fetch


@pytest.fixture
def with_mirror(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))


def sheet(found):
    return found.sheet.drop_duplicates("item").set_index("item")["value"]


@pytest.mark.parametrize(
    ("name", "spells", "states", "events"), [("iraq", 51, 39, 21), ("isaf", 52, 50, 6)]
)
def test_bundled_sets_count_what_the_facts_hold(name, spells, states, events):
    found = analysis_set(name, features=False)
    facts = cm.facts(name).members.query("exit_kind != 'leader'")
    assert (len(facts), facts["state"].nunique()) == (spells, states)
    assert (facts["exit_kind"] == "early").sum() == events
    said = sheet(found)
    assert [int(said[k]) for k in ("spells", "states", "events")] == [spells, states, events]
    assert found.panel["event"].sum() == events


def test_a_bundled_set_on_the_first_revision():
    first = analysis_set("isaf", features=False, revision=1)
    assert (first.panel["event"].sum(), len(first.members)) == (8, 55)
    assert "facts of revision 1" in set(first.sheet["value"])
    changed = cm.load("profile_changes", revision=1)
    assert len(first.changes) == len(changed)
    assert "unosom2" not in set(first.profile["coalition"])
    with pytest.raises(cm.DataError, match="the set 'wars' has no revisions"):
        analysis_set("wars", revision=1)
    with pytest.raises(cm.DataError, match="revision= belongs to bundled sets"):
        analysis_set(cm.facts("iraq"), revision=1)
    with pytest.raises(cm.DataError, match="has the revisions 1 and 2, not 3"):
        analysis_set("iraq", revision=3)


def test_resolute_support_has_five_early_exits():
    panel = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    assert panel["event"].sum() == 5


def test_the_bundled_sets_have_the_features_of_the_first_analysis():
    found = analysis_set("iraq")
    wanted = {"election_near", "leader_change", "log_deaths_12m", "combat_role", "troops"}
    wanted |= {"earlier_defectors", "nato_member", "gdp_per_capita", "ideal_distance_lead"}
    assert wanted <= set(found.panel.columns)
    said = sheet(found)
    assert int(said["features"]) == len(record_of(found.panel).features)
    assert "party_change" in said["features with missing rows"]


def test_what_is_not_at_hand_stands_in_the_sheet(monkeypatch, tmp_path):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))
    tried = []
    monkeypatch.setattr(fetch, "_retrieve", lambda item, target: _offline(item, tried))

    found = analysis_set("iraq")
    said = sheet(found)
    assert "polity2" not in found.panel.columns
    assert said["no regime"].startswith("external sources not at hand: polity5")
    assert tried == []
    with pytest.raises(CoverageError):
        analysis_set("un")


def _offline(item, tried):
    tried.append(item.name)
    raise CoverageError(f"{item.name} cannot be downloaded in this test")


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_un_contingents_by_month():
    ipi = cm.load("ipi-contributions")
    assert (ipi["troops"] >= 1).sum() == 13_505

    named = analysis_set("un", variant="as_named", features=False)
    exits = named.members[named.members["exit_kind"] == "early"]
    assert (len(named.members), len(exits)) == (483, 104)
    # 13 or 14 are reported elsewhere: 13 if the peak is that of the spell, as here
    assert (exits["peak_troops"] >= 50).sum() == 13

    joined = analysis_set("un", features=False)
    exits = joined.members[joined.members["exit_kind"] == "early"]
    assert (len(joined.members), len(exits)) == (433, 108)
    assert (exits["peak_troops"] >= 50).sum() == 18
    assert not joined.members["coalition"].isin(renamed_missions()).any()
    assert joined.panel["event"].sum() == 108
    said = sheet(joined)
    assert said["observed"] == "13505 observed member-months with troops"
    # the rows beyond those are bridged gaps: at risk, although no troops were reported
    there = joined.profile.query("present")
    nobody = (there["basis"] == "carried") | (there["troops"] == 0)
    assert int(said["rows"]) - 13_505 == nobody.sum() == 119


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_token_contingents_are_left_out_by_their_peak():
    big = analysis_set("un", features=False, peak_at_least=50)
    assert big.panel["event"].sum() == 18
    said = sheet(big)
    assert said["peak at least"] == "50 persons, known only afterwards"
    assert int(said["left out: peak strength under 50"]) == 433 - int(said["spells"])


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_geopko_by_year():
    found = analysis_set("un", variant="geopko", features=False)
    ended = found.members.query("exit_kind == 'early'")
    rows = cm.load("geopko-contributors")
    rows = rows.assign(mission=rows["mission"].replace(dict(renamed_missions())))
    # counted directly: off the next map of a mission that has one
    years = rows.groupby("mission")["year"].agg(lambda y: sorted(set(y)))
    following = {(m, a): b for m, ys in years.items() for a, b in pairwise(ys)}
    have = set(zip(rows["mission"], rows["cow"], rows["year"], strict=True))
    gone = [
        (m, c, y) for m, c, y in have if (m, y) in following and (m, c, following[m, y]) not in have
    ]
    assert len(ended) == len(gone) == found.panel["event"].sum()
    # for good, while the mission goes on, with missions as named: the source's page has 169
    rows = cm.load("geopko-contributors")
    last = rows.groupby(["mission", "cow"])["year"].max().reset_index()
    goes_on = last["year"] < last["mission"].map(rows.groupby("mission")["year"].max())
    assert goes_on.sum() == 169


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_interventions_by_year():
    found = analysis_set("interventions", features=False)
    assert (len(found.panel), found.panel["event"].sum()) == (3256, 392)
    # counted directly: gone next year while another supporter is there
    rows = cm.load("ucdp-conflicts").query("role == 'secondary'")
    by = ["conflict_id", "side"]
    rows = rows[rows.groupby(by)["gw"].transform("nunique") >= 2]
    have = set(zip(rows["conflict_id"], rows["side"], rows["gw"], rows["year"], strict=True))
    sides = {(c, s, y) for c, s, _, y in have}
    gone = [k for k in have if (*k[:3], k[3] + 1) not in have and (k[0], k[1], k[3] + 1) in sides]
    assert (len(have), len(gone)) == (3256, 392)


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_wars_by_month():
    strict, wide = analysis_set("wars"), analysis_set("wars", variant="wide", features=False)
    assert len(strict.members) == 203
    assert (strict.panel["event"].sum(), wide.panel["event"].sum()) == (20, 31)
    assert sheet(strict)["spells"] == "203"
    # states without an ISO code keep their name and their number
    modena = strict.panel.query("state == 'Modena'")
    assert set(modena["cow"]) == {332}


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
@pytest.mark.parametrize("name", ["un", "interventions", "wars"])
def test_external_sets_have_features_and_say_what_they_lack(name):
    found = analysis_set(name)
    assert {"leader_change", "polity2", "earlier_defectors", "cinc"} <= set(found.panel.columns)
    said = sheet(found)
    assert said["no alliance"]
    assert "reign-leaders" in said["sources"] or "archigos" in said["sources"]
    # nothing outside a source's years
    late = found.panel[found.panel["period"].dt.year > 2021]
    assert late["leader_change"].isna().all()
    text = str(found)
    assert "limit" in text
    assert "<table" in found._repr_html_()


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_recoding_a_un_set_needs_no_planning_to_be_known():
    found = analysis_set("un", features=False)
    cuts = cm_rule_count(found, uncoded="leave_out")
    assert cuts == 0
    assert cm_rule_count(found, uncoded="count") > 0


def cm_rule_count(found, uncoded):
    from coalition_models.defection.rules import DefectionRule

    rule = DefectionRule("cuts", kinds=("partial_cut",), exits="none", uncoded=uncoded)
    return int(found.recode(rule)["event"].sum())


def test_unknown_sets_and_variants_name_the_right_ones():
    with pytest.raises(DataError, match="known: iraq, isaf, forms, leaders, un, inter"):
        analysis_set("korea")
    with pytest.raises(DataError, match="main, as_named, geopko"):
        analysis_set("un", variant="daily")
    assert set(set_names()) == {
        "iraq", "isaf", "forms", "leaders", "un", "interventions", "wars", "alliances",
    }  # fmt: skip


def test_a_set_prints_at_a_readable_width():
    found = analysis_set("iraq", features=False)
    found.sheet.loc[len(found.sheet)] = ["features: " + "a_long_name, " * 20, "one, " * 100]
    lines = str(found).splitlines()
    assert max(map(len, lines)) <= 100
    words = " ".join(" ".join(line.split()) for line in lines)
    assert words.count("one,") == 100
    assert words.count("a_long_name,") == 20
    assert repr(found) == "<AnalysisSet iraq (main): 1642 rows, 21 events>"
