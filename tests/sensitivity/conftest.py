"""Made-up coalitions in which every state votes by a strict rhythm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

#: states that have a number and a code throughout
STATES = {
    "ESP": 230, "PRT": 235, "POL": 290, "HUN": 310, "CZE": 316, "SVK": 317, "ITA": 325, "BGR": 355,
    "ROU": 360, "UKR": 369, "NOR": 385, "DNK": 390, "JPN": 740, "KOR": 732, "AUS": 900, "NZL": 920,
}  # fmt: skip
START = pd.Timestamp("2000-01-01")

MakeFacts = Callable[..., cm.Facts]


def rhythmic(
    months: Sequence[int], phases: Sequence[int], term: int = 12, *, leaves: Sequence[bool] = ()
) -> cm.Facts:
    """Facts of states that stay for some months and vote every ``term`` months from a phase on."""
    names = list(STATES)[: len(months)]
    left = list(leaves) or [True] * len(months)
    exits = [START + pd.DateOffset(months=int(m) - 1, days=14) for m in months]
    members = pd.DataFrame(
        {
            "coalition": "made", "state": ["USA", *names],
            "entry": START, "exit": [START + pd.DateOffset(months=59), *exits],
            "exit_kind": ["leader", *("early" if one else "mission_end" for one in left)],
        }
    )  # fmt: skip
    coalitions = pd.DataFrame(
        {"coalition": ["made"], "start": [START], "lead_state": ["USA"],
         "mandate_end": [START + pd.DateOffset(months=59)]}
    )  # fmt: skip
    votes = [
        (STATES[name], START + pd.DateOffset(months=int(phase) + term * k, days=9), "legislative")
        for name, phase in zip(names, phases, strict=True)
        for k in range(-(120 // term), 120 // term + 1)
    ]
    elections = pd.DataFrame(votes, columns=["cow", "date", "kind"])
    return cm.Facts(members=members, coalitions=coalitions, elections=elections)


@pytest.fixture(scope="session")
def made_facts() -> MakeFacts:
    """Make facts of a made-up coalition; see :func:`rhythmic`."""
    return rhythmic


@pytest.fixture(scope="session")
def voting() -> cm.Facts:
    """Twelve states of random phase and stay."""
    rng = np.random.default_rng(4)
    stays = rng.integers(8, 50, 12)
    # two in three have voted in the month after their exit
    phases = (stays + np.tile([0, 0, 5], 4)) % 12
    return rhythmic(stays.tolist(), phases.tolist())
