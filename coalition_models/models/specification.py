"""What is asked of a model, apart from the rows: one object for one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.family import Family, families, family_named, require
from coalition_models.models.priors import prior_words, read_priors
from coalition_models.models.sample.checks import names_of

__all__ = ["Specification"]

_LISTS = ("id", "cluster", "strata", "causes")
#: option -> the ability without which it is refused, where it is given
_NEEDS = {
    "cluster": "clusters",
    "strata": "strata",
    "weights": "weights",
    "offset": "offset",
    "ties": "ties",
    "time": "duration",
    "penalty": "firth",
    "group": "group",
    "prior": "prior",
    "population_share": "population_share",
    "correction": "population_share",
    "causes": "causes",
    "none": "causes",
    "origin": "transitions",
    "changing": "held_covariates",
    "censoring": "held_covariates",
    "cuts": "pieces",
    "at_risk": "cured",
    "starts": "starts",
    "last_seen": "interval",
    "seed": "starts",
}
_WHOSE_DEFAULT = "default"


@dataclass(frozen=True, repr=False)
class Specification:
    """A model asked for: family, formula and every option, without the data.

    Frozen and hashable, so that requests can be crossed, counted and looked up.
    ``dataclasses.replace(spec, ties="breslow")`` makes another one. :func:`cox` and :func:`logit`
    make one of their arguments, and every :class:`Fit` keeps it as ``fit.spec``.

    Parameters
    ----------
    family : str
        Such as ``"cox"``, ``"logit"``, ``"weibull"``; ``docs/families.md`` says which there are
        and what each can do.
    formula : str
        As in :func:`cox`.
    start, stop, id, cluster, strata, weights, offset : str, or several where they may be
        Columns, as in :func:`cox`. Lists become tuples.
    ties : {"efron", "breslow"}, optional
        Default: the convention's. ``"exact"`` with ``"cox"`` is another way to name the family
        ``"cox_exact"``, and ``ties`` is None afterwards.
    time : str, optional
        Duration terms of discrete-time models, as in :func:`logit`. ``"default"`` is the family's.
    link : str, optional
        Another way to name a discrete-time family: ``Specification("logit", formula,
        link="probit")`` is the family ``"probit"``. Always None afterwards.
    group : str, optional
        Column of the random intercept, as in :func:`random_intercept`.
    prior, population_share, correction
        As in :func:`logit`; a mapping of priors becomes a tuple of pairs.
    causes : str or sequence of str, optional
        Kinds of exit to model, in the words of the fit; others end the time at risk.
    none : object, optional
        Value of the response that means no exit, as in :func:`cause_specific`.
    origin : str, optional
        Column of the state during a row, as in :func:`multistate`.
    changing : {"last"}, optional
        What becomes of changing covariates after another exit, as in :func:`fine_gray`.
    censoring : {"finegray", "crr", "phreg"}, optional
        Whose weights for censoring that is tied with exits, as in :func:`fine_gray`.
    penalty, variance, convention, small_sample, allow_nonconvergence, trust
        As in :func:`cox`.
    cuts : int or sequence of float, optional
        Pieces of constant hazard, as in :func:`parametric`.
    last_seen : str, optional
        Column of events known to lie between two times, as in :func:`parametric`.
    at_risk, starts, seed : str, int, int, optional
        The equation of who is at risk, and the starts of the search, as in :func:`cure`.

    Raises
    ------
    DataError
        An argument of the wrong type, an unknown family, and an option that the family does not
        have, with the families that do. Values of options are checked with the data.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from dataclasses import replace
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> print(spec)
    Cox proportional hazards of event ~ risk: clustered by state, convention R.
    >>> replace(spec, ties="breslow")
    Specification('cox', 'event ~ risk', cluster=('state',), ties='breslow')
    >>> spec == cm.Specification("cox", "event ~ risk", cluster=["state"])
    True
    """

    family: str
    formula: str
    _: KW_ONLY
    start: str | None = "start"
    stop: str = "stop"
    id: str | Sequence[str] | None = None
    cluster: str | Sequence[str] | None = None
    strata: str | Sequence[str] | None = None
    weights: str | None = None
    offset: str | None = None
    ties: str | None = None
    time: str | None = _WHOSE_DEFAULT
    link: str | None = None
    penalty: str | None = None
    prior: str | Mapping[str, str] | Sequence[tuple[str, str]] | None = None
    population_share: float | None = None
    group: str | None = None
    correction: str | None = None
    variance: str | None = None
    convention: str = "R"
    small_sample: bool | None = None
    allow_nonconvergence: bool = False
    trust: bool = False
    causes: str | Sequence[str] | None = None
    none: object = None
    origin: str | None = None
    changing: str | None = None
    censoring: str | None = None
    cuts: int | Sequence[float] | None = None
    at_risk: str | None = None
    starts: int | None = None
    last_seen: str | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        check_arguments(Specification, vars(self))
        if self.link is not None:
            self._set(family=_linked(self.family, self.link), link=None)
        if self.ties == "exact" and _exact(self.family) is not None:
            self._set(family=_exact(self.family), ties=None)
        family = self.record
        for name in _LISTS:
            given = getattr(self, name)
            if given is not None:
                self._set(**{name: names_of(given, name)})
        if self.prior is not None:
            self._set(prior=read_priors(self.prior))
        if self.cuts is not None and not isinstance(self.cuts, int):
            self._set(cuts=tuple(float(cut) for cut in self.cuts))
        if self.time == _WHOSE_DEFAULT:
            self._set(time=family.duration or None)
        for option, ability in _NEEDS.items():
            value = getattr(self, option)
            if value is not None and ability not in family.can:
                require(family, ability, f"{option}={value!r}")

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def record(self) -> Family:
        """The family's record."""
        return family_named(self.family)

    def __str__(self) -> str:
        said = [
            f"{words} {_listed(getattr(self, name))}"
            for name, words in (
                ("causes", "of"),
                ("origin", "from the state in"),
                ("strata", "strata by"),
                ("weights", "weighted by"),
                ("offset", "offset"),
                ("group", "random intercept of"),
                ("time", "duration"),
                ("ties", "ties"),
                ("penalty", "penalty"),
                ("cuts", "cuts"),
                ("at_risk", "at risk"),
                ("last_seen", "last seen at"),
            )
            if getattr(self, name) is not None
        ]
        if self.prior is not None:
            said.append(prior_words(read_priors(self.prior)))
        if self.population_share is not None:
            said.append(f"population share {self.population_share:g}")
        said += [self._variance(), f"convention {self.convention}"]
        tail = ", ".join(part for part in said if part)
        return f"{self.record.title} of {self.formula}: {tail}."

    def _variance(self) -> str:
        by = f" by {_listed(self.cluster)}" if self.cluster else ""
        if self.variance in (None, "cluster"):
            return f"clustered{by}" if by else ""
        return f"variance {self.variance}{by if self.variance == 'jackknife' else ''}"

    def __repr__(self) -> str:
        given = [repr(self.family), repr(self.formula)]
        for field in fields(self)[2:]:
            default = self.record.duration or None if field.name == "time" else field.default
            value = getattr(self, field.name)
            if value != default:
                given.append(f"{field.name}={value!r}")
        return f"Specification({', '.join(given)})"


def _listed(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _exact(name: str) -> str | None:
    """The family that takes tied events of this one as tied."""
    wanted = f"{name}_exact"
    return wanted if wanted in families() else None


def _linked(name: str, link: str) -> str:
    """The family of this link in the folder of the one named."""
    known = {family.link: family.name for family in families().values() if family.link}
    if not family_named(name).link:
        raise DataError(f"link={link!r} is for {', '.join(known.values())}, not for {name}")
    if link not in known:
        raise DataError(f"link must be one of {', '.join(known)}; found {link!r}")
    return known[link]
