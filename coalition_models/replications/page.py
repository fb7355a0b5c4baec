"""A study as a page: the article, its tables as printed with ours beside them, and a comment."""

from __future__ import annotations

import html as html_lib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coalition_models.arguments import check_arguments
from coalition_models.errors import ReplicationError, first_few, gathered
from coalition_models.render import Table
from coalition_models.replications.comparison import Replication
from coalition_models.replications.look import STYLE, scrolling
from coalition_models.replications.own import table_of
from coalition_models.replications.registry import found_study, lacking, needs, replicate
from coalition_models.replications.study import Study
from coalition_models.replications.variances import printed_se
from coalition_models.replications.words import comment, covariance_in_words, curve_in_words
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.kept import tables_kept

__all__ = ["StudyPage", "study_page"]

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, repr=False, eq=False)
class StudyPage:
    """A study as its article shows it, with ours and a comment.

    Attributes
    ----------
    study : Study
    notes : str
        What is known of the data and of what was seen.
    result : Replication or None
        None where the data are not at hand.
    tables : tuple of str
        Which tables are shown.
    comment : tuple of str
        Sentences whose numbers are those of the run; without data, what is missing and how to get
        it.
    curve : SpecCurve or None
        Of a study in spirit, where it was asked for: ``cm.plot.spec_curve`` draws it.
    """

    study: Study
    notes: str
    result: Replication | None
    tables: tuple[str, ...]
    comment: tuple[str, ...]
    curve: SpecCurve | None = None

    @property
    def head(self) -> tuple[str, ...]:
        """Reference, question, and what is known of the data."""
        kept = (self.study.citation, self.study.question, *self.notes.split("\n\n"))
        return tuple(text for text in kept if text)

    def _shown(self) -> list[Table]:
        if self.result is None:
            return []
        shown = [self.result.to_table(name) for name in self.tables]
        return [*shown, self.result.claims_table()] if self.study.claims else shown

    def html(self) -> str:
        """The page as a part of one, with its own style; wide tables scroll."""
        tables = "".join(scrolling(one.html()) for one in self._shown())
        title = f"<h3>{html_lib.escape(self.study.title)}</h3>"
        head, said = _paragraphs(self.head), _paragraphs([f"- {text}" for text in self.comment])
        return f'{STYLE}<div class="study-page">{title}{head}{tables}{said}</div>'

    def markdown(self) -> str:
        """The page in Markdown."""
        tables = [one.markdown() for one in self._shown()]
        said = "\n".join(f"- {text}" for text in self.comment)
        return "\n\n".join([f"### {self.study.title}", *self.head, *tables, said]) + "\n"

    def latex(self) -> str:
        """The tables in LaTeX, without the comment."""
        return "\n".join(one.latex() for one in self._shown())

    def summary(self) -> str:
        """The page as text."""
        tables = [one.text() for one in self._shown()]
        return "\n\n".join([self.study.title, *self.head, *tables, *self.comment])

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.html()


def _paragraphs(texts: Sequence[str]) -> str:
    """Texts as paragraphs, those after a dash as a list."""
    lines = []
    for text in texts:
        shown = _CODE.sub(r"<code>\1</code>", html_lib.escape(text.removeprefix("- ")))
        lines.append(f"<li>{shown}</li>" if text.startswith("- ") else f"<p>{shown}</p>")
    return re.sub(r"(?:<li>.*?</li>)+", r"<ul>\g<0></ul>", "".join(lines))


def study_page(
    name: str | Path,
    tables: Sequence[str] | None = None,
    covariance: bool = False,
    curve: bool = False,
) -> StudyPage:
    """Show a study as its article does, with ours beside each number, and say what that shows.

    Parameters
    ----------
    name : str or Path
        As :func:`replicate` takes it.
    tables : sequence of str, optional
        Which of its tables to show, all by default; the comment is on all of them.
    covariance : bool
        Whether to say which covariance gives the printed standard errors, see :func:`printed_se`.
    curve : bool
        Whether to estimate a study in spirit in every specification between theirs and ours, see
        :func:`spirit_curve`.

    Returns
    -------
    StudyPage
        Shows itself in a notebook; ``html()``, ``markdown()``, ``latex()``, ``summary()``. Nothing
        is fetched: where the data are not at hand it says what is missing and how to get it.

    Raises
    ------
    ReplicationError
        Unknown study or table.

    Examples
    --------
    >>> study_page("martin-1992", tables=["Table 9"])
    Traceback (most recent call last):
    coalition_models.errors.ReplicationError: martin-1992 has the tables Cost of sanctions; ...
    """
    check_arguments(study_page, locals())
    study, folder = found_study(name)
    asked = tuple(study.tables) if tables is None else tuple(tables)
    unknown = [one for one in asked if one not in study.tables]
    if unknown:
        raise ReplicationError(
            f"{study.name} has the tables {', '.join(study.tables)}; found {first_few(unknown)}"
        )
    missing = lacking(study)
    there = {source: table_of(study, source) for source in study.sources if source not in missing}
    if missing and (not there or study.kind == "in spirit"):
        said = (f"Not recomputed: it {needs(study, study.sources)}.",)
        return StudyPage(study, _notes(folder), None, asked, said)
    with tables_kept():
        result = replicate(name, there)
        with gathered():  # what the panels tell is among the remarks of the result
            drawn = study.curve(there[study.sources[0]]) if curve and study.curve else None
    lines = [*comment(result), *result.missing]
    if covariance:
        lines += covariance_in_words(printed_se(name, there))
    lines += [curve_in_words(drawn)] if drawn is not None else []
    return StudyPage(study, _notes(folder), result, asked, tuple(lines), drawn)


def _notes(folder: Path) -> str:
    """The text of the folder's notes, a paragraph a line, without its heading."""
    file = folder / "notes.md"
    if not file.is_file():
        return ""
    blocks = re.split(r"\n\s*\n|\n(?=- )", file.read_text(encoding="utf-8"))
    kept = [" ".join(block.split()) for block in blocks if not block.startswith("#")]
    return "\n\n".join(kept)
