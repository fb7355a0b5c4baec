"""A study that can be replicated: article, data, and the models whose numbers were printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from coalition_models.errors import ReplicationError, first_few
from coalition_models.models.specification import Specification
from coalition_models.replications.numbers import Result
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.literature import Article, article

__all__ = ["Claim", "Model", "Rows", "Study"]

#: from a source's table to the rows that models are fitted to
Rows = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Model:
    """One model of a study: a column of a printed table.

    Parameters
    ----------
    table, name : str
        As in the study's ``published.csv``.
    fit : Specification or callable
        A model of this package, or a function of the rows that gives a ``Fit`` or an
        :class:`~coalition_models.replications.numbers.Estimated`.
    where : str
        Condition on the rows, as :meth:`pandas.DataFrame.query` takes it; all rows without one.
    prepare : callable, optional
        From the source's table to the rows.
    source : str
        Which of the study's sources; the first by default.
    options : mapping
        Further arguments of a function in ``fit``.
    """

    table: str
    name: str
    fit: Specification | Callable[..., Result]
    where: str = ""
    prepare: Rows | None = None
    source: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    def rows(self, data: pd.DataFrame) -> pd.DataFrame:
        """The rows of the model in a source's table.

        Raises
        ------
        ReplicationError
            If ``prepare`` or ``where`` fail on it.
        """
        made = data
        if self.prepare is not None:
            with self._naming(f"prepare ({getattr(self.prepare, '__name__', '')})", data):
                made = self.prepare(data)
        if not self.where:
            return made
        with self._naming(f"where ({self.where})", made):
            return made.query(self.where)

    @contextmanager
    def _naming(self, step: str, data: pd.DataFrame) -> Iterator[None]:
        """Say of which model, and of which step, an error is."""
        try:
            yield
        except (
            LookupError,
            NameError,
            SyntaxError,
            TypeError,
            ValueError,
            AttributeError,
        ) as error:
            raise ReplicationError(
                f"{self.table}, {self.name}: {step} fails with {type(error).__name__}: {error}; "
                f"its table has the columns {first_few(list(map(str, data.columns)))}: mend it in "
                "study.py"
            ) from error


@dataclass(frozen=True)
class Claim:
    """What the authors say of a term, to be held against ours in a study in spirit.

    Parameters
    ----------
    text : str
        The claim in words.
    table, model, term, quantity : str
        Which of our numbers speaks to it.
    sign : {"+", "-", "0"}
        Above or below the benchmark, or not told from it.
    benchmark : float
        0 for a coefficient.
    """

    text: str
    table: str
    model: str
    term: str
    sign: Literal["+", "-", "0"]
    quantity: str = "coefficient"
    benchmark: float = 0.0


@dataclass(frozen=True)
class Study:
    """Record of a published study.

    Parameters
    ----------
    name : str
        What :func:`replicate` is called with.
    article : str or Article
        Key of the article, see :func:`~coalition_models.sources.literature.article`; or an
        :class:`~coalition_models.sources.literature.Article` of your own.
    sources : tuple of str
        Names of the data in the catalogue; in a study of your own also of files beside its
        ``study.py`` (``cases.csv``, ``cases.dta``).
    tables : mapping
        Name of each table -> what it shows.
    recipe : tuple of str
        Every choice that the numbers depend on.
    models : tuple of Model
    question : str
        What the study asks.
    kind : {"printed", "in spirit"}
        Whether its numbers were printed, or are ours with the authors' specification.
    deviations : mapping
        A word in the column ``deviation`` of ``published.csv`` -> why ours differs from what was
        printed.
    clusters : tuple of str
        Columns by which standard errors may have been clustered, for :func:`printed_se`.
    left_out : str
        What was printed and is not recomputed, and why.
    same, differs : tuple of str
        Of a study in spirit: what is as in the article, and what is not.
    claims : tuple of Claim
        Of a study in spirit: what the authors say.
    curve : callable, optional
        Of a study in spirit: from the first source's table to the specification curve between
        their specification and ours.
    folder : Path, optional
        Where a study of your own stands; set as it is read.

    Raises
    ------
    ReplicationError
        If two models share table and name, or a model names no table or source of the study.
    """

    name: str
    article: str | Article
    sources: tuple[str, ...]
    tables: Mapping[str, str]
    recipe: tuple[str, ...]
    models: tuple[Model, ...]
    question: str = ""
    kind: Literal["printed", "in spirit"] = "printed"
    deviations: Mapping[str, str] = field(default_factory=dict)
    clusters: tuple[str, ...] = ()
    left_out: str = ""
    same: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    curve: Callable[[pd.DataFrame], SpecCurve] | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        keys = [(model.table, model.name) for model in self.models]
        problems = []
        twice = [" ".join(key) for key in dict.fromkeys(keys) if keys.count(key) > 1]
        if twice:
            problems.append(f"models given twice: {first_few(twice)}")
        stray = [table for table, _ in keys if table not in self.tables]
        if stray:
            problems.append(f"models of tables that it has not: {first_few(stray)}")
        unknown = {model.source for model in self.models} - {"", *self.sources}
        if unknown:
            problems.append(f"models of sources that it has not: {first_few(sorted(unknown))}")
        if self.kind not in ("printed", "in spirit"):
            problems.append(f"kind must be 'printed' or 'in spirit', not {self.kind!r}")
        known = set(keys)
        lost = [one.text for one in self.claims if (one.table, one.model) not in known]
        if lost:
            problems.append(f"claims of models that it has not: {first_few(lost)}")
        if not self.sources:
            problems.append("no source")
        if problems:
            raise ReplicationError(f"study {self.name}: {'; '.join(problems)}")

    @property
    def work(self) -> Article:
        """The article."""
        return article(self.article) if isinstance(self.article, str) else self.article

    @property
    def title(self) -> str:
        """Title of the article; authors and year where the title was not seen."""
        return self.work.plain_title or f"{self.work.text.partition('). ')[0]})"

    @property
    def citation(self) -> str:
        """The article in full, with its DOI where that is known."""
        return f"{self.work.text} {self.doi and f'https://doi.org/{self.doi}'}".strip()

    @property
    def doi(self) -> str:
        """DOI of the article."""
        return self.work.doi

    def source_of(self, model: Model) -> str:
        """The source of a model's rows."""
        return model.source or self.sources[0]
