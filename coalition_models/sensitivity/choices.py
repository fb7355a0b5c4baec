"""What an analyst could have chosen otherwise: settings, dimensions of choice, their crossing.

A :class:`Setting` is what an estimate is made from. A :class:`Dimension` is one choice with its
options, each a function from a setting to the setting in which this option was chosen.
:func:`cross` makes every combination. A new dimension is one function::

    Dimension("window", {w: lambda s, w=w: s.replace(panel=add_elections(s.panel, window=w))
                         for w in (3, 6, 12)})
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import islice, product
from typing import Any, ParamSpec, TypeVar, cast

import pandas as pd

from coalition_models.defection.rules import DefectionRule
from coalition_models.errors import CoverageError, DataError, FitError, first_few
from coalition_models.members.facts import Facts
from coalition_models.models.specification import Specification
from coalition_models.sensitivity.made import Made

__all__ = [
    "FAILURES",
    "STANDINGS",
    "Combination",
    "Dimension",
    "Option",
    "Setting",
    "Skip",
    "cross",
]

#: errors that say that a combination cannot be estimated; any other one is a mistake and ends
#: the run
FAILURES = (FitError, CoverageError)

#: what an option can be: another way to answer the same question, perhaps so, or another question
STANDINGS = ("equivalent", "uncertain", "not equivalent")

#: columns that a run adds
_TAKEN = ("problem", "reason")

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Setting:
    """What one estimate is made from; an option replaces parts of it.

    Its parts are never changed in place, so that combinations can share them.

    Attributes
    ----------
    facts : Facts, optional
    panel : DataFrame, optional
    rule : DefectionRule, optional
    spec : Specification, optional
    values : mapping
        Anything else by name, read as ``setting["ties"]``.
    chosen : mapping
        Dimension -> label of the option chosen so far.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.sensitivity.Setting().assign(ties="efron")["ties"]
    'efron'
    """

    facts: Facts | None = None
    panel: pd.DataFrame | None = None
    rule: DefectionRule | None = None
    spec: Specification | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    chosen: Mapping[str, Hashable] = field(default_factory=dict)
    made: Made = field(default_factory=Made, repr=False)

    def replace(self, **parts: object) -> Setting:
        """Make a setting with other parts: ``facts``, ``panel``, ``rule`` or ``spec``."""
        known = ("facts", "panel", "rule", "spec")
        wrong = [name for name in parts if name not in known]
        if wrong:
            raise DataError(
                f"a setting has no part {first_few(wrong)}; its parts are {', '.join(known)}, and "
                "assign() takes anything else"
            )
        return replace(self, **cast("dict[str, Any]", parts))

    def assign(self, **values: object) -> Setting:
        """Make a setting with other named values."""
        return replace(self, values={**self.values, **values})

    def respecify(self, **options: object) -> Setting:
        """Make a setting whose ``spec`` has other options.

        Another family comes with duration terms of its own, unless ``time`` is given too.
        """
        if self.spec is None:
            raise DataError("the setting has no spec: give Setting(spec=Specification(...))")
        known = [one.name for one in fields(self.spec)]
        wrong = [name for name in options if name not in known]
        if wrong:
            raise DataError(f"a spec has no option {first_few(wrong)}; it has {', '.join(known)}")
        if "family" in options and "time" not in options:
            options["time"] = "default"
        return replace(self, spec=replace(self.spec, **cast("dict[str, Any]", options)))

    def __getitem__(self, name: str) -> Any:
        if name not in self.values:
            raise DataError(
                f"the setting has no value {name!r}; it has {first_few(self.values) or 'none'}"
            )
        return self.values[name]

    @property
    def rows(self) -> pd.DataFrame:
        """The panel, which must be there."""
        if self.panel is None:
            raise DataError(
                "the setting has no panel: give Setting(panel=...), or let an option that comes "
                "first make one"
            )
        return self.panel

    def once(self, make: Callable[P, T], *inputs: P.args, **arguments: P.kwargs) -> T:
        """Call a function, or recall what it gave for the same inputs.

        Tables, facts and other objects are the same where they are one object, whatever other
        combination they were made for; text, numbers, and lists of these where they are equal.
        So what an option makes once is made again only where something that it reads differs.

        Examples
        --------
        >>> import coalition_models as cm
        >>> setting = cm.sensitivity.Setting()
        >>> setting.once(sorted, [3, 1]) is setting.once(sorted, [3, 1])
        True
        """
        key = (make, _same(inputs), _same(tuple(arguments.items())))
        held = self.made.recall(key)
        if held is None:
            # the inputs are kept, so that no other object takes their place in memory
            held = ((inputs, arguments), make(*inputs, **arguments))
            self.made.keep(key, held)
        return cast("T", held[1])


def _same(value: object) -> Hashable:
    """Equal for values that are the same to :meth:`Setting.once`."""
    if isinstance(value, list | tuple):
        return type(value), tuple(_same(one) for one in value)
    if value is None or isinstance(value, str | int | float):
        return type(value), value
    return "object", id(value)


@dataclass(frozen=True)
class Skip:
    """What an option returns where it does not apply, or repeats another one; and why."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason:
            raise DataError("an option is skipped for a reason: Skip('why it does not apply')")


