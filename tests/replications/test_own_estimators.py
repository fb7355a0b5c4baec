"""Estimators and steps that only one study has: by hand, and what they show beyond the print."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.replications.studies.barrilleaux_rainey_2014.study import cells, separated
from coalition_models.replications.studies.berkemeier_fuhrmann_2018.study import rates
from coalition_models.replications.studies.gannon_kent_2021.study import within_states
from coalition_models.replications.studies.kalyvas_balcells_2010.study import multinomial_logit
from coalition_models.replications.studies.king_zeng_2001.study import relogit
from coalition_models.replications.studies.lemke_karstens_2021.study import copied
from coalition_models.replications.studies.martin_1992.study import ordered_logit
from coalition_models.replications.studies.martin_vanberg_2003.study import add_end
from coalition_models.replications.studies.powell_thyne_2011.study import (
    BETTER,
    add_spells,
    split_population,
)
from coalition_models.replications.studies.weisiger_2014.study import rescale


def test_rates_of_a_war_nobody_was_asked_in():
    rows = pd.DataFrame(
        {"before_1945": [1], "honored_llm": [0], "not_applicable_llm": [1], "defense": [1],
         "offense": [0], "neutrality": [0], "nonaggression": [0]}
    )  # fmt: skip
    found = rates(rows).others
    assert found["all", "relevant"] == 0
    assert np.isnan(found["all", "percent"])


def test_ordered_logit_without_effects_gives_the_shares():
    levels = np.repeat([1, 2, 3, 4], [4, 3, 2, 1])
    rows = pd.DataFrame(
        {"cost": [*levels, *levels], "military": 0, "cooperation": [1] * 10 + [2] * 10}
    )
    rows.loc[rows.index % 2 == 0, "military"] = 1
    rows = pd.concat([rows, rows.assign(military=1 - rows["military"])])
    found = ordered_logit(rows)
    assert found.coefficients[:2] == pytest.approx([0, 0], abs=1e-8)
    # the share of the lowest level is 0.4
    assert found.coefficients[2] == pytest.approx(np.log(0.4 / 0.6))


def test_a_sample_that_is_the_population_needs_no_correction_of_its_constant():
    rng = np.random.default_rng(3)
    names = ("major_power", "contiguous", "power_balance", "max_democracy", "min_democracy")
    rows = pd.DataFrame(rng.normal(size=(400, 6)), columns=[*names, "peace_years"])
    rows["dispute"] = (rng.random(400) < 1 / (1 + np.exp(1 - rows["major_power"]))).astype(int)
    share = float(rows["dispute"].mean())
    prior, weighted = (relogit(rows, correct=how, share=share) for how in ("prior", "weights"))
    assert prior.coefficients == pytest.approx(weighted.coefficients, abs=1e-8)
    # the bias of a logit points away from nought
    assert abs(prior.coefficients[1]) < 1.3


def test_formations_all_end():
    assert add_end(pd.DataFrame({"days": [3, 4]}))["formed"].tolist() == [1, 1]


@pytest.mark.slow
@pytest.mark.mirror
def test_the_printed_coups_are_a_local_optimum(study_frames):
    rows = add_spells(study_frames("powell-thyne-2011")["coups"])
    assert (len(rows), int(rows["successful"].sum())) == (4782, 67)
    printed, better = split_population(rows), split_population(rows, start=BETTER)
    assert printed.model["log_likelihood"] == pytest.approx(-319.8094, abs=1e-4)
    assert better.model["log_likelihood"] == pytest.approx(-319.1436, abs=1e-4)
    slopes = [1, 3]
    assert (printed.coefficients[slopes] > 0).all()
    assert (better.coefficients[slopes] < 0).all()


def test_a_separated_covariate_is_tested_without_an_estimate():
    rng = np.random.default_rng(5)
    names = ("favorable", "republican_legislature", "uninsured", "fiscal_balance", "multiplier")
    rows = pd.DataFrame(rng.normal(size=(80, 7)), columns=[*names, "nonwhite", "metropolitan"])
    rows["democratic_governor"] = (rows.index < 30).astype(int)
    rows["opposes"] = np.where(rows["democratic_governor"] == 1, 0, rng.random(80) < 0.5).astype(
        int
    )
    found = separated(rows)
    term = "democratic_governor"
    assert term not in found.names
    assert found.others[term, "likelihood_ratio"] > 3.84
    assert found.others[term, "score_p"] < 0.05
    counts = cells(rows).others
    assert counts["opposes = 1, democratic governor = 1", "rows"] == 0
    assert sum(counts.values()) == 80


def test_within_states_constant_differences_do_not_count():
    rng = np.random.default_rng(6)
    names = ("potential_gain", "democracy", "casualties", "us_ally", "capability")
    rows = pd.DataFrame(rng.normal(size=(60, 5)), columns=list(names))
    rows["cow"] = np.repeat(range(12), 5)
    rows["troops_share"] = 2 * rows["democracy"] + rng.normal(size=60)
    moved = rows.assign(troops_share=rows["troops_share"] + 10 * rows["cow"])
    first, second = within_states(rows), within_states(moved)
    assert second.coefficients == pytest.approx(first.coefficients)
    assert second.std_errors == pytest.approx(first.std_errors)
    assert first.coefficients[1] == pytest.approx(2, abs=0.5)


def test_a_multinomial_logit_of_shares():
    rows = pd.DataFrame(
        {"technology": ["irregular", "conventional", "non-conventional", "irregular"] * 30}
    )
    rng = np.random.default_rng(7)
    for term in ("rough_terrain", "income"):
        rows[term] = rng.normal(size=120)
    rows["ethnic"], rows["after_1990"] = rng.integers(1, 3, 120), rng.integers(0, 2, 120)
    found = multinomial_logit(rows)
    assert found.model["log_likelihood_null"] == pytest.approx(
        60 * np.log(1 / 2) + 60 * np.log(1 / 4)
    )
    assert found.others["technology: irregular", "rows"] == 60
    assert found.names[:2] == ("conventional: Intercept", "conventional: rough_terrain")


def test_rescaled_numbers_have_half_a_standard_deviation():
    rng = np.random.default_rng(8)
    names = ("conqueror_polity", "log_distance", "terrain", "log_soldiers_per_area", "income")
    cases = pd.DataFrame(rng.normal(3, 2, size=(20, 5)), columns=list(names))
    cases["coordinating_leader"] = [0, 1] * 10
    found = rescale(cases)
    assert found[list(names)].std().tolist() == pytest.approx([0.5] * 5)
    assert sorted(found["coordinating_leader"].unique()) == [-0.5, 0.5]


def test_copies_keep_an_event_on_its_rank():
    states = pd.DataFrame({"contender": [1, 3], "emerged": [1, 0]})
    found = copied(states)
    assert (len(found), found["emerged"].sum()) == (30, 1)
