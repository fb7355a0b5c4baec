"""Why states leave military coalitions: data, panels, models, tests.

This module is the table of contents. Every public name is imported when it is first used, so
that ``import coalition_models`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from coalition_models.about import __version__

#: public name -> the module that holds it
_WHERE = {
    # errors
    "CoalitionError": "errors",
    "CoalitionWarning": "errors",
    "CoverageError": "errors",
    "DataError": "errors",
    "FitError": "errors",
    "FormulaError": "errors",
    "ReplicationError": "errors",
    # what is known
    "datasets": "sources.load",
    "load": "sources.load",
    "read_table": "sources.load",
    "cite": "sources.citations",
    "codebook": "sources.codebook",
    "validate": "sources.load",
    "to_cow": "sources.codes",
    "from_cow": "sources.codes",
    # who took part
    "Facts": "members.facts",
    "facts": "members.bundled_facts",
    "facts_of": "members.facts",
    "coder_agreement": "members.agreement",
    "compare_revisions": "members.compare_revisions",
    "trace_exits": "members.exit_sources",
    "merge": "members.merge",
    "record_of": "record",
    "build_panel": "members.panel",
    "describe_panel": "members.panel",
    "spells_from_levels": "members.spells",
    "simulate_panel": "members.simulate.panel",
    # what counts as defection
    "DefectionRule": "defection.rules",
    "code_defections": "defection.coding",
    "defection_moves": "defection.moves",
    "list_rules": "defection.named_rules",
    "named_rule": "defection.named_rules",
    "operational_profile": "defection.profile",
    "panel_events": "defection.outcome",
    "quartile_readings": "defection.named_rules",
    "significant_withdrawals": "defection.withdrawals",
    "withdrawals": "defection.withdrawals",
    # what happened around them
    "add_elections": "features.elections",
    "add_leadership": "features.leadership",
    "add_casualties": "features.casualties",
    "add_risk": "features.risk",
    "add_commitment": "features.commitment",
    "add_contagion": "features.contagion",
    "add_lead_exit": "features.lead_exit",
    "add_alliance": "features.alliance",
    "add_regime": "features.regime",
    "add_capability": "features.capability",
    "add_preferences": "features.preferences",
    "add_former_communist": "features.former_communist",
    "add_side_strength": "features.side_strength",
    "add_support_change": "features.support_change",
    "add_war_powers": "features.user_tables",
    "add_opinion": "features.user_tables",
    "builders": "features.registry",
    "correlations": "features.summary",
    "feature_summary": "features.summary",
    # models
    "cox": "models.cox.api",
    "logit": "models.discrete.api",
    "parametric": "models.parametric.api",
    "cure": "models.cure.api",
    "compare_distributions": "models.after.distributions",
    "Fit": "models.fit",
    "Specification": "models.specification",
    "fit": "models.running",
    "fit_many": "models.running",
    "check_ph": "models.after.diagnostics",
    "cause_specific": "models.competing.api",
    "compare_causes": "models.after.causes",
    "multistate": "models.competing.api",
    "fine_gray": "models.fine_gray.api",
    "multinomial": "models.multinomial.api",
    "conditional_logit": "models.conditional.api",
    "interval_censored": "models.interval.api",
    "frailty": "models.frailty.api",
    "random_intercept": "models.random_intercept.api",
    "detectable_effects": "inference.detection",
    "predict_incidence": "models.after.predicted_incidence",
    "predict_survival": "models.after.scenarios",
    "cumulative_incidence": "models.after.incidence",
    "state_occupancy": "models.after.occupancy",
    "survival_curve": "models.after.nonparametric",
    "split_rows": "models.before.splitting",
    "merge_changes": "models.before.changes",
    "repeated_events": "models.before.repeated",
    "logrank": "models.after.logrank",
    "linear_combination": "models.after.combinations",
    "lr_test": "models.after.combinations",
    "probit": "models.discrete.verbs",
    "cloglog": "models.discrete.verbs",
    "marginal_effects": "models.after.effects",
    "adjusted_survival": "models.after.adjusted",
    "expected_duration": "models.after.durations",
    "exit_probability": "models.after.exits",
    "load_fit": "models.loading",
    "compare_engines": "models.after.engines",
    "compare_estimators": "models.after.estimators",
    "incidence_rates": "models.after.rates",
    # ready designs
    "analysis_set": "designs.analysis_sets",
    "first_look": "designs.first_look",
    "FirstLook": "designs.first_look",
    "frequencies": "designs.frequencies",
    "hollowing": "designs.hollowing",
    "compare_rules": "sensitivity.rules",
    # the literature's claims
    "analyse_hypotheses": "hypotheses.analysis",
    "contest": "hypotheses.contested",
    "leader_cases": "designs.leader_cases",
    "list_amendments": "hypotheses.listing",
    "list_claims": "hypotheses.listing",
    "schoenfeld_events": "inference.detection",
    "simulate_power": "inference.simulated_power",
    "test_hypotheses": "hypotheses.verdicts",
    # published tables
    "list_replications": "replications.registry",
    "replicate": "replications.registry",
    "printed_se": "replications.variances",
    "spirit_curve": "replications.between",
    # what people look at
    "table": "report.tables",
}

#: namespaces, modules that are imported when they are first used
_NAMESPACES = ("inference", "plot", "prediction", "qca", "sensitivity")

#: names of the last release -> what they are called now
_MOVED = {
    f"plot_{name}": f"plot.{name}"
    for name in (
        "coefficients", "contested", "forest", "participation", "profile", "survival", "timeline",
        "verdicts",
    )
}  # fmt: skip

if TYPE_CHECKING:
    from coalition_models import inference as inference
    from coalition_models import plot as plot
    from coalition_models import prediction as prediction
    from coalition_models import qca as qca
    from coalition_models import sensitivity as sensitivity
    from coalition_models.defection.coding import code_defections as code_defections
    from coalition_models.defection.moves import defection_moves as defection_moves
    from coalition_models.defection.named_rules import list_rules as list_rules
    from coalition_models.defection.named_rules import named_rule as named_rule
    from coalition_models.defection.named_rules import quartile_readings as quartile_readings
    from coalition_models.defection.outcome import panel_events as panel_events
    from coalition_models.defection.profile import operational_profile as operational_profile
    from coalition_models.defection.rules import DefectionRule as DefectionRule
    from coalition_models.defection.withdrawals import (
        significant_withdrawals as significant_withdrawals,
    )
    from coalition_models.defection.withdrawals import withdrawals as withdrawals
    from coalition_models.designs.analysis_sets import analysis_set as analysis_set
    from coalition_models.designs.first_look import FirstLook as FirstLook
    from coalition_models.designs.first_look import first_look as first_look
    from coalition_models.designs.frequencies import frequencies as frequencies
    from coalition_models.designs.hollowing import hollowing as hollowing
    from coalition_models.designs.leader_cases import leader_cases as leader_cases
    from coalition_models.errors import CoalitionError as CoalitionError
    from coalition_models.errors import CoalitionWarning as CoalitionWarning
    from coalition_models.errors import CoverageError as CoverageError
    from coalition_models.errors import DataError as DataError
    from coalition_models.errors import FitError as FitError
    from coalition_models.errors import FormulaError as FormulaError
    from coalition_models.errors import ReplicationError as ReplicationError
    from coalition_models.features.alliance import add_alliance as add_alliance
    from coalition_models.features.capability import add_capability as add_capability
    from coalition_models.features.casualties import add_casualties as add_casualties
    from coalition_models.features.commitment import add_commitment as add_commitment
    from coalition_models.features.contagion import add_contagion as add_contagion
    from coalition_models.features.elections import add_elections as add_elections
    from coalition_models.features.former_communist import (
        add_former_communist as add_former_communist,
    )
    from coalition_models.features.lead_exit import add_lead_exit as add_lead_exit
    from coalition_models.features.leadership import add_leadership as add_leadership
    from coalition_models.features.preferences import add_preferences as add_preferences
    from coalition_models.features.regime import add_regime as add_regime
    from coalition_models.features.registry import builders as builders
    from coalition_models.features.risk import add_risk as add_risk
    from coalition_models.features.side_strength import add_side_strength as add_side_strength
    from coalition_models.features.summary import correlations as correlations
    from coalition_models.features.summary import feature_summary as feature_summary
    from coalition_models.features.support_change import add_support_change as add_support_change
    from coalition_models.features.user_tables import add_opinion as add_opinion
    from coalition_models.features.user_tables import add_war_powers as add_war_powers
    from coalition_models.hypotheses.analysis import analyse_hypotheses as analyse_hypotheses
    from coalition_models.hypotheses.contested import contest as contest
    from coalition_models.hypotheses.listing import list_amendments as list_amendments
    from coalition_models.hypotheses.listing import list_claims as list_claims
    from coalition_models.hypotheses.verdicts import test_hypotheses as test_hypotheses
    from coalition_models.inference.detection import detectable_effects as detectable_effects
    from coalition_models.inference.detection import schoenfeld_events as schoenfeld_events
    from coalition_models.inference.simulated_power import simulate_power as simulate_power
    from coalition_models.members.agreement import coder_agreement as coder_agreement
    from coalition_models.members.bundled_facts import facts as facts
    from coalition_models.members.compare_revisions import compare_revisions as compare_revisions
    from coalition_models.members.exit_sources import trace_exits as trace_exits
    from coalition_models.members.facts import Facts as Facts
    from coalition_models.members.facts import facts_of as facts_of
    from coalition_models.members.merge import merge as merge
    from coalition_models.members.panel import build_panel as build_panel
    from coalition_models.members.panel import describe_panel as describe_panel
    from coalition_models.members.simulate.panel import simulate_panel as simulate_panel
    from coalition_models.members.spells import spells_from_levels as spells_from_levels
    from coalition_models.models.after.adjusted import adjusted_survival as adjusted_survival
    from coalition_models.models.after.causes import compare_causes as compare_causes
    from coalition_models.models.after.combinations import linear_combination as linear_combination
    from coalition_models.models.after.combinations import lr_test as lr_test
    from coalition_models.models.after.diagnostics import check_ph as check_ph
    from coalition_models.models.after.distributions import (
        compare_distributions as compare_distributions,
    )
    from coalition_models.models.after.durations import expected_duration as expected_duration
    from coalition_models.models.after.effects import marginal_effects as marginal_effects
    from coalition_models.models.after.engines import compare_engines as compare_engines
    from coalition_models.models.after.estimators import compare_estimators as compare_estimators
    from coalition_models.models.after.exits import exit_probability as exit_probability
    from coalition_models.models.after.incidence import cumulative_incidence as cumulative_incidence
    from coalition_models.models.after.logrank import logrank as logrank
    from coalition_models.models.after.nonparametric import survival_curve as survival_curve
    from coalition_models.models.after.occupancy import state_occupancy as state_occupancy
    from coalition_models.models.after.predicted_incidence import (
        predict_incidence as predict_incidence,
    )
    from coalition_models.models.after.rates import incidence_rates as incidence_rates
    from coalition_models.models.after.scenarios import predict_survival as predict_survival
    from coalition_models.models.before.changes import merge_changes as merge_changes
    from coalition_models.models.before.repeated import repeated_events as repeated_events
    from coalition_models.models.before.splitting import split_rows as split_rows
    from coalition_models.models.competing.api import cause_specific as cause_specific
    from coalition_models.models.competing.api import multistate as multistate
    from coalition_models.models.conditional.api import conditional_logit as conditional_logit
    from coalition_models.models.cox.api import cox as cox
    from coalition_models.models.cure.api import cure as cure
    from coalition_models.models.discrete.api import logit as logit
    from coalition_models.models.discrete.verbs import cloglog as cloglog
    from coalition_models.models.discrete.verbs import probit as probit
    from coalition_models.models.fine_gray.api import fine_gray as fine_gray
    from coalition_models.models.fit import Fit as Fit
    from coalition_models.models.frailty.api import frailty as frailty
    from coalition_models.models.interval.api import interval_censored as interval_censored
    from coalition_models.models.loading import load_fit as load_fit
    from coalition_models.models.multinomial.api import multinomial as multinomial
    from coalition_models.models.parametric.api import parametric as parametric
    from coalition_models.models.random_intercept.api import random_intercept as random_intercept
    from coalition_models.models.running import fit as fit
    from coalition_models.models.running import fit_many as fit_many
    from coalition_models.models.specification import Specification as Specification
    from coalition_models.record import record_of as record_of
    from coalition_models.replications.between import spirit_curve as spirit_curve
    from coalition_models.replications.registry import list_replications as list_replications
    from coalition_models.replications.registry import replicate as replicate
    from coalition_models.replications.variances import printed_se as printed_se
    from coalition_models.report.tables import table as table
    from coalition_models.sensitivity.rules import compare_rules as compare_rules
    from coalition_models.sources.citations import cite as cite
    from coalition_models.sources.codebook import codebook as codebook
    from coalition_models.sources.codes import from_cow as from_cow
    from coalition_models.sources.codes import to_cow as to_cow
    from coalition_models.sources.load import datasets as datasets
    from coalition_models.sources.load import load as load
    from coalition_models.sources.load import read_table as read_table
    from coalition_models.sources.load import validate as validate

__all__ = ["__version__", *_NAMESPACES, *_WHERE]


def __getattr__(name: str) -> Any:
    if name in _NAMESPACES:
        return import_module(f"coalition_models.{name}")
    if name in _MOVED:
        value = _moved(name)
    elif name in _WHERE:
        value = getattr(import_module(f"coalition_models.{_WHERE[name]}"), name)
    else:
        raise AttributeError(f"module 'coalition_models' has no attribute {name!r}")
    globals()[name] = value
    return value


def _moved(name: str) -> Any:
    """What has another name now; the warning is given once, at the first use."""
    from coalition_models.errors import warn

    module, _, held = _MOVED[name].rpartition(".")
    warn(
        f"cm.{name} is now called cm.{_MOVED[name]}; the old name goes with the next release",
        FutureWarning,
    )
    return getattr(import_module(f"coalition_models.{module}"), held)


def __dir__() -> list[str]:
    return sorted(__all__)
