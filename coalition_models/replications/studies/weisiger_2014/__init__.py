"""Weisiger (2014)."""
