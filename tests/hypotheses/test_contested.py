"""Contested claims: odds by hand, and which choice turns the sign."""

from __future__ import annotations

import re
from math import comb

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.leader_cases import leader_cases
from coalition_models.errors import CoverageError, DataError
from coalition_models.hypotheses import contested
from coalition_models.hypotheses.contested import Contested, contest
from coalition_models.hypotheses.contested_cells import UNITS, leaders_cell


def leaders(exit_yes, exit_no, stay_yes, stay_no, unknown=0):
    rows = [(1, 1.0)] * exit_yes + [(1, 0.0)] * exit_no + [(0, 1.0)] * stay_yes
    rows += [(0, 0.0)] * stay_no + [(1, np.nan)] * unknown
    return pd.DataFrame(rows, columns=["early_exit", "election_near"])


MONTH, MANDATES, OTHERS, ANY = UNITS


def _leaders(cases, column):
    return leaders_cell(cases["early_exit"].eq(1).to_numpy(), cases[column].to_numpy(float))


def test_odds_and_fishers_test_by_hand():
    found = _leaders(leaders(3, 4, 1, 8, unknown=5), "election_near")
    assert found["ratio"] == pytest.approx(3 * 8 / (4 * 1))
    assert found["estimate"] == pytest.approx(np.log(6))
    # margins 7 and 9 of 16, 4 with an election: every table as likely as this one or less
    chance = [comb(7, k) * comb(9, 4 - k) / comb(16, 4) for k in range(5)]
    assert found["p_value"] == pytest.approx(sum(p for p in chance if p <= chance[3] + 1e-12))
    assert (found["n"], found["events"], found["sign"]) == (16, 7, "+")
    assert [found[name] for name in ("exit_yes", "exit_no", "stay_yes", "stay_no")] == [3, 4, 1, 8]


def test_an_empty_cell_gets_a_half_and_an_empty_margin_nothing():
    found = _leaders(leaders(0, 6, 5, 5), "election_near")
    assert found["ratio"] == pytest.approx((0.5 * 5.5) / (6.5 * 5.5))
    assert (found["sign"], found["exit_yes"]) == ("-", 0)
    assert _leaders(leaders(2, 2, 3, 3), "election_near")["sign"] == ""
    for cells in ((0, 0, 3, 3), (0, 4, 0, 3), (2, 2, 0, 0)):
        nothing = _leaders(leaders(*cells), "election_near")
        assert nothing["sign"] == ""
        assert np.isnan(nothing["ratio"])
        why = "the condition, or exit, does not vary" if any(cells[2:]) else "no case to compare"
        assert nothing["problem"].startswith(why)


def test_flips_by_hand():
    signs = {  # unit, date -> sign, log ratio and p
        ("month", "main"): ("+", 0.7, 0.01),
        ("month", "last"): ("+", 0.2, 0.2),
        ("month", "said"): ("", 0.0, 1.0),
        ("leader", "main"): ("-", -0.5, 0.02),
        ("leader", "last"): ("+", 0.09, 0.9),
        ("leader", "said"): ("-", -0.6, 0.5),
    }
    table = pd.DataFrame(
        [(*key, *values) for key, values in signs.items()],
        columns=["unit", "date", "sign", "estimate", "p_value"],
    )
    found = Contested("elections", "iraq", table, ("unit", "date")).flips()
    by_pair = found.set_index(["choice", "from", "to"])[
        ["pairs", "flips", "share", "both_significant"]
    ]
    assert by_pair.loc[("unit", "month", "leader")].tolist() == [2, 1, 0.5, 1]
    assert by_pair.loc[("date", "main", "last")].tolist() == [2, 1, 0.5, 0]
    assert by_pair.loc[("date", "main", "said")].tolist() == [1, 0, 0, 0]
    assert by_pair.loc[("date", "last", "said")].tolist() == [1, 1, 1, 0]
    # a ratio of exp(0.09) is within ten per cent of one
    clear = found.set_index(["choice", "from", "to"])["clear_flips"]
    assert clear["unit", "month", "leader"] == 1
    assert clear["date", "last", "said"] == 0
    assert (found["clear_flips"] <= found["flips"]).all()
    assert found["share"].tolist() == sorted(found["share"], reverse=True)
    assert len(found) == 4


