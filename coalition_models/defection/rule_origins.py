"""Which text each named rule of defection is modelled on."""

from __future__ import annotations

from coalition_models.errors import DataError, first_few
from coalition_models.sources.literature import Article, article

__all__ = ["rule_origin"]

#: a rule, or the beginning of the names of its alternatives -> the key of what it is modelled on
_ORIGINS = {
    "mcinnis": "mcinnis_2020",
    "tago-2009": "tago_2009",
    "mello-2020": "mello_2020",
    "weisiger-2016": "weisiger_2016",
    "pilster-2015": "pilster_boehmelt_tago_2015",
    "morey-2017": "morey_2017",
}


def rule_origin(name: str) -> Article:
    """Look up what a named rule is modelled on; an alternative has its rule's origin.

    Parameters
    ----------
    name : str
        Of one of the named rules.

    Returns
    -------
    Article
        ``.seen`` says what of it was read when the rule was written down.

    Raises
    ------
    DataError
        If no text is known for the rule.

    Examples
    --------
    >>> rule_origin("weisiger-2016-voluntary").seen
    'abstract; replication script (no coefficients)'
    """
    for stem, key in _ORIGINS.items():
        if name == stem or name.startswith(f"{stem}-"):
            return article(key)
    raise DataError(
        f"no text is known for a rule named {name!r}; those with one: {first_few(_ORIGINS, 20)}"
    )
