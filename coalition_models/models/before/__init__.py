"""What is done to rows before a model: cut at times, joined with changes."""
