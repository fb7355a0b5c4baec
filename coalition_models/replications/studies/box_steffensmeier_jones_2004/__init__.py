"""Box-Steffensmeier and Jones (2004)."""
