"""A published study beside our recomputation of it, number by number."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from coalition_models.errors import ReplicationError, counted
from coalition_models.render import Table, format_number, format_p, frame_table
from coalition_models.replications.claims import check_claims, claims_explained, claims_in_words
from coalition_models.replications.code import code_of
from coalition_models.replications.look import STYLE, scrolling
from coalition_models.replications.matching import MATCHES, match_printed, rounded_as
from coalition_models.replications.numbers import MODEL
from coalition_models.replications.study import Study

__all__ = ["Replication", "in_words"]


@dataclass(frozen=True, repr=False, eq=False)
class Replication:
    """A published study beside our recomputation of it.

    Attributes
    ----------
    study : Study
        The record: article, data, recipe, known deviations.
    table : DataFrame
        One row per printed number: ``table, model, term, quantity, printed, published, ours,
        digits, match, page, note``. ``match`` is empty where the data of a model are not at hand,
        and where nothing was printed (a study in spirit). ``note`` says why ours differs.
    missing : tuple of str
        Sources that were not at hand, each with how to get it.
    remarks : tuple of str
        What was told while fitting, each with its model.
    """

    study: Study
    table: pd.DataFrame
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def counts(self) -> pd.DataFrame:
        """Printed numbers by table and match, with a last row ``total``.

        Returns
        -------
        DataFrame
            Indexed by table: ``numbers`` (all that were printed) and one column per kind of match.
        """
        printed = self.table[self.table["printed"] != ""]
        counted_by = pd.crosstab(printed["table"], printed["match"])
        counted_by = counted_by.reindex(list(self.study.tables), fill_value=0)
        numbers = counted_by.sum(axis=1)
        counted_by = counted_by.reindex(columns=list(MATCHES), fill_value=0)
        counted_by.insert(0, "numbers", numbers)
        counted_by.loc["total"] = counted_by.sum()
        counted_by.columns.name = None
        return counted_by.astype(int)

    @property
    def claims(self) -> pd.DataFrame:
        """The authors' claims beside ours, in a study in spirit; see :func:`check_claims`."""
        return check_claims(self.study, self.table)

    @property
    def unlisted(self) -> pd.DataFrame:
        """Numbers that are not exact and have no reason in the record."""
        wrong = self.table["match"].isin(MATCHES[1:])
        return self.table[wrong & (self.table["note"] == "")]

    @property
    def verdict(self) -> str:
        """How close the recomputation came, in a line."""
        total = self.counts().T["total"]
        if not total["numbers"]:
            line = f"{counted(len(self.table), 'number')} of ours, none printed"
            return f"{line}; {claims_in_words(self.claims)}" if len(self.claims) else line
        line = f"{total['numbers']} printed numbers: {in_words(total)}"
        absent = total["numbers"] - total[list(MATCHES)].sum()
        if absent:
            line += f", {absent} without their data"
        wrong = len(self.unlisted)
        if total[list(MATCHES[1:])].sum():
            line += (
                f"; {counted(wrong, 'deviation')} unlisted" if wrong else "; all of these listed"
            )
        return line

    def code(self, model: str, table: str | None = None) -> str:
        """The code that a reader would type to get a model.

        Parameters
        ----------
        model : str
            As in the article's table.
        table : str, optional
            Where two tables have a model of this name.

        Raises
        ------
        ReplicationError
            If the study has no such model, or several.
        """
        found = [
            one for one in self.study.models if one.name == model and table in (None, one.table)
        ]
        if len(found) != 1:
            known = ", ".join(f"{one.name!r} ({one.table})" for one in found or self.study.models)
            raise ReplicationError(
                f"{self.study.name} has {len(found) or 'no'} model {model!r}: give one of {known}, "
                "and its table"
            )
        return code_of(self.study, found[0])

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
            (row["term"], row["quantity"], row["model"]): _cell(row)
            for row in part.to_dict("records")
        }
        pairs = dict.fromkeys(zip(part["term"], part["quantity"], strict=True))
        # a term is named once, above its other quantities; what is of the whole model stands last
        first = {term: at for at, (term, _) in reversed(list(enumerate(pairs)))}
        lines = sorted(pairs, key=lambda pair: (pair[0] == MODEL, first[pair[0]]))
        named = ["", *(term for term, _ in lines)]
        rows = [
            [
                "" if t == above else t,
                q.replace("_", " "),
                *(cells.get((t, q, m), "") for m in models),
            ]
            for (t, q), above in zip(lines, named, strict=False)
        ]
        title = f"{name}: {self.study.tables[name]}"
        printed = self.study.kind == "printed"
        said = "Each cell: printed / ours, rounded to the printed digits." if printed else _OURS
        align = "ll" + "r" * len(models)
        return Table(["term", "quantity", *models], rows, title, [said, *_notes(part)], align)

    def _counts_table(self) -> Table:
        found = self.counts()
        rows = [
            [str(name), *(str(int(n)) for n in row)]
            for name, row in zip(found.index, found.to_numpy(), strict=True)
        ]
        study = self.study
        notes = [f"{self.verdict}.", study.citation, f"Data: {', '.join(study.sources)}."]
        notes += [*self.missing, *study.recipe]
        notes += [f"Left out: {study.left_out}"] if study.left_out else []
        notes += [f"The same: {one}" for one in study.same]
        notes += [f"Different: {one}" for one in study.differs]
        return Table(["table", *found.columns], rows, study.title, [*notes, *self.remarks])

    def _tables(self) -> list[Table]:
        tables = [*(self.to_table(name) for name in self.study.tables), self._counts_table()]
        return [*tables, self.claims_table()] if self.study.claims else tables

    def claims_table(self) -> Table:
        """The authors' claims beside ours, ready for print."""
        found = self.claims
        none = found["expected"] == "0"
        said = {
            "expected": found["expected"].map(_EXPECTED),
            "p_value": found["p_value"].map(format_p),
            "sign_holds": found["sign_holds"].map(_YES_NO).fillna(""),
            "holds": found["holds"]
            .map(_YES_NO)
            .mask(none, found["holds"].map({True: "not contradicted", False: "no"}))
            .fillna(""),
        }
        bound = found["benchmark"].map("{:g}".format).mask(found["benchmark"] == 0, "nought")
        said["expected"] = (said["expected"] + bound).mask(none, "none")
        shown = found.assign(**said).drop(columns="benchmark")
        return frame_table(shown, title="Claims", notes=claims_explained(found))

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
        """Every table in HTML, with its own style; wide ones scroll."""
        tables = "\n".join(scrolling(table.html()) for table in self._tables())
        return f'{STYLE}<div class="study-page">{tables}</div>'

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        return f"<Replication {self.study.name}: {self.verdict}>"

    def _repr_html_(self) -> str:
        return self.html()


