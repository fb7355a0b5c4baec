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
    with pytest.raises(cm.DataError, match="the set 'wars' knows no revision 1 of its facts"):
        analysis_set("wars", revision=1)
    with pytest.raises(cm.DataError, match="revision= belongs to bundled sets"):
        analysis_set(cm.facts("iraq"), revision=1)
    with pytest.raises(cm.DataError, match="has the revisions 1 and 2, not 3"):
        analysis_set("iraq", revision=3)
    for name in ("iraq", "unosom2"):
        newest = analysis_set(name, features=False, revision=2)
        assert newest.panel.equals(analysis_set(name, features=False).panel)


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


@pytest.mark.slow
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

    joined = analysis_set("un", variant="as_listed", features=False)
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


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_tokens_and_the_wind_down_of_missions_are_no_exits_of_contingents():
    listed = analysis_set("un", variant="as_listed", features=False)
    exits = listed.panel.query("event == 1").assign(last=lambda rows: rows["period"])
    # counted directly: the mission's last row, and twelve months before it
    rows = cm.load("ipi-contributions")
    ends = rows.groupby(rows["mission"].replace(dict(renamed_missions())))["date"].max()
    ends = ends[ends < rows["date"].max()].dt.to_period("M")
    closed = exits[exits["coalition"].isin(ends.index)]
    before = [
        (ends[c] - day.to_period("M")).n
        for c, day in zip(closed["coalition"], closed["last"], strict=True)
    ]
    wound_down = sum(months <= 12 for months in before)
    assert (len(exits), wound_down) == (108, 14)
    main, tokens = (analysis_set("un", variant=v, features=False) for v in ("main", "tokens"))
    assert main.panel["event"].sum() + tokens.panel["event"].sum() == 108 - 14
    assert main.panel["event"].sum() == 20
    assert len(main.panel) + len(tokens.panel) == len(listed.panel)
    said = sheet(main)
    assert said["left out: peak strength under 10 persons"] == "223"
    assert "14 of 108 are censored" in " ".join(main.sheet["value"])
    assert "223 spells with 74 exits" in " ".join(main.sheet["value"])
    # who is left out of the panel is a partner all the same
    assert len(main.members) == len(listed.members)


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_strength_in_un_is_twelve_months_old():
    main = analysis_set("un", features=["commitment"])
    assert record_of(main.panel).features["log_troops"]["strength_lag"] == 12
    listed = analysis_set("un", variant="as_listed", features=["commitment"]).panel
    key = ["coalition", "cow", "spell", "start"]
    then = listed[[*key, "troops"]].assign(start=listed["start"] + 12)
    both = main.panel.merge(then, on=key, suffixes=("", "_then"))
    assert len(both) > 5000
    assert both["troops"].notna().any()
    assert both["troops"].equals(both["troops_then"].rename("troops"))


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_a_peak_may_be_asked_for():
    big = analysis_set("un", features=False, peak_at_least=50)
    left = [kind for kind in big.sheet["item"] if kind.startswith("left out")]
    assert left == ["left out: peak strength under 10 persons", "left out: peak strength under 50"]
    assert (
        big.panel["event"].sum()
        == (
            analysis_set("un", features=False)
            .members.query("peak_troops >= 50 and exit_kind == 'early'")
            .shape[0]
        )
    )


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
    assert len(gone) == 196
    # between the last two maps of a mission that closed it is its wind-down
    last = {m: years[m][-1] for m in years.index}
    shut = {m for m, y in last.items() if y < rows["year"].max()}
    closing = [
        k
        for k in gone
        if k[0] in shut and following[k[0], k[2]] == last[k[0]] and last[k[0]] - k[2] <= 1
    ]
    assert len(ended) == len(gone) - len(closing) == found.panel["event"].sum()
    # for good, while the mission goes on, with missions as named: the source's page has 169
    rows = cm.load("geopko-contributors")
    last = rows.groupby(["mission", "cow"])["year"].max().reset_index()
    goes_on = last["year"] < last["mission"].map(rows.groupby("mission")["year"].max())
    assert goes_on.sum() == 169


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_interventions_by_year():
    found = analysis_set("interventions", variant="as_listed", features=False)
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
def test_the_end_of_a_mission_is_no_exit_and_mali_is_one():
    found = analysis_set("interventions", variant="everyone", features=False)
    panel = found.panel
    mali = [c for c in dict.fromkeys(panel["coalition"]) if c in ("ucdp 372 A", "ucdp 11347 A")]
    assert mali == ["ucdp 372 A"]
    assert "ucdp 14113 A" not in set(panel["coalition"])
    twice = panel.duplicated(["coalition", "state", "period"])
    assert not twice.any()
    events = panel[panel["event"] == 1]
    in_mali = events[events["coalition"] == "ucdp 372 A"]
    assert not (in_mali["period"].dt.year == 2023).any()
    # of four or more, nowhere half leave as single decisions
    there = panel.groupby(["coalition", "period"])["event"].agg(["sum", "size"])
    assert not ((there["size"] >= 4) & (there["sum"] >= there["size"] / 2)).any()
    text = " ".join(found.sheet["value"])
    assert "2641 supporter-years with 303 exits in place of 3256 with 392 by side" in text
    assert "162 exits are censored" in text
    assert panel["event"].sum() == 303 - 162


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_members_of_other_sets_are_left_out_and_stay_partners():
    everyone = analysis_set("interventions", variant="everyone", features=False)
    found = analysis_set("interventions", features=False)
    gone = found.members[found.members["left_out"] != ""]
    assert len(found.members) == len(everyone.members)
    length = gone["exit"].dt.year - gone["entry"].dt.year + 1
    assert len(found.panel) == len(everyone.panel) - length.sum() == 915
    assert found.panel["event"].sum() == 141 - (gone["exit_kind"] == "early").sum() == 41
    said = sheet(found)
    assert int(said["left out: member of isaf"]) == (gone["left_out"] == "member of isaf").sum()
    # the Netherlands in Iraq are in iraq, and again against the Islamic State in none
    there = found.panel.query("state == 'NLD' and coalition == 'ucdp 259 A'")["period"].dt.year
    assert there.min() >= 2014
    listed = gone.query("state == 'NLD' and coalition == 'ucdp 259 A'")
    assert (listed["left_out"] == "member of iraq").all()
    assert len(listed) == 1
    # nobody is alone who has a partner that is left out
    tested, note = found.record.tested(found.panel)
    assert (len(tested), tested["event"].sum()) == (785, 37)
    assert "130 rows" in note


