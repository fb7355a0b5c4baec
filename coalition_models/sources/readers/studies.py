"""Replication data of published studies, under readable names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.codes import from_cow
from coalition_models.sources.readers._frames import close_frame, need, read_r, read_text, to_int

__all__ = [
    "READERS",
    "pick",
    "read_alliance_fulfilment",
    "read_alliance_performance",
    "read_cabinet_durations",
    "read_cabinet_durations_teaching",
    "read_campaign_war_chests",
    "read_disputes",
    "read_government_bargaining",
    "read_rare_disputes",
    "read_sanctions_cooperation",
    "read_stata",
]

_DISPUTES = ("dyadid", "year", "start", "stop", "futime", "dispute", "allies", "contig")
_CABINETS = {
    "id": "cabinet",
    "country": "country",
    "durat": "duration",
    "ciep12": "ended",
    "fract": "fractionalization",
    "polar": "polarization",
    "format": "formation_attempts",
    "invest": "investiture",
    "numst2": "majority",
    "eltime2": "post_election",
    "caretk2": "caretaker",
}
_CABINETS_TEACHING = {
    "row": "cabinet",
    "duration": "duration",
    "ciep12": "ended",
    "fract": "fractionalization",
    "polar": "polarization",
    "invest": "investiture",
    "numst2": "majority",
    "crisis": "crisis_days",
}
_RACES = {
    "caseid": "race",
    "start": "start",
    "te": "stop",
    "cut_hi": "challenger_entry",
    "ec": "war_chest",
    "dem": "democrat",
    "south": "south",
    "iv": "prior_vote",
}
_FORMATIONS = {
    "row": "formation",
    "formdur": "days",
    "postel": "post_election",
    "prevdef": "previous_defeat",
    "cont": "continuation_rule",
    "ident": "identifiability",
    "rgovm": "ideological_range",
    "pgovno": "parties",
    "tpgovno": "parties_x_log_days",
    "minority": "minority",
}
_PERFORMANCE = {
    "ccode1": "cow",
    "war": "war",
    "atopid": "alliance",
    "honor3": "honored",
    "honor2": "honored_alternative",
    "milinst": "military_institutions",
    "formal": "formality",
    "chcap2d": "capability_change",
    "chcp2d20": "capability_change_20",
    "chalcapd": "alliance_capability_change",
    "dinstch2": "institution_change",
    "regch2": "regime_change",
    "origtar1": "original_target",
    "wartime": "formed_in_war",
    "active": "active",
    "bilat": "bilateral",
}
_FULFILMENT = {
    "warid": "war",
    "cowwarid": "cow_war",
    "atopid": "alliance",
    "cowid": "cow_alliance",
    "sample": "before_1945",
    "multilateral": "multilateral",
    "defense": "defense",
    "offense": "offense",
    "neutral": "neutrality",
    "nonagg": "nonaggression",
    "consul": "consultation",
    "honorBF": "honored",
    "violateBF": "violated",
    "dnaBF": "not_applicable",
    "nonaggBF": "not_applicable_nonaggression",
    "consulBF": "not_applicable_consultation",
    "cfnaBF": "not_applicable_case",
    "honorLLM": "honored_llm",
    "violateLLM": "violated_llm",
    "dnaLLM": "not_applicable_llm",
    "nonaggLLM": "not_applicable_nonaggression_llm",
    "consulLLM": "not_applicable_consultation_llm",
    "cfnaLLM": "not_applicable_case_llm",
    "sabhon": "sabrosky_honored",
    "sabvio": "sabrosky_violated",
    "sabroskyhonorbf": "sabrosky_honored_bf",
    "sabroskyhonorllm": "sabrosky_honored_llm",
}
_DYADS = {
    "row": "case",
    "conflict": "dispute",
    "major": "major_power",
    "contig": "contiguous",
    "power": "power_balance",
    "maxdem": "max_democracy",
    "mindem": "min_democracy",
    "years": "peace_years",
}
_SANCTIONS = {
    "row": "case",
    "coop": "cooperation",
    "mil": "military",
    "target": "target_health",
    "import": "import_sanctions",
    "export": "export_sanctions",
    "cost": "cost",
    "ncost": "cost_label",
    "num": "n_cooperating",
}


def pick(raw: pd.DataFrame, names: Mapping[str, str], source: str) -> pd.DataFrame:
    """Take the named columns under our names; a column of whole numbers becomes integer."""
    need(raw, list(names), source)
    table = raw[list(names)].rename(columns=dict(names))
    for name in table.columns:
        if not pd.api.types.is_numeric_dtype(table[name]):
            continue
        numbers = pd.to_numeric(table[name]).astype("Float64")
        whole = ((numbers - numbers.round()).fillna(0) == 0).all()
        table[name] = to_int(numbers) if whole else table[name].astype("float64")
    return table


def read_stata(path: Path) -> pd.DataFrame:
    """Read a Stata file, labelled values as their numbers."""
    try:
        return pd.read_stata(path, convert_categoricals=False)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name} as a Stata file: {error}") from error


def _r_table(path: Path) -> pd.DataFrame:
    """Read a gzipped table as R writes it: quoted names, row labels in an unnamed first column."""
    try:
        raw = pd.read_csv(path, sep=r"\s+")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error
    return raw.rename_axis("row").reset_index()


def read_disputes(path: Path) -> pd.DataFrame:
    """Read the dyad-years of Oneal and Russett; the names are the article's."""
    raw = read_text(path)
    need(
        raw, [*_DISPUTES, "statea", "stateb", "trade", "growth", "democracy", "capratio"], path.name
    )
    table = raw[list(_DISPUTES)].apply(to_int)
    for name in ("trade", "growth", "democracy", "capratio"):
        table[name] = pd.to_numeric(raw[name]).astype("float64")
    for place, (ours, theirs) in enumerate((("", "statea"), ("partner_", "stateb"))):
        cow = to_int(raw[theirs])
        table.insert(2 * place, f"{ours}iso3", from_cow(cow, dates=table["year"]))
        table.insert(2 * place + 1, f"{ours}cow", cow)
    return close_frame(table, ["dyadid", "year"], path.name, {})


