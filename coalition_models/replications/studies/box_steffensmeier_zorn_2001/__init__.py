"""Box-Steffensmeier and Zorn (2001)."""
