"""The registry of builders: found by folder, true to what each builder does, and one vocabulary."""

from __future__ import annotations

import inspect
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models import features
from coalition_models.features import registry
from coalition_models.features.registry import builder, builder_named, registered
from coalition_models.members.fact_tables import TABLES
from coalition_models.record import record_of
from coalition_models.sources.catalog import tables
from coalition_models.sources.codebook import feature_builders
from coalition_models.timelines.yearly import External

ALL = registered()
#: what a builder takes in its place when it has no facts of this name
CHOICES = {"add_regime": {"external": "never"}, "add_side_strength": {"external": "never"},
           "add_support_change": {"external": "never"}}  # fmt: skip
OWN = {
    "add_war_powers": pd.DataFrame(
        {"cow": [230], "start": ["1978-12-29"], "end": [None], "war_powers": [1.0]}
    ),
    "add_opinion": pd.DataFrame({"cow": [230], "date": ["2003-02-10"], "support": [30.0]}),
}
#: with an index of its own, which members and lead state are looked up in
MORE = {
    "add_capability": {
        "states": pd.DataFrame({"cow": [230], "year": [2003], "capability_index": [0.02]})
    }
}
QUIET = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(scope="module")
def iraq():
    return cm.build_panel(cm.facts("iraq"))


def made(name, panel, **options):
    item = ALL[name]
    own = {item.table: OWN[name]} if item.table else {}
    return item.function(panel, **own, **CHOICES.get(name, {}), **options)


def test_every_file_with_a_builder_is_found(root):
    written = {
        line.removeprefix("def ").partition("(")[0]
        for path in (root / "coalition_models" / "features").glob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("def add_")
    }
    # values of one column from a user's table, for claims: it returns a Series
    assert written - {"add_from_table"} == set(ALL)


def test_every_registered_builder_is_public():
    assert set(ALL) == {name for name in cm.__all__ if name.startswith("add_")}
    assert all(getattr(cm, name) is item.function for name, item in ALL.items())


def test_the_codebook_describes_what_builders_make():
    described = feature_builders()
    assert set(described) == set(ALL)
    for name, item in ALL.items():
        assert [c for c in described[name] if not item.makes(c)] == []
        plain = {c for c in item.columns if "<" not in c}
        assert plain <= set(described[name])
        for pattern in set(item.columns) - plain:
            assert any(c not in plain and item.makes(c) for c in described[name]), pattern


@QUIET
@pytest.mark.parametrize("name", ALL)
def test_it_makes_what_it_declares(name, iraq):
    out = made(name, iraq)
    assert len(record_of(out).features) > 0
    assert [c for c in record_of(out).features if not ALL[name].makes(c)] == []


@QUIET
@pytest.mark.parametrize("name", ALL)
def test_it_needs_what_it_declares(name, iraq):
    item = ALL[name]
    needed = [*item.panel_columns, *item.tables]
    assert set(item.panel_columns) <= set(iraq.columns)
    assert all(n.rstrip("?") in {*TABLES, *iraq.columns} for n in item.needs)
    for column in item.panel_columns:
        with pytest.raises(cm.DataError, match=column):
            made(name, iraq.drop(columns=column))
    for table in item.tables:
        facts = cm.facts("iraq").replace(**{table: None}, **_with(table), **MORE.get(name, {}))
        with pytest.raises(cm.CoalitionError, match=table):
            made(name, iraq, facts=facts)
    # nothing else: what is left of panel and facts is enough
    kept = {name: None for name in TABLES if name not in needed}
    if item.reads_facts:
        entry = ["entry"] if "entry?" in item.needs else []
        made(name, iraq[[*item.panel_columns, *entry]], facts=cm.facts("iraq").replace(**kept))


def _with(table):
    return {"coverage": None} if table == "deaths" else {}


@pytest.mark.parametrize("name", ALL)
def test_one_word_for_external_sources(name):
    item = ALL[name]
    assert all(tables()[source].kind == "external" for source in item.can_read)
    assert ("external" in item.options) == bool(item.sources)
    assert not {"extended"} & set(item.options)
    if item.sources:
        default = inspect.signature(item.function).parameters["external"].default
        assert default in External.__args__
        # what works only with its sources says so at once
        assert not item.must_read or default == "require"


@QUIET
@pytest.mark.parametrize("name", [name for name, item in ALL.items() if item.sources])
def test_never_reads_no_external_source(name, iraq, monkeypatch):
    from coalition_models.sources import load as room

    read = []
    honest = room._load_external
    monkeypatch.setattr(room, "_load_external", lambda item: read.append(item.name) or honest(item))
    from coalition_models.timelines import calendar

    calendar._kept_table.cache_clear()
    out = ALL[name].function(iraq, external="never")
    assert read == []
    told = record_of(out).features
    empty = [c for c in told if out[c].isna().all()]
    assert all("never" in str(told[c].get("note", "never")) for c in empty)


