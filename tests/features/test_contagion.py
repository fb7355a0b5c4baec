"""Earlier defectors: all members count, the row's own state never does."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.contagion import add_contagion
from coalition_models.record import record_of
from coalition_models.timelines.given import facts_beside

# the lead state, three Europeans (two of them in NATO), one from the Americas
SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["USA", "ESP", "ESP", "ITA", "UKR", "HND"],
        "cow": [2, 230, 230, 325, 369, 91],
        "spell": [1, 1, 2, 1, 1, 1],
        "entry": pd.to_datetime(
            ["2003-01-01", "2003-01-10", "2004-01-10", "2003-01-10", "2003-01-10", "2003-03-10"]
        ),
        "exit": pd.to_datetime(
            ["2004-12-01", "2003-06-20", "2004-06-20", "2003-08-05", "2004-12-01", "2003-07-31"]
        ),
        "exit_kind": ["leader", "early", "early", "scheduled", "mission_end", "early"],
        "peak_troops": [900, 300, 50, 200, 100, 40],
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("2003-01-01")],
        "mandate_end": [pd.Timestamp("2004-12-31")],
        "lead_state": ["USA"],
    }
)
TROOPS = pd.DataFrame(
    {
        "coalition": "one",
        "cow": [2, 230, 2],
        "date": pd.to_datetime(["2003-02-01", "2003-04-10", "2003-11-01"]),
        "troops": [1000, 250, 600],
    }
)


@pytest.fixture
def panel():
    return cm.build_panel(SPELLS, coalitions=COALITIONS)


def built(panel, **options):
    return add_contagion(panel, **({"data": SPELLS, "troops": TROOPS} | options))


@pytest.fixture
def at(panel):
    def value(out, state, month, column):
        found = out[(out["state"] == state) & (out["period"] == pd.Timestamp(month))]
        assert len(found) == 1
        return found[column].item()

    return value


def test_by_hand(panel, at):
    out = built(panel)
    # Spain goes in June, Honduras in July: Ukraine knows one in July, two from August on
    assert at(out, "UKR", "2003-06-01", "earlier_defectors") == 0
    assert at(out, "UKR", "2003-07-01", "earlier_defectors") == 1
    assert at(out, "UKR", "2003-08-01", "earlier_defectors") == 2
    # of four other states that joined: USA, ESP, ITA, HND
    assert at(out, "UKR", "2003-08-01", "defector_share") == 0.5
    # Spain's second exit makes no third defector, but it is a recent exit
    assert at(out, "UKR", "2004-07-01", "earlier_defectors") == 2
    assert at(out, "UKR", "2004-07-01", "recent_exits_3m") == 1
    # June 2004, July 2003 are in the twelve months before July 2004; June 2003 is not
    assert at(out, "UKR", "2004-07-01", "recent_exits_12m") == 2
    assert at(out, "UKR", "2003-10-01", "recent_exits_3m") == 1
    assert at(out, "UKR", "2003-11-01", "recent_exits_3m") == 0
    assert at(out, "UKR", "2003-11-01", "recent_exits_6m") == 2


def test_the_own_exit_never_counts(panel, at):
    for moment in ("start", "end"):
        out = built(panel, as_of=moment)
        for state, month in (("ESP", "2003-06-01"), ("ESP", "2004-06-01"), ("HND", "2003-07-01")):
            alone = SPELLS[SPELLS["state"] != state]
            without = add_contagion(
                panel, as_of=moment, facts=facts_beside(panel, members=alone, troops=TROOPS)
            )
            for name in ("earlier_defectors", "recent_exits_12m", "region_exits_12m"):
                assert at(out, state, month, name) == at(without, state, month, name)
    # in its second spell Spain does not count its first exit either
    assert at(built(panel), "ESP", "2004-02-01", "earlier_defectors") == 1


def test_a_sample_of_the_panel_has_the_same_values(panel):
    whole = built(panel)
    part = panel[panel["state"] == "UKR"]
    pd.testing.assert_frame_equal(built(part), whole.loc[part.index])


def test_weights_regions_and_allies(panel, at):
    out = built(panel)
    # Spain leaves with the 250 last seen, Honduras with its peak of 40
    assert at(out, "UKR", "2003-08-01", "exit_troops_12m") == 290
    assert at(out, "UKR", "2003-08-01", "log_exit_troops_12m") == pytest.approx(math.log(291))
    assert at(out, "UKR", "2003-08-01", "region_exits_12m") == 1
    assert at(out, "HND", "2003-07-01", "region_exits_12m") == 0
    # Italy is Spain's ally; Ukraine has none
    assert at(out, "ITA", "2003-08-01", "ally_exits_12m") == 1
    assert at(out, "UKR", "2003-08-01", "ally_exits_12m") == 0
    blind = SPELLS.assign(peak_troops=np.nan)
    unknown = add_contagion(panel, facts=facts_beside(panel, members=blind, troops=TROOPS))
    assert at(unknown, "UKR", "2003-07-01", "exit_troops_12m") == 250
    assert math.isnan(at(unknown, "UKR", "2003-08-01", "exit_troops_12m"))


def test_the_lead_state_draws_down(panel, at):
    out = built(panel)
    assert math.isnan(at(out, "UKR", "2003-02-01", "lead_below_peak"))
    assert at(out, "UKR", "2003-11-01", "lead_below_peak") == 0
    assert at(out, "UKR", "2003-12-01", "lead_below_peak") == pytest.approx(0.4)
    assert math.isnan(at(out, "UKR", "2004-01-01", "lead_change_12m"))
    assert at(out, "UKR", "2004-06-01", "lead_change_12m") == pytest.approx(-0.4)


def test_kinds_and_dates_are_choices(panel, at):
    out = built(panel, exit_kinds=("early", "scheduled"))
    assert at(out, "UKR", "2003-09-01", "earlier_defectors") == 3
    announced = SPELLS.assign(announced=pd.to_datetime(["2003-04-02"] + [None] * 5))
    announced.loc[1, "announced"] = pd.Timestamp("2003-04-18")
    told = built(panel, data=announced, exit_date="announced")
    assert at(told, "UKR", "2003-05-01", "earlier_defectors") == 1
    # no announcement of Honduras is known: its exit counts when it left
    assert at(told, "UKR", "2003-07-01", "earlier_defectors") == 1
    assert at(told, "UKR", "2003-08-01", "earlier_defectors") == 2


def test_later_exits_change_nothing_earlier(panel):
    late = SPELLS.iloc[[4]].assign(
        state="POL", cow=290, exit=pd.Timestamp("2004-02-10"), exit_kind="early"
    )
    early = panel["period"] <= "2004-02-01"
    with_exit = built(panel, data=pd.concat([SPELLS, late]))
    still = built(panel, data=pd.concat([SPELLS, late.assign(exit=pd.Timestamp("2004-12-01"))]))
    pd.testing.assert_frame_equal(with_exit[early], still[early])
    after = panel["period"] == "2004-03-01"
    assert (with_exit[after]["recent_exits_3m"] == still[after]["recent_exits_3m"] + 1).all()


def test_spain_in_iraq(iraq, row):
    """Spain's exit in April 2004 is known to the others at the end of April, not at its start."""
    start = add_contagion(iraq)
    end = add_contagion(iraq, as_of="end")
    exits = cm.load("participation").query("coalition == 'iraq' and exit_kind == 'early'")
    for month, others in (("2004-04-01", 0), ("2004-05-01", 1)):
        before = exits[exits["exit"] < month]
        assert ("ESP" in set(before["state"])) == bool(others)
        assert row(start, "ITA", month, "earlier_defectors") == before["state"].nunique()
    within = exits[(exits["exit"] < "2004-05-01") & (exits["state"] != "ESP")]["state"].nunique()
    assert row(end, "ESP", "2004-04-01", "earlier_defectors") == within
    assert row(end, "ITA", "2004-04-01", "earlier_defectors") == within + 1


