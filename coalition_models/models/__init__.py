"""Formula and panel in, ``Fit`` out."""
