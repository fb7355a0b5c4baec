"""Words for codes: each coded value of the bundled facts has some, and files keep the codes."""

from __future__ import annotations

import pytest

from coalition_models.render import Table
from coalition_models.report.html import Section, page
from coalition_models.report.in_words import (
    form_word,
    spells_in_words,
    table_in_words,
    values_in_words,
    word,
    wrapped,
)
from coalition_models.sources.codebook import codebook, feature_labels


@pytest.mark.parametrize("table", ["participation", "profile_changes"])
def test_every_coded_value_is_shown_in_words(table):
    values = codebook(table)["values"].astype(str).str.split(", ").explode()
    coded = {one for one in values if "_" in one}
    assert [one for one in coded if "_" in word(one)] == []
    kinds = [one for one in coded if one in ("mission_end", "post_mandate", "re_role")]
    assert [one for one in kinds if "_" in values_in_words(f"coded {one}.")] == []


def test_every_feature_has_a_label_without_an_open_place():
    labels = {name: word(name) for name in feature_labels()}
    assert [name for name, label in labels.items() if "{" in label or "_" in label] == []
    assert labels["first_loss"] == "First own death in the last few months"
    assert labels["democracy_polity"] == "Democracy (Polity)"


def test_a_table_on_a_page_is_in_words_and_the_one_given_keeps_its_codes():
    table = Table(
        ["coalition", "state", "form", "exit_kind", "p_value"],
        [["isaf", "ESP", "re_role", "mission_end", "<0.001"], ["own", "XYZ", "full", "", "-inf"]],
        "By exit_kind", ["of event ~ election_near", "limit -inf"],
    )  # fmt: skip
    shown = table_in_words(table)
    assert shown.header == ["coalition", "state", "form", "kind of exit", "p"]
    assert shown.rows == [
        ["Afghanistan (ISAF)", "Spain", "change of task", "mission end", "<0.001"],
        ["own", "XYZ", "full exit", "", "-\u221e"],
    ]
    assert (shown.title, shown.notes) == (
        "By kind of exit", ["of event ~ election_near", "limit -\u221e"],
    )  # fmt: skip
    assert table.rows[0][3] == "mission_end"
    text = page("x", "", [Section("one", ["Coded mission_end.", table])], "z")
    assert "Coded mission end." in text
    assert "re_role" not in text


def test_stays_are_named_by_their_state():
    assert (
        spells_in_words("iraq DNK-1 2007-07, iraq LTU-2") == "Denmark 2007-07, Lithuania (stay 2)"
    )
    assert spells_in_words("NATO, GLOBAL, p, 2004") == "NATO, GLOBAL, p, 2004"
    assert form_word("partial_cut") == "partial cut"
    assert max(map(len, wrapped("Own deaths, last twelve months (log)", 20).splitlines())) <= 20
