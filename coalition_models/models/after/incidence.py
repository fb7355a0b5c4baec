"""Chance to have left in each way by a time: cumulative incidence of competing exits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.kernels.gray import gray_test
from coalition_models.kernels.occupancy import Moves, Occupancy, aalen_johansen
from coalition_models.models.after.observed import count_at_risk, numbered
from coalition_models.models.after.steps import Scale, share_limits, steps_at
from coalition_models.models.display import Background
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.columns import require_columns
from coalition_models.models.sample.kinds import Kinds, read_kinds
from coalition_models.models.sample.labels import times_given
from coalition_models.models.sample.stays import Stays, read_stays
from coalition_models.record import with_notes
from coalition_models.render import Table, format_number
from coalition_models.tables.plain import in_native_order

__all__ = ["CumulativeIncidence", "cumulative_incidence"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: a share of members still there below this is none
_ROUNDING = 1e-12


@dataclass(frozen=True, repr=False)
class CumulativeIncidence:
    """Share of members gone in each way, by time at risk, kind of exit and group.

    Attributes
    ----------
    table : DataFrame
        ``group`` (where ``by`` was given), ``kind, time, at_risk, events, incidence, std_error,
        conf_low, conf_high``: one row per kind and time of an exit of any kind. ``std_error`` is
        the infinitesimal jackknife, clustered where clusters were given. ``at_risk`` and
        ``events`` are weighted where weights were given.
    kinds : tuple of str
    by : tuple of str
    level : float
    interval : str
    spans : mapping
        Group -> the starts and the stops of its rows, each sorted.
    notes : tuple of str
    """

    table: pd.DataFrame
    kinds: tuple[str, ...]
    by: tuple[str, ...]
    level: float
    interval: str
    spans: Mapping[str, tuple[Floats, Floats]] = field(repr=False)
    notes: tuple[str, ...] = ()
    _whole: _Whole | str = field(default="", repr=False)

    def at_risk(self, times: Sequence[float]) -> pd.DataFrame:
        """Count the rows at risk at given times, one column per group.

        A row is at risk after its start, up to and with its stop; at the time of the first entry
        those count that enter then.
        """
        check_arguments(CumulativeIncidence.at_risk, locals())
        return count_at_risk(self.spans, times)

    def at(self, times: Sequence[float]) -> pd.DataFrame:
        """The curves at given times: the last step at or before each, 0 before the first.

        Examples
        --------
        >>> df = pd.DataFrame({"stop": [1, 2, 3, 4], "exit": [1, 2, 1, 0]})
        >>> cumulative_incidence(df, "exit", start=None).at([2])[["kind", "incidence"]]
          kind  incidence
        0    1       0.25
        1    2       0.25
        """
        check_arguments(CumulativeIncidence.at, locals())
        when = times_given(times)
        if when is None:
            raise DataError("at() takes the times to tell the curves at")
        early = {"incidence": 0.0, "std_error": 0.0}
        parts = []
        for group in self.spans:
            mine = self.table[self.table["group"] == group] if self.by else self.table
            for kind in self.kinds:
                keys = {"group": group, "kind": kind} if self.by else {"kind": kind}
                parts.append(steps_at(mine[mine["kind"] == kind], when, keys, early))
        return pd.concat(parts, ignore_index=True)

    def test(self) -> pd.DataFrame:
        """Gray's (1988) test of equal cumulative incidence in all groups, for each kind.

        Returns
        -------
        DataFrame
            ``kind, statistic, df, p_value``, as R's ``cmprsk::cuminc``.

        Raises
        ------
        DataError
            Without groups, and where the test is not known: with late entry, gaps, case weights,
            clusters, and groups that change within a member.
        """
        from scipy import stats  # slow to import

        if isinstance(self._whole, str):
            raise DataError(
                f"Gray's test {self._whole}. fine_gray('kind ~ C(group)', ...) tests the same "
                "hypothesis on any rows: fit.test_terms()"
            )
        rows = []
        for place, kind in enumerate(self.kinds, start=1):
            own = self._whole.kind
            coded = np.where(own == 0, 0, np.where(own == place, 1, 2))
            if not (coded == 1).any():
                continue
            found = gray_test(self._whole.time, coded, self._whole.group)
            p_value = float(stats.chi2.sf(found.statistic, found.df))
            rows.append((kind, found.statistic, found.df, p_value))
        return pd.DataFrame(rows, columns=["kind", "statistic", "df", "p_value"])

    def to_table(self) -> Table:
        """The curves, ready for text, Markdown, LaTeX and HTML."""
        scale = "log of 1 - incidence" if self.interval == "complement" else self.interval
        notes = [
            "Aalen-Johansen; a row is at risk after its start, up to and with its stop. "
            f"{100 * self.level:g}% limits on the {scale} scale, infinitesimal jackknife.",
            *(f"{text[0].upper()}{text[1:]}." for text in self.notes),
        ]
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        return Table(list(self.table.columns), rows, "Cumulative incidence", notes)

    def __repr__(self) -> str:
        by = f" by {', '.join(self.by)}" if self.by else ""
        events = counted(int(np.rint(self.table["events"].sum())), "exit")
        return f"<CumulativeIncidence of {', '.join(self.kinds)}{by}: {events}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


@dataclass(frozen=True, eq=False)
class _Whole:
    """One line per member, all of whom enter at one time: what Gray's test compares."""

    time: Floats
    kind: Integers
    group: Integers


