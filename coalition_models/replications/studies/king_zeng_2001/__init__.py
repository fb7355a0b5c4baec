"""King and Zeng (2001)."""
