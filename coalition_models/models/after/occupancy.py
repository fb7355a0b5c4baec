"""Share of members in each state over time, where they move between several and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.kernels.occupancy import Moves, Occupancy, aalen_johansen
from coalition_models.models.after.observed import numbered
from coalition_models.models.after.steps import Scale, share_limits, steps_at
from coalition_models.models.display import Background
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.columns import require_columns
from coalition_models.models.sample.labels import times_given
from coalition_models.models.sample.moves import read_states, refuse_jumps
from coalition_models.models.sample.stays import Stays, read_stays
from coalition_models.record import with_notes
from coalition_models.render import Table, format_number
from coalition_models.tables.plain import in_native_order

__all__ = ["StateOccupancy", "state_occupancy"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class StateOccupancy:
    """Share of members in each state, by time, state and group.

    Attributes
    ----------
    table : DataFrame
        ``group`` (where ``by`` was given), ``state, time, at_risk, occupancy, std_error, conf_low,
        conf_high``: one row per state and time of a move. ``std_error`` is the infinitesimal
        jackknife. ``at_risk`` is weighted where weights were given; nobody is at risk in a state
        that no row is in, such as that of those who have left.
    moves : DataFrame
        ``group`` (where ``by`` was given), ``from, to, moves``: how often each happened.
    initial : DataFrame
        ``group`` (where ``by`` was given), ``state, occupancy, std_error`` before the first move.
    states : tuple of str
    by : tuple of str
    level : float
    interval : str
    notes : tuple of str
    """

    table: pd.DataFrame
    moves: pd.DataFrame = field(repr=False)
    initial: pd.DataFrame = field(repr=False)
    states: tuple[str, ...]
    by: tuple[str, ...]
    level: float
    interval: str
    notes: tuple[str, ...] = ()

    def at(self, times: Sequence[float]) -> pd.DataFrame:
        """The shares at given times: after the last move at or before each.

        Examples
        --------
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3], "from": "full",
        ...                    "to": ["out", "less", "full"]})
        >>> state_occupancy(df).at([2])[["state", "occupancy"]].round(3)
          state  occupancy
        0  full      0.333
        1  less      0.333
        2   out      0.333
        """
        check_arguments(StateOccupancy.at, locals())
        when = times_given(times)
        if when is None:
            raise DataError("at() takes the times to tell the shares at")
        names = ["group", "state"] if self.by else ["state"]
        parts = []
        for begun in self.initial.to_dict("records"):
            keys = {name: str(begun[name]) for name in names}
            early = {name: float(begun[name]) for name in ("occupancy", "std_error")}
            mine = (self.table[names] == pd.Series(keys)).all(axis=1)
            parts.append(steps_at(self.table[mine], when, keys, early))
        return pd.concat(parts, ignore_index=True)

    def to_table(self) -> Table:
        """The shares, ready for text, Markdown, LaTeX and HTML."""
        scale = "log of 1 - share" if self.interval == "complement" else self.interval
        notes = [
            "Aalen-Johansen; a row is at risk after its start, up to and with its stop. "
            f"{100 * self.level:g}% limits on the {scale} scale, infinitesimal jackknife.",
            *(f"{text[0].upper()}{text[1:]}." for text in self.notes),
        ]
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        return Table(list(self.table.columns), rows, "State occupancy", notes)

    def __repr__(self) -> str:
        by = f" by {', '.join(self.by)}" if self.by else ""
        moves = counted(int(self.moves["moves"].sum()), "move")
        return f"<StateOccupancy of {', '.join(self.states)}{by}: {moves}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def state_occupancy(
    data: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    origin: str = "from",
    target: str = "to",
    initial: Mapping[str, float] | None = None,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    weights: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
    interval: Scale = "log-log",
) -> StateOccupancy:
    """Aalen-Johansen estimate of the share in each state, with moves in any direction.

    Shares are of the members who were there from the beginning: with late entry they are those
    that would be if late entrants moved as those do who are in the same state by then.

    Parameters
    ----------
    data : DataFrame
        Rows at risk; one or many per member.
    by : str or sequence of str, optional
        Curves per value, or per combination of values.
    origin, target : str
        Columns of the state during a row, and after it: the same where nothing happened.
    initial : mapping, optional
        State -> share at the beginning, taken as known. Default: the shares of the rows at risk at
        the first move, whose sampling error counts.
    start, stop, id, weights, cluster, level, interval
        As in :func:`cumulative_incidence`.

    Returns
    -------
    StateOccupancy

    Raises
    ------
    DataError
        Missing states, no move, a row that begins in another state than that in which the row
        before it ended; reversed, empty or overlapping rows.

    Notes
    -----
    Consistent also where moves depend on more than the state, as long as entry and censoring do
    not (Datta and Satten 2001). Cox models of the moves: :func:`multistate`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "from": "full",
    ...                    "to": ["out", "less", "full", "out"]})
    >>> cm.state_occupancy(df).moves
       from    to  moves
    0  full  less      1
    1  full   out      2
    """
    check_arguments(state_occupancy, locals())
    names = names_of(by, "by")
    data = in_native_order(data)
    require_columns(data, [*names, *names_of(cluster, "cluster")], "state_occupancy")
    during, after, labels = read_states(data, origin, target)
    stays = read_stays(data, start, stop, id=id, weights=weights, cluster=cluster)
    refuse_jumps(stays.members, stays.start, stays.stop, (during, after), data.index)
    known = _initial(initial, labels)
    parts: dict[str, list[pd.DataFrame]] = {"table": [], "moves": [], "initial": []}
    numbers, groups = numbered(data, names)
    for number, label in enumerate(groups):
        inside = np.flatnonzero((numbers == number) & (stays.weights > 0))
        found = _occupancy(stays, during, after, len(labels), inside, known)
        own = _frames(found, (during[inside], after[inside]), labels, level, interval)
        for name, frame in own.items():
            if names:
                frame.insert(0, "group", label)
            parts[name].append(frame)
    whole = {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}
    table = whole["table"]
    if weights is None:
        table = table.astype({"at_risk": np.int64})
    with_notes(table, data_choices=list(Background(data).choices(())))
    notes = [f"case weights: {weights}; at_risk is weighted"] if weights else []
    notes += [f"standard errors clustered by {cluster}"] if cluster else []
    return StateOccupancy(
        table=table,
        moves=whole["moves"],
        initial=whole["initial"],
        states=labels,
        by=names,
        level=level,
        interval=interval,
        notes=(*stays.notes, *notes),
    )


def _initial(given: Mapping[str, float] | None, labels: tuple[str, ...]) -> Floats | None:
    """Shares at the beginning in the order of the states."""
    if given is None:
        return None
    unknown = [state for state in given if state not in labels]
    shares = np.array([given.get(label, 0.0) for label in labels], dtype=float)
    if unknown or (shares < 0).any() or abs(shares.sum() - 1) > 1e-8:
        raise DataError(
            f"initial gives shares that add up to 1 of the states {first_few(labels)}; "
            f"found {dict(given)!r}"
        )
    return shares


def _occupancy(
    stays: Stays,
    during: Integers,
    after: Integers,
    states: int,
    rows: Integers,
    initial: Floats | None,
) -> Occupancy:
    groups = np.unique(stays.groups[rows], return_inverse=True)[1].astype(np.int64)
    return aalen_johansen(
        Moves(
            stays.start[rows],
            stays.stop[rows],
            during[rows],
            after[rows],
            states,
            stays.weights[rows],
            groups,
        ),
        initial,
    )


def _frames(
    found: Occupancy,
    states: tuple[Integers, Integers],
    labels: tuple[str, ...],
    level: float,
    interval: str,
) -> dict[str, pd.DataFrame]:
    """Curves, moves and shares at the beginning of one group."""
    curves = []
    for place, label in enumerate(labels):
        share, error = found.probability[:, place], found.std_error[:, place]
        low, high = share_limits(share, error, level, interval)
        curves.append(
            pd.DataFrame(
                {
                    "state": label,
                    "time": found.times,
                    "at_risk": found.at_risk[:, place],
                    "occupancy": share,
                    "std_error": error,
                    "conf_low": low,
                    "conf_high": high,
                }
            )
        )
    during, after = states
    moved = during != after
    pairs, counts = np.unique(
        np.column_stack([during[moved], after[moved]]), axis=0, return_counts=True
    )
    moves = pd.DataFrame(
        {
            "from": [labels[a] for a, _ in pairs],
            "to": [labels[b] for _, b in pairs],
            "moves": counts,
        }
    )
    begun = pd.DataFrame(
        {"state": labels, "occupancy": found.initial, "std_error": found.initial_error}
    )
    return {"table": pd.concat(curves, ignore_index=True), "moves": moves, "initial": begun}
