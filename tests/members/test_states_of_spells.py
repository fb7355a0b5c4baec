"""One state under one name while it exists; coalitions that began before they ended."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.spell_checks import check_spells, exit_before_entry, one_state

D = pd.to_datetime


def spell(state, cow, entry, exit, kind="early", number=1, **more):
    days = {"entry": D([entry]), "exit": D([exit])}
    names = {"coalition": "mali", "state": [state], "cow": [cow], "spell": number}
    return pd.DataFrame({**names, **days, "exit_kind": kind, **more})


def coalition(start="1985-01-01", end="2014-12-31", lead="FRA", name="mali"):
    return pd.DataFrame(
        {"coalition": [name], "start": D([start]), "mandate_end": D([end]), "lead_state": [lead]}
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("SCG", 345, "2006-02-01", "2006-12-01"), ("SRB", 345, "2006-07-01", "2006-12-01")),
        (("YUG", 345, "2002-02-01", "2003-12-01"), ("SCG", 345, "2003-03-01", "2003-12-01")),
        (("SUN", 365, "1991-02-01", "1992-12-01"), ("RUS", 365, "1992-03-01", "1992-12-01")),
        (("DEU", 260, "1989-02-01", "1991-12-01"), ("DEU", 255, "1990-11-01", "1991-12-01")),
    ],
)
def test_one_state_under_two_codes_at_a_time_is_refused(one, other):
    both = pd.concat([spell(*one), spell(*other, number=2)])
    with pytest.raises(cm.DataError, match="overlapping spells"):
        cm.build_panel(both, coalitions=coalition())


def test_one_state_under_two_names_has_one_row_a_month():
    both = pd.concat(
        [
            spell("SCG", 345, "2006-02-01", "2006-06-04"),
            spell("SRB", 345, "2006-06-05", "2007-12-01"),
        ]
    )
    panel = cm.build_panel(both, coalitions=coalition())
    assert not panel["period"].duplicated().any()
    assert set(one_state(both.reset_index(drop=True))) == {"SCG"}


@pytest.mark.parametrize(
    ("state", "cow", "entry", "exit", "day"),
    [
        ("SUN", 365, "1989-02-01", "1995-12-01", "1991-12-25; it went on as RUS"),
        ("DDR", 265, "1989-02-01", "1995-02-01", "1990-10-02"),
        ("DDR", 265, "1989-02-01", "1990-10-03", "1990-10-02"),
        ("CSK", 315, "1989-02-01", "1995-02-01", "1992-12-31"),
        ("SCG", 345, "2004-02-01", "2006-12-01", "2006-06-04; it went on as SRB"),
    ],
)
def test_a_spell_does_not_outlive_its_state(state, cow, entry, exit, day):
    (problem,) = check_spells(spell(state, cow, entry, exit))
    assert problem.startswith("exit after the last day of the state")
    assert day in problem
    with pytest.raises(cm.DataError, match=day):
        cm.build_panel(spell(state, cow, entry, exit), coalitions=coalition())


@pytest.mark.parametrize(
    ("state", "cow", "entry", "exit"),
    [
        ("DEU", 260, "1989-02-01", "1995-02-01"),
        ("RUS", 365, "1989-02-01", "1995-02-01"),
        ("SRB", 345, "2002-02-01", "2006-12-01"),
        ("DDR", 265, "1989-02-01", "1990-10-02"),
        ("SUN", 365, "1989-02-01", "1991-12-25"),
    ],
)
def test_a_state_that_goes_on_may_bear_its_last_name(state, cow, entry, exit):
    assert check_spells(spell(state, cow, entry, exit)) == []
    coded = spell(state, cow, entry, exit).drop(columns="cow")
    panel = cm.build_panel(coded, coalitions=coalition())
    assert set(panel["cow"]) == {cow if state != "DEU" else 260}


def test_an_exit_known_to_the_month_is_judged_by_it():
    late = spell("DDR", 265, "1989-02-01", "1990-10-31", exit_precision="month")
    assert check_spells(late) == []


@pytest.mark.parametrize(
    ("lead", "meant"),
    [("UKG", "GBR is meant"), ("GMY", "DEU is meant"), ("FRN", "FRA is meant"),
     ("Spain", "ESP is meant"), ("XQX", "no state"), ("SUN", "RUS is meant")],
)  # fmt: skip
def test_a_lead_state_that_is_none_is_refused(lead, meant):
    members = pd.concat([spell("GBR", 200, "2013-02-01", "2013-11-20"),
                         spell("BEL", 211, "2013-02-01", "2013-11-20")])  # fmt: skip
    table = coalition("2013-01-11", lead=lead)
    with pytest.raises(cm.DataError, match=f"lead_state must .*{lead} of mali .*{meant}"):
        cm.build_panel(members, coalitions=table)
    none = cm.build_panel(members, coalitions=coalition("2013-01-11", lead=None))
    assert set(none["state"]) == {"GBR", "BEL"}


def test_a_coalition_that_began_after_its_end_is_refused():
    members = spell("BEL", 211, "2013-02-01", "2013-11-20")
    swapped = coalition("2014-12-31", "2013-01-11", name="chad")
    both = pd.concat([members, members.assign(coalition="chad")])
    for people, table in (
        (both, pd.concat([coalition(), swapped])),
        (members.assign(coalition="chad"), swapped),
    ):
        with pytest.raises(cm.DataError, match=r"start after mandate_end: chad \(2014-12-31"):
            cm.build_panel(people, coalitions=table)
    with pytest.raises(cm.DataError, match="start after mandate_end"):
        cm.operational_profile(
            members,
            members[["coalition", "state"]].assign(date=D(["2013-03-01"]), troops=5),
            coalitions=swapped,
        )


@pytest.mark.parametrize("precision", ["day", "month", "year"])
def test_an_exit_before_the_entry_is_refused_to_the_day_where_it_is_known(precision):
    same_month = spell("BEL", 211, "2013-02-15", "2013-02-10", exit_precision=precision)
    found = check_spells(same_month)
    assert bool(found) == (precision == "day")
    if found:
        assert "exit before entry: mali BEL-1 (2013-02-15 to 2013-02-10)" in found[0]
    assert exit_before_entry(same_month).tolist() == [precision == "day"]
    year = spell("BEL", 211, "2013-05-15", "2013-02-10", exit_precision=precision)
    assert bool(check_spells(year)) == (precision != "year")


def test_contagion_refuses_what_the_panel_refuses():
    panel = cm.build_panel(spell("BEL", 211, "2013-02-01", "2013-11-20"), coalitions=coalition())
    back = spell("BEL", 211, "2013-02-15", "2013-02-10")
    with pytest.raises(cm.DataError, match="exit before entry: mali BEL-1"):
        cm.add_contagion(panel, facts=cm.Facts(members=back, coalitions=coalition()))


def test_panels_have_the_names_of_states():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    assert list(panel.columns[:4]) == ["coalition", "state", "name", "cow"]
    assert set(panel.query("name == 'Spain'")["state"]) == {"ESP"}
    assert panel.groupby("state")["name"].nunique().eq(1).all()
    mine = cm.build_panel(spell("SRB", 345, "2002-02-01", "2006-12-01"), coalitions=coalition())
    assert set(mine["name"]) == {"Serbia"}
    assert set(cm.simulate_panel(members=3, seed=1)["name"]) == {"State 01", "State 02", "State 03"}


@pytest.mark.parametrize(
    ("state", "cow", "end", "until", "day"),
    [
        (
            "SUN",
            365,
            "1998-12-31",
            None,
            "1998-12-31 .SUN ended on 1991-12-25; it went on as RUS",
        ),
        ("SUN", 365, None, "1993-01-01", "to 1993-01-01 .SUN ended on 1991-12-25"),
        ("DDR", 265, "1990-10-15", None, "DDR ended on 1990-10-02"),
        ("CSK", 315, "1998-12-31", "1995-01-01", "to 1995-01-01 .CSK ended on 1992-12-31"),
    ],
)
def test_an_ongoing_spell_ends_with_its_state(state, cow, end, until, day):
    """Without a date of exit a spell lasts as long as observation, and so must the state."""
    one = spell(state, cow, "1989-05-01", None, "ongoing")
    with pytest.raises(cm.DataError, match=day):
        cm.build_panel(one, coalitions=coalition(end=end), until=until)
    early = cm.build_panel(one, coalitions=coalition(end=end), until="1990-01-31")
    assert str(early["period"].max().date()) == "1990-01-01"


def test_an_ongoing_spell_may_bear_the_later_name():
    one = spell("RUS", 365, "1989-05-01", None, "ongoing")
    panel = cm.build_panel(one, coalitions=coalition(end="1998-12-31"))
    assert str(panel["period"].max().date()) == "1998-12-01"
    early = cm.build_panel(one.assign(state="SUN"), coalitions=coalition(end="1991-11-30"))
    assert len(early) == 31


@pytest.mark.parametrize("column", ["state", "cow", "spell", "coalition", "exit_kind", "exit"])
def test_a_list_in_a_cell_of_members_is_named(column):
    one = spell("ITA", 325, "1989-05-01", "1990-05-01")
    one[column] = pd.Series([[1]], dtype=object)
    with pytest.raises(cm.DataError, match=rf"column {column} .*(list|\[1\])"):
        cm.build_panel(one, coalitions=coalition())
