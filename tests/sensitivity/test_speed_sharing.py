"""What specifications share gives the numbers that each has alone."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.inference.null_score import score_at_null
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels.cox import prepare
from coalition_models.sensitivity import Dimension, Setting, spec_curve
from coalition_models.sensitivity.curve import Estimate
from coalition_models.sensitivity.drawn_rows import DrawnRows
from coalition_models.sensitivity.made import Made
from coalition_models.sensitivity.null_maps import NullMaps


@pytest.fixture(scope="module")
def panel():
    made = cm.simulate_panel(members=40, coefficients={"risk": 0.8, "size": 0.2}, seed=3)
    return made.assign(other=made["risk"].shift(7, fill_value=0.0))


@pytest.mark.parametrize("family", ["cox", "logit", "cloglog"])
def test_maps_and_rows_that_are_recalled_are_those_made_anew(panel, family):
    spec = cm.Specification(family, "event ~ risk + size", cluster="state")
    shared = Estimate("risk", None)
    for column in ("risk", "other"):
        for ties in ("efron", "breslow") if family == "cox" else (None,):
            rows = panel.assign(risk=panel[column])
            setting = Setting(panel=rows, spec=spec).respecify(ties=ties)
            again, alone = dict(shared(setting)), dict(Estimate("risk", None)(setting))
            pd.testing.assert_series_equal(pd.Series(again), pd.Series(alone), check_exact=True)
            fit = cm.fit(setting.spec, rows)
            assert alone["z"] == score_at_null(fit, "risk").numbers["z"]
            line = fit.tidy().set_index("term").loc["risk"]
            for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high"):
                assert alone[name] == line[name]


def test_a_separated_term_is_scored_from_the_rows_drawn_for_its_fit(panel):
    rows = panel.assign(risk=panel["event"])
    spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    found = Estimate("risk", None)(Setting(panel=rows, spec=spec))
    assert np.isnan(found["estimate"])
    assert "risk" in found["note"]
    assert found["z"] == score_at_null(spec, "risk", rows).numbers["z"]


def test_an_option_that_adds_a_column_leaves_the_shared_panel_alone(panel):
    wider = Dimension(
        "wider",
        {
            "no": lambda s: s,
            "yes": lambda s: s.replace(panel=s.rows.assign(size=2 * s.rows["size"])),
        },
    )
    before = panel.copy()
    spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    spec_curve(spec, "risk", [wider], panel=panel)
    pd.testing.assert_frame_equal(panel, before)


def test_what_is_asked_for_again_stays_longest():
    made = Made()
    made.MOST = 2
    for name in "ab":
        made.keep(name, ((), name))
    made.recall("a")
    made.keep("c", ((), "c"))
    assert list(made) == ["a", "c"]


def test_rows_and_maps_are_kept_within_bounds_and_by_what_decides_over_them(panel):
    spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    drawn, maps = DrawnRows(), NullMaps(most=1)
    first = drawn.of(spec, panel)
    assert drawn.of(Setting(spec=spec).respecify(ties="breslow").spec, panel) is first
    assert drawn.of(spec, panel.copy()) is not first
    for _ in range(9):
        drawn.of(spec, panel.copy())
    assert len(drawn.kept) <= 6
    score_at_null(spec, "risk", panel, null_map=maps.of(spec))
    assert not maps.kept


def test_one_column_is_judged_as_the_programme_judges_it():
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(200):
        n = 12
        x = rng.integers(0, 3, n).astype(float)
        event = rng.random(n) < 0.4
        if not event.any() or np.ptp(x) == 0:
            continue
        data = prepare(np.zeros(n), rng.integers(1, 5, n), event, x[:, None])
        found = recession_direction(data.panel, np.array([0]), data.panel.weights)
        two = recession_direction(_twice(data), np.array([0, 1]), data.panel.weights)
        assert (found is None) == (two is None)
        seen.add(found is None)
    assert seen == {True, False}


def _twice(data):
    """The same column and one without variation, for which the programme is solved."""
    from dataclasses import replace

    flat = np.zeros_like(data.panel.columns)
    return replace(data.panel, columns=np.vstack([data.panel.columns, flat]))
