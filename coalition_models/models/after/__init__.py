"""What is asked of a fit, and curves beside it."""
