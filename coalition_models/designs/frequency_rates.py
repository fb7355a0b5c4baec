"""Rates out of counted defections, under each reading and with the readings apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from coalition_models.defection.rules import KINDS
from coalition_models.designs.frequency_readings import MAIN, Cells
from coalition_models.models.after.rates import rate_columns

__all__ = ["READING", "joined_cells", "rates_of", "split_rates"]

#: rates are of defections in this many member-years
PER = 100.0
READING = ["coding", "dates"]


def joined_cells(cells: Mapping[str, Mapping[str, Cells | str]], outcome: str) -> pd.DataFrame:
    """Cells of all sets under every reading that one of them has; main ones where it has not."""
    told = {name: held[outcome] for name, held in cells.items()}
    known = {name: held for name, held in told.items() if isinstance(held, Cells)}
    readings = dict.fromkeys(at for held in known.values() for at in held.readings)
    parts = []
    for coding, dates in readings:
        for name, held in known.items():
            at = _nearest((coding, dates), held)
            rows = (held.table["coding"] == at[0]) & (held.table["dates"] == at[1])
            parts.append(held.table[rows].assign(set=name, coding=coding, dates=dates))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _nearest(reading: tuple[str, str], held: Cells) -> tuple[str, str]:
    coding, dates = reading
    ways = [reading, (coding, "main"), ("main", dates), MAIN]
    return next(at for at in ways if at in held.readings)


def _by_reading(cells: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    for coding, dates in cells[READING].drop_duplicates().itertuples(index=False, name=None):
        yield (coding, dates), cells[(cells["coding"] == coding) & (cells["dates"] == dates)]


def rates_of(
    cells: pd.DataFrame, outcome: str, by: tuple[str, ...], draws: tuple[int, int], level: float
) -> list[pd.DataFrame]:
    """Rates of one outcome under each reading."""
    groups = [name for name in by if name != "form"]
    forms = [(form, [form]) for form in KINDS] if "form" in by else [("", list(KINDS))]
    out = []
    for (coding, dates), part in _by_reading(cells):
        for form, columns in forms:
            found = _grouped(part, groups, columns, draws, level)
            if form:
                found.insert(len(groups), "form", form)
            found = found[[*by, *[name for name in found.columns if name not in by]]]
            out.append(found.assign(outcome=outcome, coding=coding, dates=dates))
    return out


def _grouped(
    part: pd.DataFrame,
    groups: list[str],
    columns: list[str],
    draws: tuple[int, int],
    level: float,
) -> pd.DataFrame:
    keys = part[groups].astype(str).agg(" | ".join, axis=1) if groups else None
    code = np.zeros(len(part), int) if keys is None else pd.factorize(keys)[0]
    first = part.assign(code=code).drop_duplicates("code")
    out: pd.DataFrame = first[groups].reset_index(drop=True)
    sizes = part.assign(code=code).groupby("code")
    out["operations"] = sizes["coalition"].nunique().to_numpy()
    out["states"] = sizes["state"].nunique().to_numpy()
    rates = rate_columns(
        np.asarray(code, dtype=np.int64),
        part[columns].sum(axis=1).to_numpy(dtype=float),
        part["years"].to_numpy(dtype=float),
        part["state"].to_numpy(dtype=object),
        per=PER,
        level=level,
        draws=draws[0],
        seed=draws[1],
    )
    rates = rates.rename(
        columns={"time": "years", "conf_low": "exact_low", "conf_high": "exact_high"}
    )
    rates["sampling_low"] = rates[["exact_low", "drawn_low"]].min(axis=1)
    rates["sampling_high"] = rates[["exact_high", "drawn_high"]].max(axis=1)
    return pd.concat([out, rates], axis=1)


def split_rates(readings: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """The main rates beside what dating and coding do to them."""
    rows = []
    for _, part in readings.groupby(["outcome", *by], sort=False):
        at_main = (part["coding"] == "main") & (part["dates"] == "main")
        main = part[at_main].iloc[0]
        dating = part.loc[part["coding"] == "main", "rate"]
        coding = part.loc[part["dates"] == "main", "rate"]
        rows.append(
            {
                **main.drop(READING).to_dict(),
                "dating_low": dating.min(),
                "dating_high": dating.max(),
                "coding_low": coding.min(),
                "coding_high": coding.max(),
                "conf_low": part["sampling_low"].min(),
                "conf_high": part["sampling_high"].max(),
            }
        )
    table = pd.DataFrame(rows)
    return table[["outcome", *[name for name in table.columns if name != "outcome"]]]
