"""The works that claims, rules, windows, replications and sources refer to, each by its key."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache

from coalition_models.errors import DataError, first_few
from coalition_models.sources._paths import data_dir

__all__ = ["Article", "article", "articles"]

#: entry type of BibTeX -> its fields, in the order in which they are written
_KINDS = {
    "article": ("journal", "volume", "number", "pages"),
    "book": ("publisher",),
    "techreport": ("institution", "type"),
    "misc": ("howpublished",),
}
_ACCENTS = {"\u0301": "'", "\u0308": '"', "\u0300": "`", "\u0302": "^"}
_LETTERS = {"ø": r"{\o}", "Ø": r"{\O}", "å": r"{\aa}", "ß": r"{\ss}", "&": r"\&"}


@dataclass(frozen=True, kw_only=True)
class Article:
    """A work, as far as it is known here; what was not checked is empty.

    Attributes
    ----------
    key : str
    kind : {"article", "book", "techreport", "misc"}
        Entry type of BibTeX.
    authors : tuple of str
        ``"Surname, First names"``; an organisation in braces.
    year : int or None
    title : str
        Braces protect capitals in BibTeX.
    journal, volume, number, pages, publisher, institution, type, howpublished : str
        Where it was published; which of them depends on ``kind``.
    doi : str
    seen : str
        How much of it was read when its finding was written down.
    """

    key: str
    kind: str = "article"
    authors: tuple[str, ...] = ()
    year: int | None = None
    title: str = ""
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    institution: str = ""
    type: str = ""
    howpublished: str = ""
    doi: str = ""
    seen: str = ""

    @property
    def short(self) -> str:
        """Surnames and year, as a text names the work.

        Examples
        --------
        >>> article("pilster_boehmelt_tago_2015").short
        'Pilster, Boehmelt and Tago (2015)'
        """
        names = _listed([_plain(name).partition(", ")[0] for name in self.authors])
        return f"{names} ({self.year})" if self.year else names

    @property
    def plain_title(self) -> str:
        """The title without the braces that protect capitals in BibTeX.

        Examples
        --------
        >>> article("tago_2009").plain_title[:40]
        'When Are Democratic Friends Unreliable? '
        """
        return _plain(self.title)

    @property
    def reference(self) -> str:
        """One line for tables: surnames, year and place, without the title.

        Examples
        --------
        >>> article("tago_2009").reference
        'Tago (2009), Journal of Peace Research 46(2): 219-234'
        """
        place = self._place() or ("book" if self.kind == "book" else "")
        doi = f"doi {self.doi}" if self.doi and not self.volume else ""
        return ", ".join(part for part in (self.short, place, doi) if part)

    @property
    def text(self) -> str:
        """The citation in full.

        Examples
        --------
        >>> article("martin_1992").text[:51]
        'Martin, Lisa L. (1992). Coercive Cooperation: Expla'
        """
        first, *others = [_plain(name) for name in self.authors] or [""]
        names = _listed([first, *(" ".join(reversed(name.split(", ", 1))) for name in others)])
        head = f"{names} ({self.year})" if self.year else names
        parts = [part for part in (head, self.plain_title, _opened(self._place())) if part]
        return " ".join(part if part.endswith(("?", ".")) else f"{part}." for part in parts)

    def bibtex(self, *, doi: bool = True) -> str:
        """Write the BibTeX entry.

        Parameters
        ----------
        doi : bool
            Whether to give the DOI, where one is known.

        Examples
        --------
        >>> print(article("martin_1992").bibtex())
        @book{martin_1992,
          author = {Martin, Lisa L.},
          title = {Coercive Cooperation: Explaining Multilateral Economic Sanctions},
          publisher = {Princeton University Press},
          year = {1992}
        }
        """
        given = {
            "author": " and ".join(self.authors),
            "title": self.title,
            **{name: str(getattr(self, name)) for name in _KINDS[self.kind]},
            "year": str(self.year or ""),
            "doi": self.doi if doi else "",
        }
        lines = [
            f"  {name} = {{{text if name == 'doi' else _latex(text)}}}"
            for name, text in given.items()
            if text
        ]
        return f"@{self.kind}{{{self.key},\n" + ",\n".join(lines) + "\n}"

    def _place(self) -> str:
        if self.kind == "article":
            issue = f"{self.volume}({self.number})" if self.number else self.volume
            place = f"{self.journal} {issue}".strip()
            return f"{place}: {self.pages}" if self.pages else place
        parts = (self.type, self.institution, self.publisher, self.howpublished)
        return ", ".join(part for part in parts if part)


def article(key: str) -> Article:
    """Look up a work by its key.

    Parameters
    ----------
    key : str
        Surnames and year, as in ``data/articles.toml``.

    Returns
    -------
    Article

    Raises
    ------
    DataError
        If the key is unknown; the message lists the nearest.

    Examples
    --------
    >>> article("weisiger_2016").short
    'Weisiger (2016)'
    >>> article("weisiger_2015")
    Traceback (most recent call last):
    coalition_models.errors.DataError: no work is known as 'weisiger_2015'; nearest ...
    """
    known = articles()
    if key not in known:
        near = get_close_matches(key, known, n=5, cutoff=0.5)
        hint = f"nearest keys: {', '.join(near)}" if near else "data/articles.toml holds all"
        raise DataError(f"no work is known as {key!r}; {hint}")
    return known[key]


@lru_cache(maxsize=1)
def articles() -> Mapping[str, Article]:
    """Read every work by key, in the order of the file.

    Raises
    ------
    DataError
        If the file is no TOML, or a record has a field that is unknown or of another kind.

    Examples
    --------
    >>> "mello_2020" in articles()
    True
    """
    path = data_dir() / "articles.toml"
    try:
        return parse_articles(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error}; install the package again") from error


def parse_articles(text: str) -> dict[str, Article]:
    """Read a file of works; see :func:`articles`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"the file of works is no TOML: {error}") from error
    problems = [f"{key}: {said}" for key, given in raw.items() for said in _problems(given)]
    if problems:
        listing = "\n".join(f"  - {problem}" for problem in problems)
        raise DataError(f"the file of works is inconsistent; mend it:\n{listing}")
    return {
        key: Article(**{**given, "key": key, "authors": tuple(given.get("authors", ()))})
        for key, given in raw.items()
    }


