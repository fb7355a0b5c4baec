"""Which estimator, variance and p-value a claim's term gets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.errors import FitError
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.inference import caution as estimate
from coalition_models.inference.caution import (
    EVENTS_PER_TERM,
    EXPOSED_CLUSTERS,
    cautious,
    estimate_term,
)
from coalition_models.models.variance import FEW_CLUSTERS


def with_events(panel, count):
    """The same panel with its first events only."""
    happened = panel.index[panel["event"] == 1]
    assert len(happened) >= count
    return panel.assign(event=panel.index.isin(happened[:count]).astype(int))


@pytest.mark.filterwarnings("ignore:38 clusters", "ignore:39 clusters")
def test_the_new_leader_in_iraq_is_the_models_own_fit(bundled):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    panel = cm.add_casualties(cm.add_leadership(panel, window=6), half_life=6)
    fit = cm.cox(
        "event ~ leader_change + log_deaths_12m", panel, cluster="state", variance="jackknife"
    )
    line = fit.tidy(reference="t").iloc[0]
    found = bundled.table.query("claim == 'H02' and data_set == 'iraq'").iloc[0]
    assert found["estimate"] == pytest.approx(line["estimate"], rel=1e-9)
    assert found["std_error"] == pytest.approx(line["std_error"], rel=1e-9)
    assert found["p_value"] == pytest.approx(line["p_value"], rel=1e-9)
    limits = np.log(found[["ratio_low", "ratio_high"]].to_numpy(dtype=float))
    assert limits == pytest.approx(line[["conf_low", "conf_high"]].to_numpy(dtype=float))
    # by hand from the estimate and its error: t with one degree less than clusters
    at = stats.t.sf(line["estimate"] / line["std_error"], found["clusters"] - 1)
    assert found["p_value"] == pytest.approx(2 * at)
    assert found["ratio"] == pytest.approx(np.exp(found["estimate"]))
    assert found["method"] == "Cox, Efron ties, CR3 by state, t(38)"
    assert found[["events", "clusters", "deviations"]].tolist() == [21, 39, ""]


def test_the_number_of_clusters_with_an_event_chooses_the_variance(pulses):
    panel = pulses(70, seed=5)
    few = estimate_term(with_events(panel, FEW_CLUSTERS - 1), "leader_change")
    many = estimate_term(with_events(panel, FEW_CLUSTERS), "leader_change")
    assert (few.clusters_with_event, many.clusters_with_event) == (FEW_CLUSTERS - 1, FEW_CLUSTERS)
    assert few.method == "Cox, Efron ties, CR3 by state, t(69)"
    assert few.degrees == 69
    assert few.p_value == pytest.approx(2 * stats.t.sf(abs(few.estimate) / few.std_error, 69))
    assert many.method == "Cox, Efron ties, clustered by state"
    assert many.degrees == np.inf
    assert many.p_value == pytest.approx(
        2 * stats.norm.sf(abs(many.estimate) / many.std_error), rel=1e-6
    )
    assert few.deviations == many.deviations == ()


def test_without_an_event_among_the_exposed_the_penalty_is_used_and_named(pulses):
    panel = pulses(60, seed=2)
    panel = panel.assign(event=panel["event"].where(panel["leader_change"] == 0, 0))
    found = estimate_term(panel, "leader_change")
    assert found.method == "Cox, Efron ties, Firth, profile likelihood"
    (said,) = found.deviations
    assert said.startswith("Firth's penalty, not clustered, since monotone likelihood")
    fit = cm.cox("event ~ leader_change", panel, penalty="firth")
    line = fit.tidy().iloc[0]
    assert (found.estimate, found.p_value) == (line["estimate"], line["p_value"])
    assert found.conf_low < found.estimate < found.conf_high
    assert found.clusters == 0


def exposed_in(panel, count):
    """A fixed trait of the first states, whose exit is certain to be early."""
    states = panel.loc[panel["event"] == 1, "state"].unique()[:count]
    return panel.assign(former_communist=panel["state"].isin(states).astype(float))


def test_a_rare_exposure_is_penalised_and_decides_nothing(pulses):
    panel = pulses(80, effect=0.0, seed=4, hazard=0.004)
    claim, few, enough = "H31", EXPOSED_CLUSTERS - 1, EXPOSED_CLUSTERS
    rare = run(exposed_in(panel, few), claim, robust=False).table.iloc[0]
    assert rare["method"].endswith("Firth, profile likelihood")
    assert f"occurs in {few} clusters only" in rare["deviations"]
    assert rare["p_value"] < 0.05
    assert rare[["verdict", "reason"]].tolist() == [
        "inconclusive", f"{few} exposed events in {few} clusters are fewer than 5 in 5",
    ]  # fmt: skip
    common = run(exposed_in(panel, enough), claim, robust=False).table.iloc[0]
    assert "clusters only" not in common["deviations"] + common["reason"]
    assert common["verdict"] == "contradicted"
    # the rarer value counts, whichever it is
    turned = exposed_in(panel, few)
    turned["former_communist"] = 1 - turned["former_communist"]
    assert estimate_term(turned, "former_communist").clusters_exposed == few


def test_controls_go_together_where_events_are_too_few(pulses):
    panel = pulses(60, seed=3, x="varying", y="varying")
    needed = EVENTS_PER_TERM * 3
    kept = estimate_term(with_events(panel, needed), "leader_change", ["x", "y"])
    assert kept.fit.formula == "event ~ leader_change + x + y"
    assert kept.deviations == ()
    short = with_events(panel, needed - 1)
    lost = estimate_term(short, "leader_change", ["x", "y"])
    assert lost.fit.formula == "event ~ leader_change"
    assert lost.deviations[0] == "without x, y: 14 events are too few for 3 terms"
    main = estimate_term(short, "leader_change", ["x", "y"], keep_controls=True)
    assert main.fit.formula == kept.fit.formula
    assert main.deviations == ()


def test_controls_that_say_nothing_are_left_out_by_name(pulses):
    panel = pulses(60, seed=3, x="varying").assign(gone=np.nan, same=1.0)
    found = estimate_term(panel, "leader_change", ["x", "gone", "never", "same"])
    assert found.fit.formula == "event ~ leader_change + x"
    assert found.deviations == (
        "without gone, never: not known here", "without same: constant",
    )  # fmt: skip


def test_an_interaction_keeps_its_main_effects_through_the_whole_test(pulses):
    panel = pulses(40, effect=0.0, seed=6, support_change="pulse", democracy_bmr="fixed")
    panel = panel.assign(democracy_bmr=(panel["democracy_bmr"] > 0).astype(float))
    found = run(with_events(panel, 12), "H21", robust=False)
    assert found.table["formula"].tolist() == [
        "event ~ support_change_autocracy + support_change + autocracy"
    ]
    sample = found.estimates["H21", "panel"].fit
    product = panel["support_change"] * (1 - panel["democracy_bmr"])
    position = sample.names.index("support_change_autocracy")
    assert np.array_equal(sample.engine.sample.matrix[:, position], product.to_numpy(dtype=float))


def test_of_two_ways_to_cluster_the_larger_p_counts():
    panel = cm.simulate_panel(
        members=45, coalitions=8, periods=48, hazard=0.01, frailty=0.5, seed=7,
        coefficients={"leader_change": 0.4}, covariates={"leader_change": "pulse"},
    )  # fmt: skip
    one, other = (
        estimate_term(panel, "leader_change", cluster=by) for by in ("state", "coalition")
    )
    larger = max(one, other, key=lambda found: found.p_value)
    assert one.p_value != other.p_value
    for both in (("state", "coalition"), ("coalition", "state")):
        found = estimate_term(panel, "leader_change", cluster=both)
        assert (found.p_value, found.std_error, found.cluster, found.method, found.groups) == (
            larger.p_value, larger.std_error, larger.cluster, larger.method, larger.groups,
        )  # fmt: skip
        assert found.estimate == one.estimate
    # a second way that fails is left out by name
    few = panel.assign(bloc=panel["state"].str[-1].isin(list("02468")).astype(str))
    kept = estimate_term(few, "leader_change", cluster=("state", "bloc"))
    assert kept.p_value == one.p_value
    assert kept.deviations == (
        "not clustered by bloc, since one value of leader_change occurs in 2 clusters only",
    )


def test_a_jackknife_that_runs_away_gives_way_to_the_penalty(pulses, monkeypatch):
    panel = pulses(30, seed=1)
    plain = estimate_term(panel, "leader_change")
    assert "CR3" in plain.method
    inflated = plain.std_error**2 / plain.fit.model_covariance[0, 0]
    monkeypatch.setattr(estimate, "RUNAWAY", 1.01 * inflated)
    assert estimate_term(panel, "leader_change").method == plain.method
    monkeypatch.setattr(estimate, "RUNAWAY", 0.99 * inflated)
    found = estimate_term(panel, "leader_change")
    assert found.method.endswith("Firth, profile likelihood")
    assert found.deviations == (
        "Firth's penalty, not clustered, since the estimate hangs on one state",
    )


def test_rows_without_the_term_are_not_used(pulses):
    panel = pulses(60, seed=1)
    holes = panel["state"].isin(panel["state"].unique()[:20])
    found = estimate_term(panel.assign(leader_change=panel["leader_change"].mask(holes)),
                          "leader_change")  # fmt: skip
    alone = estimate_term(panel[~holes], "leader_change")
    assert (found.estimate, found.p_value, found.rows) == (
        alone.estimate, alone.p_value, len(panel) - holes.sum(),
    )  # fmt: skip
    assert found.groups == alone.groups


def test_nothing_to_estimate_is_an_error(pulses):
    panel = pulses(30, seed=1)
    with pytest.raises(FitError, match="no event in the rows"):
        estimate_term(panel.assign(event=0), "leader_change")
    with pytest.raises(FitError):
        estimate_term(panel.assign(leader_change=1.0), "leader_change")


def test_a_logit_where_there_is_no_time_at_risk(alliances):
    found = estimate_term(alliances, "regime_change", cluster="coalition", model="logit")
    exit_, held = alliances["event"] == 1, alliances["regime_change"] == 1
    a, b, c, d = ((exit_ & held).sum(), (exit_ & ~held).sum(),
                  (~exit_ & held).sum(), (~exit_ & ~held).sum())  # fmt: skip
    assert found.estimate == pytest.approx(np.log(a * d / (b * c)), abs=1e-6)
    assert found.method == f"Logit, CR3 by coalition, t({found.clusters - 1})"
    assert found.clusters == alliances["coalition"].nunique()
    # observed information of a saturated logit
    simple = pd.Series([a, b, c, d]).rdiv(1).sum()
    inside = found.fit.model_covariance[1, 1]
    assert inside == pytest.approx(simple, rel=1e-6)
    assert found.design_effect == pytest.approx(max(1.0, found.std_error**2 / inside))


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("clusters", [12, 60])
def test_any_specification_is_estimated_with_the_variance_its_clusters_allow(months, clusters):
    df = months(120)
    df["part"] = np.random.default_rng(2).integers(0, clusters, len(df))
    df.loc[df.index[:5], "z"] = np.nan
    plain = cm.Specification("cox", "event ~ x + np.exp(z)", cluster="part", id="state")
    found = cautious(plain, df, "x")
    few = found.clusters_with_event < FEW_CLUSTERS
    by_hand = cm.fit(replace(plain, variance="jackknife" if few else "cluster"), df)
    line = by_hand.tidy(reference="t" if few else "normal").set_index("term").loc["x"]
    assert [found.estimate, found.p_value, found.conf_low] == pytest.approx(
        line[["estimate", "p_value", "conf_low"]].tolist()
    )
    assert found.rows == len(df) - 5 == len(found.groups)
    same = cm.Specification("cox", "event ~ x", cluster="part")
    theirs = estimate_term(df, "x", cluster="part")
    assert cautious(same, df, "x").p_value == pytest.approx(theirs.p_value, rel=1e-12)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_families_keep_what_they_were_asked_for(months):
    df = months(120).rename(columns={"event": "left"})
    df["part"] = np.random.default_rng(2).integers(0, 60, len(df))
    spec = cm.Specification("cloglog", "left ~ x", cluster="part", time="linear", id="state")
    found = cautious(spec, df, "x", limits=False)
    line = cm.fit(spec, df).tidy().set_index("term").loc["x"]
    assert [found.estimate, found.p_value] == pytest.approx(line[["estimate", "p_value"]].tolist())
    # separated: nobody exposed leaves
    df["rare"] = ((df["left"] == 0) & (df["part"] < 30)).astype(float)
    penalised = cautious(replace(spec, family="logit", formula="left ~ rare"), df, "rare")
    assert "Firth" in penalised.method
    assert penalised.deviations[0].startswith("Firth's penalty, not clustered, since")


def test_what_cautious_chooses_itself_is_refused(months):
    df = months(40)
    spec = cm.Specification("cox", "event ~ x", cluster="state")
    for wrong in (
        replace(spec, cluster=None),
        replace(spec, variance="jackknife"),
        replace(spec, cluster=None, penalty="firth"),
    ):
        with pytest.raises(cm.DataError, match="chooses variance and penalty"):
            cautious(wrong, df, "x")
    with pytest.raises(cm.DataError, match=r"lacks np\.exp"):
        cautious(replace(spec, formula="event ~ np.exp(x)"), df, "np.exp(x)")
    with pytest.raises(cm.FitError):
        cautious(spec, df.assign(event=0), "x")
    with pytest.raises(cm.DataError, match="level must lie"):
        cautious(spec, df, "x", level=1.0)
