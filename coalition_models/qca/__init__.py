"""Qualitative comparative analysis: the names of ``cm.qca``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coalition_models.lazy import lazy_names

#: public name -> the module that holds it, and its name there
_WHERE = {
    "calibrate": ("calibration", "calibrate"),
    "membership": ("expressions", "membership"),
    "truth_table": ("truth", "truth_table"),
    "TruthTable": ("truth", "TruthTable"),
    "minimise": ("solutions", "minimise"),
    "Solution": ("solutions", "Solution"),
    "sufficiency": ("parameters", "sufficiency"),
    "necessity": ("necessary", "necessity"),
    "supersets": ("necessary", "supersets"),
    "subsets": ("necessary", "subsets"),
    "Analysis": ("analysis", "Analysis"),
    "robust_ranges": ("ranges", "robust_ranges"),
    "robust_core": ("cores", "robust_core"),
    "RobustCore": ("cores", "RobustCore"),
    "xy_data": ("xy", "xy_data"),
    "leader_sets": ("leaders", "leader_sets"),
    "leader_analysis": ("leaders", "leader_analysis"),
    "published_paths": ("leaders", "published_paths"),
}

if TYPE_CHECKING:
    from coalition_models.qca.analysis import Analysis as Analysis
    from coalition_models.qca.calibration import calibrate as calibrate
    from coalition_models.qca.cores import RobustCore as RobustCore
    from coalition_models.qca.cores import robust_core as robust_core
    from coalition_models.qca.expressions import membership as membership
    from coalition_models.qca.leaders import leader_analysis as leader_analysis
    from coalition_models.qca.leaders import leader_sets as leader_sets
    from coalition_models.qca.leaders import published_paths as published_paths
    from coalition_models.qca.necessary import necessity as necessity
    from coalition_models.qca.necessary import subsets as subsets
    from coalition_models.qca.necessary import supersets as supersets
    from coalition_models.qca.parameters import sufficiency as sufficiency
    from coalition_models.qca.ranges import robust_ranges as robust_ranges
    from coalition_models.qca.solutions import Solution as Solution
    from coalition_models.qca.solutions import minimise as minimise
    from coalition_models.qca.truth import TruthTable as TruthTable
    from coalition_models.qca.truth import truth_table as truth_table
    from coalition_models.qca.xy import xy_data as xy_data

__all__ = [*_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
