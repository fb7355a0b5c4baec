"""Changes of the source of leaders' support, by hand and against the file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoverageError, DataError
from coalition_models.features import support_change
from coalition_models.features.support_change import add_support_change
from coalition_models.record import record_of, sources_of, with_panel

EVENTS = pd.DataFrame(
    {
        "cow": pd.array([230, 230, 230, 230, 325, 325], dtype="Int64"),
        "year": pd.array([2003, 2004, 2004, 2005, 2004, 2005], dtype="Int64"),
        "event": [
            "none", "leader_change", "source_change", "none", "minor_source_change", "none",
        ],
        "date": pd.to_datetime([None, "2004-04-17", "2004-04-17", None, "2004-03-01", None]),
    }
)  # fmt: skip


@pytest.fixture
def by_hand(monkeypatch):
    monkeypatch.setattr(support_change, "optional_source", lambda *_: EVENTS)


def rows(cow, *months, period="month"):
    panel = pd.DataFrame({"cow": cow, "period": pd.to_datetime(list(months))})
    with_panel(panel, {"period": period})
    return panel


def test_by_hand(by_hand):
    months = ["2004-04", "2004-05", "2005-04", "2005-05", "2006-01", "2006-02"]
    panel = rows(230, *months)
    before = panel.copy(deep=True)
    out = add_support_change(panel)
    pd.testing.assert_frame_equal(panel, before)
    # as of the start of April nobody has come; in January 2006 the year 2005 is looked at
    expected = [0, 1, 1, 0, 0, np.nan]
    np.testing.assert_array_equal(out["support_change"], expected)
    assert record_of(out).features["support_change"]["missing_rows"] == 1
    assert sources_of(out) == ("chisols",)
    shorter = add_support_change(panel, months=1)["support_change"]
    np.testing.assert_array_equal(shorter, [0, 1, 0, 0, 0, np.nan])
    # minor changes do not count, and no year before the first is known
    np.testing.assert_array_equal(
        add_support_change(rows(325, "2004-06", "2005-06"))["support_change"], [np.nan, 0]
    )
    with pytest.warns(cm.CoalitionWarning, match="missing in every row: support_change"):
        unknown = add_support_change(rows(2, "2005-01"))
    assert unknown["support_change"].isna().all()


def test_years(by_hand):
    panel = rows(230, "2004-01", "2005-01", "2006-01", period="year")
    np.testing.assert_array_equal(add_support_change(panel)["support_change"], [0, 1, 0])
    with pytest.warns(cm.CoalitionWarning, match="take window=12"):
        add_support_change(panel, months=6)


def test_bad_options_and_absent_sources(by_hand, monkeypatch):
    for months in (0, -1, 1.5):
        with pytest.raises(DataError, match="months"):
            add_support_change(rows(230, "2004-05"), months=months)

    def absent(*_):
        raise CoverageError("not at hand")

    monkeypatch.setattr(support_change, "optional_source", absent)
    with pytest.raises(CoverageError, match="not at hand"):
        add_support_change(rows(230, "2004-05"))


@pytest.mark.mirror
def test_known_changes(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    with pytest.warns(cm.CoalitionWarning, match="nothing is known of ISL, TON.*500,000"):
        made = add_support_change(panel)
    out = made.set_index(["state", "period"])["support_change"]
    assert out["ITA", pd.Timestamp("2006-10-01")] == 1
    assert out["ITA", pd.Timestamp("2005-10-01")] == 0
    assert out["AUS", pd.Timestamp("2008-02-01")] == 1
    # Blair handed over to Brown, of the same party
    assert out["GBR", pd.Timestamp("2007-09-01")] == 0
    # the file leaves out small states, and knows far more than the bundled leaders' states
    assert out["TON"].isna().all()
    table = cm.load("chisols")
    assert table["cow"].nunique() > 3 * panel["cow"].nunique()
    assert add_support_change(rows(2, "2019-01"))["support_change"].notna().all()
    with pytest.warns(cm.CoalitionWarning, match="1919 to 2018"):
        late = add_support_change(rows(2, "2020-01"))
    assert late["support_change"].isna().all()
