"""The registered claims: read from the file, checked as a whole, listed."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources

import pandas as pd

from coalition_models.designs.sets import set_names
from coalition_models.errors import DataError, first_few
from coalition_models.hypotheses.outcomes import Outcome, base_of, parse_outcome
from coalition_models.sources.literature import Article, article

__all__ = [
    "Amendment",
    "Claim",
    "Plan",
    "Step",
    "read_plan",
    "select",
]

_PARTS = ("steps", "outcomes", "claims", "amendments")
_SIGNS = ("+", "-", "any")
_CLOCKS = ("", "entry", "coalition")
_TEXTS = (
    "id", "name", "claim", "mechanism", "articles", "made_for", "finding", "outcome", "on",
    "term", "sign",
)  # fmt: skip
_STEP = ("builder", "args", "vary", "sources", "table")
_OPTIONAL = (
    "steps", "derive", "controls", "alternatives", "clock", "common", "interaction", "proxy",
    "proxy_on", "awaits",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A feature builder with its arguments, as registered.

    Attributes
    ----------
    builder : str
        Name of a builder, such as ``add_elections``.
    args : mapping
        Its arguments.
    vary : mapping
        Argument -> other values for the grid of specifications.
    sources : tuple of str
        Tables beyond the bundled ones that it reads.
    table : str
        Name of the table that a user must bring, if any.
    """

    name: str
    builder: str
    args: Mapping[str, object] = field(default_factory=dict)
    vary: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    table: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim of the literature and its registered test.

    Attributes
    ----------
    id, name, claim, mechanism : str
    articles : tuple of str
        Keys of the works that make it.
    made_for : str
        Unit and data that it was made for.
    finding : str
        What was published, as far as it was seen.
    outcome : tuple of str
        Kinds of event on which the claim can be tested.
    on : tuple of str
        Data sets that its registered test names.
    awaits : tuple of str
        Data sets that it named before there were any such; tested on each that there is.
    steps : tuple of str
        Names of the steps that build its columns.
    derive : mapping
        Column -> expression over other columns; missing where any of them is missing.
    term : str
        Column whose coefficient is the test.
    sign : {"+", "-", "any"}
        Sign that the claim expects; ``any`` where it only says that there is an effect.
    controls : tuple of str
    alternatives : tuple of str
        Other columns that measure the same, for the grid of specifications.
    clock : {"", "entry", "coalition"}
        Clock that the test needs, where it needs one.
    common : bool
        The term is the same for all members of a coalition at one time, so that in one coalition
        it cannot be told from time on the coalition's clock.
    interaction : bool
        The controls are the term's own main effects, which are never left out.
    proxy : str
        Why the measure, or the outcome, only stands for what the claim is about; empty if not.
    proxy_on : mapping
        The same for single data sets.
    table, table_shape, table_column : str
        Table that a user must bring, its columns, and the one that is read, the term by default.
    """

    id: str
    name: str
    claim: str
    mechanism: str
    articles: tuple[str, ...]
    made_for: str
    finding: str
    outcome: tuple[str, ...]
    on: tuple[str, ...]
    term: str
    sign: str
    steps: tuple[str, ...] = ()
    derive: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    clock: str = ""
    common: bool = False
    interaction: bool = False
    proxy: str = ""
    proxy_on: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    table_shape: str = ""
    table_column: str = ""
    awaits: tuple[str, ...] = ()

    def proxy_for(self, data_set: str) -> str:
        """Why the test on a data set is a proxy; empty where it is not."""
        return self.proxy_on.get(base_of(data_set)[0], self.proxy)

    def formula(self, term: str | None = None, controls: Sequence[str] | None = None) -> str:
        """The model's formula."""
        right = [term or self.term, *(self.controls if controls is None else controls)]
        return f"event ~ {' + '.join(right)}"


