"""Families without a score are judged by Wald's z, and scales never share a median."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.inference.wald_numbers import wald_numbers
from coalition_models.sensitivity import Dimension, leave_out, resample, spec_curve

FAMILIES = ("cox", "cloglog", "logit", "weibull", "lognormal")


def panel_of() -> pd.DataFrame:
    panel = cm.simulate_panel(members=50, coefficients={"risk": 0.8, "size": 0.3}, seed=1)
    return panel.assign(high=(panel["risk"] > 0.5).astype(float))


PANEL = panel_of()
SPEC = cm.Specification("cox", "event ~ high + size", cluster="state")


def families(names: tuple[str, ...]) -> Dimension:
    return Dimension("family", {n: (lambda s, n=n: s.respecify(family=n)) for n in names})


@pytest.fixture(scope="module")
def mixed() -> cm.sensitivity.SpecCurve:
    return spec_curve(SPEC, "high", [families(FAMILIES)], panel=PANEL)


def test_every_row_names_its_scale_and_statistic(mixed: cm.sensitivity.SpecCurve) -> None:
    table = mixed.table.set_index("family")
    assert table["problem"].eq("").all()
    assert table["scale"].tolist() == [
        "hazard ratio", "hazard ratio", "odds ratio", "hazard ratio", "time ratio"
    ]  # fmt: skip
    assert table["statistic"].tolist() == [
        "score", "score", "score", "Wald, hazard ratio", "Wald, time ratio"
    ]  # fmt: skip
    for name in FAMILIES:
        fit = cm.fit(cm.Specification(name, "event ~ high + size", cluster="state"), PANEL)
        own = fit.tidy().set_index("term").loc["high"]
        assert table.loc[name, "estimate"] == own["estimate"]
        assert table.loc[name, "p_value"] == own["p_value"]
        if table.loc[name, "statistic"] != "score":
            bare = cm.fit(cm.Specification(name, "event ~ high + size"), PANEL)
            plain = bare.tidy().set_index("term").loc["high"]
            assert table.loc[name, "z"] == pytest.approx(plain["estimate"] / plain["std_error"])
            assert table.loc[name, "z_by_cluster"] == own["estimate"] / own["std_error"]
    # a longer time is a smaller hazard
    assert table.loc["weibull", "z"] > 0 > table.loc["lognormal", "z"]
    counts = ["events", "exposed_events", "exposed_clusters", "clusters", "rows"]
    assert len(table[counts].drop_duplicates()) == 1


def test_scales_and_statistics_are_not_pooled(mixed: cm.sensitivity.SpecCurve) -> None:
    table, told = mixed.table.set_index("family"), mixed.summary
    hazards = table.loc[["cox", "cloglog", "weibull"], "estimate"]
    assert told["median_ratio"] == pytest.approx(np.exp(hazards.median()))
    assert told["median_z"] == table.loc[["cox", "cloglog", "logit"], "z"].median()
    assert told["share_above_one"] == 1  # of scores; the time ratio below one is none of them
    assert (told["other_scale"], told["other_statistic"]) == (2, 2)
    apart = mixed.by_scale
    assert apart["specifications"].tolist() == [2, 1, 1, 1]
    assert apart["median_ratio"].iloc[-1] == pytest.approx(
        np.exp(table.loc["lognormal", "estimate"])
    )
    assert "Each scale on its own" in repr(mixed)
    turn = mixed.nearest_turn({"family": "cox"})
    assert turn["choices"].tolist()[0] == "no specification"  # not that of the time ratio
    assert len(mixed.variation) == 0 or mixed.variation["share"].notna().all()


def test_the_picture_tells_scales_apart(mixed: cm.sensitivity.SpecCurve) -> None:
    data = cm.plot.spec_curve_data(mixed)
    assert set(data["scale"]) == {"hazard ratio", "odds ratio", "time ratio"}
    drawn = cm.plot.spec_curve(mixed)
    legend = drawn.figure.axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["time ratio", "odds ratio"]
    start = cm.Specification("probit", "event ~ high + size", cluster="state")
    probit = spec_curve(start, "high", [families(("probit", "logit"))], panel=PANEL)
    assert probit.scale == "probit"
    assert np.isnan(probit.summary["median_ratio"])
    assert probit.summary["median_estimate"] == probit.table["estimate"].iloc[0]
    picture = cm.plot.spec_curve(probit)
    assert picture.data["ratio"].tolist() == [probit.table["estimate"].iloc[0]]
    assert "; 1 on another scale" in picture.figure.axes[0].get_title(loc="left")


def test_a_family_that_has_no_fit_is_a_row_with_its_reason() -> None:
    none = PANEL.assign(high=PANEL["high"].where(PANEL["event"].eq(0), 0.0))
    found = spec_curve(SPEC, "high", [families(("cox", "weibull"))], panel=none)
    table = found.table.set_index("family")
    assert np.isfinite(table.loc["cox", "z"])
    assert np.isnan(table.loc["weibull", "z"])
    assert table.loc["weibull", "problem"]


def test_left_out_and_drawn_again_without_a_score() -> None:
    spec = cm.Specification("weibull", "event ~ high", cluster="state")
    found = leave_out(spec, PANEL, "high", by="state").set_index("left_out")
    first = found.index[1]
    fit = cm.fit(spec, PANEL[PANEL["state"] != first])
    own = fit.tidy().set_index("term").loc["high"]
    assert found.loc[first, "estimate"] == own["estimate"]
    assert found.loc[first, "z_by_cluster"] == own["estimate"] / own["std_error"]
    drawn = resample(spec, PANEL, "high", draws=4)
    assert drawn.draws["estimate"].notna().all()
    with pytest.raises(cm.DataError, match="wild_score"):
        resample(spec, PANEL, "high", how="wild")
    with pytest.raises(cm.DataError, match=r"fewest_events\(\)"):
        cm.sensitivity.fewest_events(spec, PANEL, "high")


def test_more_draws_than_months_and_seeds_below_none() -> None:
    assert 0 < resample(SPEC, PANEL, "size", how="wild", draws=1300).p_value < 1
    with pytest.raises(cm.DataError, match="seed must be 0 or more"):
        resample(SPEC, PANEL, "size", seed=-1)
    with pytest.raises(cm.DataError, match="draws must be 1 or more"):
        spec_curve(SPEC, "high", [families(("cox",))], panel=PANEL, draws=0)


def test_what_lies_beside_a_cause_are_the_covariates_alone() -> None:
    fit = cm.parametric("event ~ high + size", PANEL, distribution="weibull", cluster="state")
    found = cm.sensitivity.confounding(
        fit, "high", PANEL, shares=[(0.5, 0.5)], strengths=[2.0], draws=2
    )
    assert found.benchmarks["covariate"].tolist() == ["size"]
    longer = cm.parametric("event ~ high", PANEL, distribution="lognormal", cluster="state")
    with pytest.raises(cm.DataError, match="is a time ratio"):
        cm.sensitivity.confounding(longer, "high", PANEL, draws=2)


def test_without_clusters_there_is_no_z_by_cluster() -> None:
    fit = cm.parametric("event ~ high", PANEL, distribution="weibull")
    numbers, _ = wald_numbers(fit, "high")
    assert "z_by_cluster" not in numbers
    assert numbers["exposed_events"] == PANEL.loc[PANEL["high"] == 1, "event"].sum()


def test_options_that_all_leave_the_first_scale_have_one_of_their_own() -> None:
    start = cm.Specification("lognormal", "event ~ high", cluster="state")
    curve = spec_curve(start, "high", [families(("cox", "logit"))], panel=PANEL)
    assert (curve.scale, curve.statistic) == ("hazard ratio", "score")
    assert np.isfinite(curve.summary["median_ratio"])


def test_a_report_on_a_family_without_a_score_says_which_parts_need_one() -> None:
    spec = cm.Specification("weibull", "event ~ high", cluster="state")
    found = cm.sensitivity.sensitivity_report(
        spec, "high", panel=PANEL, parts=["leave_out", "fewest_events", "e_value"], draws=5
    )
    assert "Wald" not in found.absent.get("leave_out", "")
    assert "needs a family with a score" in found.absent["fewest_events"]
    assert "hazard ratio of" in found.summary
    probit = cm.Specification("probit", "event ~ high", cluster="state")
    with pytest.raises(cm.DataError, match="is a probit"):
        cm.sensitivity.sensitivity_report(probit, "high", panel=PANEL)
