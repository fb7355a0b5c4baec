"""What counts as defection, coded by eye on hand-made members."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.coding import code_defections
from coalition_models.defection.named_rules import (
    NAMED_RULES,
    list_rules,
    named_rule,
    quartile_readings,
)
from coalition_models.defection.profile import operational_profile
from coalition_models.defection.rules import DefectionRule
from coalition_models.errors import DataError
from coalition_models.hypotheses.claims import read_plan
from coalition_models.record import record_of

#: fixed sizes: 200 persons or 25 per cent, planned or not is not asked of cuts without a coding
SIZES = DefectionRule("sizes", falls="threshold", uncoded="count", kinds=("full", "partial_cut"))


@pytest.fixture
def stayer(made_up):
    return made_up.members([("POL", 1, "2003-01-01", "2008-12-31", "mission_end")])


def coded(made_up, spells, days, rule=SIZES, changes=None, end="2008-12-31"):
    profile = made_up.profile_of(spells, made_up.levels(days), end)
    return code_defections(spells, profile, changes, rule)


def reasons(table):
    return [row["reason"] for row in record_of(table).notes["defections"]["set_aside"]]


# sizes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "before", "after", "counts"),
    [
        ("persons", 10_000, 9_801, False),  # 199
        ("persons", 10_000, 9_800, True),  # 200
        ("percent", 100, 76, False),  # 24 per cent
        ("percent", 100, 75, True),  # 25 per cent
        ("either", 100, 75, True),
        ("either", 10_000, 9_800, True),
        ("both", 100, 75, False),
        ("both", 10_000, 9_800, False),
        ("both", 800, 600, True),  # 200 and 25 per cent
        ("both", 796, 597, False),  # 199 and 25 per cent
    ],
)
def test_a_cut_at_and_below_the_threshold(made_up, stayer, measure, before, after, counts):
    rule = DefectionRule(
        "at", falls="threshold", measure=measure, uncoded="count", kinds=("partial_cut",)
    )
    found = coded(made_up, stayer, {"POL": {"2003-02-01": before, "2005-06-01": after}}, rule)
    assert len(found) == int(counts)
    if counts:
        row = found.iloc[0]
        assert row["kind"] == "partial_cut"
        assert (row["before"], row["persons"]) == (before, before - after)
        assert row["planned"] == "not coded"
        assert row["confidence"] == "low"


def test_a_rotation_dip_of_one_month_is_routine(made_up, stayer):
    days = {"POL": {"2003-02-01": 800, "2004-12-10": 300, "2005-01-10": 800}}
    assert coded(made_up, stayer, days).empty
    taken = DefectionRule(
        "as it stands", falls="threshold", uncoded="count", kinds=("partial_cut",), dip=0
    )
    assert len(coded(made_up, stayer, days, taken)) == 1


# planned or not --------------------------------------------------------------------------------


def test_a_planned_end_is_no_defection_whatever_its_size(made_up):
    spells = made_up.members([("POL", 1, "2003-01-01", "2005-06-30", "scheduled")])
    found = coded(made_up, spells, {"POL": {"2003-02-01": 2000}})
    assert found.empty
    assert reasons(found) == ["not a kind of exit that counts"]
    early = coded(
        made_up, spells.assign(exit_kind="early"), {"POL": {"2003-02-01": 2000}}, "mcinnis-both"
    )
    assert early[["kind", "persons", "percent"]].iloc[0].tolist() == ["full", 2000, 100]


@pytest.mark.parametrize(
    ("planned", "unclear", "counts"),
    [
        ("yes", "planned", 0),
        ("unclear", "planned", 0),
        ("unclear", "unplanned", 1),
        ("no", "planned", 1),
    ],
)
def test_a_significant_cut_is_judged_by_its_coded_change(made_up, stayer, planned, unclear, counts):
    days = {"POL": {"2003-02-01": 800, "2005-06-01": 400}}
    change = made_up.changes([("POL", "2005-05-20", "drawdown", planned, 800, 400)])
    rule = DefectionRule("r", falls="threshold", unclear=unclear, kinds=("partial_cut",))
    found = coded(made_up, stayer, days, rule, change)
    assert len(found) == counts
    if counts:
        assert found["date"].iloc[0] == pd.Timestamp("2005-05-20")
        assert found["rests_on"].iloc[0] == (
            "troops: 800 (observed 2003-02-01) to 400 (observed 2005-06-01); "
            "profile_changes: made_up POL drawdown 2005-05-20"
        )
    else:
        assert "significant, but planned or unclear" in reasons(found)


def test_a_cut_that_nobody_coded_is_left_out_and_listed(made_up, stayer):
    days = {"POL": {"2003-02-01": 800, "2005-06-01": 400}}
    rule = DefectionRule("r", falls="threshold", kinds=("partial_cut",))
    found = coded(made_up, stayer, days, rule)
    assert found.empty
    assert "significant, but whether planned is not coded" in reasons(found)


def test_the_largest_change_of_the_year_speaks_for_the_fall(made_up, stayer):
    days = {"POL": {"2003-02-01": 800, "2005-03-01": 700, "2005-09-01": 300}}
    change = made_up.changes(
        [
            ("POL", "2005-03-01", "drawdown", "no", 800, 700),
            ("POL", "2005-09-01", "drawdown", "yes", 700, 300),
        ]
    )
    rule = DefectionRule("r", falls="threshold", kinds=("partial_cut",))
    assert coded(made_up, stayer, days, rule, change).empty
    # every coded drawdown by itself
    each = DefectionRule("each", cuts="coded", exits="none", kinds=("partial_cut",))
    found = coded(made_up, stayer, days, each, change)
    assert found[["date", "persons", "percent"]].iloc[0].tolist() == [
        pd.Timestamp("2005-03-01"),
        100,
        12.5,
    ]


# missions and spells ---------------------------------------------------------------------------


def test_a_mandate_that_ends_ends_without_defection(made_up):
    spells = made_up.members(
        [
            ("POL", 1, "2003-01-01", "2008-12-20", "mission_end"),
            ("ESP", 1, "2003-01-01", "2009-03-10", "post_mandate"),
            ("DNK", 1, "2003-01-01", "2008-06-01", "early"),
        ]
    )
    days = {name: {"2003-02-01": 900} for name in ("POL", "ESP", "DNK")}
    found = coded(made_up, spells, days)
    assert found["state"].tolist() == ["DNK"]
    # read as drawdown, the last year does not count at all
    late = DefectionRule("late", falls="threshold", drawdown_years=1, kinds=("full",))
    assert coded(made_up, spells, days, late).empty


def test_a_rehatted_mission_is_no_exit(made_up):
    old = made_up.monthly("POL", "2010-01-31", [500] * 6, "MONUC")
    new = made_up.monthly("POL", "2010-07-31", [500] * 6, "MONUSCO")
    others = made_up.monthly("ESP", "2010-01-31", [50] * 6, "MONUC")
    series = pd.concat([old, new, others, others.assign(coalition="OTHER")])
    exits = DefectionRule("exits", exits="coded", cuts="none", kinds=("full",))

    apart = cm.spells_from_levels(series, end_margin=0)
    joined = cm.spells_from_levels(series, renamed={"MONUC": "MONUSCO"})
    assert len(code_defections(apart, rule=exits)) == 0  # the old mission ended for all
    profile = operational_profile(joined, series, renamed={"MONUC": "MONUSCO"})
    poland = profile[profile["state"] == "POL"]
    assert poland["troops"].tolist() == [500] * 12
    # who did not go over to the new name has left
    assert code_defections(joined, rule=exits)["state"].tolist() == ["ESP"]
    assert poland["coalition"].unique().tolist() == ["MONUSCO"]


def test_a_return_after_a_gap_is_a_new_spell_with_its_own_exit(made_up):
    gone = made_up.monthly("POL", "2010-01-31", [500] * 3)
    back = made_up.monthly("POL", "2010-09-30", [300] * 3)
    whole = made_up.monthly("ESP", "2010-01-31", [50] * 24)
    series = pd.concat([gone, back, whole])
    exits = DefectionRule("exits", exits="coded", cuts="none", kinds=("full",))
    spells = cm.spells_from_levels(series, gap=3)
    found = code_defections(spells, rule=exits)
    assert found[["state", "spell"]].to_numpy().tolist() == [["POL", 1], ["POL", 2]]
    # April to August are five missing months: allowed, they are one spell with one exit
    one = code_defections(cm.spells_from_levels(series, gap=5), rule=exits)
    assert one[["spell", "date"]].to_numpy().tolist() == [[1, pd.Timestamp("2010-11-30")]]


def test_a_spell_that_starts_before_the_window_can_defect(made_up):
    series = pd.concat(
        [
            made_up.monthly("POL", "2010-01-31", [500] * 6),
            made_up.monthly("ESP", "2010-01-31", [50] * 24),
        ]
    )
    spells = cm.spells_from_levels(series)
    assert not spells["entry_known"].any()
    profile = operational_profile(spells, series)
    found = code_defections(spells, profile, rule=SIZES)
    assert found[["state", "before"]].to_numpy().tolist() == []
    # the fall within the first year shows month by month
    monthly = DefectionRule("m", falls="threshold", every="month", kinds=("full",))
    found = code_defections(spells, profile, rule=monthly)
    assert found[["state", "before"]].to_numpy().tolist() == [["POL", 500]]


# kinds of change -------------------------------------------------------------------------------


def test_tasks_places_and_rules(made_up, stayer):
    change = made_up.changes(
        [
            ("POL", "2003-01-20", "caveat_tightened", "no", 500, 500),  # so from the start
            ("POL", "2004-05-01", "caveat_tightened", "no", 500, 500),
            ("POL", "2005-05-01", "re_role", "no", 500, 500),
            ("POL", "2006-05-01", "relocation", "unclear", 500, 500),
            ("POL", "2007-05-01", "extension", "no", 500, 500),
            ("POL", "2009-05-01", "re_role", "no", 500, 500),  # the member has left
        ]
    )
    rule = DefectionRule("changes", exits="none", cuts="none")
    found = coded(made_up, stayer, {"POL": {"2003-02-01": 500}}, rule, change)
    assert found["kind"].tolist() == ["caveat", "re_role"]
    assert sorted(reasons(found)) == [
        "outside any spell",
        "planned or unclear",
        "so from the start of the spell",
    ]
    only = DefectionRule("caveats", kinds=("caveat",), exits="none", cuts="none")
    assert len(coded(made_up, stayer, {"POL": {"2003-02-01": 500}}, only, change)) == 1


def test_moves_into_danger_are_no_defection():
    facts = cm.load("profile_changes")
    raised = facts[facts["raises_own_risk"] == "yes"]
    assert raised[["coalition", "state", "change"]].values.tolist() == [
        ["iraq", "GBR", "relocation"]
    ]
    iraq = cm.load("participation").query("coalition == 'iraq'")
    rule = DefectionRule("moves", kinds=("relocation",), exits="none", cuts="none")
    default = code_defections(iraq, changes=facts, rule=rule)
    assert "GBR" not in set(default["state"])
    every = DefectionRule(
        "all", kinds=("relocation",), exits="none", cuts="none", risk_raising=True
    )
    assert "GBR" in set(code_defections(iraq, changes=facts, rule=every)["state"])
    # a table of one's own need not say
    plain = facts.drop(columns="raises_own_risk")
    assert "GBR" in set(code_defections(iraq, changes=plain, rule=rule)["state"])


def test_token_contingents_can_be_left_out(made_up):
    spells = made_up.members([("POL", 1, "2003-01-01", "2005-06-30", "early")], peak_troops=[40])
    rule = DefectionRule("big", exits="coded", cuts="none", kinds=("full",), peak_at_least=50)
    found = code_defections(spells, rule=rule)
    assert found.empty
    assert reasons(found) == ["peak under 50 persons"]


# the rules of the literature on the facts ------------------------------------------------------


@pytest.fixture(scope="module")
def iraq():
    return cm.load("participation").query("coalition == 'iraq'").reset_index(drop=True)


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (1, {"iraq": 21, "isaf": 8, "rsm": 4}),
        (2, {"iraq": 21, "isaf": 8, "rsm": 5, "unosom2": 16}),
    ],
)
def test_counts_of_full_exits_in_the_complete_coalitions(revision, expected):
    facts = cm.load("participation", revision=revision)
    complete = facts[facts["coalition"].isin(["iraq", "isaf", "rsm", "unosom2"])]
    counts = code_defections(complete, rule="tago-2009").groupby("coalition").size().to_dict()
    assert counts == expected


def test_other_codings_move_nine_exits_out_and_three_in(iraq):
    def who(contested):
        rule = DefectionRule(
            contested, kinds=("full",), exits="coded", cuts="none", contested=contested
        )
        found = code_defections(iraq, rule=rule)
        return set(found["state"] + found["spell"].astype(str))

    main, other = who("main"), who("alternative")
    assert (len(main - other), len(other - main)) == (9, 3)
    assert who("both") == main & other
    assert who("either") == main | other


def test_morey_keeps_who_left_when_its_own_aim_was_met(iraq):
    assert len(code_defections(iraq, rule="morey-2017")) == 12
    assert not code_defections(iraq, rule="morey-2017")["contested"].any()


def test_weisiger_counts_every_stop_before_the_end_and_pilster_the_recall(iraq):
    kinds = iraq["exit_kind"].value_counts()
    assert len(code_defections(iraq, rule="weisiger-2016")) == (
        kinds["early"] + kinds["scheduled"] + kinds["exogenous"]
    )
    pilster = code_defections(iraq, rule="pilster-2015")
    assert "GEO" in set(pilster["state"])
    assert len(pilster) == kinds["early"] + kinds["exogenous"]


def test_mello_dates_an_exit_by_its_announcement(iraq):
    spain = code_defections(iraq, rule="mello-2020").set_index("state").loc["ESP"]
    assert spain["date"] == pd.Timestamp("2004-04-18")
    plain = code_defections(iraq, rule="tago-2009").set_index("state").loc["ESP"]
    assert plain["date"] == pd.Timestamp("2004-04-27")
    last = DefectionRule("last", kinds=("full",), exits="coded", cuts="none", exit_date="last")
    assert code_defections(iraq, rule=last).set_index("state").loc["ESP", "date"] == (
        pd.Timestamp("2004-05-21")
    )


def test_every_defection_of_the_facts_has_a_source_and_rests_on_a_row():
    facts = cm.load("participation")
    both = facts[facts["coalition"].isin(["iraq", "isaf"])]
    profile = operational_profile(both)
    changes = cm.load("profile_changes")
    for name in NAMED_RULES:
        found = code_defections(both, profile, changes, name)
        assert len(found) > 0
        assert (found["source"].str.len() > 0).all()
        assert (found["reason"].str.len() > 0).all()
        assert found["rests_on"].str.match("participation: |profile_changes: |troops: ").all()
        assert found["confidence"].isin(["high", "medium", "low"]).all()


def test_candidates_that_do_not_count_are_all_listed(iraq):
    found = code_defections(iraq, rule="tago-2009")
    assert len(found) + len(record_of(found).notes["defections"]["set_aside"]) == 51


# rules -----------------------------------------------------------------------------------------


def test_a_rule_is_frozen_hashable_and_says_what_it_does():
    rule = DefectionRule("mine", falls="threshold", measure="both", cut_persons=300)
    assert {rule: 1}[DefectionRule("mine", falls="threshold", measure="both", cut_persons=300)] == 1
    with pytest.raises(AttributeError):
        rule.name = "other"  # type: ignore[misc]
    assert "a fall of at least 300 persons and 25%" in str(rule)
    assert str(rule).startswith("mine: a defection is a full exit coded early")
    assert len({str(r) for r in NAMED_RULES.values()}) == len(NAMED_RULES)


def test_every_named_rule_says_what_it_is_modelled_on_as_the_claims_do():
    """One article is cited, and said to be seen, in one way throughout."""
    known = {(one.reference, one.seen) for one in read_plan().articles.values()}
    listed = list_rules()
    assert list(listed.index) == list(NAMED_RULES)
    for name, row in listed.iterrows():
        assert (row["article"], row["seen"]) in known, name
        author, _, year = str(name).partition("-")
        assert row["article"].lower().startswith(author)
        if year[:4].isdigit():
            assert f"({year[:4]})" in row["article"]


def test_a_rule_names_every_wrong_field_at_once():
    with pytest.raises(DataError) as found:
        DefectionRule(kinds=("left",), measure="rank", quantile=2, dip=-1, minimum=-1)
    for word in ("kinds", "measure", "quantile", "dip", "minimum"):
        assert word in str(found.value)
    with pytest.raises(DataError, match="mcinnis"):
        named_rule("unknown")


def test_readings_combine_what_the_notes_leave_open():
    rules = quartile_readings()
    assert len(rules) == len(set(rules)) == 32
    first = rules[0]
    assert (first.measure, first.quantile, first.pooled, first.drawdown_years) == (
        "either",
        0.75,
        "all",
        0,
    )
    counted = quartile_readings(DefectionRule(uncoded="count"), measure=("both",))
    assert {r.uncoded for r in counted} == {"count"}


def test_a_rule_that_ranks_falls_needs_a_profile(iraq):
    with pytest.raises(DataError, match="operational_profile"):
        code_defections(iraq, rule="mcinnis")
    with pytest.raises(DataError, match="changes lacks the columns planned"):
        code_defections(
            iraq, changes=cm.load("profile_changes").drop(columns="planned"), rule="tago-2009"
        )
