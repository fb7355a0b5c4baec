"""Discrete-time models of events whose period is not known exactly."""
