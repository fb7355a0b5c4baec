"""Leaders in office while their state took part."""

from __future__ import annotations

import sys
from itertools import pairwise

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.leader_cases import leader_cases, leader_cases_by_window
from coalition_models.errors import CoverageError, DataError
from coalition_models.record import record_of

END = pd.Timestamp("2008-12-31")


@pytest.fixture(scope="module")
def windows():
    """Cases in Iraq by window of elections."""
    lengths = (0, 1, 2, 6, 12)
    return dict(zip(lengths, leader_cases_by_window("iraq", lengths), strict=True))


@pytest.fixture(scope="module")
def cases(windows):
    return windows[2]


def of(cases, state, *columns):
    return cases.loc[cases["state"] == state, list(columns)].to_numpy().tolist()


def test_known_leaders(cases):
    day = pd.Timestamp
    assert of(cases, "ESP", "leader", "last_day", "early_exit", "ended_by", "leader_change") == [
        ["Aznar", day("2004-04-16"), 0, "left_office", 0],
        ["Rodriguez Zapatero", day("2004-04-27"), 1, "early", 1],
    ]
    # Rudd was sworn in on 3 December 2007 and took the troops out by June 2008
    assert of(cases, "AUS", "leader", "first_day", "last_day", "early_exit") == [
        ["Howard", day("2003-03-20"), day("2007-12-02"), 0],
        ["Rudd", day("2007-12-03"), day("2008-06-01"), 1],
    ]
    # Prodi succeeded Berlusconi on 17 May 2006
    assert of(cases, "ITA", "leader", "last_day", "early_exit", "deaths") == [
        ["Berlusconi", day("2006-05-16"), 0, 31],
        ["Prodi", day("2006-12-01"), 1, 2],
    ]
    assert of(cases, "POL", "leader", "early_exit", "leader_change") == [
        ["Kwasniewski", 0, 0],
        ["Kaczynski", 1, 1],
    ]
    assert of(cases, "GBR", "leader", "ended_by") == [
        ["Blair", "left_office"],
        ["Brown", "mission_end"],
    ]
    assert of(cases, "PHL", "leader", "months", "early_exit") == [
        ["Gloria Macapagal-Arroyo", 12, 1]
    ]


def test_counts(cases):
    assert len(cases) == 81
    # the chair of Bosnia's presidency goes round every eight months: one case
    assert of(cases, "BIH", "months", "leader_change") == [[42, 0]]
    assert cases["early_exit"].sum() == 21
    spells = cm.load("participation").query("coalition == 'iraq' and exit_kind == 'early'")
    assert sorted(cases.loc[cases["early_exit"] == 1, "state"]) == sorted(spells["state"])
    # two leaders of Bulgaria, Japan and Lithuania sent troops again after leaving
    assert set(cases.query("early_exit == 1 and ended_by != 'early'")["state"]) == {
        "BGR", "JPN", "LTU",
    }  # fmt: skip
    assert "USA" not in set(cases["state"])
    assert record_of(cases).notes["without_leader"] == 0
    assert not cases["case"].duplicated().any()


def test_cases_do_not_overlap_and_cover_every_day_of_participation(cases):
    assert (cases["first_day"] <= cases["last_day"]).all()
    follows = cases["state"] == cases["state"].shift()
    assert (cases["first_day"] > cases["last_day"].shift())[follows].all()
    touched = cases["last_day"].dt.to_period("M").astype("int64") - cases["first_day"].dt.to_period(
        "M"
    ).astype("int64")
    assert cases["months"].tolist() == (touched + 1).tolist()
    spells = cm.load("participation").query("coalition == 'iraq' and exit_kind != 'leader'")
    led = {
        state: {
            day for row in part.itertuples() for day in pd.date_range(row.first_day, row.last_day)
        }
        for state, part in cases.groupby("state")
    }
    assert set(led) == set(spells["state"])
    for spell in spells.itertuples():
        last = END if pd.isna(spell.exit) else min(spell.exit, END)
        assert set(pd.date_range(spell.entry, last)) <= led[spell.state], spell.state
    assert (cases["last_day"] <= END).all()


def test_whoever_took_office_after_arrival_is_a_new_leader(cases):
    first = cases.drop_duplicates("state")
    later = cases.drop(first.index)
    assert first["leader_change"].eq(0).all()
    assert later["leader_change"].eq(1).all()
    assert len(first) == cases["state"].nunique() == 39


def test_a_wider_window_only_adds(windows):
    widths = sorted(windows)
    for narrow, wide in pairwise(widths):
        for column in ("election_near", "election_near_ever", "election_around"):
            one, other = windows[narrow][column], windows[wide][column]
            assert one.isna().equals(other.isna())
            assert (one.dropna() <= other.dropna()).all()
    assert windows[0]["election_near"].sum() < windows[12]["election_near"].sum()
    for width, found in windows.items():
        known = found.dropna(subset="months_to_election")
        assert (known["election_near"] == (known["months_to_election"] <= width)).all()
        ever = found.dropna(subset=["election_near", "election_near_ever"])
        assert (ever["election_near"] <= ever["election_near_ever"]).all()
        assert record_of(found).notes["choices"]["window"] == width
    unchanged = [name for name in windows[2] if not name.startswith("election_")]
    assert windows[0][unchanged].equals(windows[12][unchanged])


