"""The zero of a linear predictor is a convention: R's differs by one number per stratum, as said.

R 4.2, survival 3.5-3: ``predict(coxph(Surv(start, stop, event) ~ x + ..., d), type = "lp")``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

D = pd.DataFrame(
    {
        "start": [0, 0, 0, 1, 0, 2, 0, 0],
        "stop": [3, 4, 5, 6, 7, 8, 9, 2],
        "event": [1, 0, 1, 1, 0, 1, 1, 1],
        "x": [0.5, 2.5, 1.5, 3.25, 0.75, 2, 1.25, 3],
        "o": [0, 1, 0.5, 0, 1, 0, 0.25, 0.5],
        "w": [1, 2, 3, 1, 2, 1, 1, 2],
        "s": [1, 1, 1, 1, 2, 2, 2, 2],
    }
)
#: options, R's linear predictor, and what R subtracts beyond the package
CASES = {
    "plain": (
        {},
        [-0.560531055, 0.273747725, -0.143391665, 0.586602267,
         -0.456246208, 0.065178030, -0.247676513, 0.482317420],
        lambda b: [0.0] * 8,
    ),
    "offset": (
        {"offset": "o"},
        [-1.253425075, 1.007486665, -0.122969205, 0.480328567,
         -0.095811108, -0.307741270, -0.530583173, 0.822714600],
        lambda b: [D["o"].mean()] * 8,
    ),
    "weights": (
        {"weights": "w"},
        [-0.726740701, 0.354919877, -0.185910412, 0.760542594,
         -0.591533129, 0.084504733, -0.321117984, 0.625335022],
        lambda b: [b * (D["x"].mean() - np.average(D["x"], weights=D["w"]))] * 8,
    ),
    "weights, plain durations": (
        {"weights": "w", "start": None},
        [-0.738125989, 0.358518337, -0.189803826, 0.769759960,
         -0.601045448, 0.084357256, -0.326884366, 0.632679419],
        lambda b: [0.0] * 8,
    ),
    "strata": (
        {"strata": "s"},
        [0.305424186, -0.119513812, 0.092955187, -0.278865561,
         0.212468999, -0.053117250, 0.106234499, -0.265586249],
        lambda b: b * (D.groupby("s")["x"].transform("mean") - D["x"].mean()),
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("case", CASES)
def test_predictions_differ_from_r_by_the_number_that_is_documented(case):
    options, theirs, apart = CASES[case]
    fit = cm.cox("event ~ x", D, **options)
    subtracted = np.asarray(apart(fit.coefficients[0]))
    np.testing.assert_allclose(fit.predict() - subtracted, theirs, atol=2e-8)
    np.testing.assert_allclose(fit.augment()["linear_predictor"] - subtracted, theirs, atol=2e-8)
    ratio = fit.predict(D, kind="ratio") / np.exp(subtracted)
    np.testing.assert_allclose(ratio, np.exp(theirs), rtol=5e-8)


@pytest.mark.parametrize("words", ["an offset's mean", "unweighted mean", 'reference="strata"'])
def test_the_difference_is_said(words):
    assert words in str(cm.Fit.predict.__doc__)
