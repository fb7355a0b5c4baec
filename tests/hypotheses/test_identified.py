"""Terms on which no verdict is given, whatever their estimate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.identified import calendar_step, common_to_all, not_measured
from coalition_models.hypotheses.verdicts import test_hypotheses as run


@pytest.fixture(scope="module")
def panel():
    found = cm.build_panel(cm.facts("iraq"))
    rng = np.random.default_rng(1)
    month = found.groupby("period").ngroup().to_numpy()
    common = rng.normal(size=month.max() + 1)[month]
    return found.assign(common=common, own=rng.normal(size=len(found)) + common)


def test_what_all_members_share_is_not_identified_on_one_coalition(panel):
    assert common_to_all(panel, "common") < 1e-12
    assert not_measured(panel, "common", ["common"]).startswith("not identified on one coalition")
    assert not_measured(panel, "own", ["own"]) == ""
    # two coalitions differ, unless each has a baseline of its own
    two = pd.concat([panel, panel.assign(coalition="b", common=panel["common"].to_numpy()[::-1])])
    two["common"] = two.groupby(["coalition", "period"])["common"].transform("mean")
    assert not_measured(two, "common", ["common"]) == ""
    said = not_measured(two, "common", ["common"], ("coalition",))
    assert said.startswith("not identified within coalitions")


def test_a_step_at_new_year_is_no_measure(panel):
    own = np.random.default_rng(2).normal(size=39)[panel.groupby("state").ngroup()]
    stepped = panel.assign(coalition_trend=own * panel["period"].dt.year)
    assert calendar_step(stepped, "coalition_trend") == pytest.approx(1)
    assert "falls on 1 January" in not_measured(stepped, "coalition_trend", ["coalition_trend"])
    # a yearly figure that is no count of deaths is what it is
    yearly = stepped.rename(columns={"coalition_trend": "polity2"})
    assert not_measured(yearly, "polity2", ["polity2"]) == ""


def test_the_cell_says_so_and_gives_no_verdict():
    table = run("iraq", ["H07", "H09", "H06"], robust=False).table.set_index("claim")
    for claim in ("H07", "H09"):
        assert table.loc[claim, "verdict"] == "untestable"
        assert "common to all members at one time" in table.loc[claim, "reason"]
        assert np.isnan(table.loc[claim, "p_value"])
    assert table.loc["H06", "verdict"] != "untestable"