def test_an_election_just_lost_is_around_the_last_day(windows):
    """Both directions, by month, from the days of the elections themselves."""
    votes = cm.load("elections")
    for width in (0, 2, 12):
        found = windows[width]
        known = found.dropna(subset=["election_near", "election_around"])
        assert (known["election_near"] <= known["election_around"]).all()
        assert found.loc[found["election_near"] == 1, "election_around"].eq(1).all()
        for case in found.itertuples():
            own = votes.loc[votes["cow"] == case.cow, "date"]
            away = (own.dt.year - case.last_day.year) * 12 + own.dt.month - case.last_day.month
            if (away.abs() <= width).any():
                assert case.election_around == 1, case.case
            else:
                assert case.election_around != 1, case.case
    two = windows[2].set_index("case")
    # Aznar's party lost on 14 March 2004, he left office on 16 April
    assert two.loc["ESP 1", ["election_near", "election_around"]].tolist() == [0, 1]


def test_every_death_counts_for_one_leader(cases):
    spells = cm.load("participation").query("coalition == 'iraq'")
    once = spells.groupby("state").size().eq(1)
    panel = cm.build_panel(spells[spells["state"].map(once)], coalitions=["iraq"])
    known = cm.add_casualties(panel, as_of="end").groupby("state")["deaths_cumulative"].max()
    mine = cases.groupby("state")["deaths"].sum()[known.index]
    assert mine.to_dict() == known.to_dict()
    assert known.sum() > 200
    # eight Ukrainians died on 9 January 2005, two weeks before Kuchma left office
    assert of(cases, "UKR", "leader", "deaths") == [["Kuchma", 17.0], ["Yushchenko", 1.0]]


def test_the_date_of_exit_is_a_choice(cases):
    spells = cm.load("participation").query("coalition == 'iraq' and exit_kind == 'early'")
    said = spells.loc[spells["announced"].notna()].set_index("state")["announced"]
    found = leader_cases("iraq", exit_date="announced")
    gone = found[found["early_exit"] == 1].set_index("state")
    assert len(gone) == 21
    assert gone["exit_dated_by"].value_counts().to_dict() == {"announced": 18, "main": 3}
    dated = gone.query("exit_dated_by == 'announced' and ended_by == 'early'")
    assert (dated["last_day"] == said[dated.index]).all()
    assert len(dated) >= 15
    last = leader_cases("iraq", exit_date="last")
    # one contingent's last personnel left after the mandate, so that nobody defected
    assert last["early_exit"].sum() == 20
    assert set(last["exit_dated_by"]) == {"", "last", "main"}
    assert set(cases["exit_dated_by"]) == {"", "main"}


def test_your_own_terms_and_spells():
    """Two spells of one leader are one case; on the day of a handover the new one leads."""
    spells = cm.load("participation").query("coalition == 'iraq' and state == 'ESP'")
    day = pd.to_datetime
    own = pd.concat([spells, spells], ignore_index=True).assign(
        spell=[1, 2],
        entry=day(["2003-08-15", "2005-01-10"]),
        exit=day(["2004-04-27", "2006-02-01"]),
        exit_kind=["early", "scheduled"],
    )
    terms = pd.DataFrame(
        {
            "cow": 230,
            "leader": ["A", "B", "C"],
            "start": day(["2000-01-01", "2004-01-15", "2005-06-01"]),
            "end": day(["2004-01-15", "2005-06-01", None]),
        }
    )
    found = leader_cases("iraq", leaders=terms, members=own)
    columns = ["leader", "first_day", "last_day", "months", "early_exit", "ended_by"]
    assert found[columns].to_numpy().tolist() == [
        ["A", day("2003-08-15"), day("2004-01-14"), 6, 0, "left_office"],
        ["B", day("2004-01-15"), day("2005-05-31"), 17, 1, "left_office"],
        ["C", day("2005-06-01"), day("2006-02-01"), 9, 0, "scheduled"],
    ]
    assert found["leader_change"].tolist() == [0, 1, 1]
    nobody = leader_cases("iraq", leaders=terms.iloc[2:], members=own)
    assert nobody["leader"].tolist() == ["C"]
    assert record_of(nobody).notes["without_leader"] == 1


def test_coverage_and_options():
    with pytest.raises(CoverageError, match="not every member of 'vietnam' is listed"):
        leader_cases("vietnam")
    with pytest.raises(DataError, match="no bundled coalition named 'mars'"):
        leader_cases("mars")
    with pytest.raises(DataError, match="exit_date must be one of"):
        leader_cases("iraq", exit_date="first")
    with pytest.raises(DataError, match="head_of_government"):
        leader_cases("iraq", who="king")
    with pytest.raises(DataError, match="whole number of months"):
        leader_cases("iraq", window=-1)
    members = cm.load("participation").query("coalition == 'isaf'")
    with pytest.raises(DataError, match="no member of 'iraq'"):
        leader_cases("iraq", members=members)


