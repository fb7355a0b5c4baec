"""Placebo tests: what is moved, whose elections are lent, and what they could have found."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference.detection import detectable_ratio, null_variance
from coalition_models.sensitivity import placebos

SPEC = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")


def near(panel: pd.DataFrame) -> pd.DataFrame:
    return cm.add_elections(panel, window=1)


@pytest.fixture(scope="module")
def found(voting: cm.Facts):
    return placebos(
        SPEC, "election_near", voting, features=near, windows=[6, 12],
        outcomes={"ends": ["mission_end"]}, neighbours={"ESP": "PRT", "PRT": "ESP"}, simulate=10,
    )  # fmt: skip


def test_the_finding_stands_first_and_a_whole_cycle_changes_nothing(found, voting) -> None:
    table = found.table.set_index("test")
    fit = cm.fit(SPEC, near(cm.build_panel(voting)))
    assert table.loc["as found", "estimate"] == pytest.approx(fit.coefficients[0], rel=1e-9)
    assert table.loc["12 months later", "z"] == pytest.approx(table.loc["as found", "z"], rel=1e-9)
    assert table.loc["12 months later", "shared"] == 1
    assert table.loc["6 months later", "shared"] == 0


def test_neighbours_lend_their_calendar(found, voting) -> None:
    panel = cm.build_panel(voting)
    votes = voting.elections
    swapped = votes.assign(cow=votes["cow"].replace({230: 235, 235: 230}))
    rows = cm.add_elections(panel, window=1, facts=voting.replace(elections=swapped))
    fit = cm.fit(SPEC, rows)
    line = found.table.set_index("test").loc["neighbours' elections"]
    assert line["estimate"] == pytest.approx(fit.coefficients[0], rel=1e-9)
    assert found.neighbours.values.tolist() == [["ESP", "PRT"], ["PRT", "ESP"]]


def test_power_is_that_of_the_information_at_the_null(found, voting) -> None:
    fit = cm.fit(SPEC, near(cm.build_panel(voting)))
    ratio = detectable_ratio(null_variance(fit, "election_near"), degrees=11)
    line = found.table.iloc[0]
    assert line["detectable_ratio"] == pytest.approx(ratio, rel=1e-9)
    assert 0 <= line["simulated_power"] <= 1
    assert found.table["power"].dropna().between(0, 1).all()


def test_an_outcome_without_events_is_a_row_with_its_reason(found) -> None:
    line = found.table.set_index("test").loc["ends"]
    assert line["problem"]
    assert np.isnan(line["estimate"])
    assert "placebo tests of election_near" in found.summary
    assert "No finite estimate of" in found.to_table().text()
    assert "detectable" in found._repr_html_()


def test_nearest_neighbours_are_of_the_region() -> None:
    found = placebos(SPEC, "election_near", cm.facts("iraq"), features=cm.add_elections,
                     windows=[], outcomes={})  # fmt: skip
    whose = found.neighbours.set_index("state")["neighbour"]
    assert whose["ESP"] == "PRT"
    assert whose["BGR"] == "MDA"
    assert whose["NZL"] == "AUS"


def test_misuse_names_the_culprit(voting: cm.Facts) -> None:
    for given, words in (
        ({"neighbours": {"ESP": "XXX"}}, "XXX"),
        ({"neighbours": "far"}, "nearest"),
        ({"power": 1.2}, "power"),
    ):
        with pytest.raises(DataError, match=words):
            placebos(SPEC, "election_near", voting, features=near, **given)
