"""The codebook of a table, of a column wherever it is, of a frame."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm


@pytest.mark.parametrize("name", ["election_near", "log_deaths_12m", "cinc", "war_support"])
def test_a_feature_is_described_by_its_name(name):
    book = cm.codebook(name)
    assert book.index.tolist() == [name]
    pd.testing.assert_series_equal(
        book.iloc[0].drop("table"), cm.codebook("features").loc[name], check_names=False
    )


def test_a_column_of_several_tables_is_described_in_each():
    book = cm.codebook("exit_kind")
    assert set(book["table"]) == {"participation", "second_coder_sample", "war_participation"}
    assert (book["description"] != "").all()


@pytest.mark.parametrize("wrong", ["election_nearr", "exit_kin", "troop"])
def test_an_unknown_name_gives_the_nearest(wrong):
    with pytest.raises(cm.DataError, match=f"no table or column named '{wrong}'; nearest names: "):
        cm.codebook(wrong)


def test_a_panel_is_described_column_by_column():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    panel = panel.pipe(cm.add_risk).assign(mine=1)
    book = cm.codebook(panel)
    assert book.index.tolist() == list(panel.columns)
    assert book.loc["combat_role", "builder"] == "add_risk"
    assert (book["description"] != "").drop("mine").all()
    assert book.loc["mine", "description"] == ""


@pytest.mark.parametrize("change", [lambda p: p.reset_index(), lambda p: p[["stop"]].copy()])
def test_a_frame_without_its_record_is_described_too(change):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    panel.attrs = {}
    book = cm.codebook(change(panel))
    assert book.loc["stop", "unit"] == "periods"


def test_a_loaded_table_is_described_as_its_own():
    table = cm.load("troops")
    expected = cm.codebook("troops")
    found = cm.codebook(table)
    assert found["description"].equals(expected["description"])


@pytest.mark.parametrize("wrong", [3, None, ["troops"]])
def test_anything_else_is_refused(wrong):
    with pytest.raises(cm.DataError, match="name must be"):
        cm.codebook(wrong)


def test_lists_show_all_rows_in_a_notebook_and_in_print():
    for frame in (cm.datasets(), cm.list_claims(), cm.list_rules(), cm.list_replications()):
        page, text = frame._repr_html_(), repr(frame)
        for name in frame.index:
            assert f">{name}<" in page
            assert str(name)[:22] in text
    assert "Other columns: " in repr(cm.list_claims())


def test_a_rule_without_a_text_is_our_error():
    from coalition_models.defection.rule_origins import rule_origin

    for wrong in ("", "nobody-1999", "tago"):
        with pytest.raises(cm.DataError, match="no text is known for a rule named"):
            rule_origin(wrong)


def test_results_show_themselves():
    found = cm.compare_rules(["tago-2009", "morey-2017"], "iraq", formula="event ~ combat_role")
    for text in (repr(found), str(found)):
        assert "What each rule counts" in text
        assert "Hazard ratios over the rules: event ~ combat_role" in text
        assert max(map(len, text.splitlines())) < 120
    assert "<table" in found._repr_html_()
    assert "morey-2017" in found._repr_html_()
    plain = cm.compare_rules(["tago-2009"], "iraq")
    assert "Hazard ratios" not in repr(plain)
    panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"risk": 0.0}, seed=1)
    power = cm.simulate_power(panel, "risk", 3.0, draws=2, seed=2)
    assert "found, with the right sign" in repr(power)
    assert "<table" in power._repr_html_()
