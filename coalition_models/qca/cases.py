"""Cases ready for a truth table: checked memberships of conditions and outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import AbsentError, DataError, counted, first_few, warn
from coalition_models.qca.expressions import NAME

__all__ = ["Cases", "check_cases"]

Floats = npt.NDArray[np.float64]

#: values of one condition at most
_VALUES = 10


@dataclass(frozen=True, eq=False)
class Cases:
    """Checked cases.

    ``names`` of the cases; ``x`` memberships by condition (whole numbers where it has several
    values); ``sizes``, values per condition; ``many``, which are written with their value, as
    ``A[2]``; ``y`` membership in the outcome, negated already where it was asked for; ``outcome``
    as written; ``dropped``, names of cases left out for a missing value.
    """

    names: tuple[str, ...]
    x: dict[str, Floats]
    sizes: tuple[int, ...]
    many: tuple[bool, ...]
    y: Floats
    outcome: str
    dropped: tuple[str, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names of the conditions."""
        return tuple(self.x)

    def grid(self) -> npt.NDArray[np.int64]:
        """Every combination of values (rows, conditions), the last condition changing fastest."""
        return np.indices(self.sizes, dtype=np.int64).reshape(len(self.sizes), -1).T


def check_cases(
    data: pd.DataFrame,
    outcome: str,
    conditions: Sequence[str] | None,
    *,
    sorting: bool = False,
) -> Cases:
    """Check a table of memberships; a case with a missing value is left out, and that is told.

    Parameters
    ----------
    sorting : bool
        Cases are to be sorted into rows: constant conditions, which sort nothing, are refused, and
        what will be in no row is told.

    Raises
    ------
    DataError
        Columns that are not there, named twice or not writable in an expression; what is no
        membership; a constant condition or outcome; fewer than two cases.
    """
    name = outcome.strip().removeprefix("~").strip()
    asked = _asked(data, name, conditions)
    table = pd.DataFrame({column: _numbers(data[column], column) for column in [*asked, name]})
    gaps = table.isna().any(axis=1)
    dropped = tuple(map(str, data.index[gaps.to_numpy()]))
    if dropped:
        where = [column for column in table if table[column].isna().any()]
        warn(
            f"{counted(len(dropped), 'case', 'is', 'are')} left out for a missing value in "
            f"{', '.join(map(str, where))}: {first_few(dropped)}"
        )
    kept = table[~gaps.to_numpy()]
    if len(kept) < 2:
        raise DataError(f"{counted(len(kept), 'case')} without a missing value: two are needed")
    if data.index.has_duplicates:
        raise DataError(
            f"cases need names of their own: {first_few(data.index[data.index.duplicated()])} "
            "stands more than once in the index"
        )
    x, sizes = {}, []
    for column in asked:
        x[column], size = _condition(kept[column], column)
        if sorting:
            _check_spread(x[column], size, column)
        sizes.append(size)
    # beside a condition of several values crisp ones are written alike: A[2]*B[1]
    several = max(sizes) > 2
    many = [several and set(column) <= set(range(_VALUES)) for column in x.values()]
    y = _membership(kept[name], name)
    _check_sides(y, f"outcome {name!r}", kept.index)
    names = tuple(map(str, kept.index))
    negated = outcome.strip().startswith("~")
    shown = f"~{name}" if negated else name
    out = Cases(names, x, tuple(sizes), tuple(many), 1 - y if negated else y, shown, dropped)
    if sorting:
        _tell_undecided(out)
    return out


def _asked(data: pd.DataFrame, name: str, conditions: Sequence[str] | None) -> list[str]:
    if isinstance(conditions, str):
        raise DataError(f"conditions must be a list of names, not the string {conditions!r}")
    asked = [c for c in data.columns if c != name] if conditions is None else list(conditions)
    gone = [c for c in [name, *asked] if c not in data.columns]
    if gone:
        raise AbsentError(
            f"no column {', '.join(map(repr, gone))}; there are {first_few(data.columns)}"
        )
    twice = sorted({c for c in [name, *asked] if [name, *asked].count(c) > 1})
    if twice:
        raise DataError(f"named more than once as outcome or condition: {', '.join(twice)}")
    odd = [c for c in [name, *asked] if not NAME.fullmatch(str(c))]
    if odd:
        raise DataError(
            f"these names cannot stand in an expression; rename them to letters, digits and _: "
            f"{first_few(odd)}"
        )
    if not asked:
        raise DataError("no condition is given")
    return [str(c) for c in asked]


def _numbers(series: pd.Series, name: str) -> pd.Series:
    if isinstance(series, pd.DataFrame):
        raise DataError(f"column {name!r} stands more than once in the data")
    try:
        return series.astype("float64")
    except (TypeError, ValueError):
        raise DataError(f"{name!r} does not hold numbers: calibrate it first") from None


def _membership(series: pd.Series, name: str) -> Floats:
    wrong = series[(series < 0) | (series > 1)]
    if len(wrong):
        pairs = [f"{case} {value:g}" for case, value in wrong.items()]
        raise DataError(
            f"{name!r} must be membership between 0 and 1; calibrate() makes it from raw values: "
            f"{first_few(pairs)}"
        )
    return np.asarray(series.to_numpy(dtype=np.float64))


def _condition(series: pd.Series, name: str) -> tuple[Floats, int]:
    """Memberships, or whole numbers from 0, and how many values there are."""
    values = series.to_numpy(dtype=np.float64)
    whole = bool((values == np.floor(values)).all()) and values.min() >= 0
    if whole and values.max() > 1:
        if values.max() >= _VALUES:
            raise DataError(
                f"condition {name!r} reaches {values.max():g}, which is no membership and too much "
                f"for one of several values (0 to {_VALUES - 1}): calibrate() it first"
            )
        return np.asarray(values), int(values.max()) + 1
    return _membership(series, name), 2


def _check_spread(x: Floats, size: int, name: str) -> None:
    if x.min() == x.max():
        raise DataError(
            f"condition {name!r} is {x[0]:g} for every case, which tells none from another: "
            "leave it out"
        )
    if size == 2 and not ((x > 0.5).any() and (x < 0.5).any()):
        side = "below" if (x > 0.5).any() else "above"
        warn(f"condition {name!r} is never {side} .5: half of the truth table has no case")


def _check_sides(y: Floats, what: str, index: pd.Index) -> None:
    if not ((y > 0.5).any() and (y < 0.5).any()):
        side = "above" if not (y > 0.5).any() else "below"
        raise DataError(
            f"{what} is {side} .5 for none of the {len(index)} cases: there is nothing to explain"
        )


def _tell_undecided(cases: Cases) -> None:
    """Name the cases that no row takes, for a membership of .5."""
    told = []
    for name, several in zip(cases.conditions, cases.many, strict=True):
        if not several:
            at = np.flatnonzero(cases.x[name] == 0.5)
            told += [f"{cases.names[place]} ({name})" for place in at]
    if told:
        warn(
            f"membership .5 exactly puts a case in no row of the truth table: {first_few(told)}; "
            "its membership counts in the measures of fit. Move the crossover to where no value is"
        )
