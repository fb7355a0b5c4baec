"""Tables 1 to 3 of Box-Steffensmeier and Zorn (2001), to the printed digit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.replications.comparison import Replication
from coalition_models.replications.registry import replicate
from coalition_models.replications.studies.box_steffensmeier_zorn_2001.study import add_clock


@pytest.fixture(scope="module")
def disputes(mirror) -> pd.DataFrame:
    return pd.read_csv(mirror / "disputes-oneal-russett.csv")


@pytest.fixture(scope="module")
def result(replicated) -> Replication:
    return replicated("box-steffensmeier-zorn-2001")


def test_clock_counts_observations_not_years():
    years = pd.DataFrame(
        {
            "dyadid": [2, 1, 1, 1, 2],
            "year": [1950, 1955, 1951, 1952, 1949],
            "dispute": [1, 1, 1, 0, 0],
        }
    )
    before = years.copy()
    rows = add_clock(years)
    pd.testing.assert_frame_equal(years, before)
    assert rows["year"].tolist() == [1951, 1952, 1955, 1949, 1950]
    assert rows["clock"].tolist() == [1, 2, 3, 1, 2]
    assert rows["before"].tolist() == [0, 1, 2, 0, 1]
    assert rows["previous_disputes"].tolist() == [1, 1, 2, 0, 1]
    assert np.allclose(rows["log_time"], np.log(rows["clock"]))


@pytest.mark.mirror
def test_tables_1_to_3_match_the_printed_digits(result):
    counts = result.counts().loc[["Table 1", "Table 2", "Table 3"]].sum()
    assert counts["numbers"] == 168
    assert counts["exact"] >= 164
    assert counts["exact"] + counts["off by one in the last digit"] == 168
    assert result.counts().loc["Table 2", "exact"] == 28


@pytest.mark.mirror
def test_gap_time_set_matches_exactly(result):
    assert result.counts().loc["Gap time"].tolist() == [17, 17, 0, 0]


@pytest.mark.mirror
def test_own_data_in_any_order_give_the_same(disputes, result):
    shuffled = disputes.sample(frac=1, random_state=1)
    again = replicate("box-steffensmeier-zorn-2001", shuffled).table
    assert np.allclose(again["ours"], result.table["ours"], rtol=1e-9)
