"""A term over all specifications of a curve: its table, and what is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.render import InTables, Table, format_count, format_number
from coalition_models.sensitivity.joint import JointTest, janus, relative_ratio, stouffer
from coalition_models.sensitivity.scales import SCORE, is_ratio
from coalition_models.sensitivity.variation import variance_shares

__all__ = ["SpecCurve"]

Floats = npt.NDArray[np.float64]
_BY_SCALE = [
    "scale", "statistic", "specifications", "without_estimate", "median_ratio", "lowest",
    "highest", "median_z", "share_significant_above", "share_significant_below",
]  # fmt: skip


@dataclass(frozen=True, repr=False)
class SpecCurve(InTables):
    """A term over all specifications.

    Attributes
    ----------
    term : str
    table : DataFrame
        One row per specification: the choices; ``estimate, std_error, conf_low, conf_high,
        p_value`` of the refit (log scale; all missing where it has no finite maximum, all but the
        estimate where the variance asked for cannot be had; ``note`` says why); ``z``, Rao's score
        statistic where the term has no effect, which exists there too, and its normal ``p_score``,
        as if rows were independent; ``z_by_cluster``, the same score over the root of its squares
        by cluster; ``events, exposed_events, exposed_clusters, rows, clusters``; ``scale`` of the
        estimate (hazard ratio, odds ratio, ...); ``statistic``: ``score``, or, of a family that
        has none, ``Wald`` and its scale, whose ``z`` and ``z_by_cluster`` are the estimate over
        its errors; ``problem`` where there is nothing.
    dimensions : tuple of str
    skipped : DataFrame
        Options that did not apply, and why.
    joint : JointTest or None
        All specifications together, where histories were exchanged.
    scale : str
        What the exponential of an estimate is in the specification that options start from, or,
        where no option keeps to that, in the first of the table.
    statistic : str
        What z is there.
    drawn : array, shape (B, specifications), or None
        The score z of every specification in every draw, where histories were exchanged.
    """

    term: str
    table: pd.DataFrame
    dimensions: tuple[str, ...]
    skipped: pd.DataFrame
    joint: JointTest | None
    scale: str
    drawn: Floats | None = None
    statistic: str = SCORE

    @property
    def summary(self) -> pd.Series:
        """Numbers of the whole curve.

        ``median_estimate`` (a log where its exponential is a ratio), ``median_ratio``,
        ``share_above_one``, ``share_significant_above`` and ``_below`` (z
        beyond 1.96), ``stouffer_z``, ``relative_ratio`` and ``p_difference`` (Patel et al. 2015),
        ``janus``; specifications counted, without an estimate, without anything. Ratios are those
        of :attr:`scale` alone and z those of :attr:`statistic`; ``other_scale`` and
        ``other_statistic`` count the rest, which :attr:`by_scale` has.
        """
        return pd.Series(self._told(self.alike, self.z_alike))

    @property
    def alike(self) -> pd.DataFrame:
        """The specifications whose estimates are on :attr:`scale`, and may stand in one median."""
        return self.table[self.table["scale"] == self.scale]

    @property
    def z_alike(self) -> pd.Series:
        """The z of the specifications with :attr:`statistic`."""
        found: pd.Series = self.table.loc[self.table["statistic"] == self.statistic, "z"].dropna()
        return found

    @property
    def by_scale(self) -> pd.DataFrame:
        """Each scale of estimates, and each statistic, on its own.

        Returns
        -------
        DataFrame
            ``scale, statistic, specifications, without_estimate, median_ratio, lowest, highest``
            (exponentials of estimates; of a scale without a ratio the estimates themselves),
            ``median_z, share_significant_above, share_significant_below``.
        """
        rows = []
        known = self.table[self.table["problem"].eq("")]
        for (scale, statistic), part in known.groupby(["scale", "statistic"], sort=False):
            values = part["estimate"].dropna()
            if is_ratio(str(scale)):
                with np.errstate(over="ignore"):
                    values = np.exp(values)
            z = part["z"].dropna()
            rows.append(
                (scale, statistic, len(part), int(part["estimate"].isna().sum()), values.median(),
                 values.min(), values.max(), z.median(), (z > EDGE).mean(), (z < -EDGE).mean())
            )  # fmt: skip
        return pd.DataFrame(rows, columns=_BY_SCALE)

    def _told(self, alike: pd.DataFrame, scores: pd.Series) -> dict[str, float]:
        table = self.table
        known = alike["estimate"].dropna()
        ratios = is_ratio(self.scale)
        z = scores.to_numpy(dtype=float)
        ratio, gap = relative_ratio(known, table.loc[known.index, "p_value"])
        held = table["problem"].eq("")
        return {
            "specifications": len(table),
            "without_estimate": int(table["estimate"].isna().sum()),
            "without_anything": int((~held).sum()),
            "other_scale": int((held & (table["scale"] != self.scale)).sum()),
            "other_statistic": int((held & (table["statistic"] != self.statistic)).sum()),
            "median_estimate": float(known.median()) if len(known) else np.nan,
            "median_ratio": float(np.exp(known.median())) if len(known) and ratios else np.nan,
            "median_z": float(np.median(z)) if len(z) else np.nan,
            "share_above_one": float((z > 0).mean()) if len(z) else np.nan,
            "share_significant_above": float((z > EDGE).mean()) if len(z) else np.nan,
            "share_significant_below": float((z < -EDGE).mean()) if len(z) else np.nan,
            "stouffer_z": stouffer(z),
            "relative_ratio": ratio if ratios else np.nan,
            "p_difference": gap,
            "janus": janus(known),
        }

    @property
    def variation(self) -> pd.DataFrame:
        """Which choices move the estimate: shares of its variance, with pairs of choices.

        Over the specifications of :attr:`scale`; those of other scales would move it by their
        units.
        """
        return variance_shares(self.alike, self.dimensions, "estimate")

    def nearest_turn(self, chosen: Mapping[str, object]) -> pd.DataFrame:
        """The fewest choices to change for another conclusion.

        Parameters
        ----------
        chosen : mapping
            One option per dimension: the specification to start from.

        Returns
        -------
        DataFrame
            ``turn`` (``sign``, ``significance``), ``changes`` (how many choices), ``choices``
            (which), for the specification nearest to the chosen one whose z, of the same
            statistic, has the other sign, or lies on the other side of 1.96.
        """
        lacking = [name for name in self.dimensions if name not in chosen]
        if lacking:
            raise DataError(f"chosen needs an option of {', '.join(lacking)}")
        labels = self.table[list(self.dimensions)]
        same = labels.eq(pd.Series({name: chosen[name] for name in self.dimensions}))
        here = self.table[same.all(axis=1)]
        if here.empty or not np.isfinite(here["z"].iloc[0]):
            raise DataError("the chosen options are no specification of the curve with a result")
        z = float(here["z"].iloc[0])
        others = self.table["z"].where(self.table["statistic"] == here["statistic"].iloc[0])
        turns = {
            "sign": others * np.sign(z) < 0,
            "significance": (others.abs() > EDGE) != (abs(z) > EDGE),
        }
        rows = []
        for turn, other in turns.items():
            far = (~same[other & others.notna()]).sum(axis=1)
            if far.empty:
                rows.append((turn, np.nan, "no specification"))
                continue
            at = far.idxmin()
            moved = [
                f"{name} {labels.loc[at, name]}"
                for name in self.dimensions
                if not same.loc[at, name]
            ]
            rows.append((turn, int(far.min()), ", ".join(moved)))
        return pd.DataFrame(rows, columns=["turn", "changes", "choices"])

    def to_tables(self) -> list[Table]:
        """The summary, which choices move it, and the joint test."""
        numbers = [[str(name), format_number(value)] for name, value in self.summary.items()]
        tables = [Table(["", self.term], numbers, f"Specification curve of {self.term}")]
        kinds = self.by_scale
        if len(kinds) > 1:
            lines = [[str(a), str(b), format_count(n), format_count(without),
                      *(format_number(float(c)) for c in rest)]
                     for a, b, n, without, *rest in kinds.itertuples(index=False)]  # fmt: skip
            tables.append(
                Table(
                    [name.replace("_", " ") for name in _BY_SCALE], lines, "Each scale on its own"
                )
            )
        moved = self.variation
        rows = [[str(a), format_number(float(b))] for a, b in moved.itertuples(index=False)]
        tables.append(Table(["choice", "share of variance"], rows, "What moves the estimate"))
        if self.joint is not None:
            tables.append(self.joint.to_table())
        return tables