@pytest.mark.parametrize("name", [name for name, item in ALL.items() if item.sources])
def test_a_wrong_word_is_refused_with_the_right_ones(name, iraq):
    with pytest.raises(cm.DataError, match=r"'if_at_hand'.*'require'.*'never'.*not 'always'"):
        ALL[name].function(iraq, external="always")


@pytest.mark.mirror
@QUIET
@pytest.mark.parametrize(
    "name",
    [*(pytest.param(n, marks=pytest.mark.slow) for n in ("add_elections", "add_leadership")),
     "add_risk"],
)  # fmt: skip
def test_the_earlier_word_does_the_same_and_warns(name, iraq, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    add = ALL[name].function
    for extended, meant in ((True, {"external": "require"}), (False, {})):
        with pytest.warns(cm.CoalitionWarning, match=rf"extended= of {name}\(\) goes"):
            old = add(iraq, extended=extended)
        pd.testing.assert_frame_equal(old, add(iraq, **meant))
        assert record_of(old) == record_of(add(iraq, **meant))
    with pytest.raises(cm.DataError, match="extended must be True or False"):
        add(iraq, extended="yes")
    with pytest.raises(cm.DataError, match="not both"):
        add(iraq, extended=False, external="require")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("add_elections", {"sources": "nelda"}),
        ("add_leadership", {"who": "archigos"}),
        ("add_preferences", {"source": "ideal-points"}),
    ],
)
def test_a_source_asked_for_by_name_and_never_read_is_a_contradiction(name, options, iraq):
    with pytest.raises(cm.DataError, match="give one of the two"):
        ALL[name].function(iraq, external="never", **options)


@QUIET
@pytest.mark.parametrize("name", ["add_regime", "add_preferences", "add_risk"])
def test_if_at_hand_leaves_missing_what_is_not(name, iraq, tmp_path, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", "")
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path))
    options = {"source": "ideal-points"} if name == "add_preferences" else {}
    out = ALL[name].function(iraq, external="if_at_hand", **options)
    told = record_of(out).features
    empty = {"add_risk": ["theatre_intensity"]}.get(name, list(told))
    for column in empty:
        assert out[column].isna().all()
        assert str(told[column]["note"]).endswith("not at hand")


def test_the_listing():
    shown = cm.builders()
    assert list(shown.index) == list(ALL)
    assert shown.index.name == "name"
    assert shown.loc["add_contagion", "makes"].split(", ")[2] == "recent_exits_<m>m"
    assert shown.loc["add_war_powers", "you_bring"] == "rules"
    assert shown.loc["add_risk", "external"] == "never"
    assert shown.loc["add_casualties", "external"] == ""
    page = shown._repr_html_()
    assert all(name in page for name in ALL)
    assert "recent_exits_&lt;m&gt;m" in page
    assert all(not idea.endswith(".") and idea for idea in shown["idea"])


def test_patterns_stand_for_numbers_only():
    contagion = builder_named("add_contagion")
    assert contagion.makes("recent_exits_24m")
    assert not contagion.makes("recent_exits_m")
    assert not contagion.makes("recent_exits_<m>m")
    with pytest.raises(cm.DataError, match=r"no builder named 'add_luck'; (nearest|there are)"):
        builder_named("add_luck")


TOY = '''
"""A toy: whether the period is in winter."""

import pandas as pd

from coalition_models.features.attach import attach
from coalition_models.features.registry import builder


@builder(columns=("winter",), needs=("period",))
def add_winter(panel: pd.DataFrame) -> pd.DataFrame:
    """Add whether it is winter in the north."""
    value = panel["period"].dt.month.isin([12, 1, 2]).astype(float)
    return attach(panel, {"winter": value}, sources=[], choices={}, builder="add_winter")
'''


def test_a_builder_is_added_with_one_file(iraq, tmp_path, monkeypatch):
    (tmp_path / "winter.py").write_text(textwrap.dedent(TOY), encoding="utf-8")
    monkeypatch.setattr(features, "__path__", [*features.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))
    try:
        assert list(registered())[-1] == "add_winter"
        assert cm.builders().loc["add_winter", "idea"] == "whether it is winter in the north"
        out = builder_named("add_winter").function(iraq)
        assert np.array_equal(out["winter"] == 1, iraq["period"].dt.month.isin([12, 1, 2]))
    finally:
        sys.modules.pop("coalition_models.features.winter", None)
        vars(features).pop("winter", None)
    monkeypatch.undo()
    assert "add_winter" not in registered()


def test_two_builders_of_one_name_are_refused(monkeypatch):
    monkeypatch.setattr(registry, "_KNOWN", dict(registry._KNOWN))

    def add_risk(panel):
        return panel

    with pytest.raises(cm.DataError, match="both hold a builder add_risk"):
        builder(columns=("danger",))(add_risk)
