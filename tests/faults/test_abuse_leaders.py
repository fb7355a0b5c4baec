"""Leaders of a state with a body at its head: later chairs and codings change no earlier row."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.timelines import leader_terms, succession

pytestmark = [
    pytest.mark.mirror,
    pytest.mark.filterwarnings(
        "ignore:.*(missing in every row|nothing is known of)"
        ":coalition_models.errors.CoalitionWarning"
    ),
]
TRUE = leader_terms.known_table


@pytest.fixture(scope="module")
def panel():
    both = cm.build_panel(cm.load("participation"), coalitions=["iraq", "isaf"])
    return both[both["state"].isin(["BIH", "CHE", "ARM", "KAZ"])]


@pytest.fixture
def at_hand(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))


def new(out, panel):
    return out[[name for name in out.columns if name not in panel.columns]]


def cut(day):
    """The sources as they stood on a day: no later term, no later end, no later coding."""
    stamp = pd.Timestamp(day)

    def known_table(name, **options):
        table = TRUE(name, **options)
        if name == "chisols":
            return table[table["year"] < stamp.year].reset_index(drop=True)
        if not {"start", "end"} <= set(table.columns):
            return table
        table = table[table["start"] < stamp].reset_index(drop=True)
        return table.assign(end=table["end"].where(table["end"] < stamp))

    return known_table


@pytest.mark.parametrize("rotation", ["ignore", "count"])
@pytest.mark.parametrize(
    "day",
    [
        "2011-01-01",
        *(pytest.param(d, marks=pytest.mark.slow) for d in ("2006-01-01", "2007-01-01")),
    ],
)
def test_sources_cut_at_a_date_change_no_earlier_row(panel, at_hand, monkeypatch, rotation, day):
    options = {"extended": True, "rotation": rotation}
    whole = new(cm.add_leadership(panel, **options), panel)
    for module in (leader_terms, succession):
        monkeypatch.setattr(module, "known_table", cut(day))
    short = new(cm.add_leadership(panel, **options), panel)
    rows = panel["period"] <= day
    assert rows.sum() > 30
    assert whole.loc[rows, "leader_change"].notna().any()
    pd.testing.assert_frame_equal(short[rows], whole[rows])


@pytest.mark.parametrize("value", ["irregular", None, "foreign"])
@pytest.mark.parametrize(
    ("state", "cow", "first", "known"),
    [("BIH", 346, "2006-06-01", False), ("CHE", 225, "2005-06-01", True)],
)
def test_a_body_keeps_what_it_had(panel, at_hand, monkeypatch, value, state, cow, first, known):
    """Irregular entry stays what it was before, whatever is coded of later chairs.

    Bosnia's chair since 1992, the first on record, has no manner of entry, so the body has none.
    """
    rows = panel[panel["state"] == state]

    def changed(name, **options):
        table = TRUE(name, **options)
        if "entry" not in table.columns:
            return table
        late = (table["cow"] == cow) & (table["start"] >= first)
        return table.assign(entry=table["entry"].mask(late, value))

    whole = new(cm.add_leadership(rows, extended=True), rows)
    monkeypatch.setattr(leader_terms, "known_table", changed)
    found = new(cm.add_leadership(rows, extended=True), rows)
    early = rows["period"] <= first
    assert early.any()
    entered = whole.loc[early, "irregular_entry"]
    assert (entered == 0).all() if known else entered.isna().all()
    pd.testing.assert_frame_equal(found[early], whole[early])


@pytest.mark.parametrize("last", ["Kocharian", "Sargsyan", "none"])
def test_support_hangs_on_years_so_far(panel, at_hand, monkeypatch, last):
    """Armenia in 2005, its leaders since April 2008 coded, or not, or one of them alone."""
    rows = panel[panel["state"] == "ARM"]

    def changed(name, **options):
        table = TRUE(name, **options)
        if name != "chisols":
            return table
        late = (table["cow"] == 371) & (table["year"] >= 2008)
        return table[~late | table["leaders"].astype(str).str.contains(last)]

    whole = new(cm.add_leadership(rows, extended=True), rows)
    for module in (leader_terms, succession):
        monkeypatch.setattr(module, "known_table", changed)
    found = new(cm.add_leadership(rows, extended=True), rows)
    early = rows["period"] < "2008-01-01"
    assert whole.loc[early, "support_change"].notna().all()
    pd.testing.assert_frame_equal(found[early], whole[early])
