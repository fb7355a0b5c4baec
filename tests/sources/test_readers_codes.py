"""State system membership and code panels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coalition_models.record import record_of
from coalition_models.sources.readers.state_codes import (
    read_cow_gw_panel,
    read_cow_states,
    read_gw_cow_panel,
    read_gw_states,
)


@pytest.mark.mirror
def test_cow_states(mirror: Path) -> None:
    frame = read_cow_states(mirror / "cow-states.rda")
    germany = frame[frame["cow"] == 255]
    assert germany["start"].tolist() == [pd.Timestamp("1816-01-01"), pd.Timestamp("1990-10-03")]
    assert germany["end"].tolist() == [pd.Timestamp("1945-05-08"), pd.NaT]
    tonga = frame[frame["cow"] == 955]
    assert tonga["start"].tolist() == [pd.Timestamp("1999-09-14")]
    south_vietnam = frame[frame["cow"] == 817]
    assert south_vietnam["end"].tolist() == [pd.Timestamp("1975-04-30")]
    # The closing day of the list is no end.
    assert not (frame["end"] == "2016-12-31").any()


@pytest.mark.mirror
def test_gw_states(mirror: Path) -> None:
    frame = read_gw_states(mirror / "gw-states.rda")
    serbia = frame[frame["gw"] == 340]
    assert serbia["start"].tolist() == [pd.Timestamp("1878-07-13"), pd.Timestamp("2006-06-05")]
    assert set(serbia["cow"]) == {345}
    tonga = frame[frame["gw"] == 972]
    assert (tonga["cow"].item(), tonga["microstate"].item()) == (955, True)
    assert frame[frame["gw"] == 711]["cow"].isna().all()
    assert not (frame["end"] == "2020-12-31").any()


@pytest.mark.mirror
def test_panels(mirror: Path) -> None:
    cow = read_cow_gw_panel(mirror / "cow-gw-panel.rda").set_index(["cow", "year"])
    assert cow.loc[(255, 2003), "gw"] == 260
    assert cow.loc[(345, 2006), "gw"] == 340
    assert cow.loc[(955, 2004), "gw"] == 972
    assert record_of(cow).notes["dropped"] == {"no COW number in the year": 210}
    gw = read_gw_cow_panel(mirror / "gw-cow-panel.rda").set_index(["gw", "year"])
    assert gw.loc[(260, 2003), "cow"] == 255
    assert gw.loc[(678, 1995), "cow"] == 679
    assert pd.isna(gw.loc[(972, 1990), "cow"])
    assert record_of(gw).notes["dropped"] == {"no Gleditsch-Ward number in the year": 141}
