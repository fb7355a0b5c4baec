"""No builder knows the future: checked for every builder and every table that it can read.

Each table is rewritten from a day on: rows whose moment of knowledge lies before it must not
change. A mutation that lets a builder see one month more must be caught by the same comparison, or
the comparison would prove nothing. The package's own tables are cut at a day, as they would have
stood then.
"""

from __future__ import annotations

import pickle
import sys
from functools import lru_cache

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models.features import user_tables
from coalition_models.features.registry import registered
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import trusted_facts
from coalition_models.record import record_of, with_panel
from coalition_models.timelines import calendar as common

SETTINGS = settings(
    max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)
#: the calendar of elections counts as known in advance, unless strict=True: columns that say when
#: the next one is
#: columns of deaths per head, and columns of strengths, which are never read in a row's own period
_STRENGTHS = {
    "deaths_12m_per_1000", "troops", "log_troops", "strength_known", "troops_per_million",
    "relative_commitment", "share_below_peak", "recommitted",
}  # fmt: skip
CALENDAR = {
    "months_to_election",
    "election_near",
    "election_month",
    "election_proximity",
    "years_to_election_squared",
    "years_to_election_cubed",
    "term_elapsed",
}
#: a builder that reads a table only under some choice
CHOICES = {
    "add_casualties": {"per": "troops"},
    "add_elections": {"strict": True},
    "add_risk": {"theatre": True},
}
#: the last month of a year: its yearly figures are known a month later, and are rewritten
CUT = pd.Timestamp("2003-12-01")
#: one table each, or some that nobody reads together; and the package's own accessions to NATO
REWRITTEN = [
    "members", "coalitions coverage", "troops", "changes", "deaths", "states", "elections",
    "leaders", "rules polls theatre", "nato_accession",
]  # fmt: skip


def after(table, column, more):
    """Rows before the cut as they are, then others; the next ten days bring the first."""
    return pd.concat([table[table[column] < CUT], more], ignore_index=True)


def rewritten(tables, name):
    """One table as it could have been written by someone who lived on otherwise."""
    table = tables[name].copy()
    codes = tables["members"]["cow"].to_numpy()
    soon = CUT + pd.Timedelta(days=9)
    one = {"coalition": "one", "cow": codes, "date": soon}
    rows = {
        "troops": lambda: after(table, "date", pd.DataFrame({**one, "troops": 7_777})),
        "changes": lambda: after(table, "date", pd.DataFrame({**one, "change": "reinforcement"})),
        "deaths": lambda: after(table, "date", pd.DataFrame({**one, "deaths": 55})),
        "polls": lambda: after(
            table, "date", pd.DataFrame({"cow": codes, "date": soon, "support": 99.0})
        ),
        "elections": lambda: after(
            table.assign(known=table["called"]),
            "known",
            pd.DataFrame({"cow": codes, "date": soon, "kind": "legislative", "called": CUT}),
        ).drop(columns="known"),
    }
    if name in rows:
        return rows[name]()
    if name in ("states", "theatre"):
        values = [c for c in table if c not in ("coalition", "cow", "year")]
        table.loc[table["year"] >= CUT.year, values] += 5
    if name == "coverage":
        table["last"] = pd.Timestamp("2007-03-01")
    if name == "coalitions":
        table["mandate_end"] = pd.Timestamp("2005-05-05")
    if name == "leaders":
        return _others_lead(table, codes, soon)
    if name == "rules":
        old = table[table["start"] < CUT].assign(end=soon - pd.Timedelta(days=1))
        new = pd.DataFrame({"cow": codes, "start": soon, "end": pd.NaT, "war_powers": 9})
        return pd.concat([old, new.astype({"end": "datetime64[ns]"})], ignore_index=True)
    if name == "members":
        return _others_leave(table, soon)
    return table


def _others_lead(table, codes, soon):
    old = table[table["start"] < CUT]
    old = old.assign(end=old["end"].where(old["end"] < CUT, soon))
    new = pd.DataFrame({"cow": codes, "leader": "new", "start": soon, "end": pd.NaT})
    new = new.assign(left_right=0.0, party="green", source_change="yes")
    return pd.concat([old, new.astype({"end": "datetime64[ns]"})], ignore_index=True)


