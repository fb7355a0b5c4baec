"""Research sets are found by their folder; adding one is adding its file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

import coalition_models as cm
from coalition_models.designs import sets
from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.sets import place_of, set_names, set_record, set_records
from coalition_models.errors import DataError
from coalition_models.hypotheses import claims, data_sets
from coalition_models.hypotheses.claims import read_plan, select
from coalition_models.hypotheses.data_sets import combinable, gather, sets_of, speaks_to
from coalition_models.hypotheses.listing import list_claims
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.report.figures.verdicts import plot_verdicts

TOY = '''
"""Twelve members of a toy coalition."""

import pandas as pd

from coalition_models.designs.set_record import SetRecord
from coalition_models.members.facts import Facts

STATES = ["TCD", "NER", "NGA", "TGO", "SEN", "BFA", "ITA", "POL", "DNK", "ESP", "NLD", "SWE"]
LEFT = ["2013-09-15", "2014-12-31", "2013-12-10", "2014-12-31", "2014-06-10", "2014-12-31"] * 2


def facts():
    members = pd.DataFrame({
        "coalition": "toy", "state": ["FRA", *STATES], "entry": "2013-02-01",
        "exit": ["2014-12-31", *LEFT],
        "exit_kind": ["leader", *(["early", "mission_end"] * 6)],
    })
    coalitions = pd.DataFrame({
        "coalition": ["toy"], "start": ["2013-01-11"], "mandate_end": ["2014-12-31"],
        "lead_state": ["FRA"],
    })
    days = ["2013-10-20", "2013-02-10", "2014-02-15", "2012-11-01", "2014-09-01", "2014-03-01"] * 2
    elections = pd.DataFrame({"state": STATES, "date": days, "kind": "legislative"})
    mine = Facts(members=members, coalitions=coalitions, elections=elections)
    return mine, {"members": len(STATES)}


SET = SetRecord(
    name="toy",
    title="A toy of {members} members",
    place="Toyland",
    outcome="left early",
    facts=facts,
    features=("elections", "contagion", "commitment"),
    limits=("{members} members are few.",),
    claims=("H01", "H13"),
)
'''


def claim(name):
    return select(name)[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A second folder of sets; what is imported from it is forgotten afterwards."""
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(tmp_path)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(f"{sets.__name__}."):
            del sys.modules[name]
            delattr(sets, name.rpartition(".")[2])


@pytest.fixture
def toy(folder):
    (folder / "toy.py").write_text(TOY, encoding="utf-8")
    return "toy"


def test_a_file_alone_adds_a_set(toy):
    assert toy in set_names()
    found = analysis_set(toy)
    assert isinstance(found, AnalysisSet)
    assert (found.title, place_of(toy)) == ("A toy of 12 members", "Toyland")
    assert found.panel["event"].sum() == 6
    assert found.panel["state"].nunique() == 12
    assert "earlier_defectors" in found.panel.columns
    said = found.sheet.set_index("item")["value"]
    assert (said["spells"], said["events"], said["event"]) == ("12", "6", "left early")
    assert said["no commitment"] == "the facts hold no troops: Facts(..., troops=...)"
    assert said["limit"] == "12 members are few."
    assert found.recode("tago-2009")["event"].sum() == 6


def test_and_gets_verdicts(toy):
    assert "toy" in list_claims().loc["H01", "data_sets"]
    assert sets_of(claim("H01"))[-1] == toy
    found = run(toy, ["H01", "H09"], robust=False)
    row = found.table.set_index("claim").loc["H01"]
    assert (row["data_set"], row["verdict"], row["events"]) == ("toy", "inconclusive", 6)
    # all six leave in the half-year before their vote
    assert (row["formula"], row["reason"]) == (
        "event ~ election_near", "0 unexposed events in 0 clusters are fewer than 5 in 5",
    )  # fmt: skip
    assert 0 < row["p_value"] < 1
    assert found.data_sets[["data_set", "rows", "clustered_by", "about"]].values.tolist() == [
        ["toy", len(analysis_set(toy).panel), "state", "member-month; left early"]
    ]
    # a claim that does not name it, and that it does not name, is not tested on it
    other = found.table.set_index("claim").loc["H09"]
    assert (other["data_set"], other["verdict"]) == ("none", "untestable")
    assert combinable(toy)
    assert plot_verdicts(found).data is not None


#: the first to go leads in fact; entries differ, or what is common to all cannot be told from time
AWAITED = TOY
for old, new in (
    ('"toy"', '"later"'),
    ('claims=("H01", "H13"),', ""),
    ('"FRA", *STATES', '"USA", *STATES'),
    ('"lead_state": ["FRA"]', '"lead_state": [None]'),
    ('"entry": "2013-02-01"', '"entry": ["2013-02-01", *["2013-01-15", "2013-04-02"] * 6]'),
    ('["2014-12-31", *LEFT]', '["2014-03-25", *LEFT]'),
    ('["leader", *', '["early", *'),
    ('"mission_end"] * 6)],', '"mission_end"] * 6)], "announced": [*SAID, *[None] * 11],'),
    ("LEFT = ", 'SAID = ["2013-09-25", "2013-09-01"]\nLEFT = '),
):
    AWAITED = AWAITED.replace(old, new)


