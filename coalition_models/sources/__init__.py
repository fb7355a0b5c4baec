"""What is known, and from where."""
