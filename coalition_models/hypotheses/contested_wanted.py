"""Which facts would make a contested finding surer, if they were known."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from coalition_models.hypotheses.contested_cells import NEAR
from coalition_models.hypotheses.contested_facts import Basis
from coalition_models.hypotheses.contested_joint import MONTHS, Rows
from coalition_models.inference.exposure import FEWEST_EXPOSED
from coalition_models.members.bundled_facts import revision_of
from coalition_models.members.fact_tables import TABLES
from coalition_models.sensitivity.worth_checking import InformationValue, value_of_information

__all__ = ["FactsWanted", "facts_wanted"]

#: decisions that are not known are taken to lie within the leads of so many of those known
_LEADS = 0.75
_PANEL = ("members", "coalitions")
_KEY = ["coalition", "state", "spell"]


@dataclass(frozen=True)
class FactsWanted:
    """The facts, what they can do together, and how it was drawn.

    Attributes
    ----------
    facts : DataFrame
        ``coalition, state, spell, column, present, known, range`` and the rest of
        :func:`~coalition_models.sensitivity.value_of_information`, with the day of departure as it
        stands (``departed``) and the page behind the fact (``source``); those that move the
        estimate, the largest first.
    split : DataFrame
        ``source`` (sampling, dates, coding), ``variance, share``.
    lead : int
        Days before departure within which a decision that is not known may lie.
    draws : int
    """

    facts: pd.DataFrame = field(default_factory=pd.DataFrame)
    split: pd.DataFrame = field(default_factory=pd.DataFrame)
    lead: int = 0
    draws: int = 0


def facts_wanted(basis: Basis, rows: Rows, label: tuple[object, ...], draws: int) -> FactsWanted:
    """Rank dates and codings by how much of the variance of a ratio would go with them.

    Of the log hazard ratio of state-months, early exits dated by decision. An early exit's
    decision that is not known may lie on any day before the departure, as far back as three
    quarters of those known.

    Parameters
    ----------
    basis : Basis
    rows : Rows
        With the panel of early exits by decision.
    label : tuple
        Of the exposure.
    draws : int
        Worlds of dates and codings each, for what they make unsure together.

    Returns
    -------
    FactsWanted
        Empty where fewer than five exposed exits leave nothing to be sure of.
    """
    members, said = basis.facts.members, rows.panels.get(("announced", "early"))
    if not draws or members is None or said is None or "announced" not in members.columns:
        return FactsWanted()

    def near(panel: pd.DataFrame) -> pd.DataFrame:
        return panel.assign(**{NEAR: rows.calendars.at(label, panel["state"], panel["period"])})

    exposed = near(said).query("event == 1")[NEAR].sum()
    if exposed < FEWEST_EXPOSED:
        return FactsWanted()
    early = members[members["exit_kind"] == "early"]
    leads = (early["exit"] - early["announced"]).dt.days
    lead = round(float(leads[leads > 0].quantile(_LEADS))) if (leads > 0).any() else 0
    options: dict[str, object] = {"exit_date": "announced"}
    found = value_of_information(
        MONTHS, NEAR,
        # elections are in the calendars: panels need no more than spells and mandates
        basis.facts.replace(**dict.fromkeys(set(TABLES) - set(_PANEL))),
        features=near, options=options if basis.own else {**options, "coalitions": [basis.name]},
        lead=lead or None, draws=draws,
        error=None if revision_of(basis.facts) is not None else (0, 0),
    )  # fmt: skip
    split = found.split.dropna(subset=["share"]).reset_index(drop=True)
    return FactsWanted(_named(found, members), split, lead, draws)


def _named(found: InformationValue, members: pd.DataFrame) -> pd.DataFrame:
    """The facts that move the estimate, with the departure and the page behind each."""
    table = found.facts[found.facts["reduction"] > 0].reset_index(drop=True)
    spells = members.assign(spell=members["spell"].astype(str)).set_index(_KEY)
    first = [
        tuple(str(row[name]).split(", ")[0] for name in _KEY) for row in table.to_dict("records")
    ]
    own = spells.reindex(pd.MultiIndex.from_tuples(first, names=_KEY)) if first else spells[:0]
    return table.assign(
        departed=own["exit"].to_numpy(),
        source=[_page(row, column) for row, column in zip(own.to_dict("records"), table["column"],
                                                          strict=True)],
    )  # fmt: skip


def _page(spell: Mapping[Hashable, object], column: str) -> str:
    """The page behind a date or a kind; that of the departure where there is none."""
    named = [spell.get(name) for name in (f"{column}_source", "exit_source")]
    return next((one for one in named if isinstance(one, str) and one), "")
