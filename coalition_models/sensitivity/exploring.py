"""A finding under every choice, for a reader who switches them: estimates, who left, what moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.designs.analysis_sets import AnalysisSet
from coalition_models.errors import DataError
from coalition_models.members.facts import Facts
from coalition_models.members.timing import DATE_COLUMN
from coalition_models.render import Table, frame_table
from coalition_models.sensitivity.choices import Dimension, Setting
from coalition_models.sensitivity.curve import spec_curve
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.joint import joint_test
from coalition_models.sensitivity.standard_choices import TERM, StandardChoices, dimensions
from coalition_models.sensitivity.standings import SAME_QUESTION, of_standing

__all__ = ["Explored", "explore", "short_choices"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_NUMBERS = (
    "ratio", "ratio_low", "ratio_high", "estimate", "std_error", "p_value", "z", "p_score",
    "p_exchange",
)  # fmt: skip
_COUNTS = ("events", "exposed_events", "exposed_clusters", "rows", "clusters")
_LEFT = ("left", "state", "name", "spell", "month", "day", "exposed")
#: variance of the Cox model -> what is said of the standard errors of all
_ERRORS = {
    "cluster": "standard errors clustered by state",
    "jackknife": "standard errors by the jackknife over states for Cox, else clustered by state",
}
#: dimensions that the shorter crossing leaves at their first option
_FIXED = ("wind_up", "peak_at_least", "elections")
#: options that it keeps of the others
_KEPT = {
    "controls": ("none", "casualties", "earlier exits"),
    "estimator": ("cox", "cloglog", "logit"),
}


@dataclass(frozen=True, repr=False)
class Explored:
    """Every specification of a finding, in the form in which a reader asks for them.

    Attributes
    ----------
    coalition : str
    term : str
    table : DataFrame
        One row per specification: ``specification`` (from 1), the choices, ``ratio, ratio_low,
        ratio_high`` (95 per cent, clustered by state), ``estimate, std_error, p_value``, ``z`` and
        ``p_score`` (score where the term has no effect), ``p_exchange`` (share of the draws with a
        z as large in size), ``events, exposed_events, exposed_clusters, rows, clusters``, ``left``
        (the list of who left), ``note`` (why there is no estimate) and ``problem`` (why there is
        nothing).
    left : DataFrame
        ``left, state, name, spell, month, day, exposed``: who left, by list; ``day`` is empty
        where the facts have none in that month.
    choices : DataFrame
        ``dimension, option, standing, note``; the first option of each is the default.
    joint : DataFrame
        ``dimension, option, specifications, distinct, statistic, observed, p_value``: all
        specifications together (with an empty dimension), and those with one option.
    curve : SpecCurve
    how : str
        What was drawn, and how often.
    """

    coalition: str
    term: str
    table: pd.DataFrame
    left: pd.DataFrame
    choices: pd.DataFrame
    joint: pd.DataFrame
    curve: SpecCurve
    how: str

    def to_table(self) -> Table:
        """The joint tests, for print."""
        title = f"{self.term} in {self.coalition}: {len(self.table)} specifications together"
        return frame_table(self.joint, title=title, notes=[self.how])

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def short_choices(data: str | AnalysisSet | Facts = "iraq") -> StandardChoices:
    """The standard choices with windows of 2 and 6 months, without those on the sample.

    Examples
    --------
    >>> from coalition_models.sensitivity.standings import of_standing, size_of
    >>> size_of(of_standing(short_choices("iraq")))
    1296
    """
    choices = dimensions(data, windows=(2, 6), variance="cluster")
    held = [one.name for one in choices]
    less = choices.without(*(name for name in _FIXED if name in held))
    kept = {
        one.name: [label for label in one.labels if label in _KEPT[one.name]]
        for one in less
        if one.name in _KEPT
    }
    return less.keeping(**kept)


def explore(
    data: str | AnalysisSet | Facts = "iraq",
    *,
    choices: StandardChoices | None = None,
    sample: int | None = None,
    draws: int = 199,
    seed: int = 1,
    workers: int = 1,
) -> Explored:
    """Estimate elections on exits in every specification, with who left in each.

    Parameters
    ----------
    data : str, AnalysisSet or Facts
        As in :func:`dimensions`.
    choices : StandardChoices, optional
        Those of :func:`dimensions` with clustered standard errors by default: several thousand
        specifications.
    sample : int, optional
        So many of them, drawn at random.
    draws, seed : int
        Of exchanges of whole histories over states, for the joint test.
    workers : int
        Processes; the result does not depend on it.

    Returns
    -------
    Explored

    Raises
    ------
    DataError
        As in :func:`dimensions` and :func:`spec_curve`.

    Examples
    --------
    >>> from coalition_models.sensitivity.exploring import short_choices
    >>> import coalition_models as cm
    >>> from coalition_models.errors import gathered
    >>> choices = short_choices("iraq")
    >>> held = [one.name for one in choices if one.name not in ("contested", "estimator")]
    >>> with gathered():  # of few clusters it is told
    ...     found = cm.sensitivity.explore("iraq", choices=choices.without(*held), draws=9)
    >>> found.table["events"].tolist()  # main, strict and lenient, with three estimators each
    [21, 21, 21, 12, 12, 12, 24, 24, 24]
    """
    options = {"draws": draws, "seed": seed, "workers": workers, "sample": sample}
    check_arguments(explore, options)
    given = dimensions(data, variance="cluster") if choices is None else choices
    asked = given.with_calendars()
    listed = of_standing(list(asked), SAME_QUESTION)
    exchange = asked.exchange()
    curve = spec_curve(
        asked.spec, TERM, listed, base=asked.base, exchange=exchange, sample=sample,
        also=_who_left, draws=draws, seed=seed, workers=workers,
    )  # fmt: skip
    facts = cast("Facts", asked.base.facts)
    errors = _ERRORS.get(asked.spec.variance or "cluster", "standard errors as asked for")
    lists, left = _lists(curve.table, facts)
    return Explored(
        coalition=str(cast("pd.DataFrame", facts.coalitions)["coalition"].iloc[0]),
        term=TERM,
        table=_table(curve, lists),
        left=left,
        choices=pd.DataFrame(StandardChoices(tuple(listed), asked.base).table),
        joint=_joint(curve, listed, exchange.words),
        curve=curve,
        how=f"{draws:,} draws, {exchange.words}; {errors}",
    )


def _who_left(setting: Setting, used: Bools | None) -> Mapping[str, object]:
    """Those whose exits a model used, as text that workers can send back cheaply."""
    happened = setting.rows["event"].to_numpy() == 1
    at = np.flatnonzero(happened if used is None else happened & used)
    columns = [setting.rows[name].to_numpy()[at] for name in ("period", "state", "spell", TERM)]
    lines = sorted(zip(*columns, strict=True), key=lambda line: line[:3])
    parts = [
        f"{state} {spell} {np.datetime_as_string(month, unit='M')} {int(exposed)}"
        for month, state, spell, exposed in lines
    ]
    return {"left": "; ".join(parts)}


def _lists(table: pd.DataFrame, facts: Facts) -> tuple[pd.Series, pd.DataFrame]:
    """The number of each specification's list of who left, and the lists."""
    members = cast("pd.DataFrame", facts.members).set_index(["state", "spell"])
    texts = table["left"] if "left" in table.columns else pd.Series(np.nan, index=table.index)
    dated = table["exit_date"] if "exit_date" in table.columns else pd.Series("main", table.index)
    known: dict[tuple[object, object], int] = {}
    numbers: list[object] = []
    lines: list[tuple[object, ...]] = []
    for text, date in zip(texts, dated, strict=True):
        if not isinstance(text, str):
            numbers.append(pd.NA)
            continue
        key = (text, date)
        if key not in known:
            known[key] = len(known) + 1
            parts = [part.split(" ") for part in text.split("; ") if part]
            lines += [
                (known[key], state, _name(members, state, int(spell)), int(spell), month,
                 _day(members, state, int(spell), month, str(date)), int(exposed))
                for state, spell, month, exposed in parts
            ]  # fmt: skip
        numbers.append(known[key])
    return (
        pd.Series(numbers, index=table.index, dtype="Int64"),
        pd.DataFrame(lines, columns=list(_LEFT)),
    )


