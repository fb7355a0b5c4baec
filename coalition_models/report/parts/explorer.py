"""The part with the explorer: one finding under every choice, for a reader who switches them."""

from __future__ import annotations

from collections.abc import Mapping

from coalition_models.designs.sets import place_of
from coalition_models.errors import gathered
from coalition_models.render import format_p
from coalition_models.report.explorer import explorer_frames, explorer_page
from coalition_models.report.part import Part
from coalition_models.report.product import Product
from coalition_models.sensitivity.exploring import Explored, explore, short_choices

__all__ = ["DRAWS", "PART", "explore_iraq"]

#: exchanges in a run of everything, in which there is little time; and where every choice is asked
DRAWS, MANY = 99, 999


def explore_iraq(workers: int = 1, draws: int | None = None, *, every: bool = False) -> Explored:
    """Explore the finding on Iraq over the shorter crossing of choices, or all of them.

    What the specifications warn of stands in their notes.
    """
    choices = None if every else short_choices("iraq")
    count = draws if draws is not None else (MANY if every else DRAWS)
    with gathered():
        return explore("iraq", choices=choices, draws=count, workers=workers)


def _about(found: Explored) -> str:
    known = found.table["ratio"].dropna()
    above = 100 * float((known > 1).mean())
    together = found.joint[found.joint["dimension"] == ""].set_index("statistic")["p_value"]
    return (
        f"{len(found.table):,} specifications of elections and exits in {place_of(found.coalition)}"
        f" to switch between: the ratio is above one in {above:.0f}% of them; all together, p "
        f"{format_p(float(together['median z']))} of the median."
    )


def _product(found: Explored) -> Product:
    return Product({}, explorer_frames(found), {})


def _files(found: Explored) -> Mapping[str, str]:
    return {
        "explorer.html": explorer_page(found, place=place_of(found.coalition), home="report.html")
    }


PART = Part(
    name="explorer",
    title="Elections and exits: every choice",
    order=45,
    analyse=lambda run: run.once("explorer", lambda: explore_iraq(run.workers)),
    about=_about,
    product=_product,
    pages=lambda _, product: (),
    sources=lambda _: ("participation", "coalitions", "elections", "leaders", "fatalities"),
    files=_files,
)
