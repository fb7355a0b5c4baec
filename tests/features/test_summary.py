"""Coverage, missing rows and events of feature columns; correlations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.summary import correlations, feature_summary
from coalition_models.features.user_tables import add_opinion
from coalition_models.record import keep_record, record_of, with_features

PANEL = pd.DataFrame(
    {
        "state": ["ESP", "ESP", "ITA", "ITA", "POL"],
        "period": pd.to_datetime(
            ["2004-01-01", "2004-02-01", "2004-01-01", "2004-02-01", "2004-02-01"]
        ),
        "event": [0, 1, 0, 1, 0],
        "near": [0, 1, np.nan, np.nan, 0],
        "kind": ["a", None, "b", "b", None],
        "flat": [1.0, 1, 1, 1, 1],
    }
)


def test_by_hand():
    out = feature_summary(PANEL, ["near", "kind"])
    near = out.loc["near"]
    assert near[["rows", "missing", "nonzero", "events", "events_nonzero"]].tolist() == [
        5,
        2,
        1,
        1,
        1,
    ]
    assert near["coverage"] == 0.6
    assert near["missing_states"] == "ITA 2"
    assert (near["first"], near["last"]) == (PANEL["period"].min(), PANEL["period"].max())
    assert near[["mean", "least", "most"]].tolist() == [1 / 3, 0, 1]
    kind = out.loc["kind"]
    assert kind["missing_states"] == "ESP 1, POL 1"
    assert kind["events_nonzero"] == 1
    assert np.isnan(kind["mean"])


def test_missing_rows_by_state():
    counts = feature_summary(PANEL, ["near", "kind"], by_state=True)
    assert counts.loc["ITA"].to_dict() == {"near": 2, "kind": 0}
    assert counts.sum().to_dict() == feature_summary(PANEL, ["near", "kind"])["missing"].to_dict()


def test_it_finds_the_columns_that_the_builders_made(iraq):
    polls = pd.DataFrame({"cow": [230], "date": [pd.Timestamp("2004-02-10")], "support": [9.0]})
    panel = add_opinion(iraq, polls)
    out = feature_summary(panel)
    assert set(out.index) == set(record_of(panel).features)
    for name, notes in record_of(panel).features.items():
        assert out.loc[name, "missing"] == notes["missing_rows"]
    assert out.loc["war_support", "first"] == pd.Timestamp("2004-03-01")
    # the order of rows does not matter
    shuffled = panel.sample(frac=1, random_state=3)
    keep_record(shuffled, panel)
    pd.testing.assert_frame_equal(feature_summary(shuffled), out)


def test_no_feature_is_an_error(iraq):
    with pytest.raises(cm.DataError, match="has no feature columns"):
        feature_summary(iraq)
    with pytest.raises(cm.DataError, match="not in the panel: far"):
        feature_summary(PANEL, ["far"])
    with pytest.raises(cm.DataError, match="lacks the columns event"):
        feature_summary(PANEL.drop(columns="event"), ["near"])


def test_correlations():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 50))
    frame = pd.DataFrame({"a": a, "b": b, "double": 2 * a + 1, "flat": 1.0, "name": "x"})
    frame.loc[:24, "b"] = np.nan
    with_features(frame, {name: {} for name in frame.columns})
    out = correlations(frame, at_least=20)
    assert out.index.tolist() == ["a", "b", "double", "flat"]
    assert out.loc["a", "double"] == pytest.approx(1)
    assert out.loc["a", "b"] == pytest.approx(np.corrcoef(a[25:], b[25:])[0, 1])
    assert out["flat"].isna().all()
    assert np.isnan(correlations(frame, at_least=30).loc["a", "b"])
    cubed = frame.assign(double=frame["a"] ** 3)
    ranks = correlations(cubed, ["a", "double"], method="spearman")
    assert ranks.loc["a", "double"] == pytest.approx(1)
    with pytest.raises(cm.DataError, match="hold no numbers: name"):
        correlations(frame, ["a", "name"])
    with pytest.raises(cm.DataError, match="method must be"):
        correlations(frame, method="kendall")
