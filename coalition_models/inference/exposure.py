"""How many events a test of a term can rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.errors import counted
from coalition_models.models.fit import Fit

__all__ = ["FEWEST_EVENTS", "FEWEST_EXPOSED", "Exposure", "exposure_of", "too_few"]

#: events below which nothing is decided on a term of more than two values
FEWEST_EVENTS = 10

#: events on either side of a term of two values, and clusters that hold them, below which no test
#: by clusters can be trusted
FEWEST_EXPOSED = 5


@dataclass(frozen=True)
class Exposure:
    """Events on either side of a term of two values, and the clusters that hold them.

    Exposed rows are those with the larger value.
    """

    exposed_events: int
    exposed_clusters: int
    unexposed_events: int
    unexposed_clusters: int

    @property
    def lacking(self) -> str:
        """Which side has too few events, or has them in too few clusters; empty if none.

        Examples
        --------
        >>> import coalition_models as cm
        >>> cm.inference.Exposure(3, 2, 40, 20).lacking
        '3 exposed events in 2 clusters'
        >>> cm.inference.Exposure(9, 7, 40, 20).lacking
        ''
        """
        sides = (
            ("exposed", self.exposed_events, self.exposed_clusters),
            ("unexposed", self.unexposed_events, self.unexposed_clusters),
        )
        return "; ".join(
            f"{counted(events, f'{side} event')} in {counted(clusters, 'cluster')}"
            for side, events, clusters in sides
            if min(events, clusters) < FEWEST_EXPOSED
        )

    @property
    def words(self) -> str:
        """The counts as a sentence's part."""
        return (
            f"{self.exposed_events} exposed events in {self.exposed_clusters} clusters, "
            f"{self.unexposed_events} unexposed in {self.unexposed_clusters}"
        )


def exposure_of(
    values: npt.NDArray[np.float64],
    event: npt.NDArray[np.float64],
    clusters: npt.NDArray[np.int64],
) -> Exposure | None:
    """Count a term's exposed and unexposed events; None where it has not two values.

    Examples
    --------
    >>> import numpy as np
    >>> exposure_of(np.array([0.0, 1, 1, 0]), np.array([1.0, 1, 1, 0]), np.array([0, 0, 1, 1]))
    Exposure(exposed_events=2, exposed_clusters=2, unexposed_events=1, unexposed_clusters=1)
    """
    low, high = values.min(), values.max()
    exposed = values == high
    if low == high or not (exposed | (values == low)).all():
        return None
    happened = event == 1
    held = [clusters[happened & side] for side in (exposed, ~exposed)]
    (one, one_clusters), (other, other_clusters) = (
        (len(codes), len(np.unique(codes))) for codes in held
    )
    return Exposure(one, one_clusters, other, other_clusters)


def too_few(events: int, exposure: Exposure | None) -> str:
    """Why a test cannot decide whatever its p-value; empty if it can.

    Examples
    --------
    >>> too_few(8, None)
    '8 events are fewer than 10'
    >>> too_few(40, Exposure(4, 4, 36, 20))
    '4 exposed events in 4 clusters are fewer than 5 in 5'
    """
    if exposure is not None:
        lacking = exposure.lacking
        many = f"{FEWEST_EXPOSED} in {FEWEST_EXPOSED}"
        verb = "is" if lacking.startswith("1 ") and ";" not in lacking else "are"
        return f"{lacking} {verb} fewer than {many}" if lacking else ""
    if events >= FEWEST_EVENTS:
        return ""
    return f"{counted(events, 'event', 'is', 'are')} fewer than {FEWEST_EVENTS}"


def members_with_event(fit: Fit) -> int:
    """Count the members of a fit who have the event at least once; 0 where it knows no members.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 1.0}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel)
    >>> members_with_event(fit) == fit.counts.events
    True
    """
    sample = fit.engine.sample
    if sample.members is None:
        return 0
    return len(np.unique(sample.members[sample.event == 1]))