@pytest.fixture(scope="module")
def elections():
    return contest("elections", "iraq", windows=[2, 12], dates=["main", "last"], outcomes=["early"])


def ahead(found):
    rows = found.table[found.table["side"] == "ahead"]
    return rows.set_index(["unit", "window", "date"])


def test_every_combination_is_there_once(elections):
    # three sides, but months of a case on one side only
    assert len(elections.table) == (3 * 3 + 1) * 2 * 2
    assert not elections.table.duplicated(list(elections.choices)).any()
    assert elections.table["problem"].eq("").all()
    assert set(elections.flips()["choice"]) == {"unit", "side", "window", "date"}
    text = str(elections)
    assert all(f"{ratio:.2f}" in text for ratio in elections.table["ratio"])


@pytest.mark.filterwarnings("ignore:[0-9]+ clusters")
def test_combinations_are_what_they_say(elections):
    rows = ahead(elections)
    month = rows.loc[("state-month", 12, "last")]
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"], exit_date="last")
    fit = cm.cox(
        "event ~ election_near", cm.add_elections(panel, window=12), cluster="state",
        variance="jackknife",
    )  # fmt: skip
    line = fit.tidy(reference="t").iloc[0]
    assert month[["estimate", "p_value"]].tolist() == pytest.approx(
        line[["estimate", "p_value"]].tolist()
    )
    assert month["events"] == panel["event"].sum()
    cases = leader_cases("iraq", window=2, exit_date="last")
    cells = pd.crosstab(cases["early_exit"], cases["election_near"])
    leader = rows.loc[(OTHERS, 2, "last")]
    assert leader[["exit_yes", "exit_no", "stay_yes", "stay_no"]].tolist() == [
        cells.loc[1, 1], cells.loc[1, 0], cells.loc[0, 1], cells.loc[0, 0],
    ]  # fmt: skip
    ever = rows.loc[(ANY, 2, "last"), "exit_yes"]
    assert ever == ((cases["early_exit"] == 1) & (cases["election_near_ever"] == 1)).sum()


def test_the_unit_turns_the_sign_on_elections(elections):
    """Tago against Mello: more exits by month, fewer among leaders who ever faced one."""
    rows = ahead(elections)["sign"]
    assert rows["state-month", 2, "main"] == "+"
    assert rows[ANY, 2, "main"] == "-"
    flips = elections.flips().set_index(["choice", "from", "to"])
    assert flips.loc[("unit", MONTH, ANY), "flips"] > 0


def test_findings_name_the_direction_of_each_unit(elections):
    said = elections.findings()
    table = elections.table
    above = (table["sign"] == "+").sum()
    assert (
        f"of {(table['sign'] != '').sum()} combinations {above} have a ratio above one" in said[0]
    )
    for unit, part in table.groupby("unit", sort=False):
        (sentence,) = [text for text in said if text.startswith(f"{unit}: ")]
        for side, group in part.groupby("side"):
            known = group[group["sign"] != ""]
            assert (
                f"{side} above one in {(known['sign'] == '+').sum()} of {len(known)} "
                f"({(known['p_value'] < 0.05).sum()} with p < 0.05" in sentence
            )


