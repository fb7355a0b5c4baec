"""The archive that a journal asks for: made from a checkout and a run, and checked from nothing."""
