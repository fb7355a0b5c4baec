"""What counts as defection in Iraq, ISAF and the UN's missions, and how much it matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coalition_models.arguments import check_workers
from coalition_models.defection.named_rules import NAMED_RULES, quartile_readings
from coalition_models.defection.rules import DefectionRule
from coalition_models.defection.withdrawals import (
    share_below,
    significant_withdrawals,
    withdrawals,
)
from coalition_models.designs.analysis_sets import AnalysisSet, analysis_set
from coalition_models.designs.first_look import FORMULA
from coalition_models.errors import CoverageError, DataError
from coalition_models.processes import in_processes
from coalition_models.record import keep_record, record_of
from coalition_models.sensitivity.rules import RuleComparison, compare_rules

__all__ = [
    "FORMULA_UN",
    "DefectionAnalysis",
    "analyse_defections",
    "small_falls",
    "traced_defections",
]

#: the terms of the first analysis that UN sources support
FORMULA_UN = "event ~ election_near + leader_change + log_deaths_12m"
#: nobody has coded whether a UN contributor's cut was planned, so every significant one counts
_UN_BASE = DefectionRule(kinds=("full", "partial_cut"), uncoded="count")
#: in persons; McInnis (2020, n. 142) says that most yearly withdrawals are smaller
SMALL = 200


@dataclass(frozen=True)
class DefectionAnalysis:
    """Everything that the section on defection shows, as frames.

    ``falls``: how many yearly falls are below 200 persons, by set and by how a year's strength
    is taken. ``named``: the named rules on Iraq. ``readings``: the readings of the quartile
    method by set. ``traced``: every defection that a named rule codes in Iraq or ISAF, with the
    rows and sources behind it. ``set_aside``: what the default rule does not count, and why.
    ``absent``: sets that are not there, with the reason.
    """

    sets: Mapping[str, AnalysisSet]
    falls: pd.DataFrame
    named: RuleComparison
    readings: Mapping[str, RuleComparison]
    traced: pd.DataFrame
    set_aside: pd.DataFrame
    absent: Mapping[str, str]


def analyse_defections(
    *, un: bool | None = None, iraq: AnalysisSet | None = None, workers: int = 1
) -> DefectionAnalysis:
    """Run the comparison of rules of defection.

    Parameters
    ----------
    un : bool, optional
        Whether to include the UN's missions, which need external sources. By default they are
        included if these are at hand.
    iraq : AnalysisSet, optional
        The set of the coalition in Iraq, if it is made already.
    workers : int
        Processes; the results are the same.

    Returns
    -------
    DefectionAnalysis

    Raises
    ------
    CoverageError
        With ``un=True``, if a source is not at hand and cannot be fetched.

    Examples
    --------
    All readings take some ten seconds, ``analyse_defections(un=False)``; one rule on one set, as
    it is counted there:

    >>> iraq = analysis_set("iraq", features=False)
    >>> int(compare_rules(["tago-2009"], iraq).counts.loc["tago-2009", "events"])
    21
    """
    iraq = analysis_set("iraq") if iraq is None else iraq
    sets = {"iraq": iraq, "isaf": analysis_set("isaf", features=False)}
    absent: dict[str, str] = {}
    if un is False:
        absent["un"] = "left out on request"
    elif un or _at_hand(("ipi-contributions", "un-mission-totals", "reign-leaders")):
        try:
            sets["un"] = analysis_set("un")
        except CoverageError as error:
            if un:
                raise
            absent["un"] = str(error).splitlines()[0]
    else:
        absent["un"] = "its sources are not at hand"
    compared = {
        "iraq": (quartile_readings(), iraq, FORMULA),
        "named": (list(NAMED_RULES), iraq, FORMULA),
    }
    if "un" in sets:
        compared["un"] = (quartile_readings(_UN_BASE), sets["un"], FORMULA_UN)
    found = in_processes(_compared, compared.values(), check_workers(workers))
    readings = dict(zip(compared, found, strict=True))
    main = [iraq.defections("mcinnis"), sets["isaf"].defections("mcinnis")]
    return DefectionAnalysis(
        sets=sets,
        falls=small_falls(sets),
        named=readings.pop("named"),
        readings=readings,
        traced=traced_defections([iraq, sets["isaf"]]),
        set_aside=pd.DataFrame(
            [row for found in main for row in record_of(found).notes["defections"]["set_aside"]]
        ),
        absent=absent,
    )


def _compared(
    rules: Sequence[DefectionRule | str], data: AnalysisSet, formula: str
) -> RuleComparison:
    return compare_rules(rules, data, formula=formula)


def _at_hand(names: tuple[str, ...]) -> bool:
    from coalition_models.sources.load import datasets

    known = datasets()["at_hand"]
    return bool(known.loc[list(names)].all())


def small_falls(sets: Mapping[str, AnalysisSet], persons: float = SMALL) -> pd.DataFrame:
    """Measure which share of yearly falls is small, as found.

    Parameters
    ----------
    sets : mapping of str to AnalysisSet
        Those with a profile count; bundled ones hold all complete coalitions.
    persons : float

    Returns
    -------
    DataFrame
        One row per set and way to take a year's strength: ``set, level, falls, below, share,
        median, upper_quartile`` (persons), ``upper_quartile_percent``, ``full`` (falls to the
        end of a spell), ``pairs_unknown`` (pairs of years without a known strength, of
        ``pairs``).

    Examples
    --------
    >>> iraq = analysis_set("iraq", features=False)
    >>> table = small_falls({"iraq": iraq})
    >>> table.loc[table["level"] == "end", ["set", "falls", "below"]].to_numpy().tolist()
    [['iraq', 64, 36]]
    """
    rows = []
    for name, one in sets.items():
        if one.profile is None:
            continue
        mine = one.profile[one.profile["coalition"].isin(one.members["coalition"])]
        keep_record(mine, one.profile)
        for level in ("end", "mean", "peak"):
            falls = withdrawals(mine, level=level)
            if falls.empty:
                continue
            total = share_below(falls, persons).tail(1).iloc[0]
            ranked = significant_withdrawals(falls)
            rows.append(
                {
                    "set": name,
                    "level": level,
                    "falls": int(total["falls"]),
                    "below": int(total["below"]),
                    "share": total["share"],
                    "median": total["median"],
                    "upper_quartile": total["upper_quartile"],
                    "upper_quartile_percent": ranked["cut_percent"].iloc[0]
                    if len(ranked)
                    else np.nan,
                    "full": int(falls["full"].sum()),
                    "pairs_unknown": record_of(falls).notes["withdrawals"]["strength_unknown"],
                    "pairs": record_of(falls).notes["withdrawals"]["compared"],
                }
            )
    return pd.DataFrame(rows)


def traced_defections(sets: list[AnalysisSet]) -> pd.DataFrame:
    """List every defection that any named rule codes, with the rules that count it.

    Returns
    -------
    DataFrame
        ``coalition, state, spell, date, kind, persons, percent, planned, contested, reason,
        confidence, rests_on, source, rules``. One event that rules date differently is one row
        per date.

    Examples
    --------
    >>> table = traced_defections([analysis_set("iraq", features=False)])
    >>> bool((table["source"] != "").all())
    True
    """
    if not sets:
        raise DataError("no set to trace: give at least one")
    key = ["coalition", "state", "spell", "date", "kind"]
    shown = [*key, "persons", "percent", "planned", "contested", "reason", "confidence"]
    shown += ["rests_on", "source"]
    parts = [
        coder.code(rule)[shown].assign(rules=name)
        for coder in (one.coder() for one in sets)
        for name, rule in NAMED_RULES.items()
    ]
    for part in parts:
        part.attrs = {}
    every = pd.concat([part for part in parts if len(part)], ignore_index=True)
    rules = every.groupby(key)["rules"].agg(", ".join)
    # the row that knows the size of the fall, where one rule looked at it and another did not
    best = every.sort_values("persons", na_position="last", kind="stable").drop_duplicates(key)
    out = best.drop(columns="rules").merge(rules.reset_index(), on=key)
    return out.sort_values(key, ignore_index=True)