def _others_leave(table, soon):
    stay = (table["exit"] >= CUT) & (table["exit_kind"] != "leader")
    assert stay.sum() > 2
    lead = table["exit_kind"] == "leader"
    known = table["announced"].where(~(stay | lead) | (table["announced"] < CUT))
    table.loc[lead, "exit"] = soon
    table.loc[stay, ["exit", "exit_kind"]] = [pd.Timestamp("2006-11-01"), "scheduled"]
    leaves = table.index[stay][0]
    table.loc[leaves, ["exit", "exit_kind"]] = [soon, "early"]
    return table.assign(announced=known, peak_troops=table["peak_troops"].where(~stay, 9_999))


def _other_accessions(table):
    date = table["accession_date"]
    return table.assign(accession_date=date.where(date < CUT, CUT))


@lru_cache(maxsize=64)
def told(worlds, seed, name):
    """Facts and tables with those named rewritten; all of them for 'all'; none for ''."""
    tables = worlds.draw(seed)
    chosen = [n for n in tables if n in name.split() or name == "all"]
    new = {**tables, **{n: rewritten(tables, n) for n in chosen}}
    return new, worlds.facts(new)


@lru_cache(maxsize=256)
def columns(worlds, builder, seed, name, moment):
    tables, facts = told(worlds, seed, name)
    out = worlds.call(
        builder, start_of(worlds, seed), tables, facts, as_of=moment, **CHOICES.get(builder, {})
    )
    return out[list(record_of(out).features)]


@lru_cache(maxsize=8)
def start_of(worlds, seed):
    return worlds.panel(worlds.draw(seed))


def earlier(panel, moment):
    """The start of a month knows nothing of the month, its end does."""
    return panel["period"] <= CUT if moment == "start" else panel["period"] < CUT


@pytest.mark.parametrize("name", REWRITTEN)
@SETTINGS
@given(seed=st.integers(0, 3))
def test_a_table_rewritten_from_a_day_on_changes_no_earlier_row(worlds, builder, name, seed):
    moment = ("start", "end")[(seed + len(name)) % 2]
    known = earlier(start_of(worlds, seed), moment)
    plain = columns(worlds, builder, seed, "", moment)[known]
    if name == "nato_accession":
        with worlds.loader(nato_accession=_other_accessions):
            other = columns.__wrapped__(worlds, builder, seed, "", moment)[known]
    else:
        other = columns(worlds, builder, seed, name, moment)[known]
    pd.testing.assert_frame_equal(plain, other)


def check_all(worlds, builder, moment):
    known = earlier(start_of(worlds, 0), moment)
    plain = columns.__wrapped__(worlds, builder, 0, "", moment)
    other = columns.__wrapped__(worlds, builder, 0, "all", moment)
    pd.testing.assert_frame_equal(plain[known], other[known])
    assert not plain[~known].equals(other[~known]), "the other facts must show later"


@pytest.mark.parametrize("moment", ["start", "end"])
def test_what_is_rewritten_shows_later_and_one_month_more_is_caught(
    worlds, builder, moment, monkeypatch
):
    check_all(worlds, builder, moment)
    honest = common.Calendar.known
    monkeypatch.setattr(common.Calendar, "known", lambda self, as_of: honest(self, as_of) + 1)
    if builder == "add_war_powers":
        days = user_tables._days
        monkeypatch.setattr(user_tables, "_days", lambda month: days(month + 1))
    with pytest.raises(AssertionError, match="are different"):
        check_all(worlds, builder, moment)


@pytest.mark.parametrize(
    "name",
    ["add_alliance", "add_capability", "add_casualties", "add_commitment", "add_contagion",
     "add_lead_exit", "add_preferences", "add_regime", "add_risk"],
)  # fmt: skip
def test_the_start_of_a_month_knows_what_the_end_of_the_month_before_knew(worlds, name):
    """As of the end of June equals as of the start of July, but for what counts from the row."""
    counting = {"troops_age_months", "months_since_recommitment", "months_since_entry"}
    # partners are those at risk in the row's own period, the entry is the row's own
    counting |= {"cinc_share", "troop_share", "risk_above_entry", "risk_below_entry"}
    counting |= _STRENGTHS
    panel = start_of(worlds, 2)
    start = columns(worlds, name, 2, "", "start").drop(columns=counting, errors="ignore")
    end = columns(worlds, name, 2, "", "end").drop(columns=counting, errors="ignore")
    by = [panel["state"], panel["spell"]]
    pd.testing.assert_frame_equal(
        start.groupby(by).apply(lambda g: g.iloc[1:]).reset_index(drop=True),
        end.groupby(by).apply(lambda g: g.iloc[:-1]).reset_index(drop=True),
    )


