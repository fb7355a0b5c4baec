"""Settings, dimensions and their crossing: order, what is skipped, what is shared."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pandas as pd
import pytest

from coalition_models.errors import CoverageError, DataError, FitError
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.choices import (
    Dimension,
    Option,
    Setting,
    Skip,
    cross,
)
from coalition_models.sensitivity.standings import size_of

CLOCK = Dimension.of("clock", ["entry", "coalition"], "where time begins")
TIES = Dimension.of("ties", ["efron", "breslow"])


def labels(found):
    return [tuple(one.choices.values()) for one in found]


def test_every_combination_is_made_once_the_last_dimension_fastest():
    window = Dimension.of("window", [0, 6, 12])
    found = list(cross([CLOCK, window, TIES]))
    assert labels(found) == [
        (c, w, t) for c in ("entry", "coalition") for w in (0, 6, 12) for t in ("efron", "breslow")
    ]
    assert len(found) == size_of([CLOCK, window, TIES]) == 12
    for one in found:
        assert one.choices == one.setting.chosen
        assert [one.setting[name] for name in one.choices] == list(one.choices.values())
    assert labels(cross([CLOCK, window, TIES], start=5, stop=7)) == labels(found)[5:7]
    assert labels(cross([])) == [()]


def test_the_crossing_is_lazy():
    def never(setting):
        raise AssertionError("not asked for")

    first = next(cross([Dimension("a", {"x": lambda setting: setting, "y": never}), TIES]))
    assert first.choices == {"a": "x", "ties": "efron"}


def test_an_option_is_chosen_once_for_all_that_comes_after():
    made = []

    def build(setting):
        made.append(setting["clock"])
        return setting.replace(panel=pd.DataFrame({"clock": [setting["clock"]]}))

    found = list(cross([CLOCK, Dimension("panel", {"built": build}), TIES]))
    assert made == ["entry", "coalition"]
    assert found[0].setting.rows is found[1].setting.rows
    assert found[2].setting.rows["clock"].tolist() == ["coalition"]


def test_what_is_made_of_the_same_is_made_once_whatever_comes_before():
    """A panel of a rule is the same under both ties although ties are chosen first."""
    made = []

    def built(name, months):
        made.append((name, months))
        return pd.DataFrame({"months": [months]})

    def near(months):
        return lambda s: s.replace(panel=s.once(built, "panel", months=months))

    found = list(cross([TIES, Dimension("window", {3: near(3), 6: near(6)})]))
    assert made == [("panel", 3), ("panel", 6)]
    assert found[0].setting.rows is found[2].setting.rows
    # tables are the same where they are one object, not where they look alike
    setting, tables = Setting(), [pd.DataFrame({"x": [1]}) for _ in range(2)]
    one, again, other = (setting.once(pd.DataFrame.sum, t) for t in (*tables[:1], *tables))
    assert one is again
    assert one is not other
    assert setting.once(list, "ab") is setting.assign(x=1).once(list, "ab")
    assert setting.once(float, 1) is not setting.once(float, True)
    # another start shares nothing, and what was made stays here
    assert Setting().once(list, "ab") is not setting.once(list, "ab")
    assert pickle.loads(pickle.dumps(setting)).made == {}


def test_what_does_not_apply_is_skipped_once_with_its_reason():
    calendar = Dimension(
        "clock",
        {
            "entry": lambda setting: setting,
            "coalition": lambda setting: Skip("common to all members"),
        },
    )
    found = list(cross([calendar, TIES]))
    assert [(one.choices, one.skipped) for one in found] == [
        ({"clock": "entry", "ties": "efron"}, ""),
        ({"clock": "entry", "ties": "breslow"}, ""),
        ({"clock": "coalition"}, "common to all members"),
    ]
    with pytest.raises(DataError, match="for a reason"):
        Skip("")


@pytest.mark.parametrize("error", [FitError("no event"), CoverageError("not at hand"), FitError()])
def test_an_option_that_fails_fails_in_every_combination_with_it(error):
    def fails(setting):
        raise error

    found = list(cross([Dimension("a", {"good": lambda s: s, "bad": fails}), CLOCK, TIES]))
    assert len(found) == 8
    assert [one.problem for one in found] == [""] * 4 + [str(error) or "FitError"] * 4
    assert found[-1].choices == {"a": "bad", "clock": "coalition", "ties": "breslow"}


def test_a_mistake_in_an_option_is_raised_and_says_where():
    def wrong(setting):
        return setting.replace(pannel=1)

    with pytest.raises(DataError, match="no part pannel") as caught:
        list(cross([CLOCK, Dimension("a", {"b": wrong})]))
    assert caught.value.__notes__ == ["in the combination clock entry, a b"]
    with pytest.raises(DataError, match="must return a Setting or Skip, not NoneType"):
        list(cross([Dimension("a", {"b": lambda setting: None})]))
    with pytest.raises(CoverageError):
        list(cross([Dimension("a", {"b": absent})], failures=(FitError,)))


def absent(setting):
    raise CoverageError("not at hand")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a", {}, "found no option"),
        ("a", {"b": 1}, "function of a setting"),
        ("", {"b": absent}, "needs a name"),
        ("a", [Option(1, absent), Option(1, absent)], "two options called 1"),
        ("problem", {"b": absent}, "cannot be called 'problem'"),
        ("a", [absent], "each a label with a function"),
    ],
)
def test_dimensions_that_say_nothing_are_refused(name, options, message):
    with pytest.raises(DataError, match=message):
        Dimension(name, options)


def test_two_dimensions_of_one_name_are_refused():
    with pytest.raises(DataError, match="found twice: ties"):
        list(cross([TIES, CLOCK, TIES]))


def test_a_setting_is_never_changed_in_place():
    base = Setting(values={"ties": "efron"})
    other = base.assign(ties="breslow", size=50)
    assert (base["ties"], other["ties"], other["size"]) == ("efron", "breslow", 50)
    with pytest.raises(DataError, match=r"no value 'size'; it has ties"):
        _ = base["size"]
    with pytest.raises(DataError, match="has no panel"):
        _ = base.rows


def test_a_specification_is_one_part_of_a_setting():
    spec = Specification("cox", "event ~ risk")
    base = Setting(spec=spec)
    ties = Dimension("ties", {t: lambda s, t=t: s.respecify(ties=t) for t in ("efron", "breslow")})
    assert [one.setting.spec for one in cross([ties], base)] == [
        replace(spec, ties="efron"), replace(spec, ties="breslow"),
    ]  # fmt: skip
    with pytest.raises(DataError, match="no option tise; it has family, formula"):
        base.respecify(tise="breslow")
    with pytest.raises(DataError, match="has no spec"):
        Setting().respecify(ties="breslow")
