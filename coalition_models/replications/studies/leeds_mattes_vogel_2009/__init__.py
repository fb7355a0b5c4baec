"""Leeds, Mattes and Vogel (2009)."""
