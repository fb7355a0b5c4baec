"""Discrete-time models with a random intercept by state (or another group)."""
