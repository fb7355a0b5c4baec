"""Hultman, Kathman and Shannon (2013)."""
