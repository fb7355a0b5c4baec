"""What a part of the analysis shows: tables with their data, and figures; written as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from coalition_models.files import write_file
from coalition_models.render import Table
from coalition_models.report.figures.style import DrawnOnce, Plot, draw_all
from coalition_models.report.lines import line_of

__all__ = ["Product", "Sheet", "sheets_of", "write_product"]


@dataclass(frozen=True)
class Sheet:
    """How a table or figure of a page is called, where its data are, and what made it.

    Attributes
    ----------
    name : str
        Of its files; its place on the page where there are none.
    data : str
        Address of the data with all digits, seen from the page.
    code : str
        A line that makes it.
    """

    name: str
    data: str = ""
    code: str = ""


@dataclass(frozen=True)
class Product:
    """Tables for print, the frames behind them, and figures, each by the name of its file.

    Figures are final: each is drawn once for its file and for every page. ``code`` is a line that
    makes a table or figure, by the same names.
    """

    tables: Mapping[str, Table]
    frames: Mapping[str, pd.DataFrame]
    figures: Mapping[str, Plot]
    code: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        final = {name: DrawnOnce(plot.figure, plot.data) for name, plot in self.figures.items()}
        object.__setattr__(self, "figures", final)


def sheets_of(product: Product, maker: str = "") -> dict[int, Sheet]:
    """Names, data and code of what a product holds, by the ``id`` of each table and figure.

    Parameters
    ----------
    product : Product
    maker : str
        Where the pages stand that have no line of their own: the module of their part.

    Examples
    --------
    >>> one = Table(["state"], [["ESP"]])
    >>> made = Product({"exits": one}, {"exits": pd.DataFrame({"state": ["ESP"]})}, {})
    >>> sheets_of(made)[id(one)].data
    'tables/exits.csv'
    """
    found = {}
    for name, table in product.tables.items():
        data = f"tables/{name}.csv" if name in product.frames else ""
        found[id(table)] = Sheet(name, data, product.code.get(name, ""))
    for name, plot in product.figures.items():
        found[id(plot)] = Sheet(name, code=product.code.get(name) or line_of(name) or maker)
    return found


def write_product(folder: Path, product: Product, workers: int = 1) -> None:
    """Write frames as CSV, tables as Markdown and LaTeX, figures as SVG and PNG.

    They go into ``tables`` and ``figures`` under the folder. Equal input gives equal bytes, however
    many processes draw.
    """
    tables, figures = folder / "tables", folder / "figures"
    for place in (tables, figures):
        place.mkdir(parents=True, exist_ok=True)
    for name, frame in product.frames.items():
        write_file(tables / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    for name, table in product.tables.items():
        write_file(tables / f"{name}.md", table.markdown())
        write_file(tables / f"{name}.tex", table.latex())
    kinds = ("svg", "png")
    draw_all(product.figures.values(), kinds, workers)
    for name, plot in product.figures.items():
        for kind in kinds:
            write_file(figures / f"{name}.{kind}", plot.to_bytes(kind))
