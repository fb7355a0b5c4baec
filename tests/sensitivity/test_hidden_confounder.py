"""An unmeasured cause that was simulated is found again; benchmarks are refits by hand."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.inference.imputed import rubin
from coalition_models.sensitivity.hidden_confounder import bias_of, confounding


def panel_with_cause(seed: int, members: int, periods: int = 25) -> pd.DataFrame:
    """A two-valued exposure that doubles the hazard and a cause of both."""
    rng = np.random.default_rng(seed)
    x = rng.random((members, periods)) < 0.3
    u = rng.random((members, periods)) < np.where(x, 0.6, 0.2)
    event = rng.random((members, periods)) < 0.005 * 2.0**x * 4.0**u
    last = np.where(event.any(axis=1), event.argmax(axis=1), periods - 1)
    who, when = np.nonzero(np.arange(periods) <= last[:, None])
    columns = {"x": x, "u": u, "event": event}
    return pd.DataFrame(
        {"state": who, "start": when, "stop": when + 1}
        | {name: values[who, when].astype(int) for name, values in columns.items()}
    )


def test_the_truth_is_recovered_where_the_cause_was_simulated() -> None:
    panel = panel_with_cause(1, 2500)
    fit = cm.cox("event ~ x", panel, id="state", cluster="state")
    found = confounding(fit, "x", panel, shares=[(0.6, 0.2), (0.2, 0.2)], strengths=[4.0], draws=5)
    with_cause, balanced = found.grid["ratio"]
    full = cm.cox("event ~ x + u", panel, id="state").tidy(exponentiate=True)["estimate"].iloc[0]
    assert found.ratio > 2.6
    assert with_cause == pytest.approx(full, rel=0.12)
    assert with_cause == pytest.approx(found.grid["expected"].iloc[0], rel=0.04)
    assert balanced == pytest.approx(found.ratio, rel=0.04)


def test_draws_depend_on_the_seed_alone_and_are_combined_by_rubins_rules() -> None:
    panel = panel_with_cause(2, 300)
    fit = cm.cox("event ~ x", panel, id="state", cluster="state")
    options = {"shares": [(0.5, 0.1)], "strengths": [3.0], "draws": 4}
    first = confounding(fit, "x", panel, seed=3, **options).grid
    again = confounding(fit, "x", panel, seed=3, **options).grid
    other = confounding(fit, "x", panel, seed=4, **options).grid
    pd.testing.assert_frame_equal(first, again)
    assert first["ratio"].item() != other["ratio"].item()
    low, middle, high = first[["conf_low", "ratio", "conf_high"]].to_numpy()[0]
    assert low < middle < high


def test_benchmarks_are_fits_without_the_covariate() -> None:
    panel = panel_with_cause(3, 600)
    fit = cm.cox("event ~ x + u", panel, id="state", cluster="state")
    found = confounding(fit, "x", panel, shares=[(0.5, 0.5)], strengths=[2.0], draws=2)
    one = found.benchmarks.iloc[0]
    without = cm.cox("event ~ x", panel, id="state").coefficients[0]
    assert one["covariate"] == "u"
    assert one["change"] == pytest.approx(fit.coefficients[0] - without, rel=1e-9)
    assert one["multiplier"] == pytest.approx(abs(fit.coefficients[0] / one["change"]))
    assert "Beside covariates" in repr(found)
    assert found._repr_html_().count("<table") == 2


def test_discrete_time_fits_and_offsets_of_their_own() -> None:
    panel = panel_with_cause(4, 500).assign(known=0.1)
    fit = cm.logit("event ~ x", panel, id="state", time="linear", offset="known")
    found = confounding(fit, "x", panel, shares=[(0.6, 0.2)], strengths=[4.0], draws=3)
    assert found.grid["ratio"].item() == pytest.approx(found.grid["expected"].item(), rel=0.15)


def test_bias_of_is_bross_factor() -> None:
    assert bias_of(3.0, 0.6, 0.2) == pytest.approx(2.2 / 1.4)
    assert bias_of(3.0, 0.4, 0.4) == 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"term": "u"}, "no term 'u'"),
        ({"term": "absent"}, "no column 'absent'"),
        ({"shares": [(1.5, 0.1)]}, "between 0 and 1"),
        ({"strengths": [-1.0]}, "positive ratio"),
        ({"draws": 1}, "2 or more"),
    ],
)
def test_what_is_refused(options, said) -> None:
    panel = panel_with_cause(5, 100)
    fit = cm.cox("event ~ x", panel, id="state")
    given = {"term": "x", "draws": 2, **options}
    with pytest.raises(cm.DataError, match=said):
        confounding(fit, given.pop("term"), panel, **given)
    with pytest.raises(cm.DataError, match="give the same data"):
        confounding(fit, "x", panel.iloc[1:])


def test_rubins_rules_by_hand() -> None:
    found = rubin([0.5, 0.7, 0.6], [0.2, 0.2, 0.2])
    assert found.within == pytest.approx(0.04)
    assert found.between == pytest.approx(0.01)
    assert found.std_error == pytest.approx(np.sqrt(0.04 + 4 / 3 * 0.01))
    share = 4 / 3 * 0.01 / found.std_error**2
    assert found.degrees == pytest.approx(2 / share**2)
    clustered = rubin([0.5, 0.7, 0.6], [0.2, 0.2, 0.2], degrees=20)
    seen = 21 / 23 * 20 * (1 - share)
    assert clustered.degrees == pytest.approx(1 / (share**2 / 2 + 1 / seen))
    same = rubin([0.5, 0.5], [0.2, 0.2], degrees=20)
    assert (same.between, same.degrees, same.std_error) == (0.0, 20, pytest.approx(0.2))
    for wrong in ([[0.5], [0.2]], [[0.5, np.nan], [0.2, 0.2]], [[0.5, 0.6], [0.2, 0.0]]):
        with pytest.raises(cm.DataError):
            rubin(*wrong)
