"""On panels with a known truth the verdicts are right as often as they should be."""

from __future__ import annotations

from collections import Counter

import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.simulated_power import simulate_power

pytestmark = pytest.mark.slow
DRAWS = 400


def simulated(effect, *, members, hazard, seed):
    return cm.simulate_panel(
        members=members,
        hazard=hazard,
        coefficients={"leader_change": effect},
        covariates={"leader_change": "pulse"},
        seed=seed,
    )


def verdicts(effect, *, members, hazard, first_seed, draws=DRAWS):
    """How often each verdict is given on a claim that expects a positive sign."""
    found = Counter()
    for draw in range(draws):
        panel = simulated(effect, members=members, hazard=hazard, seed=first_seed + draw)
        found[run(panel, "H02", robust=False).table["verdict"].iloc[0]] += 1
    assert found.total() == draws
    return found


def within(count, share, trust=0.999):
    """Whether a count lies in the binomial interval around a share of the draws."""
    low, high = stats.binom.interval(trust, DRAWS, share)
    return low <= count <= high


def test_a_large_effect_with_high_power_is_supported():
    found = verdicts(1.4, members=60, hazard=0.02, first_seed=0)
    assert found["supported"] >= 0.9 * DRAWS
    assert found["contradicted"] == 0


def test_a_large_effect_of_the_other_sign_contradicts():
    # the rule needs five exposed exits, which a fall leaves in a large panel only
    found = verdicts(-1.4, members=350, hazard=0.04, first_seed=20_000, draws=100)
    assert found["contradicted"] >= 0.9 * 100
    assert found["supported"] == 0


def test_a_small_effect_with_low_power_is_inconclusive():
    found = verdicts(0.3, members=25, hazard=0.01, first_seed=40_000)
    assert found["inconclusive"] >= 0.85 * DRAWS


def test_false_support_at_the_nominal_rate():
    """Of 400 draws 2.5 % on either side: 99.9 % of the time 2 to 22.

    With some thirty exposed exits; with a dozen, two tests that must agree find fewer than that.
    """
    found = verdicts(0.0, members=250, hazard=0.04, first_seed=60_000)
    assert within(found["supported"], 0.025), found
    assert within(found["contradicted"], 0.025), found
    assert within(found["supported"] + found["contradicted"], 0.05), found


def test_no_more_false_support_where_clusters_are_few():
    """The jackknife and the penalty err on the careful side: an upper bound only."""
    found = verdicts(0.0, members=25, hazard=0.02, first_seed=80_000)
    highest = stats.binom.ppf(0.999, DRAWS, 0.025)
    assert found["supported"] <= highest, found
    assert found["contradicted"] <= highest, found


def test_the_smallest_detectable_ratio_is_detected_as_often_as_said():
    panel = simulated(0.0, members=80, hazard=0.02, seed=4)
    found = estimate_term(panel, "leader_change", power=0.8)
    power = simulate_power(panel, "leader_change", found.smallest_ratio, draws=DRAWS, seed=1)
    # the variance is that without an effect; with one, more exits are among the exposed and the
    # power is a little higher than said
    low, high = stats.binom.interval(0.999, DRAWS, 0.8)
    assert low <= power.power * DRAWS <= high + 0.06 * DRAWS
    half = simulate_power(panel, "leader_change", found.smallest_ratio**0.5, draws=DRAWS, seed=2)
    # half the effect: (1.96 + 0.84) / 2 = 1.40 standard errors
    expected = stats.norm.cdf(1.401 - 1.960)
    assert abs(half.power - expected) < 0.1


def test_without_an_effect_the_size_is_nominal():
    panel = simulated(0.0, members=80, hazard=0.02, seed=4)
    found = simulate_power(panel, "leader_change", 1.0, draws=DRAWS, seed=3)
    assert found.power == 0
    assert within(found.false_sign * DRAWS, 0.05)
