"""What came of a contested claim: combinations, which choice turns the sign, what it hangs on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.designs.sets import place_of
from coalition_models.errors import DataError
from coalition_models.hypotheses.contested_cells import UNITS
from coalition_models.hypotheses.contested_evidence import HEADLINE, Evidence
from coalition_models.hypotheses.contested_strength import hanging_on, in_short
from coalition_models.hypotheses.contested_words import (
    choice_sentences,
    compare_mello,
    directions,
    tally,
)
from coalition_models.render import Table, format_number, format_p
from coalition_models.sensitivity.paths import split_difference
from coalition_models.sensitivity.summaries import pairs

__all__ = ["Contested"]

#: ratios nearer to one than this are about one
_ABOUT_ONE = 1.1
#: from the combination nearest to Tago (2009) to the one nearest to Mello (2020)
_TAGO = {"unit": UNITS[0], "side": "ahead", "window": 0, "date": "main", "outcome": "early"}
_TO_MELLO = (
    ("unit", UNITS[1]), ("unit", UNITS[2]), ("window", HEADLINE), ("date", "announced"),
)  # fmt: skip
#: from decisions around an election by month to the same by leader, ahead, dated by departure
_AROUND = {**_TAGO, "side": "around", "window": HEADLINE, "date": "announced"}
_FROM_AROUND = (
    ("unit", UNITS[1]), ("unit", UNITS[2]), ("side", "ahead"), ("date", "main"),
    ("outcome", "early or scheduled"),
)  # fmt: skip
_STEPS = {
    "democracy": (),
    "elections": (
        ("Tago (2009) to Mello (2020)", _TAGO, _TO_MELLO),
        ("decisions around an election, by month, to departures ahead of one, by leader", _AROUND,
         _FROM_AROUND),
    ),
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Contested:
    """A contested claim under every combination of choices.

    Attributes
    ----------
    claim : {"elections", "democracy"}
    coalition : str
        Its name; of facts of one's own the names of all.
    table : DataFrame
        One row per combination: the choices, ``estimate`` (log hazard ratio; for leaders log odds
        ratio, with a half added to each cell where one is empty), ``conf_low, conf_high`` (its 95%
        limits by the rule of verdicts, state-months only), ``ratio, p_value`` (Fisher's
        exact test for leaders), ``sign``, ``n`` (rows or leaders), ``events, exposed_events``; for
        leaders the cells ``exit_yes, exit_no, stay_yes, stay_no``; ``problem`` where nothing can
        be estimated.
    choices : tuple of str
        Columns of the table that are choices.
    own : bool
        Whether facts of one's own were given, and no bundled coalition.
    evidence : Evidence
        All combinations together, the decisions behind them, and bounds.
    """

    claim: str
    coalition: str
    table: pd.DataFrame
    choices: tuple[str, ...]
    own: bool = False
    evidence: Evidence = field(default_factory=Evidence)

    def flips(self) -> pd.DataFrame:
        """Which choice turns the sign, all else equal.

        Returns
        -------
        DataFrame
            Per choice and pair of its values: ``pairs`` of combinations that differ in nothing
            else, ``flips`` (one ratio above one, the other below), ``share``, ``clear_flips``
            (flips in which neither ratio lies within ten per cent of one), ``both_significant``
            (flips with p < 0.05 on both sides), and ``shift`` (mean change of the log ratio from
            the first value to the second), most frequent first.
        """
        found = pairs(self.table, self.choices, clear=np.log(_ABOUT_ONE))
        return found.drop(columns=["mean_change", "largest_change"])

    def decomposition(self) -> pd.DataFrame:
        """Split the gap between two ways to look over the choices in which they differ.

        Returns
        -------
        DataFrame
            ``path``, and the columns of :func:`~.sensitivity.paths.split_difference`: unit,
            comparison (the second step of the unit), side, window, date and outcome, each as it
            changes the log ratio on average over the orders in which choices can be changed. Empty
            where the table does not hold the combinations.
        """
        parts = []
        for path, start, steps in _STEPS.get(self.claim, ()):
            try:
                split = split_difference(self.table, start, steps)
            except DataError:
                continue
            held = dict(start)
            ends = [self._at(held)]
            held |= dict(steps)
            ends.append(self._at(held))
            split.insert(0, "path", path)
            parts.append(split.assign(ratio_from=ends[0], ratio_to=ends[1]))
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    def _at(self, chosen: dict[str, object]) -> float:
        same = self.table[list(chosen)].eq(pd.Series(chosen)).all(axis=1)
        return float(self.table.loc[same, "ratio"].iloc[0])

    def with_intervals(self) -> pd.DataFrame:
        """Add the 95% limits of the ratios to the table, as ``ratio_low, ratio_high``.

        For leaders Woolf's, from the cells; for state-months those of the rule of verdicts: of
        CR3 with Student's t where few clusters hold an event, of the profile where Firth's
        penalty is needed.

        Examples
        --------
        >>> from coalition_models.hypotheses.contested import contest
        >>> found = contest("elections", "iraq", windows=[2], dates=["main"], draws=0)
        >>> one = found.with_intervals().query("unit == 'state-month'").iloc[0]
        >>> bool(one["ratio_low"] < one["ratio"] < one["ratio_high"])
        True
        """
        return _with_intervals(self.table)

    def findings(self) -> list[str]:
        """Say in words which way the combinations point, which choice turns the sign, and on what.

        Every number is read from this result.
        """
        known = self.table[self.table["sign"] != ""]
        if known.empty:
            name = f"{self.claim.capitalize()}, {place_of(self.coalition)}"
            return [f"{name}: no combination could be estimated."]
        return [
            f"{self.claim.capitalize()}, {place_of(self.coalition)}: {tally(known)}.",
            *directions(known, [c for c in ("unit", "side", "measure") if c in self.choices]),
            *choice_sentences(self.flips(), self.choices, _ABOUT_ONE),
            *hanging_on(self.evidence, self.decomposition()),
            *self.compare_mello(),
        ]

    def in_short(self) -> list[str]:
        """The answer in a few sentences, made from the numbers; of elections only."""
        return in_short(self.with_intervals(), self.evidence, self.decomposition())

    def compare_mello(self) -> list[str]:
        """Say why the leaders here are not those of Mello (2020).

        Returns
        -------
        list of str
            Empty unless the claim is on elections and the coalition Iraq, his case.
        """
        about = (self.claim, self.coalition) == ("elections", "iraq") and not self.own
        return compare_mello(self.table) if about else []

    def to_table(self) -> Table:
        """All combinations as a table for print."""
        rows = [
            [
                *(str(row[name]) for name in self.choices),
                format_number(row["ratio"], 2),
                format_p(float(row["p_value"])),
                str(row["n"]),
                str(row["events"]),
                format_number(row["exposed_events"], 0) if "exposed_events" in row else "",
                str(row["problem"]),
            ]
            for row in self.table.to_dict("records")
        ]
        header = [*self.choices, "ratio", "p", "n", "exits", "exposed", ""]
        notes = (
            "Ratio above 1: more exits. State-months: hazard ratio as in the verdicts, but without "
            "controls; leaders: odds ratio, Fisher's exact p. Only announcements that were carried "
            "out are coded; where a date is not known the main one is used. Behind and around "
            "count elections whose outcome a decision may have followed.",
        )
        align = "l" * len(self.choices) + "rrrrrl"
        title = f"{self.claim.capitalize()}, {place_of(self.coalition)}: each combination"
        return Table(header, rows, title, notes, align)

    def __str__(self) -> str:
        return self.to_table().text()

    def __repr__(self) -> str:
        return f"<Contested {self.claim} on {self.coalition}: {len(self.table)} combinations>"

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _with_intervals(table: pd.DataFrame) -> pd.DataFrame:
    """Add the limits of the ratios: from the cells where there are any, else of the fit."""
    estimate = table["estimate"].to_numpy(dtype=float)
    cells = table[["exit_yes", "exit_no", "stay_yes", "stay_no"]].to_numpy(dtype=float)
    cells = cells + 0.5 * (cells == 0).any(axis=1, keepdims=True)
    reach = stats.norm.isf(0.025) * np.sqrt((1 / cells).sum(axis=1))
    fitted = np.isnan(cells).any(axis=1)
    low, high = (table[f"conf_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    with np.errstate(over="ignore"):
        return table.assign(
            ratio_low=np.exp(np.where(fitted, low, estimate - reach)),
            ratio_high=np.exp(np.where(fitted, high, estimate + reach)),
        )
