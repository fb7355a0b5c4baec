"""Berkemeier and Fuhrmann (2018)."""
