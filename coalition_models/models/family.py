"""What a family of models is called, how its numbers are read, and what it can do."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import Literal, Protocol

from coalition_models.errors import DataError

__all__ = [
    "ABILITIES",
    "Family",
    "abilities_table",
    "families",
    "family_named",
    "require",
    "room_of",
]

_ROOM = "coalition_models.models"

#: what a family may be able to do, in the words of its table
ABILITIES = {
    "late_entry": "late entry and gaps",
    "continuous_time": "rows of any length",
    "ties": "rules for tied events (`ties=`)",
    "duration": "duration terms (`time=`)",
    "strata": "baseline hazards by stratum (`strata=`)",
    "group": "random intercept by group (`group=`)",
    "free_baseline": "baseline hazard of any shape",
    "causes": "kinds of exit (`causes=`, `none=`)",
    "transitions": "moves between states (`origin=`)",
    "held_covariates": "members kept at risk after another exit (`changing=`, `censoring=`)",
    "pieces": "pieces of constant hazard (`cuts=`)",
    "cured": "members never at risk (`at_risk=`)",
    "interval": "events known to lie between two times only (`last_seen=`)",
    "starts": "search from many starts (`starts=`, `seed=`)",
    "weights": "case weights (`weights=`)",
    "offset": "offset (`offset=`)",
    "clusters": "clustered variance (`cluster=`)",
    "two_way": "variance clustered two ways",
    "jackknife": "jackknife over clusters, CR3 (`variance='jackknife'`)",
    "firth": "Firth's penalty (`penalty='firth'`)",
    "rare_events": "right averages and less bias (`penalty='flic'`, `'flac'`, `'relogit'`)",
    "prior": "priors (`prior=`)",
    "population_share": "samples chosen by the event (`population_share=`)",
    "intercept_shift": "their correction by the intercept (`correction='prior'`)",
    "survival_paths": "survival along paths of covariates (`predict_survival`)",
    "incidence": "incidence of each kind for given covariates (`predict_incidence`)",
    "averaged_survival": "survival averaged over rows (`adjusted_survival`)",
    "expected_duration": "expected time at risk (`expected_duration`)",
    "ph_test": "test of proportional hazards (`check_ph`)",
    "leave_one_out": "fits without each cluster",
    "batch_refits": "all fits without one cluster at once",
    "score_test": "score test (`Fit.test_model`)",
    "residuals": "residuals by kind (`Fit.residuals`)",
    "null_information": "information if no term had an effect (power)",
    "null_scores": "wild score test (`inference.wild_score`)",
}


@dataclass(frozen=True)
class Family:
    """A family of models: words for its numbers, and what it can do.

    Attributes
    ----------
    name : str
        What a :class:`Specification` calls it.
    title, short : str
        Heading of a table; one word or two for a sentence.
    call : str
        How it is asked for, such as ``"probit()"``.
    scale : str
        What a coefficient is.
    ratio : str
        What its exponential is; empty where it is nothing.
    bic_counts : {"events", "rows"}
        The sample size in the Bayesian information criterion.
    predictions : tuple of str
        Kinds of :meth:`Fit.predict`; the first is the default.
    concordance : str
        What ``glance()["concordance"]`` means.
    can : frozenset of str
        Keys of :data:`ABILITIES`.
    link : str
        Of a binary model.
    duration : str
        Default of ``time=``, where there are duration terms.

    Examples
    --------
    >>> cox = family_named("cox")
    >>> cox.ratio, "ph_test" in cox.can, "duration" in cox.can
    ('hazard ratio', True, False)
    """

    name: str
    title: str
    short: str
    call: str
    scale: str
    ratio: str
    bic_counts: Literal["events", "rows"]
    predictions: tuple[str, ...]
    concordance: str
    can: frozenset[str]
    link: str = ""
    duration: str = ""

    def __post_init__(self) -> None:
        unknown = sorted(self.can - ABILITIES.keys())
        if unknown:
            raise DataError(
                f"family {self.name!r} names abilities that are none: {', '.join(unknown)}; known "
                f"are {', '.join(ABILITIES)}"
            )


class _HasFamily(Protocol):
    @property
    def family(self) -> Family:
        """Its family."""


def require(fit_or_family: _HasFamily | Family, ability: str, what: str) -> None:
    """Refuse what a family cannot do.

    Parameters
    ----------
    fit_or_family : Fit or Family
    ability : str
        A key of :data:`ABILITIES`.
    what : str
        What was asked for: a function, or an option.

    Raises
    ------
    DataError
        Naming what was asked for, the family, and the families that can.

    Examples
    --------
    >>> require(family_named("logit"), "ph_test", "check_ph()")
    Traceback (most recent call last):
    coalition_models.errors.DataError: check_ph() is for cox fits, not for logit ...
    """
    family = fit_or_family if isinstance(fit_or_family, Family) else fit_or_family.family
    if ability in family.can:
        return
    able = [other for other in families().values() if ability in other.can]
    words = ABILITIES[ability].split(" (`")[0]
    names = ", ".join(other.name for other in able) or "no"
    cure = f": use {' or '.join(_calls(able))}" if able else ""
    raise DataError(
        f"{what} is for {names} fits, not for {family.name} ({family.title} knows no {words}){cure}"
    )


def _calls(able: Sequence[Family]) -> list[str]:
    """How to ask for families; a function of which all can is named once."""
    able_names = {family.name for family in able}
    calls: dict[str, None] = {}
    for family in able:
        function = family.call.partition("(")[0]
        alike = [f for f in families().values() if f.call.partition("(")[0] == function]
        every = all(other.name in able_names for other in alike)
        calls[f"{function}()" if every and len(alike) > 3 else family.call] = None
    return list(calls)


def families() -> Mapping[str, Family]:
    """All families by name, found from the folders of this room.

    Examples
    --------
    >>> {"cox", "logit", "cause_specific", "weibull", "cure_weibull"} <= set(families())
    True
    """
    return {name: family for name, (family, _) in _found(_folders()).items()}


def family_named(name: str) -> Family:
    """One family's record.

    Raises
    ------
    DataError
        For an unknown name, with those that are known.

    Examples
    --------
    >>> family_named("cloglog").title
    'Discrete-time complementary log-log'
    """
    return _entry(name)[0]


def room_of(name: str) -> ModuleType:
    """The module ``api`` of the folder that estimates a family.

    Examples
    --------
    >>> room_of("probit").__name__
    'coalition_models.models.discrete.api'
    """
    return _entry(name)[1]


def _folders() -> tuple[str, ...]:
    return tuple(importlib.import_module(_ROOM).__path__)


def _entry(name: str) -> tuple[Family, ModuleType]:
    places = _folders()
    own = _own_folder(places, name)  # most are named like their folder: no other one is imported
    if own is not None:
        return own
    found = _found(places)
    if name not in found:
        raise DataError(f"family must be one of {', '.join(found)}; found {name!r}")
    return found[name]


@lru_cache(maxsize=64)
def _own_folder(places: tuple[str, ...], name: str) -> tuple[Family, ModuleType] | None:
    if not any(folder == name for folder in _estimators(places)):
        return None
    return _families_in(name).get(name)


@lru_cache(maxsize=8)
def _estimators(places: tuple[str, ...]) -> tuple[str, ...]:
    """Folders that hold an estimator: those with a module ``api``."""
    folders = [found for found in pkgutil.iter_modules(places) if found.ispkg]
    return tuple(
        found.name
        for found in folders
        if importlib.util.find_spec(f"{_ROOM}.{found.name}.api") is not None
    )


@lru_cache(maxsize=8)
def _found(places: tuple[str, ...]) -> dict[str, tuple[Family, ModuleType]]:
    out: dict[str, tuple[Family, ModuleType]] = {}
    for folder in _estimators(places):
        out |= _families_in(folder)
    return out


def _families_in(folder: str) -> dict[str, tuple[Family, ModuleType]]:
    room = importlib.import_module(f"{_ROOM}.{folder}.api")
    return {family.name: (family, room) for family in room.FAMILIES}


def abilities_table() -> str:
    """What each family can do, as the page ``docs/families.md``.

    Examples
    --------
    >>> print(abilities_table().splitlines()[0])
    # What each family of models can do
    """
    known = list(families().values())
    facts: dict[str, list[str]] = {
        "made by": [f"`{family.call}`" for family in known],
        "a coefficient is": [family.scale for family in known],
        "its exponential is": [family.ratio or "nothing" for family in known],
        "BIC counts": [family.bic_counts for family in known],
        "predictions": [", ".join(f"`{kind}`" for kind in family.predictions) for family in known],
        "concordance is": [family.concordance for family in known],
    }
    able: dict[str, list[str]] = {
        words: ["yes" if ability in family.can else "no" for family in known]
        for ability, words in ABILITIES.items()
    }
    head = ["", *(f"`{family.name}`" for family in known)]
    lines: list[list[str]] = [head, ["---"] * len(head)]
    for what, cells in [*facts.items(), *able.items()]:
        lines.append([what, *cells])
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return (
        "# What each family of models can do\n\n"
        "Made from the records of `coalition_models/models/*/engine.py` by `abilities_table()` in\n"
        "`coalition_models/models/family.py`. What a family cannot do is refused, with the names\n"
        "of those that can. The first kind of prediction is the default.\n\n"
        f"{table}\n"
    )
