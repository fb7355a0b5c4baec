"""Rosenbaum bounds against binomials, Fisher's test, enumeration, and what is refused."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.sensitivity.hidden_bias import rosenbaum_bounds


def pairs(exposed: int, other: int) -> pd.DataFrame:
    """Matched pairs, of which in so many the one with the event is exposed."""
    rows = [
        {"pair": i, "start": 0, "stop": 1, "event": event, "x": int((i < exposed) == bool(event))}
        for i in range(exposed + other)
        for event in (1, 0)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("gamma", [1.0, 2.0, 4.0, 5.0, 6.0])
def test_pairs_are_mcnemars_test_with_a_biased_coin(gamma) -> None:
    # smoking and lung cancer: 110 of 122 discordant pairs (Rosenbaum 2002, 4.3.3)
    found = rosenbaum_bounds(pairs(110, 12), "x", strata="pair", gammas=[gamma])
    wanted = stats.binom.sf(109, 122, gamma / (1 + gamma))
    assert found.table["p_value"].item() == pytest.approx(wanted, rel=1e-9)


def test_the_gamma_that_ends_significance_is_where_the_p_value_crosses() -> None:
    found = rosenbaum_bounds(pairs(110, 12), "x", strata="pair")
    p = stats.binom.sf(109, 122, found.gamma / (1 + found.gamma))
    assert p == pytest.approx(0.05, rel=1e-6)
    assert 5 < found.gamma < 6


def test_one_set_with_tied_events_is_fishers_exact_test() -> None:
    x = [1] * 5 + [0] * 9
    event = [1, 1, 1, 1, 0, 1, *[0] * 8]
    frame = pd.DataFrame({"start": 0, "stop": 1, "event": event, "x": x})
    found = rosenbaum_bounds(frame, "x", gammas=[1.0])
    table = [[4, 1], [1, 8]]
    assert found.table["p_value"].item() == pytest.approx(
        stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-10
    )


@pytest.mark.parametrize("gamma", [1.0, 1.7, 3.0])
@pytest.mark.parametrize("direction", ["more", "fewer"])
def test_sets_are_put_together_as_enumeration_does(gamma, direction) -> None:
    rng = np.random.default_rng(4)
    stop = rng.permutation(np.arange(1, 9)).astype(float)
    frame = pd.DataFrame(
        {
            "start": 0.0,
            "stop": stop,
            "event": [1, 1, 0, 1, 1, 0, 1, 1],
            "x": [1, 0, 0, 1, 1, 0, 0, 1],
        }
    )
    sets = []
    for t in sorted(frame.loc[frame["event"] == 1, "stop"]):
        at_risk = frame[frame["stop"] >= t]
        sets.append(
            (
                len(at_risk),
                int(at_risk["x"].sum()),
                int(at_risk.loc[at_risk["stop"] == t, "x"].item()),
            )
        )
    sets = [one for one in sets if 0 < one[1] < one[0]]
    odds = gamma if direction == "more" else 1 / gamma
    seen, total = sum(a for *_, a in sets), 0.0
    for outcome in product((0, 1), repeat=len(sets)):
        chance = 1.0
        for hit, (n, m, _) in zip(outcome, sets, strict=True):
            p = odds * m / (odds * m + n - m)
            chance *= p if hit else 1 - p
        count = sum(outcome)
        total += chance * (count >= seen if direction == "more" else count <= seen)
    found = rosenbaum_bounds(frame, "x", gammas=[gamma], direction=direction)
    assert found.table["p_value"].item() == pytest.approx(total, rel=1e-10)


def test_gamma_one_is_the_exact_test_and_larger_gammas_only_weaken_it() -> None:
    panel = cm.simulate_panel(members=60, coefficients={"risk": 1.2}, seed=3)
    panel["high"] = (panel["risk"] > panel["risk"].median()).astype(int)
    found = rosenbaum_bounds(panel, "high", gammas=[1, 1.5, 2, 3, 10])
    assert found.table["p_value"].is_monotonic_increasing
    assert found.events == panel["event"].sum()
    assert found.members <= found.exposed_events
    assert "recurs" in repr(found)
    assert "<table" in found._repr_html_()
    weak = rosenbaum_bounds(panel.assign(high=1 - panel["high"]), "high", gammas=[1, 1.5, 2, 3, 10])
    assert weak.direction == "fewer"
    assert weak.table["p_value"].to_numpy() == pytest.approx(found.table["p_value"].to_numpy())


@pytest.mark.parametrize(
    ("change", "options", "error", "said"),
    [
        ({"x": 2.0}, {}, cm.DataError, "must hold 0 and 1"),
        ({}, {"gammas": [0.5]}, cm.DataError, "gammas must be 1 or more"),
        ({}, {"gammas": []}, cm.DataError, "gammas must be 1 or more"),
        ({}, {"level": 1.5}, cm.DataError, "level must lie"),
        ({"event": 0}, {}, cm.FitError, "no event"),
        ({"x": 1}, {}, cm.FitError, "nothing to compare"),
    ],
)
def test_what_is_refused(change, options, error, said) -> None:
    with pytest.raises(error, match=said):
        rosenbaum_bounds(pairs(5, 2).assign(**change), "x", strata="pair", **options)
