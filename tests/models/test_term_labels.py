"""Coefficients in words, and what maketables is told."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm
from coalition_models.models.for_maketables import ForMaketables
from coalition_models.models.term_labels import Label, counted_months, label_of, term_labels
from coalition_models.sources.codebook import feature_labels


@pytest.fixture(scope="module")
def fit():
    panel = cm.simulate_panel(members=30, hazard=0.05, coefficients={"risk": 0.8}, seed=1)
    panel["region"] = np.where(panel["state"] < "S10", "north", "south")
    return cm.cox("event ~ risk + C(region)", panel, cluster="state", variance="jackknife")


def test_every_feature_has_a_label_of_its_own():
    labels = feature_labels()
    assert len(set(labels.values())) == len(labels)
    assert set(labels) == set(cm.codebook("features").index)
    assert cm.codebook("election_near")["label"].tolist() == ["Election within {window}"]


@pytest.mark.parametrize("column", feature_labels())
def test_braces_name_options_that_the_builder_tells(column):
    told = "window 6, shock_window 1, trend_window 12, threshold 6"
    words = label_of(column, (f"Features: {column} ({told}).",))
    assert words != column
    assert "{" not in words


def test_what_replaced_a_feature_is_none():
    told = ("Features: election_near (given: replaced after it was made).",)
    assert label_of("election_near", told) == "election_near"
    assert counted_months("12") == "twelve months"


def test_levels_and_products(fit):
    labels = term_labels(fit, {"region": "Region"})
    assert labels["risk"] == Label("risk")
    assert labels["C(region)[T.south]"] == Label("Region: south")


class TestMaketables:
    def test_the_table_is_by_the_variance_of_the_fit(self, fit):
        found = fit.__maketables_coef_table__
        tidy = fit.tidy().set_index("term")
        np.testing.assert_array_equal(found["b"], tidy["estimate"])
        np.testing.assert_array_equal(found["se"], tidy["std_error"])
        np.testing.assert_array_equal(found["p"], tidy["p_value"])
        np.testing.assert_array_equal(found["ci95l"], tidy["conf_low"])
        assert (found["ci90l"] > found["ci95l"]).all()
        assert found.index.name == "Coefficient"

    def test_what_else_it_asks_for(self, fit):
        assert isinstance(fit, ForMaketables)
        assert fit.__maketables_stat__("N") == fit.counts.rows
        assert fit.__maketables_stat__("ll") == fit.log_likelihood
        assert fit.__maketables_stat__("se_type") == "jackknife"
        assert fit.__maketables_stat__("r2") is None
        assert fit.__maketables_depvar__ == "event"
        assert fit.__maketables_fixef_string__ is None
        assert fit.__maketables_var_labels__["C(region)[T.south]"] == "region: south"
        assert fit.__maketables_vcov_info__["cluster_var"] == "state"
        assert "events" in fit.__maketables_default_stat_keys__