def test_what_sets_the_leaders_apart_from_mellos_is_counted(elections):
    cases = leader_cases("iraq")
    said = elections.compare_mello()
    assert elections.findings()[-len(said) :] == said
    text = " ".join(said)
    assert "no replication" in text
    assert f"{len(cases)} leaders of {cases['state'].nunique()} states" in text
    heads = leader_cases("iraq", who="head_of_government")
    assert f"{len(heads)} leaders of {heads['state'].nunique()} states" in text
    length = cases.groupby("early_exit")["months"].median()
    assert f"last {length[1]:g} months at the median, the others' {length[0]:g}" in text
    other = Contested("elections", "isaf", elections.table, elections.choices)
    assert other.compare_mello() == []


@pytest.mark.mirror
def test_how_many_of_the_leaders_lead_democracies(mirror, monkeypatch, elections):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = re.search(r"here (\d+) of the leaders, of (\d+) states", " ".join(elections.findings()))
    leading, states = (int(number) for number in found.groups())
    assert states < leading < len(leader_cases("iraq"))


def test_whoever_has_just_lost_an_election_turns_the_sign(elections):
    """Looking ahead only, a leader voted out on the last day counts as far from an election.

    In the second revision Lithuania's last day is 31 July 2008, three months before its election
    and not two, so that the odds are below one either way.
    """
    options = {"windows": [2], "dates": ["main"], "outcomes": ["early"], "draws": 0}
    first = contest("elections", cm.facts("iraq", revision=1), **options)
    for table, signs in ((first.table, ("+", "-")), (elections.table, ("-", "-"))):
        rows = table.query("window == 2 and date == 'main'").set_index(["unit", "side"])
        one, both = rows.loc[(OTHERS, "ahead")], rows.loc[(OTHERS, "around")]
        assert both["n"] == one["n"]
        assert both["stay_yes"] > 2 * one["stay_yes"]
        assert both["ratio"] < one["ratio"] / 1.9
        assert (one["sign"], both["sign"]) == signs


def test_unknown_choices_are_refused():
    with pytest.raises(DataError, match="'elections' or 'democracy'"):
        contest("weather")
    with pytest.raises(DataError, match="at least one window"):
        contest("elections", windows=[])
    with pytest.raises(DataError, match="exit_date"):
        contest("elections", windows=[2], dates=["first"])


def test_democracy_without_its_sources_says_what_is_missing(monkeypatch):
    asked = []

    def nothing(name):
        asked.append(name)
        raise CoverageError(f"{name} cannot be had")

    monkeypatch.setattr(contested, "load", nothing)
    with pytest.raises(CoverageError, match="democracy-bmr cannot be had"):
        contest("democracy", "iraq")
    # each source is tried once, not once for every combination
    assert sorted(asked) == ["democracy-bmr", "polity5"]


@pytest.mark.mirror
def test_one_measure_of_democracy_goes_without_the_other(mirror, monkeypatch):
    def without_polity(name):
        if name == "polity5":
            raise CoverageError("polity5 cannot be had")
        return cm.load(name)

    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    monkeypatch.setattr(contested, "load", without_polity)
    table = contest("democracy", "iraq", dates=["main"]).table.set_index("measure")
    assert table.loc["polity", "problem"].eq("needs polity5, not at hand").all()
    assert table.loc["bmr", "problem"].eq("").all()


@pytest.mark.slow
@pytest.mark.mirror
def test_democracy_by_leader(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = contest("democracy", "iraq", dates=["main"])
    assert len(found.table) == 3 * 2 * 2
    rows = found.table.query("outcome == 'early'").set_index(["unit", "measure"])
    row = rows.loc[(OTHERS, "bmr")]
    exits, stays = row["exit_yes"] + row["exit_no"], row["stay_yes"] + row["stay_no"]
    assert exits == row["events"] <= 21
    assert exits + stays == row["n"]
    assert row["ratio"] == pytest.approx(
        (row["exit_yes"] * row["stay_no"]) / (row["exit_no"] * row["stay_yes"])
    )
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    known = cm.add_regime(panel, measures=["bmr"])
    assert rows.loc[("state-month", "bmr"), "n"] == known["democracy_bmr"].notna().sum()
