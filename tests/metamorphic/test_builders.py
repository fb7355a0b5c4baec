"""What must not change a feature: the same numbers, or a refusal in our own words.

Every builder gets a coalition drawn at random with all its tables. Each relation changes panel
or tables in a way that says nothing new, and the new columns must be those of before, row by row.
"""

from __future__ import annotations

import copy
import pickle
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models.members.fact_tables import TABLES as TABLES_OF_FACTS
from coalition_models.record import record_of, remembers

SETTINGS = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
SEEDS = st.integers(0, 7)
ROW = ["coalition", "cow", "spell", "period"]
#: choices of a builder that reach other tables or other code, besides its defaults
CHOICES: dict[str, list[dict[str, Any]]] = {
    "add_casualties": [{"per": "troops"}, {"per": "population", "trend_window": 3}],
    "add_contagion": [{"exit_date": "announced"}, {"exit_kinds": ["early", "scheduled"]}],
    "add_elections": [{"strict": True}, {"kinds": "both"}],
    "add_leadership": [{"window": 0}, {"who": "effective", "window": 12}],
    "add_risk": [{"level": "fatality_rate", "min_known": 0.1}, {"theatre": True}],
}


@dataclass
class Case:
    """A panel and tables that say the same as others; ``rows``: where each row stood there."""

    panel: pd.DataFrame
    tables: Any
    rows: np.ndarray
    facts: cm.Facts | None = None
    loader: dict[str, Callable[..., Any]] | None = None
    #: columns that the relation does change
    but: tuple[str, ...] = ()


@lru_cache(maxsize=16)
def start_of(worlds, seed: int):
    tables = worlds.draw(seed)
    return worlds.panel(tables), tables


@lru_cache(maxsize=128)
def case_of(worlds, make, seed: int) -> Case:
    return make(worlds, *start_of(worlds, seed), np.random.default_rng(seed))


@lru_cache(maxsize=256)
def plain(worlds, name: str, seed: int, moment: str, choice: int) -> pd.DataFrame:
    panel, tables = start_of(worlds, seed)
    return worlds.call(name, panel, tables, as_of=moment, **options_of(name, choice))


def options_of(name: str, choice: int) -> dict[str, Any]:
    offered = [{}, *CHOICES.get(name, [])]
    return dict(offered[choice % len(offered)])


def check(worlds, name: str, relation: str, seed: int, make) -> None:
    """Build twice, on what was drawn and on what the relation makes of it, and compare."""
    drawn = zlib.crc32(f"{seed} {name} {relation}".encode())
    moment, choice = ("start", "end")[drawn % 2], drawn // 2 % 3
    before = plain(worlds, name, seed, moment, choice)
    case = case_of(worlds, make, seed)
    with nullcontext() if case.loader is None else worlds.loader(**case.loader):
        found = worlds.call(
            name, case.panel, case.tables, case.facts, as_of=moment, **options_of(name, choice)
        )
    pd.testing.assert_index_equal(found.index, case.panel.index)
    names = [c for c in record_of(before).features if c not in case.but]
    same_numbers(before[names].iloc[case.rows], found)
    lost = [c for c in names if not record_of(found).features[c].still(found, c)]
    assert not lost, "columns not known as those made"


def same_numbers(before: pd.DataFrame, found: pd.DataFrame) -> None:
    for column in before.columns:
        old, new = before[column], found[column]
        if old.dtype == object:
            assert old.where(old.notna(), None).tolist() == new.where(new.notna(), None).tolist()
            continue
        np.testing.assert_allclose(
            new.to_numpy(float), old.to_numpy(float), rtol=1e-9, atol=1e-12, err_msg=column
        )


def whole(panel):
    return np.arange(len(panel))


# the panel


def on_panel(change):
    """A relation that leaves rows and tables in place."""

    def make(worlds, panel, tables, rng):
        return Case(change(panel, rng), tables, whole(panel))

    return make


def _shuffled(worlds, panel, tables, rng):
    order = rng.permutation(len(panel))
    return Case(panel.iloc[order], tables, order)


