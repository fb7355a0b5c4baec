"""Events and clusters on either side of a term of two values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["FEWEST_EXPOSED", "Exposure", "exposure_of"]

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
        >>> Exposure(3, 2, 40, 20).lacking
        '3 exposed events in 2 clusters'
        >>> Exposure(9, 7, 40, 20).lacking
        ''
        """
        sides = (
            ("exposed", self.exposed_events, self.exposed_clusters),
            ("unexposed", self.unexposed_events, self.unexposed_clusters),
        )
        return "; ".join(
            f"{events} {side} events in {clusters} clusters"
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
