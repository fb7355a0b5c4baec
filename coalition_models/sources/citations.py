"""How to cite: BibTeX and text for tables, panels and fits."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.record import remembers, sources_of
from coalition_models.sources.catalog import Entry, entry

__all__ = ["Citation", "cite"]

_PACKAGE_TEXT = (
    "coalition_models: a Python package on why states leave military coalitions, version"
)


@dataclass(frozen=True, repr=False)
class Citation:
    """References of one or more tables: ``text`` for people, ``bibtex`` for a bibliography."""

    names: tuple[str, ...]
    text: str
    bibtex: str

    def __repr__(self) -> str:
        if not self.names:
            return "<Citation of the package>"
        return f"<Citation of {counted(len(self.names), 'table')}: {first_few(self.names, 5)}>"

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
        Table names, or results that remember their sources. Without any, the package alone.

    Returns
    -------
    Citation
        Prints as text; ``.bibtex`` holds the BibTeX entries, each source once.

    Examples
    --------
    >>> import coalition_models as cm
    >>> print(cm.cite("fatalities"))
    coalition_models: ...
    icasualties.org ...
    >>> "Penn World Table" in cm.cite("state_years").text
    True
    """
    from coalition_models.about import __version__

    names: dict[str, None] = {}
    for item in items:
        for name in _names(item):
            names[name] = None
    entries = [part for name in names for part in _with_upstream(name)]
    texts = dict.fromkeys(e.citation_text for e in entries if e.citation_text)
    bibs = dict.fromkeys(e.bibtex for e in entries if e.bibtex)
    package = (
        "@software{coalition_models,\n  title = {coalition\\_models},\n"
        f"  version = {{{__version__}}},\n  author = {{The coalition\\_models authors}},\n"
        "  year = {2026}\n}"
    )
    return Citation(
        names=tuple(names),
        text="\n".join([f"{_PACKAGE_TEXT} {__version__} (2026).", *texts]),
        bibtex="\n\n".join([package, *bibs]),
    )


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
