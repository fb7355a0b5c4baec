"""Numbers only: arrays in, frozen dataclasses of arrays out."""
