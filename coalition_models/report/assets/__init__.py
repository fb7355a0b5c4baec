"""Styles and scripts of the pages, as files that a browser's tools can read."""

from __future__ import annotations

from functools import cache
from importlib import resources

__all__ = ["asset"]


@cache
def asset(name: str) -> str:
    """Text of a style or script of the pages.

    Examples
    --------
    >>> "--ink" in asset("page.css")
    True
    """
    return (resources.files(__name__) / name).read_text(encoding="utf-8")
