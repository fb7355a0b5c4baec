"""Box-Steffensmeier (1996)."""
