"""Powell and Thyne (2011)."""
