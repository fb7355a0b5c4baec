"""Windows that articles used for "an election is near", by name."""

from __future__ import annotations

from dataclasses import dataclass

from coalition_models.errors import DataError

__all__ = ["PRESETS", "ElectionPreset", "preset_named"]


@dataclass(frozen=True)
class ElectionPreset:
    """A window with the key of its article; ``assumed`` if that window was not seen there."""

    article: str
    window: int
    assumed: bool
    note: str


PRESETS = {
    "tago2009": ElectionPreset(
        "tago_2009",
        0,
        assumed=True,
        note=(
            "election in the same month; that the model has an election variable was seen in "
            "its replication code, how it was coded was not"
        ),
    ),
    "mello2020": ElectionPreset(
        "mello_2020",
        2,
        assumed=False,
        note=(
            "election within two months, with six in a robustness check; seen in the "
            "replication script. His unit is the leader, not the month"
        ),
    ),
    "duursma-gledhill2019": ElectionPreset(
        "duursma_gledhill_2019",
        12,
        assumed=True,
        note="election on the horizon; the article's horizon was not seen, a year is assumed",
    ),
}


def preset_named(name: str) -> ElectionPreset:
    """Look up a preset.

    Examples
    --------
    >>> preset_named("mello2020").window
    2
    """
    if name not in PRESETS:
        raise DataError(f"preset must be one of {', '.join(PRESETS)}, not {name!r}")
    return PRESETS[name]
