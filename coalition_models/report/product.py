"""What a part of the analysis shows: tables with their data, and figures; written as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coalition_models.files import write_file
from coalition_models.render import Table
from coalition_models.report.figures.style import DrawnOnce, Plot

__all__ = ["Product", "write_product"]


@dataclass(frozen=True)
class Product:
    """Tables for print, the frames behind them, and figures, each by the name of its file.

    Figures are final: each is drawn once for its file and for every page.
    """

    tables: Mapping[str, Table]
    frames: Mapping[str, pd.DataFrame]
    figures: Mapping[str, Plot]

    def __post_init__(self) -> None:
        final = {name: DrawnOnce(plot.figure, plot.data) for name, plot in self.figures.items()}
        object.__setattr__(self, "figures", final)


def write_product(folder: Path, product: Product) -> None:
    """Write frames as CSV, tables as Markdown and LaTeX, figures as SVG and PNG.

    They go into ``tables`` and ``figures`` under the folder. Equal input gives equal bytes.
    """
    tables, figures = folder / "tables", folder / "figures"
    for place in (tables, figures):
        place.mkdir(parents=True, exist_ok=True)
    for name, frame in product.frames.items():
        write_file(tables / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    for name, table in product.tables.items():
        write_file(tables / f"{name}.md", table.markdown())
        write_file(tables / f"{name}.tex", table.latex())
    for name, plot in product.figures.items():
        for kind in ("svg", "png"):
            write_file(figures / f"{name}.{kind}", plot.to_bytes(kind))
