"""The coalition in Iraq, 2003-2009, by month."""

from coalition_models.designs.bundled_set import bundled_set

SET = bundled_set("iraq", place="Iraq", order=1)