@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
@pytest.mark.slow
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
@pytest.mark.parametrize(
    "name",
    [pytest.param("un", marks=pytest.mark.slow), "interventions",
     pytest.param("wars", marks=pytest.mark.slow)],
)  # fmt: skip
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


@pytest.mark.slow
@pytest.mark.mirror
@pytest.mark.usefixtures("with_mirror")
def test_recoding_a_un_set_needs_no_planning_to_be_known():
    found = analysis_set("un", variant="as_listed", features=False)
    cuts = cm_rule_count(found, uncoded="leave_out")
    assert cuts == 0
    assert cm_rule_count(found, uncoded="count") > 0


def cm_rule_count(found, uncoded):
    from coalition_models.defection.rules import DefectionRule

    rule = DefectionRule("cuts", kinds=("partial_cut",), exits="none", uncoded=uncoded)
    return int(found.recode(rule)["event"].sum())


def test_unknown_sets_and_variants_name_the_right_ones():
    with pytest.raises(DataError, match="known: iraq, isaf, rsm, unosom2, forms, contemp"):
        analysis_set("korea")
    with pytest.raises(DataError, match="main, tokens, as_listed, as_named, geopko"):
        analysis_set("un", variant="daily")
    assert set(set_names()) == {
        "iraq", "isaf", "rsm", "unosom2", "forms", "contemporary", "leaders", "minusma", "un",
        "interventions", "wars", "alliances",
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
