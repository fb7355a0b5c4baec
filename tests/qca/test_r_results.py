"""Numbers and solutions of R's QCA, to six digits and further."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

qca = cm.qca


def sets(models):
    """Models as R writes them: one as a list of terms, several as lists of lists."""
    models = [models] if models and isinstance(models[0], str) else models
    return {frozenset(model) for model in models}


def numbers(value):
    return tuple(value) if isinstance(value, list) else (value,)


def table_of(one):
    data = pd.DataFrame(one["data"], index=one.get("case_ids"))
    cut = one.get("n_cut", 1)
    return qca.truth_table(
        data,
        one["outcome"],
        one["conditions"],
        consistency_cut=one["incl_cut"],
        frequency_cut=cut,
    )


@pytest.mark.filterwarnings("ignore:.*membership .5")
def test_calibrated_values(r_results):
    for one in r_results["calibration"]:
        found = qca.calibrate(
            one["values"], one["thresholds"], inclusion=one["idm"], logistic=one["logistic"]
        )
        assert found.tolist() == pytest.approx(one["expected"], rel=1e-9, abs=1e-12), one["id"]


def test_measures_of_fit(r_results, lipset):
    for one in r_results["pof"]:
        if one["relation"] == "sufficiency":
            found = qca.sufficiency(one["expression"], lipset, one["outcome"])
            row = found.set_index("term").loc["all"]
            ours = row["consistency"], row["raw_coverage"], row["pri"]
            theirs = one["consistency"], one["coverage"], one["pri"]
        else:
            ours = qca.necessity(lipset, one["outcome"], [one["expression"]]).iloc[0].tolist()
            theirs = one["consistency"], one["coverage"], one["ron"]
        assert ours == pytest.approx(theirs, rel=1e-9), one["expression"]


def test_truth_tables(r_results):
    for one in [*r_results["analyses"], *r_results["multivalue"]]:
        table = table_of(one).table
        conditions = one["conditions"]
        assert len(table) == len(one["truth_table"])
        for row in one["truth_table"]:
            (ours,) = table[(table[conditions] == row["configuration"]).all(axis=1)].to_dict(
                "records"
            )
            assert (ours["n"], ours["out"]) == (row["n"], row["out"])
            for name in ("consistency", "pri"):
                if row.get(name, "none") is None:
                    assert np.isnan(ours[name])
                elif name in row:
                    assert ours[name] == pytest.approx(row[name], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["conservative", "parsimonious"])
def test_solutions_and_their_parameters(r_results, kind):
    for one in [*r_results["analyses"], *r_results["multivalue"]]:
        found = qca.minimise(table_of(one), kind)
        assert sets(one[kind]) == {frozenset(model) for model in found.models}, one["id"]
        rows = found.parameters.set_index("term")
        for fit in one.get("term_fits", []):
            if fit["family"] != kind:
                continue
            row = rows.loc[fit["term"]]
            assert set(row["cases"].split(", ")) == set(fit["cases"])
            for name in ("consistency", "pri", "raw_coverage", "unique_coverage"):
                # R leaves the unique coverage of a single term empty
                wanted = fit["raw_coverage"] if fit[name] is None else fit[name]
                assert row[name] == pytest.approx(wanted, rel=1e-9)


def test_intermediate_solutions_and_counterfactuals(r_results):
    for one in r_results["intermediate"]:
        found = qca.minimise(table_of(one), "intermediate", expectations=one["expectations"])
        assert sets(one["intermediate"]) == {frozenset(model) for model in found.models}
        simple = qca.minimise(table_of(one), "parsimonious")
        assert found.easy == (numbers(one["easy"]),)
        assert found.difficult == (numbers(one["difficult"]),)
        assert simple.simplifying == (numbers(one["simplifying_assumptions"]),)


def test_necessity_of_many_expressions(r_results, lipset):
    (screen,) = r_results["necessity_screens"]
    names = [one["expression"] for one in screen["candidates"]]
    found = qca.necessity(lipset, screen["outcome"], names)
    for one in screen["candidates"]:
        theirs = one["consistency"], one["coverage"], one["ron"]
        assert found.loc[one["expression"]].tolist() == pytest.approx(theirs, rel=1e-9)
    alone = qca.necessity(lipset, screen["outcome"])
    assert alone.loc["~IND"].tolist() == pytest.approx(found.loc["~IND"].tolist())
