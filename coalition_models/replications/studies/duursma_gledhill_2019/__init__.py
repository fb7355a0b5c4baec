"""Duursma and Gledhill (2019)."""