def _name(members: pd.DataFrame, state: str, spell: int) -> str:
    return str(members.loc[(state, spell), "name"]) if "name" in members.columns else state


def _day(members: pd.DataFrame, state: str, spell: int, month: str, date: str) -> str:
    """The day of an exit, where the facts have one in the month in which it counts."""
    for column in (DATE_COLUMN.get(date, "exit"), "exit"):
        if column in members.columns:
            day = pd.Timestamp(str(members.loc[(state, spell), column]))
            if not pd.isna(day) and f"{day:%Y-%m}" == month:
                return f"{day:%Y-%m-%d}"
    return ""


def _table(curve: SpecCurve, lists: pd.Series) -> pd.DataFrame:
    table = curve.table
    with np.errstate(over="ignore"):
        ratios = {
            "ratio": np.exp(table["estimate"]),
            "ratio_low": np.exp(table["conf_low"]),
            "ratio_high": np.exp(table["conf_high"]),
        }
    out = table.assign(**ratios, p_exchange=_p_exchange(curve), left=lists)
    out[list(_COUNTS)] = out[list(_COUNTS)].astype("Int64")
    out.insert(0, "specification", np.arange(1, len(out) + 1))
    front = ["specification", *curve.dimensions]
    return out[[*front, *_NUMBERS, *_COUNTS, "left", "note", "problem"]]


def _p_exchange(curve: SpecCurve) -> Floats:
    """Share of the worlds with a z as large; a draw that tells nothing counts against the data."""
    z = curve.table["z"].to_numpy(dtype=float)
    assert curve.drawn is not None
    smaller = np.abs(curve.drawn) < np.abs(z) * (1 - 1e-9)
    p = 1 - smaller.sum(axis=0) / (1 + len(curve.drawn))
    return np.where(np.isfinite(z), p, np.nan)


def _joint(curve: SpecCurve, listed: Sequence[Dimension], how: str) -> pd.DataFrame:
    """All specifications together, and those with each option of what could be chosen."""
    groups: list[tuple[str, object, Bools]] = [("", "", np.ones(len(curve.table), dtype=bool))]
    for one in listed:
        if len(one.labels) > 1:
            column = curve.table[one.name]
            groups += [
                (one.name, label, np.array([given == label for given in column]))
                for label in one.labels
            ]
    z = curve.table["z"].to_numpy(dtype=float)
    lines: list[tuple[object, ...]] = []
    for name, label, mask in groups:
        try:
            found = joint_test(z[mask], cast("Floats", curve.drawn)[:, mask], how=how)
        except DataError:
            continue  # none of them has a statistic
        lines += [
            (name, str(label), found.specifications, found.distinct, statistic, observed, p)
            for statistic, observed, p in found.table.itertuples(index=False)
        ]
    columns = ["dimension", "option", "specifications", "distinct", "statistic"]
    return pd.DataFrame(lines, columns=[*columns, "observed", "p_value"])
