"""Pictures: ``cm.plot.survival(fit)``, ``cm.plot.participation(members)`` and the others.

This module is a table of contents, as the package's own. Every function returns a picture with the
data that it shows, and shows itself in a notebook.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

#: public name -> the module of the pictures that holds it, and its name there
_WHERE = {
    "calibration": ("fit_checks", "plot_calibration"),
    "calibration_data": ("fit_checks", "calibration_data"),
    "coefficients": ("plots", "plot_coefficients"),
    "coefficients_data": ("twins", "coefficients_data"),
    "confounding": ("robustness", "plot_confounding"),
    "confounding_data": ("robustness", "confounding_data"),
    "contested": ("verdicts", "plot_contested"),
    "contested_data": ("twins", "contested_data"),
    "cox_snell": ("fit_checks", "plot_cox_snell"),
    "cox_snell_data": ("fit_checks", "cox_snell_data"),
    "estimators": ("robustness", "plot_estimators"),
    "estimators_data": ("robustness", "estimators_data"),
    "forest": ("verdicts", "plot_forest"),
    "forest_data": ("twins", "forest_data"),
    "frequencies": ("frequencies", "plot_frequencies"),
    "frequencies_data": ("frequencies", "frequencies_data"),
    "hazard": ("incidence", "plot_hazard"),
    "hazard_data": ("incidence", "hazard_data"),
    "hollowing": ("frequencies", "plot_hollowing"),
    "hollowing_data": ("frequencies", "hollowing_data"),
    "incidence": ("incidence", "plot_incidence"),
    "incidence_data": ("incidence", "incidence_data"),
    "leave_one_out": ("robustness", "plot_leave_one_out"),
    "leave_one_out_data": ("robustness", "leave_one_out_data"),
    "information": ("drawn_worlds", "plot_information"),
    "information_data": ("drawn_worlds", "information_data"),
    "participation": ("plots", "plot_participation"),
    "participation_data": ("twins", "participation_data"),
    "placebos": ("placebo_tests", "plot_placebos"),
    "placebos_data": ("placebo_tests", "placebos_data"),
    "profile": ("profiles", "plot_profile"),
    "profile_data": ("twins", "profile_data"),
    "qca_xy": ("qca", "plot_qca_xy"),
    "qca_xy_data": ("qca", "xy_data"),
    "randomised": ("drawn_worlds", "plot_randomised"),
    "randomised_data": ("drawn_worlds", "randomised_data"),
    "readings": ("readings", "plot_readings"),
    "readings_data": ("twins", "readings_data"),
    "schoenfeld": ("fit_checks", "plot_schoenfeld"),
    "schoenfeld_data": ("fit_checks", "schoenfeld_data"),
    "spec_curve": ("curves", "plot_spec_curve"),
    "spec_curve_data": ("curves", "spec_curve_data"),
    "survival": ("survival", "plot_survival"),
    "survival_data": ("twins", "survival_data"),
    "timeline": ("timelines", "plot_timeline"),
    "timeline_data": ("twins", "timeline_data"),
    "verdicts": ("verdicts", "plot_verdicts"),
    "verdicts_data": ("twins", "verdicts_data"),
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
    from coalition_models.report.figures.fit_checks import calibration_data as calibration_data
    from coalition_models.report.figures.fit_checks import cox_snell_data as cox_snell_data
    from coalition_models.report.figures.fit_checks import plot_calibration as calibration
    from coalition_models.report.figures.fit_checks import plot_cox_snell as cox_snell
    from coalition_models.report.figures.fit_checks import plot_schoenfeld as schoenfeld
    from coalition_models.report.figures.fit_checks import schoenfeld_data as schoenfeld_data
    from coalition_models.report.figures.frequencies import frequencies_data as frequencies_data
    from coalition_models.report.figures.frequencies import hollowing_data as hollowing_data
    from coalition_models.report.figures.frequencies import plot_frequencies as frequencies
    from coalition_models.report.figures.frequencies import plot_hollowing as hollowing
    from coalition_models.report.figures.incidence import hazard_data as hazard_data
    from coalition_models.report.figures.incidence import incidence_data as incidence_data
    from coalition_models.report.figures.incidence import plot_hazard as hazard
    from coalition_models.report.figures.incidence import plot_incidence as incidence
    from coalition_models.report.figures.placebo_tests import placebos_data as placebos_data
    from coalition_models.report.figures.placebo_tests import plot_placebos as placebos
    from coalition_models.report.figures.plots import plot_coefficients as coefficients
    from coalition_models.report.figures.plots import plot_participation as participation
    from coalition_models.report.figures.profiles import plot_profile as profile
    from coalition_models.report.figures.qca import plot_qca_xy as qca_xy
    from coalition_models.report.figures.qca import xy_data as qca_xy_data
    from coalition_models.report.figures.readings import plot_readings as readings
    from coalition_models.report.figures.robustness import confounding_data as confounding_data
    from coalition_models.report.figures.robustness import estimators_data as estimators_data
    from coalition_models.report.figures.robustness import leave_one_out_data as leave_one_out_data
    from coalition_models.report.figures.robustness import plot_confounding as confounding
    from coalition_models.report.figures.robustness import plot_estimators as estimators
    from coalition_models.report.figures.robustness import plot_leave_one_out as leave_one_out
    from coalition_models.report.figures.survival import plot_survival as survival
    from coalition_models.report.figures.timelines import plot_timeline as timeline
    from coalition_models.report.figures.twins import coefficients_data as coefficients_data
    from coalition_models.report.figures.twins import contested_data as contested_data
    from coalition_models.report.figures.twins import forest_data as forest_data
    from coalition_models.report.figures.twins import participation_data as participation_data
    from coalition_models.report.figures.twins import profile_data as profile_data
    from coalition_models.report.figures.twins import readings_data as readings_data
    from coalition_models.report.figures.twins import survival_data as survival_data
    from coalition_models.report.figures.twins import timeline_data as timeline_data
    from coalition_models.report.figures.twins import verdicts_data as verdicts_data
    from coalition_models.report.figures.verdicts import plot_contested as contested
    from coalition_models.report.figures.verdicts import plot_forest as forest
    from coalition_models.report.figures.verdicts import plot_verdicts as verdicts

__all__ = [
    "calibration",
    "calibration_data",
    "coefficients",
    "coefficients_data",
    "confounding",
    "confounding_data",
    "contested",
    "contested_data",
    "cox_snell",
    "cox_snell_data",
    "estimators",
    "estimators_data",
    "forest",
    "forest_data",
    "frequencies",
    "frequencies_data",
    "hazard",
    "hazard_data",
    "hollowing",
    "hollowing_data",
    "incidence",
    "incidence_data",
    "information",
    "information_data",
    "leave_one_out",
    "leave_one_out_data",
    "participation",
    "participation_data",
    "placebos",
    "placebos_data",
    "profile",
    "profile_data",
    "qca_xy",
    "qca_xy_data",
    "randomised",
    "randomised_data",
    "readings",
    "readings_data",
    "schoenfeld",
    "schoenfeld_data",
    "spec_curve",
    "spec_curve_data",
    "survival",
    "survival_data",
    "timeline",
    "timeline_data",
    "verdicts",
    "verdicts_data",
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
