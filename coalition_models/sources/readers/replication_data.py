"""Data of more published studies, under readable names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.codes import from_cow
from coalition_models.sources.readers._frames import close_frame, need, read_r, read_text, to_int
from coalition_models.sources.readers.studies import pick, read_stata

__all__ = [
    "READERS",
    "read_assassinations",
    "read_civilian_killings",
    "read_conquest_resistance",
    "read_coups_democratization",
    "read_isaf_contributions",
    "read_leader_exits",
    "read_medicaid_opposition",
    "read_peacekeeping_missions",
    "read_rebellion_technologies",
    "read_territorial_contenders",
]

_LEADERS = {
    "row": "case", "years": "years", "lost": "exit", "manner": "irregular_entry",
    "start": "first_year", "military": "military", "age": "age", "conflict": "conflict",
    "loginc": "log_income", "growth": "growth", "pop": "population", "land": "land",
    "literacy": "literacy", "region": "region",
}  # fmt: skip
_CONQUESTS = {
    "row": "case", "resist": "resistance", "polity_conq": "conqueror_polity",
    "lndist": "log_distance", "terrain": "terrain", "soldperterr": "log_soldiers_per_area",
    "gdppc2": "income", "coord": "coordinating_leader",
}  # fmt: skip
_REBELLIONS = {
    "id": "war", "yrst": "first_year", "roughterrain": "rough_terrain", "gdpcapita_fl": "income",
}  # fmt: skip
_TECHNOLOGIES = {
    "Conventional": "conventional", "Irregular": "irregular", "SNC": "non-conventional",
}  # fmt: skip
_COUPS = {
    "ccode": "cow", "year": "year", "dem": "democratization", "coup_any": "coup_any",
    "coup_success": "coup_success", "coup_failed": "coup_failure",
    **{
        f"{rank}_{theirs}": f"{rank}_{ours}"
        for rank in ("senior", "midrank", "junior")
        for theirs, ours in (("any", "any"), ("success", "success"), ("fail", "failure"))
    },
    "prev_dem": "was_democratic", "colbrit": "british_colony", "ind_year": "independence_year",
    "cold_war": "cold_war", "gdppc": "log_income", "chgdppc": "income_growth", "time": "time",
}  # fmt: skip
_KILLINGS = {
    "row": "case", "location": "country", "year": "year", "mon": "month", "osvAll": "killed",
    "troopLag": "troops", "policeLag": "police", "militaryobserversLag": "observers",
    "brv_AllLag": "battle_deaths", "osvAllLagDum": "killed_before", "incomp": "incompatibility",
    "epduration": "duration", "lntpop": "log_population",
}  # fmt: skip
_MEDICAID = {
    "state": "state", "oppose_expansion": "opposes", "gop_governor": "republican_governor",
    "percent_favorable_aca": "favorable", "gop_leg": "republican_legislature",
    "percent_uninsured": "uninsured", "bal2012": "fiscal_balance", "multiplier": "multiplier",
    "percent_nonwhite": "nonwhite", "percent_metro": "metropolitan",
}  # fmt: skip
_ASSASSINATIONS = {
    "row": "case", "ccode": "cow", "year": "year", "UNREST": "unrest", "INSTAB": "instability",
    "internalconflict": "internal_conflict",
    "internationalizedconflict": "internationalized_conflict",
    "combinedconflict": "combined_conflict", "logpop": "log_population",
    "YEAR": "years_since_1900", "coldwar": "cold_war", "lngdplag": "log_income",
    "lngrowlag": "log_growth", "lnopenlag": "log_openness", "POLITYLAG": "democracy",
    "POLITYLAGSQ": "democracy_squared", "regulated": "regulated", "asslag": "assassination",
    "asslagxreg": "assassination_regulated",
}  # fmt: skip
_ISAF = {
    "ccode": "cow", "year": "year", "stateabb": "abbreviation",
    "troops_afghan_final_ratio": "troops_share", "pot_gain": "potential_gain",
    "pctagreeus": "un_agreement", "dem": "democracy", "casualties": "casualties",
    "us_ally": "us_ally", "cinc": "capability", "gdp": "income_total", "gdppc": "income",
    "distance": "distance",
}  # fmt: skip
_MISSIONS = {
    "row": "case", "duration": "months", "failed": "ended", "civil": "civil",
    "interst": "interstate", "icw": "internationalized",
}  # fmt: skip
#: how an outcome fades in the file, in the name of its column
_FADING = {
    "lin_decay": "linear", "t10": "10", "t20": "20",
    **{f"exp_{years}": f"exp_{years}" for years in (5, 10, 15, 20)},
}  # fmt: skip
_CONTENDERS = {
    "ccode": "cow", "year": "year", "event_num": "contender", "new_tc_dummy": "emerged",
    "start": "start", "stop": "stop", "alt_start": "elapsed_start", "alt_stop": "elapsed_stop",
    "peace_wtc": "peace", "fighting_wtc": "fighting",
    **{
        f"{stem}_{theirs.replace('exp', decay)}": f"{name}_{ours}"
        for stem, name, decay in (
            ("force", "state_won", "exp_decay"),
            ("favor_tc", "contender_won", "exp_decay"),
            ("absorb", "absorbed", "exp"),
        )
        for theirs, ours in _FADING.items()
    },
    "favor_ss_lin_decay": "state_won_absorbed_linear", "peaceful_lin_decay": "peaceful_linear",
    "promoted_lin_decay": "promoted_linear", "lib_dem_vdem": "liberal_democracy",
    "elec_dem_vdem": "electoral_democracy", "polity2": "polity", "area_1000_log": "log_area",
    "lmtnest": "mountains", "elf": "fractionalization", "tc_tally": "tally",
    "state_fail": "failure", "birth_type": "birth", "rivals_thom": "rivals",
    "rivals_gd": "rivals_gd", "first_tc_alt": "first", "new_tc_spline": "spell",
}  # fmt: skip


def _numbered(raw: pd.DataFrame) -> pd.DataFrame:
    return raw.assign(row=range(1, len(raw) + 1))


def _numbers(
    raw: pd.DataFrame, names: Mapping[str, str], *, words: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Read the cells of a text table as numbers, but for the columns of words."""
    need(raw, [name for name in names if name != "row"], "the file")
    read = [name for name in raw.columns if name not in words]
    out = raw.copy()
    out[read] = raw[read].apply(pd.to_numeric)
    return out


