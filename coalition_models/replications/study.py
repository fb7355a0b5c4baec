"""A study that can be replicated: article, printed numbers, data, and the recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources

import pandas as pd

from coalition_models.errors import ReplicationError, first_few
from coalition_models.sources.literature import article

__all__ = ["Study", "read_published"]

_COLUMNS = ["table", "model", "term", "quantity", "printed", "page"]


@dataclass(frozen=True)
class Study:
    """Record of a published study.

    Parameters
    ----------
    name : str
        What :func:`replicate` is called with.
    article : str
        Key of the article, see :func:`~coalition_models.sources.literature.article`.
    source : str
        Name of the data in the catalogue.
    published : str
        File of printed numbers in ``replications/published``.
    tables : mapping
        Name of each table -> what it shows.
    recipe : tuple of str
        Every choice that the numbers depend on.
    deviations : mapping
        ``(table, model, term, quantity)`` -> why ours differs from what was printed.
    compute : callable
        Takes the data, gives ``table, model, term, quantity, ours``, one row per number.
    """

    name: str
    article: str
    source: str
    published: str
    tables: Mapping[str, str]
    recipe: tuple[str, ...]
    compute: Callable[[pd.DataFrame], pd.DataFrame]
    deviations: Mapping[tuple[str, str, str, str], str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Title of the article."""
        return article(self.article).title

    @property
    def citation(self) -> str:
        """The article in full."""
        return article(self.article).text

    @property
    def doi(self) -> str:
        """DOI of the article."""
        return article(self.article).doi


def read_published(file: str) -> pd.DataFrame:
    """Read printed numbers as the text that was printed.

    Parameters
    ----------
    file : str
        Name of a file in ``replications/published``.

    Returns
    -------
    DataFrame
        ``table, model, term, quantity, printed, page``; all text, so that ``0.170`` keeps its
        last digit.

    Raises
    ------
    ReplicationError
        If a column is missing, a number is no number, or a key is repeated.

    Examples
    --------
    >>> read_published("box_steffensmeier_zorn_2001.csv")["printed"].head(2).tolist()
    ['-0.439', '0.123']
    """
    path = resources.files("coalition_models.replications") / "published" / file
    with path.open("r", encoding="utf-8") as stream:
        frame = pd.read_csv(stream, dtype=str, keep_default_na=False)
    problems = []
    if list(frame.columns) != _COLUMNS:
        raise ReplicationError(
            f"{file} must have the columns {', '.join(_COLUMNS)}; found {', '.join(frame.columns)}"
        )
    no_number = frame[pd.to_numeric(frame["printed"], errors="coerce").isna()]
    if len(no_number):
        problems.append(f"no number: {first_few(no_number['printed'])}")
    repeated = frame[frame.duplicated(_COLUMNS[:4])]
    if len(repeated):
        keys = repeated[_COLUMNS[:4]].agg(" ".join, axis=1)
        problems.append(f"repeated: {first_few(keys)}")
    if problems:
        raise ReplicationError(f"{file} must hold one number per row; {'; '.join(problems)}")
    return frame
