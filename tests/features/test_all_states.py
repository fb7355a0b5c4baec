"""Elections and leaders of states that contribute to no bundled coalition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.leader_cases import leader_cases
from coalition_models.record import made_of, sources_of
from coalition_models.sources.leader_rows import with_bodies
from coalition_models.timelines import election_lists, leader_terms, succession

AFRICANS = [
    "BDI", "DJI", "ETH", "KEN", "RWA", "SLE", "TZA", "ZAF", "ZMB",
]  # fmt: skip
ABOUT_LAST = ["months_since_election", "post_election"]


def facts_of_africans(states=AFRICANS, first="2007-03-06", last="2013-12-31", **more):
    members = pd.DataFrame(
        {"coalition": "amisom", "state": states, "entry": first, "exit": last}
    ).assign(exit_kind=lambda t: np.where(t.index % 2 == 0, "early", "mission_end"))
    coalition = pd.DataFrame(
        {"coalition": ["amisom"], "start": [first], "mandate_end": [last], "lead_state": ["UGA"]}
    )
    return cm.Facts(members=members, coalitions=coalition, **more)


@pytest.fixture(scope="module")
def africa():
    return cm.build_panel(facts_of_africans())


@pytest.fixture
def at_hand(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path / "empty"))


def new(out, panel):
    return [c for c in out.columns if c not in panel.columns]


def led(panel, **options):
    """With the warning that no source has the parties of these leaders."""
    with pytest.warns(cm.CoalitionWarning, match=r"party_change.*ParlGov has the parties"):
        return cm.add_leadership(panel, **options)


# ---------------------------------------------------------------------- with the sources
@pytest.mark.mirror
def test_elections_of_african_contributors(africa, at_hand, row):
    out = cm.add_elections(africa)
    columns = new(out, africa)
    assert out[columns].notna().mean().min() > 0.95
    assert sources_of(out, columns) == ("reign-elections",)
    assert made_of(out, "election_near")["other_states"] == {"reign-elections": tuple(AFRICANS)}
    # Kenya voted on 27 December 2007 and 4 March 2013
    assert row(out, "KEN", "2007-12-01", "election_month") == 1
    assert row(out, "KEN", "2008-03-01", "months_since_election") == 3
    assert row(out, "KEN", "2013-01-01", "months_to_election") == 2
    assert row(out, "KEN", "2010-01-01", "term_elapsed") == pytest.approx(25 / 63)
    pd.testing.assert_frame_equal(out, cm.add_elections(africa, sources="reign"))
    pd.testing.assert_frame_equal(out[columns], cm.add_elections(africa, kinds="regime")[columns])


@pytest.mark.mirror
def test_leaders_of_african_contributors(africa, at_hand, row):
    out = led(africa)
    sure = ["leader_change", "tenure_months", "months_since_leader_change"]
    assert out[[*sure, "joined_under_other_leader"]].notna().mean().min() > 0.95
    assert sources_of(out, new(out, africa))[-1] == "reign-leaders"
    assert made_of(out, "tenure_months")["other_states"] == {"reign-leaders": tuple(AFRICANS)}
    # Kenyatta followed Kibaki on 9 April 2013
    assert row(out, "KEN", "2013-05-01", "leader_change") == 1
    assert row(out, "KEN", "2013-05-01", "tenure_months") == 1
    assert row(out, "KEN", "2013-04-01", "leader_change") == 0
    assert row(out, "KEN", "2013-05-01", "joined_under_other_leader") == 1


@pytest.mark.slow
@pytest.mark.mirror
def test_external_columns_and_archigos_have_all_states(africa, at_hand, row):
    wide = led(africa, external="require")
    for name in ("irregular_entry", "support_change", "support_changed_since_entry"):
        assert wide[name].notna().mean() > 0.95, name
    # Kenyatta came by election, with another base than Kibaki
    assert row(wide, "KEN", "2013-05-01", "irregular_entry") == 0
    # Ethiopia's Meles died in office and his deputy of the same party followed
    assert row(wide, "ETH", "2012-10-01", "support_change") == 0
    archigos = led(africa, who="archigos")
    assert archigos["leader_change"].notna().mean() > 0.95
    assert row(archigos, "KEN", "2013-05-01", "leader_change") == 1
    with pytest.warns(cm.CoalitionWarning, match="who='effective' has all states"):
        heads = cm.add_leadership(africa, who="head_of_government")
    assert heads["leader_change"].isna().all()


@pytest.mark.mirror
def test_kinds_follow_the_first_source_that_covers_a_row(africa, at_hand, row):
    votes = cm.add_elections(africa, kinds="legislative")
    # REIGN lists Kenya's presidents only; NELDA has its parliament to 2012, then Bjoernskov-Rode
    assert row(votes, "KEN", "2007-12-01", "election_month") == 1
    assert row(votes, "KEN", "2013-03-01", "election_month") == 1
    used = made_of(votes, "election_near")["other_states"]
    assert list(used) == ["reign-elections", "nelda", "bjornskov-rode"]
    assert "ETH" in used["reign-elections"]
    assert "KEN" in used["nelda"]
    # 2013 lies outside what is known of presidents in states that a parliament leads
    both = cm.add_elections(africa, kinds="both")
    late = both[both["period"] >= "2013-01-01"]
    assert late.loc[late["state"] == "ETH", "election_near"].isna().all()


@pytest.mark.mirror
def test_nothing_is_known_after_the_sources_end(at_hand, row):
    panel = cm.build_panel(facts_of_africans(["KEN", "GHA"], "2018-01-01", "2023-12-31"))
    out = cm.add_elections(panel)
    late = out[out["period"] >= "2021-03-01"]
    assert late[new(out, panel)].isna().all(axis=None)
    assert row(out, "GHA", "2020-12-01", "election_month") == 1
    # the window reaches beyond February 2021: no zero
    assert np.isnan(row(out, "KEN", "2020-10-01", "election_near"))
    leaders = led(panel)
    assert leaders.loc[leaders["period"] >= "2021-04-01", "leader_change"].isna().all()


@pytest.mark.slow
@pytest.mark.mirror
def test_the_extended_union_has_what_any_source_lists(africa, at_hand):
    plain = cm.add_elections(africa)
    wide = cm.add_elections(africa, external="require")
    voted = plain["election_month"] == 1
    assert (wide.loc[voted, "election_month"] == 1).all()
    assert wide["election_month"].sum() > plain["election_month"].sum()
    strict = cm.add_elections(africa, external="require", strict=True)
    assert strict["months_to_election"].notna().any()


@pytest.mark.mirror
def test_states_that_no_source_lists_are_named(at_hand):
    # no source has an election of South Sudan, independent since 2011
    panel = cm.build_panel(facts_of_africans(["KEN", "SSD"], "2012-03-06"))
    with pytest.warns(cm.CoalitionWarning, match="nothing is known of SSD.*Facts") as told:
        cm.add_elections(panel)
    assert "fetch" not in str(told[0].message)  # all are at hand


@pytest.mark.mirror
def test_bundled_and_other_states_in_one_panel(at_hand):
    states = ["ESP", "KEN", "POL", "UKR", "ZMB"]
    panel = cm.build_panel(facts_of_africans(states, "2003-09-01", "2008-06-30"))
    alone = cm.build_panel(facts_of_africans(["ESP", "POL", "UKR"], "2003-09-01", "2008-06-30"))
    key = ["state", "period"]
    for add in (cm.add_elections, cm.add_leadership):
        mixed, some = add(panel), add(alone)
        columns = new(mixed, panel)
        part = mixed[mixed["state"].isin(["ESP", "POL", "UKR"])].set_index(key)[columns]
        pd.testing.assert_frame_equal(part, some.set_index(key)[columns])
        assert mixed[columns[0]].notna().mean() > 0.95
    made = cm.add_elections(panel)
    assert sources_of(made, ["election_near"]) == ("elections", "reign-elections")


@pytest.mark.mirror
def test_leaders_of_other_states_are_cases(at_hand):
    lost = pd.DataFrame({"coalition": "amisom", "cow": 516, "date": ["2009-02-22"], "deaths": [11]})
    troops = pd.DataFrame(
        {"coalition": "amisom", "cow": 516, "date": ["2009-01-01"], "troops": [1700]}
    )
    window = {"amisom": ("2007-03", "2013-12")}
    facts = facts_of_africans(deaths=lost, coverage=window, troops=troops)
    cases = leader_cases(facts).set_index("case")
    assert cases.loc[["KEN 1", "KEN 2"], "leader"].tolist() == ["Mwai Kibaki", "Kenyatta"]
    assert cases["election_near"].notna().all()


# ------------------------------------------------------------------- without any source
def test_without_sources_one_warning_says_who_why_and_what_to_do(africa, nothing):
    for add, fetched in (
        (cm.add_elections, "reign-elections nelda bjornskov-rode"),
        (cm.add_leadership, "reign-leaders"),
    ):
        with pytest.warns(cm.CoalitionWarning) as told:
            out = add(africa)
        assert len(told) == 1
        message = str(told[0].message)
        assert all(state in message for state in AFRICANS)
        assert f"not at hand: coalition-models data fetch {fetched}" in message
        assert "Facts(" in message
        assert out[new(out, africa)].isna().all(axis=None)
        absent = made_of(out, new(out, africa)[0])["not_at_hand"]
        assert absent == tuple(fetched.split())


def test_states_without_a_source_are_named_beside_others(nothing):
    panel = cm.build_panel(facts_of_africans(["ESP", "KEN", "ZMB"], "2003-09-01", "2008-06-30"))
    for add in (cm.add_elections, cm.add_leadership):
        with pytest.warns(cm.CoalitionWarning, match="nothing is known of KEN, ZMB.*data fetch"):
            add(panel)


def test_sources_asked_for_by_name_are_not_passed_over(africa, nothing, monkeypatch):
    from coalition_models.sources import fetch

    def unreachable(*_):
        raise OSError("no network")

    monkeypatch.setattr(fetch, "_retrieve", unreachable)
    for options in ({"sources": "nelda"}, {"external": "require"}):
        with pytest.raises(cm.CoverageError, match="nelda"):
            cm.add_elections(africa, **options)
    with pytest.raises(cm.CoverageError, match="archigos"):
        cm.add_leadership(africa, who="archigos")


def test_facts_with_some_states_only_name_the_others(africa):
    votes = pd.DataFrame(
        {"cow": [501], "date": pd.to_datetime(["2007-12-27"]), "kind": ["presidential"]}
    )
    leaders = pd.DataFrame(
        {"cow": [501], "leader": ["A"], "start": pd.to_datetime(["2002-12-30"]), "end": [pd.NaT]}
    )
    panel = cm.build_panel(facts_of_africans(elections=votes, leaders=leaders))
    for add in (cm.add_elections, cm.add_leadership):
        with pytest.warns(
            cm.CoalitionWarning, match="nothing is known of BDI, DJI.*in these facts"
        ):
            out = add(panel)
        columns = new(out, panel)
        assert out.loc[out["state"] == "KEN", columns].notna().any(axis=None)
        assert out.loc[out["state"] != "KEN", columns].isna().all(axis=None)


# ------------------------------------------------------------ readers' tables as facts
@pytest.mark.mirror
def test_readers_tables_are_facts(africa, at_hand):
    given = facts_of_africans(
        elections=cm.load("reign-elections"), leaders=cm.load("reign-leaders")
    )
    panel = cm.build_panel(given)
    for add, name in ((cm.add_elections, "reign-elections"), (led, "reign-leaders")):
        plain = add(africa)
        if add is led:
            with pytest.warns(cm.CoalitionWarning, match="in the table of leaders given"):
                mine = cm.add_leadership(panel)
        else:
            mine = add(panel)
        columns = new(plain, africa)
        pd.testing.assert_frame_equal(plain[columns], mine[columns])
        assert sources_of(mine, columns) == (name,)
        assert made_of(mine, columns[0])["put_right"]
    counts = made_of(cm.add_elections(panel), "election_near")["put_right"]
    assert counts["referendums"] > 200
    assert counts["listed twice"] == 1


@pytest.mark.mirror
@pytest.mark.parametrize("name", ["nelda", "bjornskov-rode", "parlgov-elections"])
def test_every_reader_of_elections_is_taken(name, at_hand):
    facts = facts_of_africans().replace(elections=cm.load(name))
    table = facts.elections
    assert set(table["kind"]) <= {"legislative", "presidential"}
    assert not table.duplicated(["cow", "date", "kind"]).any()
    assert table[["known_from", "known_until"]].notna().all(axis=None)


@pytest.mark.mirror
def test_parts_of_a_readers_table_and_archigos_are_taken(at_hand):
    reign = cm.load("reign-elections")
    one = facts_of_africans(["KEN"], elections=reign[reign["cow"] == 501])
    out = cm.add_elections(cm.build_panel(one))
    assert out["election_near"].notna().all()
    # only what REIGN covers: no zero after it ends, and no parliament where a president leads
    late = cm.build_panel(facts_of_africans(["KEN"], "2019-01-01", "2023-12-31", elections=reign))
    rows = cm.add_elections(late).set_index("period")
    assert rows.loc["2021-03-01":, "election_month"].isna().all()
    with pytest.warns(cm.CoalitionWarning, match="missing in every row"):
        cm.add_elections(late, kinds="legislative")
    facts = facts_of_africans(leaders=cm.load("archigos"))
    assert facts.leaders["known_until"].eq(pd.Timestamp("2015-12-31")).all()


def test_leaders_of_two_offices_are_refused_with_the_cure():
    with pytest.raises(cm.DataError, match=r"2 offices.*table\['office'\] == 'effective'"):
        facts_of_africans(leaders=cm.load("leaders"))


# ------------------------------------------------------------------------- no look-ahead
def _cut(table, column, day):
    return table[~(table[column] >= day)].reset_index(drop=True)


@pytest.mark.mirror
@pytest.mark.parametrize(
    "day",
    [
        "2012-10-01",
        *(pytest.param(d, marks=pytest.mark.slow) for d in ("2008-03-01", "2010-06-01")),
    ],
)
@pytest.mark.parametrize("moment", ["start", "end"])
def test_later_rows_of_the_sources_change_no_earlier_row(africa, at_hand, monkeypatch, day, moment):
    stamp = pd.Timestamp(day)
    known = africa["period"] <= stamp if moment == "start" else africa["period"] < stamp
    election_sets = [{}, {"kinds": "legislative"}, {"kinds": "both"}, {"kinds": "regime"}]
    leader_sets = [{}, {"external": "require"}, {"who": "archigos"}]
    full = [cm.add_elections(africa, as_of=moment, **o)[ABOUT_LAST] for o in election_sets]
    leaders = [led(africa, as_of=moment, **o) for o in leader_sets]
    true_source, true_table = election_lists.optional_source, leader_terms.known_table

    def cut_table(name, **options):
        table = true_table(name, **options)
        if name in ("reign-leaders", "archigos"):
            table = _cut(table, "start", stamp)
            return table.assign(end=table["end"].where(table["end"] < stamp))
        return _cut(table, "date", stamp) if name == "chisols" else table

    def cut_source(name, *rest):
        if name == "reign-leaders":
            return cut_table(name)
        table = true_source(name, *rest)
        return _cut(table, "election" if name == "bjornskov-rode" else "date", stamp)

    monkeypatch.setattr(election_lists, "optional_source", cut_source)
    monkeypatch.setattr(leader_terms, "optional_source", cut_source)
    monkeypatch.setattr(leader_terms, "known_table", cut_table)
    for options, whole in zip(election_sets, full, strict=True):
        cut = cm.add_elections(africa, as_of=moment, **options)[ABOUT_LAST]
        pd.testing.assert_frame_equal(cut[known], whole[known])
    for options, whole in zip(leader_sets, leaders, strict=True):
        cut = led(africa, as_of=moment, **options)
        pd.testing.assert_frame_equal(
            cut.loc[known, new(whole, africa)], whole.loc[known, new(whole, africa)]
        )


def test_a_body_has_what_its_chairs_so_far_share():
    chairs = pd.DataFrame(
        {
            "cow": [346, 346, 346, 230],
            "leader": ["X", "Y", "Z", "A"],
            "start": pd.to_datetime(["2004-01-01", "2004-09-01", "2005-05-01", "2004-04-17"]),
            "end": pd.to_datetime(["2004-09-01", "2005-05-01", None, None]),
            "party": ["P", "P", "P", "Q"],
            "entry": ["regular", "regular", "irregular", "regular"],
        }
    )
    out = with_bodies(chairs)
    body = out[out["cow"] == 346]
    assert body["entry"].tolist() == ["regular", "regular", None]
    assert body["party"].isna().all()
    assert body["end"].tolist()[:2] == body["start"].tolist()[1:]
    # a later chair changes nothing of an earlier row
    fewer = with_bodies(chairs[chairs["leader"] != "Z"])
    columns = ["leader", "start", "end", "entry"]
    pd.testing.assert_frame_equal(
        fewer[fewer["cow"] == 346][columns].reset_index(drop=True),
        body[columns].iloc[:2].reset_index(drop=True),
    )


@pytest.mark.mirror
@pytest.mark.parametrize("value", ["irregular", "unknown", None])
def test_a_later_chair_changes_no_earlier_row(isaf, at_hand, monkeypatch, value):
    rows = isaf[isaf["state"].isin(["BIH", "CHE"])]
    before = cm.add_leadership(rows, external="require")
    true_table = leader_terms.known_table

    def changed(name, **options):
        table = true_table(name, **options)
        if name != "leaders":
            return table
        late = table["cow"].isin([225, 346]) & (table["start"] >= "2006-01-01")
        return table.assign(
            entry=table["entry"].mask(late, value),
            source_change=table["source_change"].mask(late, None),
        )

    monkeypatch.setattr(leader_terms, "known_table", changed)
    after = cm.add_leadership(rows, external="require")
    known = rows["period"] <= "2006-01-01"
    pd.testing.assert_frame_equal(after[known], before[known])


@pytest.mark.mirror
def test_support_is_covered_by_coded_years_not_by_coded_leaders(iraq, at_hand, monkeypatch, row):
    out = cm.add_leadership(iraq, external="require")
    # Kazakhstan had one leader all along, and CHISOLS codes its years
    assert out.loc[out["state"] == "KAZ", "support_change"].eq(0).all()
    # the file leaves out small states
    assert out.loc[out["state"] == "TON", "support_change"].isna().all()
    coded = succession.known_table("chisols")
    fewer = coded[~((coded["cow"] == 705) & (coded["year"] == 2004))]
    monkeypatch.setattr(succession, "known_table", lambda name: fewer)
    less = cm.add_leadership(iraq, external="require")
    assert np.isnan(row(less, "KAZ", "2004-06-01", "support_change"))
    assert row(less, "KAZ", "2005-06-01", "support_change") == 0
