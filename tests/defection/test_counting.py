"""Falls between lists that count differently are marked."""

from __future__ import annotations

import pandas as pd

import coalition_models as cm

SPELLS = pd.DataFrame(
    {
        "coalition": "mali",
        "state": ["TCD"],
        "entry": ["2010-01-11"],
        "exit": ["2014-06-15"],
        "exit_kind": ["early"],
    }
)
COALITIONS = pd.DataFrame(
    {"coalition": ["mali"], "start": ["2010-01-11"], "mandate_end": ["2014-12-31"],
     "lead_state": ["FRA"]}
)  # fmt: skip
TROOPS = pd.DataFrame(
    {
        "coalition": "mali",
        "state": "TCD",
        "date": ["2010-12-01", "2011-12-01", "2012-12-01", "2013-12-01"],
        "troops": [1000, 900, 600, 400],
        "counting_basis": ["all", "all", "required", None],
    }
)


def made(**columns):
    facts = cm.Facts(members=SPELLS, coalitions=COALITIONS, troops=TROOPS.assign(**columns))
    return cm.withdrawals(cm.operational_profile(facts))


def test_only_a_known_change_is_marked():
    falls = made().set_index(made()["period"].dt.year)["counting_change"]
    # the same, another, not known, none left
    assert falls.to_dict() == {2011: False, 2012: True, 2013: False, 2014: False}
    assert cm.record_of(made()).notes["withdrawals"]["counting_changes"] == 1


def test_without_the_column_nothing_is_marked():
    facts = cm.Facts(
        members=SPELLS, coalitions=COALITIONS, troops=TROOPS.drop(columns="counting_basis")
    )
    assert not cm.withdrawals(cm.operational_profile(facts))["counting_change"].any()


def test_sizes_of_falls_do_not_hang_on_it():
    plain = made(counting_basis="all")
    assert plain["persons"].tolist() == made()["persons"].tolist()
    assert not plain["counting_change"].any()


def test_lists_of_one_day_that_count_differently_count_as_not_known():
    twice = pd.concat([TROOPS, TROOPS.iloc[[1]].assign(counting_basis="required")])
    facts = cm.Facts(members=SPELLS, coalitions=COALITIONS, troops=twice)
    profile = cm.operational_profile(facts).set_index("period")
    assert pd.isna(profile.loc["2011-12-01", "counting_basis"])


def test_falls_of_isaf_across_2012_are_marked_and_the_defection_says_so():
    facts = cm.facts("isaf")
    falls = cm.withdrawals(cm.operational_profile(facts))
    marked = falls[falls["counting_change"]]
    assert {2010, 2012} <= set(marked["period"].dt.year)
    assert 2013 not in set(marked["period"].dt.year)
    rule = cm.DefectionRule("cuts", kinds=("partial_cut",), exits="none", uncoded="count")
    coded = cm.code_defections(facts, rule=rule)
    otherwise = coded["rests_on"].str.contains("count differently")
    assert otherwise.any()
    assert coded.loc[otherwise, "contested"].all()
