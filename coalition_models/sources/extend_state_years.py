"""Join democracy, capabilities and ties to the United States to the table of state-years."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coalition_models.record import with_notes

__all__ = ["extended_state_years"]

_UNITED_STATES = 2

#: source -> column there: column here
_JOINS: dict[str, dict[str, str]] = {
    "polity5": {"polity2": "polity2", "executive_constraints": "executive_constraints"},
    "democracy-bmr": {"democracy": "democracy_bmr"},
    "state-democracy": {"uds_adjusted": "uds_adjusted", "polyarchy": "polyarchy"},
    "cow-capabilities": {
        "capability_index": "capability_index",
        "military_spending": "military_spending",
        "soldiers": "soldiers",
    },
    "gdp-population": {
        "gdp_per_capita": "gdp_per_capita_model",
        "population": "population_model",
    },
    "us-trade": {"us_exports": "us_exports", "us_imports": "us_imports"},
}

Read = Callable[[str], pd.DataFrame]


def extended_state_years(bundled: pd.DataFrame, read: Read) -> pd.DataFrame:
    """Join what external sources know to the state-years, by dated COW number.

    Parameters
    ----------
    bundled : DataFrame
        The table ``state_years``.
    read : callable
        Gives an external source by name, as ``load`` does.

    Returns
    -------
    DataFrame
        With ``polity2``, ``executive_constraints`` (Polity5, to 2018), ``democracy_bmr`` (to
        2020), ``uds_adjusted``, ``polyarchy``, ``capability_index``, ``military_spending``
        (thousand current US dollars), ``soldiers`` (thousands), ``gdp_per_capita_model`` (2011
        dollars), ``population_model`` (million; both to 2019), ``us_exports``, ``us_imports``
        (current US dollars), ``us_troops`` (persons; missing for hosts of a war) and
        ``us_defense_pact`` (0 or 1, within the years of ATOP). Missing outside a source's
        coverage, never zero. ``record_of(...).notes["joined"]`` counts the values that each source
        gives.
    """
    out = bundled.copy()
    for source, columns in _JOINS.items():
        frame = read(source).dropna(subset=["cow", "year"])
        # Where a state changed in the middle of a year, the later row describes its end.
        frame = frame.drop_duplicates(["cow", "year"], keep="last")
        frame = frame[["cow", "year", *columns]].rename(columns=columns)
        out = _join(out, frame)
    troops = read("us-troops-abroad")
    troops = troops.loc[~troops["operation_total"], ["cow", "year", "troops"]]
    out = _join(out, troops.rename(columns={"troops": "us_troops"}))
    out["us_defense_pact"] = _defense_pact(out, read("atop-alliances"))
    new = [name for name in out.columns if name not in bundled.columns]
    with_notes(out, joined={name: int(out[name].notna().sum()) for name in new})
    return out


def _join(table: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    typed = frame.astype({"cow": "int64", "year": "int64"})
    return table.merge(typed, on=["cow", "year"], how="left", validate="m:1")


def _defense_pact(table: pd.DataFrame, alliances: pd.DataFrame) -> pd.Series:
    """Tell who has a defence pact with the United States; the source lists all of them."""
    american = alliances[alliances["partner_cow"] == _UNITED_STATES]
    pacts = american[american["defense"] == 1]
    allied = set(zip(pacts["cow"], pacts["year"], strict=True))
    last = int(alliances["year"].max())
    values = [
        pd.NA if year > last or cow == _UNITED_STATES else int((cow, year) in allied)
        for cow, year in zip(table["cow"], table["year"], strict=True)
    ]
    return pd.Series(values, index=table.index, dtype="Int64")
