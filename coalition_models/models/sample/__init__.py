"""From a formula and a frame to the numbers that are fitted."""
