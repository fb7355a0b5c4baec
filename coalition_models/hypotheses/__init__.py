"""The literature's claims, and what the data say about each."""
