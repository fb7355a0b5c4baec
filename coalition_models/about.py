"""What this package is called, which version of it this is, and of which day."""

from __future__ import annotations

__all__ = ["RELEASED", "__version__"]

__version__ = "0.2.0"
#: the day that documents are dated with, as in CITATION.cff
RELEASED = "2026-11-28"
