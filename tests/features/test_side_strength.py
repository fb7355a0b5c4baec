"""Strength of a side at war, on a war small enough to do by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.set_data import set_data
from coalition_models.designs.set_features import set_facts
from coalition_models.designs.set_panel import set_panel
from coalition_models.errors import CoverageError
from coalition_models.features import side_strength
from coalition_models.features.side_strength import add_side_strength
from coalition_models.record import record_of, sources_of, with_panel

WARS = pd.DataFrame(
    {
        "war_num": pd.array([9, 9, 9, 9], dtype="Int64"),
        "side": pd.array([1, 1, 2, 2], dtype="Int64"),
        "cow": pd.array([200, 220, 255, 300], dtype="Int64"),
        "start": pd.to_datetime(["1914-08-05", "1914-08-03", "1914-08-01", "1915-02-10"]),
        "end": pd.to_datetime(["1915-06-30", "1915-03-31", "1915-06-30", "1915-04-30"]),
    }
)
INDEX = pd.DataFrame(
    {
        "cow": [200, 220, 255, 300, 200, 220, 255],
        "year": [1913, 1913, 1913, 1913, 1914, 1914, 1914],
        "capability_index": [0.10, 0.06, 0.14, 0.04, 0.11, 0.07, 0.15],
    }
)


@pytest.fixture
def by_hand(monkeypatch):
    tables = {"cow-interstate-wars": WARS, "cow-capabilities": INDEX}
    monkeypatch.setattr(side_strength, "optional_source", lambda name, *_: tables[name])


def panel_of(*rows, period="month"):
    panel = pd.DataFrame(rows, columns=["coalition", "cow", "period"])
    panel = panel.assign(period=pd.to_datetime(panel["period"]), spell=range(len(panel)))
    with_panel(panel, {"period": period})
    return panel


def strengths(*rows, **options):
    return add_side_strength(panel_of(*rows, **options))["side_strength"].to_numpy()


def test_by_hand(by_hand):
    panel = panel_of(
        ("war 9 side 1", 200, "1914-10"),
        ("war 9 side 1", 220, "1914-10"),
        ("war 9 side 2", 255, "1914-10"),
        ("war 9 side 1", 200, "1915-03"),
        ("war 9 side 1", 200, "1915-06"),
    )
    before = panel.copy(deep=True)
    out = add_side_strength(panel)
    pd.testing.assert_frame_equal(panel, before)
    # in 1915 the index of 1914 counts, which is not known of 300; by June 220 has left
    expected = [0.16 / 0.30, 0.16 / 0.30, 0.14 / 0.30, 0.18 / 0.33, 0.11 / 0.26]
    np.testing.assert_allclose(out["side_strength"], expected)
    assert list(sources_of(out)) == ["cow-interstate-wars", "cow-capabilities"]
    assert record_of(out).features["side_strength"]["missing_rows"] == 0


def test_missing_where_a_side_is_not_known(by_hand, monkeypatch):
    rows = [
        ("iraq", 200, "1914-10"),
        ("war 8 side 1", 200, "1914-10"),  # no such war
        ("war 9 side 1", 200, "1916-01"),  # nobody fights on the other side
        ("war 9 side 2", 255, "1914-10"),
    ]
    np.testing.assert_allclose(strengths(*rows), [np.nan, np.nan, np.nan, 0.14 / 0.30])
    tables = {"cow-interstate-wars": WARS, "cow-capabilities": INDEX[INDEX["cow"] != 255]}
    monkeypatch.setattr(side_strength, "optional_source", lambda name, *_: tables[name])
    assert np.isnan(strengths(("war 9 side 1", 200, "1914-10"))).all()


def test_a_member_at_risk_counts_for_its_partners_too(by_hand):
    """Where the source ends a state's war before the panel does, it still fights."""
    both = [("war 9 side 1", 200, "1915-05"), ("war 9 side 1", 220, "1915-05")]
    np.testing.assert_allclose(strengths(*both), [0.18 / 0.33, 0.18 / 0.33])


def test_the_order_of_rows_changes_nothing_and_sides_add_to_one(by_hand):
    months = pd.period_range("1914-08", "1915-06", freq="M").astype(str)
    rows = [(f"war 9 side {side}", {1: 200, 2: 255}[side], m) for m in months for side in (1, 2)]
    panel = panel_of(*rows)
    out = add_side_strength(panel)
    np.testing.assert_allclose(out.groupby("period")["side_strength"].sum(), 1)
    mixed = panel.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(add_side_strength(mixed).sort_index(), out)


def test_absent_sources_are_named(monkeypatch):
    def absent(name, *_):
        raise CoverageError(name)

    monkeypatch.setattr(side_strength, "optional_source", absent)
    with pytest.raises(CoverageError, match="cow-interstate-wars"):
        add_side_strength(panel_of(("war 9 side 1", 200, "1914-10")))


@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore:[0-9]+ clusters")
def test_the_set_of_wars(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    wars = set_data("wars", "main")
    panel = set_panel(wars, set_facts(wars, "wars")[0], historical=True)
    out = add_side_strength(panel)
    assert out["side_strength"].notna().mean() > 0.99
    assert out["side_strength"].dropna().between(0, 1, inclusive="neither").all()
    by = out.groupby(["coalition", "period"])["side_strength"].nunique(dropna=False)
    assert by.eq(1).all()
    world = out[out["coalition"] == "war 106 side 1"].set_index("period")["side_strength"]
    against = out[out["coalition"] == "war 106 side 2"].set_index("period")["side_strength"]
    shared = sorted(set(world.index) & set(against.index))
    first = world.groupby(level=0).first() + against.groupby(level=0).first()
    np.testing.assert_allclose(first[shared], 1, atol=0.02)
    # Israel has no index for 1947, so four exits of 1948 are not known
    gone = out[(out["event"] == 1) & out["side_strength"].isna()]
    assert set(gone["coalition"]) == {"war 148 side 2"}
    fit = cm.cox(
        "event ~ side_strength", out.dropna(subset=["side_strength"]),
        cluster="coalition", variance="jackknife",
    )  # fmt: skip
    line = fit.tidy(reference="t").iloc[0]
    assert line["estimate"] < 0
    assert line["p_value"] > 0.1
