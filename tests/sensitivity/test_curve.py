"""A curve is its fits one by one; exchanged histories are refits by hand; failures stay rows."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import Dimension, Setting, spec_curve
from coalition_models.sensitivity.histories import Exchange, exposure_histories, worlds_of


def base_panel(seed: int = 1) -> pd.DataFrame:
    panel = cm.simulate_panel(members=50, coefficients={"risk": 0.8, "size": 0.3}, seed=seed)
    return panel.assign(high=(panel["risk"] > 0.5).astype(float))


SPEC = cm.Specification("cox", "event ~ high + size", cluster="state")


def controls() -> Dimension:
    return Dimension(
        "controls",
        {"size": lambda s: s, "none": lambda s: s.respecify(formula="event ~ high")},
    )


def families() -> Dimension:
    return Dimension(
        "family",
        {name: (lambda s, n=name: s.respecify(family=n)) for name in ("cox", "cloglog")},
    )


def test_every_row_is_its_fit_and_its_score() -> None:
    panel = base_panel()
    curve = spec_curve(SPEC, "high", [families(), controls()], panel=panel)
    assert curve.table["problem"].tolist() == [""] * 4
    for _, row in curve.table.iterrows():
        formula = "event ~ high + size" if row["controls"] == "size" else "event ~ high"
        spec = cm.Specification(row["family"], formula, cluster="state")
        fit = cm.fit(spec, panel)
        own = fit.tidy().set_index("term").loc["high"]
        for name in ("estimate", "std_error", "conf_low", "p_value"):
            assert row[name] == own[name]
        wild = cm.inference.wild_score(fit, "high", draws=99)
        assert row["z_by_cluster"] == pytest.approx(wild.statistic, rel=1e-9)
        assert row["exposed_events"] == panel.loc[panel["high"] == 1, "event"].sum()
    alone = cm.cox("event ~ high", panel)
    score = alone.test_model().set_index("test").loc["score", "statistic"]
    z = curve.table.query("family == 'cox' and controls == 'none'")["z"].item()
    assert z**2 == pytest.approx(score, rel=1e-9)


def test_a_separated_term_has_a_score_and_a_note() -> None:
    panel = base_panel()
    panel.loc[panel["event"] == 1, "high"] = 0.0
    curve = spec_curve(SPEC, "high", [controls()], panel=panel)
    assert curve.table["estimate"].isna().all()
    assert (curve.table["z"] < -2).all()
    assert curve.table["note"].str.contains("high").all()
    assert curve.summary["without_estimate"] == 2
    assert curve.summary["without_anything"] == 0


def test_summary_and_the_nearest_other_conclusion() -> None:
    curve = spec_curve(SPEC, "high", [families(), controls()], panel=base_panel())
    summary = curve.summary
    assert summary["median_ratio"] == pytest.approx(np.exp(curve.table["estimate"].median()))
    assert summary["share_above_one"] == 1
    turn = curve.nearest_turn({"family": "cox", "controls": "size"})
    assert turn["turn"].tolist() == ["sign", "significance"]
    assert turn["choices"].iloc[0] == "no specification"
    with pytest.raises(cm.DataError, match="an option of controls"):
        curve.nearest_turn({"family": "cox"})
    with pytest.raises(cm.DataError, match="no specification of the curve"):
        curve.nearest_turn({"family": "weibull", "controls": "size"})
    assert "What moves the estimate" in repr(curve)
    assert curve._repr_html_().count("<table") == 2


def with_histories(panel: pd.DataFrame, states: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A calendar per state, and the panel that reads it."""
    rng = np.random.default_rng(3)
    periods = sorted(panel["period"].unique())
    grid = pd.DataFrame(
        rng.random((len(states), len(periods))) < 0.25, index=states, columns=periods
    ).astype(float)
    at = grid.stack(future_stack=True).rename("near")  # noqa: PD013
    key = pd.MultiIndex.from_frame(panel[["state", "period"]])
    return panel.assign(near=at.reindex(key).to_numpy()), grid


def test_draws_are_scores_of_panels_with_exchanged_histories() -> None:
    bare = base_panel()
    states = sorted(bare["state"].unique())
    panel, grid = with_histories(bare, states)
    spec = cm.Specification("cox", "event ~ near + size", cluster="state")
    keep = Dimension("controls", {"size": lambda s: s})
    base = Setting(panel=panel).assign(histories=grid)
    curve = spec_curve(spec, "near", [keep], base=base, exchange=Exchange(), draws=19, seed=4)
    worlds = worlds_of(states, Exchange(), draws=19, seed=4)
    sizes = [abs(curve.table["z"].item())]
    for place in worlds.places:
        swapped = grid.iloc[place].set_axis(states, axis=0).stack(future_stack=True)  # noqa: PD013
        key = pd.MultiIndex.from_frame(panel[["state", "period"]])
        again = panel.assign(near=swapped.reindex(key).to_numpy())
        sizes.append(abs(spec_curve(spec, "near", [keep], panel=again).table["z"].item()))
    wanted = np.mean(np.array(sizes) >= sizes[0] * (1 - 1e-9))
    assert curve.joint.table["p_value"].iloc[0] == pytest.approx(wanted)
    assert curve.joint.table["p_value"].iloc[2] == pytest.approx(wanted)


