"""Each standard option is the panel that its words promise, built from the facts."""

from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import (
    Setting,
    complete_histories,
    cross,
    dimensions,
    spec_curve,
)
from coalition_models.sensitivity.choices import STANDINGS
from coalition_models.sensitivity.outcome_choices import rules
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
    choices = dimensions("iraq").without(
        "dates", "contested", "wind_up", "peak_at_least", "clock", "rule", "elections", "controls"
    )
    found = [one.setting for one in cross(list(choices), choices.base) if one.setting]
    assert len({id(one.panel) for one in found}) < len(found) / 2
    assert len({id(one["histories"]) for one in found}) == 6


def test_a_curve_with_its_joint_test_runs() -> None:
    choices = dimensions("iraq", windows=[2]).without("elections")
    exchange = choices.exchange()
    assert exchange.groups == complete_histories(only(choices)["histories"])
    curve = spec_curve(
        choices.spec, TERM, choices, base=choices.base, exchange=exchange, draws=19, sample=6,
        seed=2,
    )  # fmt: skip
    assert len(curve.table) == 6
    assert curve.joint is not None
    assert set(curve.table["kinds"]) == {"early"}
    alone = curve.table.dropna(subset=["estimate"]).iloc[0]
    own = only(choices, **{name: alone[name] for name in curve.dimensions})
    fit = cm.fit(own.values.get("fit_as") or own.spec, own.rows).tidy().set_index("term")
    assert alone["estimate"] == fit.loc[TERM, "estimate"]


def test_states_that_one_list_does_not_cover_keep_their_calendars_in_all() -> None:
    choices = dimensions("iraq", windows=[2]).keeping(elections=["all lists", "ParlGov"])
    every = choices.exchange(standings=STANDINGS).groups
    same = choices.exchange().groups
    assert every is not None
    assert same is not None
    assert set(every) < set(same)
    few = choices.without(*(one.name for one in choices if one.name != "elections"))
    curve = spec_curve(
        few.spec, TERM, few, base=few.base, exchange=few.exchange(standings=STANDINGS), draws=9,
        standings=STANDINGS,
    )  # fmt: skip
    assert curve.table["problem"].eq("").all()


def test_own_facts_without_codings_have_fewer_choices() -> None:
    facts = cm.facts("iraq")
    columns = ["coalition", "state", "cow", "spell", "entry", "exit", "exit_kind"]
    own = facts.replace(members=facts.members[columns], deaths=None, troops=None)
    choices = dimensions(own)
    assert [one.name for one in choices] == [
        "kinds", "wind_up", "rule", "clock", "elections", "window", "controls", "estimator",
    ]  # fmt: skip
    assert not {"casualties", "strength"} & set(choices[6].labels)
    assert "mcinnis" not in choices[2].labels
    assert "combinations of equivalent" in repr(choices)


def test_rules_lists_and_lags_are_what_they_say() -> None:
    choices, facts = dimensions("iraq"), cm.facts("iraq")
    set_ = cm.analysis_set("iraq")
    for name in ("weisiger-2016",):
        recoded = set_.recode(name)
        panel = only(choices, rule=name).rows
        assert panel["event"].sum() == recoded["event"].sum()
    panel = cm.build_panel(facts)
    options = {"leading office": {"kinds": "regime"}, "ParlGov": {"sources": "parlgov"}}
    for label, given in {**options, "once called": {"strict": True}}.items():
        made = cm.add_elections(panel, window=2, **given)["election_near"]
        pd.testing.assert_series_equal(
            only(choices, elections=label).rows[TERM], made, check_names=False
        )
    setting = only(choices, controls="strength a year before")
    troops = cm.add_commitment(panel, strength_lag=12, external="never")["log_troops"]
    pd.testing.assert_series_equal(setting.rows["log_troops"], troops)
    assert setting.spec.formula == "event ~ election + log_troops"


def test_options_that_do_not_go_together_are_skipped_with_a_reason() -> None:
    choices = dimensions("iraq", windows=[2])
    announced = replace(choices.base, chosen={"exit_date": "announced"})
    rule = rules(cm.facts("iraq"))
    found = rule.options_in_order[1].choose(announced)
    assert "exit_date is its own" in found.reason
    late = choices.base.assign(elections=(("as_of", "end"),))
    ahead = next(one for one in choices if one.name == "window").options_in_order[0]
    assert "elections behind alone" in ahead.choose(late).reason


def test_penalised_options_estimate_with_a_prior_and_score_by_cluster() -> None:
    choices = dimensions("iraq", windows=[2])
    curve = spec_curve(
        choices.spec, TERM, choices, base=choices.base,
        where=lambda chosen: choices.within(1)(chosen) and chosen["rule"] == "exits as coded"
        and "cox" in chosen["estimator"] and chosen["controls"] == "none"
        and chosen["dates"] == "all" and chosen["contested"] == "main"
        and chosen["exit_date"] == "main" and chosen["wind_up"] == 0
        and chosen["peak_at_least"] == 0 and chosen["clock"] == "entry"
        and chosen["elections"] == "all lists" and chosen["window"] == "2 months ahead",
    )  # fmt: skip
    table = curve.table.set_index("estimator")
    panel = cm.build_panel(cm.facts("iraq")).assign(election=lambda p: near(p))
    firth = cm.cox("event ~ election", panel, penalty="firth")
    assert table.loc["cox, Firth", "estimate"] == pytest.approx(firth.coefficients[0], rel=1e-8)
    assert table.loc["cox, Firth", "z_by_cluster"] == table.loc["cox", "z_by_cluster"]
    assert table.loc["cox, Breslow ties", "estimate"] != table.loc["cox", "estimate"]


def test_within_counts_changes() -> None:
    choices = dimensions("iraq")
    first = {one.name: one.labels[0] for one in choices}
    assert choices.within(0)(first)
    assert not choices.within(0)({**first, "clock": "coalition"})
    assert not choices.within(1)({**first, "clock": "coalition", "wind_up": 3})


def test_misuse_is_refused() -> None:
    with pytest.raises(cm.DataError, match="one coalition"):
        dimensions(cm.facts("iraq", "isaf"))
    with pytest.raises(cm.DataError, match="made of rows"):
        dimensions(cm.analysis_set("leaders"))
    with pytest.raises(cm.DataError, match="no dimension"):
        dimensions("iraq").without("priors")
