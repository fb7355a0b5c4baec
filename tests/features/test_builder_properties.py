"""What holds for every builder of ties, commitment, contagion, regime and preferences.

Each builder gets hand-made tables for a coalition drawn at random, so that every property can be
checked on other dates than the bundled ones: order of rows, an unrelated state or coalition,
dates shifted by years, later facts, the caller's frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features import user_tables
from coalition_models.features.alliance import add_alliance
from coalition_models.features.capability import add_capability
from coalition_models.features.commitment import add_commitment
from coalition_models.features.common import Calendar
from coalition_models.features.contagion import add_contagion
from coalition_models.features.given import facts_beside
from coalition_models.features.preferences import add_preferences
from coalition_models.features.regime import add_regime
from coalition_models.features.user_tables import add_opinion, add_war_powers
from coalition_models.record import record_of

STATES = {"USA": 2, "ESP": 230, "ITA": 325, "POL": 290, "HND": 91, "JPN": 740, "AUS": 900}
RATES = [
    "population",
    "soldiers",
    "capability_index",
    "gdp_per_capita",
    "ideal_point",
    "polity2",
    "democracy_bmr",
    "polyarchy",
    "lead_defence_pact",
    "us_troops_hosted",
    "us_aid_per_head",
    "us_trade_per_gdp",
]
#: name -> builder fed with the tables of a world
BUILDERS: dict[str, Callable[..., pd.DataFrame]] = {
    "commitment": lambda p, w, **o: add_commitment(
        p,
        facts=facts_beside(
            p, troops=w.troops, members=w.spells, changes=w.changes, states=w.yearly
        ),
        **o,
    ),
    "contagion": lambda p, w, **o: add_contagion(
        p, facts=facts_beside(p, members=w.spells, troops=w.troops), **o
    ),
    "alliance": lambda p, w, **o: add_alliance(
        p, facts=facts_beside(p, states=w.yearly, coalitions=w.coalitions), **o
    ),
    "capability": lambda p, w, **o: add_capability(
        p, facts=facts_beside(p, states=w.yearly, members=w.spells, coalitions=w.coalitions), **o
    ),
    "preferences": lambda p, w, **o: add_preferences(
        p, facts=facts_beside(p, states=w.yearly, members=w.spells, coalitions=w.coalitions), **o
    ),
    "regime": lambda p, w, **o: add_regime(p, facts=facts_beside(p, states=w.yearly), **o),
    "war_powers": lambda p, w, **o: add_war_powers(p, data=w.rules, **o),
    "opinion": lambda p, w, **o: add_opinion(p, data=w.polls, **o),
}
EVERY = pytest.mark.parametrize("name", BUILDERS)


@dataclass(frozen=True)
class World:
    """A coalition with all the tables that the builders take."""

    spells: pd.DataFrame
    coalitions: pd.DataFrame
    troops: pd.DataFrame
    changes: pd.DataFrame
    yearly: pd.DataFrame
    rules: pd.DataFrame
    polls: pd.DataFrame

    def panel(self, period: str = "month") -> pd.DataFrame:
        return cm.build_panel(self.spells, coalitions=self.coalitions, period=period)

    def shifted(self, years: int) -> World:
        """The same facts some years later."""
        parts = {}
        for name, table in vars(self).items():
            dates = table.select_dtypes("datetime").columns
            moved = table.assign(**{c: table[c] + pd.DateOffset(years=years) for c in dates})
            parts[name] = moved.assign(year=moved["year"] + years) if "year" in moved else moved
        return World(**parts)


def _dates(rng, size, first="2003-01-01", days=1200):
    return pd.Timestamp(first) + pd.to_timedelta(rng.integers(0, days, size), unit="D")


def world(seed: int, coalition: str = "one", states: dict[str, int] = STATES) -> World:
    rng = np.random.default_rng(seed)
    codes = np.array(list(states.values()))
    n = len(codes)
    entry = _dates(rng, n, days=300)
    spells = pd.DataFrame(
        {
            "coalition": coalition,
            "state": list(states),
            "cow": codes,
            "spell": 1,
            "entry": entry,
            "exit": entry + pd.to_timedelta(rng.integers(60, 900, n), unit="D"),
            "exit_kind": rng.choice(["early", "early", "scheduled"], n),
            "peak_troops": rng.integers(10, 500, n),
        }
    )
    lead = spells["state"] == "USA"
    spells.loc[lead, "entry"] = pd.Timestamp("2003-01-01")
    spells.loc[lead, "exit"] = pd.Timestamp("2006-12-01")
    spells.loc[lead, "exit_kind"] = "leader"
    start = pd.Timestamp("2003-01-01")
    coalitions = pd.DataFrame(
        {
            "coalition": [coalition],
            "start": [start],
            "mandate_end": [pd.Timestamp("2006-12-31")],
            "lead_state": ["USA"],
            "framework": ["ad_hoc"],
        }
    )
    troops = pd.DataFrame(
        {
            "coalition": coalition,
            "cow": rng.choice(codes, 80),
            "date": _dates(rng, 80),
            "troops": rng.integers(0, 500, 80),
        }
    ).drop_duplicates(["cow", "date"])
    changes = troops.iloc[:30].assign(
        change=rng.choice(["reinforcement", "extension", "drawdown"], 30)
    )
    grid = pd.MultiIndex.from_product([codes, range(1999, 2007)], names=["cow", "year"])
    values = {name: rng.integers(0, 11, len(grid)).astype(float) for name in RATES}
    values["capability_index"] = values["capability_index"] + 1
    yearly = pd.DataFrame(values, index=grid).reset_index()
    rules = pd.DataFrame(
        {
            "cow": codes,
            "start": _dates(rng, n),
            "end": pd.Timestamp("2006-06-30"),
            "war_powers": rng.integers(0, 3, n),
        }
    )
    polls = pd.DataFrame(
        {
            "cow": rng.choice(codes, 40),
            "date": _dates(rng, 40),
            "support": rng.integers(0, 101, 40).astype(float),
        }
    )
    return World(spells, coalitions, troops, changes, yearly, rules, polls)


def both(one: World, other: World) -> World:
    return World(
        **{
            name: pd.concat([vars(one)[name], vars(other)[name]], ignore_index=True)
            for name in vars(one)
        }
    )


def new_columns(out: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    return out.drop(columns=panel.columns)


@EVERY
def test_something_is_built_and_the_callers_frame_is_left_alone(name):
    here = world(1)
    panel = here.panel()
    before, attrs = panel.copy(deep=True), dict(panel.attrs)
    out = BUILDERS[name](panel, here)
    pd.testing.assert_frame_equal(panel, before)
    assert panel.attrs == attrs
    pd.testing.assert_frame_equal(out[panel.columns], before)
    added = new_columns(out, panel)
    assert set(added.columns) == set(record_of(out).features)
    assert added.notna().any().all(), added.columns[added.isna().all()].tolist()
    for column, notes in record_of(out).features.items():
        assert notes["missing_rows"] == int(added[column].isna().sum())


@EVERY
def test_every_column_is_in_the_codebook(name):
    here = world(1)
    out = BUILDERS[name](here.panel(), here)
    book = cm.codebook("features")
    for column in record_of(out).features:
        assert column in book.index
        assert book.loc[column, "builder"].startswith("add_")


@EVERY
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_order_of_rows_changes_nothing(name, seed):
    here = world(seed)
    panel = here.panel()
    plain = BUILDERS[name](panel, here)
    rng = np.random.default_rng(seed)
    mixed = World(
        **{
            part: table.iloc[rng.permutation(len(table))] if part != "coalitions" else table
            for part, table in vars(here).items()
        }
    )
    order = rng.permutation(len(panel))
    out = BUILDERS[name](panel.iloc[order], mixed)
    assert out.index.tolist() == panel.index[order].tolist()
    pd.testing.assert_frame_equal(out.sort_index(), plain, rtol=1e-12)


@EVERY
def test_an_unrelated_coalition_changes_nothing(name):
    here = world(4)
    # other states, so that rules and polls do not meet either
    there = world(5, "two", {"USA": 2, "DNK": 390, "NLD": 210, "UKR": 369})
    shared = both(here, there)
    if name in ("alliance", "capability", "preferences", "regime", "commitment"):
        yearly = shared.yearly.drop_duplicates(["cow", "year"])
        shared = World(**(vars(shared) | {"yearly": yearly}))
    if name in ("war_powers", "opinion"):
        part = "rules" if name == "war_powers" else "polls"
        table = vars(there)[part]
        more = pd.concat([vars(here)[part], table[table["cow"] != 2]], ignore_index=True)
        shared = World(**(vars(shared) | {part: more}))
    wide = shared.panel()
    out = BUILDERS[name](wide, shared)
    alone = BUILDERS[name](here.panel(), here)
    mine = out[out["coalition"] == "one"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, alone.reset_index(drop=True), check_dtype=False)


@EVERY
@pytest.mark.parametrize("moment", ["start", "end"])
def test_dates_shifted_by_years_shift_the_features(name, moment):
    here = world(6)
    # four years, because a shift by one would meet a 29 February
    later = here.shifted(4)
    plain = BUILDERS[name](here.panel(), here, as_of=moment)
    out = BUILDERS[name](later.panel(), later, as_of=moment)
    # membership of NATO has dates of its own
    fixed = ["nato_member", "nato_candidate", "ally_exits_12m"]
    four = pd.DateOffset(years=4)
    moved = plain.assign(period=plain["period"] + four, entry=plain["entry"] + four)
    pd.testing.assert_frame_equal(
        out.drop(columns=fixed, errors="ignore"), moved.drop(columns=fixed, errors="ignore")
    )


def rewritten(here: World, cut: pd.Timestamp) -> World:
    """The same world up to a day; from then on other facts, some of them within ten days."""
    soon = cut + pd.Timedelta(days=9)
    codes = here.spells["cow"].to_numpy()
    troops = here.troops[here.troops["date"] < cut]
    more = pd.DataFrame({"coalition": "one", "cow": codes, "date": soon, "troops": 7_777})
    polls = here.polls[here.polls["date"] < cut]
    asked = pd.DataFrame({"cow": codes, "date": soon, "support": 99.0})
    changes = here.changes[here.changes["date"] < cut]
    back = more.assign(change="reinforcement")
    old = here.rules[here.rules["start"] < cut].assign(end=soon - pd.Timedelta(days=1))
    new = pd.DataFrame({"cow": codes, "start": soon, "end": pd.NaT, "war_powers": 9})
    spells = here.spells.copy()
    stay = (spells["exit"] >= cut) & (spells["exit_kind"] != "leader")
    assert stay.sum() > 2
    spells.loc[stay, "exit"] = pd.Timestamp("2006-11-01")
    # one of those still there leaves at once, as a defector
    one = spells.index[stay][0]
    spells.loc[one, ["exit", "exit_kind"]] = [soon, "early"]
    yearly = here.yearly.copy()
    # the year's value is complete only at its end
    yearly.loc[yearly["year"] >= cut.year, RATES] += 5
    return World(
        spells,
        here.coalitions,
        pd.concat([troops, more], ignore_index=True),
        pd.concat([changes, back], ignore_index=True),
        yearly,
        pd.concat([old, new.astype({"end": "datetime64[ns]"})], ignore_index=True),
        pd.concat([polls, asked], ignore_index=True),
    )


def check_no_look_ahead(name: str, moment: str) -> None:
    here = world(7)
    cut = pd.Timestamp("2003-12-01")
    other = rewritten(here, cut)
    panel = here.panel()
    # the start of December knows nothing of December, its end does
    early = panel["period"] <= cut if moment == "start" else panel["period"] < cut
    plain = BUILDERS[name](panel, here, as_of=moment)
    fed = BUILDERS[name](panel, other, as_of=moment)
    pd.testing.assert_frame_equal(plain[early], fed[early])
    assert not plain[~early].equals(fed[~early]), "the other facts must show later"


@EVERY
@pytest.mark.parametrize("moment", ["start", "end"])
def test_later_facts_change_nothing_earlier(name, moment):
    check_no_look_ahead(name, moment)


@EVERY
@pytest.mark.parametrize("moment", ["start", "end"])
def test_a_builder_that_saw_one_month_more_would_be_caught(name, moment, monkeypatch):
    honest = Calendar.known
    monkeypatch.setattr(Calendar, "known", lambda self, as_of: honest(self, as_of) + 1)
    if name == "war_powers":
        days = user_tables._days
        monkeypatch.setattr(user_tables, "_days", lambda month: days(month + 1))
    with pytest.raises(AssertionError):
        check_no_look_ahead(name, moment)


@EVERY
@pytest.mark.parametrize("seed", [8, 9])
def test_the_start_of_a_month_knows_what_the_end_of_the_month_before_knew(name, seed):
    """As of the end of June equals as of the start of July, apart from ages that count on."""
    here = world(seed)
    panel = here.panel()
    counting = ["troops_age_months", "months_since_recommitment", "war_support_age_months"]
    # its partners are those at risk in the row's own period
    counting += ["cinc_share"]
    # whether the own contingent is among those present differs in the months of entry and exit
    start = BUILDERS[name](panel, here).drop(columns=counting, errors="ignore")
    end = BUILDERS[name](panel, here, as_of="end").drop(columns=counting, errors="ignore")
    names = [c for c in start.columns if c not in panel.columns and c != "war_support_change"]
    names = [c for c in names if not c.startswith("war_support")]
    by = [panel["state"], panel["spell"]]
    pd.testing.assert_frame_equal(
        start[names].groupby(by).apply(lambda g: g.iloc[1:]).reset_index(drop=True),
        end[names].groupby(by).apply(lambda g: g.iloc[:-1]).reset_index(drop=True),
    )


@EVERY
@pytest.mark.parametrize("period", ["quarter", "year"])
def test_a_longer_period_knows_what_its_first_month_knew(name, period):
    here = world(10)
    months, long = here.panel(), here.panel(period)
    by_month = BUILDERS[name](months, here)
    by_period = BUILDERS[name](long, here)
    key = ["state", "spell", "period"]
    # whoever enters later in a long period is a partner in it, but not in its first month
    names = [c for c in by_month.columns if c not in months.columns and c != "cinc_share"]
    joined = by_period[[*key, *names]].merge(by_month[[*key, *names]], on=key, suffixes=("", "_m"))
    assert len(joined) > 5
    left = joined[names]
    right = joined[[f"{c}_m" for c in names]].set_axis(names, axis=1)
    # entry in mid-period: the first row of a long period reaches back before the entry
    pd.testing.assert_frame_equal(left, right)


def test_features_do_not_depend_on_the_sample():
    """Every builder gives one state the same values, whoever else is in the panel."""
    here = world(11)
    panel = here.panel()
    alone = panel[panel["state"] == "ITA"]
    for builder in BUILDERS.values():
        whole = builder(panel, here)
        pd.testing.assert_frame_equal(builder(alone, here), whole[whole["state"] == "ITA"])
