"""Each standard option is the panel that its words promise, built from the facts."""

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import (
    Exchange,
    Setting,
    complete_histories,
    cross,
    dimensions,
    spec_curve,
)
from coalition_models.sensitivity.standard_choices import TERM

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.CoalitionWarning")


def only(choices, **labels: object) -> Setting:
    """The setting of one combination; the first option of what is not named."""
    wanted = {one.name: labels.get(one.name, one.labels[0]) for one in choices}
    setting = choices.base
    for one in choices:
        option = next(o for o in one.options_in_order if o.label == wanted[one.name])
        setting = option.choose(setting)
    return setting


def near(panel: pd.DataFrame, window: int = 2, *, around: bool = False) -> pd.Series:
    made = cm.add_elections(panel, window=window)
    if not around:
        return made["election_near"].astype(float)
    return made[["election_near", "post_election"]].max(axis=1, skipna=False).astype(float)


def test_every_option_is_its_panel() -> None:
    choices, facts = dimensions("iraq"), cm.facts("iraq")
    alternatives = facts.members["exit_kind_alt"]
    early = (facts.members["exit_kind"] == "early") | (alternatives == "early")
    lenient = facts.members["exit_kind"].mask(early, "early")
    for labels, expected in [
        ({}, cm.build_panel(facts)),
        ({"exit_date": "announced"}, cm.build_panel(facts, exit_date="announced")),
        ({"wind_up": 3}, cm.build_panel(facts, wind_up=3)),
        ({"peak_at_least": 100}, cm.build_panel(facts, peak_at_least=100)),
        ({"clock": "coalition"}, cm.build_panel(facts, clock="coalition")),
        ({"kinds": "early or scheduled"},
         cm.build_panel(facts, exit_kinds=("early", "scheduled"))),
        ({"contested": "lenient"},
         cm.build_panel(facts.replace(members=facts.members.assign(exit_kind=lenient)))),
    ]:  # fmt: skip
        panel = only(choices, **labels).rows
        for column in ("state", "period", "start", "stop", "event"):
            assert panel[column].tolist() == expected[column].tolist(), labels
        pd.testing.assert_series_equal(panel[TERM], near(expected), check_names=False)
    panel = only(choices, window="3 months around").rows
    pd.testing.assert_series_equal(
        panel[TERM], near(cm.build_panel(facts), 3, around=True), check_names=False
    )


def test_strict_lies_within_main_and_that_within_lenient() -> None:
    choices = dimensions("iraq")
    events = [
        {
            (row.state, row.spell)
            for row in only(choices, contested=name).rows.query("event == 1").itertuples()
        }
        for name in ("strict", "main", "lenient")
    ]
    assert events[0] < events[1] < events[2]
    certain = only(choices, dates="high confidence").rows
    known = cm.facts("iraq").members.set_index(["state", "spell"])
    left = known.loc[pd.MultiIndex.from_frame(certain[["state", "spell"]].drop_duplicates())]
    assert left["exit_confidence"].eq("high").all()
    assert left["entry_confidence"].eq("high").all()


def test_panels_are_made_once() -> None:
    choices = dimensions("iraq").without("dates", "contested", "wind_up", "peak_at_least", "clock")
    found = [one.setting for one in cross(list(choices), choices.base) if one.setting]
    assert len({id(one.panel) for one in found}) < len(found) / 2
    assert len({id(one["histories"]) for one in found}) == 6


def test_a_curve_with_its_joint_test_runs() -> None:
    choices = dimensions("iraq", windows=[2])
    histories = only(choices)["histories"]
    exchange = Exchange(groups=complete_histories(histories))
    curve = spec_curve(
        choices.spec, TERM, choices, base=choices.base, exchange=exchange, draws=19, sample=6,
        seed=2,
    )  # fmt: skip
    assert len(curve.table) == 6
    assert curve.joint is not None
    assert set(curve.table["kinds"]) == {"early"}
    alone = curve.table.iloc[0]
    own = only(choices, **{name: alone[name] for name in curve.dimensions})
    fit = cm.fit(own.spec, own.rows).tidy().set_index("term")
    assert alone["estimate"] == fit.loc[TERM, "estimate"]


def test_own_facts_without_codings_have_fewer_choices() -> None:
    facts = cm.facts("iraq")
    columns = ["coalition", "state", "cow", "spell", "entry", "exit", "exit_kind"]
    own = facts.replace(members=facts.members[columns], deaths=None)
    choices = dimensions(own)
    assert [one.name for one in choices] == [
        "kinds", "wind_up", "clock", "window", "controls", "estimator",
    ]  # fmt: skip
    assert "casualties" not in choices[4].labels
    assert "combinations of equivalent" in repr(choices)


def test_misuse_is_refused() -> None:
    with pytest.raises(cm.DataError, match="one coalition"):
        dimensions(cm.facts("iraq", "isaf"))
    with pytest.raises(cm.DataError, match="made of rows"):
        dimensions(cm.analysis_set("leaders"))
    with pytest.raises(cm.DataError, match="no dimension"):
        dimensions("iraq").without("priors")
