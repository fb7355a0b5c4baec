"""War codings joined with the dates of the Correlates of War, against an independent join."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sources.wars import with_cow_dates


def blocks():
    """One side of an invented war: A and B fight, A stops 61 days before B, C comes later."""
    rows = [
        (1, 10, 1, "2000-01-01", "2000-03-01"),
        (1, 20, 1, "2000-01-01", "2000-05-01"),
        (1, 30, 1, "2000-04-01", "2000-05-01"),
        (1, 40, 2, "2000-01-01", "2000-05-01"),
    ]
    frame = pd.DataFrame(rows, columns=["war_num", "cow", "side", "start", "end"])
    return frame.assign(
        start=pd.to_datetime(frame["start"]),
        end=pd.to_datetime(frame["end"]),
        start_precision="day",
        end_precision="day",
        bat_death=pd.array([100, 200, None, 5], dtype="Int64"),
        initiator=pd.array([True, False, False, False], dtype="boolean"),
        outcome="winner",
    )


def coding(cow=10, side=1):
    return pd.DataFrame(
        {
            "war_num": [1],
            "side": [side],
            "state": ["A"],
            "cow": [cow],
            "spell": [1],
            "spell_chrono": [1],
            "combat_end": [pd.NaT],
        }
    )


def test_partners_by_hand():
    (row,) = with_cow_dates(coding(), lambda _: blocks()).to_dict("records")
    assert row["n_states_side"] == 3
    # only B's spell overlaps A's; B is there on A's last day and fights 61 days longer
    assert (row["n_partners"], row["partners_at_end"], row["partners_still_fighting"]) == (1, 1, 1)
    assert row["side_end"] == pd.Timestamp("2000-05-01")
    assert row["combat_end"] == row["end"] == pd.Timestamp("2000-03-01")
    assert (row["bat_death"], row["bat_death_repeated"], row["initiator"]) == (100, 0, 1)


def test_a_spell_without_a_counterpart_is_named():
    with pytest.raises(cm.DataError, match="war 1 A spell 1"):
        with_cow_dates(coding(side=2), lambda _: blocks())
    with pytest.raises(cm.DataError, match="1 coded spells have no counterpart"):
        with_cow_dates(coding(cow=99), lambda _: blocks())


@pytest.mark.mirror
def test_every_number_equals_an_independent_join(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    reference = mirror.parent / "facts" / "war_participation.csv"
    if not reference.is_file():
        pytest.skip("the independent join is not at hand")
    expected = pd.read_csv(
        reference, parse_dates=["start", "end", "side_end", "combat_end"]
    ).set_index(["war_num", "cow", "spell_chrono"])
    found = cm.load("war_participation", extended=True).set_index(
        ["war_num", "cow", "spell_chrono"]
    )
    assert len(found) == len(expected) == 203
    for name in [
        "start", "end", "side_end", "combat_end", "n_states_side", "n_partners",
        "partners_at_end", "partners_still_fighting", "initiator", "bat_death_repeated",
    ]:  # fmt: skip
        differs = found[name] != expected[name].reindex(found.index)
        assert not differs.any(), (name, found.index[differs].tolist())
    deaths = expected["bat_death"].reindex(found.index)
    both = found["bat_death"].astype("Float64") == deaths.astype("Float64")
    assert (both | (found["bat_death"].isna() & deaths.isna())).all()
