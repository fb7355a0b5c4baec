"""A specification curve: one term in every defensible specification, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, DataError, FitError, counted
from coalition_models.inference.null_score import NullTest, score_at_null
from coalition_models.models.family import require
from coalition_models.models.fit import Fit
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, format_number
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve_estimates import fitted_on
from coalition_models.sensitivity.drawn_rows import DrawnRows
from coalition_models.sensitivity.histories import Exchange, Worlds, worlds_of
from coalition_models.sensitivity.joint import (
    JointTest,
    janus,
    joint_test,
    relative_ratio,
    stouffer,
)
from coalition_models.sensitivity.null_maps import NullMaps
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.standings import SAME_QUESTION, of_standing, picked
from coalition_models.sensitivity.variation import variance_shares

__all__ = ["Estimate", "SpecCurve", "spec_curve"]

Floats = npt.NDArray[np.float64]
#: from a setting, and which of its rows were used (None: all), to further results
Also = Callable[[Setting, npt.NDArray[np.bool_] | None], Mapping[str, object]]

_RESULTS = (
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "z", "p_score", "z_by_cluster",
    "events",
    "exposed_events", "exposed_clusters", "rows", "clusters", "note",
)  # fmt: skip
_EDGE = 1.959963984540054


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
        by cluster; ``events, exposed_events, exposed_clusters, rows, clusters``; ``problem`` where
        there is nothing.
    dimensions : tuple of str
    skipped : DataFrame
        Options that did not apply, and why.
    joint : JointTest or None
        All specifications together, where histories were exchanged.
    scale : str
        What the exponential of an estimate is.
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

    @property
    def summary(self) -> pd.Series:
        """Numbers of the whole curve.

        ``median_ratio``, ``share_above_one``, ``share_significant_above`` and ``_below`` (score z
        beyond 1.96), ``stouffer_z``, ``relative_ratio`` and ``p_difference`` (Patel et al. 2015),
        ``janus``; specifications counted, without an estimate, without anything.
        """
        table = self.table
        known = table["estimate"].dropna()
        z = table["z"].dropna().to_numpy(dtype=float)
        ratio, gap = relative_ratio(known, table.loc[known.index, "p_value"])
        return pd.Series(
            {
                "specifications": len(table),
                "without_estimate": int(table["estimate"].isna().sum()),
                "without_anything": int(table["problem"].ne("").sum()),
                "median_ratio": float(np.exp(known.median())) if len(known) else np.nan,
                "median_z": float(np.median(z)) if len(z) else np.nan,
                "share_above_one": float((z > 0).mean()) if len(z) else np.nan,
                "share_significant_above": float((z > _EDGE).mean()) if len(z) else np.nan,
                "share_significant_below": float((z < -_EDGE).mean()) if len(z) else np.nan,
                "stouffer_z": stouffer(z),
                "relative_ratio": ratio,
                "p_difference": gap,
                "janus": janus(known),
            }
        )

    @property
    def variation(self) -> pd.DataFrame:
        """Which choices move the estimate: shares of its variance, with pairs of choices."""
        return variance_shares(self.table, self.dimensions, "estimate")

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
            (which), for the specification nearest to the chosen one whose score z has the other
            sign, or lies on the other side of 1.96.
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
        turns = {
            "sign": self.table["z"] * np.sign(z) < 0,
            "significance": (self.table["z"].abs() > _EDGE) != (abs(z) > _EDGE),
        }
        rows = []
        for turn, other in turns.items():
            far = (~same[other & self.table["z"].notna()]).sum(axis=1)
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
        moved = self.variation
        rows = [[str(a), format_number(float(b))] for a, b in moved.itertuples(index=False)]
        tables.append(Table(["choice", "share of variance"], rows, "What moves the estimate"))
        if self.joint is not None:
            tables.append(self.joint.to_table())
        return tables


def spec_curve(
    spec: Fit | Specification,
    term: str,
    dimensions: Sequence[Dimension],
    *,
    panel: pd.DataFrame | None = None,
    base: Setting | None = None,
    exchange: Exchange | None = None,
    standings: Collection[str] = SAME_QUESTION,
    where: Callable[[Mapping[str, object]], bool] | None = None,
    sample: int | None = None,
    limit: int | None = None,
    also: Also | None = None,
    draws: int = 199,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> SpecCurve:
    """Estimate a term in every combination of choices, and judge all of them together.

    Parameters
    ----------
    spec : Fit or Specification
        Of a family with scores at the null, clustered one way: what the options start from.
    term : str
        A column of the formula, or the name under which options put it (``assign(term=...)``).
    dimensions : sequence of Dimension
        Those that make panels first; see ``cm.sensitivity.cross``.
    panel : DataFrame, optional
        Rows to start from, or as part of ``base``.
    base : Setting, optional
        Anything else that options start from.
    exchange : Exchange, optional
        Judge all specifications together: in every draw whole histories of exposure are exchanged
        once, and the score z of every specification is made anew. Every setting must then hold
        ``histories``, the values of its term by state and period
        (:func:`~coalition_models.sensitivity.histories.exposure_histories`).
    standings : collection of str
        Options of these standings only: what asks another question is in no median by default.
    where : callable, optional
        Keeps a combination of choices, by label of the option, or not.
    sample, limit : int, optional
        So many combinations drawn at random; so many at most, else refused.
    also : callable, optional
        From a setting, and which of its rows the model used (None for all), to further results:
        columns of the table.
    draws, seed : int
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    SpecCurve

    Raises
    ------
    DataError
        No clusters or two sets of them; histories that do not give the panel's own exposure.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity import Dimension, spec_curve
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8, "size": 0.2}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk + size", cluster="state")
    >>> controls = Dimension("controls", {"size": lambda s: s,
    ...     "none": lambda s: s.respecify(formula="event ~ risk")})
    >>> curve = spec_curve(spec, "risk", [controls], panel=panel)
    >>> len(curve.table), bool(curve.summary["median_ratio"] > 1)
    (2, True)
    """
    check_arguments(spec_curve, {"spec": spec, "term": term, "draws": draws, "workers": workers})
    asked = spec.spec if isinstance(spec, Fit) else spec
    require(asked.record, "null_scores", "spec_curve()")
    dimensions = of_standing(dimensions, standings)
    pick = picked(dimensions, where=where, sample=sample, limit=limit, seed=seed)
    start = Setting() if base is None else base
    if panel is not None:
        start = start.replace(panel=panel)
    start = start.replace(spec=start.spec or asked)
    worlds = None if exchange is None else _worlds(start, dimensions, exchange, draws, seed)
    found = run(
        start, list(dimensions), Estimate(term, worlds, also),
        failures=(FitError, CoverageError), blank=dict.fromkeys(_RESULTS, np.nan), pick=pick,
        workers=workers, keep=keep, progress=progress, about="spec_curve",
    )  # fmt: skip
    table = found.table
    joint, drawn = None, None
    if worlds is not None and exchange is not None:
        drawn = np.array(
            [z if isinstance(z, np.ndarray) else np.full(draws, np.nan) for z in table["drawn"]]
        ).T
        joint = joint_test(table["z"].to_numpy(float), drawn, how=exchange.words)
    known = {*found.dimensions, *_RESULTS, "drawn", "problem"}
    more = [name for name in table.columns if name not in known]
    columns = [*found.dimensions, *_RESULTS, *more, "problem"]
    return SpecCurve(
        term=term,
        table=table[columns].astype(dict.fromkeys(_NUMBERS, float)),
        dimensions=found.dimensions,
        skipped=found.skipped,
        joint=joint,
        scale=asked.record.ratio,
        drawn=drawn,
    )


_NUMBERS = [name for name in _RESULTS if name != "note"]


def _worlds(
    start: Setting, dimensions: Sequence[Dimension], exchange: Exchange, draws: int, seed: int
) -> Worlds:
    """The draws, over the states of the panel that the options start from, or of its facts."""
    known: set[str] = set(exchange.groups or ())
    if start.panel is not None:
        known |= set(map(str, start.panel["state"]))
    if start.facts is not None and start.facts.members is not None:
        members = start.facts.members
        known |= set(map(str, members.loc[members["exit_kind"] != "leader", "state"]))
    if not known:
        raise DataError("exchange= needs facts or a panel to start from, which tell the states")
    return worlds_of(sorted(known), exchange, draws=draws, seed=seed)


@dataclass(frozen=True)
class Estimate:
    """From a setting to the results of its specification; sent to workers.

    A setting's ``fit_as`` is estimated in place of its specification, whose score it keeps: a
    penalised fit has no clusters.
    """

    term: str
    worlds: Worlds | None
    also: Also | None = None
    last: dict[str, tuple[pd.DataFrame, pd.DataFrame, npt.NDArray[np.int64], Floats]] = field(
        default_factory=dict, compare=False, repr=False
    )
    maps: NullMaps = field(default_factory=NullMaps, compare=False, repr=False)
    drawn: DrawnRows = field(default_factory=DrawnRows, compare=False, repr=False)

    def __call__(self, setting: Setting) -> Mapping[str, object]:
        """Fit and score the specification of a setting."""
        spec, rows = setting.spec, setting.rows
        assert spec is not None
        term = str(setting.values.get("term", self.term))
        other = cast("Specification | None", setting.values.get("fit_as"))
        estimated, model = fitted_on(self.drawn, spec, other, rows)
        found = score_at_null(model, term, null_map=self.maps.of(spec))
        out = {**dict.fromkeys(_RESULTS, np.nan), "note": estimated.note}
        out |= estimated.of(term)
        out |= {name: value for name, value in found.numbers.items() if name in _RESULTS}
        if self.worlds is not None:
            out["drawn"] = self._drawn(found, setting)
        if self.also is not None:
            out |= self.also(setting, found.keep)
        return out

    def _drawn(self, found: NullTest, setting: Setting) -> Floats:
        """Z of every draw."""
        histories = setting["histories"]
        rows = setting.rows if found.keep is None else setting.rows[found.keep]
        own = setting.once(_own, histories, rows)
        if not np.allclose(own, found.values, equal_nan=True):
            wrong = int((~np.isclose(own, found.values)).sum())
            raise DataError(
                f"histories do not give the panel's own exposure in {counted(wrong, 'row')}: make "
                "both with the same builder"
            )
        # rows at risk at no event time weigh nothing, and are most of a panel
        active = np.flatnonzero(found.pull.own)
        at = active if found.keep is None else np.flatnonzero(found.keep)[active]
        return found.pull.of_rows(active).z(self._exposures(histories, setting.rows, at))

    def _exposures(
        self, histories: pd.DataFrame, panel: pd.DataFrame, at: npt.NDArray[np.int64]
    ) -> Floats:
        """Of every draw; those of the last panel are kept, since specifications come by panel."""
        assert self.worlds is not None
        held = self.last.get("made")
        if (
            held is None
            or held[0] is not histories
            or held[1] is not panel
            or not np.array_equal(held[2], at)
        ):
            rows = panel[["state", "period"]].iloc[at]
            made = self.worlds.exposures(histories, rows["state"], rows["period"])
            # put there at once, since threads share it
            held = self.last["made"] = (histories, panel, at, made)
        return held[3]


def _own(histories: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    units = list(dict.fromkeys(rows["state"]))
    as_it_is = Worlds(tuple(units), np.arange(len(units))[None, :], None)
    return as_it_is.exposures(histories, rows["state"], rows["period"])[:, 0]