def cumulative_incidence(
    data: pd.DataFrame,
    event: str | Sequence[str] = "event",
    by: str | Sequence[str] | None = None,
    *,
    none: object = None,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
    interval: Scale = "log-log",
) -> CumulativeIncidence:
    """Aalen-Johansen estimate of leaving in each of several ways, late entry and gaps included.

    One minus Kaplan-Meier of one kind, with the others as censoring, is not that chance: it asks
    what would be if nobody could leave otherwise.

    Parameters
    ----------
    data : DataFrame
        Rows at risk; one or many per member.
    event : str or sequence of str
        A column of kinds of exit, or several columns of 0 and 1, one for each kind.
    by : str or sequence of str, optional
        Curves per value, or per combination of values.
    none : object, optional
        Value of a column of kinds that means that the row ended in no exit. Default: 0 among
        numbers; words need it.
    start, stop : str
        Columns. ``start=None``: every row enters at 0.
    id : str or sequence of str, optional
        Columns of one member's history: rows of one member move together in the standard errors.
        ``coalition, state, spell`` where all three are present; otherwise each row stands alone.
    weights : str, optional
        Case weights, 0 or more.
    cluster : str, optional
        Column whose values move together in the standard errors, in place of members.
    level : float
        Of the limits.
    interval : {"log-log", "log", "plain", "complement"}
        Scale on which the limits are symmetric; ``"log"`` is the default of R's ``survfit``, and
        ``"complement"``, the logarithm of one minus incidence, that of its older versions.

    Returns
    -------
    CumulativeIncidence
        ``.test()`` is Gray's test between groups.

    Raises
    ------
    DataError
        Wrong coding, rows after an exit, reversed, empty or overlapping rows, no exit at all.

    Notes
    -----
    Standard errors are the infinitesimal jackknife of R's ``survfit`` with ``id=``: the root of the
    sum, over members, of the square of what each moves the curve by. With ``cluster`` the moves of
    a cluster are summed before they are squared; R's multi-state ``survfit`` (survival 3.5-3)
    takes ``cluster=`` beside ``id=`` and gives the errors without it. ``cmprsk::cuminc`` has
    others, a little different. Those of the curve are conditional on nothing: with late entry the
    early risk sets may be small, see ``at_risk()``.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": [0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 5],
    ...                    "exit": ["own", "end", "own", "stays", "end"]})
    >>> cm.cumulative_incidence(df, "exit", none="stays").table.round(3).iloc[:4, :5]
      kind  time  at_risk  events  incidence
    0  end   2.0        3       0      0.000
    1  end   3.0        4       1      0.167
    2  end   4.0        3       0      0.167
    3  end   5.0        2       1      0.333
    """
    check_arguments(cumulative_incidence, locals())
    names = names_of(by, "by")
    data = in_native_order(data)
    require_columns(data, [*names, *names_of(cluster, "cluster")], "cumulative_incidence")
    kinds = read_kinds(data, event, none)
    stays = read_stays(data, start, stop, id=id, weights=weights, cluster=cluster)
    stays.refuse_rows_after(kinds.codes > 0, "an exit", data.index)
    numbers, labels = numbered(data, names)
    parts, spans = [], {}
    for number, label in enumerate(labels):
        inside = np.flatnonzero((numbers == number) & (stays.weights > 0))
        spans[label or "all"] = np.sort(stays.start[inside]), np.sort(stays.stop[inside])
        curve = _curve(stays, kinds, inside, label, level, interval)
        if names:
            curve.insert(0, "group", label)
        parts.append(curve)
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    with_notes(table, data_choices=list(Background(data).choices(())))
    weighted = weights is not None
    if not weighted:
        table = table.astype({"at_risk": np.int64, "events": np.int64})
    return CumulativeIncidence(
        table=table,
        kinds=kinds.labels,
        by=names,
        level=level,
        interval=interval,
        spans=spans,
        notes=(*stays.notes, *_notes(kinds, spans, table, weights, cluster)),
        _whole=_whole(stays, kinds, numbers, names, weighted, cluster),
    )