def test_strengths_of_the_period_itself_are_not_read_at_its_end_either(worlds):
    """A contingent that goes home is small before it is gone."""
    start, end = (columns(worlds, "add_commitment", 2, "", day) for day in ("start", "end"))
    held = ["troops", "log_troops", "strength_known", "share_below_peak"]
    pd.testing.assert_frame_equal(start[held], end[held])


@pytest.mark.parametrize("period", ["quarter", "year"])
def test_a_longer_period_knows_what_its_first_month_knew(worlds, builder, period):
    tables, _ = told(worlds, 1, "")
    months, long = start_of(worlds, 1), worlds.panel(tables, period)
    by_month = columns(worlds, builder, 1, "", "start").join(months)
    options = CHOICES.get(builder, {})
    by_period = worlds.call(builder, long, tables, **options)
    key = ["state", "spell", "period"]
    # what counts periods, or members and elections of the row's own period
    other = {"cinc_share", "deaths_last", "log_deaths_last", "partner_deaths_last", *CALENDAR}
    names = [c for c in record_of(by_period).features if c not in other and "entry" not in c]
    joined = by_period[[*key, *names]].merge(by_month[[*key, *names]], on=key, suffixes=("", "_m"))
    assert len(joined) > 5
    right = joined[[f"{c}_m" for c in names]].set_axis(names, axis=1)
    pd.testing.assert_frame_equal(joined[names], right)


# the package's own tables as they stood on a day


def _until(table, column, day):
    return table[table[column] < day].reset_index(drop=True)


def _years(table, day):
    return table[table["year"] < day.year].reset_index(drop=True)


def _terms(table, day):
    table = _until(table, "start", day)
    return table.assign(end=table["end"].where(table["end"] < day))


CUTS = {
    "elections": lambda t, d: _until(t, "date", d),
    "state_years": _years,
    "leaders": _terms,
    "nato_accession": lambda t, d: _until(t, "accession_date", d),
}


def _spells(table, day, months):
    # a state at risk in the period of the cut has entered by its end
    table = _until(table, "entry", day + pd.DateOffset(months=months))
    over = table["exit"] < day
    return table.assign(
        exit=table["exit"].where(over),
        exit_kind=table["exit_kind"].where(over | (table["exit_kind"] == "leader"), "ongoing"),
        last_personnel=table["last_personnel"].where(over),
        announced=table["announced"].where(table["announced"] < day),
    )


@lru_cache(maxsize=32)
def facts_until(day, months):
    whole = cm.facts("iraq")
    deaths = whole.deaths
    # those without a month are known on the next 1 January
    late = (deaths["date_precision"] == "year") & (deaths["date"].dt.year >= day.year)
    held = {name: whole.table(name) for name in TABLES}
    held |= {
        "members": _spells(whole.members, day, months),
        "troops": _until(whole.troops, "date", day),
        "changes": _until(whole.changes, "date", day),
        "deaths": _until(deaths[~late], "date", day),
    }
    # not checked: who is said not to have left comes back within the period
    return trusted_facts(held, whole.sources)


@lru_cache(maxsize=8)
def iraq(period):
    return cm.build_panel(cm.facts("iraq"), period=period)


@lru_cache(maxsize=64)
def bundled(worlds, builder, period, moment):
    return worlds.call(builder, iraq(period), {}, as_of=moment)


def differing(worlds, builder, period, moment, day):
    """Columns that change in rows which cannot know of anything on or after the day."""
    panel, stamp = iraq(period), pd.Timestamp(day)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    end = panel["period"] + pd.DateOffset(months=months)
    known = panel["period"] <= day if moment == "start" else end <= day
    assert known.any()
    full = bundled(worlds, builder, period, moment)[known]
    cuts = {name: (lambda t, cut=cut: cut(t, stamp)) for name, cut in CUTS.items()}
    with worlds.loader(**cuts):
        cut = worlds.call(builder, panel, {}, facts_until(stamp, months), as_of=moment)[known]
    return {c for c in record_of(cut).features if c not in CALENDAR and not full[c].equals(cut[c])}


