"""Hand-made members, strengths and changes: small enough to code by eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pandas as pd
import pytest

from coalition_models.members.profile import operational_profile

#: states that need no look-up in the tests
COW = {"POL": 290, "ESP": 230, "DNK": 390, "KOR": 732, "ITA": 325}


def coalitions(end: str = "2008-12-31", name: str = "made_up") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "coalition": [name],
            "lead_state": "USA",
            "start": pd.to_datetime(["2003-01-01"]),
            "mandate_end": pd.to_datetime([end]),
        }
    )


def members(rows: Sequence[tuple[str, int, str, str, str]], **more: object) -> pd.DataFrame:
    """Spells from (state, spell, entry, exit, exit_kind)."""
    frame = pd.DataFrame(rows, columns=["state", "spell", "entry", "exit", "exit_kind"])
    frame.insert(0, "coalition", "made_up")
    frame["cow"] = frame["state"].map(COW)
    frame["entry"], frame["exit"] = pd.to_datetime(frame["entry"]), pd.to_datetime(frame["exit"])
    return frame.assign(**more)


def levels(
    strengths: Mapping[str, Mapping[str, float]], coalition: str = "made_up"
) -> pd.DataFrame:
    """Strengths from {state: {day: persons}}."""
    rows = [(s, d, n) for s, days in strengths.items() for d, n in days.items()]
    frame = pd.DataFrame(rows, columns=["state", "date", "troops"])
    frame.insert(0, "coalition", coalition)
    frame["cow"] = frame["state"].map(COW)
    frame["date"] = pd.to_datetime(frame["date"])
    return frame


def monthly(state: str, first: str, values: Sequence[float], name: str = "made_up") -> pd.DataFrame:
    """One strength at each month's end."""
    days = pd.date_range(first, periods=len(values), freq="ME")
    return levels({state: {f"{d:%Y-%m-%d}": v for d, v in zip(days, values, strict=True)}}, name)


def changes(rows: Sequence[tuple[str, str, str, str, float, float]]) -> pd.DataFrame:
    """Coded changes from (state, date, change, planned, before, after)."""
    columns = ["state", "date", "change", "planned", "troops_before", "troops_after"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "coalition", "made_up")
    frame["cow"] = frame["state"].map(COW)
    frame["date"] = pd.to_datetime(frame["date"])
    more = {"reason": "made up", "source": "none", "confidence": "high", "date_precision": "day"}
    return frame.assign(**more)


def profile_of(
    spells: pd.DataFrame, strengths: pd.DataFrame, end: str = "2008-12-31", **options: object
) -> pd.DataFrame:
    return operational_profile(spells, strengths, coalitions=coalitions(end), **options)


@pytest.fixture(scope="session")
def made_up() -> SimpleNamespace:
    """The functions of this file under one name."""
    return SimpleNamespace(
        coalitions=coalitions,
        members=members,
        levels=levels,
        monthly=monthly,
        changes=changes,
        profile_of=profile_of,
    )
