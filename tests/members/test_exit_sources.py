"""Every early exit, both codings, followed to its sources."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm

SPELLS = pd.DataFrame(
    {
        "coalition": "mali",
        "state": ["FRA", "TCD", "NER"],
        "entry": ["2013-01-11", "2013-01-16", "2013-02-01"],
        "exit": ["2014-07-31", "2013-05-15", "2014-07-31"],
        "exit_kind": ["leader", "early", "mission_end"],
        "exit_source": ["a", "b", "c"],
    }
)


@pytest.fixture(scope="module")
def every():
    return cm.trace_exits()


def test_every_early_exit_in_either_coding_has_a_page(every):
    spells = cm.load("participation")
    early = (spells["exit_kind"] == "early") | (spells["exit_kind_alt"] == "early")
    assert len(every) == early.sum()
    assert (every["pages"] != "").all()
    assert not every.duplicated(["coalition", "state", "spell"]).any()


def test_only_the_main_coding():
    table = cm.trace_exits(["iraq", "isaf"], contested=False)
    assert table.groupby("coalition").size().to_dict() == {"iraq": 21, "isaf": 8}
    assert set(table["exit_kind"]) == {"early"}


def test_what_stands_in_a_row(every):
    rows = every.set_index(["coalition", "state", "spell"])
    spain = rows.loc[("iraq", "ESP", 1)]
    assert spain["decided_with"] == "iraq DOM-1, iraq HND-1"
    dutch = rows.loc[("iraq", "NLD", 1)]
    assert "announced: 2004-11-12 to 2004-06-15" in dutch["revised"]
    german = rows.loc[("unosom2", "DEU", 1), "statements"]
    assert german == ("1993-12-20 (day) firm, carried_out; 1993-10-17 (day) conditional, retracted")
    assert rows.loc[("rsm", "ESP", 1), "second_kind"] == "scheduled"


def test_the_first_revision_is_traced_too():
    first = cm.trace_exits(cm.facts("rsm", revision=1), contested=False)
    assert "ARM" not in set(first["state"])
    assert "ARM" in set(cm.trace_exits("rsm")["state"])


def test_own_facts_bring_their_own_pages_only():
    coalitions = pd.DataFrame(
        {"coalition": ["mali"], "start": ["2013-01-11"], "mandate_end": ["2014-07-31"],
         "lead_state": ["FRA"]}
    )  # fmt: skip
    table = cm.trace_exits(cm.Facts(members=SPELLS, coalitions=coalitions))
    assert table[["state", "pages", "statements"]].values.tolist() == [["TCD", "b", ""]]


def test_refusals():
    with pytest.raises(cm.DataError, match="found leader"):
        cm.trace_exits("iraq", kinds=["leader"])
    with pytest.raises(cm.DataError, match="no bundled coalition named 'irak'"):
        cm.trace_exits("irak")
    with pytest.raises(cm.DataError, match="hold no members"):
        cm.trace_exits(cm.Facts())
