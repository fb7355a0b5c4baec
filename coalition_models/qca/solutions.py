"""Solutions: the shortest expressions that say where the outcome is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few, warn
from coalition_models.qca.counterfactuals import Expected, check_expectations, easy_rows
from coalition_models.qca.expressions import read_expression, term_members, written
from coalition_models.qca.models import all_models
from coalition_models.qca.parameters import parameters_of
from coalition_models.qca.primes import covers, prime_implicants
from coalition_models.qca.truth import TruthTable
from coalition_models.render import Table, frame_table

__all__ = ["Solution", "minimise"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Kind = Literal["conservative", "parsimonious", "intermediate"]

#: intermediate models that are listed, and choices of remainders that are looked at, at most
_MODELS, _PAIRS = 1000, 100
#: how contradictory rows are read -> what else is wanted, what else is free
_CONTRADICTORY = {"negative": ((), ()), "positive": (("C",), ()), "remainder": ((), ("C",))}


@dataclass(frozen=True, repr=False, eq=False)
class Solution:
    """Every model of one kind of solution.

    ``models`` are tuples of terms; several say the same of the cases observed, which is model
    ambiguity. ``parameters`` has a row per model and term, and one per model for all its terms
    together (``term`` "all"): ``consistency``, ``pri``, ``raw_coverage``, ``unique_coverage``,
    ``cases`` (membership above .5), ``deviant`` (of these, whose outcome is below .5).
    ``simplifying`` are the remainders that each model takes for positive, by row number; in
    an intermediate solution ``easy`` and ``difficult`` are those of its parsimonious model that it
    takes and refuses.
    """

    kind: str
    models: tuple[tuple[str, ...], ...]
    simplifying: tuple[tuple[int, ...], ...]
    table: TruthTable
    easy: tuple[tuple[int, ...], ...] = ()
    difficult: tuple[tuple[int, ...], ...] = ()
    primes: tuple[str, ...] = ()
    expectations: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> pd.DataFrame:
        """Parameters of fit, a row per model and term."""
        return parameters_of(self.models, self.table.cases)

    @property
    def expressions(self) -> list[str]:
        """Each model as one expression."""
        return [" + ".join(model) for model in self.models]

    @property
    def expression(self) -> str:
        """The first model as one expression."""
        return self.expressions[0]

    def members(self, model: int = 0) -> pd.Series:
        """Membership of the cases in a model.

        Parameters
        ----------
        model : int
            Its place in ``models``.
        """
        if not 0 <= model < len(self.models):
            raise DataError(f"there is no model {model}: {len(self.models)}, counted from 0")
        cases = self.table.cases
        terms = [t for one in self.models[model] for t in read_expression(one)]
        found = np.maximum.reduce([term_members(cases.x, term) for term in terms])
        return pd.Series(found, index=list(cases.names), name=self.expressions[model])

    def uncovered(self, model: int = 0) -> list[str]:
        """Cases with the outcome that a model does not hold."""
        outside = (self.members(model) <= 0.5).to_numpy() & (self.table.cases.y > 0.5)
        return [self.table.cases.names[place] for place in np.flatnonzero(outside)]

    def to_table(self) -> Table:
        """The parameters, ready for print."""
        notes = [f"{self.kind.capitalize()} solution for {self.table.outcome}."]
        if len(self.models) > 1:
            notes.append(f"{len(self.models)} models: the data do not say which.")
        shown = self.models[:_SHOWN]
        if len(self.models) > _SHOWN:
            notes.append(f"The first {_SHOWN} are shown; .parameters and .expressions have all.")
        return frame_table(parameters_of(shown, self.table.cases), notes=notes)

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


#: models that are printed
_SHOWN = 10


@dataclass(frozen=True)
class _Found:
    """Models before they are written: terms as values, per model."""

    models: list[Ints]
    primes: Ints


def minimise(
    table: TruthTable,
    kind: Kind = "conservative",
    *,
    expectations: Mapping[str, Expected] | None = None,
    exclude: Sequence[int | str] = (),
    contradictory: Literal["negative", "positive", "remainder"] = "negative",
    fewest: bool = True,
) -> Solution:
    """Find all shortest expressions that hold every positive row and no negative one.

    Parameters
    ----------
    table : TruthTable
    kind : {"conservative", "parsimonious", "intermediate"}
        Conservative (complex): no remainder is counted on. Parsimonious: any that shortens. Between
        them, intermediate: of those that shorten, the easy ones, which theory says would be
        positive.
    expectations : mapping, optional
        Condition -> its value, or values, where the outcome is expected; None or left out: no
        expectation. For an intermediate solution only.
    exclude : sequence of int or str
        Remainders not to be counted on, by row number or by an expression such as ``"L*~E"``.
    contradictory : {"negative", "positive", "remainder"}
        How contradictory rows are read.
    fewest : bool
        Models with the fewest terms; else all from which no term can be left out.

    Returns
    -------
    Solution

    Raises
    ------
    DataError
        No positive row; nothing but positive rows; expectations where they have no use, none where
        they are needed; excluded rows that are no remainders; too many models to be listed.

    Notes
    -----
    Counterfactuals as in Ragin and Sonnett (2005) and Schneider and Wagemann (2012): a remainder
    is easy if it lies in a term of the parsimonious model, together with a term of the conservative
    one, and differs from this only in conditions that have in it the expected value. The positive
    rows are then explained once more, with the easy remainders free, for every pair of a
    conservative and a parsimonious model, as R's QCA does.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [1, 1, 0, 0], "B": [1, 0, 1, 0], "C": [1, 1, 1, 0],
    ...                       "Y": [1, 0, 1, 0]})
    >>> from coalition_models.qca.truth import truth_table
    >>> table = truth_table(cases, "Y")
    >>> cm.qca.minimise(table).expression, cm.qca.minimise(table, "parsimonious").expressions
    ('B*C', ['B'])
    >>> cm.qca.minimise(table, "intermediate", expectations={"C": 1}).expression
    'B*C'
    """
    check_arguments(minimise, locals())
    if kind not in (kinds := get_args(Kind)):
        raise DataError(f"kind must be one of {', '.join(kinds)}, not {kind!r}")
    if contradictory not in _CONTRADICTORY:
        listed = ", ".join(_CONTRADICTORY)
        raise DataError(f"contradictory must be one of {listed}, not {contradictory!r}")
    expected = check_expectations(expectations, table.cases)
    if kind == "intermediate" and not expected:
        raise DataError(
            "an intermediate solution needs expectations, such as {'A': 1}; without any it is the "
            "conservative one"
        )
    if kind != "intermediate" and expected:
        raise DataError(f"expectations have no use in a {kind} solution")
    wanted, free = _rows(table, exclude, contradictory)
    if kind != "conservative" and not (~wanted & ~free).any():
        raise DataError(
            f"no row of the truth table is negative for {table.outcome}: with remainders any "
            "combination would do. Raise the consistency cut, or take the conservative solution"
        )
    nothing = np.zeros(len(wanted), dtype=bool)
    if kind == "conservative":
        return _solution(table, kind, _minimise(table, wanted, nothing, fewest), free)
    simple = _minimise(table, wanted, free, fewest)
    if kind == "parsimonious":
        return _solution(table, kind, simple, free)
    return _intermediate(table, wanted, free, expected, fewest, simple)


def _rows(
    table: TruthTable, exclude: Sequence[int | str], contradictory: str
) -> tuple[Bools, Bools]:
    """Rows to be explained, and rows that a term may hold besides."""
    out = table.table["out"]
    more, besides = _CONTRADICTORY[contradictory]
    wanted = out.isin(["1", *more]).to_numpy()
    free = out.isin(["R", *besides]).to_numpy()
    if not wanted.any():
        best = table.table["consistency"].max()
        if np.isnan(best):
            most, cut = table.table["n"].max(), table.cuts["frequency_cut"]
            raise DataError(
                f"no row of the truth table is positive for {table.outcome}: none has the "
                f"{cut:g} cases of the frequency cut, the most have {most}"
            )
        raise DataError(
            f"no row of the truth table is positive for {table.outcome}: the highest consistency "
            f"is {best:.3f}, the cut {table.cuts['consistency_cut']:g}"
        )
    if wanted.all():
        raise DataError(
            f"every row of the truth table is positive for {table.outcome}: raise the cut"
        )
    barred = _excluded(table, exclude)
    wrong = np.flatnonzero(barred & ~free & ~_by_text(table, exclude))
    if len(wrong):
        raise DataError(f"rows to be excluded that are no remainders: {first_few(wrong)}")
    return wanted, free & ~barred


def _by_text(table: TruthTable, exclude: Sequence[int | str]) -> Bools:
    """Rows that are meant by expressions: these may name more than remainders."""
    return _excluded(table, [one for one in exclude if isinstance(one, str)])


def _excluded(table: TruthTable, exclude: Sequence[int | str]) -> Bools:
    rows = len(table.table)
    barred = np.zeros(rows, dtype=bool)
    columns = {name: table.table[name].to_numpy(dtype=np.float64) for name in table.conditions}
    for one in exclude:
        if isinstance(one, str):
            for term in read_expression(one):
                barred |= term_members(columns, term) > 0.5
        elif 0 <= one < rows:
            barred[one] = True
        else:
            raise DataError(f"there is no row {one}: rows are counted from 0 to {rows - 1}")
    return barred


def _grid(table: TruthTable) -> Ints:
    return table.cases.grid()


def _minimise(table: TruthTable, wanted: Bools, free: Bools, fewest: bool) -> _Found:
    shape = table.cases.sizes
    primes = prime_implicants(wanted.reshape(shape), (~wanted & ~free).reshape(shape))
    # literals first: R's order, and a reader's
    primes = primes[np.argsort((primes >= 0).sum(axis=1), kind="stable")]
    chart = covers(primes, _grid(table)[wanted])
    models = all_models(chart, fewest=fewest)
    return _Found([primes[list(model)] for model in models], primes)


def _written(table: TruthTable, terms: Ints) -> tuple[str, ...]:
    cases = table.cases
    return tuple(written(cases.conditions, term.tolist(), cases.many) for term in terms)


def _taken(table: TruthTable, model: Ints, free: Bools) -> Bools:
    return np.asarray(free & covers(model, _grid(table)).any(axis=0))


def _numbers(rows: Bools) -> tuple[int, ...]:
    return tuple(int(row) for row in np.flatnonzero(rows))


def _solution(table: TruthTable, kind: str, found: _Found, free: Bools) -> Solution:
    models = tuple(_written(table, model) for model in found.models)
    return Solution(
        kind,
        models,
        tuple(
            () if kind == "conservative" else _numbers(_taken(table, model, free))
            for model in found.models
        ),
        table,
        primes=_written(table, found.primes),
    )


def _intermediate(
    table: TruthTable,
    wanted: Bools,
    free: Bools,
    expected: Mapping[str, frozenset[int]],
    fewest: bool,
    simple: _Found,
) -> Solution:
    """Explain once more with easy counterfactuals, for each conservative and parsimonious model."""
    observed = _minimise(table, wanted, np.zeros(len(wanted), dtype=bool), fewest)
    seen: dict[tuple[str, ...], tuple[Bools, Bools, Bools]] = {}
    primes: dict[str, None] = {}
    done: set[bytes] = set()
    for easy, assumed in _easy_of_pairs(table, observed, simple, free, expected):
        if easy.tobytes() in done:
            continue
        if len(seen) >= _MODELS or len(done) >= _PAIRS:
            warn(
                f"the first {len(seen)} intermediate models are given, and there are more: "
                "more cases or fewer conditions would leave less open"
            )
            break
        done.add(easy.tobytes())
        found = _minimise(table, wanted, easy, fewest)
        primes |= dict.fromkeys(_written(table, found.primes))
        for model in found.models[: _MODELS - len(seen)]:
            name = _written(table, model)
            if name not in seen:
                seen[name] = _taken(table, model, easy), easy, assumed & ~easy
    models = tuple(seen)
    return Solution(
        "intermediate",
        models,
        tuple(_numbers(taken) for taken, _, _ in seen.values()),
        table,
        tuple(_numbers(easy) for _, easy, _ in seen.values()),
        tuple(_numbers(hard) for _, _, hard in seen.values()),
        tuple(primes),
        expected,
    )


def _easy_of_pairs(
    table: TruthTable,
    observed: _Found,
    simple: _Found,
    free: Bools,
    expected: Mapping[str, frozenset[int]],
) -> Iterator[tuple[Bools, Bools]]:
    """Easy remainders, and all that shorten, for each conservative and parsimonious model."""
    grid = _grid(table)
    paths, in_long = _used(observed)
    terms, in_short = _used(simple)
    held = covers(terms, grid)
    reach = np.array(
        [
            [easy_rows(path[None], term[None], expected, grid, table.conditions) for path in paths]
            for term in terms
        ]
    )
    long = np.zeros((len(in_long), len(paths)), dtype=np.float32)
    for number, places in enumerate(in_long):
        long[number, places] = 1
    for short in in_short:
        assumed = free & held[short].any(axis=0)
        near = reach[short].any(axis=0) & assumed
        found = long @ near.astype(np.float32) > 0
        # as bits, whose order is that of the rows: numpy's own search for distinct rows is slow
        distinct = {bits.tobytes(): row for row, bits in enumerate(np.packbits(found, axis=1))}
        for bits in sorted(distinct, reverse=True):
            yield found[distinct[bits]], assumed


def _used(found: _Found) -> tuple[Ints, list[Ints]]:
    """Terms of any model, and where those of each model stand among them."""
    terms = np.unique(np.concatenate(found.models), axis=0)
    place = {term.tobytes(): number for number, term in enumerate(terms)}
    return terms, [np.array([place[t.tobytes()] for t in model]) for model in found.models]
