"""Spells read off lists: no column knows of a later list, and nobody is nobody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.sets import un

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(missing in every row|nothing is known of):coalition_models.errors.CoalitionWarning"
)

MISSIONS = ["MINURCAT", "UNMIT", "UNMIS", "UNMISS", "UNMIL"]
KEYS = ["coalition", "state", "name", "cow", "spell", "entry", "period", "start", "stop", "event"]


@pytest.fixture(scope="module")
def lists(mirror):
    """The lists of some missions, and the facts that lists up to a day make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COALITION_MODELS_MIRROR", str(mirror))
        rows = cm.load("ipi-contributions")
        rows = rows[rows["mission"].isin(MISSIONS)].reset_index(drop=True)
        totals = cm.load("un-mission-totals")

    renamed = un.renamed_missions()

    def facts(until=None):
        known = rows if until is None else rows[rows["date"] < until]
        tables = {"ipi-contributions": known, "un-mission-totals": totals}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(un, "load", lambda name: tables[name].copy())
            here = {a: b for a, b in renamed.items() if a in set(known["mission"])}
            patch.setattr(un, "renamed_missions", lambda: here)
            found, _ = un.by_month(3, un.renamed_missions())
        return cm.Facts(members=found.members, coalitions=found.coalitions, troops=found.troops)

    return rows, facts


def built(rows, facts):
    return cm.add_commitment(cm.add_contagion(rows, facts=facts), facts=facts)


@pytest.fixture(scope="module")
def whole(lists):
    facts = lists[1]()
    return built(cm.build_panel(facts, clock="coalition"), facts)


@pytest.mark.mirror
@pytest.mark.parametrize("day", ["2010-07-01", "2010-11-01", "2012-02-01", "2013-09-01"])
def test_lists_after_a_day_change_no_earlier_row(lists, whole, day):
    facts = lists[1](pd.Timestamp(day))
    known = set(facts.members["coalition"])  # a mission's first list is its first news
    rows = whole[(whole["period"] <= day) & whole["coalition"].isin(known)]
    rows = rows.drop(columns="exit_kind")
    assert len(rows) > 400
    short = built(rows[KEYS], facts)[rows.columns]
    pd.testing.assert_frame_equal(short, rows, check_exact=False, rtol=1e-12)


@pytest.mark.mirror
@pytest.mark.parametrize("mission", ["MINURCAT", "UNMIT", "UNMIL"])
def test_exits_and_shares_are_those_of_the_lists_so_far(lists, whole, mission):
    """Counted from the lists dated before each month, without spells."""
    rows = lists[0][lists[0]["mission"] == mission]
    month = (rows["date"].dt.year * 12 + rows["date"].dt.month).to_numpy()
    rows = rows.assign(month=month)
    mine = whole[whole["coalition"] == mission]
    for period, group in mine.groupby("period"):
        now = period.year * 12 + period.month
        known = rows[month < now]
        seen = known[known["troops"] >= 1]
        # absent from more than 3 lists in a row, since some list or between two
        months = seen.groupby("cow")["month"].unique()
        gone = {cow for cow, found in months.items() if now - 1 - found.max() > 3}
        left = gone | {
            cow for cow, found in months.items() if np.diff(np.sort(found)).max(initial=0) > 4
        }
        ever = group["cow"].map(lambda cow, left=left: len(left - {cow}))
        np.testing.assert_array_equal(group["earlier_defectors"], ever)
        newest = known.sort_values("date").groupby("cow")["troops"].last()
        there = newest[~newest.index.isin(gone)]
        share = group["cow"].map(newest) / there.sum()
        shown = group["troop_share"].notna().to_numpy()
        np.testing.assert_allclose(group["troop_share"][shown], share[shown], rtol=1e-9)


def levels(counts, first="2004-01-31"):
    cows = {"POL": 290, "ESP": 230, "ITA": 325}
    parts = [
        pd.DataFrame({"coalition": "c", "state": state, "cow": cows[state], "troops": values,
                      "date": pd.date_range(first, periods=len(values), freq="ME")})
        for state, values in counts.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True).dropna()


def share_of_poland(counts, month):
    rows = levels(counts)
    table = pd.DataFrame({"coalition": ["c"], "start": ["2003-12-01"],
                          "mandate_end": ["2006-12-31"], "lead_state": [None]})  # fmt: skip
    facts = cm.Facts(members=cm.spells_from_levels(rows), coalitions=table,
                     troops=rows[["coalition", "cow", "date", "troops"]])  # fmt: skip
    out = cm.add_commitment(cm.build_panel(facts, clock="coalition"))
    poland = out[(out["state"] == "POL") & (out["period"] == month)]
    return poland["troop_share"].iloc[0]


@pytest.mark.parametrize(
    ("spain", "share"),
    [
        # nobody in May and June; back in July, later, or never: June and July cannot tell
        ([300] * 4 + [0] * 2 + [300] * 18, 0.5),
        ([300] * 4 + [0] * 20, 0.5),
        ([300] * 4 + [0] * 10 + [300] * 10, 0.5),
        # no row at all: the last list counts until the gap is over
        ([300] * 4 + [np.nan] * 2 + [300] * 18, 0.2),
        ([300] * 4 + [np.nan] * 20, 0.2),
    ],
)
def test_a_contingent_that_a_list_shows_as_nobody_weighs_nothing(spain, share):
    counts = {"POL": [100] * 24, "ITA": [100] * 24, "ESP": spain}
    for month in ("2004-06-01", "2004-07-01"):
        assert share_of_poland(counts, month) == pytest.approx(share)
    assert share_of_poland(counts, "2004-04-01") == pytest.approx(0.2)