@dataclass(frozen=True)
class Amendment:
    """What was changed in the plan after it had been run once, with the reason."""

    date: str
    claims: tuple[str, ...]
    change: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Everything in the file of claims."""

    steps: Mapping[str, Step]
    claims: tuple[Claim, ...]
    amendments: tuple[Amendment, ...] = ()
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)

    @property
    def articles(self) -> dict[str, Article]:
        """The works that make the claims, by key."""
        return {key: article(key) for claim in self.claims for key in claim.articles}


@lru_cache(maxsize=1)
def read_plan() -> Plan:
    """Read the registered claims that come with the package.

    Raises
    ------
    DataError
        If the file is inconsistent; everything that is wrong with it, at once.

    Examples
    --------
    >>> read_plan().claims[0].formula()
    'event ~ election_near + log_deaths_12m'
    """
    path = resources.files("coalition_models.hypotheses") / "claims.toml"
    return parse_plan(path.read_text(encoding="utf-8"))


def parse_plan(text: str) -> Plan:
    """Read a file of claims; see :func:`read_plan`."""
    raw = tomllib.loads(text)
    unknown = [part for part in raw if part not in _PARTS]
    if unknown:
        raise DataError(
            f"the file of claims has {', '.join(_PARTS)}, not {first_few(unknown)}; articles stand "
            "in data/articles.toml"
        )
    steps = {name: _step(name, entry) for name, entry in raw.get("steps", {}).items()}
    claims = tuple(_claim(entry) for entry in raw.get("claims", []))
    amendments = tuple(_amendment(entry) for entry in raw.get("amendments", []))
    coded = raw.get("outcomes", {})
    outcomes = {name: parse_outcome(name, _mapping(entry)) for name, entry in coded.items()}
    plan = Plan(steps, claims, amendments, outcomes)
    problems = _problems(plan)
    if problems:
        listing = "\n".join(f"  - {problem}" for problem in problems)
        raise DataError(f"the file of claims is inconsistent; mend it:\n{listing}")
    return plan


def _amendment(entry: dict[str, object]) -> Amendment:
    return Amendment(
        date=str(entry["date"]),
        claims=_words(entry.get("claims", ())),
        change=str(entry["change"]),
        reason=str(entry["reason"]),
    )


def _step(name: str, entry: dict[str, object]) -> Step:
    unknown = [key for key in entry if key not in _STEP]
    if unknown or "builder" not in entry:
        raise DataError(f"step {name}: needs a builder; unknown {first_few(unknown) or 'nothing'}")
    vary = _mapping(entry.get("vary", {}))
    return Step(
        name=name,
        builder=str(entry["builder"]),
        args=_mapping(entry.get("args", {})),
        vary={key: _values(values) for key, values in vary.items()},
        sources=_words(entry.get("sources", ())),
        table=str(entry.get("table", "")),
    )


def _values(value: object) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise DataError(f"expected a list of values to vary, found {value!r}")
    return tuple(value)


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise DataError(f"expected a table of arguments in the file of claims, found {value!r}")
    return {str(key): item for key, item in value.items()}


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise DataError(f"expected a list of names in the file of claims, found {value!r}")
    return tuple(str(item) for item in value)


def _claim(entry: dict[str, object]) -> Claim:
    given = dict(entry)
    table = _mapping(given.pop("table", {}))
    absent = [key for key in _TEXTS if key not in given]
    unknown = [key for key in given if key not in (*_TEXTS, *_OPTIONAL)]
    if absent or unknown:
        raise DataError(
            f"claim {given.get('id', '?')}: missing {first_few(absent) or 'nothing'}; "
            f"unknown {first_few(unknown) or 'nothing'}"
        )

    def text(key: str) -> str:
        return str(given.get(key, ""))

    def words(key: str) -> tuple[str, ...]:
        return _words(given.get(key, ()))

    def texts(key: str) -> dict[str, str]:
        return {name: str(value) for name, value in _mapping(given.get(key, {})).items()}

    return Claim(
        id=text("id"),
        name=text("name"),
        claim=text("claim"),
        mechanism=text("mechanism"),
        articles=words("articles"),
        made_for=text("made_for"),
        finding=text("finding"),
        outcome=words("outcome"),
        on=words("on"),
        term=text("term"),
        sign=text("sign"),
        steps=words("steps"),
        derive=texts("derive"),
        controls=words("controls"),
        alternatives=words("alternatives"),
        clock=text("clock"),
        common=bool(given.get("common", False)),
        interaction=bool(given.get("interaction", False)),
        proxy=text("proxy"),
        proxy_on=texts("proxy_on"),
        table=str(table.get("name", "")),
        table_shape=str(table.get("shape", "")),
        table_column=str(table.get("column", given.get("term", ""))) if table else "",
        awaits=words("awaits"),
    )


def _problems(plan: Plan) -> list[str]:
    ids = pd.Series([claim.id for claim in plan.claims], dtype=object)
    twice = ids[ids.duplicated()]
    problems = [f"ids that stand twice: {first_few(twice)}"] if len(twice) else []
    changed = {name for amendment in plan.amendments for name in amendment.claims}
    if changed - set(ids):
        problems.append(f"amended but not listed: {first_few(sorted(changed - set(ids)))}")
    for claim in plan.claims:
        problems += [f"{claim.id}: {text}" for text in _claim_problems(claim, plan)]
    return problems


def _claim_problems(claim: Claim, plan: Plan) -> list[str]:
    checks = (
        (claim.sign in _SIGNS, f"sign must be one of {', '.join(_SIGNS)}, not {claim.sign!r}"),
        (claim.clock in _CLOCKS, f"unknown clock {claim.clock!r}"),
        (bool(claim.articles), "names no article"),
        (all(name in plan.steps for name in claim.steps), "an unknown step"),
        (not claim.on or bool(claim.term), "data sets without a term to test"),
        (bool(claim.on) or bool(claim.table_shape), "neither data sets nor the table it needs"),
        (not claim.interaction or bool(claim.controls), "an interaction without main effects"),
    )
    return [
        *_unknown_sets(claim),
        *_unknown_articles(claim),
        *_unreadable(claim),
        *(text for good, text in checks if not good),
    ]


def _unreadable(claim: Claim) -> list[str]:
    problems = []
    for name, expression in claim.derive.items():
        try:
            ast.parse(expression, mode="eval")
        except SyntaxError:
            problems.append(f"derive: {name} is no expression: {expression}")
    return problems


def _unknown_articles(claim: Claim) -> list[str]:
    problems = []
    for key in claim.articles:
        try:
            article(key)
        except DataError as error:
            problems.append(str(error))
    return problems


def _unknown_sets(claim: Claim) -> list[str]:
    known = set_names()
    problems = []
    for name in dict.fromkeys([*claim.on, *claim.proxy_on]):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            problems.append(
                f"an unknown data set {name!r}; "
                + (f"nearest: {near[0]}" if near else f"known: {', '.join(known)}")
            )
    return problems


def select(ids: Sequence[str] | str | None) -> tuple[Claim, ...]:
    """Claims by id, in the order of the file whatever the order asked for.

    Examples
    --------
    >>> [claim.id for claim in select(["H02", "H01"])]
    ['H01', 'H02']
    """
    claims = read_plan().claims
    if ids is None:
        return claims
    wanted = [ids] if isinstance(ids, str) else list(ids)
    known = {claim.id for claim in claims}
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        near = [m for name in unknown for m in get_close_matches(str(name).upper(), known, n=1)]
        nearest = f" (nearest: {', '.join(dict.fromkeys(near))})" if near else ""
        raise DataError(
            f"unknown claim: {first_few(unknown) or 'none given'}{nearest}; list_claims() shows all"
        )
    return tuple(claim for claim in claims if claim.id in wanted)