@dataclass(frozen=True)
class Option:
    """One way to choose: a label, and what choosing it does to a setting.

    ``standing`` says whether it answers the same question as the others (:data:`STANDINGS`), and
    ``note`` why.
    """

    label: Hashable
    choose: Callable[[Setting], Setting | Skip]
    standing: str = "equivalent"
    note: str = ""

    def __post_init__(self) -> None:
        if self.standing not in STANDINGS:
            raise DataError(f"standing must be {' or '.join(STANDINGS)}, not {self.standing!r}")


@dataclass(frozen=True)
class Dimension:
    """One choice with the options that can be defended.

    Parameters
    ----------
    name : str
        Column of the results.
    options : mapping of labels to functions, or sequence of Option
        Each function takes a :class:`Setting` and returns the one in which the option is chosen,
        or :class:`Skip` with the reason why the option does not apply there.
    note : str
        What the choice is about.

    Raises
    ------
    DataError
        No option, two of one label, or one that is no function.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.sensitivity.Dimension("size", {"all": lambda setting: setting,
    ...                    "large": lambda setting: setting.assign(size=50)}).labels
    ('all', 'large')
    """

    name: str
    options: Mapping[Any, Callable[[Setting], Setting | Skip]] | Sequence[Option]
    note: str = ""

    def __post_init__(self) -> None:
        given = self.options
        if isinstance(given, Mapping):
            given = [Option(label, choose) for label, choose in given.items()]
        wrong = [one for one in given if not isinstance(one, Option) or not callable(one.choose)]
        if self.name in _TAKEN:
            raise DataError(f"a dimension cannot be called {self.name!r}, a column of every run")
        if wrong or not given or not (isinstance(self.name, str) and self.name):
            raise DataError(
                f"dimension {self.name!r} needs a name and one option or more, each a label with "
                f"a function of a setting; found {first_few(wrong) or 'no option'}"
            )
        object.__setattr__(self, "options", tuple(given))
        labels = self.labels
        twice = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
        if twice:
            raise DataError(f"dimension {self.name!r} has two options called {first_few(twice)}")

    @classmethod
    def of(cls, name: str, values: Sequence[Hashable], note: str = "") -> Dimension:
        """Make the dimension whose options assign a value under the dimension's name.

        Examples
        --------
        >>> import coalition_models as cm
        >>> ties = cm.sensitivity.Dimension.of("ties", ["efron", "breslow"])
        >>> [one.setting["ties"] for one in cm.sensitivity.cross([ties])]
        ['efron', 'breslow']
        """
        return cls(name, [Option(value, _Assign(name, value)) for value in values], note)

    @property
    def labels(self) -> tuple[Hashable, ...]:
        """Labels of the options, in order."""
        return tuple(option.label for option in self.options_in_order)

    @property
    def options_in_order(self) -> tuple[Option, ...]:
        """The options, whatever form they were given in."""
        return cast("tuple[Option, ...]", self.options)


@dataclass(frozen=True)
class _Assign:
    name: str
    value: object

    def __call__(self, setting: Setting) -> Setting:
        return setting.assign(**{self.name: self.value})


