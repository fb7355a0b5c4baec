"""A specification curve: one term in every defensible specification, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import CoverageError, DataError, FitError, counted
from coalition_models.inference.null_score import NullTest, score_at_null
from coalition_models.inference.wald_numbers import wald_numbers
from coalition_models.models.fit import Fit
from coalition_models.models.running import fit
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve_estimates import estimates_of, fitted_on
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.drawn_rows import DrawnRows
from coalition_models.sensitivity.histories import Exchange, Worlds, worlds_of
from coalition_models.sensitivity.joint import joint_test
from coalition_models.sensitivity.null_maps import NullMaps
from coalition_models.sensitivity.running import run
from coalition_models.sensitivity.scales import (
    SCORE,
    scale_of,
    scored,
    statistic_of,
)
from coalition_models.sensitivity.standings import SAME_QUESTION, of_standing, picked

__all__ = ["Estimate", "spec_curve"]

Floats = npt.NDArray[np.float64]
#: from a setting, and which of its rows were used (None: all), to further results
Also = Callable[[Setting, npt.NDArray[np.bool_] | None], Mapping[str, object]]

_RESULTS = (
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "z", "p_score", "z_by_cluster",
    "events",
    "exposed_events", "exposed_clusters", "rows", "clusters", "scale", "statistic", "note",
)  # fmt: skip


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
        Clustered one way: what the options start from. A family without a score where the term
        has no effect is judged by Wald's z, on a scale of its own (:attr:`SpecCurve.by_scale`).
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
    given = {"spec": spec, "term": term, "draws": draws, "seed": seed, "workers": workers}
    check_arguments(spec_curve, given)
    check_draws(draws)
    asked = spec.spec if isinstance(spec, Fit) else spec
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
        scale=_own_or_first(table["scale"], scale_of(asked.record)),
        drawn=drawn,
        statistic=_own_or_first(table["statistic"], statistic_of(asked.record)),
    )


def _own_or_first(found: pd.Series, own: str) -> str:
    """What the options start from, if any specification has it; else what the first one has."""
    known = found.dropna()
    return own if known.empty or known.eq(own).any() else str(known.iloc[0])


_WORDS = ("scale", "statistic", "note")
_NUMBERS = [name for name in _RESULTS if name not in _WORDS]


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
        if not scored(spec.record):
            return self._by_wald(spec, term, setting)
        estimated, model = fitted_on(self.drawn, spec, other, rows)
        found = score_at_null(model, term, null_map=self.maps.of(spec))
        words = {"scale": scale_of((other or spec).record), "statistic": SCORE}
        out = {**dict.fromkeys(_RESULTS, np.nan), **words, "note": estimated.note}
        out |= estimated.of(term)
        out |= {name: value for name, value in found.numbers.items() if name in _RESULTS}
        if self.worlds is not None:
            out["drawn"] = self._drawn(found, setting)
        if self.also is not None:
            out |= self.also(setting, found.keep)
        return out

    def _by_wald(self, spec: Specification, term: str, setting: Setting) -> Mapping[str, object]:
        """Of a family that has no score where the term has no effect."""
        fitted = fit(spec, setting.rows)
        words = {"scale": scale_of(spec.record), "statistic": statistic_of(spec.record), "note": ""}
        out: dict[str, object] = {**dict.fromkeys(_RESULTS, np.nan), **words}
        numbers, keep = wald_numbers(fitted, term)
        out |= numbers | estimates_of(fitted, term)
        if self.also is not None:
            out |= self.also(setting, keep)
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
