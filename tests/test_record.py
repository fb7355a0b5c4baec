"""What a table remembers: kept by rows of one panel, compared by content, never stale."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import Record, made_of, record_of, sources_of, with_features


@pytest.fixture(scope="module")
def panel():
    return cm.build_panel(cm.facts("iraq")).pipe(cm.add_elections).pipe(cm.add_contagion)


@pytest.mark.parametrize(
    "same",
    [
        lambda p: p[p["state"] == "POL"],
        lambda p: p.sample(frac=1, random_state=1),
        lambda p: p.iloc[::-1].reset_index(drop=True),
        lambda p: pd.concat([p.iloc[:500], p.iloc[500:]]),
        lambda p: pd.concat([p.iloc[:500], pickle.loads(pickle.dumps(p)).iloc[500:]]),
        lambda p: p.assign(x=1.0),
        lambda p: p.copy(),
        lambda p: p.astype({"election_near": "Float64"}).astype({"election_near": "float64"}),
        lambda p: cm.merge(p, pd.DataFrame({"state": ["POL"], "y": [1]}), on="state"),
    ],
)
def test_rows_of_one_panel_remember(panel, same):
    out = same(panel)
    assert record_of(out).facts == cm.facts("iraq")
    assert made_of(out, "election_near")["window"] == 6
    assert cm.cite(out).names == cm.cite(panel).names


@pytest.mark.parametrize(
    "replaced",
    [
        lambda p: p.assign(election_near=p["cow"] % 2.0),
        lambda p: p.assign(election_near=p["election_near"].shift(1)),
        lambda p: p.assign(election_near=p["election_near"].fillna(0)),
        lambda p: p.assign(election_near=np.roll(p["election_near"], 7)),
    ],
)
def test_a_replaced_column_is_given(panel, replaced):
    out = replaced(panel)
    assert made_of(out, "election_near") is None
    assert made_of(out, "earlier_defectors") is not None
    fit = cm.cox("event ~ election_near", out.fillna({"election_near": 0}))
    assert "election_near (given: replaced after it was made)" in str(fit)
    assert "elections" not in fit.sources


def test_a_fit_credits_what_it_used(panel):
    near = cm.cox("event ~ election_near", panel)
    gone = cm.cox("event ~ earlier_defectors", panel)
    assert "elections" in set(near.sources) - set(gone.sources)
    assert "nato_accession" in set(gone.sources) - set(near.sources)


def test_own_spells_are_not_credited_to_the_package():
    mine = cm.load("participation").query("coalition == 'iraq' and state != 'JPN'")
    mine = mine.assign(exit=mine["exit"] - pd.Timedelta(days=1))
    assert sources_of(cm.build_panel(mine)) == ()


def test_it_cannot_be_changed_and_costs_nothing_to_copy(panel):
    record = record_of(panel)
    assert copy.deepcopy(record) is record
    with pytest.raises(TypeError):
        record.panel["clock"] = "coalition"
    with pytest.raises(AttributeError):
        record.sources = ()
    assert record_of(panel.head()) is record


def test_files_that_store_attributes_can_be_written(panel, tmp_path):
    assert json.loads(json.dumps(panel.attrs)) == {"made": {}}
    panel.to_pickle(tmp_path / "panel.pkl")
    assert record_of(pd.read_pickle(tmp_path / "panel.pkl")) == record_of(panel)
    panel.to_csv(tmp_path / "panel.csv", index=False)
    back = pd.read_csv(tmp_path / "panel.csv", parse_dates=["period", "entry"])
    assert record_of(back) == Record()
    with pytest.raises(cm.DataError, match=r"no longer knows the facts"):
        cm.add_contagion(back)
    plain = back.drop(columns=list(record_of(panel).features))
    again = cm.add_contagion(plain, facts=cm.facts("iraq"))
    np.testing.assert_allclose(again["earlier_defectors"], panel["earlier_defectors"])


def test_missing_columns_and_states_are_one_warning():
    members = cm.load("participation").query("coalition == 'iraq' and spell == 1")
    panel = cm.build_panel(members.assign(exit=members["exit"] + pd.Timedelta(days=40)))
    own = pd.DataFrame({"cow": [230], "date": ["2004-03-14"], "kind": ["legislative"]})
    with pytest.warns(cm.CoalitionWarning, match=r"add_elections: .*nothing is known of ALB") as w:
        cm.add_elections(panel, facts=cm.Facts(elections=own))
    assert len(w) == 1
    with pytest.warns(cm.CoalitionWarning, match="missing in every row: lead_below_peak") as w:
        cm.add_contagion(panel)
    assert len(w) == 1
    assert "Facts(troops=...)" in str(w[0].message)


@pytest.mark.parametrize(
    "kinds",
    [
        {"cow": ">i4", "spell": ">i8"},
        {"cow": "int16", "spell": "float64", "period": "datetime64[s]"},
        {"cow": "category", "coalition": "category", "x": ">f8"},
        {"cow": "Int64", "x": "Float64", "coalition": "string[python]"},
    ],
)
def test_a_column_is_known_in_any_type_and_another_is_not(kinds):
    table = pd.DataFrame(
        {
            "coalition": "one",
            "cow": [2, 230, 230],
            "spell": 1,
            "period": pd.to_datetime(["2004-01-01", "2004-01-01", "2004-02-01"]),
            "x": [1.0, np.nan, 3.0],
        }
    )
    with_features(table, {"x": {"source": "given"}}, ["polls"])
    for frame in (table.astype(kinds), table.astype(kinds).iloc[::-2]):
        assert sources_of(frame) == ("polls",)
        assert sources_of(frame.assign(x=[2.0] * len(frame))) == ()


def test_numbers_beyond_double_precision_are_told_apart():
    table = pd.DataFrame({"x": [2**60, 2**60 + 2]})
    with_features(table, {"x": {}}, ["polls"])
    assert sources_of(table.assign(x=[2**60, 2**60 + 1])) == ()
    assert sources_of(table.astype(">i8")) == ("polls",)
