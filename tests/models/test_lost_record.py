"""A fit on a panel that has lost its record says so, once, and nothing of other tables."""

from __future__ import annotations

import timeit

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.models.display import lost_record

FORMULA = "event ~ election_near + leader_change"


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return cm.build_panel(cm.facts("iraq")).pipe(cm.add_elections).pipe(cm.add_leadership)


def polls(panel: pd.DataFrame) -> pd.DataFrame:
    return panel[["state"]].drop_duplicates().assign(against=0.5)


def said(fit: cm.Fit) -> list[str]:
    return [remark for remark in fit.remarks if "record was lost" in remark]


@pytest.mark.parametrize("estimate", [cm.cox, cm.logit])
def test_a_plain_merge_is_noted_below_the_fit(panel, estimate):
    merged = panel.merge(polls(panel), on="state")
    fit = estimate(FORMULA, merged, cluster="state")
    assert len(said(fit)) == 1
    assert "cm.merge(panel, table, on=...)" in said(fit)[0]
    assert "Note: the panel's record was lost" in " ".join(str(fit).split())
    assert not fit.sources


@pytest.mark.parametrize("estimate", [cm.cox, cm.logit])
def test_a_panel_with_its_record_has_no_note(panel, estimate):
    kept = cm.merge(panel, polls(panel), on="state")
    for data in (panel, kept, kept.query("coalition == 'iraq'"), kept.assign(more=1)):
        assert not said(estimate(FORMULA, data, cluster="state"))


def test_a_file_loses_it_too(panel, tmp_path):
    panel.to_csv(tmp_path / "panel.csv", index=False)
    read = pd.read_csv(tmp_path / "panel.csv", parse_dates=["entry", "period"])
    assert len(said(cm.cox(FORMULA, read, cluster="state"))) == 1


def test_ones_own_table_has_no_note(panel):
    own = pd.DataFrame(panel[["coalition", "state", "spell", "start", "stop", "event",
                              "election_near", "leader_change"]].to_dict("list"))  # fmt: skip
    assert not said(cm.cox(FORMULA, own, cluster="state"))
    assert not said(cm.cox("event ~ risk", cm.simulate_panel(seed=3), cluster="state"))


def test_it_costs_nothing(panel):
    merged = panel.merge(polls(panel), on="state")
    assert min(timeit.repeat(lambda: lost_record(merged), number=100, repeat=5)) / 100 < 1e-3