def test_heads_of_government_differ_where_presidents_lead(cases):
    heads = leader_cases("iraq", who="head_of_government")
    poland = set(heads.query("state == 'POL'")["leader"])
    assert "Kwasniewski" not in poland
    assert len(poland) >= 2
    assert of(heads, "ITA", "leader") == of(cases, "ITA", "leader")


def test_nobody_is_free_of_elections_where_a_month_is_unknown(monkeypatch):
    def partly(value):
        def add(grid, window):
            first = ~grid["case"].duplicated()
            near = pd.Series(value, index=grid.index, dtype=float).mask(first)
            return grid.assign(election_near=near, post_election=0.0, months_to_election=9.0)

        return add

    module = sys.modules[leader_cases.__module__]
    for value in (0.0, 1.0):
        monkeypatch.setattr(module, "add_elections", partly(value))
        found = leader_cases("iraq")
        long = found["months"] > 1
        ever = found["election_near_ever"]
        assert ever[~long].isna().all()
        assert ever[long].isna().all() if value == 0 else ever[long].eq(1).all()


def iraq():
    return cm.load("participation").query("coalition == 'iraq'").reset_index(drop=True)


@pytest.mark.parametrize("days", [200, -10_000])
def test_an_announcement_that_is_not_in_order_falls_back_to_the_main_date(days):
    spells = iraq()
    armenia = spells["state"] == "ARM"
    spells.loc[armenia, "announced"] = spells.loc[armenia, "exit"] + pd.Timedelta(days=days)
    cases = leader_cases("iraq", members=spells, exit_date="announced")
    last = cases[cases["state"] == "ARM"].iloc[-1]
    panel = cm.build_panel(spells, exit_date="announced")
    event = panel[(panel["state"] == "ARM") & (panel["event"] == 1)]["period"].iloc[0]
    assert (last["early_exit"], last["exit_dated_by"]) == (1, "main")
    assert last["last_day"].to_period("M") == event.to_period("M")
    assert (cases["first_day"] <= cases["last_day"]).all()


@pytest.mark.parametrize("exit_date", ["main", "announced", "last"])
def test_who_left_early_when_agrees_with_the_panel(exit_date):
    cases = leader_cases("iraq", exit_date=exit_date)
    panel = cm.build_panel(iraq(), exit_date=exit_date)
    events = panel[panel["event"] == 1]
    left = cases[cases["early_exit"] == 1]
    assert set(left["state"]) == set(events["state"])
    # a leader who saw two spells has one case, which ends with the second
    once = panel.groupby("state")["spell"].max() == 1
    month = left.set_index("state")["last_day"].dt.to_period("M")[lambda d: once[d.index]]
    assert len(month) > 10
    assert month.equals(events.set_index("state")["period"].dt.to_period("M")[month.index])


def leaders(**change):
    day = pd.to_datetime
    table = pd.DataFrame(
        {"cow": 230, "leader": ["A", "B"], "start": day(["2000-01-01", "2004-04-17"]),
         "end": day(["2004-04-17", None])}
    )  # fmt: skip
    return table.assign(**change)


def test_own_leaders_come_one_after_the_other():
    cases = leader_cases("iraq", leaders=leaders())
    assert of(cases, "ESP", "leader", "early_exit") == [["A", 0], ["B", 1]]
    for end in (["2004-05-17", None], [None, None]):
        with pytest.raises(DataError, match="these begin before an earlier one ends: 230 B"):
            leader_cases("iraq", leaders=leaders(end=pd.to_datetime(end)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cow": 2}, "no leader on record was in office"),
        ({"start": "01/02/2000"}, "column start must hold date"),
        ({"start": pd.Timestamp("2000-01-01", tz="UTC")}, "column start must hold date"),
        ({"end": pd.Period("2005-01", "M")}, "column end must hold date"),
        ({"leader": None}, "leader"),
    ],
)
def test_own_leaders_are_checked(change, words):
    with pytest.raises(DataError, match=words):
        leader_cases("iraq", leaders=leaders(**change))


def test_no_leaders_at_all_are_refused_and_so_are_missing_columns():
    with pytest.raises(DataError, match="no leader on record was in office"):
        leader_cases("iraq", leaders=leaders().iloc[:0])
    with pytest.raises(DataError, match="lacks the columns end"):
        leader_cases("iraq", leaders=leaders().drop(columns="end"))


def test_own_members_are_checked():
    spells = iraq()
    late = spells.assign(exit=spells["exit"].where(spells["state"] != "ESP", "2003-01-01"))
    late["exit"] = pd.to_datetime(late["exit"])
    for wrong, words in (
        (late, "exit before entry: iraq ESP-1"),
        (spells.drop(columns="exit"), "lacks the columns exit"),
        (spells.drop(columns="coalition"), "lacks the columns coalition"),
        (spells.assign(entry="soon"), "column entry must hold date"),
    ):
        with pytest.raises(DataError, match=words):
            leader_cases("iraq", members=wrong)
    with pytest.raises(DataError, match="needs the column 'announced'"):
        leader_cases("iraq", members=spells.drop(columns="announced"), exit_date="announced")