def test_the_result_does_not_depend_on_workers() -> None:
    bare = base_panel()
    panel, grid = with_histories(bare, sorted(bare["state"].unique()))
    spec = cm.Specification("cox", "event ~ near + size", cluster="state")
    options = {"draws": 9, "exchange": Exchange("shift")}
    dims = [Dimension.of("ties", ["efron"])]
    base = Setting(panel=panel).assign(histories=grid)
    one, two = (spec_curve(spec, "near", dims, base=base, workers=w, **options) for w in (1, 2))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.joint.table, two.joint.table)


def test_histories_are_those_of_the_builder() -> None:
    facts = cm.facts("iraq")
    grid = exposure_histories(facts, lambda p: cm.add_elections(p, window=2), "election_near")
    panel = cm.add_elections(cm.build_panel(facts), window=2)
    key = pd.MultiIndex.from_frame(panel[["state", "period"]])
    held = grid.stack(future_stack=True).reindex(key).to_numpy()  # noqa: PD013
    np.testing.assert_array_equal(held, panel["election_near"].to_numpy())


def _with_a_gap(panel: pd.DataFrame, grid: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nothing is known of a state in a month in which it was not there."""
    there = set(zip(panel["state"], panel["period"], strict=True))
    state, period = next((s, p) for s in grid.index for p in grid.columns if (s, p) not in there)
    gappy = grid.copy()
    gappy.loc[state, period] = np.nan
    return panel, gappy


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda p, g: (p.assign(near=1 - p["near"]), g), "do not give the panel's own exposure"),
        (lambda p, g: (p, g.iloc[1:]), "do not give the panel's own exposure"),
        (lambda p, g: (p, g.iloc[:, 1:]), "histories lack 1 period"),
        (_with_a_gap, "have gaps and cannot be exchanged"),
    ],
)
def test_histories_that_do_not_fit_are_refused(change, said) -> None:
    bare = base_panel()
    panel, grid = change(*with_histories(bare, sorted(bare["state"].unique())))
    spec = cm.Specification("cox", "event ~ near", cluster="state")
    base = Setting(panel=panel).assign(histories=grid)
    with pytest.raises(cm.DataError, match=said):
        spec_curve(
            spec, "near", [Dimension.of("ties", ["efron"])], base=base, exchange=Exchange(), draws=5
        )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: spec_curve(SPEC, "absent", [controls()], panel=p), "no column 'absent'"),
        (
            lambda p: spec_curve(
                cm.Specification("cox", "event ~ high"), "high", [families()], panel=p
            ),
            "one set of clusters",
        ),
        (lambda p: Exchange("swap"), "kind must be"),
        (lambda p: worlds_of(["ESP"], Exchange(), draws=0, seed=1), "draws must be"),
        (
            lambda p: exposure_histories(cm.facts("iraq"), lambda q: q, "absent"),
            "makes no column 'absent'",
        ),
    ],
)
def test_what_is_refused(call, said) -> None:
    with pytest.raises(cm.DataError, match=said):
        call(base_panel())


def test_a_point_estimate_stands_where_its_jackknife_cannot_be_had() -> None:
    rows = cm.simulate_panel(members=20, hazard=0.05, seed=3)
    left = rows.loc[rows["event"] == 1, "state"].iloc[0]
    rows["one"] = (rows["state"] == left).astype(float)
    spec = cm.Specification("cox", "event ~ one", cluster="state", variance="jackknife")
    curve = spec_curve(spec, "one", [Dimension.of("ties", ["efron"])], panel=rows)
    line = curve.table.iloc[0]
    plain = cm.cox("event ~ one", rows)
    assert line["estimate"] == plain.tidy()["estimate"].iloc[0]
    assert line[["std_error", "conf_low", "p_value"]].isna().all()
    assert "jackknife" in line["note"]
    assert curve.summary["without_estimate"] == 0
    assert len(cm.plot.spec_curve(curve).data) == 1


def test_an_option_that_nothing_is_known_of_is_a_row_with_its_reason() -> None:
    panel = base_panel().assign(unknown=np.nan)
    more = Dimension(
        "controls",
        {"size": lambda s: s, "unknown": lambda s: s.respecify(formula="event ~ high + unknown")},
    )
    curve = spec_curve(SPEC, "high", [more], panel=panel)
    assert curve.table["estimate"].notna().tolist() == [True, False]
    assert "nothing is known of unknown" in curve.table["problem"].iloc[1]
    assert curve.summary["without_anything"] == 1