@pytest.mark.slow
def test_a_set_that_a_claim_waited_for_is_tested_once_it_is_there(folder, monkeypatch):
    plan = read_plan()
    waiting = replace(
        plan,
        claims=tuple(replace(one, awaits=("later",) * bool(one.awaits)) for one in plan.claims),
    )
    for room in (claims, data_sets):
        monkeypatch.setattr(room, "read_plan", lambda: waiting)
    around, lead = claim("H67"), claim("H10")
    assert sets_of(lead) == []
    assert sets_of(around) == ["iraq: announced exit", "isaf: announced exit"]
    (folder / "later.py").write_text(AWAITED, encoding="utf-8")
    assert sets_of(lead) == ["later"]
    assert sets_of(around)[2:] == ["later: announced exit"]
    # of the outcomes that no set has by itself, only that of the place named beforehand is run
    names = [data.name for data in gather(None, outcome="", cluster="")]
    assert [name for name in names if ":" in name] == ["later: announced exit"]
    found = run(["later", "later: announced exit"], ["H01", "H10", "H67"], robust=False)
    cells = found.table.set_index("claim")
    assert cells["data_set"].to_dict() == {
        "H01": "none", "H10": "later", "H67": "later: announced exit",
    }  # fmt: skip
    # one coalition has one lead state: what it announces is common to all members
    assert cells.loc["H10", "verdict"] == "untestable"
    assert cells.loc["H10", "reason"].startswith("not identified on one coalition: 100% of")
    about = found.data_sets.set_index("data_set").loc["later: announced exit"]
    assert (about["outcome"], about["events"]) == ("announced exit", 2)
    assert "dated so: 2 of 7, the others are censored at the exit" in about["about"]
    assert not combinable("later: announced exit")


def test_a_new_set_stands_in_every_list(toy):
    assert [record.name for record in set_records()][-1] == toy
    assert [data.name for data in gather([toy, "iraq"], outcome="", cluster="")] == ["iraq", toy]
    with pytest.raises(DataError, match=r"known: iraq, .*, alliances, toy"):
        analysis_set("korea")


def test_a_set_that_names_no_claim_of_the_list_is_refused(folder):
    text = TOY.replace('"H13"', '"H99"')
    (folder / "toy.py").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="the set 'toy' names claims that there are not: H99"):
        speaks_to(set_record("toy"), claim("H01"))


@pytest.mark.parametrize("text", ["", "SET = 1\n", TOY.replace('name="toy"', 'name="boy"')])
def test_a_file_without_its_record_is_refused(folder, text):
    (folder / "toy.py").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="the file of the set 'toy' must define SET"):
        set_record("toy")


def test_only_the_set_asked_for_is_read():
    code = (
        "import sys, coalition_models as cm; cm.analysis_set; "
        "print([m for m in sys.modules if m.startswith('coalition_models.designs.sets.')]); "
        "cm.analysis_set('iraq', features=False); "
        "print([m for m in sys.modules if m.startswith('coalition_models.designs.sets.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert (first, second) == ("[]", "['coalition_models.designs.sets.iraq']")


def test_records_are_whole():
    records = set_records()
    assert [one.name for one in records] == [
        "iraq", "isaf", "rsm", "unosom2", "forms", "contemporary", "leaders", "minusma", "un",
        "interventions", "wars", "alliances",
    ]  # fmt: skip
    known = set(cm.datasets().index)
    for one in (v for record in records for v in (record, *record.others)):
        assert (one.facts is None) != (one.rows is None), one.name
        assert one.place, one.name
        assert {s for s in (one.source, *one.sources) if s} <= known, one.name
        assert len({feature.idea for feature in one.ideas}) == len(one.features), one.name


def test_sets_of_rows_are_sets_too():
    found = analysis_set("leaders")
    said = found.sheet.set_index("item")["value"]
    assert said["unit"] == "leader in office during the participation"
    assert int(said["events"]) == found.panel["event"].sum()
    for refused in (lambda: found.recode("tago-2009"), lambda: found.dated("last"), found.coder):
        with pytest.raises(DataError, match="'leaders' is made of rows, not of spells"):
            refused()
    with pytest.raises(DataError, match="drop features="):
        analysis_set("leaders", features=["elections"])
    with pytest.raises(DataError, match="drop peak_at_least"):
        analysis_set("leaders", peak_at_least=10)
    assert not combinable("leaders")


def test_a_panel_of_ones_own_is_a_set():
    panel = cm.build_panel(cm.facts("iraq"))
    found = analysis_set(panel)
    assert found.panel is panel
    assert (found.name, found.variant, found.own) == ("panel", "own", True)
    assert int(found.sheet.set_index("item").loc["events", "value"]) == 21
    for choice in ({"period": "year"}, {"variant": "wide"}, {"features": ["elections"]}):
        with pytest.raises(DataError):
            analysis_set(panel, **choice)
    with pytest.raises(DataError, match="lacks the columns state"):
        analysis_set(panel.drop(columns="state"))
