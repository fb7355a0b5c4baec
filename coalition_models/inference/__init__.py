"""How sure a finding is, for any fit: the names of ``cm.inference``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coalition_models.lazy import lazy_names

#: public name -> the module that holds it, and its name there
_WHERE = {
    "TermEstimate": ("term_estimate", "TermEstimate"),
    "cautious": ("caution", "cautious"),
    "estimate_term": ("caution", "estimate_term"),
    "detectable": ("detection", "detectable_effects"),
    "detectable_ratio": ("detection", "detectable_ratio"),
    "null_variance": ("detection", "null_variance"),
    "schoenfeld_events": ("detection", "schoenfeld_events"),
    "schoenfeld_power": ("detection", "schoenfeld_power"),
    "Power": ("simulated_power", "Power"),
    "simulate_power": ("simulated_power", "simulate_power"),
    "Exposure": ("exposure", "Exposure"),
    "WildScore": ("wild_test", "WildScore"),
    "wild_weights": ("wild_test", "wild_weights"),
    "not_smaller": ("wild_test", "not_smaller"),
    "wild_score": ("wild_test", "wild_score"),
    "FewClusters": ("few_cluster_tests", "FewClusters"),
    "few_clusters": ("few_cluster_tests", "few_clusters"),
    "leave_one_out": ("without_one", "leave_one_out"),
    "combine": ("meta", "combine"),
    "with_variance": ("variances", "with_variance"),
}

if TYPE_CHECKING:
    from coalition_models.inference.caution import cautious as cautious
    from coalition_models.inference.caution import estimate_term as estimate_term
    from coalition_models.inference.detection import detectable_effects as detectable  # noqa: F401
    from coalition_models.inference.detection import detectable_ratio as detectable_ratio
    from coalition_models.inference.detection import null_variance as null_variance
    from coalition_models.inference.detection import schoenfeld_events as schoenfeld_events
    from coalition_models.inference.detection import schoenfeld_power as schoenfeld_power
    from coalition_models.inference.exposure import Exposure as Exposure
    from coalition_models.inference.few_cluster_tests import FewClusters as FewClusters
    from coalition_models.inference.few_cluster_tests import few_clusters as few_clusters
    from coalition_models.inference.meta import combine as combine
    from coalition_models.inference.simulated_power import Power as Power
    from coalition_models.inference.simulated_power import simulate_power as simulate_power
    from coalition_models.inference.term_estimate import TermEstimate as TermEstimate
    from coalition_models.inference.variances import with_variance as with_variance
    from coalition_models.inference.wild_test import WildScore as WildScore
    from coalition_models.inference.wild_test import wild_score as wild_score
    from coalition_models.inference.without_one import leave_one_out as leave_one_out
    from coalition_models.kernels.wild import not_smaller as not_smaller
    from coalition_models.kernels.wild import wild_weights as wild_weights

__all__ = [*_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
