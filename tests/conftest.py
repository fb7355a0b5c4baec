"""Fixtures shared by all tests; hand-made facts that are small enough to code by eye."""

from __future__ import annotations

import gc
import importlib.util
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.profile import operational_profile
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.sources.fetch import CACHE_VARIABLE, MIRROR_VARIABLE

mpl.use("Agg")

ROOT = Path(__file__).resolve().parent.parent


#: told of tables that hold a few states only, as most tests' do, and of arguments that go; tests
#: of their own see to these warnings
TOLD = (
    "ignore:.*(missing in every row|nothing is known of)",
    "ignore:.* of (add_[a-z_]+|leader_cases)\\(\\) go(es)? in the next version",
)
ROOMS = {
    "features",
    "hypotheses",
    "designs",
    "sources",
    "metamorphic",
    "members",
    "defection",
    "timelines",
    "tables",
    "qca",
    "sensitivity",
    "inference",
    "faults",
}


#: sweeps over every builder (or engine) and every form of its tables, of whose cases the short run
#: takes one in three, by the checksum of the name; ``make test-slow`` takes the others
SWEEPS = {
    "test_panel_and_tables_say_the_same",
    "test_the_types_of_columns_say_nothing",
    "test_a_panel_from_elsewhere_is_refused_or_gives_the_same",
    "test_a_table_rewritten_from_a_day_on_changes_no_earlier_row",
    "test_what_is_rewritten_shows_later_and_one_month_more_is_caught",
    "test_a_longer_period_knows_what_its_first_month_knew",
    "test_the_type_of_a_table_s_columns_changes_nothing",
    "test_nor_does_the_type_of_the_panel_s",
    "test_the_same_said_in_another_way",
    "test_and_the_same_profile",
    "test_numpy_gives_the_same_numbers_on_every_fixture",
    "test_compiled_and_numpy_say_the_same",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests on small tables, and examples without sources, pass over what is told of them."""
    for item in items:
        if item.name.partition("[")[0] in SWEEPS and zlib.crc32(item.name.encode()) % 3:
            item.add_marker(pytest.mark.slow)
        if ROOMS & set(item.path.parts):
            for text in TOLD:
                item.add_marker(pytest.mark.filterwarnings(text), append=False)


def pytest_collection_finish() -> None:
    """What is imported and collected lives to the end: do not look through it for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def _not_waited_for() -> Iterator[None]:
    """A download that fails is tried again at once: where there is no network nothing is won."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("coalition_models.sources.fetch._WAITS", (0.0, 0.0))
        yield


@pytest.fixture(scope="session")
def not_refused() -> Callable[..., list[str]]:
    """Of many calls with what each refusal must say, those that are not refused so: one test."""

    def check(
        cases: Mapping[str, str] | Sequence[tuple[str, str]],
        call: Callable[[str], object],
        error: type[Exception] = cm.CoalitionError,
        never: str = "",
    ) -> list[str]:
        lines = []
        for given, words in dict(cases).items():
            try:
                call(given)
            except error as found:
                said = str(found)
                if not re.search(words, said) or set(never) & set(said):
                    lines.append(f"{given}: expected {words!r}, said {said!r}")
            except Exception as found:  # noqa: BLE001
                lines.append(f"{given}: {type(found).__name__}: {found}")
            else:
                lines.append(f"{given}: not refused")
        return lines

    return check


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def documents():
    """The module that runs pandoc and Typst; skipped without the extra that brings them."""
    from coalition_models import documents

    if not documents.can_make_documents():
        pytest.skip("no pandoc and typst: pip install 'coalition-models[paper]'")
    return documents


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder with the upstream files, or skip with the reason."""
    for candidate in (os.environ.get("COALITION_MODELS_MIRROR"), ROOT.parent / "shared" / "mirror"):
        if candidate and (Path(candidate) / "sources.csv").is_file():
            return Path(candidate)
    pytest.skip(
        "upstream files not at hand: set COALITION_MODELS_MIRROR to a folder that holds them"
    )


@pytest.fixture(scope="session")
def iraq():
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


@pytest.fixture(scope="session")
def isaf():
    return cm.build_panel(cm.load("participation"), coalitions=["isaf"])


@pytest.fixture
def row():
    """The value of a column in one month of one state."""

    def value(panel, state, month, column):
        found = panel[(panel["state"] == state) & (panel["period"] == pd.Timestamp(month))]
        assert len(found) == 1
        return found[column].iloc[0]

    return value


@pytest.fixture
def no_sources(monkeypatch, tmp_path):
    """No external source is at hand, whatever the environment names."""
    monkeypatch.delenv(MIRROR_VARIABLE, raising=False)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "empty"))


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A block in which no external source is at hand."""

    def enter():
        patch = pytest.MonkeyPatch()
        patch.delenv(MIRROR_VARIABLE, raising=False)
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("empty")))
        return patch

    return enter


@pytest.fixture
def pulses():
    """Simulated panel whose members leave more often in months of a new leader."""

    def make(members=60, effect=1.2, seed=1, hazard=0.02, term="leader_change", **more):
        return cm.simulate_panel(
            members=members, hazard=hazard, seed=seed,
            coefficients={term: effect, **dict.fromkeys(more, 0.0)},
            covariates={term: "pulse", **more},
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def alliances():
    """Commitments of 26 alliances, honoured or not, in the shape of the set of alliances."""
    rng = np.random.default_rng(8)
    count = 90
    change = rng.integers(0, 2, count)
    weak = rng.normal(size=26).repeat(4)[:count]
    violated = rng.random(count) < 1 / (1 + np.exp(1.0 - 1.2 * change - weak))
    return pd.DataFrame(
        {
            "regime_change": change.astype(float),
            "formality": rng.integers(0, 3, count).astype(float),
            "military_institutions": rng.integers(0, 3, count).astype(float),
            "capability_change_10": rng.integers(0, 2, count).astype(float),
            "state": [f"S{number}" for number in range(count)],
            "coalition": [f"A{number}" for number in np.arange(26).repeat(4)[:count]],
            "event": violated.astype(int),
        }
    )


#: states that need no look-up in the tests
COW = {"POL": 290, "ESP": 230, "DNK": 390, "KOR": 732, "ITA": 325}


def coalitions(end: str = "2008-12-31", name: str = "made_up") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "coalition": [name],
            "lead_state": "USA",
            "start": pd.to_datetime(["2003-01-01"]),
            "mandate_end": pd.to_datetime([end]),
        }
    )


def members(rows: Sequence[tuple[str, int, str, str, str]], **more: object) -> pd.DataFrame:
    """Spells from (state, spell, entry, exit, exit_kind)."""
    frame = pd.DataFrame(rows, columns=["state", "spell", "entry", "exit", "exit_kind"])
    frame.insert(0, "coalition", "made_up")
    frame["cow"] = frame["state"].map(COW)
    frame["entry"], frame["exit"] = pd.to_datetime(frame["entry"]), pd.to_datetime(frame["exit"])
    return frame.assign(**more)


def levels(
    strengths: Mapping[str, Mapping[str, float]], coalition: str = "made_up"
) -> pd.DataFrame:
    """Strengths from {state: {day: persons}}."""
    rows = [(s, d, n) for s, days in strengths.items() for d, n in days.items()]
    frame = pd.DataFrame(rows, columns=["state", "date", "troops"])
    frame.insert(0, "coalition", coalition)
    frame["cow"] = frame["state"].map(COW)
    frame["date"] = pd.to_datetime(frame["date"])
    return frame


def monthly(state: str, first: str, values: Sequence[float], name: str = "made_up") -> pd.DataFrame:
    """One strength at each month's end."""
    days = pd.date_range(first, periods=len(values), freq="ME")
    return levels({state: {f"{d:%Y-%m-%d}": v for d, v in zip(days, values, strict=True)}}, name)


