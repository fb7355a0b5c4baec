"""Names of a room load at their first use, once, and a wrong one is an ordinary mistake."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import coalition_models as cm
from coalition_models.lazy import lazy_names


def test_a_name_is_loaded_once_and_then_stands_in_the_package(monkeypatch):
    package, inside = ModuleType("toy_room"), ModuleType("toy_room.corner")
    inside.held = object()
    monkeypatch.setitem(sys.modules, "toy_room", package)
    monkeypatch.setitem(sys.modules, "toy_room.corner", inside)
    load, names = lazy_names("toy_room", {"shown": ("corner", "held")})
    assert names() == ["shown"]
    assert not hasattr(package, "shown")
    assert load("shown") is inside.held is package.shown
    with pytest.raises(AttributeError, match="module 'toy_room' has no attribute 'other'"):
        load("other")


@pytest.mark.parametrize("room", ["inference", "qca", "sensitivity"])
def test_every_name_of_a_room_is_there(room):
    module = getattr(cm, room)
    assert dir(module) == sorted(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing
