"""Verdicts: the result of testing claims, and how it shows itself."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.hypotheses.robustness import Robustness
from coalition_models.hypotheses.rule import VERDICTS, alpha_of
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.render import Table, format_p

__all__ = ["ELSEWHERE", "Verdicts", "format_ratio"]

#: how the reason begins of a claim that was tested on none of the data sets chosen
ELSEWHERE = "can be tested on"

#: a ratio above this, or below its inverse, says only that the data cannot bound it
_LARGEST = 1000.0

#: a detectable ratio beyond this is outside of what the formula approximates
_BEYOND = 10.0


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
        without_one_share, worst_without`` and ``worst_p`` (the cluster without which p is largest,
        and that p; missing if the test cannot be made without it), ``proxy, formula, method,
        deviations``.
    meta : DataFrame
        See :func:`~coalition_models.inference.meta.combine`.
    rule : str
        How verdicts are given.
    family : mapping
        Data set -> number of distinct tests that q is computed over.
    q, level, power : float
    data_sets : DataFrame
        ``data_set, rows, events, clusters, outcome, clustered_by, about`` of each.
    sources : tuple of str
        Tables that the data sets and measures rest on; see :func:`~coalition_models.cite`.
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
    data_sets: pd.DataFrame
    sources: tuple[str, ...]
    estimates: Mapping[tuple[str, str], TermEstimate] = field(repr=False)
    robustness: Mapping[tuple[str, str], Robustness] = field(repr=False)

    def counts(self) -> pd.DataFrame:
        """Number of claims by verdict and data set; ``none``: claims for no data set here."""
        named = [*self.data_sets["data_set"], "none"]
        found = pd.crosstab(self.table["verdict"], self.table["data_set"])
        columns = [name for name in named if name in found.columns]
        return found.reindex(index=list(VERDICTS), columns=columns).fillna(0).astype(int)

    def claims_run(self) -> pd.Series:
        """Per claim: on how many data sets it was tested."""
        tested = self.table["verdict"] != "untestable"
        return tested.groupby(self.table["claim"]).sum().rename("data_sets")

    def to_table(self) -> Table:
        """The tests as a table for print, with the rule and the families at its foot."""
        header = [
            "claim", "", "data set", "verdict", "ratio", "p", "q", "events", "detectable",
            "same sign, robust", "worst without",
        ]  # fmt: skip
        tested = self.table[self.table["verdict"] != "untestable"]
        rows = [_printed(row) for row in tested.to_dict("records")]
        return Table(header, rows, "Claims of the literature", self._notes(), align="llllrrrrrrl")

    def _notes(self) -> tuple[str, ...]:
        families = ", ".join(f"{n} on {name}" for name, n in self.family.items())
        return (
            f"Verdicts. {self.rule}",
            "q: Benjamini and Hochberg, over the distinct tests of one data set"
            f"{f' ({families})' if families else ''}.",
            "Ratio: hazard (leaders, alliances: odds) ratio from 0 to 1 of a term of two values, "
            "else per standard deviation of the term. Detectable: the smallest that the design "
            f"finds with {100 * self.power:g}% power in the direction expected, by Schoenfeld's "
            "formula on the panel's own risk sets times the design effect of clustering; a "
            "cautious approximation, which does not use the estimate and says nothing beyond "
            f"{_BEYOND:g} times.",
            "Same sign, robust: share of the grid of specifications (ties, clock, measure, size of "
            f"contingents) with the sign of this estimate, and with p < {alpha_of(self.level):g} "
            "too; the coding and the date of exits are not varied there. Worst without: the "
            "cluster without which p is largest, and that p (none: not estimable without it), for "
            "what is decided. Proxy: the measure or the outcome only stands for what the claim is "
            "about.",
        )

    def deviations(self) -> Table:
        """What could not be followed as registered, by claim and data set."""
        rows = self.table[self.table["deviations"] != ""]
        lines = rows[["claim", "data_set", "formula", "method", "deviations"]].astype(str)
        header = ["claim", "data set", "formula", "method", "not as registered"]
        title = "Deviations from the plan"
        return Table(header, lines.to_numpy().tolist(), title, align="lllll")

    def untestable(self) -> Table:
        """The claims that could not be tested, by data set, with the reason."""
        rows = self.table[self.table["verdict"] == "untestable"]
        elsewhere = rows["reason"].str.startswith(ELSEWHERE)
        notes = []
        if elsewhere.any():
            notes = [f"{elsewhere.sum()} more can be tested on data sets that were not asked for."]
        rows = rows[~elsewhere]
        groups = rows.groupby(["claim", "name", "reason"], sort=False)["data_set"]
        lines = [
            [str(claim), str(name), ", ".join(part[part != "none"]), str(reason)]
            for (claim, name, reason), part in groups
        ]
        header = ["claim", "", "data sets", "what is missing"]
        return Table(header, lines, "Not testable here", notes, align="llll")

    def summary(self) -> str:
        """What was tested and what could not be, as text."""
        return "\n\n".join(part.text() for part in self._parts())

    def _parts(self) -> list[Table]:
        """Tables that have a line: tests, deviations, and what could not be tested."""
        every = (self.to_table(), self.deviations(), self.untestable())
        return [part for part in every if part.rows]

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        run = int((self.claims_run() > 0).sum())
        return f"<Verdicts: {run} of {self.table['claim'].nunique()} claims tested>"

    def _repr_html_(self) -> str:
        return "".join(part.html() for part in self._parts())


def _printed(row: Mapping[Hashable, object]) -> list[str]:
    def number(key: str) -> float:
        return float(str(row[key]))

    decided = row["verdict"] in ("supported", "contradicted")
    worst = f"{row['worst_without']} ({format_p(number('worst_p')) or 'none'})"
    few = " (few events)" if row["events"] and "events" in str(row["reason"]) else ""
    few = few or (" (few clusters)" if row["reason"] else "")
    interval = f"[{format_ratio(number('ratio_low'))}, {format_ratio(number('ratio_high'))}]"
    shares = (_percent(number("robust_same_sign")), _percent(number("robust_share")))
    return [
        str(row["claim"]),
        str(row["name"]),
        f"{row['data_set']}{' (proxy)' if row['proxy'] else ''}",
        f"{row['verdict']}{', p only' if decided and not row['discovery'] else few}",
        f"{format_ratio(number('ratio'))} {interval}",
        format_p(number("p_value")),
        format_p(number("q_value")),
        str(row["events"]),
        _detectable(number("smallest_ratio"), str(row["sign"])),
        f"{', '.join(shares)} of {row['robust_specifications']}" if all(shares) else "",
        worst if decided and row["worst_without"] else "",
    ]


def _detectable(ratio: float, sign: str) -> str:
    """The smallest ratio; on both sides of one where the claim expects either."""
    above = format_ratio(ratio, _BEYOND)
    return f"{format_ratio(1 / ratio, _BEYOND)} or {above}" if sign == "any" else above


def _percent(share: float) -> str:
    return "" if np.isnan(share) else f"{100 * share:.0f}%"


def format_ratio(value: float, largest: float = _LARGEST) -> str:
    """Format a ratio for print; beyond ``largest``, or its inverse, only that it is.

    Examples
    --------
    >>> format_ratio(0.4567), format_ratio(0.0123), format_ratio(7e-84), format_ratio(3e8)
    ('0.46', '0.012', '<0.001', '>1000')
    """
    if np.isnan(value):
        return ""
    if value > largest:
        return f">{largest:.0f}"
    if value < 1 / largest:
        return f"<{1 / largest:g}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.2g}"
