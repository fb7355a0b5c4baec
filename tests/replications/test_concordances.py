"""Standard errors of a concordance: by hand, and where they are not known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.replications.concordances import by_ranks, concordance_error, jackknifed
from coalition_models.replications.numbers import numbers_of

ROWS = pd.DataFrame({"stop": [1, 2, 3, 4], "event": [1, 1, 0, 1], "risk": [2, 0, 1, 0]})


def test_both_by_hand():
    fit = cm.cox("event ~ risk", ROWS, start=None, variance="model")
    # pairs 1-2, 1-3, 1-4, 2-3, 2-4: right 3, tied 1, wrong 1, so 3.5 of 5
    assert fit.concordance == pytest.approx(0.7)
    # rows are in 3, 3, 2, 2 pairs and right in 3, 1.5, 1, 1.5 of them
    own = np.array([3, 1.5, 1, 1.5]) - 0.7 * np.array([3, 3, 2, 2])
    assert concordance_error(fit) == pytest.approx(np.sqrt((own**2).sum()) / 5)
    # ranks at 1: 4, 1.5, 3, 1.5; at 2: 1.5, 3, 1.5; at 4: one alone
    spread = np.var([4, 1.5, 3, 1.5]) + np.var([1.5, 3, 1.5])
    found = numbers_of(fit, [("model", "concordance_error_by_ranks")])
    assert found["model", "concordance_error_by_ranks"] == pytest.approx(np.sqrt(spread) / 5)


def test_order_and_scale_do_not_matter():
    rng = np.random.default_rng(3)
    time, score = rng.integers(1, 6, 40).astype(float), rng.integers(0, 4, 40).astype(float)
    event, order = rng.random(40) < 0.6, rng.permutation(40)
    for error in (jackknifed, by_ranks):
        one = error(time, event, score)
        again = error(time[order] * 12, event[order], 2 * score[order] + 1)
        assert one == pytest.approx(again, rel=1e-12)


@pytest.mark.parametrize("options", [{"start": "start"}, {"start": None, "strata": "half"}])
def test_late_entry_and_strata_are_refused(options):
    rows = pd.concat([ROWS, ROWS.assign(risk=[0, 2, 1, 1])])
    fit = cm.cox(
        "event ~ risk", rows.assign(start=0, half=list("aaaabbbb")), variance="model", **options
    )
    with pytest.raises(cm.ReplicationError, match="one row per member, without start, strata"):
        concordance_error(fit)
