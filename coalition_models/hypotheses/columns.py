"""The columns that a claim's test needs, built on one panel; what is missing is named."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from inspect import signature
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.designs.sets import set_records
from coalition_models.errors import AbsentError, CoverageError, DataError, first_few, gathered
from coalition_models.features.from_table import add_from_table
from coalition_models.features.registry import builder_named
from coalition_models.hypotheses.claims import Claim, Step, read_plan
from coalition_models.members.facts import Facts, facts_of
from coalition_models.record import record_of, sources_of
from coalition_models.sensitivity.made import Made
from coalition_models.sources.catalog import descriptor
from coalition_models.sources.fetch import at_hand
from coalition_models.timelines.calendar import no_less_than_a_period

__all__ = ["Bench", "columns_of_term", "needed_columns"]

_FUNCTIONS = {"log1p"}
#: builders whose columns depend on which exits count
READ_EXITS = ("add_contagion",)
_ROW = ["coalition", "state", "spell", "period"]


def needed_columns(claim: Claim, *, alternatives: bool = False) -> list[str]:
    """Columns that must be built or given before anything is derived.

    Examples
    --------
    >>> from coalition_models.hypotheses.claims import select
    >>> needed_columns(select("H05")[0])
    ['relative_fatalities']
    """
    wanted = [claim.term, *claim.controls, *(claim.alternatives if alternatives else ())]
    names: list[str] = []
    for name in wanted:
        names += _variables(claim.derive[name]) if name in claim.derive else [name]
    return list(dict.fromkeys(names))


def columns_of_term(claim: Claim) -> list[str]:
    """Columns that the claim's term itself is made of, without the controls.

    Examples
    --------
    >>> from coalition_models.hypotheses.claims import select
    >>> columns_of_term(select("H67")[0])
    ['months_to_election', 'months_since_election']
    """
    return _variables(claim.derive.get(claim.term, claim.term))


def _variables(expression: str) -> list[str]:
    """Columns an expression reads, in order."""
    tree = ast.parse(expression, mode="eval")
    names = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.Name)),
        key=lambda node: node.col_offset,
    )
    return list(dict.fromkeys(n.id for n in names if n.id not in _FUNCTIONS))


@dataclass
class Bench:
    """One data set's panel with the columns built on it so far.

    Parameters
    ----------
    data_set : str
    panel : DataFrame
    tables : mapping
        The user's own tables by name.
    prefer_given : bool
        Take columns that the panel holds already as they stand (a user's panel), instead of
        building them with the registered arguments (a data set of this package).
    sources : list of str
        Tables that the columns built so far rest on.
    own_facts : bool
        Whether the panel's facts hold elections and leaders of the data set itself, so that
        columns that are taken as given can be made anew where other arguments are asked for.
    lender : Bench, optional
        Another reading of the same facts, which has all rows of this one: columns that do not look
        at other members' exits are its own.
    made : Made
        What specifications of several claims share.
    """

    data_set: str
    panel: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    prefer_given: bool = False
    sources: list[str] = field(default_factory=list)
    own_facts: bool = False
    lender: Bench | None = field(default=None, repr=False)
    made: Made = field(default_factory=Made, repr=False)
    _built: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    _windows: dict[int, int] = field(default_factory=dict, repr=False)
    _places: npt.NDArray[np.intp] | None = field(default=None, repr=False)

    def measure(
        self,
        claim: Claim,
        *,
        vary: Mapping[str, Mapping[str, object]] | None = None,
        alternatives: bool = False,
    ) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Panel with the claim's columns, and notes on how they came about.

        Parameters
        ----------
        vary : mapping, optional
            Step -> arguments that replace the registered ones.

        Raises
        ------
        CoverageError
            If the term cannot be had; says what is missing.
        """
        needed = needed_columns(claim, alternatives=alternatives)
        # a column without a value says nothing, so that why there is none is asked of the builder
        given = [n for n in needed if n in self.panel.columns and self.panel[n].notna().any()]
        built: dict[str, pd.Series] = {}
        trouble: list[str] = []
        anew = self._rebuild(claim, vary or {})
        kept = [name for name in given if name not in anew] if self.prefer_given else []
        if len(kept) + len(anew) < len(needed):
            built, trouble = self._build(claim, vary or {})
        built |= anew
        columns, notes = self._choose(needed, built, kept)
        own = claim.table_column
        if claim.table and claim.table in self.tables and own not in columns:
            columns[own] = add_from_table(
                self.panel, self.tables[claim.table], own, claim.table_shape
            )
        _refuse_misspelt(claim, [name for name in needed if name not in columns])
        frame = _derive(self.panel.assign(**columns), claim, columns)
        self._check_term(claim, frame, columns, trouble)
        return frame, notes

    def _choose(
        self, needed: list[str], built: Mapping[str, pd.Series], kept: list[str]
    ) -> tuple[dict[str, pd.Series], tuple[str, ...]]:
        columns: dict[str, pd.Series] = {}
        taken = []
        for name in needed:
            usable = name in built and bool(built[name].notna().any())
            if usable and name not in kept:
                columns[name] = built[name]
            elif name in self.panel.columns:
                columns[name] = self.panel[name]
                taken.append(name)
            elif name in built:
                columns[name] = built[name]
        note = f"taken from the panel as given: {', '.join(taken)}"
        return columns, (note,) if taken else ()

    def _build(
        self, claim: Claim, vary: Mapping[str, Mapping[str, object]]
    ) -> tuple[dict[str, pd.Series], list[str]]:
        """Columns of every step that can be run, and why others cannot."""
        steps = read_plan().steps
        columns: dict[str, pd.Series] = {}
        trouble = []
        for name in claim.steps:
            own = steps[name].table in self.tables
            try:
                frame = self._run(steps[name], dict(vary.get(name, {})))
            except (CoverageError, AbsentError) as error:
                if own and isinstance(error, AbsentError):
                    raise
                trouble.append(f"{steps[name].builder}: {error}")
                continue
            columns |= {str(column): frame[column] for column in frame.columns}
        return columns, trouble

    def _rebuild(
        self, claim: Claim, vary: Mapping[str, Mapping[str, object]]
    ) -> dict[str, pd.Series]:
        """Given columns made anew, with other arguments, from the data set's own sources."""
        columns: dict[str, pd.Series] = {}
        for name, changes in vary.items():
            step = read_plan().steps[name]
            held = facts_of(self.panel)
            if not self.own_facts or held is None or not _holds_own(held, step.builder):
                continue
            changes = {**self._wider({"window": 6}), **changes}
            key = f"own {step.builder} {sorted(changes.items(), key=str)!r}"
            if key not in self._built:
                with gathered():
                    self._built[key] = builder_named(step.builder).function(self.panel, **changes)
            frame = self._built[key]
            wanted = needed_columns(claim, alternatives=True)
            columns |= {column: frame[column] for column in wanted if column in frame.columns}
        return columns

    def _run(self, step: Step, changes: dict[str, object]) -> pd.DataFrame:
        """New columns of one step, run once per set of arguments."""
        arguments: dict[str, object] = {**step.args, **changes}
        arguments |= self._wider(arguments)
        key = f"{step.builder} {sorted(arguments.items(), key=str)!r} {step.table}"
        if key not in self._built:
            absent = [name for name in step.sources if not at_hand(name)]
            if absent:
                raise CoverageError(
                    f"needs {first_few(absent)}, not at hand: load({absent[0]!r}) fetches it"
                )
            builder = builder_named(step.builder)
            if step.table:
                if step.table not in self.tables:
                    raise CoverageError(f"bring the table {step.table!r}")
                arguments[builder.table] = self.tables[step.table]
            _check_arguments(step, builder.function, arguments)
            lent = self._lent(step, changes)
            if lent is not None:
                self._built[key] = lent
                return lent
            with gathered():
                out = builder.function(self.panel, **arguments)
            before = record_of(self.panel).features
            made = record_of(out).features
            changed = [c for c in out.columns if c in made and made[c] is not before.get(c)]
            self._built[key] = out[changed]
            self.sources += sources_of(out)
        return self._built[key]

    def _lent(self, step: Step, changes: dict[str, object]) -> pd.DataFrame | None:
        """The columns of a step as the lender has them; None where they must be built."""
        if self.lender is None or step.builder in READ_EXITS:
            return None
        if self._places is None:
            theirs = pd.MultiIndex.from_frame(self.lender.panel[_ROW])
            self._places = theirs.get_indexer(pd.MultiIndex.from_frame(self.panel[_ROW]))
        if (self._places < 0).any():
            return None
        frame = self.lender._run(step, changes)
        return frame.iloc[self._places].set_axis(self.panel.index)

    def _wider(self, arguments: Mapping[str, object]) -> dict[str, object]:
        """A window of one period where the registered one is shorter than the panel's rows."""
        window = arguments.get("window")
        if not isinstance(window, int) or window <= 0 or "period" not in self.panel.columns:
            return {}
        if window not in self._windows:
            try:
                self._windows[window] = no_less_than_a_period(self.panel, window)
            except DataError:
                self._windows[window] = window
        wide = self._windows[window]
        return {"window": wide} if window < wide else {}

    def _check_term(
        self,
        claim: Claim,
        frame: pd.DataFrame,
        columns: Mapping[str, pd.Series],
        trouble: list[str],
    ) -> None:
        variables = columns_of_term(claim)
        gone = [name for name in variables if name not in columns]
        why = "; ".join(trouble)
        if gone:
            own = f"bring the table {claim.table!r} with {claim.table_shape}" if claim.table else ""
            raise CoverageError(own or why or f"nothing here measures {first_few(gone)}")
        if not frame[claim.term].notna().any():
            empty = [name for name in variables if not columns[name].notna().any()]
            raise CoverageError(
                f"{first_few(empty or [claim.term])} is missing in every row: the sources do not "
                f"cover this data set{'; ' + why if why else ''}"
            )


def _refuse_misspelt(claim: Claim, absent: list[str]) -> None:
    """A column that nothing anywhere makes is a slip of the plan, not a lack of data."""
    if not absent or claim.table:
        return
    fields = cast(list[dict[str, object]], descriptor("features.json")["columns"])
    of_sets = [name for record in set_records() for name in record.brings]
    known = {*(str(field["column"]) for field in fields), *of_sets}
    unknown = [name for name in absent if name not in known]
    if unknown:
        near = get_close_matches(unknown[0], known, n=3)
        raise DataError(
            f"claims.toml reads the columns {first_few(unknown)}, which nothing makes"
            f"{'; nearest: ' + ', '.join(near) if near else ''}"
        )


def _holds_own(facts: Facts, builder: str) -> bool:
    table = {"add_elections": facts.elections, "add_leadership": facts.leaders}.get(builder)
    return table is not None


def _check_arguments(
    step: Step, builder: Callable[..., pd.DataFrame], arguments: Mapping[str, object]
) -> None:
    known = signature(builder).parameters
    unknown = [name for name in arguments if name not in known]
    if unknown:
        near = get_close_matches(unknown[0], known, n=1)
        raise DataError(
            f"claims.toml gives step {step.name} the argument {first_few(unknown)}, which "
            f"{step.builder} does not take{f'; nearest: {near[0]}' if near else ''}"
        )


def _derive(frame: pd.DataFrame, claim: Claim, columns: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Add derived columns, missing wherever one of their parts is."""
    for name, expression in claim.derive.items():
        parts = _variables(expression)
        if any(part not in columns for part in parts):
            continue
        numbers = frame[parts].astype(float)
        value = np.asarray(numbers.eval(expression, engine="python"), dtype=float)
        frame = frame.assign(**{name: np.where(numbers.notna().all(axis=1), value, np.nan)})
    return frame
