"""States by name, code or number, and spells without numbers, mean the same everywhere."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.members.own_members import with_spells, with_states

CODES = pd.DataFrame({
    "coalition": "mali", "state": ["FRA", "TCD", "NER", "TCD"], "cow": [220, 483, 436, 483],
    "spell": [1, 2, 1, 1],
    "entry": ["2013-01-11", "2014-01-10", "2013-02-01", "2013-01-16"],
    "exit": ["2014-07-31", "2014-07-31", "2014-07-31", "2013-05-15"],
    "exit_kind": ["leader", "mission_end", "mission_end", "early"],
})  # fmt: skip
NAMES = CODES.assign(state=["France", "Chad", "Niger", "Chad"])
COALITIONS = pd.DataFrame({
    "coalition": ["mali"], "start": ["2013-01-11"], "mandate_end": ["2014-07-31"],
    "lead_state": ["FRA"],
})  # fmt: skip
TROOPS = pd.DataFrame({
    "coalition": "mali", "state": ["TCD", "TCD", "NER"], "cow": [483, 483, 436],
    "date": ["2013-02-01", "2014-02-01", "2013-03-01"], "troops": [1800, 1200, 680],
})  # fmt: skip
TROOPS_BY_NAME = TROOPS.assign(state=["Chad", "Chad", "Niger"])
FORMS = {
    "codes and numbers": CODES,
    "codes": CODES.drop(columns="cow"),
    "numbers": CODES.drop(columns="state"),
    "names": NAMES.drop(columns="cow"),
    "without spell": CODES.drop(columns="spell"),
    "names without spell": NAMES.drop(columns=["cow", "spell"]),
    "numbers without spell": CODES.drop(columns=["state", "spell"]),
}
KEYS = ["coalition", "state", "cow", "spell", "start", "stop", "event"]


@pytest.mark.parametrize("form", FORMS)
def test_members_in_every_form_are_the_same_panel(form):
    members = FORMS[form]
    right = cm.build_panel(CODES, coalitions=COALITIONS)[KEYS]
    pd.testing.assert_frame_equal(
        cm.build_panel(members, coalitions=COALITIONS)[KEYS], right, check_dtype=False
    )
    mine = cm.Facts(members=members, coalitions=COALITIONS)
    pd.testing.assert_frame_equal(cm.build_panel(mine)[KEYS], right, check_dtype=False)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("troops", [TROOPS, TROOPS_BY_NAME, TROOPS_BY_NAME.drop(columns="cow"),
                                    TROOPS.drop(columns="state")])  # fmt: skip
def test_and_the_same_profile(form, troops):
    def followed(members, levels):
        profile = cm.operational_profile(members, levels, coalitions=COALITIONS)
        return profile[["state", "cow", "spell", "period", "troops", "basis"]]

    found = followed(FORMS[form], troops)
    assert found["troops"].max() == 1800
    pd.testing.assert_frame_equal(found, followed(CODES, TROOPS), check_dtype=False)


@pytest.mark.parametrize("form", FORMS)
def test_and_the_same_picture(form):
    lines = cm.plot.participation(FORMS[form]).data
    columns = ["state", "spell", "label", "row"]
    right = cm.plot.participation(CODES).data
    pd.testing.assert_frame_equal(lines[columns], right[columns], check_dtype=False)


def test_strengths_by_name_become_the_same_spells():
    right = cm.spells_from_levels(TROOPS)
    for other in (TROOPS_BY_NAME.drop(columns="cow"), TROOPS.drop(columns="state")):
        pd.testing.assert_frame_equal(cm.spells_from_levels(other), right, check_dtype=False)


def test_unknown_states_are_named():
    wrong = NAMES.drop(columns="cow").assign(state=["France", "Chadd", "Niger", "Chad"])
    troops = TROOPS_BY_NAME.drop(columns="cow").assign(state=["Wakanda", "Chad", "Niger"])
    for call, text in (
        (lambda: cm.build_panel(wrong, coalitions=COALITIONS), "'Chadd' is unknown .*Chad"),
        (lambda: cm.Facts(members=wrong, coalitions=COALITIONS), "'Chadd' is unknown .*Chad"),
        (lambda: cm.operational_profile(wrong, TROOPS, coalitions=COALITIONS), "'Chadd'"),
        (lambda: cm.operational_profile(CODES, troops, coalitions=COALITIONS), "'Wakanda'"),
        (lambda: cm.spells_from_levels(troops), "unknown states: 'Wakanda'"),
    ):
        with pytest.raises(cm.DataError, match=text):
            call()
    # a picture needs no code
    assert "Chadd" in set(cm.plot.participation(wrong).data["label"])


@pytest.mark.parametrize("column", ["coalition", "entry", "exit", "exit_kind"])
def test_a_missing_column_is_named_once(column):
    short = CODES.drop(columns=[column, "spell"])
    for call in (
        lambda: cm.build_panel(short, coalitions=COALITIONS),
        lambda: cm.plot.participation(short),
    ):
        with pytest.raises(cm.DataError) as caught:
            call()
        assert str(caught.value).rpartition("missing: ")[2].count(column) == 1
        assert "missing column" not in str(caught.value)


def test_no_state_at_all():
    with pytest.raises(cm.DataError, match=r"missing: state$"):
        cm.build_panel(CODES.drop(columns=["state", "cow"]), coalitions=COALITIONS)


def test_spells_are_numbered_by_entry_whatever_the_name():
    rows = pd.DataFrame({
        "coalition": "un", "state": ["SRB", "SCG", "POL"], "cow": [345, 345, 290],
        "entry": ["2007-01-01", "2004-01-01", "2004-01-01"],
    })  # fmt: skip
    assert with_spells(rows)["spell"].tolist() == [2, 1, 1]
    assert with_spells(rows.drop(columns="cow"))["spell"].tolist() == [1, 1, 1]
    given = rows.assign(spell=[7, 8, 9])
    assert with_spells(given) is given


def test_states_are_those_of_the_day():
    rows = pd.DataFrame({"state": ["Germany", "Serbia"], "date": ["1985-01-01", "2007-01-01"]})
    found, unknown = with_states(rows, ["date"])
    assert (found["cow"].tolist(), unknown) == ([260, 345], [])
    early, unknown = with_states(pd.DataFrame({"state": ["DDR"], "date": ["2003-01-01"]}), ["date"])
    assert early["cow"].isna().all()
    assert unknown[0].startswith("'DDR' names no state in 2003-01-01")


SEVEN_WEEKS = pd.DataFrame({
    "coalition": "1866", "state": ["Austria-Hungary", "Bavaria", "Hanover", "Saxony"],
    "cow": [300, 245, 240, 269], "entry": "1866-06-15",
    "exit": ["1866-07-26", "1866-07-26", "1866-06-29", "1866-07-26"],
    "exit_kind": ["leader", "mission_end", "early", "mission_end"],
})  # fmt: skip
WAR = pd.DataFrame({
    "coalition": ["1866"], "start": ["1866-06-15"], "mandate_end": ["1866-07-26"],
    "lead_state": [None],
})  # fmt: skip


@pytest.mark.parametrize("without", [[], ["cow"], ["state"]])
def test_states_without_an_iso_code_go_by_their_name(without):
    members = SEVEN_WEEKS.drop(columns=without)
    panel = cm.build_panel(members, coalitions=WAR)
    assert dict(zip(panel["state"], panel["cow"], strict=True)) == {
        "Bavaria": 245, "Hanover": 240, "Saxony": 269,
    }  # fmt: skip
    assert panel.loc[panel["event"] == 1, "state"].tolist() == ["Hanover"]
    mine = cm.build_panel(cm.Facts(members=members, coalitions=WAR))
    pd.testing.assert_frame_equal(mine, panel, check_dtype=False)


@pytest.mark.parametrize(
    ("state", "known"), [("Prussia", "Austria-Hungary"), ("Fooland", "Austria-Hungary")]
)
def test_but_not_by_the_name_of_another_or_of_none(state, known):
    members = SEVEN_WEEKS.assign(state=[state, *SEVEN_WEEKS["state"][1:]])
    with pytest.raises(DataError, match=rf"{state} with cow 300 \(that code is {known}\)"):
        cm.build_panel(members, coalitions=WAR)


def test_a_name_of_a_state_that_went_before_is_taken():
    members = SEVEN_WEEKS.assign(state=["Austria", *SEVEN_WEEKS["state"][1:]])
    panel = cm.build_panel(members, coalitions=WAR)
    assert len(panel) == len(cm.build_panel(SEVEN_WEEKS, coalitions=WAR))
    coded = members.assign(state=["AUT", *SEVEN_WEEKS["state"][1:]])
    with pytest.raises(DataError, match="AUT with cow 300"):
        cm.build_panel(coded, coalitions=WAR)


def test_a_state_without_a_code_ends_too():
    members = SEVEN_WEEKS.assign(exit=["1918-12-01", *SEVEN_WEEKS["exit"][1:]])
    with pytest.raises(DataError, match=r"1918-12-01 \(Austria-Hungary ended on 1918-11-13"):
        cm.build_panel(members, coalitions=WAR)
