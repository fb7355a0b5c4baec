"""Split-population models: a part never leaves."""