@dataclass(frozen=True, eq=False)
class Combination:
    """One option of each dimension.

    ``setting`` is None where an option failed (``problem`` says why) or does not apply
    (``skipped`` says why; the dimensions that come later are then not among the ``choices``).
    ``place`` is that in the full crossing.
    """

    choices: Mapping[str, Hashable]
    setting: Setting | None
    problem: str = ""
    skipped: str = ""
    place: int = 0


@dataclass(frozen=True)
class _Failed:
    reason: str


def cross(
    dimensions: Sequence[Dimension],
    base: Setting | None = None,
    *,
    failures: tuple[type[Exception], ...] = FAILURES,
    start: int = 0,
    stop: int | None = None,
    pick: Collection[int] | None = None,
) -> Iterator[Combination]:
    """Make every combination of the options, one after the other.

    Options are chosen in the order of the dimensions, each in the setting that the ones before
    made; the last dimension varies fastest, and what the first ones make is made once. Put what
    makes panels first and what only changes the model last.

    Parameters
    ----------
    dimensions : sequence of Dimension
    base : Setting, optional
        Where nothing is chosen yet.
    failures : tuple of exception classes
        Errors of an option that make the combinations with it fail. Any other error is raised.
    start, stop : int
        Only the combinations from this one, and before that one, of the full crossing.
    pick : collection of int, optional
        Only the combinations with these places in the full crossing.

    Yields
    ------
    Combination
        Those that failed too, one by one; what is skipped once, at the option that does not apply.

    Examples
    --------
    >>> import coalition_models as cm
    >>> clock = cm.sensitivity.Dimension.of("clock", ["entry", "coalition"])
    >>> ties = cm.sensitivity.Dimension("ties", {
    ...     "efron": lambda setting: setting,
    ...     "breslow": lambda s: cm.sensitivity.Skip("as it is") if s["clock"] == "entry" else s,
    ... })
    >>> [(*one.choices.values(), one.skipped) for one in cm.sensitivity.cross([clock, ties])]
    [('entry', 'efron', ''), ('entry', 'breslow', 'as it is'),
     ('coalition', 'efron', ''), ('coalition', 'breslow', '')]
    """
    names = [dimension.name for dimension in dimensions]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise DataError(f"dimensions need different names; found twice: {first_few(twice)}")
    first = Setting() if base is None else base
    path: list[tuple[Option, Setting | Skip | _Failed]] = []
    every = product(*(dimension.options_in_order for dimension in dimensions))
    for place, options in enumerate(islice(every, start, stop), start):
        if pick is not None and place not in pick:
            continue
        known = 0
        while known < len(path) and path[known][0] is options[known]:
            known += 1
        del path[known:]
        reached = path[-1][1] if path else first
        if isinstance(reached, Skip):
            continue
        for name, option in zip(names[known:], options[known:], strict=True):
            if not isinstance(reached, Setting):
                break
            reached = _choose(reached, name, option, failures)
            path.append((option, reached))
        labels = [option.label for option in options]
        if isinstance(reached, Skip):
            here = dict(zip(names[: len(path)], labels, strict=False))
            yield Combination(here, None, skipped=reached.reason, place=place)
        elif isinstance(reached, _Failed):
            chosen = dict(zip(names, labels, strict=True))
            yield Combination(chosen, None, problem=reached.reason, place=place)
        else:
            yield Combination(reached.chosen, reached, place=place)


def _choose(
    setting: Setting, name: str, option: Option, failures: tuple[type[Exception], ...]
) -> Setting | Skip | _Failed:
    chosen = {**setting.chosen, name: option.label}
    try:
        found = option.choose(setting)
    except failures as error:
        return _Failed(str(error) or type(error).__name__)
    except Exception as error:
        error.add_note(f"in the combination {said(chosen)}")
        raise
    if isinstance(found, Setting):
        return replace(found, chosen=chosen)
    if isinstance(found, Skip):
        return found
    raise DataError(
        f"option {option.label!r} of dimension {name!r} must return a Setting or Skip, not "
        f"{type(found).__name__}"
    )


def said(choices: Mapping[str, Hashable]) -> str:
    """Name a combination.

    Examples
    --------
    >>> said({"ties": "efron", "window": 6})
    'ties efron, window 6'
    """
    return ", ".join(f"{name} {label}" for name, label in choices.items())
