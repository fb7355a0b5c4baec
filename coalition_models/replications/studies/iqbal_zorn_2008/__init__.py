"""Iqbal and Zorn (2008)."""
