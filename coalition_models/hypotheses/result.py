"""Verdicts: the result of testing claims, and how it shows itself."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from coalition_models.hypotheses.robustness import Robustness
from coalition_models.hypotheses.rule import DECIDED, VERDICTS, alpha_of
from coalition_models.inference.power_curve import PowerCurve
from coalition_models.inference.term_estimate import TermEstimate
from coalition_models.render import Table, format_p

__all__ = ["ELSEWHERE", "Verdicts", "format_ratio"]

#: how the reason begins of a claim that was tested on none of the data sets chosen
ELSEWHERE = "can be tested on"

#: a ratio above this, or below its inverse, says only that the data cannot bound it
_LARGEST = 1000.0

#: a ratio beyond this is outside of what the planning formula approximates
_BEYOND = 10.0


@dataclass(frozen=True, repr=False)
class Verdicts:
    """What the data say about the literature's claims.

    Attributes
    ----------
    table : DataFrame
        One row per claim and data set: ``claim, name, data_set, verdict, strength`` (outright or
        p only), ``reason, term, sign, estimate, std_error`` (log scale, per unit of the term),
        ``step`` (1 for a term of two values, else its standard deviation), ``ratio`` (hazard or
        odds ratio per step), ``ratio_low, ratio_high, p_value`` (of the registered estimator),
        ``p_jackknife, p_wild`` (the two that a verdict needs), ``q_value, discovery`` (decided,
        and q below the level asked for), ``same_as`` (the claim whose test on this set is the
        same), ``counted`` (neither that nor an article's own cases), ``events, exposed_events,
        exposed_clusters, unexposed_events, unexposed_clusters`` (of a term of two values; clusters
        that hold such events), ``rows, members, clusters`` (0 where the fit is not clustered),
        ``clusters_with_score, largest, largest_share`` (of the squared scores), ``detectable,
        detectable_other`` (the smallest ratio per step that the rule would decide with the power
        asked for, read off the simulated curve, in the direction that the claim expects and in the
        other; infinite or 0 beyond the curve, missing without one), ``smallest_ratio`` (the same
        by the planning formula), ``design_effect, robust_share, robust_same_sign,
        robust_against`` (shares of the specifications with the same sign and a small p, the same
        sign, the other sign and a small p), ``robust_median`` (ratio per step, over those of the
        registered family), ``robust_mover`` (the choice that moves z furthest),
        ``robust_specifications, without_one_share, worst_without`` and ``worst_p`` (the cluster
        without which p is largest, and that p; missing if the test cannot be made without it),
        ``proxy, own_cases`` (whose, where they are an article's own), ``formula, method,
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
    curves : mapping
        ``(claim, data set)`` -> :class:`PowerCurve`.
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
    curves: Mapping[tuple[str, str], PowerCurve] = field(repr=False, default_factory=dict)

    def counts(self) -> pd.DataFrame:
        """Number of distinct tests by verdict and data set, without those on own cases.

        ``none``: claims for no data set here.
        """
        named = [*self.data_sets["data_set"], "none"]
        once = self.table[self.table["counted"]]
        found = pd.crosstab(once["verdict"], once["data_set"])
        columns = [name for name in named if name in found.columns]
        return found.reindex(index=list(VERDICTS), columns=columns).fillna(0).astype(int)

    def claims_run(self) -> pd.Series:
        """Per claim: on how many data sets it was tested."""
        tested = self.table["verdict"] != "untestable"
        return tested.groupby(self.table["claim"]).sum().rename("data_sets")

    def expected_by_chance(self) -> float:
        """Small p-values to expect without any effect, of either sign, among tests that count.

        Of those that the rule lets decide, by one test at the level; that two tests must agree
        makes it fewer.
        """
        able = self.table["counted"] & (self.table["verdict"] != "untestable")
        return alpha_of(self.level) * int((able & (self.table["reason"] == "")).sum())

    def power_frame(self) -> pd.DataFrame:
        """The simulated curves: ``claim, data_set, ratio, power, error, draws``."""
        parts = [
            curve.table.assign(claim=claim, data_set=name, draws=curve.draws)
            for (claim, name), curve in self.curves.items()
        ]
        columns = ["claim", "data_set", "ratio", "power", "error", "draws"]
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts, ignore_index=True)[columns]

    def power_table(self) -> Table:
        """Power of the rule at each ratio, by claim and data set."""
        ratios = next((list(c.table["ratio"]) for c in self.curves.values()), [])
        rows = [
            [claim, data_set, *(f"{100 * share:.0f}%" for share in curve.table["power"])]
            for (claim, data_set), curve in self.curves.items()
        ]
        draws = max((curve.draws for curve in self.curves.values()), default=0)
        error = f"{100 * 0.5 / draws**0.5:.0f}" if draws else ""
        notes = (
            "Share of draws in which the rule would decide rightly if the ratio per step were the "
            "one above: exits drawn on the rows used, as many as were observed, no effect of the "
            "controls and nothing in common within clusters, so that where there is, power is "
            f"less. {draws} draws each, standard error {error} points at most. Cox fits only.",
        )
        header = ["claim", "data set", *(f"{ratio:.2g}" for ratio in ratios)]
        return Table(header, rows, "Power by simulation", notes, "ll" + "r" * len(ratios))

    def to_table(self) -> Table:
        """The tests as a table for print, with the rule and the families at its foot."""
        header = [
            "claim", "", "data set", "verdict", "ratio", "p", "CR3", "wild", "q", "events",
            "exposed", "with a score", "detectable", "same sign, robust", "worst without",
        ]  # fmt: skip
        tested = self.table[self.table["verdict"] != "untestable"]
        rows = [_printed(row) for row in tested.to_dict("records")]
        return Table(
            header, rows, "Claims of the literature", self._notes(), align="llllrrrrrrlrrrl"
        )

    def _notes(self) -> tuple[str, ...]:
        families = ", ".join(f"{n} on {name}" for name, n in self.family.items())
        return (
            f"Verdicts. {self.rule}",
            "q: Benjamini and Hochberg, over the distinct tests of one data set"
            f"{f' ({families})' if families else ''}.",
            "Ratio: hazard (leaders, alliances: odds) ratio from 0 to 1 of a term of two values, "
            "else per standard deviation of the term. p: of the registered estimator, from which q "
            "comes; CR3 and wild: the two that a verdict needs. Exposed: events of a term of two "
            "values, with and without it, and the clusters that hold them. With a score: clusters "
            "that say anything on the term, and the share of the largest in the squared scores. "
            f"{self._detectable_note()}",
            f"Expected by chance: {self.expected_by_chance():.1f} small p-values, of either sign, "
            "among the distinct tests that the rule lets decide.",
            "Same sign, robust: share of the specifications (dates and kinds of exit, measure, "
            "clock, controls, estimator and more: each choice alone, and a sample of two at once) "
            f"with the sign of this estimate, and with p < {alpha_of(self.level):g} too. Where a "
            "set is made of rows, its exits are taken as they are. Worst without: the "
            "cluster without which p is largest, and that p (none: not estimable without it), for "
            "what is decided. Proxy: the measure or the outcome only stands for what the claim is "
            "about.",
        )

    def _detectable_note(self) -> str:
        size = f"that the rule would decide with {100 * self.power:g}% power"
        if self.curves:
            return (
                f"Detectable: the smallest ratio {size}, in the direction expected and in the "
                "other, read off the simulated curve (see the power table; none: beyond its ends)."
            )
        return (
            f"Detectable: not simulated; in brackets the smallest ratio {size} by Schoenfeld's "
            "formula, a tool for planning, which knows no exposed events and takes both "
            f"directions for alike, and says nothing beyond {_BEYOND:g} times."
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
        every = (self.to_table(), self.power_table(), self.deviations(), self.untestable())
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

    decided = row["verdict"] in DECIDED
    worst = f"{row['worst_without']} ({format_p(number('worst_p')) or 'none'})"
    few = " (few events)" if row["reason"] else ""
    said = f", {row['strength']}" if row["strength"] else few
    said += f" (as {row['same_as']})" if row["same_as"] else ""
    said += " (own cases)" if row["own_cases"] else ""
    interval = f"[{format_ratio(number('ratio_low'))}, {format_ratio(number('ratio_high'))}]"
    shares = (_percent(number("robust_same_sign")), _percent(number("robust_share")))
    return [
        str(row["claim"]),
        str(row["name"]),
        f"{row['data_set']}{' (proxy)' if row['proxy'] else ''}",
        f"{row['verdict']}{said}",
        f"{format_ratio(number('ratio'))} {interval}",
        *(format_p(number(name)) for name in ("p_value", "p_jackknife", "p_wild", "q_value")),
        str(row["events"]),
        _sides(row),
        f"{row['clusters_with_score']} ({_percent(number('largest_share'))} {row['largest']})"
        if row["clusters_with_score"]
        else "",
        _detectable(row),
        f"{', '.join(shares)} of {row['robust_specifications']}" if all(shares) else "",
        worst if decided and row["worst_without"] else "",
    ]


def _sides(row: Mapping[Hashable, object]) -> str:
    """Exposed and unexposed events, and the clusters that hold them."""
    names = ("exposed_events", "exposed_clusters", "unexposed_events", "unexposed_clusters")
    counts = [float(str(row[name])) for name in names]
    if np.isnan(counts).any():
        return ""
    return "{:.0f} in {:.0f}, {:.0f} in {:.0f}".format(*counts)


def _detectable(row: Mapping[Hashable, object]) -> str:
    """The smallest ratios from the curve; without one that of the formula, in brackets."""
    right, other = (float(str(row[name])) for name in ("detectable", "detectable_other"))
    if not np.isnan(right):
        return " or ".join(format_ratio(r) if 0 < r < np.inf else "none" for r in (right, other))
    ratio = float(str(row["smallest_ratio"]))
    above = format_ratio(ratio, _BEYOND)
    below = f"{format_ratio(1 / ratio, _BEYOND)} or " if row["sign"] == "any" else ""
    return f"({below}{above})"


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
