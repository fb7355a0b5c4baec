"""Leeds and Anac (2005)."""