def changes(rows: Sequence[tuple[str, str, str, str, float, float]]) -> pd.DataFrame:
    """Coded changes from (state, date, change, planned, before, after)."""
    columns = ["state", "date", "change", "planned", "troops_before", "troops_after"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "coalition", "made_up")
    frame["cow"] = frame["state"].map(COW)
    frame["date"] = pd.to_datetime(frame["date"])
    more = {"reason": "made up", "source": "none", "confidence": "high", "date_precision": "day"}
    return frame.assign(**more)


def profile_of(
    spells: pd.DataFrame, strengths: pd.DataFrame, end: str = "2008-12-31", **options: object
) -> pd.DataFrame:
    return operational_profile(spells, strengths, coalitions=coalitions(end), **options)


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """The functions of this file under one name."""
    return SimpleNamespace(
        coalitions=coalitions,
        members=members,
        levels=levels,
        monthly=monthly,
        changes=changes,
        profile_of=profile_of,
    )


@pytest.fixture(scope="session")
def bundled(alone):
    """Every claim on every data set, with the bundled tables alone."""
    patch = alone()
    try:
        return run(robust=False)
    finally:
        patch.undo()


def make_months(n: int = 150, periods: int = 12, seed: int = 3) -> pd.DataFrame:
    """Member-months with exits, for tests of formulas, predictions and columns."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        x = rng.normal()
        for t in range(periods):
            z = rng.normal()
            p = 1 / (1 + np.exp(3.0 - 0.6 * x - 0.4 * z - 0.3 * (i % 3 == 1)))
            leaves = int(rng.random() < p)
            rows.append((f"S{i:02d}", "abc"[i % 3], t, t + 1, leaves, x, z, i % 7))
            if leaves:
                break
    names = ["state", "region", "start", "stop", "event", "x", "z", "g"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="session")
def months() -> Callable[..., pd.DataFrame]:
    """Give the maker of member-months."""
    return make_months


def beside(name: str):
    """A module of helpers of the tests of pages."""
    place = ROOT / "tests" / "report" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"report_{name}", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def faults_in():
    """Give what tells the faults of a page's words."""
    return beside("reading").faults_in


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium with one tab, or skip with the reason."""
    module = beside("browser")
    if module.program() is None:
        pytest.skip("no Chromium or Chrome to show pages in")
    try:
        shown = module.Browser(tmp_path_factory.mktemp("browser"))
    except OSError as error:
        pytest.skip(f"the browser does not run here: {error}")
    yield shown
    shown.close()
