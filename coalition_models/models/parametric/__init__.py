"""Parametric models of durations."""
