"""What was known when, by state and month."""
