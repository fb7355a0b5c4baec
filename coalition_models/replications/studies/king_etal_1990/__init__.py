"""King and co-authors: cabinets."""
