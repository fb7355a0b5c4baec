"""What one model says about one term."""

from __future__ import annotations

from dataclasses import dataclass, field

from coalition_models.models.fit import Fit

__all__ = ["TermEstimate"]


@dataclass(frozen=True)
class TermEstimate:
    """What one model says about one term, on the log scale.

    ``cluster`` is the column clustered by, ``groups`` the cluster of each row used (with limits);
    ``smallest_ratio`` is the smallest ratio above one that the design finds with the power asked
    for; ``design_effect`` is clustered over model-based variance, never below 1; ``deviations``
    name what was not done as registered.
    """

    term: str
    estimate: float
    std_error: float
    p_value: float
    conf_low: float
    conf_high: float
    rows: int
    events: int
    members: int
    clusters: int
    clusters_with_event: int
    clusters_exposed: int
    degrees: float
    term_sd: float
    two_valued: bool
    design_effect: float
    smallest_ratio: float
    method: str
    deviations: tuple[str, ...]
    cluster: str
    groups: tuple[str, ...] = field(repr=False)
    fit: Fit = field(repr=False)
