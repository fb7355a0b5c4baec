"""The part of the report on published studies: what they printed beside what their data give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from coalition_models.render import Table
from coalition_models.replications.comparison import MATCHES, Replication
from coalition_models.replications.registry import list_replications, replicate
from coalition_models.report.html import Listing, Section, Shown
from coalition_models.report.part import Page, Part, Run
from coalition_models.report.product import Product
from coalition_models.sources.fetch import at_hand, files_of

__all__ = ["PART", "Replications", "replicate_all", "replication_products"]

_ROW = "study"


@dataclass(frozen=True)
class Replications:
    """What :func:`replicate_all` finds.

    Attributes
    ----------
    listed : DataFrame
        As :func:`list_replications` gives it.
    found : mapping
        Study -> :class:`Replication`.
    absent : mapping
        Study -> why it could not be recomputed.
    """

    listed: pd.DataFrame
    found: Mapping[str, Replication]
    absent: Mapping[str, str]

    def counts(self) -> pd.DataFrame:
        """Printed numbers by study, and how close ours come; missing for studies without data."""
        rows = []
        for name, numbers in self.listed["numbers"].items():
            one = self.found.get(str(name))
            total = {} if one is None else one.counts().loc["total", list(MATCHES)].to_dict()
            rows.append({_ROW: name, "numbers": numbers, **total})
        columns = [_ROW, "numbers", *MATCHES]
        whole = dict.fromkeys(MATCHES, "Int64")
        return pd.DataFrame(rows).reindex(columns=columns).astype(whole)


def replicate_all() -> Replications:
    """Recompute every study whose data are at hand; nothing is fetched.

    Examples
    --------
    >>> found = replicate_all()
    >>> sorted([*found.found, *found.absent])
    ['box-steffensmeier-zorn-2001']
    """
    listed = list_replications()
    found, absent = {}, {}
    for name, source in listed["source"].items():
        lacking = [part for part in files_of(source) if not at_hand(part)]
        if lacking:
            fetch = f"coalition-models data fetch {' '.join(lacking)}"
            absent[str(name)] = f"needs {', '.join(lacking)}, not at hand: {fetch}"
        else:
            found[str(name)] = replicate(str(name))
    return Replications(listed, found, absent)


def replication_products(analysis: Replications) -> Product:
    """Make the tables: those of each study, named after it, and how many numbers match."""
    counts = analysis.counts()
    frames = {"counts": counts}
    tables = {"counts": _counts_table(counts)}
    for name, one in analysis.found.items():
        frames[name] = one.table
        for table in one.study.tables:
            tables[_file(name, table)] = one.to_table(table)
    return Product(tables, frames, {})


def _file(study: str, table: str) -> str:
    return f"{study}_{table.lower().replace(' ', '_')}"


def _counts_table(counts: pd.DataFrame) -> Table:
    rows = [["" if pd.isna(cell) else str(cell) for cell in row] for row in counts.to_numpy()]
    note = "numbers: printed in the article and compared; a study without data has no other cells."
    title = "Printed numbers and how close ours come"
    return Table([str(name) for name in counts.columns], rows, title, [note], align="lrrrr")


def _pages(analysis: Replications, product: Product) -> list[Page]:
    sections = [Section("All studies", [product.tables["counts"], *_lacking(analysis)])]
    for name, one in analysis.found.items():
        study = one.study
        shown: list[Shown] = [f"{study.citation} https://doi.org/{study.doi}"]
        shown.append(Listing(study.recipe))
        shown += [product.tables[_file(name, table)] for table in study.tables]
        sections.append(Section(study.title, shown))
    lead = "Studies recomputed from their authors' data, number by number, rounded as printed."
    return [Page("replications.html", PART.title, lead, sections, _sources(analysis))]


def _lacking(analysis: Replications) -> list[Shown]:
    items = tuple(f"{name}: {reason}" for name, reason in analysis.absent.items())
    return [Listing(items)] if items else []


def _about(analysis: Replications) -> str:
    many = f"{len(analysis.found)} of {len(analysis.listed)} recomputed"
    if not analysis.found:
        return f"{many}: the data of none are at hand."
    done = analysis.counts().dropna()
    exact, numbers = done[MATCHES[0]].sum(), done["numbers"].sum()
    return f"{many}: {exact} of {numbers} printed numbers are met to the last digit."


def _sources(analysis: Replications) -> list[str]:
    return list(dict.fromkeys(one.study.source for one in analysis.found.values()))


def _analyse(_: Run) -> Replications:
    return replicate_all()


PART = Part(
    name="replications",
    title="Published studies, recomputed",
    order=50,
    analyse=_analyse,
    about=_about,
    product=replication_products,
    pages=_pages,
    sources=_sources,
    folder="replications",
)
