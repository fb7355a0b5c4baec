"""How far a finding depends on choices: the names of ``cm.sensitivity``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coalition_models.lazy import lazy_names

#: public name -> the module that holds it, and its name there
_WHERE = {
    "Dimension": ("choices", "Dimension"),
    "Option": ("choices", "Option"),
    "Setting": ("choices", "Setting"),
    "Skip": ("choices", "Skip"),
    "cross": ("choices", "cross"),
    "Run": ("running", "Run"),
    "run": ("running", "run"),
    "share": ("summaries", "share"),
    "span": ("summaries", "span"),
    "pairs": ("summaries", "pairs"),
    "moves": ("summaries", "moves"),
    "compare_rules": ("rules", "compare_rules"),
    "spec_curve": ("curve", "spec_curve"),
    "explore": ("exploring", "explore"),
    "Explored": ("exploring", "Explored"),
    "SpecCurve": ("curve_result", "SpecCurve"),
    "Exchange": ("histories", "Exchange"),
    "exposure_histories": ("histories", "exposure_histories"),
    "complete_histories": ("histories", "complete_histories"),
    "joint_test": ("joint", "joint_test"),
    "variance_shares": ("variation", "variance_shares"),
    "coding_uncertainty": ("uncertain_codings", "coding_uncertainty"),
    "CodingUncertainty": ("uncertain_codings", "CodingUncertainty"),
    "leave_out": ("leaving_out", "leave_out"),
    "fewest_events": ("leaving_out", "fewest_events"),
    "FewestEvents": ("leaving_out", "FewestEvents"),
    "fewest_redated": ("redating", "fewest_redated"),
    "FewestRedated": ("redating", "FewestRedated"),
    "split_difference": ("paths", "split_difference"),
    "dimensions": ("standard_choices", "dimensions"),
    "StandardChoices": ("standard_choices", "StandardChoices"),
    "resample": ("resampling", "resample"),
    "Resampled": ("resampling", "Resampled"),
    "date_uncertainty": ("uncertain_dates", "date_uncertainty"),
    "DateUncertainty": ("uncertain_dates", "DateUncertainty"),
    "e_value": ("e_values", "e_value"),
    "e_value_of": ("e_values", "e_value_of"),
    "bounding_factor": ("e_values", "bounding_factor"),
    "multiple_bias": ("e_values", "multiple_bias"),
    "robustness_value": ("linear_confounding", "robustness_value"),
    "rosenbaum_bounds": ("hidden_bias", "rosenbaum_bounds"),
    "bias_of": ("hidden_confounder", "bias_of"),
    "confounding": ("hidden_confounder", "confounding"),
    "missing": ("imputing", "missing"),
    "MissingValues": ("imputing", "MissingValues"),
    "value_of_information": ("worth_checking", "value_of_information"),
    "InformationValue": ("worth_checking", "InformationValue"),
    "functional_form": ("forms", "functional_form"),
    "FunctionalForm": ("forms", "FunctionalForm"),
    "reverse_timing": ("timing_tests", "reverse_timing"),
    "ReverseTiming": ("timing_tests", "ReverseTiming"),
    "randomise": ("randomising", "randomise"),
    "Randomised": ("randomising", "Randomised"),
    "placebos": ("placebo_tests", "placebos"),
    "Placebos": ("placebo_tests", "Placebos"),
    # it draws, so that it stands above this room
    "sensitivity_report": (".report.finding", "sensitivity_report"),
    "SensitivityReport": (".report.finding", "SensitivityReport"),
}

if TYPE_CHECKING:
    from coalition_models.report.finding import SensitivityReport as SensitivityReport
    from coalition_models.report.finding import sensitivity_report as sensitivity_report
    from coalition_models.sensitivity.choices import Dimension as Dimension
    from coalition_models.sensitivity.choices import Option as Option
    from coalition_models.sensitivity.choices import Setting as Setting
    from coalition_models.sensitivity.choices import Skip as Skip
    from coalition_models.sensitivity.choices import cross as cross
    from coalition_models.sensitivity.curve import spec_curve as spec_curve
    from coalition_models.sensitivity.curve_result import SpecCurve as SpecCurve
    from coalition_models.sensitivity.e_values import bounding_factor as bounding_factor
    from coalition_models.sensitivity.e_values import e_value as e_value
    from coalition_models.sensitivity.e_values import e_value_of as e_value_of
    from coalition_models.sensitivity.e_values import multiple_bias as multiple_bias
    from coalition_models.sensitivity.exploring import Explored as Explored
    from coalition_models.sensitivity.exploring import explore as explore
    from coalition_models.sensitivity.forms import FunctionalForm as FunctionalForm
    from coalition_models.sensitivity.forms import functional_form as functional_form
    from coalition_models.sensitivity.hidden_bias import rosenbaum_bounds as rosenbaum_bounds
    from coalition_models.sensitivity.hidden_confounder import bias_of as bias_of
    from coalition_models.sensitivity.hidden_confounder import confounding as confounding
    from coalition_models.sensitivity.histories import Exchange as Exchange
    from coalition_models.sensitivity.histories import complete_histories as complete_histories
    from coalition_models.sensitivity.histories import exposure_histories as exposure_histories
    from coalition_models.sensitivity.imputing import MissingValues as MissingValues
    from coalition_models.sensitivity.imputing import missing as missing
    from coalition_models.sensitivity.joint import joint_test as joint_test
    from coalition_models.sensitivity.leaving_out import FewestEvents as FewestEvents
    from coalition_models.sensitivity.leaving_out import fewest_events as fewest_events
    from coalition_models.sensitivity.leaving_out import leave_out as leave_out
    from coalition_models.sensitivity.linear_confounding import robustness_value as robustness_value
    from coalition_models.sensitivity.paths import split_difference as split_difference
    from coalition_models.sensitivity.placebo_tests import Placebos as Placebos
    from coalition_models.sensitivity.placebo_tests import placebos as placebos
    from coalition_models.sensitivity.randomising import Randomised as Randomised
    from coalition_models.sensitivity.randomising import randomise as randomise
    from coalition_models.sensitivity.redating import FewestRedated as FewestRedated
    from coalition_models.sensitivity.redating import fewest_redated as fewest_redated
    from coalition_models.sensitivity.resampling import Resampled as Resampled
    from coalition_models.sensitivity.resampling import resample as resample
    from coalition_models.sensitivity.rules import compare_rules as compare_rules
    from coalition_models.sensitivity.running import Run as Run
    from coalition_models.sensitivity.running import run as run
    from coalition_models.sensitivity.standard_choices import StandardChoices as StandardChoices
    from coalition_models.sensitivity.standard_choices import dimensions as dimensions
    from coalition_models.sensitivity.summaries import moves as moves
    from coalition_models.sensitivity.summaries import pairs as pairs
    from coalition_models.sensitivity.summaries import share as share
    from coalition_models.sensitivity.summaries import span as span
    from coalition_models.sensitivity.timing_tests import ReverseTiming as ReverseTiming
    from coalition_models.sensitivity.timing_tests import reverse_timing as reverse_timing
    from coalition_models.sensitivity.uncertain_codings import (
        CodingUncertainty as CodingUncertainty,
    )
    from coalition_models.sensitivity.uncertain_codings import (
        coding_uncertainty as coding_uncertainty,
    )
    from coalition_models.sensitivity.uncertain_dates import DateUncertainty as DateUncertainty
    from coalition_models.sensitivity.uncertain_dates import date_uncertainty as date_uncertainty
    from coalition_models.sensitivity.variation import variance_shares as variance_shares
    from coalition_models.sensitivity.worth_checking import InformationValue as InformationValue
    from coalition_models.sensitivity.worth_checking import (
        value_of_information as value_of_information,
    )

__all__ = [*_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
