"""Ours beside what was printed, number by number."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import pandas as pd

from coalition_models.errors import ReplicationError, first_few
from coalition_models.render import Table
from coalition_models.replications.study import Study, read_published

__all__ = ["MATCHES", "Replication", "compare", "match_printed"]

#: how close a number came
MATCHES = ("exact", "off by one in the last digit", "differs")

_KEY = ["table", "model", "term", "quantity"]


def match_printed(printed: str, ours: float) -> str:
    """Tell how a number of ours, rounded to the printed digits, compares with the printed one.

    Parameters
    ----------
    printed : str
        As printed; its last digit sets the precision.
    ours : float

    Returns
    -------
    str
        One of :data:`MATCHES`.

    Examples
    --------
    >>> match_printed("0.170", 0.16961), match_printed("6.670", 6.67114), match_printed("2.4", 2.6)
    ('exact', 'off by one in the last digit', 'differs')
    """
    if not np.isfinite(ours):
        return MATCHES[2]
    target = Decimal(printed)
    unit = Decimal(1).scaleb(int(target.as_tuple().exponent))
    steps = abs(_round(ours, unit) - target) / unit
    return MATCHES[min(int(steps), 2)]


def _round(value: float, unit: Decimal) -> Decimal:
    return Decimal(repr(float(value))).quantize(unit, ROUND_HALF_UP, Context(prec=400))


@dataclass(frozen=True, repr=False, eq=False)
class Replication:
    """A published study beside our recomputation of it.

    Attributes
    ----------
    study : Study
        The record: article, data, recipe, known deviations.
    table : DataFrame
        One row per printed number: ``table, model, term, quantity, printed, published, ours,
        digits, match, page, note``.
    """

    study: Study
    table: pd.DataFrame

    def counts(self) -> pd.DataFrame:
        """Numbers by table and match, with a last row ``total``.

        Returns
        -------
        DataFrame
            Indexed by table: ``numbers`` and one column per kind of match.
        """
        counted = pd.crosstab(self.table["table"], self.table["match"])
        counted = counted.reindex(list(self.study.tables), fill_value=0)
        counted = counted.reindex(columns=list(MATCHES), fill_value=0)
        counted.insert(0, "numbers", counted.sum(axis=1))
        counted.loc["total"] = counted.sum()
        counted.columns.name = None
        return counted

    def to_table(self, name: str) -> Table:
        """One table of the article: each cell is the printed number / ours at the same digits.

        Parameters
        ----------
        name : str
            As in ``study.tables``.

        Returns
        -------
        Table
            Rows are terms, columns the article's models; ``*`` marks a number that differs.
        """
        if name not in self.study.tables:
            raise ReplicationError(
                f"{self.study.name} has the tables {', '.join(self.study.tables)}; found {name!r}"
            )
        part = self.table[self.table["table"] == name]
        models = list(dict.fromkeys(part["model"]))
        cells = {
            (row.term, row.quantity, row.model): _cell(str(row.printed), float(str(row.ours)))
            for row in part.itertuples(index=False)
        }
        lines = dict.fromkeys(zip(part["term"], part["quantity"], strict=True))
        rows = [
            [t, q.replace("_", " "), *(cells.get((t, q, m), "") for m in models)] for t, q in lines
        ]
        title = f"{name}: {self.study.tables[name]}"
        notes = ["Each cell: printed / ours, rounded to the printed digits.", *self._notes(part)]
        align = "ll" + "r" * len(models)
        return Table(["term", "quantity", *models], rows, title, notes, align)

    def _notes(self, part: pd.DataFrame) -> list[str]:
        wrong = part[part["match"] != MATCHES[0]]
        return [
            f"* {row['model']}, {row['term']}, {row['quantity']}: {row['match']}, "
            f"ours {row['ours']:.6g}" + (f"; {row['note']}" if row["note"] else "")
            for row in wrong.to_dict("records")
        ]

    def _counts_table(self) -> Table:
        counted = self.counts()
        rows = [
            [str(name), *(str(int(n)) for n in row)]
            for name, row in zip(counted.index, counted.to_numpy(), strict=True)
        ]
        article = f"{self.study.citation} https://doi.org/{self.study.doi}"
        notes = [article, f"Data: {self.study.source}.", *self.study.recipe]
        return Table(["table", *counted.columns], rows, self.study.title, notes)

    def _tables(self) -> list[Table]:
        return [*(self.to_table(name) for name in self.study.tables), self._counts_table()]

    def summary(self) -> str:
        """Every table as text, then how many numbers match."""
        return "\n\n".join(table.text() for table in self._tables())

    def markdown(self) -> str:
        """Every table in Markdown."""
        return "\n".join(table.markdown() for table in self._tables())

    def latex(self) -> str:
        """Every table in LaTeX."""
        return "\n".join(table.latex() for table in self._tables())

    def html(self) -> str:
        """Every table in HTML."""
        return "\n".join(table.html() for table in self._tables())

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        total = self.counts().loc["total"]
        return (
            f"<Replication {self.study.name}: {total['exact']} of {total['numbers']} numbers exact>"
        )

    def _repr_html_(self) -> str:
        return self.html()


def _cell(printed: str, ours: float) -> str:
    unit = Decimal(1).scaleb(int(Decimal(printed).as_tuple().exponent))
    shown = str(_round(ours, unit)) if np.isfinite(ours) else "none"
    return f"{printed} / {shown}" + ("" if match_printed(printed, ours) == MATCHES[0] else " *")


def compare(study: Study, data: pd.DataFrame) -> Replication:
    """Recompute a study and lay ours beside the printed numbers.

    Parameters
    ----------
    study : Study
    data : DataFrame
        The study's data, as the catalogue gives them.

    Returns
    -------
    Replication

    Raises
    ------
    ReplicationError
        If the recipe does not give a number that was printed, or gives one twice.
    """
    printed = read_published(study.name)
    ours = study.compute(data)
    twice = ours[ours.duplicated(_KEY)]
    if len(twice):
        keys = twice[_KEY].agg(" ".join, axis=1)
        raise ReplicationError(f"{study.name} computes a number twice: {first_few(keys)}")
    joined = printed.merge(ours, on=_KEY, how="left", validate="one_to_one", indicator=True)
    absent = joined[joined["_merge"] != "both"]
    if len(absent):
        keys = absent[_KEY].agg(" ".join, axis=1)
        raise ReplicationError(f"{study.name} does not compute: {first_few(keys)}")
    pairs = list(zip(joined["printed"], joined["ours"], strict=True))
    joined["published"] = joined["printed"].astype(float)
    joined["digits"] = [max(0, -int(Decimal(text).as_tuple().exponent)) for text, _ in pairs]
    joined["match"] = [match_printed(text, value) for text, value in pairs]
    joined["note"] = [
        study.deviations.get((t, m, x, q), "")
        for t, m, x, q in joined[_KEY].itertuples(index=False, name=None)
    ]
    columns = [*_KEY, "printed", "published", "ours", "digits", "match", "page", "note"]
    return Replication(study, joined[columns])
