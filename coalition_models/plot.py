"""Pictures: ``cm.plot.survival(fit)``, ``cm.plot.participation(members)`` and the others.

This module is a table of contents, as the package's own. Every function returns a picture with the
data that it shows, and shows itself in a notebook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: public name -> the module of the pictures that holds it, and its name there
_WHERE = {
    "coefficients": ("plots", "plot_coefficients"),
    "contested": ("verdicts", "plot_contested"),
    "estimators": ("estimators", "plot_estimators"),
    "forest": ("verdicts", "plot_forest"),
    "frequencies": ("frequencies", "plot_frequencies"),
    "frequencies_data": ("frequencies", "frequencies_data"),
    "hollowing": ("frequencies", "plot_hollowing"),
    "hollowing_data": ("frequencies", "hollowing_data"),
    "information": ("drawn_worlds", "plot_information"),
    "information_data": ("drawn_worlds", "information_data"),
    "participation": ("plots", "plot_participation"),
    "profile": ("profiles", "plot_profile"),
    "qca_xy": ("qca", "plot_qca_xy"),
    "randomised": ("drawn_worlds", "plot_randomised"),
    "randomised_data": ("drawn_worlds", "randomised_data"),
    "readings": ("readings", "plot_readings"),
    "spec_curve": ("curves", "plot_spec_curve"),
    "spec_curve_data": ("curves", "spec_curve_data"),
    "survival": ("survival", "plot_survival"),
    "timeline": ("timelines", "plot_timeline"),
    "verdicts": ("verdicts", "plot_verdicts"),
    "worlds": ("drawn_worlds", "plot_worlds"),
    "worlds_data": ("drawn_worlds", "worlds_data"),
}

if TYPE_CHECKING:
    from coalition_models.report.figures.curves import plot_spec_curve as spec_curve
    from coalition_models.report.figures.curves import spec_curve_data as spec_curve_data
    from coalition_models.report.figures.drawn_worlds import information_data as information_data
    from coalition_models.report.figures.drawn_worlds import plot_information as information
    from coalition_models.report.figures.drawn_worlds import plot_randomised as randomised
    from coalition_models.report.figures.drawn_worlds import plot_worlds as worlds
    from coalition_models.report.figures.drawn_worlds import randomised_data as randomised_data
    from coalition_models.report.figures.drawn_worlds import worlds_data as worlds_data
    from coalition_models.report.figures.estimators import plot_estimators as estimators
    from coalition_models.report.figures.frequencies import frequencies_data as frequencies_data
    from coalition_models.report.figures.frequencies import hollowing_data as hollowing_data
    from coalition_models.report.figures.frequencies import plot_frequencies as frequencies
    from coalition_models.report.figures.frequencies import plot_hollowing as hollowing
    from coalition_models.report.figures.plots import plot_coefficients as coefficients
    from coalition_models.report.figures.plots import plot_participation as participation
    from coalition_models.report.figures.profiles import plot_profile as profile
    from coalition_models.report.figures.qca import plot_qca_xy as qca_xy
    from coalition_models.report.figures.readings import plot_readings as readings
    from coalition_models.report.figures.survival import plot_survival as survival
    from coalition_models.report.figures.timelines import plot_timeline as timeline
    from coalition_models.report.figures.verdicts import plot_contested as contested
    from coalition_models.report.figures.verdicts import plot_forest as forest
    from coalition_models.report.figures.verdicts import plot_verdicts as verdicts

__all__ = [
    "coefficients",
    "contested",
    "estimators",
    "forest",
    "frequencies",
    "frequencies_data",
    "hollowing",
    "hollowing_data",
    "information",
    "information_data",
    "participation",
    "profile",
    "qca_xy",
    "randomised",
    "randomised_data",
    "readings",
    "spec_curve",
    "spec_curve_data",
    "survival",
    "timeline",
    "verdicts",
    "worlds",
    "worlds_data",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(
            f"module 'coalition_models.plot' has no attribute {name!r}; "
            f"there are {', '.join(_WHERE)}"
        )
    module, held = _WHERE[name]
    value = getattr(import_module(f"coalition_models.report.figures.{module}"), held)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