def _curve(
    stays: Stays, kinds: Kinds, rows: Integers, label: str, level: float, interval: str
) -> pd.DataFrame:
    """All kinds in one group, one below the other."""
    found = aalen_johansen(
        Moves(
            stays.start[rows],
            stays.stop[rows],
            np.zeros(len(rows), dtype=np.int64),
            kinds.codes[rows],
            len(kinds.labels) + 1,
            stays.weights[rows],
            np.unique(stays.groups[rows], return_inverse=True)[1].astype(np.int64),
        ),
        initial=np.eye(len(kinds.labels) + 1)[0],
    )
    emptied = np.flatnonzero(found.probability[:, 0] <= _ROUNDING)
    if len(emptied) and emptied[0] < len(found.times) - 1:
        warn(
            f"everyone at risk{f' in {label}' if label else ''} had left at "
            f"{found.times[emptied[0]]:g}, after which nothing adds to incidence although members "
            "enter later: start the curve when enough are at risk"
        )
    parts = [
        _of_kind(found, place, kind, level, interval)
        for place, kind in enumerate(kinds.labels, start=1)
    ]
    return pd.concat(parts, ignore_index=True)


def _of_kind(found: Occupancy, place: int, label: str, level: float, interval: str) -> pd.DataFrame:
    share, error = found.probability[:, place], found.std_error[:, place]
    low, high = share_limits(share, error, level, interval)
    return pd.DataFrame(
        {
            "kind": label,
            "time": found.times,
            "at_risk": found.at_risk[:, 0],
            "events": found.moves[:, 0, place],
            "incidence": share,
            "std_error": error,
            "conf_low": low,
            "conf_high": high,
        }
    )


def _whole(
    stays: Stays,
    kinds: Kinds,
    numbers: Integers,
    names: tuple[str, ...],
    weighted: bool,
    cluster: str | None,
) -> _Whole | str:
    """One line per member; the reason where Gray's test does not apply."""
    if not names or numbers.max() == 0:
        return "compares groups: give by= a column with two values or more"
    if weighted or cluster:
        return f"is not known with {'case weights' if weighted else 'clusters'}"
    first, last, gaps = stays.ends()
    if gaps or (stays.start[first] > stays.start.min()).any():
        return f"is not known with {'gaps between rows of a member' if gaps else 'late entry'}"
    if (numbers[first[stays.members]] != numbers).any():
        return "compares members: some change their group from one row to another"
    return _Whole(stays.stop[last], kinds.codes[last], numbers[last])


def _notes(
    kinds: Kinds,
    spans: Mapping[str, tuple[Floats, Floats]],
    table: pd.DataFrame,
    weights: str | None,
    cluster: str | None,
) -> list[str]:
    notes = []
    if kinds.empty:
        notes.append(f"no exit of kind {first_few(kinds.empty)}, so its incidence stays 0")
    known = set(table["group"]) if "group" in table else set(spans)
    quiet = [group for group in spans if group not in known]
    if quiet:
        notes.append(f"no exit, so incidence stays 0: {'; '.join(quiet)}")
    if weights:
        notes.append(f"case weights: {weights}; at_risk and events are weighted")
    if cluster:
        notes.append(f"standard errors clustered by {cluster}")
    return notes
