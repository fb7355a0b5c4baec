"""Weisiger (2016)."""
