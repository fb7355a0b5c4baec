"""Pilster, Boehmelt and Tago (2015)."""
