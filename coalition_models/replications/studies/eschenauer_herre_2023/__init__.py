"""Eschenauer-Engler and Herre (2023)."""