def read_cabinet_durations(path: Path) -> pd.DataFrame:
    """Read the cabinets of King, Alt, Burns and Laver with all seven covariates."""
    raw = read_text(path).apply(pd.to_numeric)
    table = pick(raw, _CABINETS, path.name)
    return close_frame(table, ["cabinet"], path.name, {})


def read_cabinet_durations_teaching(path: Path) -> pd.DataFrame:
    """Read the same cabinets as a statistics package ships them, with the formation crisis."""
    return close_frame(
        pick(_r_table(path), _CABINETS_TEACHING, path.name), ["cabinet"], path.name, {}
    )


def read_campaign_war_chests(path: Path) -> pd.DataFrame:
    """Read intervals of House races until a challenger enters."""
    table = pick(read_r(path), _RACES, path.name)
    return close_frame(table, ["race", "start"], path.name, {})


def read_government_bargaining(path: Path) -> pd.DataFrame:
    """Read government formations and the days they took."""
    raw = read_r(path)
    raw.insert(0, "row", range(1, len(raw) + 1))
    return close_frame(pick(raw, _FORMATIONS, path.name), ["formation"], path.name, {})


def read_alliance_performance(path: Path) -> pd.DataFrame:
    """Read alliance commitments that a war put to the test.

    The file has no dates, so ``iso3`` is missing where it depends on one (Russia, Yugoslavia).
    """
    table = pick(read_stata(path), _PERFORMANCE, path.name)
    undated = pd.Series(pd.NaT, index=table.index)
    table.insert(0, "iso3", from_cow(table["cow"], dates=undated, missing="na"))
    return close_frame(table, ["war", "alliance", "cow"], path.name, {})


def read_alliance_fulfilment(path: Path) -> pd.DataFrame:
    """Read whether alliances were honoured in war, by two coding rules.

    In the rule columns the file has ones and blanks; a blank is a no there. The columns taken
    over from Sabrosky cover fewer cases and keep their blanks.
    """
    raw = read_stata(path)
    table = pick(raw, _FULFILMENT, path.name)
    stems = ("honored", "violated", "not_applicable")
    rules = [name for name in _FULFILMENT.values() if name.startswith(stems)]
    table[rules] = table[rules].fillna(0)
    table.insert(2, "war_name", raw["warname"].astype(object))
    return close_frame(table, ["war", "alliance"], path.name, {})


def read_rare_disputes(path: Path) -> pd.DataFrame:
    """Read the case-control sample of dyad-years."""
    return close_frame(pick(_r_table(path), _DYADS, path.name), ["case"], path.name, {})


def read_sanctions_cooperation(path: Path) -> pd.DataFrame:
    """Read cases of economic sanctions."""
    return close_frame(pick(_r_table(path), _SANCTIONS, path.name), ["case"], path.name, {})


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "disputes-oneal-russett": read_disputes,
    "cabinet-durations-kabl": read_cabinet_durations,
    "cabinet-durations-zelig": read_cabinet_durations_teaching,
    "campaign-war-chests": read_campaign_war_chests,
    "government-bargaining": read_government_bargaining,
    "alliance-performance": read_alliance_performance,
    "alliance-fulfilment": read_alliance_fulfilment,
    "rare-disputes": read_rare_disputes,
    "sanctions-cooperation": read_sanctions_cooperation,
}
