"""Fixed and random effects by hand (DerSimonian and Laird 1986)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.hypotheses.rule import FEWEST_EVENTS
from coalition_models.inference.meta import combine
from coalition_models.report.parts.claims import claims_findings


def studies(effects, errors, claim="H01", step=1.0):
    return pd.DataFrame(
        {
            "claim": claim,
            "data_set": [f"set{number}" for number in range(len(effects))],
            "estimate": effects,
            "std_error": errors,
            "step": step,
        }
    )


def test_three_studies_by_hand():
    effect, error = np.array([0.1, 0.9, 0.5]), np.array([0.1, 0.2, 0.25])
    w = 1 / error**2  # 100, 25, 16
    fixed = (w * effect).sum() / w.sum()
    assert fixed == pytest.approx((10 + 22.5 + 8) / 141)
    q = (w * (effect - fixed) ** 2).sum()
    tau = (q - 2) / (w.sum() - (w**2).sum() / w.sum())
    assert tau > 0
    v = 1 / (error**2 + tau)
    random = (v * effect).sum() / v.sum()
    (row,) = combine(studies(effect, error)).to_dict("records")
    assert (row["n"], row["data_sets"]) == (3, "set0, set1, set2")
    assert row["fixed"] == pytest.approx(fixed)
    assert row["random"] == pytest.approx(random)
    assert row["tau_squared"] == pytest.approx(tau)
    assert row["i_squared"] == pytest.approx((q - 2) / q)
    assert row["heterogeneity_p"] == pytest.approx(stats.chi2.sf(q, 2))
    spread = w.sum() ** -0.5
    assert row["fixed_low"] == pytest.approx(fixed - 1.959964 * spread)
    assert row["fixed_high"] == pytest.approx(fixed + 1.959964 * spread)
    assert row["fixed_p"] == pytest.approx(2 * stats.norm.sf(abs(fixed) / spread))
    # Hartung and Knapp's variance, where it is below the normal one, is put up to that
    knapp = (v * (effect - random) ** 2).sum() / 2
    own = np.sqrt(max(knapp, 1.0) / v.sum())
    assert row["random_low"] == pytest.approx(random - 4.302653 * own)
    assert row["random_high"] == pytest.approx(random + 4.302653 * own)
    assert row["random_p"] == pytest.approx(2 * stats.t.sf(abs(random) / own, 2))
    assert row["prediction_high"] == pytest.approx(random + 12.706205 * np.sqrt(tau + own**2))
    (wide,) = combine(studies(effect, error), level=0.99).to_dict("records")
    assert wide["fixed_high"] == pytest.approx(fixed + 2.575829 * w.sum() ** -0.5)


def test_estimates_are_combined_per_step():
    """A unit of a count by month is not one of a count by year."""
    by_unit = studies([0.2, 0.05, 0.1], [0.1, 0.02, 0.1], step=[1.0, 10.0, 3.0])
    scaled = studies([0.2, 0.5, 0.3], [0.1, 0.2, 0.3])
    pd.testing.assert_frame_equal(combine(by_unit), combine(scaled))


def test_studies_that_agree_too_well_have_no_variance_between():
    (row,) = combine(studies([0.3, 0.31, 0.29], [0.2, 0.2, 0.4])).to_dict("records")
    assert row["tau_squared"] == row["i_squared"] == 0
    assert row["random"] == pytest.approx(row["fixed"])
    assert row["random_high"] - row["random"] == pytest.approx(
        4.302653 / 1.959964 * (row["fixed_high"] - row["fixed"])
    )
    assert row["fixed"] == pytest.approx((25 * 0.3 + 25 * 0.31 + 6.25 * 0.29) / 56.25)


def test_two_equal_studies_have_no_variance_between():
    """Where Q is nothing, or a rounding error below it, no share of it is between sets."""
    for effect in (0.3, 0.1 + 0.2, 1 / 3):
        (row,) = combine(studies([effect, effect], [0.7, 0.7])).to_dict("records")
        assert row["tau_squared"] == row["i_squared"] == 0
        assert row["heterogeneity_p"] == pytest.approx(1)
        assert row["random"] == pytest.approx(effect)


@pytest.mark.parametrize("sets", [2, 3, 6])
@pytest.mark.parametrize("seed", range(5))
def test_limits_are_never_narrower_than_normal_ones(sets, seed):
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.1, 0.6, sets)
    (row,) = combine(studies(rng.normal(0.2, 0.4, sets), error)).to_dict("records")
    normal = 1.959964 / np.sqrt((1 / (error**2 + row["tau_squared"])).sum())
    assert row["random_high"] - row["random"] > normal
    assert np.isnan(row["prediction_low"]) == (sets == 2)
    if sets > 2:
        assert row["prediction_low"] < row["random_low"]
        assert row["prediction_high"] > row["random_high"]


def test_sets_with_states_in_common_are_named():
    table = studies([0.1, 0.3, 0.2], [0.1, 0.2, 0.25])
    states = {"set0": {"ESP", "ITA"}, "set1": {"ESP", "ITA", "POL"}, "set2": {"JPN"}}
    assert combine(table, states=states)["shared"].item() == "set0 and set1 2"
    assert combine(table)["shared"].item() == ""


def test_only_claims_with_two_estimates_are_combined():
    table = pd.concat(
        [
            studies([0.3], [0.2], "H01"),
            studies([0.3, np.nan], [0.2, 0.1], "H02"),
            studies([0.1, 0.2], [0.2, 0.1], "H03"),
        ]
    )
    assert combine(table)["claim"].tolist() == ["H03"]
    empty = combine(table.iloc[:1])
    assert empty.empty
    assert list(empty.columns) == list(combine(table).columns)


def test_verdicts_combine_their_own_estimates(pulses):
    panels = {"first": pulses(seed=1), "second": pulses(seed=2)}
    found = cm.test_hypotheses(panels, "H02", robust=False)
    one, other = found.table[["estimate", "std_error"]].to_numpy()
    w = np.array([one[1], other[1]]) ** -2.0
    row = found.meta.iloc[0]
    assert row["data_sets"] == "first, second"
    assert row["fixed"] == pytest.approx((w[0] * one[0] + w[1] * other[0]) / w.sum())


def test_what_cannot_decide_or_has_the_same_exits_is_not_combined(bundled):
    tested = bundled.table.query("verdict != 'untestable'")
    assert {"isaf", "leaders"} <= set(tested.loc[tested["claim"] == "H05", "data_set"])
    # ISAF has six exits, and the leaders' exits are those of Iraq
    assert bundled.meta.empty


def test_nothing_is_a_discovery_that_is_not_decided(bundled):
    table = bundled.table
    assert not table.loc[table["verdict"] == "inconclusive", "discovery"].any()
    few = table["events"].between(1, FEWEST_EVENTS - 1)
    assert few.any()
    assert table.loc[few, "verdict"].eq("inconclusive").all()
    text = str(bundled)
    assert "inconclusive (few events)" in text
    assert "10 of 21 events are in rows without left_turn" in text


def test_what_the_rule_leaves_undecided_is_said(bundled):
    few = bundled.table.query("p_value < 0.05 and reason != '' and verdict != 'untestable'")
    (sentence,) = [text for text in claims_findings(bundled) if "undecided" in text]
    assert len(few) > 0
    assert sentence.startswith(f"The rule leaves {len(few)} more with a small p undecided")
    for row in few.itertuples():
        assert f"{row.claim} on {row.data_set}" in sentence


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(cm.DataError, match="the table lacks std_error, step"):
        combine(pd.DataFrame({"claim": ["a"], "data_set": ["b"], "estimate": [1.0]}))
    with pytest.raises(cm.DataError, match="level must lie"):
        combine(pd.DataFrame(), level=95)
