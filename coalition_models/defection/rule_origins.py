"""Which text each named rule of defection is modelled on, and what of it was seen."""

from __future__ import annotations

from dataclasses import dataclass

from coalition_models.errors import DataError, first_few

__all__ = ["RuleOrigin", "rule_origin"]


@dataclass(frozen=True)
class RuleOrigin:
    """A text, and what of it was seen when the rules modelled on it were written."""

    article: str
    seen: str


#: a rule, or the beginning of the names of its alternatives -> where it comes from
_ORIGINS = {
    "mcinnis": RuleOrigin(
        "McInnis (2020), book, doi 10.1007/978-3-319-78834-0", "abstracts of chapters; notes"
    ),
    "tago-2009": RuleOrigin(
        "Tago (2009), Journal of Peace Research 46(2): 219-234",
        "abstract; replication script (no coefficients)",
    ),
    "mello-2020": RuleOrigin(
        "Mello (2020), European Journal of International Security 5(1): 45-76",
        "abstract; replication script (no data)",
    ),
    "weisiger-2016": RuleOrigin(
        "Weisiger (2016), International Studies Quarterly 60(4): 753-765",
        "abstract; replication script (no coefficients)",
    ),
    "pilster-2015": RuleOrigin(
        "Pilster, Boehmelt and Tago (2015), International Studies Perspectives 16(4): 463-483",
        "abstract",
    ),
    "morey-2017": RuleOrigin("Morey (2017), International Studies Quarterly symposium", "the post"),
}


def rule_origin(name: str) -> RuleOrigin:
    """Look up what a named rule is modelled on; an alternative has its rule's origin.

    Parameters
    ----------
    name : str
        Of one of the named rules.

    Returns
    -------
    RuleOrigin

    Raises
    ------
    DataError
        If no text is known for the rule.

    Examples
    --------
    >>> rule_origin("weisiger-2016-voluntary").seen
    'abstract; replication script (no coefficients)'
    """
    for stem, origin in _ORIGINS.items():
        if name == stem or name.startswith(f"{stem}-"):
            return origin
    raise DataError(
        f"no text is known for a rule named {name!r}; those with one: {first_few(_ORIGINS, 20)}"
    )