def test_missing_where_not_all_members_are_listed():
    kfor = cm.build_panel(
        cm.load("participation"), coalitions=["kfor"], clock="coalition", until="2010-12-31"
    )
    out = add_contagion(kfor)
    new = out.columns.difference(kfor.columns)
    assert out[new].isna().all().all()
    assert record_of(out).features["earlier_defectors"]["missing_rows"] == len(kfor)


def test_bad_options(panel):
    with pytest.raises(cm.DataError, match="windows must be"):
        built(panel, windows=(0, 3))
    with pytest.raises(cm.DataError, match=r"exit_kinds must be one or more of.*found late"):
        built(panel, exit_kinds=("late",))
    with pytest.raises(cm.DataError, match="lacks the columns exit_kind"):
        built(panel, data=SPELLS.drop(columns="exit_kind"))
    with pytest.raises(cm.DataError, match="needs the column 'announced'"):
        built(panel, exit_date="announced")


@pytest.mark.filterwarnings("ignore:add_contagion")  # nothing is known of strengths
def test_a_panel_of_own_spells_counts_its_own_exits():
    """Iraq's early exits moved by three months, under the same name."""
    bundled = cm.load("participation", revision=1).query("coalition == 'iraq'")
    moved = bundled.copy()
    early = (moved["exit_kind"] == "early") & (moved["state"] != "JPN")
    moved.loc[early, "exit"] += pd.DateOffset(months=3)
    ratios = []
    for spells in (moved, bundled):
        panel = cm.add_contagion(cm.build_panel(spells))
        early_exits = spells[(spells["exit_kind"] == "early")]["exit"]
        last = panel[panel["period"] == panel["period"].max()]
        known = int((early_exits < panel["period"].max()).sum())
        assert last["earlier_defectors"].max() <= known
        ratios.append(float(np.exp(cm.cox("event ~ recent_exits_3m", panel).coefficients[0])))
    np.testing.assert_allclose(ratios, [1.12875, 0.93911], atol=5e-5)
