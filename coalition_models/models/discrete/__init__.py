"""Discrete-time models: logit and its links."""
