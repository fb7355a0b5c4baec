"""Lemke and Karstens (2021)."""
