"""No builder knows the future, and no row depends on other rows: checked for every builder.

The bundled tables are cut at a date, as they would have stood then. The rows whose moment of
knowledge lies before it must not change. A mutation that lets a builder see one month more must
be caught by the same comparison, or the comparison would prove nothing.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models import features
from coalition_models.features import common
from coalition_models.features.given import facts_beside
from coalition_models.record import keep_record, record_of

#: they read no bundled table: their own properties stand in test_builder_properties
NOT_BUNDLED = {"add_war_powers", "add_opinion", "add_regime"}
#: the calendar of elections counts as known in advance: columns that say when the next one is
CALENDAR = {
    "months_to_election",
    "election_near",
    "election_month",
    "election_proximity",
    "years_to_election_squared",
    "years_to_election_cubed",
    "term_elapsed",
}
MINE = ("add_elections", "add_leadership", "add_casualties", "add_risk")


def _builders() -> dict[str, Callable[..., pd.DataFrame]]:
    found = {}
    for module in pkgutil.iter_modules(features.__path__):
        loaded = importlib.import_module(f"{features.__name__}.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            public = name.startswith("add_") and name in getattr(loaded, "__all__", [])
            if public and "as_of" in inspect.signature(function).parameters:
                found[name] = function
    return {name: f for name, f in sorted(found.items()) if name not in NOT_BUNDLED}


BUILDERS = _builders()
EVERY = pytest.mark.parametrize("name", BUILDERS)


def test_all_four_builders_of_this_file_are_found():
    assert set(MINE) <= set(BUILDERS)


def added(out: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    return out[[c for c in out.columns if c not in panel.columns]]


# the tables as they stood on a day


def _until(table: pd.DataFrame, column: str, day: pd.Timestamp) -> pd.DataFrame:
    return table[table[column] < day].reset_index(drop=True)


def _leaders(table: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    table = _until(table, "start", day)
    return table.assign(end=table["end"].where(table["end"] < day))


def _spells(table: pd.DataFrame, day: pd.Timestamp, months: int) -> pd.DataFrame:
    # a state at risk in the period of the cut has entered by its end
    table = _until(table, "entry", day + pd.DateOffset(months=months))
    over = table["exit"] < day
    return table.assign(
        exit=table["exit"].where(over),
        exit_kind=table["exit_kind"].where(over | (table["exit_kind"] == "leader"), "ongoing"),
        last_personnel=table["last_personnel"].where(over),
        announced=table["announced"].where(table["announced"] < day),
    )


def _years(table: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    return table[table["year"] < day.year].reset_index(drop=True)


CUTS: dict[str, Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]] = {
    "fatal_incidents": lambda t, d: _until(t, "date", d),
    "fatalities": _years,
    "troops": lambda t, d: _until(t, "date", d),
    "profile_changes": lambda t, d: _until(t, "date", d),
    "elections": lambda t, d: _until(t, "date", d),
    "state_years": _years,
    "leaders": _leaders,
}


def as_it_stood(monkeypatch: pytest.MonkeyPatch, day: str, months: int) -> None:
    """Let every builder read the bundled tables cut at a day; later facts do not exist."""
    stamp = pd.Timestamp(day)
    monkeypatch.setenv("COALITION_MODELS_MIRROR", "")
    true_load = cm.load

    @lru_cache(maxsize=32)
    def cut(name: str, *, extended: bool = False) -> pd.DataFrame:
        table = true_load(name, extended=extended)
        if name == "participation":
            return _spells(table, stamp, months)
        return CUTS[name](table, stamp) if name in CUTS else table

    for module in pkgutil.iter_modules(features.__path__):
        loaded = importlib.import_module(f"{features.__name__}.{module.name}")
        for reader in ("known_table", "load"):
            if hasattr(loaded, reader):
                monkeypatch.setattr(loaded, reader, cut)


def differing(builder, panel, moment, day, monkeypatch) -> set[str]:
    """Columns that change in rows which cannot know of anything on or after the day."""
    months = {"month": 1, "quarter": 3, "year": 12}[record_of(panel).panel["period"]]
    end = panel["period"] + pd.DateOffset(months=months)
    known = panel["period"] <= day if moment == "start" else end <= day
    assert known.any()
    full = added(builder(panel, as_of=moment), panel)[known]
    with monkeypatch.context() as patch:
        as_it_stood(patch, day, months)
        cut = added(builder(panel, as_of=moment), panel)[known]
    return {
        name for name in full.columns if name not in CALENDAR and not full[name].equals(cut[name])
    }


@EVERY
@pytest.mark.parametrize("moment", ["start", "end"])
@pytest.mark.parametrize("day", ["2003-11-01", "2004-04-01", "2006-01-01", "2007-09-01"])
def test_later_facts_change_no_earlier_row(name, moment, day, iraq, monkeypatch):
    assert differing(BUILDERS[name], iraq, moment, day, monkeypatch) == set()


@EVERY
@pytest.mark.filterwarnings("ignore:a window of 6 months")
@pytest.mark.parametrize("period", ["quarter", "year"])
def test_nor_where_rows_are_quarters_or_years(name, period, monkeypatch):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period=period)
    for moment in ("start", "end"):
        assert differing(BUILDERS[name], panel, moment, "2006-01-01", monkeypatch) == set()


@pytest.mark.parametrize(
    ("name", "day", "caught"),
    [
        ("add_casualties", "2003-11-01", {"deaths_12m", "deaths_last", "first_loss"}),
        ("add_risk", "2003-11-01", {"partner_deaths_12m", "risk_above_entry"}),
        ("add_leadership", "2004-04-01", {"leader_change", "tenure_months", "party_change"}),
        ("add_elections", "2004-03-01", {"months_since_election", "post_election"}),
    ],
)
def test_a_builder_that_sees_the_month_itself_is_caught(name, day, caught, iraq, monkeypatch):
    """Mutation: as of the start of a month, its own events are known. The check must notice."""
    assert not differing(BUILDERS[name], iraq, "start", day, monkeypatch) & caught
    monkeypatch.setattr(common.Calendar, "known", lambda self, _: self.first)
    assert caught <= differing(BUILDERS[name], iraq, "start", day, monkeypatch)


@EVERY
def test_neither_order_nor_other_rows_matter(name, iraq):
    builder = BUILDERS[name]
    before = iraq.copy(deep=True)
    whole = builder(iraq)
    pd.testing.assert_frame_equal(iraq, before)
    pd.testing.assert_frame_equal(whole[list(iraq.columns)], before)
    mixed = iraq.sample(frac=1, random_state=5)
    out = builder(mixed)
    pd.testing.assert_index_equal(out.index, mixed.index)
    pd.testing.assert_frame_equal(out.sort_index(), whole)
    # some states alone, and late rows alone: nothing is taken from the rows left out
    part = iraq[iraq["state"].isin(["ESP", "POL"]) & (iraq["period"] >= "2004-01-01")]
    pd.testing.assert_frame_equal(builder(part), whole.loc[part.index])


@EVERY
def test_every_column_is_described_and_its_missing_rows_are_counted(name, iraq):
    out = BUILDERS[name](iraq)
    book = cm.codebook("features")
    for column, notes in record_of(out).features.items():
        assert column in book.index
        assert book.loc[column, ["builder", "unit", "description", "source", "missing"]].all()
        assert notes["missing_rows"] == int(out[column].isna().sum())
        assert notes["as_of"] == "start"


@EVERY
def test_repeated_labels_of_rows_do_no_harm(name, iraq):
    plain = added(BUILDERS[name](iraq), iraq)
    same = iraq.set_axis(np.zeros(len(iraq), dtype=int), axis=0)
    out = added(BUILDERS[name](same), iraq)
    pd.testing.assert_frame_equal(out.reset_index(drop=True), plain)


# own tables: dates can be moved and events added

months = st.integers(min_value=0, max_value=71)
#: state, months since January 2001, and a size: deaths, or the position of a leader's party
events = st.lists(
    st.tuples(st.sampled_from([230, 325, 900]), months, st.integers(min_value=1, max_value=9)),
    min_size=1,
    max_size=12,
    unique_by=lambda e: e[:2],
)
cuts = st.integers(min_value=28, max_value=60)


def day_of(month: int) -> pd.Timestamp:
    return pd.Timestamp("2001-01-10") + pd.DateOffset(months=month)


def small_panel() -> pd.DataFrame:
    spells = pd.DataFrame(
        {
            "coalition": "iraq",
            "state": ["ESP", "ITA"],
            "cow": [230, 325],
            "spell": 1,
            "entry": pd.to_datetime(["2003-04-01", "2003-08-01"]),
            "exit": pd.to_datetime(["2006-03-01", "2006-09-01"]),
            "exit_kind": "early",
        }
    )
    return cm.build_panel(spells)


PANEL = small_panel()


def elections(made) -> pd.DataFrame:
    rows = [(cow, day_of(month), "legislative") for cow, month, _ in made]
    table = pd.DataFrame(rows, columns=["cow", "date", "kind"])
    table = table.drop_duplicates(["cow", "date", "kind"])
    return table.astype({"cow": "int64", "date": "datetime64[ns]"})


def leaders(made) -> pd.DataFrame:
    rows = [(cow, f"leader {i}", day_of(m), float(size)) for i, (cow, m, size) in enumerate(made)]
    table = pd.DataFrame(rows, columns=["cow", "leader", "start", "left_right"])
    table = table.astype({"cow": "int64", "start": "datetime64[ns]", "left_right": "float64"})
    table = table.sort_values(["cow", "start"])
    table["party"] = np.where(table["left_right"] > 5, "right", "left")
    table["source_change"] = np.where(table["left_right"] > 7, "yes", "no")
    return table.assign(end=table.groupby("cow")["start"].shift(-1))


def losses(made) -> pd.DataFrame:
    rows = [("iraq", cow, day_of(month), size) for cow, month, size in made]
    table = pd.DataFrame(rows, columns=["coalition", "cow", "date", "deaths"])
    return table.astype({"cow": "int64", "date": "datetime64[ns]", "deaths": "int64"})


COVERAGE = {"iraq": ("2001-01", "2007-12")}


def build(name: str, panel: pd.DataFrame, made, later: int = 0, **options) -> pd.DataFrame:
    """Run a builder on own events; ``later``: years by which the yearly facts move too."""
    if name == "add_elections":
        return cm.add_elections(
            panel, facts=facts_beside(panel, elections=elections(made)), **options
        )
    if name == "add_leadership":
        return cm.add_leadership(panel, facts=facts_beside(panel, leaders=leaders(made)), **options)
    if name == "add_risk":
        return cm.add_risk(
            panel, facts=facts_beside(panel, deaths=losses(made), coverage=COVERAGE), **options
        )
    years = [2002 + later, 2003 + later, 2004 + later]
    people = pd.DataFrame({"cow": 230, "year": years, "population": [4e7, 5e7, 6e7]})
    own = {"data": losses(made), "coverage": COVERAGE, "states": people}
    return cm.add_casualties(panel, **own, trend_window=3, **options)


def split_at(made, late, cut: int):
    """Events before the cut, and events on or after it.

    Both states have an event long before: one that a table lists nowhere would be missing.
    """
    early = [(230, -132, 1), (325, -132, 1), *(e for e in made if e[1] < cut)]
    return early, [(cow, max(month, cut), size) for cow, month, size in late]


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("moment", ["start", "end"])
@settings(max_examples=20, deadline=None)
@given(made=events, late=events, cut=cuts)
def test_events_added_later_never_reach_back(name, moment, made, late, cut):
    early, late = split_at(made, late, cut)
    first = pd.Timestamp("2001-01-01") + pd.DateOffset(months=cut)
    known = PANEL["period"] <= first if moment == "start" else PANEL["period"] < first
    one = added(build(name, PANEL, early, as_of=moment), PANEL)[known]
    two = added(build(name, PANEL, early + late, as_of=moment), PANEL)[known]
    kept = [c for c in one.columns if c not in CALENDAR]
    pd.testing.assert_frame_equal(one[kept], two[kept])


@settings(max_examples=20, deadline=None)
@given(made=events, late=events, cut=cuts)
def test_nor_does_the_calendar_under_the_strict_option(made, late, cut):
    """Votes called in a month or later do not exist for rows up to it."""
    early, late = split_at(made, late, cut)
    first = pd.Timestamp("2001-01-01") + pd.DateOffset(months=cut)
    known = PANEL["period"] <= first
    outs = []
    for votes in (elections(early), elections(early + late)):
        called = votes["date"].where(votes["date"] >= first, pd.Timestamp("2000-01-01"))
        out = cm.add_elections(
            PANEL, strict=True, facts=facts_beside(PANEL, elections=votes.assign(called=called))
        )
        outs.append(added(out, PANEL)[known])
    pd.testing.assert_frame_equal(*outs)


@pytest.mark.parametrize("name", MINE)
@settings(max_examples=15, deadline=None)
@given(made=events)
def test_neither_an_unrelated_state_nor_the_order_of_events_matters(name, made):
    own = [e for e in made if e[0] != 900]
    others = [(900, month, size) for _, month, size in made]
    plain = added(build(name, PANEL, own), PANEL)
    mixed = added(build(name, PANEL, [*others, *reversed(own)]), PANEL)
    # where the other state is a partner who died, what concerns partners changes
    partners = ["partner", "coalition", "risk_", "fatality_rate"]
    kept = [c for c in plain.columns if not any(word in c for word in partners)]
    assert kept
    pd.testing.assert_frame_equal(plain[kept], mixed[kept])


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("moment", ["start", "end"])
@settings(max_examples=15, deadline=None)
@given(made=events)
def test_dates_a_year_later_give_the_same_features_a_year_later(name, moment, made):
    plain = build(name, PANEL, made, as_of=moment)
    year = pd.DateOffset(years=1)
    moved = PANEL.assign(period=PANEL["period"] + year, entry=PANEL["entry"] + year)
    keep_record(moved, PANEL)
    shifted = [(cow, month + 12, size) for cow, month, size in made]
    later = build(name, moved, shifted, later=1, as_of=moment)
    # members and strengths are the bundled ones and stay where they are
    fixed = ["fatality_rate_operation", "fatality_rate_sector"]
    pd.testing.assert_frame_equal(
        added(later, PANEL).drop(columns=fixed, errors="ignore"),
        added(plain, PANEL).drop(columns=fixed, errors="ignore"),
    )


@pytest.mark.parametrize("name", MINE)
@settings(max_examples=10, deadline=None)
@given(made=events)
def test_splitting_a_spell_changes_nothing(name, made):
    """Rows of one stay that are counted as two spells, on the same clock."""
    split = PANEL.assign(spell=np.where(PANEL["period"] >= "2004-06-01", 2, 1))
    keep_record(split, PANEL)
    plain = added(build(name, PANEL, made), PANEL)
    two = added(build(name, split, made), split)
    # the role and the sector belong to the spell as it is coded
    coded = ["combat_role", "fatality_rate_sector"]
    pd.testing.assert_frame_equal(
        plain.drop(columns=coded, errors="ignore"), two.drop(columns=coded, errors="ignore")
    )
