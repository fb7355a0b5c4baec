"""Rules compared: what each adds and loses, and how estimates move."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.named_rules import (
    NAMED_RULES,
    named_rule,
    quartile_readings,
)
from coalition_models.defection.rules import DefectionRule
from coalition_models.defection.withdrawals import withdrawals
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.first_look import FORMULA
from coalition_models.errors import DataError
from coalition_models.sensitivity.defection_counts import (
    analyse_defections,
    small_falls,
    traced_defections,
)
from coalition_models.sensitivity.rules import compare_rules


@pytest.fixture(scope="module")
def iraq():
    return analysis_set("iraq")


def test_the_first_rule_is_the_yardstick(iraq):
    found = compare_rules(["tago-2009", "morey-2017", "pilster-2015"], iraq)
    assert found.counts.loc["tago-2009", ["gained", "lost"]].tolist() == [0, 0]
    assert found.counts.loc["morey-2017", ["gained", "lost"]].tolist() == [0, 9]
    assert found.counts.loc["pilster-2015", ["gained", "lost"]].tolist() == [1, 0]
    gained = found.changes.query("change == 'gained'")
    assert gained[["rule", "state"]].to_numpy().tolist() == [["pilster-2015", "GEO"]]
    assert found.estimates.empty
    assert found.span.empty


def test_another_date_is_the_same_defection(iraq):
    found = compare_rules(["tago-2009", "mello-2020"], iraq)
    assert found.counts.loc["mello-2020", ["gained", "lost"]].tolist() == [0, 0]
    assert found.counts.loc["mello-2020", "rows"] < found.counts.loc["tago-2009", "rows"]


@pytest.mark.filterwarnings("ignore:38 clusters")
def test_estimates_are_those_of_the_model_fitted_by_hand(iraq):
    found = compare_rules(["tago-2009", "weisiger-2016"], iraq, formula=FORMULA)
    fit = cm.cox(FORMULA, iraq.panel, cluster="state").tidy(exponentiate=True)
    mine = found.estimates.query("rule == 'tago-2009'")
    assert mine["hazard_ratio"].tolist() == pytest.approx(fit["estimate"].tolist())
    assert mine["p_value"].tolist() == pytest.approx(fit["p_value"].tolist())
    assert mine["ratio_to_first"].tolist() == pytest.approx([1.0] * 4)
    other = found.estimates.query("rule == 'weisiger-2016'")
    assert other["ratio_to_first"].tolist() == pytest.approx(
        (other["hazard_ratio"].to_numpy() / mine["hazard_ratio"].to_numpy()).tolist()
    )
    assert set(mine["clusters"]) == {38}
    span = found.span
    assert span["rules"].tolist() == [2] * 4
    assert (span["lowest"] <= span["highest"]).all()


def test_a_rule_that_cannot_be_fitted_is_kept_with_the_reason(iraq):
    never = DefectionRule("tokens", kinds=("full",), exits="coded", cuts="none", peak_at_least=1e6)
    found = compare_rules(["tago-2009", never], iraq, formula=FORMULA)
    failed = found.estimates.query("rule == 'tokens'")
    assert failed["failed"].iloc[0] != ""
    assert failed["hazard_ratio"].isna().all()
    assert found.counts.loc["tokens", "events"] == 0


@pytest.mark.filterwarnings("ignore:38 clusters")
def test_repeated_events_are_fitted_by_order(iraq):
    rule = DefectionRule("every cut", exits="coded", cuts="coded")
    found = compare_rules([rule], iraq, formula=FORMULA, how="repeated")
    panel = iraq.recode(rule, how="repeated")
    fit = cm.cox(FORMULA, panel, cluster="state", strata="order").tidy(exponentiate=True)
    assert found.estimates["hazard_ratio"].tolist() == pytest.approx(fit["estimate"].tolist())
    assert found.counts.loc["every cut", "events"] == panel["event"].sum() == 36


@pytest.mark.slow
def test_at_least_24_readings_of_the_quartile_method(iraq):
    found = compare_rules(quartile_readings(), iraq)
    assert len(found.counts) == 32
    # a stricter measure never adds a full exit
    full = found.counts["full"]
    for rest in ("q0.75 all d0", "q0.75 coalition d0", "q0.5 all d0"):
        either, both = full[f"either {rest}"], full[f"both {rest}"]
        assert both <= min(full[f"persons {rest}"], full[f"percent {rest}"])
        assert either >= max(full[f"persons {rest}"], full[f"percent {rest}"])


def test_wrong_calls(iraq):
    with pytest.raises(DataError, match="found twice: tago-2009"):
        compare_rules(["tago-2009", "tago-2009"], iraq)
    with pytest.raises(DataError, match="at least one"):
        compare_rules([], iraq)
    with pytest.raises(DataError, match="'first' or 'repeated'"):
        compare_rules(["tago-2009"], iraq, how="competing")


def test_small_falls_are_counted_as_found(iraq):
    table = small_falls({"iraq": iraq}).set_index("level")
    mine = iraq.profile[iraq.profile["coalition"] == "iraq"]
    for level in ("end", "mean", "peak"):
        persons = withdrawals(mine, level=level)["persons"]
        assert table.loc[level, "falls"] == len(persons)
        assert table.loc[level, "below"] == (persons < 200).sum()
    assert table.loc["end", ["falls", "below"]].tolist() == [64, 36]


def test_every_defection_in_iraq_and_isaf_is_traced_to_a_row(iraq):
    traced = traced_defections([iraq, analysis_set("isaf", features=False)])
    spells, changes = cm.load("participation"), cm.load("profile_changes")
    keys = {
        f"{c} {s}-{n}" for c, s, n in zip(spells.coalition, spells.state, spells.spell, strict=True)
    }
    rows = {
        f"{c} {s} {k} {d:%Y-%m-%d}"
        for c, s, k, d in zip(
            changes.coalition, changes.state, changes.change, changes.date, strict=True
        )
    }
    for text in traced["rests_on"]:
        for part in text.split("; "):
            kind, what = part.split(": ", 1)
            if kind == "participation":
                assert what.split(",")[0] in keys
            elif kind == "profile_changes":
                assert what in rows
            else:
                assert kind == "troops"
    assert (traced["source"] != "").all()
    named = set(", ".join(traced["rules"]).split(", "))
    assert named == set(NAMED_RULES)
    full = traced[traced["kind"] == "full"].drop_duplicates(["coalition", "state", "spell"])
    early = cm.facts("iraq", "isaf").members.query("exit_kind == 'early'")
    assert set(early["state"]) <= set(full["state"])


@pytest.mark.slow
def test_the_analysis_without_external_sources():
    found = analyse_defections(un=False)
    assert set(found.sets) == set(found.readings) | {"isaf"} == {"iraq", "isaf"}
    assert found.absent == {"un": "left out on request"}
    assert len(found.named.counts) == len(NAMED_RULES)
    assert isinstance(found.set_aside, pd.DataFrame)
    assert {"candidate", "reason"} == set(found.set_aside.columns)


@pytest.mark.slow
@pytest.mark.mirror
def test_un_readings_count_cuts_that_nobody_planned_or_coded(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    un = analysis_set("un", features=False)
    base = DefectionRule(kinds=("full", "partial_cut"), uncoded="count")
    found = compare_rules(quartile_readings(base), un)
    assert (found.counts["partial_cut"] > 0).all()
    table = small_falls({"un": un}).set_index("level")
    assert table.loc["end", "share"] == pytest.approx(347 / 399)


@pytest.mark.parametrize(
    ("date", "rows", "lost"), [("main", 1642, 0), ("announced", 1550, 0), ("last", 1746, 1)]
)
def test_a_rule_with_another_date_of_exit_gets_a_panel_of_its_own(date, rows, lost):
    """At risk until the day that counts; Australia's last people stayed past the mandate."""
    iraq = analysis_set("iraq", features=False)
    rule = replace(named_rule("tago-2009"), name=date, exit_date=date)
    found = compare_rules([rule], iraq).counts.loc[date]
    assert found["defections"] == found["events"] + found["not_at_risk"] == 21
    assert (found["rows"], found["not_at_risk"]) == (rows, lost)
    built = cm.build_panel(cm.facts("iraq"), exit_date=date)
    assert (len(built), built["event"].sum()) == (rows, 21 - lost)
    if lost:
        with pytest.warns(cm.CoalitionWarning, match=r"1 defection is no event.*iraq AUS-1 full"):
            coded = iraq.recode(rule)
    else:
        coded = iraq.recode(rule)
    assert coded["event"].sum() == 21 - lost


@pytest.mark.parametrize(
    "formula", ["combat_role ~ deaths_12m", "stop ~ troops", "1 - event ~ troops"]
)
def test_only_the_event_can_be_the_outcome_of_rules(formula):
    with pytest.raises(cm.DataError, match="must have event on its left"):
        compare_rules(["tago-2009"], analysis_set("iraq", features=False), formula=formula)
