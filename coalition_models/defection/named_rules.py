"""Rules of defection that are modelled on the literature, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from itertools import product
from types import MappingProxyType

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.defection.rule_origins import rule_origin
from coalition_models.defection.rules import DefectionRule
from coalition_models.defection.withdrawals import MEASURES
from coalition_models.errors import DataError, first_few
from coalition_models.render import listing

__all__ = ["NAMED_RULES", "list_rules", "named_rule", "quartile_readings"]


def _exits(
    name: str,
    kinds: tuple[str, ...] = ("early",),
    contested: str = "main",
    exit_date: str = "main",
) -> DefectionRule:
    return DefectionRule(
        name=name,
        kinds=("full",),
        exits="coded",
        cuts="none",
        exit_kinds=kinds,
        contested=contested,
        exit_date=exit_date,
    )


_RULES = (
    DefectionRule(),
    DefectionRule("mcinnis-both", measure="both"),
    DefectionRule("mcinnis-persons", measure="persons"),
    DefectionRule("mcinnis-percent", measure="percent"),
    DefectionRule("mcinnis-within", pooled="coalition"),
    DefectionRule("mcinnis-median", quantile=0.5),
    DefectionRule("mcinnis-unclear", unclear="unplanned", contested="either"),
    DefectionRule("mcinnis-coded", exits="coded", cuts="coded"),
    # unilateral full exit of a partner
    _exits("tago-2009"),
    # a leader's decision to withdraw early; the unit is the leader, so the announcement dates it
    _exits("mello-2020", exit_date="announced"),
    # stops fighting while partners want to go on, whatever the reason
    _exits("weisiger-2016", ("early", "scheduled", "exogenous")),
    _exits("weisiger-2016-voluntary", ("early", "scheduled")),
    # leaves before the operation reaches its end; only the abstract was seen
    _exits("pilster-2015", ("early", "exogenous")),
    # who leaves when its own agreed aim is met has not defected
    _exits("morey-2017", contested="both"),
)

#: rules by name; the first is the default
NAMED_RULES: Mapping[str, DefectionRule] = MappingProxyType({r.name: r for r in _RULES})


def named_rule(name: str) -> DefectionRule:
    """Look up a rule modelled on the literature.

    Each is the package's own reading of a text of which mostly the abstract was seen; none is
    the authors' coding. :func:`list_rules` says for each what was seen.

    Parameters
    ----------
    name : str
        ``mcinnis`` (the default reading) and its alternatives ``mcinnis-both, -persons, -percent,
        -within, -median, -unclear, -coded``; ``tago-2009``; ``mello-2020``; ``weisiger-2016`` and
        ``weisiger-2016-voluntary``; ``pilster-2015``; ``morey-2017``.

    Returns
    -------
    DefectionRule
        Frozen; printed, it is a sentence.

    Raises
    ------
    DataError
        If there is no such rule; the message lists those that there are.

    Examples
    --------
    >>> import coalition_models as cm
    >>> print(cm.named_rule("tago-2009"))
    tago-2009: a defection is a full exit coded early, whatever its size, dated by the main exit.
    """
    check_arguments(named_rule, locals())
    if name not in NAMED_RULES:
        raise DataError(f"no rule named {name!r}; known: {', '.join(NAMED_RULES)}")
    return NAMED_RULES[name]


def list_rules() -> pd.DataFrame:
    """List the named rules, each as a sentence, with the article it is modelled on.

    Returns
    -------
    DataFrame
        Indexed by name: ``rule`` (the sentence), ``article``, and ``seen``: what of the article
        was seen when the rule was written.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.list_rules().loc["pilster-2015", "seen"]
    'abstract'
    """
    origins = [rule_origin(name) for name in NAMED_RULES]
    frame = pd.DataFrame(
        {
            "rule": [str(rule) for rule in NAMED_RULES.values()],
            "article": [origin.reference for origin in origins],
            "seen": [origin.seen for origin in origins],
        },
        index=pd.Index(list(NAMED_RULES), name="name"),
    )
    return listing(frame)


def quartile_readings(
    base: DefectionRule | None = None,
    *,
    measure: tuple[str, ...] = MEASURES,
    quantile: tuple[float, ...] = (0.75, 0.5),
    pooled: tuple[str, ...] = ("all", "coalition"),
    drawdown_years: tuple[int, ...] = (0, 1),
) -> list[DefectionRule]:
    """Every combination of what McInnis's notes leave open, as rules.

    Parameters
    ----------
    base : DefectionRule, optional
        Everything else is taken from it.
    measure, quantile, pooled, drawdown_years : tuple
        Values of these fields to combine.

    Returns
    -------
    list of DefectionRule
        Named by their choices, the base's own combination first if it is among them.

    Examples
    --------
    >>> import coalition_models as cm
    >>> rules = cm.quartile_readings()
    >>> len(rules), rules[0].name
    (32, 'either q0.75 all d0')
    """
    check_arguments(quartile_readings, locals())
    start = DefectionRule() if base is None else base
    known = {f.name: getattr(start, f.name) for f in fields(DefectionRule)}
    names, rules = ("measure", "quantile", "pooled", "drawdown_years"), []
    for values in product(measure, quantile, pooled, drawdown_years):
        label = f"{values[0]} q{values[1]:g} {values[2]} d{values[3]}"
        chosen = dict(zip(names, values, strict=True))
        rules.append(DefectionRule(**{**known, **chosen, "name": label}))
    if not rules:
        raise DataError(f"nothing to combine: {first_few([measure, quantile, pooled])}")
    first = [r for r in rules if all(getattr(r, n) == getattr(start, n) for n in names)]
    return [*first, *[r for r in rules if r not in first]]
