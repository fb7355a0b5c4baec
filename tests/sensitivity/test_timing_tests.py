"""A term at other times: the lags of the builder, entry and peak by hand, rows in common."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.sensitivity import reverse_timing
from coalition_models.sensitivity.timing_tests import _by_spell

SPEC = cm.Specification("cox", "event ~ log_troops", cluster="state", variance="jackknife")


def strength(panel: pd.DataFrame, lag: int) -> pd.DataFrame:
    return cm.add_commitment(panel, strength_lag=lag, external="never")


@pytest.fixture(scope="module")
def found():
    return reverse_timing(SPEC, "log_troops", cm.facts("iraq"), make=strength, lags=(0, 6))


def test_each_timing_is_a_fit_to_the_rows_that_have_all(found) -> None:
    panel = cm.build_panel(cm.facts("iraq"))
    now, before = strength(panel, 0), strength(panel, 6)
    rows = now["log_troops"].notna() & before["log_troops"].notna()
    table = found.table.set_index("timing")
    for timing, made in (("lag 0", now), ("lag 6", before)):
        fit = cm.fit(SPEC, made[rows])
        assert table.loc[timing, "estimate"] == pytest.approx(fit.coefficients[0], rel=1e-9)
        assert table.loc[timing, "rows"] == rows.sum()
    assert table.loc["lag 0", "moved"] == 0 < table.loc["lag 6", "moved"]
    assert f"{len(panel) - int(rows.sum())} rows of {len(panel)}" in found.to_table().text()


def test_entry_and_peak_by_hand() -> None:
    rows = pd.DataFrame({"coalition": "x", "state": list("AAABB"), "spell": 1,
                         "t": [np.nan, 2.0, 5.0, 4.0, 3.0]})  # fmt: skip
    made = _by_spell(rows, "t")
    assert made["at entry"]["t"].tolist()[1:] == [2, 2, 4, 4]
    assert made["at its peak"]["t"].tolist()[1:] == [5, 5, 4, 4]
    assert np.isnan(made["at entry"]["t"].iloc[0])


def test_the_summary_is_made_of_the_numbers(found) -> None:
    ratio = np.exp(found.table["estimate"].iloc[0])
    assert f"lag 0 {ratio:.3g}" in found.summary
    assert "at its peak" in found._repr_html_()


def test_misuse_names_the_culprit() -> None:
    facts = cm.facts("unosom2")
    cases = [
        ({"make": lambda p, lag: strength(p, 0)}, "same at lag 3"),
        ({"make": lambda p, lag: p}, "numeric column"),
        ({"make": lambda p, lag: strength(p, lag).iloc[lag:]}, "keep the rows"),
        ({"make": strength, "lags": [3, 3]}, "different months"),
    ]
    for given, words in cases:
        with pytest.raises(DataError, match=words):
            reverse_timing(SPEC, "log_troops", facts, **{"lags": [0, 3], **given})
