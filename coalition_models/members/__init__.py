"""Who took part, with how much, and how it ended."""
