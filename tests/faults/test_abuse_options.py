"""Options and formulas beyond sense: refused by name, or told; never a raw traceback."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def iraq():
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


@pytest.fixture(scope="module")
def simulated():
    return cm.simulate_panel(members=80, hazard=0.03, coefficients={"x": 0.5}, seed=1)


@pytest.fixture(scope="module")
def fit(simulated):
    return cm.cox("event ~ x", simulated)


@pytest.mark.parametrize("far", [101, 10_000, 10**6, 10**19])
def test_lags_of_ages_read_no_other_states_rows(iraq, far):
    for call, name in (
        (lambda: cm.add_regime(iraq, years=far), "years"),
        (lambda: cm.add_alliance(iraq, lag=far), "lag"),
        (lambda: cm.add_capability(iraq, lag=far), "lag"),
    ):
        with pytest.raises(cm.DataError, match=f"{name} must be a whole number of years from 0"):
            call()


@pytest.mark.parametrize("term", ["x^2", "x**2", "x ** 3", "(x)^2"])
def test_a_power_between_terms_is_the_term_and_says_so(simulated, fit, term):
    found = cm.cox(f"event ~ {term}", simulated)
    np.testing.assert_allclose(found.coefficients, fit.coefficients)
    assert any("write I(x**" in remark for remark in found.remarks)
    square = cm.cox("event ~ I(x**2)", simulated)
    by_hand = cm.cox("event ~ s", simulated.assign(s=simulated["x"] ** 2))
    np.testing.assert_allclose(square.coefficients, by_hand.coefficients)


@pytest.mark.parametrize(
    "term", ["I(x >)", "np.log(x >)", "C(x ?)", "I(x $ 2)", "I(1 +)", "np.log((x)", "I(x;)", "I(-)"]
)
@pytest.mark.parametrize("model", [cm.cox, cm.logit])
def test_what_is_no_python_inside_a_call(simulated, term, model):
    with pytest.raises(cm.FormulaError, match=r"cannot read|is not read here") as caught:
        model(f"event ~ {term}", simulated)
    assert "⧛" not in str(caught.value)


@pytest.mark.parametrize(
    "term", ["x + 'risk'", "x 'risk'", "x risk", "x +", "(x", "x ~ x ~ x", "x + 'risk", "x)"]
)
def test_messages_of_formulas_are_plain_text(simulated, term):
    with pytest.raises(cm.FormulaError) as caught:
        cm.cox(f"event ~ {term}", simulated)
    text = str(caught.value)
    assert text.isprintable() or "\n" in text
    for marker in ("⧛", "⧚", "\x1b", "[1;31m"):
        assert marker not in text


@pytest.mark.parametrize("count", [1, 2, 7])
def test_nobody_has_no_curve(iraq, simulated, count):
    for panel in (iraq, simulated, simulated[["start", "stop", "event"]]):
        with pytest.raises(cm.DataError, match="the data have no rows"):
            cm.survival_curve(panel.head(0))
        with pytest.raises(cm.FitError, match="no event"):
            cm.survival_curve(panel[panel["event"] == 0].head(count))


@pytest.mark.parametrize("columns", [["x"], ["event"], ["state", "x"]])
def test_a_column_twice_is_named_when_predicting(simulated, fit, columns):
    twice = pd.concat([simulated, simulated[columns]], axis=1)
    with pytest.raises(cm.DataError, match=f"must be unique; repeated: {', '.join(columns)}"):
        fit.predict(twice)


@pytest.mark.parametrize("times", [[], (), np.array([]), pd.Series(dtype=float), range(0)])
def test_no_times_at_all(fit, times):
    for call in (
        lambda: cm.predict_survival(fit, {"x": [0]}, times=times),
        lambda: cm.plot.survival(fit, {"x": [0]}, times=times),
    ):
        with pytest.raises(cm.DataError, match="times is empty"):
            call()


def test_tables_take_a_mapping_as_plots_do(fit):
    table = cm.table({"Cox": fit})
    assert list(table.header) == ["", "Cox"]
    assert "0.563" in table.latex()
    both = cm.table({"Cox": fit, "again": fit})
    assert list(both.header) == list(cm.table([fit, fit], names=["Cox", "again"]).header)
    for wrong in ({}, {"Cox": 1}, {"Cox": [fit]}):
        with pytest.raises(cm.DataError, match="dict"):
            cm.table(wrong)


@pytest.mark.parametrize("form", [str, lambda d: d.date(), lambda d: f"{d:%Y-%m-%d}"])
def test_participation_is_drawn_from_dates_of_any_form(form):
    spells = cm.load("participation").query("coalition == 'iraq'")
    plain = cm.plot.participation(spells).data
    for column in ("exit", "entry"):
        dates = spells[column].map(lambda d: None if pd.isna(d) else form(d))
        found = cm.plot.participation(spells.assign(**{column: dates})).data
        pd.testing.assert_frame_equal(found, plain)
    with pytest.raises(cm.DataError, match="column exit must hold"):
        cm.plot.participation(spells.assign(exit="soon"))
