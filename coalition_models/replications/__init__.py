"""Published tables, recomputed and laid beside what was printed."""
