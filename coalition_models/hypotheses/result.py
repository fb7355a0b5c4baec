"""Verdicts: the result of testing claims, and how it shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.hypotheses.estimate import TermEstimate
from coalition_models.hypotheses.robustness import Robustness
from coalition_models.hypotheses.rule import VERDICTS
from coalition_models.render import Table, format_number, format_p

__all__ = ["Verdicts"]


@dataclass(frozen=True, repr=False)
class Verdicts:
    """What the data say about the literature's claims.

    Attributes
    ----------
    table : DataFrame
        One row per claim and data set: ``claim, name, data_set, verdict, reason, term, sign,
        estimate, std_error`` (log scale, per unit of the term), ``step`` (1 for a term of two
        values, else its standard deviation), ``ratio`` (hazard or odds ratio per step),
        ``ratio_low, ratio_high, p_value, q_value, discovery`` (q at most the level asked for),
        ``events, rows, members, clusters`` (0 where the fit is not clustered), ``smallest_ratio``
        (per step, found with the power asked for, in the direction that the claim expects),
        ``design_effect, robust_share, robust_same_sign, robust_specifications,
        without_one_share, proxy, formula, method, deviations``.
    meta : DataFrame
        See :func:`~coalition_models.hypotheses.meta.combine`.
    rule : str
        How verdicts are given.
    family : mapping
        Data set -> number of distinct tests that q is computed over.
    q, level, power : float
    estimates : mapping
        ``(claim, data set)`` -> :class:`TermEstimate` with its ``fit``.
    robustness : mapping
        ``(claim, data set)`` -> :class:`Robustness` with every specification.
    """

    table: pd.DataFrame
    meta: pd.DataFrame
    rule: str
    family: Mapping[str, int]
    q: float
    level: float
    power: float
    estimates: Mapping[tuple[str, str], TermEstimate] = field(repr=False)
    robustness: Mapping[tuple[str, str], Robustness] = field(repr=False)

    def counts(self) -> pd.DataFrame:
        """Number of claims by verdict and data set."""
        return (
            pd.crosstab(self.table["verdict"], self.table["data_set"])
            .reindex(index=list(VERDICTS), columns=list(dict.fromkeys(self.table["data_set"])))
            .fillna(0)
            .astype(int)
        )

    def claims_run(self) -> pd.Series:
        """Per claim: on how many data sets it was tested."""
        tested = self.table["verdict"] != "untestable"
        return tested.groupby(self.table["claim"]).sum().rename("data_sets")

    def to_table(self) -> Table:
        """The verdicts as a table for print, with the rule and the families at its foot."""
        header = [
            "claim", "", "data set", "verdict", "ratio", "interval", "p", "q", "events",
            "detectable", "robust", "proxy",
        ]  # fmt: skip
        rows = [_printed(row) for row in self.table.to_dict("records")]
        families = ", ".join(f"{n} on {name}" for name, n in self.family.items())
        notes = (
            f"Verdicts. {self.rule}",
            f"q: Benjamini and Hochberg, over the distinct tests of one data set ({families}).",
            "Ratio: hazard (alliances: odds) ratio from 0 to 1 of a term of two values, else per "
            "standard deviation of the term; detectable: the smallest that the design finds with "
            f"{100 * self.power:g}% power, in the direction expected. "
            "Robust: share of the grid of specifications with the same sign and "
            f"p < {1 - self.level:.3g}.",
        )
        return Table(header, rows, "Claims of the literature", notes, align="llllrrrrrrrl")

    def summary(self) -> str:
        """The table as text."""
        return self.to_table().text()

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        run = int((self.claims_run() > 0).sum())
        return f"<Verdicts: {run} of {self.table['claim'].nunique()} claims tested>"

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _printed(row: Mapping[object, object]) -> list[str]:
    def number(key: str) -> float:
        return float(str(row[key]))

    start = [str(row["claim"]), str(row["name"]), str(row["data_set"]), str(row["verdict"])]
    if row["verdict"] == "untestable":
        return [*start, "", "", "", "", "", "", "", str(row["reason"])]
    limits = f"[{format_number(number('ratio_low'), 2)}, {format_number(number('ratio_high'), 2)}]"
    share = number("robust_share")
    return [
        *start,
        format_number(number("ratio"), 2),
        limits,
        format_p(number("p_value")),
        format_p(number("q_value")),
        str(row["events"]),
        format_number(number("smallest_ratio"), 2),
        "" if np.isnan(share) else f"{100 * share:.0f}%",
        "proxy" if row["proxy"] else "",
    ]