def _state_years(raw: pd.DataFrame, names: Mapping[str, str], path: Path) -> pd.DataFrame:
    table = pick(raw, names, path.name)
    key = ["case"] if "case" in table else ["cow", "year"]
    at = list(table.columns).index("cow")
    table.insert(at, "iso3", from_cow(table["cow"], dates=table["year"], missing="na"))
    return close_frame(table, key, path.name, {})


def read_leader_exits(path: Path) -> pd.DataFrame:
    """Read leaders with their years in office and how they left; a point is a missing value."""
    try:
        raw = pd.read_csv(path, sep=r"\s+", na_values=".")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error
    table = pick(_numbered(raw), _LEADERS, path.name)
    table["first_year"] = table["first_year"] + 1000
    return close_frame(table, ["case"], path.name, {})


def read_conquest_resistance(path: Path) -> pd.DataFrame:
    """Read cases of conquest and whether guerrilla resistance followed."""
    raw = _numbered(_numbers(read_text(path), _CONQUESTS))
    return close_frame(pick(raw, _CONQUESTS, path.name), ["case"], path.name, {})


def read_rebellion_technologies(path: Path) -> pd.DataFrame:
    """Read civil wars by how they were fought; blanks stay missing."""
    raw = read_text(path)
    words = ("countryname", "technologyrebellion", "ethnicwar", "post1990")
    need(raw, [*_REBELLIONS, *words], path.name)
    numbers = raw[list(_REBELLIONS)].apply(pd.to_numeric)
    table = pick(numbers, _REBELLIONS, path.name)
    table.insert(1, "name", raw["countryname"])
    table.insert(3, "technology", raw["technologyrebellion"].map(_TECHNOLOGIES))
    ethnic = raw["ethnicwar"].map({"Ethnic CW": 1, "Non-Ethnic CW": 0})
    table.insert(5, "ethnic", to_int(ethnic))
    table["after_1990"] = to_int(raw["post1990"].map({"Post-1990": 1, "Pre-1991": 0}))
    return close_frame(table, ["war"], path.name, {})


def read_coups_democratization(path: Path) -> pd.DataFrame:
    """Read authoritarian state-years with coups by the rank of their leaders."""
    return _state_years(read_stata(path), _COUPS, path)


def read_civilian_killings(path: Path) -> pd.DataFrame:
    """Read months of civil wars with UN personnel and civilians killed."""
    raw = _numbered(_numbers(read_text(path), _KILLINGS, words=("location",)))
    return close_frame(pick(raw, _KILLINGS, path.name), ["case"], path.name, {})


def read_medicaid_opposition(path: Path) -> pd.DataFrame:
    """Read US states and whether their governor opposes the Medicaid expansion."""
    raw = _numbers(read_text(path), _MEDICAID, words=("state",))
    return close_frame(pick(raw, _MEDICAID, path.name), ["state"], path.name, {})


def read_assassinations(path: Path) -> pd.DataFrame:
    """Read state-years with unrest, conflict and assassinations of leaders."""
    return _state_years(_numbered(read_stata(path)), _ASSASSINATIONS, path)


def read_isaf_contributions(path: Path) -> pd.DataFrame:
    """Read state-years with troops in Afghanistan and what may explain them.

    A share of armed forces of which there are none is infinite in the file and missing here.
    """
    raw = read_r(path).replace([np.inf, -np.inf], np.nan)
    return _state_years(raw, _ISAF, path)


def read_peacekeeping_missions(path: Path) -> pd.DataFrame:
    """Read UN missions with their durations in months."""
    raw = _numbered(read_stata(path))
    return close_frame(pick(raw, _MISSIONS, path.name), ["case"], path.name, {})


def read_territorial_contenders(path: Path) -> pd.DataFrame:
    """Read state-years at risk of a new territorial contender."""
    raw = _numbers(read_text(path), _CONTENDERS, words=("state_name",))
    return _state_years(raw, _CONTENDERS, path)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "assassinations": read_assassinations,
    "civilian-killings": read_civilian_killings,
    "conquest-resistance": read_conquest_resistance,
    "coups-democratization": read_coups_democratization,
    "isaf-contributions": read_isaf_contributions,
    "leader-exits": read_leader_exits,
    "medicaid-opposition": read_medicaid_opposition,
    "peacekeeping-missions": read_peacekeeping_missions,
    "rebellion-technologies": read_rebellion_technologies,
    "territorial-contenders": read_territorial_contenders,
}
