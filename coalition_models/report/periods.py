"""The years that titles name: of a coalition's mandate, as the facts have them."""

from __future__ import annotations

import pandas as pd

from coalition_models.sources.load import load

__all__ = ["coalition_years", "in_words", "last_out", "mandate_end"]


def mandate_end(coalition: str = "iraq") -> pd.Timestamp:
    """Last day of a coalition's mandate; who is there later is no longer at risk."""
    return pd.Timestamp(str(_facts(coalition)["mandate_end"]))


def in_words(day: pd.Timestamp) -> str:
    """A day as in a sentence.

    Examples
    --------
    >>> in_words(pd.Timestamp("2009-06-04"))
    '4 June 2009'
    """
    return f"{day.day} {day:%B %Y}"


def coalition_years(coalition: str) -> str:
    """The years from a coalition's start to its mandate's end, in which members are at risk.

    Examples
    --------
    >>> coalition_years("iraq")
    '2003-2008'
    """
    return f"{pd.Timestamp(str(_facts(coalition)['start'])):%Y}-{mandate_end(coalition):%Y}"


def last_out(members: pd.DataFrame) -> dict[str, pd.Timestamp]:
    """Last day of the last ``partner`` and of the ``lead`` state.

    Parameters
    ----------
    members : DataFrame
        Spells of one coalition, with ``exit`` and ``exit_kind``.
    """
    lead = members["exit_kind"] == "leader"
    return {"partner": members.loc[~lead, "exit"].max(), "lead": members.loc[lead, "exit"].max()}


def _facts(coalition: str) -> dict[str, object]:
    rows = load("coalitions").query("coalition == @coalition").to_dict("records")
    return {str(name): value for name, value in rows[0].items()}
