"""Rows of two lengths in one panel, and days outside the window of observation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

D = pd.to_datetime


def spell(state="DEU", cow=255, entry="2013-02-01", exit="2013-11-20", kind="early"):
    return pd.DataFrame({"coalition": "mali", "state": [state], "cow": [cow], "spell": 1,
                         "entry": D([entry]), "exit": D([exit]), "exit_kind": kind})  # fmt: skip


def coalition(start="2013-01-11", end="2014-12-31"):
    return pd.DataFrame({"coalition": ["mali"], "start": D([start]), "mandate_end": D([end]),
                         "lead_state": ["FRA"]})  # fmt: skip


@pytest.fixture(scope="module")
def panels():
    table = cm.load("participation")
    return {
        (name, period): cm.build_panel(table, coalitions=[name], period=period)
        for name in ("iraq", "isaf")
        for period in ("month", "quarter", "year")
    }


@pytest.mark.parametrize(
    ("name", "period", "total"), [("isaf", "quarter", 1098), ("iraq", "year", 290)]
)
def test_each_length_alone_counts_its_own_deaths(panels, name, period, total):
    assert cm.add_casualties(panels[name, period])["deaths_last"].sum() == total


TOGETHER = [
    (("iraq", "month"), ("isaf", "quarter")),
    (("iraq", "month"), ("isaf", "year")),
    (("iraq", "quarter"), ("isaf", "year")),
    (("isaf", "month"), ("iraq", "quarter")),
]


def stacked(panels, one, other, order=1):
    both = pd.concat([panels[one], panels[other]][::order])
    return both.assign(x=np.arange(len(both)) % 7)


@pytest.mark.parametrize(("one", "other"), TOGETHER)
@pytest.mark.parametrize("order", [1, -1])
def test_no_reader_of_a_panel_takes_rows_of_two_lengths(panels, one, other, order):
    both = stacked(panels, one, other, order)
    facts = cm.facts("iraq")
    for read in (
        cm.survival_curve,
        lambda rows: cm.survival_curve(rows, by="coalition"),
        lambda rows: cm.cox("event ~ x", rows),
        lambda rows: cm.logit("event ~ x", rows),
        cm.describe_panel,
        lambda rows: cm.add_casualties(rows, facts=facts),
    ):
        with pytest.raises(cm.DataError, match="rows of two lengths"):
            read(both)


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_curves_of_one_length_pass_in_any_order_and_with_gaps(panels, period):
    both = pd.concat([panels["iraq", period], panels["isaf", period]])
    whole = cm.survival_curve(both)
    assert whole.notes == ()
    shuffled = cm.survival_curve(both.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(shuffled.table, whole.table)
    # by hand: the product of shares that stay
    at_risk = [((both["start"] < t) & (both["stop"] >= t)).sum() for t in whole.table["time"]]
    left = [((both["stop"] == t) & (both["event"] == 1)).sum() for t in whole.table["time"]]
    np.testing.assert_allclose(
        whole.table["survival"], np.cumprod(1 - np.array(left) / at_risk), rtol=1e-12
    )
    some = both.drop(both.index[5:60:3])
    assert cm.survival_curve(some).notes == ()


@pytest.mark.parametrize("scale", [1, 1 / 12, 30.4])
def test_the_clock_of_a_curve_may_have_any_unit(panels, scale):
    both = pd.concat([panels["iraq", "month"], panels["isaf", "month"]])
    scaled = both.assign(start=both["start"] * scale, stop=both["stop"] * scale)
    found = cm.survival_curve(scaled).table["survival"]
    np.testing.assert_allclose(found, cm.survival_curve(both).table["survival"])
    # one after the other in their own units is two lengths again
    halves = pd.concat([panels["iraq", "month"], scaled[scaled["coalition"] == "isaf"]])
    if scale != 1:
        with pytest.raises(cm.DataError, match="rows of two lengths"):
            cm.survival_curve(halves)


@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize("step", ["year", "half"])
@pytest.mark.filterwarnings("ignore:everyone at risk had the event")
def test_rows_thinned_out_of_shorter_ones_are_told(panels, which, step):
    months = panels["iraq", "month"]
    span = months["period"].dt.year * 2
    if step == "half":
        span = span + (months["period"].dt.month > 6)
    grouped = months.assign(span=span).groupby(
        ["coalition", "state", "cow", "spell", "span"], as_index=False
    )
    thinned = getattr(grouped, which)().drop(columns="span")
    assert any("do not follow on the one before" in n for n in cm.survival_curve(thinned).notes)
    assert "Rows thinned out" in str(cm.survival_curve(thinned))
    with pytest.raises(cm.DataError):
        cm.add_casualties(thinned, facts=cm.facts("iraq"))


def events(members, table, **options):
    return int(cm.build_panel(members, coalitions=table, **options)["event"].sum())


def test_an_exit_and_an_entry_after_the_last_day():
    with pytest.raises(cm.DataError, match="entered after observation ended"):
        cm.build_panel(spell(), coalitions=coalition(), period="year", until="2013-01-31")
    late = coalition(end="2014-03-31")
    assert events(spell(exit="2014-11-20"), late, period="year") == 0
    with pytest.raises(cm.DataError, match="ended before observation begins"):
        cm.build_panel(
            spell(exit="2013-06-05"), coalitions=coalition(), truncate_before="2013-06-20"
        )


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
@pytest.mark.parametrize("seed", range(3))
def test_events_are_the_exits_within_the_window_to_the_day(period, seed):
    """Counted over days: an exit is one if its day lies in the window and in the mandate."""
    rng = np.random.default_rng(seed)
    states = [("DEU", 255), ("BEL", 211), ("ESP", 230), ("ITA", 325), ("NLD", 210), ("DNK", 390)]
    day = D("2013-01-15")
    members = pd.concat([
        spell(state, cow, day + pd.Timedelta(days=int(rng.integers(0, 200))),
              day + pd.Timedelta(days=int(rng.integers(260, 700))))
        for state, cow in states
    ], ignore_index=True)  # fmt: skip
    for _ in range(3):
        until = day + pd.Timedelta(days=int(rng.integers(320, 700)))
        end = day + pd.Timedelta(days=int(rng.integers(320, 700)))
        first = day + pd.Timedelta(days=int(rng.integers(0, 250)))
        days = pd.date_range(first, min(until, end))
        right = sum(exit in days for exit in members["exit"])
        found = events(
            members, coalition(end=end), period=period, until=until, truncate_before=first
        )
        assert found == right
