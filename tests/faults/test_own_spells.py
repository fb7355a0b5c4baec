"""Builders count the partners of the panel's own spells, whatever the coalition is called."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


def spells(coalition: str, months: int, without: str = "") -> pd.DataFrame:
    """Bundled spells with every early exit some months later or sooner."""
    table = cm.load("participation").query("coalition == @coalition and state != @without").copy()
    early = table["exit_kind"] == "early"
    moved = table["exit"] + pd.DateOffset(months=months)
    later = early & (moved > table["entry"])
    # only where the next spell of the state does not begin first
    last = ~table.duplicated("state", keep="last")
    table.loc[later & last, "exit"] = moved
    return table


def earlier_by_hand(panel: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """Other states with an early exit in a month before the row's."""
    gone = table[table["exit_kind"] == "early"]
    # an exit known to the year only is known in its December
    yearly = gone.get("exit_precision", pd.Series("day", index=gone.index)) == "year"
    days = gone["exit"].mask(yearly, gone["exit"] + pd.offsets.YearEnd(0))
    first = days.dt.to_period("M").groupby(gone["state"]).min()
    month = panel["period"].dt.to_period("M")
    count = np.zeros(len(panel))
    for other, day in first.items():
        count += (panel["state"] != other) & (month > day)
    return count


def test_moved_exits_of_iraq_without_japan():
    table = cm.load("participation", revision=1)
    table = table.query("coalition == 'iraq' and state != 'JPN'").copy()
    early = table["exit_kind"] == "early"
    table.loc[early, "exit"] = table.loc[early, "exit"] + pd.DateOffset(months=3)
    panel = cm.build_panel(table)
    own = cm.add_contagion(panel)
    bundled = cm.add_contagion(panel, facts=cm.facts("iraq", revision=1))
    assert len(panel) == 1643
    assert (own["earlier_defectors"] != bundled["earlier_defectors"]).sum() == 1076
    ratios = [
        float(np.exp(cm.cox("event ~ recent_exits_3m", p, cluster="state").coefficients[0]))
        for p in (own, bundled)
    ]
    np.testing.assert_allclose(ratios, [1.14, 0.81], atol=5e-3)


@pytest.mark.parametrize(
    ("name", "months", "way"),
    [
        ("iraq", -2, "table"),
        ("iraq", 7, "Facts"),
        ("iraq", 3, "renamed"),
        ("rsm", 3, "table"),
        ("rsm", -2, "renamed"),
        ("isaf", 3, "Facts"),
    ],
)
def test_earlier_exits_are_those_of_the_table_given(name, months, way):
    table = spells(name, months)
    coalitions = cm.load("coalitions").query("coalition == @name")
    if way == "renamed":
        table, coalitions = (t.assign(coalition="mine") for t in (table, coalitions))
    if way == "table":
        panel = cm.build_panel(table)
    else:
        panel = cm.build_panel(cm.Facts(members=table, coalitions=coalitions))
    found = cm.add_contagion(panel)["earlier_defectors"].to_numpy()
    np.testing.assert_array_equal(found, earlier_by_hand(panel, table))


@pytest.mark.parametrize(
    "add", [cm.add_casualties, cm.add_commitment, cm.add_risk], ids=lambda add: add.__name__
)
def test_own_spells_bring_no_bundled_deaths_or_strengths(add):
    panel = cm.build_panel(spells("rsm", -2))
    with pytest.raises(cm.DataError, match=r"the facts of this panel hold none.*Facts\("):
        add(panel)


@pytest.mark.parametrize("count", [3, 5, 8])
def test_a_small_coalition_named_like_a_large_one_has_its_own_partners(count):
    states = ["FRA", "TCD", "NER", "SEN", "MLI", "BFA", "TGO", "BEN"][:count]
    table = pd.DataFrame(
        {
            "coalition": "iraq",
            "state": states,
            "entry": "2003-05-01",
            "exit": [f"{2004 + i}-06-15" for i in range(count)],
        }
    ).assign(exit_kind=["leader", *["early"] * (count - 1)])
    home = pd.DataFrame(
        {"coalition": ["iraq"], "start": "2003-03-20", "mandate_end": "2013-12-31",
         "lead_state": "FRA"}
    )  # fmt: skip
    facts = cm.Facts(members=table, coalitions=home)
    out = cm.add_contagion(cm.build_panel(facts))
    np.testing.assert_array_equal(out["earlier_defectors"], earlier_by_hand(out, facts.members))
    assert out["earlier_defectors"].max() == count - 2
