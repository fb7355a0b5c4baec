"""How far two coders agree: counts by hand, Cohen's kappa and exact limits against known values."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.agreement import _exact, _kappa, announcement_note


@pytest.fixture(scope="module")
def found():
    return cm.coder_agreement().set_index(["what", "round"])


def test_counts_of_both_rounds(found):
    agree = {what: found.loc[(what, "all"), "agree"] for what, _ in found.index}
    assert agree == {
        "exit month": 55,
        "exit within 31 days": 59,
        "kind": 61,
        "early": 62,
        "announced day": 6,
        "announced month": 8,
    }
    assert (found.xs("1", level="round")["of"] == 30).all()
    assert (found.xs("2", level="round")["of"] == 35).all()
    assert found.loc[("announced day", "all"), "of"] == 13


def test_kappa_as_documented(found):
    assert found.loc[("kind", "all"), "kappa"] == pytest.approx(0.89, abs=0.005)
    assert found.loc[("early", "all"), "kappa"] == pytest.approx(0.91, abs=0.005)


def test_errors_come_from_the_random_round_only(found):
    has = found["error"].notna()
    assert set(found[has].index.get_level_values("round")) == {"1"}
    kind = found.loc[("kind", "1")]
    # 1 of 30: exact limits as R's binom.test(1, 30) gives them
    assert kind["error"] == pytest.approx(1 / 30)
    assert kind["error_low"] == pytest.approx(0.0008435709, abs=1e-9)
    assert kind["error_high"] == pytest.approx(0.1721695, abs=1e-6)


def test_kappa_of_a_table_by_hand():
    # agree on 20 yes and 15 no of 50; yes 25 and 30 times: (0.7 - 0.5) / (1 - 0.5)
    one = pd.Series(["y"] * 25 + ["n"] * 25)
    other = pd.Series(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15)
    assert _kappa(one, other) == pytest.approx(0.4)


def test_limits_at_the_ends():
    assert _exact(0, 10) == pytest.approx((0.0, 0.3084971), abs=1e-6)
    assert _exact(10, 10) == pytest.approx((0.6915029, 1.0), abs=1e-6)


def test_later_values_agree_more_since_they_took_some_over():
    later = cm.coder_agreement(revision=2).set_index(["what", "round"])["agree"]
    assert later[("exit month", "all")] == 60


def test_a_panel_dated_by_announcement_says_how_soft_it_is():
    note = announcement_note()
    assert "in 6, the month in 8" in note
    panel = cm.build_panel(cm.facts("iraq"), exit_date="announced")
    assert note in cm.record_of(panel).panel["notes"]
    assert note not in cm.record_of(cm.build_panel(cm.facts("iraq"))).panel["notes"]


def test_so_do_defections_dated_by_announcement():
    rule = cm.DefectionRule(
        "announced", kinds=("full",), exits="coded", cuts="none", exit_date="announced"
    )
    coded = cm.code_defections(cm.facts("iraq"), rule=rule)
    assert cm.record_of(coded).notes["defections"]["announcements"] == announcement_note()