_EXPECTED = {"+": "above ", "-": "below ", "0": ""}
_YES_NO = {True: "yes", False: "no"}
#: the kinds of match as a sentence names them
_SAID = ("exact", "off by one in the last digit", "different")
_OURS = "Ours, with the authors' specification; nothing of it was printed."


def in_words(total: pd.Series) -> str:
    """Counts by kind of match, as a verdict says them.

    Examples
    --------
    >>> in_words(pd.Series([5, 1, 0], index=MATCHES))
    '5 exact, 1 off by one in the last digit, 0 different'
    """
    return ", ".join(f"{total[kind]} {said}" for kind, said in zip(MATCHES, _SAID, strict=True))


def _cell(row: Mapping[Hashable, object]) -> str:
    printed, ours = str(row["printed"]), float(str(row["ours"]))
    if not printed:
        return _unprinted(str(row["quantity"]), ours)
    if not row["match"]:
        return f"{printed} / -"
    mark = "" if match_printed(printed, ours) == MATCHES[0] else " *"
    return f"{printed} / {rounded_as(printed, ours)}{mark}"


def _unprinted(quantity: str, ours: float) -> str:
    if quantity.endswith("p_value"):
        return format_p(ours)
    return str(int(ours)) if quantity in _COUNTS else format_number(ours)


#: what is counted and not measured
_COUNTS = ("rows", "dropped", "events")


def _notes(part: pd.DataFrame) -> list[str]:
    """What differs: one by one, and those of one reason together where they are many."""
    wrong = part[part["match"].isin(MATCHES[1:])]
    lines = []
    for note in dict.fromkeys(wrong["note"]):
        rows = wrong[wrong["note"] == note]
        if note and len(rows) > _MANY:
            lines.append(f"* {len(rows)} numbers: {note}")
            continue
        lines += [
            f"* {row['model']}, {row['term']}, {row['quantity']}: {row['match']}, "
            f"ours {row['ours']:.9g}" + (f"; {note}" if note else "")
            for row in rows.to_dict("records")
        ]
    return lines


#: from how many numbers of one reason on a table does not list them one by one
_MANY = 5
