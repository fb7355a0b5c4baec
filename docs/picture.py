"""The picture of the README: ``python docs/picture.py`` writes docs/assets/iraq.png."""

from __future__ import annotations

from pathlib import Path

import coalition_models as cm

TARGET = Path(__file__).resolve().parent / "assets" / "iraq.png"


def draw() -> bytes:
    """Who was in Iraq from when to when, and how each left; the same bytes in every run."""
    facts = cm.facts("iraq")
    title = "The coalition in Iraq: who was there, and who left early"
    plot = cm.plot.participation(facts.members, title=title, mandate_end="2008-12-31")
    return plot.to_bytes("png")


if __name__ == "__main__":
    TARGET.write_bytes(draw())
