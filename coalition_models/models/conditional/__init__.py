"""Conditional (fixed-effects) logit."""
