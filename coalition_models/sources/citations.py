"""How to cite: BibTeX and text for tables, panels and fits."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from coalition_models.about import __version__
from coalition_models.errors import DataError, counted, first_few
from coalition_models.record import remembers, sources_of
from coalition_models.sources.catalog import Entry, entry, tables
from coalition_models.sources.literature import article, articles

__all__ = ["Citation", "cite"]

_PACKAGE_TEXT = (
    "coalition_models: a Python package on why states leave military coalitions, version"
)


@dataclass(frozen=True, repr=False)
class Citation:
    """References of tables or works: ``text`` for people, ``bibtex`` for a bibliography."""

    names: tuple[str, ...]
    text: str
    bibtex: str
    noun: str = "table"

    def __repr__(self) -> str:
        if not self.names:
            return "<Citation of the package>"
        return f"<Citation of {counted(len(self.names), self.noun)}: {first_few(self.names, 5)}>"

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return "".join(f"<p>{html.escape(line)}</p>" for line in self.text.splitlines())


def cite(*items: object) -> Citation:
    """Give the references of tables, or of the tables that a panel or fit was made from.

    A table that this project derived brings the references of what it was derived from.

    Parameters
    ----------
    *items : str, DataFrame or Fit
        Names of tables, keys of works (``"tago_2009"``, see ``data/articles.toml``), or results
        that remember their sources. Without any, the package alone.

    Returns
    -------
    Citation
        Prints as text; ``.bibtex`` holds the BibTeX entries, each source once.

    Raises
    ------
    DataError
        If there is no such table or work, or a result does not remember its sources.

    Examples
    --------
    >>> import coalition_models as cm
    >>> print(cm.cite("fatalities"))
    coalition_models: ...
    icasualties.org ...
    >>> "Penn World Table" in cm.cite("state_years").text
    True
    """
    names: dict[str, None] = {}
    for item in items:
        for name in _names(item):
            names[name] = None
    works = [name for name in names if name not in tables() and name in articles()]
    cited = [one for name in names for one in _cited(name, work=name in works)]
    texts = dict.fromkeys(text for _, text, _ in cited if text)
    bibs: dict[str, str] = {}
    for key, _, bibtex in cited:
        bibs.setdefault(key, bibtex)
    package = (
        "@software{coalition_models,\n  title = {coalition\\_models},\n"
        f"  version = {{{__version__}}},\n  author = {{The coalition\\_models authors}},\n"
        "  year = {2026}\n}"
    )
    return Citation(
        names=tuple(names),
        text="\n".join([f"{_PACKAGE_TEXT} {__version__} (2026).", *texts]),
        bibtex="\n\n".join([package, *filter(None, bibs.values())]),
        noun="work" if works else "table",
    )


def _cited(name: str, *, work: bool) -> list[tuple[str, str, str]]:
    """Key, text and BibTeX entry of a work, or of all that a table rests on."""
    if work:
        one = article(name)
        return [(one.key, one.text, one.bibtex())]
    return [(one.citation_key, one.citation_text, one.bibtex) for one in _with_upstream(name)]


def _with_upstream(name: str) -> list[Entry]:
    own = entry(name)
    return [own, *(part for source in own.made_from for part in _with_upstream(source))]


def _names(item: object) -> list[str]:
    if isinstance(item, str):
        return [item]
    known = getattr(item, "sources", None)
    if known is None and isinstance(item, pd.DataFrame) and remembers(item):
        known = sources_of(item)
    # a module or a class may have something else under that name
    if isinstance(known, str) or not isinstance(known, Iterable):
        raise DataError(
            f"cannot tell the sources of {type(item).__name__}: give table names, "
            "a panel made by build_panel(), or a fit"
        )
    return [str(name) for name in known]
