"""Hazards of the subdistribution (Fine and Gray 1999): what moves the share that leaves so."""
