"""Why states leave military coalitions: data, panels, models, tests.

This module is the table of contents. Every public name is imported when it is first used, so
that ``import coalition_models`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

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
    "datasets": "sources.catalog",
    "load": "sources.catalog",
    "cite": "sources.citations",
    "codebook": "sources.catalog",
    "validate": "sources.schema",
    "to_cow": "sources.codes",
    "from_cow": "sources.codes",
    # who took part
    "build_panel": "members.panel",
    "describe_panel": "members.panel",
    "spells_from_levels": "members.spells",
    "simulate_panel": "members.simulate",
    # what happened around them
    "add_elections": "features.elections",
    "add_leadership": "features.leadership",
    "add_casualties": "features.casualties",
    "add_risk": "features.risk",
    # models
    "cox": "models.cox",
    "logit": "models.discrete",
    "Fit": "models.fit",
    "check_ph": "models.diagnostics",
    "detectable_effects": "models.detectable",
    "predict_survival": "models.scenarios",
    "survival_curve": "models.nonparametric",
    # published tables
    "list_replications": "replications.registry",
    "replicate": "replications.registry",
    # what people look at
    "plot_coefficients": "report.plots",
    "plot_participation": "report.plots",
    "plot_survival": "report.survival_plots",
    "table": "report.tables",
}

if TYPE_CHECKING:
    from coalition_models.errors import CoalitionError, DataError  # noqa: F401

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'coalition_models' has no attribute {name!r}")
    value = getattr(import_module(f"coalition_models.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
