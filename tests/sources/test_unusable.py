"""Sources whose file is there and cannot be used: not at hand, with one warning that names it."""

from __future__ import annotations

import builtins
import shutil
import sys
import warnings
from collections import OrderedDict

import pytest

import coalition_models as cm
from coalition_models.sources import kept
from coalition_models.sources.catalog import entry, file_sha256
from coalition_models.sources.fetch import at_hand, warn_unusable, why_unusable
from coalition_models.timelines import calendar as common

BUILDERS = {
    "add_alliance": ("atop-alliances", "us-troops-abroad", "us-trade"),
    "add_capability": ("cow-capabilities",),
    "add_commitment": ("cow-capabilities",),
}
EVERY = sorted({name for names in BUILDERS.values() for name in names})


@pytest.fixture(scope="module")
def panel():
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


@pytest.fixture
def folder(mirror, tmp_path, monkeypatch):
    """A mirror of its own with the right files, which a test may spoil."""
    own = tmp_path / "mirror"
    own.mkdir()
    for name in EVERY:
        shutil.copy(mirror / entry(name).path, own)
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(own))
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path / "cache"))
    return own


def spoil(path, how):
    if how == "another file":
        path.write_bytes(b"state,year\n")
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-7])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))


def warned(call, *arguments):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("default")
        out = call(*arguments)
    said = [str(one.message) for one in found if one.category is cm.CoalitionWarning]
    return out, [one for one in said if "missing in every row" not in one]


@pytest.mark.mirror
@pytest.mark.parametrize("how", ["another file", "truncated", "empty", "one bit"])
@pytest.mark.parametrize("builder", list(BUILDERS))
def test_a_wrong_file_in_the_mirror_is_one_warning_by_name(panel, folder, builder, how):
    name = BUILDERS[builder][-1]
    path = folder / entry(name).path
    spoil(path, how)
    out, said = warned(getattr(cm, builder), panel)
    said = [one for one in said if "missing in every row" not in one]
    assert len(said) == 1
    assert f"{path} is not the pinned file of {name!r}" in said[0]
    assert name not in cm.record_of(out).sources
    assert not at_hand(name)
    with pytest.raises(cm.DataError) as caught:
        cm.load(name)
    assert entry(name).sha256 in str(caught.value)
    assert file_sha256(path) in str(caught.value)


@pytest.mark.mirror
def test_a_right_copy_in_the_cache_does_not_hide_a_wrong_file_in_the_mirror(folder, tmp_path):
    path = folder / entry("us-trade").path
    (tmp_path / "cache").mkdir()
    shutil.copy(path, tmp_path / "cache")
    assert at_hand("us-trade")
    spoil(path, "truncated")
    assert not at_hand("us-trade")  # as load() refuses it
    path.unlink()
    assert at_hand("us-trade")


def without_import(monkeypatch):
    real = builtins.__import__

    def importing(name, *arguments, **options):
        if name == "rdata":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", importing)


def without_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdata", None)


@pytest.mark.mirror
@pytest.mark.parametrize("absent", [without_module, without_import])
@pytest.mark.parametrize("builder", list(BUILDERS))
def test_without_the_reader_a_source_is_not_at_hand(panel, folder, monkeypatch, builder, absent):
    common._kept_table.cache_clear()
    monkeypatch.setattr(kept, "_READ", OrderedDict())
    absent(monkeypatch)
    out, said = warned(getattr(cm, builder), panel)
    needing = [name for name in BUILDERS[builder] if entry(name).path.endswith(".rda")]
    assert needing
    assert said
    said = [one for one in said if "missing in every row" not in one]
    assert all("rdata" in one and "coalition-models[fetch]" in one for one in said)
    assert not set(needing) & set(cm.record_of(out).sources)
    with pytest.raises(cm.CoverageError, match="rdata"):
        cm.load(needing[0])
    with pytest.raises(cm.CoverageError, match="rdata"):
        getattr(cm, builder)(panel, external="require")


@pytest.mark.mirror
def test_without_the_reader_all_sources_together_are_one_warning(folder, monkeypatch):
    without_module(monkeypatch)
    _, said = warned(warn_unusable, EVERY)
    assert len(said) == 1
    assert not at_hand("cow-capabilities")
    assert not cm.datasets().loc["cow-capabilities", "at_hand"]


@pytest.mark.mirror
def test_what_is_right_gives_no_warning(panel, folder):
    for builder in BUILDERS:
        _, said = warned(getattr(cm, builder), panel)
        assert said == []
    assert all(why_unusable(name) == "" for name in EVERY)


@pytest.mark.mirror
def test_builders_follow_a_mirror_that_changes_in_a_session(panel, folder, tmp_path, monkeypatch):
    assert cm.add_capability(panel)["cinc"].notna().any()
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(empty))
    assert cm.add_capability(panel)["cinc"].isna().all()
    monkeypatch.delenv("COALITION_MODELS_MIRROR")
    assert cm.add_capability(panel)["cinc"].isna().all()
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(folder))
    assert cm.add_capability(panel)["cinc"].notna().any()
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(cm.CoverageError, match="must name a folder"):
        cm.add_capability(panel)


@pytest.mark.parametrize("variable", ["COALITION_MODELS_MIRROR", "COALITION_MODELS_CACHE"])
def test_a_home_that_nobody_has_is_no_traceback(monkeypatch, variable):
    monkeypatch.setenv(variable, "~nobody-of-that-name/data")
    if variable.endswith("MIRROR"):
        with pytest.raises(cm.CoverageError, match="must name a folder"):
            at_hand("nelda")
    else:
        monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
        assert not at_hand("nelda")
