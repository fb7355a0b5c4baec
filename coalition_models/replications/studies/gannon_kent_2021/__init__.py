"""Gannon and Kent (2021)."""
