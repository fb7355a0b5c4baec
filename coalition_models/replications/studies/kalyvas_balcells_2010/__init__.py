"""Kalyvas and Balcells (2010)."""
