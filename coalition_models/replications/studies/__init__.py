"""The studies that can be replicated, a folder each."""