def _some_rows(worlds, panel, tables, rng):
    order = np.sort(rng.permutation(len(panel))[: len(panel) // 3])
    return Case(panel.iloc[order], tables, order)


def _one_state(worlds, panel, tables, rng):
    rows = np.flatnonzero(panel["state"] == rng.choice(panel["state"].unique()))
    return Case(panel.iloc[rows], tables, rows)


def _concat(worlds, panel, tables, rng):
    part = rng.integers(0, 3, len(panel))
    rows = np.concatenate([np.flatnonzero(part == k) for k in (2, 0, 1)])
    pieces = [panel[part == k] for k in (2, 0, 1)]
    return Case(pd.concat(pieces, ignore_index=bool(rng.integers(2))), tables, rows)


def _merged(panel, rng):
    more = pd.DataFrame({"cow": panel["cow"].unique()})
    more["gdp"] = rng.normal(size=len(more))
    return cm.merge(panel, more.iloc[:-1].sample(frac=1, random_state=1), on="cow")


def _more_columns(panel, rng):
    odd = ["_row", "month", "index", "level_0", "key", "group", "year", "date", "rank", "exit", "x"]
    out = panel.assign(**dict.fromkeys(odd, rng.normal(size=len(panel))), deaths=-1, troops_="many")
    out[0] = 1
    out[("a", "b")] = None
    return out


def _types(**kinds):
    return on_panel(
        lambda panel, rng: panel.astype({n: k for n, k in kinds.items() if n in panel.columns})
    )


def _everyday(panel, rng):
    out = cm.add_elections(panel, window=1, facts=cm.facts_of(panel))
    out = out.query("cow > 0").assign(z=1).rename(columns={"z": "y"})
    return pickle.loads(pickle.dumps(copy.deepcopy(out)))


PANEL = {
    "rows shuffled": _shuffled,
    "some rows": _some_rows,
    "one state": _one_state,
    "parts put together": _concat,
    "more columns, one label": on_panel(
        lambda p, rng: _more_columns(p, rng).set_axis(np.zeros(len(p), int))
    ),
    "columns turned, labels of text": on_panel(
        lambda p, rng: p[p.columns[::-1]].set_axis([f"r{i % 9}" for i in range(len(p))])
    ),
    "merged": on_panel(_merged),
    "index named as a column": on_panel(lambda p, rng: p.set_index("cow", drop=False)),
    "index of levels": on_panel(lambda p, rng: p.set_index(["state", "period"], drop=False)),
    "after everyday work": on_panel(_everyday),
    "categories": _types(coalition="category", state="category", cow="category"),
    "text": _types(coalition="string[python]", state="string[python]", start=object, event=object),
    "nullable": on_panel(lambda p, rng: p.convert_dtypes()),
    "big-endian": _types(cow=">i4", spell=">i8", start=">f8", stop=">i2", event=">i4"),
    "small": _types(cow="int16", spell="int8", start="float32", stop="int8", event="uint8"),
    "floats, seconds": _types(
        cow="float32", spell="float64", period="datetime64[s]", entry="datetime64[s]"
    ),
}


# the tables


def rebuilt(change):
    """A relation that changes every table; the panel is built from them, or they are given."""

    def make(worlds, panel, tables, rng):
        new = {name: change(table, rng) for name, table in tables.items()}
        facts = worlds.facts(new)
        if rng.integers(2):
            return Case(panel, new, whole(panel), facts)
        return Case(cm.build_panel(facts), new, whole(panel))

    return make


def _text(table, rng):
    days = table.select_dtypes("datetime").columns
    return table.assign(**{c: table[c].dt.strftime("%Y-%m-%d") for c in days})


def _retyped(kinds):
    def change(table, rng):
        return table.astype({c: kinds[table[c].dtype.kind] for c in table.columns
                             if table[c].dtype.kind in kinds})  # fmt: skip

    return change


def _rearranged(table, rng):
    """In another order, with more columns and an index of one label, named as a column."""
    more = table.iloc[rng.permutation(len(table))].assign(month=1, key="x", _row=2, spare=0)
    return more.set_index(pd.Index(["a"] * len(table), name=table.columns[0]))


def _unrelated(worlds, panel, tables, rng):
    """Another coalition of other states but for the same lead state, in every table."""
    there = worlds.draw(99, "two")
    new = {}
    for name, table in tables.items():
        more = there[name]
        if "coalition" not in more.columns:
            more = more[more["cow"] != 2]
        new[name] = pd.concat([more, table], ignore_index=True)
    if rng.integers(2):
        return Case(panel, new, whole(panel), worlds.facts(new))
    wide = worlds.panel(new)
    mine = wide[wide["coalition"] == "one"]
    return Case(mine, new, whole(panel))


def _renamed_coalition(worlds, panel, tables, rng):
    """A name that the package knows brings none of its facts."""
    new = {
        name: table.replace({"coalition": {"one": "iraq"}}) if "coalition" in table else table
        for name, table in tables.items()
    }
    return Case(worlds.panel(new), new, whole(panel))


def _renamed_states(worlds, panel, tables, rng):
    """States of one region change places, in the package's own tables too."""
    names = ["ESP", "ITA", "POL", "DNK"]
    other = dict(zip(names, rng.permutation(names), strict=True))
    codes = {worlds.states[a]: worlds.states[b] for a, b in other.items()}
    new = {
        name: table.replace({"state": other, "cow": codes} if "state" in table else {"cow": codes})
        if "cow" in table
        else table
        for name, table in tables.items()
    }
    out = worlds.panel(new)
    back = {b: a for a, b in codes.items()}
    return Case(
        out,
        new,
        positions(out.assign(cow=out["cow"].replace(back)), panel),
        loader={"nato_accession": lambda t: t.replace({"ccode": codes})},
        # who asked for membership of NATO, and when, is part of the code
        but=("nato_candidate",),
    )


def _later(worlds, panel, tables, rng):
    """All dates moved; by four years, because of 29 February."""
    by = int(rng.choice([4, 8, -12]))

    def moved(table):
        days = table.select_dtypes("datetime").columns
        out = table.assign(**{c: table[c] + pd.DateOffset(years=by) for c in days})
        return out.assign(year=out["year"] + by) if "year" in out else out

    new = {name: moved(table) for name, table in tables.items()}
    loader = {"nato_accession": moved}
    return Case(worlds.panel(new), new, whole(panel), loader=loader, but=("nato_candidate",))


def positions(panel, of):
    """Where each row of a panel stands in another."""
    place = {tuple(row): i for i, row in enumerate(of[ROW].itertuples(index=False))}
    return np.array([place[tuple(row)] for row in panel[ROW].itertuples(index=False)])


def _facts_pickled(worlds, panel, tables, rng):
    facts = pickle.loads(pickle.dumps(worlds.facts(tables)))
    return Case(cm.build_panel(facts), tables, whole(panel))


TABLES = {
    "facts rearranged": rebuilt(_rearranged),
    "facts with dates as text": rebuilt(_text),
    "facts of categories": rebuilt(_retyped({"O": "category", "M": "datetime64[s]"})),
    "facts of nullable columns": rebuilt(lambda t, rng: t.convert_dtypes()),
    "facts of objects": rebuilt(_retyped(dict.fromkeys("OM", object))),
    "facts of big-endian numbers": rebuilt(_retyped({"i": ">i8", "f": ">f8"})),
    "facts of small numbers": rebuilt(_retyped({"i": "int16", "f": "float32"})),
    "facts pickled": _facts_pickled,
    "unrelated coalition": _unrelated,
    "coalition named as a bundled one": _renamed_coalition,
    "states relabelled": _renamed_states,
    "other years": _later,
}


#: relations of types of columns, for which one drawn coalition is enough
TYPES = {
    "categories", "text", "nullable", "big-endian", "small", "floats, seconds",
    *(name for name in TABLES if name.startswith("facts")),
}  # fmt: skip
ALL = PANEL | TABLES
#: of these the kinds that users meet most; the others are slow tests
FEW = {"categories", "nullable", "text", "facts of categories", "facts with dates as text"}


@pytest.mark.parametrize("relation", [name for name in ALL if name not in TYPES])
@settings(SETTINGS, max_examples=1)
@given(seed=SEEDS)
def test_panel_and_tables_say_the_same(worlds, builder, relation, seed):
    check(worlds, builder, relation, seed, ALL[relation])


@pytest.mark.slow
@pytest.mark.parametrize("relation", [name for name in ALL if name not in TYPES])
@SETTINGS
@given(seed=SEEDS)
def test_panel_and_tables_of_more_coalitions_say_the_same(worlds, builder, relation, seed):
    check(worlds, builder, relation, seed, ALL[relation])


@pytest.mark.parametrize(
    "relation",
    [pytest.param(name, marks=[pytest.mark.slow] * (name not in FEW)) for name in sorted(TYPES)],
)
@settings(SETTINGS, max_examples=1)
@given(seed=SEEDS)
def test_the_types_of_columns_say_nothing(worlds, builder, relation, seed):
    check(worlds, builder, relation, (seed + zlib.crc32(relation.encode())) % 4, ALL[relation])


@pytest.mark.filterwarnings("ignore:Dtype inference on a pandas object:FutureWarning")
def test_text_that_is_inferred_as_arrow_strings(worlds, builder):
    """All text of all tables, the package's too, as the next pandas reads it."""
    before = plain(worlds, builder, 3, "start", 0)
    with pd.option_context("future.infer_string", True), worlds.loader():
        tables = {
            name: pd.DataFrame({c: table[c].tolist() for c in table})
            for name, table in worlds.draw(3).items()
        }
        assert tables["members"]["state"].dtype == "str"
        panel = worlds.panel(tables).astype({"state": "str", "coalition": "str"})
        found = worlds.call(builder, panel, tables)
    same_numbers(before[list(record_of(before).features)], found)


@pytest.mark.parametrize(
    "name",
    ["add_alliance", "add_capability", "add_casualties", "add_contagion", "add_elections",
     "add_lead_exit", "add_leadership", "add_opinion", "add_preferences", "add_regime",
     "add_war_powers"],
)  # fmt: skip
def test_a_stay_counted_as_two_spells(worlds, name):
    """On the same clock and from the same entry; builders that look a spell up are not asked."""
    panel, tables = start_of(worlds, 2)
    split = panel.assign(spell=np.where(panel["period"] >= "2004-06-01", 2, 1))
    before = plain(worlds, name, 2, "start", 0)
    found = worlds.call(name, split, tables)
    same_numbers(before[list(record_of(before).features)], found)


# files and plain merges lose what the panel remembers


def _read_csv(panel, path):
    panel.to_csv(path, index=False)
    return pd.read_csv(path, parse_dates=["period", "entry"])


def _read_parquet(panel, path):
    pytest.importorskip("pyarrow", reason="parquet needs pyarrow")
    panel.to_parquet(path)
    return pd.read_parquet(path)


def _read_pickle(panel, path):
    panel.to_pickle(path)
    return pd.read_pickle(path)


def _plainly_merged(panel, path):
    return panel.merge(pd.DataFrame({"state": ["ESP"], "gdp": [1.0]}), on="state", how="left")


WAYS = {
    "csv": _read_csv, "parquet": _read_parquet, "pickle": _read_pickle, "merge": _plainly_merged,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_a_panel_from_elsewhere_is_refused_or_gives_the_same(worlds, builder, way, tmp_path):
    panel, tables = start_of(worlds, 4)
    before = plain(worlds, builder, 4, "start", 0)
    back = WAYS[way](panel, tmp_path / "panel")
    names = list(record_of(before).features)
    if builder in worlds.own or remembers(back):
        return same_numbers(before[names], worlds.call(builder, back, tables))
    with pytest.raises(cm.DataError, match=rf"cm\.merge.*{builder}\(panel, facts="):
        worlds.call(builder, back, tables)
    given_again = worlds.call(builder, back, tables, cm.facts_of(panel))
    return same_numbers(before[names], given_again)


def test_a_csv_without_dates_is_refused(worlds, builder, tmp_path):
    panel, tables = start_of(worlds, 4)
    panel.to_csv(tmp_path / "panel.csv")
    back = pd.read_csv(tmp_path / "panel.csv")
    with pytest.raises(cm.DataError, match="period must hold the first day"):
        worlds.call(builder, back, tables, cm.facts_of(panel))


def test_facts_in_files(worlds, tmp_path):
    _, tables = start_of(worlds, 4)
    for name in (n for n in TABLES_OF_FACTS if n in tables):
        tables[name].to_csv(tmp_path / f"{name}.csv", index=False)
    again = cm.build_panel(cm.Facts.read(tmp_path))
    for name in worlds.builders:
        before = plain(worlds, name, 4, "start", 0)
        same_numbers(before[list(record_of(before).features)], worlds.call(name, again, tables))


# the relations would prove nothing if nothing were built


def test_every_column_is_built_and_described(worlds, builder):
    panel, tables = start_of(worlds, 1)
    before = panel.copy(deep=True)
    out = worlds.call(builder, panel, tables)
    pd.testing.assert_frame_equal(panel, before)
    pd.testing.assert_frame_equal(out[panel.columns], before)
    made = record_of(out).features
    assert set(made) == set(out.columns) - set(panel.columns)
    assert out[list(made)].notna().any().all()
    book = cm.codebook("features")
    for column, notes in made.items():
        assert book.loc[column, ["builder", "unit", "description", "source", "missing"]].all()
        assert book.loc[column, "builder"].startswith("add_")
        assert notes["missing_rows"] == int(out[column].isna().sum())
        assert notes["as_of"] == "start"


@pytest.mark.parametrize("relation", ["rows shuffled", "some rows", "unrelated coalition"])
def test_a_builder_that_reads_other_rows_is_caught(worlds, relation, monkeypatch):
    honest = worlds.builders["add_regime"]

    def careless(panel, **options):
        out = honest(panel, **options)
        return out.assign(polity2=out["polity2"].cumsum() + len(facts_rows(panel, options)))

    def facts_rows(panel, options):
        return (options.get("facts") or cm.facts_of(panel)).members

    case = case_of(worlds, ALL[relation], 0)
    panel, _ = start_of(worlds, 0)
    before, found = careless(panel), careless(case.panel, facts=case.facts)
    with pytest.raises(AssertionError):
        same_numbers(before[["polity2"]].iloc[case.rows], found)
