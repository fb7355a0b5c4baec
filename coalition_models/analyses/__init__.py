"""Analyses told in a file: what is fitted, and what a finding is put to, in TOML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coalition_models.lazy import lazy_names

#: public name -> the module that holds it, and its name there
_WHERE = {
    "Analysis": ("reading", "Analysis"),
    "read_analysis": ("reading", "read_analysis"),
    "fit_analysis": ("fitting", "fit_analysis"),
    "analyse_sensitivity": ("sensitivity", "analyse_sensitivity"),
}

if TYPE_CHECKING:
    from coalition_models.analyses.fitting import fit_analysis as fit_analysis
    from coalition_models.analyses.reading import Analysis as Analysis
    from coalition_models.analyses.reading import read_analysis as read_analysis
    from coalition_models.analyses.sensitivity import analyse_sensitivity as analyse_sensitivity

__all__ = [*_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
