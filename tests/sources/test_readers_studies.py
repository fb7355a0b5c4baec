"""Replication data: counts the studies print, and what a blank means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.sources.readers.studies import (
    read_alliance_fulfilment,
    read_alliance_performance,
    read_cabinet_durations,
    read_cabinet_durations_teaching,
    read_campaign_war_chests,
    read_disputes,
    read_government_bargaining,
    read_rare_disputes,
    read_sanctions_cooperation,
)


@pytest.mark.mirror
def test_disputes(mirror: Path) -> None:
    frame = read_disputes(mirror / "disputes-oneal-russett.csv")
    assert len(frame) == 20_448
    assert frame["dyadid"].nunique() == 827
    assert frame["dispute"].sum() == 405
    # The article's clock is the running number of a dyad's observations: 10,366 rows below 14.
    clock = frame.groupby("dyadid").cumcount() + 1
    assert (clock < 14).sum() == 10_366
    assert (frame["dyadid"] == frame["cow"] * 1000 + frame["partner_cow"]).all()
    germany = frame[frame["cow"] == 260]
    assert set(germany["iso3"]) == {"DEU"}
    canada = frame[(frame["dyadid"] == 2020) & (frame["year"] == 1980)]
    assert canada["capratio"].item() == pytest.approx(0.1098)


@pytest.mark.mirror
def test_cabinets_are_the_same_in_both_copies(mirror: Path) -> None:
    full = read_cabinet_durations(mirror / "cabinet-durations-kabl.csv")
    teaching = read_cabinet_durations_teaching(mirror / "cabinet-durations-zelig.tab.gz")
    assert len(full) == 314
    assert full["ended"].sum() == 271
    assert full["country"].nunique() == 15
    shared = [name for name in teaching.columns if name in full.columns]
    assert "fractionalization" in shared
    pd.testing.assert_frame_equal(full[shared], teaching[shared])
    assert teaching["crisis_days"].max() == 274


@pytest.mark.mirror
def test_campaign_war_chests(mirror: Path) -> None:
    frame = read_campaign_war_chests(mirror / "campaign-war-chests.rda")
    assert len(frame) == 1_376
    assert frame["race"].nunique() == 397
    assert frame["challenger_entry"].sum() == 40
    assert (frame["stop"] > frame["start"]).all()


@pytest.mark.mirror
def test_government_bargaining(mirror: Path) -> None:
    frame = read_government_bargaining(mirror / "government-bargaining.rda")
    assert len(frame) == 203
    assert frame["days"].tolist()[:3] == [39, 40, 65]
    assert frame["days"].max() == 205
    expected = frame["parties"] * np.log(frame["days"].astype(float))
    assert (frame["parties_x_log_days"] - expected).abs().max() < 0.01


@pytest.mark.mirror
def test_alliance_performance(mirror: Path) -> None:
    frame = read_alliance_performance(mirror / "alliance-performance.dta")
    assert len(frame) == 137
    assert frame["honored"].sum() == 93
    assert frame["active"].sum() == 93
    assert set(frame.loc[frame["cow"] == 255, "iso3"]) == {"DEU"}
    # Without a date, Russia could be RUS or SUN: neither is guessed.
    assert frame.loc[frame["cow"] == 365, "iso3"].isna().all()


@pytest.mark.mirror
def test_alliance_fulfilment(mirror: Path) -> None:
    frame = read_alliance_fulfilment(mirror / "alliance-fulfilment.dta")
    assert len(frame) == 576
    for suffix in ("", "_llm"):
        relevant = frame[frame[f"not_applicable{suffix}"] == 0]
        answered = relevant[f"honored{suffix}"] + relevant[f"violated{suffix}"]
        assert (answered == 1).all()
    assert frame["honored"].sum() == 69
    assert frame["violated"].sum() == 70
    # Blanks of a coding that covers fewer cases stay blank.
    assert frame["sabrosky_honored"].notna().sum() == 47


@pytest.mark.mirror
def test_rare_disputes(mirror: Path) -> None:
    frame = read_rare_disputes(mirror / "rare-disputes.tab.gz")
    assert len(frame) == 3_126
    assert frame["dispute"].sum() == 1_042
    case = frame[frame["case"] == 392].iloc[0]
    assert (case["max_democracy"], case["min_democracy"]) == (10, -3)


@pytest.mark.mirror
def test_sanctions_cooperation(mirror: Path) -> None:
    frame = read_sanctions_cooperation(mirror / "sanctions-cooperation.tab.gz")
    assert len(frame) == 78
    assert frame["military"].sum() == 8
    assert frame["n_cooperating"].max() == 150
    assert frame.groupby("cost_label")["cost"].agg(["min", "max"]).to_dict("index") == {
        "net gain": {"min": 1, "max": 1},
        "little effect": {"min": 2, "max": 2},
        "modest loss": {"min": 3, "max": 3},
        "major loss": {"min": 4, "max": 4},
    }


def test_a_file_that_is_none_is_our_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.dta"
    path.write_bytes(b"not a Stata file")
    with pytest.raises(DataError, match=r"cannot read broken\.dta as a Stata file"):
        read_alliance_performance(path)
    r_file = tmp_path / "broken.rda"
    r_file.write_bytes(b"not an R file")
    with pytest.raises(DataError, match=r"cannot read broken\.rda"):
        read_campaign_war_chests(r_file)
    with pytest.raises(DataError, match=r"cannot read absent\.csv"):
        read_disputes(tmp_path / "absent.csv")
