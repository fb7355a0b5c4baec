"""Barrilleaux and Rainey (2014)."""
