"""What each picture shows, as a frame, without the picture: ``cm.plot.survival_data`` and others.

They take what their picture takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import pandas as pd

from coalition_models.report.figures.plots import plot_coefficients, plot_participation
from coalition_models.report.figures.profiles import plot_profile
from coalition_models.report.figures.readings import plot_readings
from coalition_models.report.figures.style import Plot
from coalition_models.report.figures.survival import plot_survival
from coalition_models.report.figures.timelines import plot_timeline
from coalition_models.report.figures.verdicts import plot_contested, plot_forest, plot_verdicts

__all__ = [
    "coefficients_data",
    "contested_data",
    "forest_data",
    "participation_data",
    "profile_data",
    "readings_data",
    "survival_data",
    "timeline_data",
    "verdicts_data",
]

P = ParamSpec("P")


def _of(plot: Callable[P, Plot]) -> Callable[P, pd.DataFrame]:
    """The frame that a picture shows, for the same arguments."""

    def data(*args: P.args, **options: P.kwargs) -> pd.DataFrame:
        return plot(*args, **options).data

    data.__name__ = plot.__name__.replace("plot_", "") + "_data"
    data.__qualname__ = data.__name__
    data.__doc__ = f"The frame that ``cm.plot.{plot.__name__[5:]}`` shows, for the same arguments."
    data.__annotations__ = {**plot.__annotations__, "return": pd.DataFrame}
    data.__wrapped__ = plot  # type: ignore[attr-defined]  # its arguments, for help()
    return data


coefficients_data = _of(plot_coefficients)
contested_data = _of(plot_contested)
forest_data = _of(plot_forest)
participation_data = _of(plot_participation)
profile_data = _of(plot_profile)
readings_data = _of(plot_readings)
survival_data = _of(plot_survival)
timeline_data = _of(plot_timeline)
verdicts_data = _of(plot_verdicts)
