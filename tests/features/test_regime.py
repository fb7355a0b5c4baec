"""Democracy by several measures and change of regime."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoverageError
from coalition_models.features import regime as module
from coalition_models.features.regime import add_regime
from coalition_models.record import record_of, sources_of
from coalition_models.timelines import calendar as common
from coalition_models.timelines.given import facts_beside

SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["UKR", "POL"],
        "cow": [369, 290],
        "spell": 1,
        "entry": pd.to_datetime(["2003-03-01", "2003-03-01"]),
        "exit": pd.to_datetime(["2007-06-20", "2007-03-05"]),
        "exit_kind": ["early", "early"],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("2003-01-01")],
        "mandate_end": [pd.Timestamp("2008-12-31")],
        "lead_state": ["USA"],
    }
)
SCORES = pd.DataFrame(
    {
        "cow": [369] * 5 + [290] * 2,
        "year": [2002, 2003, 2004, 2005, 2006, 2002, 2003],
        "polity2": [2, 4, 6, 7, 7, 10, np.nan],
        "democracy_bmr": [0, 0, 0, 1, 1, 1, 1],
        "polyarchy": [0.4, 0.4, 0.45, 0.5, 0.5, 0.8, 0.8],
    }
)
POLITY = [
    "polity2",
    "democracy_polity",
    "mixed_regime",
    "regime_change",
    "regime_change_since_entry",
]


@pytest.fixture
def panel():
    return cm.build_panel(SPELLS, coalitions=COALITIONS)


def values(out, state, month, names):
    found = out[(out["state"] == state) & (out["period"] == pd.Timestamp(month))]
    return found[names].to_numpy()[0]


def test_by_hand(panel):
    out = add_regime(panel, years=2, facts=facts_beside(panel, states=SCORES))
    nan = np.nan
    # 2003 knows 2002: a mixed regime; what it was two years before is not in the table
    np.testing.assert_array_equal(values(out, "UKR", "2003-06-01", POLITY), [2, 0, 1, nan, 0])
    # 2005 knows 2004: 6 against 2 in 2002
    np.testing.assert_array_equal(values(out, "UKR", "2005-01-01", POLITY), [6, 1, 0, 1, 1])
    # 2007 knows 2006: 7 against 6 two years before, against 2 at entry
    np.testing.assert_array_equal(values(out, "UKR", "2007-01-01", POLITY), [7, 1, 0, 0, 1])
    both = ["democracy_bmr", "transition_since_entry", "polyarchy"]
    np.testing.assert_array_equal(values(out, "UKR", "2005-12-01", both), [0, 0, 0.45])
    np.testing.assert_array_equal(values(out, "UKR", "2006-01-01", both), [1, 1, 0.5])
    # a missing score is missing, not a zero
    assert np.isnan(values(out, "POL", "2004-05-01", POLITY)).all()
    assert record_of(out).features["polity2"]["missing_rows"] == int(out["polity2"].isna().sum())


def test_the_choices(panel):
    out = add_regime(
        panel, measures="polity", threshold=7, points=5, facts=facts_beside(panel, states=SCORES)
    )
    np.testing.assert_array_equal(
        values(out, "UKR", "2005-01-01", ["democracy_polity", "regime_change_since_entry"]), [0, 0]
    )
    assert "democracy_bmr" not in out.columns
    end = add_regime(
        panel, measures="polity", as_of="end", facts=facts_beside(panel, states=SCORES)
    )
    assert values(end, "UKR", "2004-12-01", ["polity2"])[0] == 6
    assert values(end, "UKR", "2004-11-01", ["polity2"])[0] == 4


def test_without_source_the_error_names_source_and_variable(panel, monkeypatch):
    def absent(name, *, extended=False):
        raise CoverageError(f"{name!r} is not at hand and could not be downloaded")

    common._kept_table.cache_clear()
    monkeypatch.setattr(common, "load", absent)
    with pytest.raises(CoverageError, match="add_regime takes polity2 from the external source 'p"):
        add_regime(panel)


def test_bad_options(panel, monkeypatch):
    with pytest.raises(cm.DataError, match="measures must be some of polity, bmr"):
        add_regime(panel, measures=["freedom"], facts=facts_beside(panel, states=SCORES))
    monkeypatch.setenv("COALITION_MODELS_MIRROR", "nowhere")
    with pytest.raises(cm.CoverageError, match="polyarchy from the external source"):
        add_regime(panel, facts=facts_beside(panel, states=SCORES.drop(columns="polyarchy")))
    with pytest.raises(cm.DataError, match="years must be a whole number"):
        add_regime(panel, years=-1, facts=facts_beside(panel, states=SCORES))


@pytest.mark.slow
@pytest.mark.mirror
def test_the_sources(iraq, row, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    out = add_regime(iraq)
    scores = cm.load("polity5").query("cow == 369 and year == 2004")["polity2"].item()
    assert row(out, "UKR", "2005-03-01", "polity2") == scores
    assert row(out, "ESP", "2004-03-01", "democracy_bmr") == 1
    assert row(out, "KAZ", "2004-03-01", "democracy_polity") == 0
    assert out["democracy_bmr"].notna().mean() > 0.95
    assert {source for source, _ in module._SOURCES.values()} <= set(sources_of(out))
