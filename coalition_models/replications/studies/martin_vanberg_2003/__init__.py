"""Martin and Vanberg (2003)."""
