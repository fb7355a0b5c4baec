"""Eight conditions and a hundred cases, with up to a thousand models, take less than a second."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

ASKED = {
    "conservative": {},
    "parsimonious": {},
    "intermediate": {"expectations": {"A": 1, "B": 0}},
}


def drawn(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sets = pd.DataFrame(rng.random((100, 8)), columns=list("ABCDEFGH"))
    outcome = np.minimum(sets["A"], 1 - sets["B"]) + 0.3 * rng.random(100)
    return sets.assign(Y=outcome.clip(0, 1)).round(3).replace(0.5, 0.501)


@pytest.mark.filterwarnings("ignore:(there are more than|the first) 1000")
@pytest.mark.parametrize("kind", ASKED)
def test_a_large_table_is_minimised_at_once(kind) -> None:
    seconds = []
    for seed in (0, 7):
        table = cm.qca.truth_table(drawn(seed), "Y", consistency_cut=0.9)
        begun = time.process_time()
        found = cm.qca.minimise(table, kind, **ASKED[kind])
        assert found.expression
        assert repr(found)
        seconds.append(time.process_time() - begun)
    assert min(seconds) < 1
    assert max(seconds) < 3  # with a thousand models, on a slow machine


def test_many_models_are_not_all_printed() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "there are more than 1000 models")
        table = cm.qca.truth_table(drawn(0), "Y", consistency_cut=0.9)
        found = cm.qca.minimise(table)
        parameters = found.parameters
    assert len(found.models) == parameters["model"].nunique() > 10
    assert "The first 10 are shown" in repr(found)
    assert len(repr(found).splitlines()) < 600


def test_a_frequency_that_no_row_has_is_told() -> None:
    table = cm.qca.truth_table(drawn(0), "Y", frequency_cut=50)
    with pytest.raises(
        cm.DataError, match="none has the 50 cases of the frequency cut, the most have"
    ):
        cm.qca.minimise(table)