@pytest.fixture
def _no_external(monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", "")


BUNDLED = pytest.mark.parametrize(
    "name",
    ["add_alliance", "add_capability", "add_casualties", "add_commitment", "add_contagion",
     "add_elections", "add_lead_exit", "add_leadership", "add_preferences", "add_risk"],
)  # fmt: skip


def test_every_builder_but_those_without_a_table_of_the_package_is_there(worlds):
    names = set(BUNDLED.args[1])
    # regimes come from external sources alone, unless the facts hold them
    only_external = {n for n, item in registered().items() if item.must_read}
    assert set(worlds.builders) - names == {*worlds.own, *(only_external - set(OUTSIDE))}


@BUNDLED
@pytest.mark.usefixtures("_no_external")
@pytest.mark.parametrize("moment", ["start", "end"])
@pytest.mark.parametrize("day", [pytest.param("2003-11-01", marks=pytest.mark.slow), "2006-01-01"])
def test_later_facts_of_the_package_change_no_earlier_row(worlds, name, moment, day):
    assert differing(worlds, name, "month", moment, day) == set()


@BUNDLED
@pytest.mark.usefixtures("_no_external")
@pytest.mark.parametrize(
    ("period", "moment"),
    [pytest.param("quarter", "start", marks=pytest.mark.slow), ("year", "end")],
)
def test_nor_where_rows_are_quarters_or_years(worlds, name, period, moment):
    assert differing(worlds, name, period, moment, "2006-01-01") == set()


@pytest.mark.usefixtures("_no_external")
@pytest.mark.parametrize(
    ("name", "day", "caught"),
    [
        ("add_casualties", "2003-11-01", {"deaths_12m", "deaths_last", "first_loss"}),
        ("add_risk", "2003-11-01", {"partner_deaths_12m", "risk_above_entry"}),
        ("add_leadership", "2004-04-01", {"leader_change", "tenure_months", "party_change"}),
        ("add_elections", "2004-03-01", {"months_since_election", "post_election"}),
        ("add_contagion", "2004-04-01", {"earlier_defectors", "recent_exits_3m"}),
    ],
)
def test_a_builder_that_sees_the_month_itself_is_caught(worlds, name, day, caught, monkeypatch):
    """Mutation: as of the start of a month, its own events are known. The check must notice."""
    monkeypatch.setattr(common.Calendar, "known", lambda self, _: self.first)
    bundled.cache_clear()
    assert caught <= differing(worlds, name, "month", "start", day)
    bundled.cache_clear()


# builders that rest on a fixed list, or on external sources alone


OUTSIDE = {
    # what was so until 1991 is known in every row that it tells of
    "add_former_communist": {},
    "add_side_strength": {
        "cow-interstate-wars": pd.DataFrame(
            {
                "war_num": pd.array([9, 9, 9], dtype="Int64"),
                "side": pd.array([1, 1, 2], dtype="Int64"),
                "cow": pd.array([200, 220, 255], dtype="Int64"),
                "start": pd.to_datetime(["2003-01-05", "2003-02-03", "2003-01-05"]),
                "end": pd.to_datetime(["2005-06-30", "2004-03-31", "2005-06-30"]),
            }
        ),
        "cow-capabilities": pd.DataFrame(
            {
                "cow": [200, 220, 255] * 3,
                "year": [2002] * 3 + [2003] * 3 + [2004] * 3,
                "capability_index": [0.10, 0.06, 0.14, 0.11, 0.07, 0.15, 0.12, 0.08, 0.16],
            }
        ),
    },
    "add_support_change": {
        "chisols": pd.DataFrame(
            {
                "cow": pd.array([200, 200, 220, 255, 255], dtype="Int64"),
                "year": pd.array([2003, 2004, 2004, 2003, 2004], dtype="Int64"),
                "event": ["source_change", "none", "source_change", "none", "source_change"],
                "date": pd.to_datetime(["2003-04-17", None, "2004-05-05", None, "2004-01-02"]),
            }
        )
    },
}


def _other_sources(tables):
    """The sources as others could have gone on to write them from the cut on."""
    new = {name: table.copy() for name, table in tables.items()}
    if "cow-interstate-wars" in new:
        wars = new["cow-interstate-wars"]
        wars["end"] = wars["end"].where(wars["end"] < CUT, pd.Timestamp("2004-01-20"))
        index = new["cow-capabilities"]
        stronger = (index["year"] >= CUT.year) & (index["cow"] == 255)
        index.loc[stronger, "capability_index"] += 0.5
    if "chisols" in new:
        events = new["chisols"]
        later = events["date"] >= CUT
        events.loc[later, "event"] = "minor_source_change"
        more = pd.DataFrame({"cow": [220], "year": [2003], "event": ["source_change"]})
        more = more.assign(date=CUT + pd.Timedelta(days=2)).astype({"cow": "Int64"})
        more["year"] = more["year"].astype("Int64")
        new["chisols"] = pd.concat([events, more], ignore_index=True)
    return new


def _wars_panel():
    months = pd.date_range("2003-03-01", "2004-12-01", freq="MS")
    parts = [
        pd.DataFrame({"coalition": f"war 9 side {side}", "cow": cow, "spell": 1, "period": months})
        for side, cow in ((1, 200), (1, 220), (2, 255))
    ]
    panel = pd.concat(parts, ignore_index=True)
    with_panel(panel, {"period": "month"})
    return panel


def outside(name, tables, moment, monkeypatch):
    item = registered()[name]
    room = sys.modules[item.function.__module__]
    if tables:
        monkeypatch.setattr(room, "optional_source", lambda source, *_: tables[source])
    options = {"as_of": moment} if "as_of" in item.options else {}
    out = item.function(_wars_panel(), **options)
    return out[list(record_of(out).features)]


def check_outside(name, moment, monkeypatch):
    known = earlier(_wars_panel(), moment)
    plain = outside(name, OUTSIDE[name], moment, monkeypatch)
    other = outside(name, _other_sources(OUTSIDE[name]), moment, monkeypatch)
    pd.testing.assert_frame_equal(plain[known], other[known])
    if OUTSIDE[name]:
        assert not plain[~known].equals(other[~known]), "the other sources must show later"


def test_every_builder_is_looked_at(worlds):
    assert {*worlds.builders, *OUTSIDE} == set(registered())
    for name, tables in OUTSIDE.items():
        assert set(registered()[name].can_read) == set(tables)


@pytest.mark.parametrize("moment", ["start", "end"])
@pytest.mark.parametrize("name", OUTSIDE)
def test_later_entries_of_external_sources_change_no_earlier_row(name, moment, monkeypatch):
    check_outside(name, moment, monkeypatch)


@pytest.mark.parametrize("moment", ["start", "end"])
@pytest.mark.parametrize("name", ["add_side_strength", "add_support_change"])
def test_one_month_more_of_them_is_caught(name, moment, monkeypatch):
    honest = common.Calendar.known
    monkeypatch.setattr(common.Calendar, "known", lambda self, as_of: honest(self, as_of) + 1)
    with pytest.raises(AssertionError, match="are different"):
        check_outside(name, moment, monkeypatch)


#: a panel that says the same as another
SAME = {
    "rows in another order": lambda panel: panel.sample(frac=1, random_state=2),
    "an index with doubles": lambda panel: panel.set_axis([i // 2 for i in range(len(panel))]),
    "columns of the user's own": lambda panel: panel.assign(mine=1.0, state="X"),
    "codes of another type": lambda panel: panel.astype({"cow": "Int64"}),
    "a coalition more": lambda panel: pd.concat(
        [panel, panel[panel["cow"] == 200].assign(coalition="war 8 side 1", cow=300)],
        ignore_index=True,
    ),
    "pickled": lambda panel: pickle.loads(pickle.dumps(panel)),
}


@pytest.mark.parametrize("relation", SAME)
@pytest.mark.parametrize("name", OUTSIDE)
def test_the_same_said_in_another_way_by_what_rests_on_lists(name, relation, monkeypatch):
    key = ["coalition", "cow", "period"]
    panel = _wars_panel()
    plain = outside(name, OUTSIDE[name], "start", monkeypatch)
    other = SAME[relation](panel)
    other.attrs = panel.attrs
    monkeypatch.setattr(sys.modules[__name__], "_wars_panel", lambda: other)
    found = outside(name, OUTSIDE[name], "start", monkeypatch)
    keys = [pd.MultiIndex.from_frame(rows[key].astype({"cow": "int64"})) for rows in (panel, other)]
    here = found.set_axis(keys[1]).reindex(keys[0])
    pd.testing.assert_frame_equal(here, plain.set_axis(keys[0]))
