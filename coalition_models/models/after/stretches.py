"""For how long a value was held at a stretch, where a scenario holds it throughout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample

__all__ = ["HELD_LONGER", "stretch_notes"]

Floats = npt.NDArray[np.float64]

#: how such a note begins
HELD_LONGER = "Held longer than in the data"


def stretch_notes(fit: Fit, choices: Mapping[str, Sequence[object]], horizon: float) -> list[str]:
    """Say which flags a scenario holds more than twice as long as any member did.

    Parameters
    ----------
    fit : Fit
    choices : mapping
        Variable -> the values at which scenarios hold it. Told of are those that take two values
        and change within members; a value that no row has is no matter of time.
    horizon : float
        Length of the scenarios, in units of the fit's time.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq")).pipe(cm.add_leadership)
    >>> stretch_notes(cm.cox("event ~ leader_change", panel), {"leader_change": [0, 1]}, 68)
    ['Held longer than in the data: leader_change = 1 for 68, at most 13 at a stretch.']
    """
    sample = fit.engine.sample
    held = []
    for name, values in choices.items():
        for value, longest in _longest(sample, name).items():
            if any(value == chosen for chosen in values) and 2 * longest < horizon:
                held.append(f"{name} = {value:g} for {horizon:g}, at most {longest:g} at a stretch")
    return [f"{HELD_LONGER}: {'; '.join(held)}."] if held else []


def _longest(sample: Sample, name: str) -> dict[float, float]:
    """Longest time without a break at each of the two values of a flag that changes."""
    members, start, stop = sample.members, sample.start, sample.stop
    if members is None or start is None or stop is None or name not in sample.design.names:
        return {}
    column = sample.matrix[:, sample.design.names.index(name)]
    if len(np.unique(column)) != 2:
        return {}
    order = np.lexsort((start, members))
    column, members, start, stop = column[order], members[order], start[order], stop[order]
    same = members[1:] == members[:-1]
    changed = column[1:] != column[:-1]
    if not (same & changed).any():
        return {}
    first = np.r_[True, ~same | changed | (start[1:] > stop[:-1])]
    begins = np.flatnonzero(first)
    ends = np.r_[begins[1:], len(column)] - 1
    length = stop[ends] - start[begins]
    return {
        float(value): float(length[column[begins] == value].max()) for value in np.unique(column)
    }
