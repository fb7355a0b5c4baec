"""Coalitions drawn at random with every table that a builder reads, and every builder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models import features, timelines
from coalition_models.features.registry import registered
from coalition_models.members.fact_tables import TABLES

STATES = {"USA": 2, "ESP": 230, "ITA": 325, "POL": 290, "DNK": 390, "JPN": 740, "AUS": 900}
OTHERS = {"USA": 2, "NLD": 210, "UKR": 369, "GBR": 200, "NZL": 920}
RATES = (
    "population", "soldiers", "capability_index", "gdp_per_capita", "ideal_point", "polity2",
    "democracy_bmr", "polyarchy", "lead_defence_pact", "us_troops_hosted", "us_aid_per_head",
    "us_trade_per_gdp",
)  # fmt: skip
#: builders that read tables of their own and no facts: argument to the table of a world
OWN = {name: {item.table: item.table} for name, item in registered().items() if item.table}
#: told of every small coalition; warnings of other kinds still fail a test
QUIET = ("ignore::coalition_models.errors.CoalitionWarning",)

Tables = Mapping[str, pd.DataFrame]
Builder = Callable[..., pd.DataFrame]


def pytest_collection_modifyitems(items):
    for item in items:
        if "metamorphic" in item.path.parts:
            for text in QUIET:
                item.add_marker(pytest.mark.filterwarnings(text), append=False)


def builders() -> dict[str, Builder]:
    """Every builder that reads the facts of a panel, or a table of its user's own.

    The others rest on a fixed list or on external sources alone; ``test_look_ahead`` has them.
    """
    found = registered().items()
    return {name: item.function for name, item in sorted(found) if item.reads_facts or item.table}


def pytest_generate_tests(metafunc):
    if "builder" in metafunc.fixturenames:
        metafunc.parametrize("builder", list(builders()))


def _dates(rng, size, days=1200):
    return pd.Timestamp("2003-01-01") + pd.to_timedelta(rng.integers(0, days, size), unit="D")


@lru_cache(maxsize=16)
def draw_world(seed: int, coalition: str = "one") -> Tables:
    """One coalition, led by the USA from 2003 to 2006, with all tables; never change them."""
    rng = np.random.default_rng(seed)
    states = STATES if coalition == "one" else OTHERS
    names, codes = list(states), np.array(list(states.values()))
    n = len(codes)
    entry = _dates(rng, n, 300)
    lead = np.array(names) == "USA"
    members = pd.DataFrame(
        {
            "coalition": coalition,
            "state": names,
            "cow": codes,
            "spell": 1,
            "entry": entry.where(~lead, pd.Timestamp("2003-01-01")),
            "exit": (entry + pd.to_timedelta(rng.integers(90, 900, n), unit="D")).where(
                ~lead, pd.Timestamp("2006-12-01")
            ),
            "exit_kind": np.where(lead, "leader", rng.choice(["early", "early", "scheduled"], n)),
            "peak_troops": rng.integers(10, 500, n),
            "role": rng.choice(["combat", "training"], n),
            "sector": rng.choice(["north", "south"], n),
        }
    )
    members["announced"] = members["exit"] - pd.to_timedelta(rng.integers(5, 50, n), unit="D")
    coalitions = pd.DataFrame(
        {
            "coalition": [coalition],
            "start": pd.Timestamp("2003-01-01"),
            "mandate_end": pd.Timestamp("2006-12-31"),
            "lead_state": ["USA"],
            "framework": ["ad_hoc"],
        }
    )
    troops = pd.DataFrame(
        {
            "coalition": coalition,
            "cow": np.r_[codes, rng.choice(codes, 60)],
            "date": [*members["entry"], *_dates(rng, 60)],
            "troops": rng.integers(1, 500, n + 60),
        }
    ).drop_duplicates(["cow", "date"], ignore_index=True)
    kinds = rng.choice(["reinforcement", "extension", "drawdown"], 30)
    changes = troops.drop(columns="troops").iloc[-30:].assign(change=kinds)
    deaths = pd.DataFrame(
        {
            "coalition": coalition,
            "cow": rng.choice(codes, 40),
            "date": _dates(rng, 40),
            "deaths": rng.integers(1, 9, 40),
        }
    )
    coverage = pd.DataFrame(
        {
            "table": "deaths",
            "coalition": [coalition],
            "first": pd.Timestamp("2003-01-01"),
            "last": pd.Timestamp("2006-12-01"),
        }
    )
    grid = pd.MultiIndex.from_product([codes, range(1999, 2007)], names=["cow", "year"])
    values = {name: rng.integers(0, 11, len(grid)).astype(float) for name in RATES}
    values["capability_index"] = values["capability_index"] + 1
    values["population"] = 1e6 * (values["population"] + 1)
    elections = pd.DataFrame(
        {
            "cow": np.r_[codes, rng.choice(codes, 30)],
            "date": [*(_dates(rng, n) - pd.DateOffset(years=4)), *_dates(rng, 30, 1800)],
            "kind": rng.choice(["legislative", "presidential"], n + 30),
        }
    ).drop_duplicates(["cow", "date", "kind"], ignore_index=True)
    elections["called"] = elections["date"] - pd.to_timedelta(
        rng.integers(10, 150, len(elections)), unit="D"
    )
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
            "cow": np.r_[codes, rng.choice(codes, 40)],
            "date": [*members["entry"], *_dates(rng, 40)],
            "support": rng.integers(0, 101, n + 40).astype(float),
        }
    )
    theatre = pd.DataFrame(
        {"coalition": coalition, "year": range(2000, 2007), "intensity": rng.integers(0, 3, 7)}
    )
    return {
        "members": members,
        "coalitions": coalitions,
        "troops": troops,
        "changes": changes.reset_index(drop=True),
        "deaths": deaths,
        "coverage": coverage,
        "states": pd.DataFrame(values, index=grid).reset_index(),
        "elections": elections,
        "leaders": _leaders(rng, codes),
        "rules": rules,
        "polls": polls,
        "theatre": theatre,
    }


def _leaders(rng, codes):
    """Terms without a gap, the last of each state without an end."""
    starts = [pd.Series(_dates(rng, 6)).sort_values().dt.to_period("M").unique() for _ in codes]
    parts = []
    for cow, months in zip(codes, starts, strict=True):
        days = [
            pd.Timestamp("1999-05-05"),
            *(m.to_timestamp() + pd.Timedelta("9D") for m in months),
        ]
        parts.append(
            pd.DataFrame(
                {
                    "cow": cow,
                    "leader": [f"leader {i}" for i in range(len(days))],
                    "start": days,
                    "end": [*days[1:], pd.NaT],
                    "left_right": rng.integers(0, 11, len(days)).astype(float),
                    "party": rng.choice(["red", "blue"], len(days)),
                    "source_change": rng.choice(["yes", "no"], len(days)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, eq=False)
class Worlds:
    """How tests draw coalitions, make panels of them and call builders; see each function."""

    states: Mapping[str, int]
    own: Mapping[str, Mapping[str, str]]
    builders: Mapping[str, Builder]

    def draw(self, seed: int, coalition: str = "one") -> Tables:
        """Tables of one coalition; of another name, with other members."""
        return draw_world(seed, coalition)

    def facts(self, tables: Tables) -> cm.Facts:
        """Facts of such tables; a world keeps those that it was read with."""
        return cm.Facts(**{name: tables[name] for name in TABLES if name in tables})

    def panel(self, tables: Tables, period: str = "month") -> pd.DataFrame:
        """Panel that carries its facts."""
        return cm.build_panel(self.facts(tables), period=period)

    def call(
        self,
        name: str,
        panel: pd.DataFrame,
        tables: Tables,
        facts: cm.Facts | None = None,
        **options: Any,
    ) -> pd.DataFrame:
        """Run a builder on the facts of the panel, or on given ones."""
        own: dict[str, Any] = {to: tables[of] for to, of in self.own.get(name, {}).items()}
        if options.pop("theatre", False):
            own["theatre"] = tables["theatre"]
        if facts is not None and name not in self.own:
            own["facts"] = facts
        return self.builders[name](panel, **own, **options)

    @contextmanager
    def loader(self, **changes: Callable[[pd.DataFrame], pd.DataFrame]) -> Iterator[None]:
        """Let every builder read changed tables of the package, by name of the table."""

        @lru_cache(maxsize=32)
        def read(name: str, *, extended: bool = False) -> pd.DataFrame:
            table = cm.load(name, extended=extended)
            return changes[name](table) if name in changes else table

        with pytest.MonkeyPatch.context() as patch:
            for room in (features, timelines):
                for module in pkgutil.iter_modules(room.__path__):
                    loaded = importlib.import_module(f"{room.__name__}.{module.name}")
                    if hasattr(loaded, "known_table"):
                        patch.setattr(loaded, "known_table", read)
            yield


@pytest.fixture(scope="session")
def worlds() -> Worlds:
    return Worlds(STATES, OWN, builders())
