"""Left out is refitted by hand; the fewest events are those of a search by brute force."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import fewest_events, leave_out

SPEC = cm.Specification("cox", "event ~ high", cluster="state")


def made(members: int) -> pd.DataFrame:
    found = cm.simulate_panel(members=members, hazard=0.02, coefficients={"risk": 1.2}, seed=3)
    return found.assign(high=(found["risk"] > found["risk"].median()).astype(float))


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return made(24)


def z_of(panel: pd.DataFrame) -> float:
    return cm.inference.wild_score(SPEC, "high", panel, draws=19).statistic


def test_what_is_left_out_is_left_out(panel: pd.DataFrame) -> None:
    found = leave_out(SPEC, panel, "high")
    assert found.loc[0, "by"] == ""
    assert set(found["by"]) == {"", "state", "event", "period"}
    assert (found["by"] == "event").sum() == panel["event"].sum()
    assert (found["by"] == "state").sum() == panel["state"].nunique()
    for by, group in found[found["problem"] == ""].groupby("by"):
        line = group.iloc[-1]
        part = panel
        if by == "state":
            part = panel[panel["state"] != line["left_out"]]
        elif by == "period":
            part = panel[panel["period"].dt.year != int(line["left_out"])]
        elif by == "event":
            last = panel.index[panel["event"] == 1][-1]
            part = panel.assign(event=panel["event"].where(panel.index != last, 0))
        own = cm.cox("event ~ high", part).estimates.coefficients[0]
        assert line["estimate"] == pytest.approx(own, rel=1e-9)
        assert line["z_by_cluster"] == pytest.approx(z_of(part), rel=1e-9)
        assert line["events"] == part["event"].sum()


@pytest.mark.parametrize("members", [12, pytest.param(24, marks=pytest.mark.slow)])
def test_the_fewest_events_are_those_of_brute_force(members: int) -> None:
    panel = made(members)
    found = fewest_events(SPEC, panel, "high")
    base = z_of(panel)
    assert found.z == pytest.approx(base, rel=1e-9)
    events = panel.index[panel["event"] == 1]
    for size in range(1, 4):
        zs = {
            one: z_of(panel.assign(event=panel["event"].where(~panel.index.isin(one), 0)))
            for one in combinations(events, size)
        } if size <= 2 else {}  # fmt: skip
        turned = [one for one, z in zs.items() if (abs(z) > 1.959964) != (abs(base) > 1.959964)]
        if turned:
            assert (found.count, found.sets, found.exact) == (size, len(turned), True)
            farthest = min(zs.values()) if base > 1.96 else max(zs.values(), key=abs)
            assert found.z_without == pytest.approx(farthest, rel=1e-9)
            return
    assert found.count is None or found.count > 2


@pytest.mark.parametrize("members", [12, pytest.param(24, marks=pytest.mark.slow)])
def test_beyond_all_sets_events_are_taken_one_by_one(members: int) -> None:
    panel = made(members)
    whole, greedy = fewest_events(SPEC, panel, "high"), fewest_events(SPEC, panel, "high", exact=1)
    assert greedy.path["sets_looked_at"].iloc[0] == panel["event"].sum()
    if greedy.count is not None and whole.count is not None:
        assert greedy.count >= whole.count
    assert "events censored" in repr(greedy)


def test_misuse_is_refused(panel: pd.DataFrame) -> None:
    with pytest.raises(cm.DataError, match="by must be"):
        leave_out(SPEC, panel, "high", by=["leader"])
    with pytest.raises(cm.DataError, match="cluster"):
        fewest_events(cm.Specification("cox", "event ~ high"), panel, "high")
    with pytest.raises(cm.DataError, match="no column 'risk'"):
        fewest_events(SPEC, panel, "risk")
    with pytest.raises(cm.DataError, match="no event"):
        leave_out(SPEC, panel.assign(event=0), "high")
    assert np.isfinite(fewest_events(SPEC, panel, "high", most=1).z)