def _problems(given: object) -> list[str]:
    if not isinstance(given, dict):
        return ["expected a table with authors, year, title, ..."]
    known = [one.name for one in fields(Article) if one.name != "key"]
    authors = given.get("authors", [])
    texts = [name for name in given if name not in ("authors", "year")]
    kind = given.get("kind", "article")
    place = _KINDS.get(kind) if isinstance(kind, str) else None
    elsewhere = {one for names in _KINDS.values() for one in names}
    checks = (
        ([name for name in given if name not in known], "unknown"),
        ([name for name in texts if not isinstance(given[name], str)], "text expected in"),
        ([] if _all_texts(authors) else ["authors"], "a list of names expected in"),
        ([] if isinstance(given.get("year", 0), int) else ["year"], "a number expected in"),
        ([] if place else [kind], f"kind must be one of {', '.join(_KINDS)}, not"),
        ([n for n in given if n in elsewhere and n not in (place or given)], f"no part of {kind}:"),
    )
    return [f"{said} {first_few(wrong)}" for wrong, said in checks if wrong]


def _all_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def _opened(sentence: str) -> str:
    """A sentence with a capital, unless it opens with an address."""
    plain = re.match(r"[a-z]+( |$)", sentence)
    return sentence[:1].upper() + sentence[1:] if plain else sentence


def _plain(text: str) -> str:
    return text.replace("{", "").replace("}", "")


def _latex(text: str) -> str:
    """Text as BibTeX takes it in: accents, quotation marks, dashes between numbers."""
    text = re.sub(r"(?<=\d)-(?=\d)", "--", text)
    text = re.sub(r'"([^"]*)"', r"``\1''", text)
    return "".join(_LETTERS.get(letter) or _accented(letter) for letter in text)


def _accented(letter: str) -> str:
    base, *marks = list(unicodedata.normalize("NFD", letter))
    if not marks:
        return letter
    return f"{{\\{_ACCENTS[marks[0]]}{base}}}" if marks[0] in _ACCENTS else letter
