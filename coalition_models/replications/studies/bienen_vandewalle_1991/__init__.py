"""Leadership duration, 1991."""
