"""How figures look: one style, colours that survive print and colour blindness, stable bytes."""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from coalition_models.errors import counted
from coalition_models.processes import in_processes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = [
    "COLOURS",
    "EXIT_COLOURS",
    "GREY",
    "DrawnOnce",
    "Plot",
    "draw_all",
    "mark_ratios",
    "new_figure",
    "styled",
    "svg_text",
]

#: Okabe and Ito's palette without yellow, which vanishes on white
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
GREY = "#8a8f98"

#: one colour per kind of exit
EXIT_COLOURS = {
    "early": "#D55E00",
    "scheduled": "#56B4E9",
    "mission_end": "#0072B2",
    "post_mandate": "#009E73",
    "exogenous": "#E69F00",
    "ongoing": "#8a8f98",
    "leader": "#4a4a4a",
    "unknown": "#c4c8ce",
}

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "svg.hashsalt": "coalition_models",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


#: kind of file -> what would make its bytes differ from day to day, left out
_UNSTAMPED: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the package's style without changing the caller's."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):
        yield


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **layout: object
) -> tuple[Figure, list[Axes]]:
    """Make a figure that no global state holds on to, with its axes row by row."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=layout or None)
    return figure, [axis for row in axes for axis in row]


def mark_ratios(axis: Axis, most: int = 9) -> None:
    """Put ticks of a log axis at plain numbers: as many as there is room for, two at least.

    Parameters
    ----------
    axis : matplotlib Axis
        On a log scale, with its limits as they will be.
    most : int
        How many ticks there is room for.
    """
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

    low, high = sorted(axis.get_view_interval())
    axis.set_major_locator(FixedLocator(_plain_numbers(low, high, most)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FormatStrFormatter("%g"))


#: numbers that a decade is marked at, the densest first
_STEPS = (
    (1.0, 1.1, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
    (1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 7.0),
    (1.0, 2.0, 5.0),
    (1.0, 3.0),
    (1.0,),
)


def _plain_numbers(low: float, high: float, most: int) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in _STEPS:
        every = [float(f"{step}e{power}") for power in range(first, last + 1) for step in steps]
        inside = [value for value in every if low <= value <= high]
        if len(inside) <= most:
            if len(inside) >= 3:
                return inside
            break
    if high / low < 10:
        return [float(value) for value in MaxNLocator(most - 1).tick_values(low, high)]
    powers = range(first, last + 1, -(-(last - first) // most))
    return [10.0**power for power in powers if low <= 10.0**power <= high]


@dataclass(frozen=True, repr=False)
class Plot:
    """A figure with the numbers it shows.

    Shows itself in a notebook; ``data`` is the frame that was drawn, ``figure`` the matplotlib
    figure, :meth:`save` writes it.
    """

    figure: Figure
    data: pd.DataFrame

    def __repr__(self) -> str:
        titles = [axis.get_title(loc) for axis in self.figure.axes for loc in ("left", "center")]
        title = next((f" {text!r}" for text in titles if text), "")
        width, height = self.figure.get_size_inches()
        size = f"{width:g} x {height:g} inches"
        return f"<{type(self).__name__}{title}: {size}, {counted(len(self.data), 'row')} of data>"

    def to_bytes(self, kind: str) -> bytes:
        """Return the picture as ``"svg"``, ``"png"`` or ``"pdf"``, the same for the same data."""
        return _picture(pickle.dumps(self.figure), kind)

    def save(self, path: str) -> None:
        """Write the picture; the ending of the name (``.svg``, ``.png``, ``.pdf``) says how."""
        from pathlib import Path

        from coalition_models.errors import DataError
        from coalition_models.files import write_file

        target = Path(path)
        kind = target.suffix.lstrip(".").lower()
        if kind not in _UNSTAMPED:
            raise DataError(
                f"a figure is saved as .svg, .png or .pdf, not {target.suffix or path!r}"
            )
        write_file(target, self.to_bytes(kind))

    def _repr_png_(self) -> bytes:
        return self.to_bytes("png")


@dataclass(frozen=True, repr=False)
class DrawnOnce(Plot):
    """A plot that will not be changed any more: each kind of picture is made once and kept."""

    _made: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def to_bytes(self, kind: str) -> bytes:
        """Return the picture as ``"svg"``, ``"png"`` or ``"pdf"`` bytes."""
        if kind not in self._made:
            self._made[kind] = super().to_bytes(kind)
        return self._made[kind]


def _picture(figure: bytes, kind: str) -> bytes:
    """A picture of a pickled figure.

    Drawing settles the layout: of a copy it does not change the bytes of what is drawn later.
    """
    metadata = _UNSTAMPED[kind]
    buffer = io.BytesIO()
    copy: Figure = pickle.loads(figure)
    with styled():
        copy.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()


def draw_all(plots: Iterable[Plot], kinds: Sequence[str], workers: int = 1) -> None:
    """Make the pictures of final plots, shared among some processes; the bytes are the same.

    Examples
    --------
    >>> figure, _ = new_figure(3, 2)
    >>> one = DrawnOnce(figure, pd.DataFrame())
    >>> draw_all([one], ["svg"])
    >>> one.to_bytes("svg")[:5]
    b'<?xml'
    """
    final = [one for one in plots if isinstance(one, DrawnOnce)]
    wanted = [(one, kind) for one in final for kind in kinds if kind not in one._made]
    if workers == 1 or len(wanted) < 2 * workers:
        for one, kind in wanted:
            one.to_bytes(kind)
        return
    made = in_processes(
        _picture, ((pickle.dumps(one.figure), kind) for one, kind in wanted), workers
    )
    for (one, kind), picture in zip(wanted, made, strict=True):
        one._made[kind] = picture


def svg_text(plot: Plot) -> str:
    """SVG source to put into a page: from the ``<svg`` tag on."""
    text = plot.to_bytes("svg").decode("utf-8")
    return text[text.index("<svg") :]
